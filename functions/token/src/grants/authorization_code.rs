//! A code becomes tokens, once (RFC 6749 §4.1.3, RFC 7636 §4.6; CODE and PKCE rows).
//!
//! One write checks everything that the code is bound to, and consumes it, before anything is signed. A code that is
//! seen again has leaked: its grant is revoked. Tokens that cannot be signed, or that nobody waits for any more, give the code back, so
//! that the app can redeem it again within its minute. So does a write of which nobody learned whether it was made: the app is told to
//! send the code again, which must not look like a second use. Where that way back is closed too, or the write arrives even later than
//! that, the code is lost: the app starts anew, and nobody has got a token.

use smart_core::grant::{Redemption, Refusal, RevocationReason};
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::pkce::CodeVerifier;
use smart_core::ports::{Redeemed, Signer, Stopped};
use smart_core::secret::{AuthorizationCode, Op, RefreshToken, Secret};
use smart_core::token::{ACCESS_LIFETIME, TokenAnswer};
use smart_web::random;

use super::step;
use crate::error::TokenError;
use crate::proof::Caller;
use crate::sign::Issue;
use crate::trail::{self, Trail};
use crate::{Store, TokenEndpoint};

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    pub(crate) async fn redeem(
        &self,
        caller: &Caller,
        code: &AuthorizationCode,
        redirect_uri: String,
        code_verifier: &CodeVerifier,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let grant = code.grant_id();
        trail.is_about(&grant);
        let refresh_token = RefreshToken::new(code.handle(), Secret::new(random::bytes()?));
        let redemption = Redemption {
            client_id: caller.client.client_id.clone(),
            code: code.secret().digest(),
            redirect_uri,
            challenge: code_verifier.challenge(),
            refresh: refresh_token.secret().digest(),
            key: caller.jkt(),
            // Whoever can prove otherwise who they are may change their key (RFC 9449 §5).
            refresh_key: caller.jkt().filter(|_| !caller.client.is_confidential()),
            access_lifetime: ACCESS_LIFETIME,
        };
        let redeemed = self.consume(&grant, &redemption, now).await?;
        let issue =
            Issue::redeemed(&redeemed, refresh_token, caller.key.clone()).ok_or(TokenError::UNKNOWN_CODE)?;
        let answer = self.issue(issue, now, trail).await;
        let answer = answer.and_then(|answer| caller.waiting.check().map(|()| answer));
        if answer.is_err()
            && let Some(given_back) = self.give_back(&grant, redeemed.op, now).await
        {
            trail::given_back(&grant, given_back);
        }
        Ok(answer?)
    }

    /// Consumes the code, or finds out why not.
    async fn consume(
        &self,
        grant: &GrantId,
        redemption: &Redemption,
        now: Instant,
    ) -> Result<Redeemed, TokenError> {
        let write = step(now)?;
        match self.store.redeem(grant, redemption, write).await {
            Ok(redeemed) => Ok(redeemed),
            Err(Stopped::Refused(refusal)) => {
                if refusal == Refusal::Replayed {
                    self.revoke(grant, RevocationReason::CodeReplayed, now).await;
                }
                Err(TokenError::Code(refusal))
            }
            Err(Stopped::Unavailable(reason)) => {
                // Where nothing was written there is nothing to give back.
                if self.give_back(grant, write.op, now).await == Some(true) {
                    trail::given_back(grant, true);
                }
                Err(reason.into())
            }
        }
    }

    /// The way back of the redemption of that name, if nothing has happened since: what has, such as a revocation, stays. Says whether it
    /// was made, or nothing if an operator has to look.
    async fn give_back(&self, grant: &GrantId, redeemed: Op, now: Instant) -> Option<bool> {
        let way_back = async { self.store.unredeem(grant, redeemed, step(now)?).await };
        way_back.await.inspect_err(|error| trail::alarm("code_lost", grant, error)).ok()
    }
}

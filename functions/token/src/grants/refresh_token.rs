//! A refresh token becomes new tokens, and is replaced (RFC 6749 §6, RFC 9700 §4.14; REFR rows).
//!
//! One write checks the token and replaces it; only what that write returns says whose it is. Then client, user and
//! session are looked at as they are now. What must end is revoked. If anything else keeps the tokens from the app, the
//! token that it presented stays good for a while: its successor has gone to nobody.

use smart_core::client::{Client, RetryWindow};
use smart_core::fhir::access::patients_of;
use smart_core::grant::{Active, Grant, Owner, Refreshed, Refusal, RevocationReason, Rotation, Until};
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::ports::{Signer, Stopped, Unavailable};
use smart_core::scope::{Scope, Scopes};
use smart_core::secret::{RefreshToken, Salt};
use smart_core::token::{ACCESS_LIFETIME, TokenAnswer};
use smart_core::user::User;
use smart_web::random;

use super::step;
use crate::error::{Ended, TokenError, WiderScope};
use crate::proof::Caller;
use crate::sign::{Issue, fits_into_token};
use crate::trail::{self, Trail};
use crate::{Store, TokenEndpoint};

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    pub(crate) async fn refresh(
        &self,
        caller: &Caller,
        presented: &RefreshToken,
        scope: Option<Scopes>,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let grant = presented.grant_id();
        trail.is_about(&grant);
        if let Some(asked) = &scope {
            self.check_scope(&caller.client, presented, asked, now).await?;
        }
        let refreshed = self.rotate(caller, presented, &grant, now).await?;
        if refreshed.repeated {
            trail.is_a_repeat();
        }
        let answer = self.reissue(caller, presented, scope, &refreshed, now, trail).await;
        match &answer {
            Ok(_) => {}
            Err(TokenError::Ended(ended)) => self.revoke(&grant, ended.reason(), now).await,
            Err(_) => self.keep_repeatable(presented, &grant, now).await,
        }
        answer
    }

    /// Whether the scope that is asked for may be had, before the token is used up: a mistake costs nothing. The rotation asks
    /// again, of what the grant is then. Who presents no token of this grant is told so by it, and nothing by this.
    async fn check_scope(
        &self,
        client: &Client,
        presented: &RefreshToken,
        asked: &Scopes,
        now: Instant,
    ) -> Result<(), TokenError> {
        let digest = presented.secret().digest();
        let grant = self.store.grant(&presented.grant_id(), now).await?;
        let grant = grant.filter(|grant| grant.client_id == client.client_id);
        let Some(active) = grant.as_ref().and_then(Grant::active) else { return Ok(()) };
        let known = active.refresh.as_ref().is_some_and(|refresh| {
            refresh.current == digest || refresh.previous.is_some_and(|previous| previous.digest == digest)
        });
        match scopes_now(&active.granted.scopes, client, Some(asked.clone())) {
            Err(error @ TokenError::Scope(_)) if known => Err(error),
            _ => Ok(()),
        }
    }

    /// Replaces the presented token, or finds that it was replaced a moment ago, by the same one.
    async fn rotate(
        &self,
        caller: &Caller,
        presented: &RefreshToken,
        grant: &GrantId,
        now: Instant,
    ) -> Result<Refreshed, TokenError> {
        let Caller { client, .. } = caller;
        let salt = Salt::new(random::bytes()?);
        let rotation = Rotation {
            client_id: client.client_id.clone(),
            presented: presented.secret().digest(),
            successor: presented.secret().successor(&salt).digest(),
            salt,
            retry: client.refresh_retry.length(),
            key: caller.jkt(),
            access_lifetime: ACCESS_LIFETIME,
        };
        match self.store.refresh(grant, &rotation, step(now)?).await {
            Ok(refreshed) => Ok(refreshed),
            Err(Stopped::Refused(refusal)) => {
                if refusal == Refusal::Replayed {
                    self.revoke(grant, RevocationReason::RefreshReplayed, now).await;
                }
                Err(TokenError::Refresh(refusal))
            }
            Err(Stopped::Unavailable(reason)) => Err(reason.into()),
        }
    }

    /// Tokens for what the grant still opens.
    async fn reissue(
        &self,
        caller: &Caller,
        presented: &RefreshToken,
        asked: Option<Scopes>,
        refreshed: &Refreshed,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let active = refreshed.grant.active().ok_or(TokenError::UNKNOWN_REFRESH_TOKEN)?;
        let user = self.store.user(&active.owner.user);
        let (user, session_lasts) = tokio::try_join!(user, self.session_lasts(active, now))?;
        if !session_lasts {
            return Err(Ended::Session.into());
        }
        let owner = owner_now(active, user.as_ref(), now)?;
        let scopes = scopes_now(&active.granted.scopes, &caller.client, asked)?;
        let successor = RefreshToken::new(presented.handle(), presented.secret().successor(&refreshed.salt));
        let issue = Issue::refreshed(refreshed, owner, scopes, successor, caller.key.clone());
        let answer = self.issue(issue.ok_or(TokenError::UNKNOWN_REFRESH_TOKEN)?, now, trail).await?;
        caller.waiting.check()?;
        Ok(answer)
    }

    /// Whether the session lasts to which `online_access` is bound, if it is (REFR-18).
    pub(crate) async fn session_lasts(&self, active: &Active, now: Instant) -> Result<bool, Unavailable> {
        let until = active.refresh.as_ref().map(|refresh| &refresh.policy.until);
        let Some(Until::SessionEnds { session, .. }) = until else { return Ok(true) };
        let session = self.store.session(session, now).await?;
        Ok(session.is_some_and(|session| session.user == active.owner.user))
    }

    /// The token was replaced, and no answer brings its successor: it may be presented again, longer than a client's
    /// window for lost answers, until what failed works or what was wrong is mended.
    async fn keep_repeatable(&self, presented: &RefreshToken, grant: &GrantId, now: Instant) {
        let (digest, until) = (presented.secret().digest(), now + RetryWindow::LONGEST);
        let extension = async { self.store.extend_retry(grant, &digest, until, step(now)?).await };
        match extension.await {
            Ok(kept) => trail::kept_repeatable(grant, kept),
            Err(error) => trail::alarm("refresh_token_lost", grant, &error),
        }
    }
}

/// Whose grant it is, as the user is now: the same one, not disabled, with the credentials of then, vouched for where a provider has
/// to, and still with the patient in context (REFR-24).
pub(crate) fn owner_now(active: &Active, user: Option<&User>, now: Instant) -> Result<Owner, TokenError> {
    let user = user.filter(|user| active.owner.is_still(user)).ok_or(Ended::User)?;
    if !user.is_vouched_for(now) {
        return Err(Ended::Unvouched.into());
    }
    let patients = patients_of(&user.fhir_user, &user.patients);
    if active.granted.context.patient.as_ref().is_some_and(|patient| !patients.includes(patient)) {
        return Err(Ended::Patient.into());
    }
    Ok(Owner { fhir_user: user.fhir_user.clone(), ..active.owner.clone() })
}

/// What the new access token may do: what was granted, as far as the client may still have it, or what of that it asks
/// for, in its own spelling (REFR-02, REFR-03, REFR-08).
pub(crate) fn scopes_now(
    granted: &Scopes,
    client: &Client,
    asked: Option<Scopes>,
) -> Result<Scopes, TokenError> {
    let allowed = if granted.is_within(&client.scope) {
        granted.clone()
    } else {
        // The registration was changed since. Without either of these there would be no refresh token.
        let left = granted.intersection(&client.scope);
        let refreshes = [Scope::OfflineAccess, Scope::OnlineAccess].iter().any(|scope| left.contains(scope));
        if !refreshes || !fits_into_token(&left) {
            return Err(Ended::Client.into());
        }
        left
    };
    let Some(asked) = asked else { return Ok(allowed) };
    let is_allowed = |scope: &Scope| Scopes::from_iter([scope.clone()]).is_within(&allowed);
    if let Some(wider) = asked.iter().find(|scope| !is_allowed(scope)) {
        return Err(WiderScope::NotGranted(wider.to_string()).into());
    }
    // A list that is not in the token means all that was granted: so this one would have to be in it.
    if !granted.is_within(&asked) && !fits_into_token(&asked) {
        return Err(WiderScope::TooLong.into());
    }
    Ok(asked)
}

//! Token revocation (RFC 7009; REVOKE rows).
//!
//! A client says that it needs a token no longer. Whichever token of a grant it is, the grant ends, and with it all that stands on
//! it, at once; the token of a client alone is remembered as revoked until it has expired. What is no token, or is good for
//! nothing, has nothing to be ended; what is another client's is refused.

use http::request::Parts;
use smart_core::client::Client;
use smart_core::client::authentication::Presented;
use smart_core::grant::Refusal;
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::jose::JwtError;
use smart_core::oauth::Parameters;
use smart_core::ports::{PublicKeys, Signer, Stopped};
use smart_core::secret::{AuthorizationCode, RefreshToken};
use smart_core::token::{AccessTokenError, token_of};
use smart_web::authorization;

use crate::error::TokenError;
use crate::grants::step;
use crate::trail::Trail;
use crate::{REVOKE, Store, TokenEndpoint};

/// How much longer than its token a revocation is remembered: DynamoDB's clock, which removes it, may be ahead of ours.
const SKEW: std::time::Duration = std::time::Duration::from_mins(1);

impl<S: Store, K: Signer + PublicKeys> TokenEndpoint<S, K> {
    pub(crate) async fn revoke_token(
        &self,
        head: &Parts,
        form: &Parameters,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<(), TokenError> {
        let token = token_of(form)?;
        let presented = Presented::parse(authorization::header(&head.headers)?, form)?;
        let client = self.identify(presented, REVOKE, true, now, trail).await?;
        let revoked = if let Ok(refresh_token) = token.parse::<RefreshToken>() {
            // The handle names the grant, and any secret with it ends it: an old one has leaked, or is all that the client has
            // left.
            self.revoke_grant(&refresh_token.grant_id(), &client, now, trail).await?
        } else if token.parse::<AuthorizationCode>().is_ok() {
            return Err(TokenError::TokenType);
        } else {
            self.revoke_access_token(token, &client, now, trail).await?
        };
        trail.done(if revoked { "revoked" } else { "nothing to revoke" });
        Ok(())
    }

    async fn revoke_access_token(
        &self,
        token: &str,
        client: &Client,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<bool, TokenError> {
        let claims = match self.claims(token, now).await? {
            Ok(claims) => claims,
            Err(AccessTokenError::Jwt(JwtError::Type)) => return Err(TokenError::TokenType),
            Err(_) => return Ok(false),
        };
        if claims.client_id != client.client_id {
            return Err(TokenError::AnotherClientsToken);
        }
        if let Some(grant) = &claims.grant {
            return self.revoke_grant(grant, client, now, trail).await;
        }
        self.store.revoke_token(&claims.name(), claims.exp + SKEW).await?;
        Ok(true)
    }

    /// Says whether there was one.
    async fn revoke_grant(
        &self,
        grant: &GrantId,
        client: &Client,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<bool, TokenError> {
        trail.is_about(grant);
        match self.store.revoke_by_client(grant, &client.client_id, step(now)?).await {
            Ok(()) => Ok(true),
            Err(Stopped::Refused(Refusal::Client)) => Err(TokenError::AnotherClientsToken),
            Err(Stopped::Refused(_)) => Ok(false),
            Err(Stopped::Unavailable(reason)) => Err(reason.into()),
        }
    }
}

//! Whether a token is good at this moment, and for what (RFC 7662 §2.2, §4; INTRO-14): all that the FHIR API asks of an access
//! token, and all that a refresh would ask of a refresh token.

use std::sync::Arc;

use smart_core::grant::{Active, Owner};
use smart_core::id::{ClientId, GrantId};
use smart_core::instant::Instant;
use smart_core::ports::{PublicKeys, Signer, Unavailable};
use smart_core::secret::RefreshToken;
use smart_core::token::{AccessTokenClaims, AccessTokenError, Expected, TokenState, verify_access_token};

use crate::grants::{owner_now, scopes_now};
use crate::{Store, TokenEndpoint};

/// A token that is good.
pub(crate) struct Standing {
    pub(crate) state: TokenState,
    /// What it stands on; a client alone, if there is none.
    pub(crate) grant: Option<GrantId>,
}

impl<S: Store, K: Signer + PublicKeys> TokenEndpoint<S, K> {
    /// A token of any kind: each is known by its form, whatever it is said to be (REVOKE-07).
    pub(crate) async fn stands(&self, token: &str, now: Instant) -> Result<Option<Standing>, Unavailable> {
        match token.parse() {
            Ok(refresh_token) => self.refresh_token_stands(&refresh_token, now).await,
            Err(_) => self.access_token_stands(token, now).await,
        }
    }

    /// What an access token of ours says.
    pub(crate) async fn claims(
        &self,
        token: &str,
        now: Instant,
    ) -> Result<Result<AccessTokenClaims, AccessTokenError>, Unavailable> {
        let fetch = async { Ok::<_, Unavailable>(Some(Arc::from(self.signer.public_keys().await?))) };
        let keys = self.published.get_or(&(), now, fetch).await?.unwrap_or_default();
        let (issuer, audience) = (self.here.issuer().to_owned(), self.here.fhir_base().to_owned());
        Ok(verify_access_token(token, &keys, &Expected { issuer, audience }, now))
    }

    pub(crate) async fn access_token_stands(
        &self,
        token: &str,
        now: Instant,
    ) -> Result<Option<Standing>, Unavailable> {
        let Ok(claims) = self.claims(token, now).await? else { return Ok(None) };
        match claims.grant.clone() {
            Some(grant) => self.stands_on_grant(claims, grant, now).await,
            None => self.stands_alone(claims, now).await,
        }
    }

    async fn stands_on_grant(
        &self,
        claims: AccessTokenClaims,
        id: GrantId,
        now: Instant,
    ) -> Result<Option<Standing>, Unavailable> {
        let (grant, client) =
            tokio::try_join!(self.store.grant(&id, now), self.remembered_client(&claims.client_id, now))?;
        let (Some(grant), Some(_)) = (grant, client) else { return Ok(None) };
        let Ok(confirmed) = claims.confirmed_by(&grant) else { return Ok(None) };
        let Some(owner) = self.remembered_owner(confirmed.active, now).await? else { return Ok(None) };
        let (scope, active) = (confirmed.scopes.clone(), confirmed.active);
        let state = TokenState::granted(claims.clone(), scope, &owner, active, self.here.fhir_base());
        Ok(Some(Standing { state, grant: Some(id) }))
    }

    async fn stands_alone(
        &self,
        claims: AccessTokenClaims,
        now: Instant,
    ) -> Result<Option<Standing>, Unavailable> {
        let name = claims.name();
        let revoked = self.store.is_revoked(&name, now);
        let (revoked, client) = tokio::try_join!(revoked, self.remembered_client(&claims.client_id, now))?;
        let (Some(client), Some(said)) = (client.filter(|_| !revoked), &claims.scope) else {
            return Ok(None);
        };
        let Ok(scope) = client.granted_alone(said) else { return Ok(None) };
        Ok(Some(Standing { state: TokenState::alone(claims, scope), grant: None }))
    }

    async fn refresh_token_stands(
        &self,
        token: &RefreshToken,
        now: Instant,
    ) -> Result<Option<Standing>, Unavailable> {
        let id = token.grant_id();
        let Some(grant) = self.store.grant(&id, now).await? else { return Ok(None) };
        let Some(active) = grant.active() else { return Ok(None) };
        let digest = token.secret().digest();
        let until = active.refresh.as_ref().and_then(|refresh| refresh.good_until(&digest, now));
        let Some(until) = until else { return Ok(None) };
        let (client, owner, session_lasts) = tokio::try_join!(
            self.remembered_client(&grant.client_id, now),
            self.remembered_owner(active, now),
            self.session_lasts(active, now),
        )?;
        let (Some(client), Some(owner), true) = (client, owner, session_lasts) else { return Ok(None) };
        let mut granted = active.granted.clone();
        let Ok(scopes) = scopes_now(&granted.scopes, &client, None) else { return Ok(None) };
        granted.scopes = scopes;
        let (issuer, base) = (self.here.issuer(), self.here.fhir_base());
        let state = TokenState::refresh(issuer, grant.client_id.clone(), &owner, &granted, until, base);
        Ok(Some(Standing { state, grant: Some(id) }))
    }

    /// A client that is not disabled; its record may be a minute old, as it may at the FHIR API.
    async fn remembered_client(
        &self,
        id: &ClientId,
        now: Instant,
    ) -> Result<Option<Arc<smart_core::client::Client>>, Unavailable> {
        Ok(self.client(id, true, now).await?.filter(|client| !client.disabled))
    }

    /// Whose grant it is, if they may still have it; their record may be a minute old, as it may at the FHIR API.
    async fn remembered_owner(&self, active: &Active, now: Instant) -> Result<Option<Owner>, Unavailable> {
        let name = &active.owner.user;
        let fetch = async { Ok::<_, Unavailable>(self.store.user(name).await?.map(Arc::new)) };
        let user = self.users.get_or(name, now, fetch).await?;
        Ok(owner_now(active, user.as_deref(), now).ok())
    }
}

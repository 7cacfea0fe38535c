//! Which client asks (RFC 6749 §2.3, §3.2.1; TOK-04 to TOK-06, TOK-30; SYM and ASYM rows).
//!
//! How a client proves who it is, is core's ([`smart_core::client::authentication`]); here are the record that it is
//! compared with, and the one write that makes an assertion count once.

use std::sync::Arc;

use http::HeaderMap;
use smart_core::client::authentication::{AuthenticationError, Presented, PresentedError, Verified};
use smart_core::client::{Client, GrantType};
use smart_core::id::ClientId;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::ports::{Signer, Unavailable};
use smart_core::secret::RefreshToken;
use smart_core::token::TokenRequest;
use smart_web::authorization;

use crate::error::TokenError;
use crate::trail::Trail;
use crate::{Store, TOKEN, TokenEndpoint, grants};

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    /// The client that sends `form`: it has proved that it is, and may use the grant type that is `asked` for.
    pub(crate) async fn authenticate(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
        asked: &TokenRequest,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<Arc<Client>, TokenError> {
        let presented = match (Presented::parse(authorization::header(headers)?, form), asked) {
            (Err(PresentedError::Nobody), TokenRequest::RefreshToken { refresh_token: Some(token), .. }) => {
                self.bearer(token, now).await?
            }
            (presented, _) => presented?,
        };
        let grant_type = asked.grant_type();
        // With a code up to a minute old, else as it is now, so that whoever is disabled stops at the next refresh (REFR-24).
        let remembered = grant_type == GrantType::AuthorizationCode;
        let client = self.identify(presented, TOKEN, remembered, now, trail).await?;
        if client.may_use(grant_type) { Ok(client) } else { Err(TokenError::GrantType(grant_type)) }
    }

    /// The client that is presented at the endpoint of this path: it has proved that it is. `remembered` says whether its record
    /// may be a minute old.
    pub(crate) async fn identify(
        &self,
        mut presented: Presented,
        path: &str,
        remembered: bool,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<Arc<Client>, TokenError> {
        trail.comes_from(presented.client_id());
        let client = self.client(presented.client_id(), remembered, now).await?;
        // One that is disabled is told what one that never was is told.
        let client = client.filter(|client| !client.disabled).ok_or(AuthenticationError::Failed)?;
        if let Some(wanted) = presented.published_key(&client)? {
            let keys = self.key_sets.key_set(wanted.uri, &wanted.kid, now).await;
            presented.accept(keys.map_err(AuthenticationError::from)?);
        }
        // Never the FHIR base (ASYM-11; X-09).
        let [here, token_endpoint] = [path, TOKEN].map(|path| self.here.endpoint(path));
        let audiences = [&*token_endpoint, self.here.issuer(), &*here];
        if let Verified::Once { key, until } = presented.verify(&client, &audiences, now)? {
            let first = self.store.first_use(&key, until, grants::step(now)?).await?;
            if !first {
                return Err(AuthenticationError::Replayed.into());
            }
        }
        Ok(client)
    }

    /// Whoever sends a refresh token and nothing besides: the public client that it was issued to. A library that the field
    /// uses does so, and RFC 6749 §6 does not ask for more: the token is bound to its client (REFR-05). A confidential client
    /// is none that could send nothing besides (REFR-06).
    async fn bearer(&self, token: &RefreshToken, now: Instant) -> Result<Presented, TokenError> {
        let grant = self.store.grant(&token.grant_id(), now).await?;
        grant.map(|grant| Presented::public(grant.client_id)).ok_or(TokenError::UNKNOWN_REFRESH_TOKEN)
    }

    /// The record of a client: up to a minute old if it may be `remembered`, else as it is now.
    pub(crate) async fn client(
        &self,
        id: &ClientId,
        remembered: bool,
        now: Instant,
    ) -> Result<Option<Arc<Client>>, Unavailable> {
        let fetch = async { Ok(self.store.client(id).await?.map(Arc::new)) };
        if remembered { self.clients.get_or(id, now, fetch).await } else { fetch.await }
    }
}

//! Which EHR asks: a client with an access token that stands on it alone and says `__launch.create` (RFC 6750, RFC 9068; LAUNCH-04).

use std::sync::Arc;

use http::HeaderMap;
use smart_core::client::Client;
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::ports::{PublicKeys, Unavailable};
use smart_core::scope::Scope;
use smart_core::token::{AccessTokenError, Expected, verify_access_token};
use smart_web::authorization::{self, Several};
use smart_web::cached::Cached;
use smart_web::presented::Presented;

use super::error::LaunchError;
use crate::{Authorize, LAUNCH, Store};

/// The keys that sign access tokens, and what those must say.
pub(crate) struct Ehrs<K> {
    keys: K,
    expected: Expected,
    published: Cached<(), Arc<[PublicJwk]>>,
}

impl<K: PublicKeys> Ehrs<K> {
    pub(crate) fn new(keys: K, here: &PublicUrl) -> Self {
        let expected = Expected { issuer: here.issuer().to_owned(), audience: here.fhir_base().to_owned() };
        Self { keys, expected, published: Cached::new() }
    }

    /// The client whose token a request bears, or proves to have the key of: as it is now, a minute old at most.
    pub(super) async fn who_asks<S: Store>(
        &self,
        function: &Authorize<S>,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<Arc<Client>, LaunchError> {
        let presented = presented(headers)?;
        let fetch = async { Ok::<_, Unavailable>(Some(Arc::from(self.keys.public_keys().await?))) };
        let keys = self.published.get_or(&(), now, fetch).await?.unwrap_or_default();
        let claims =
            verify_access_token(presented.token, &keys, &self.expected, now).map_err(
                |error| match error {
                    AccessTokenError::Expired => LaunchError::InvalidToken("it has expired"),
                    _ => LaunchError::InvalidToken("it was not issued here for this API, or it was changed"),
                },
            )?;
        let here = function.here.endpoint(LAUNCH);
        presented.prove(claims.cnf.as_ref(), ("POST", &here), headers, &function.store, now).await?;
        // A user's token has a grant: that one may not speak for the EHR.
        if claims.grant.is_some() {
            return Err(LaunchError::InsufficientScope);
        }
        if function.store.is_revoked(&claims.name(), now).await? {
            return Err(LaunchError::InvalidToken("it was revoked"));
        }
        let client = function.client(&claims.client_id, now).await?.filter(|client| !client.disabled);
        let client = client.ok_or(LaunchError::InvalidToken("its client is disabled"))?;
        if claims.scope.as_ref().is_some_and(|said| client.holds_alone(said, Scope::LAUNCH_CREATE)) {
            Ok(client)
        } else {
            Err(LaunchError::InsufficientScope)
        }
    }
}

/// The one token of a request: in one `Authorization` header (RFC 6750 §2.1).
fn presented(headers: &HeaderMap) -> Result<Presented<'_>, LaunchError> {
    let header = authorization::header(headers).map_err(|Several| LaunchError::TwoTokens)?;
    let presented = header.and_then(Presented::in_header).ok_or(LaunchError::NoToken)?;
    if presented.is_one_word() { Ok(presented) } else { Err(LaunchError::InvalidToken("it is none")) }
}

//! Who asks, and what their token is good for at this moment (RFC 6750, RFC 9068; RS rows).
//!
//! The token says which scopes and which patient; its grant, read consistently, says whether that still holds; the
//! user's record says which patients the user may see *now*. Whatever does not fit together is an invalid token.
//!
//! A token without a grant stands on its client alone (BACK rows): its client's registration says whether what it says still
//! holds, and in place of the grant it is looked up, consistently, whether the token was revoked.

use std::sync::Arc;

use http::request::Parts;
use smart_core::client::Client;
use smart_core::fhir::access::AccessContext;
use smart_core::grant::Owner;
use smart_core::id::{ClientId, GrantId, Subject};
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::ports::{Clients, Grants, PublicKeys, Replay, RevokedTokens, Unavailable, Users};
use smart_core::scope::Scopes;
use smart_core::token::{
    AccessTokenClaims, AccessTokenError, Confirmed, Expected, Unconfirmed, verify_access_token,
};
use smart_core::user::User;
use smart_web::cached::Cached;

use crate::error::{FhirError, InvalidToken};
use crate::{Settings, Store, presented};

/// The keys that sign access tokens, what they must say, and the records that are remembered for a minute.
pub(crate) struct Authentication<K> {
    keys: K,
    expected: Expected,
    published: Cached<(), Arc<[PublicJwk]>>,
    clients: Cached<ClientId, Arc<Client>>,
    users: Cached<Subject, Arc<User>>,
}

impl<K: PublicKeys> Authentication<K> {
    pub(crate) fn new(keys: K, settings: &Settings) -> Self {
        Self {
            keys,
            expected: Expected { issuer: settings.issuer.clone(), audience: settings.base.clone() },
            published: Cached::new(),
            clients: Cached::new(),
            users: Cached::new(),
        }
    }

    /// The claims of the request's token: signed here, for this API, not expired, and presented by who may present it.
    pub(crate) async fn claims(
        &self,
        store: &impl Replay,
        request: &Parts,
        now: Instant,
    ) -> Result<AccessTokenClaims, FhirError> {
        let presented = presented::of_request(request)?;
        let fetch = async { Ok::<_, Unavailable>(Some(Arc::from(self.keys.public_keys().await?))) };
        let keys = self.published.get_or(&(), now, fetch).await?.unwrap_or_default();
        let claims = verify_access_token(presented.token, &keys, &self.expected, now).map_err(|error| {
            FhirError::InvalidToken(match error {
                AccessTokenError::Expired => InvalidToken::Expired,
                _ => InvalidToken::Unverified,
            })
        })?;
        let url = format!("{}{}", self.expected.issuer, request.uri.path());
        let asked = (request.method.as_str(), &*url);
        presented.prove(claims.cnf.as_ref(), asked, &request.headers, store, now).await?;
        Ok(claims)
    }

    /// What the token opens now: its grant is active and says the same, its client and its user are not disabled, and whoever has to
    /// vouch for the user did so lately enough.
    pub(crate) async fn context<S: Store>(
        &self,
        store: &S,
        claims: &AccessTokenClaims,
        now: Instant,
    ) -> Result<AccessContext, FhirError> {
        let client = async {
            let client = self.client(store, &claims.client_id, now).await?;
            let client = client.filter(|client| !client.disabled);
            client.ok_or(FhirError::InvalidToken(InvalidToken::ClientDisabled))
        };
        let Some(grant) = &claims.grant else {
            let (client, ()) = tokio::try_join!(client, not_revoked(store, claims, now))?;
            return opened_alone(claims, &client);
        };
        let (confirmed, _) = tokio::try_join!(granted(store, grant, claims, now), client)?;
        let user = self.owner(store, &confirmed.owner, now).await?;
        Ok(opened(confirmed.scopes, claims, &user))
    }

    /// What the token opens if it still stands, where client and user are remembered: this asks nothing of
    /// the store, so that work can begin while [`Self::confirm`] reads the grant.
    pub(crate) fn remembered(&self, claims: &AccessTokenClaims, now: Instant) -> Option<AccessContext> {
        let client = self.clients.get(&claims.client_id, now).filter(|client| !client.disabled)?;
        if claims.grant.is_none() {
            return opened_alone(claims, &client).ok();
        }
        let user = self.users.get(&claims.sub, now)?;
        if user.sub != claims.sub || user.disabled || !user.is_vouched_for(now) {
            return None;
        }
        // A token whose list was too long for it says no scopes: only its grant does.
        Some(opened(claims.scope.clone()?, claims, &user))
    }

    /// That the token still stands, read consistently: its grant is active, says the same and is the user's who is remembered, or
    /// it was not revoked.
    pub(crate) async fn confirm<S: Store>(
        &self,
        store: &S,
        claims: &AccessTokenClaims,
        now: Instant,
    ) -> Result<(), FhirError> {
        match &claims.grant {
            Some(grant) => {
                let granted = granted(store, grant, claims, now).await?;
                self.owner(store, &granted.owner, now).await.map(drop)
            }
            None => not_revoked(store, claims, now).await,
        }
    }

    async fn client<S: Clients>(
        &self,
        store: &S,
        client_id: &ClientId,
        now: Instant,
    ) -> Result<Option<Arc<Client>>, Unavailable> {
        let fetch = async { Ok(store.client(client_id).await?.map(Arc::new)) };
        self.clients.get_or(client_id, now, fetch).await
    }

    /// The user whose grant it is, if they still stand by it; their record may be a minute old. Names may be given anew, a `sub`
    /// never is.
    async fn owner<S: Users>(&self, store: &S, owner: &Owner, now: Instant) -> Result<Arc<User>, FhirError> {
        let fetch = async { Ok::<_, Unavailable>(store.user(&owner.user).await?.map(Arc::new)) };
        let user = self.users.get_or(&owner.sub, now, fetch).await?;
        let user = user.filter(|user| owner.is_still(user));
        let user = user.ok_or(FhirError::InvalidToken(InvalidToken::UserDisabled))?;
        if user.is_vouched_for(now) {
            Ok(user)
        } else {
            Err(FhirError::InvalidToken(InvalidToken::UserUnvouched))
        }
    }
}

/// What a grant says of a token that stands on it.
struct Granted {
    owner: Owner,
    scopes: Scopes,
}

/// What the grant of a token says, if it is active and says the same, read consistently.
async fn granted<S: Grants>(
    store: &S,
    grant: &GrantId,
    claims: &AccessTokenClaims,
    now: Instant,
) -> Result<Granted, FhirError> {
    let grant = store.grant(grant, now).await?.ok_or(FhirError::InvalidToken(InvalidToken::Ended))?;
    match claims.confirmed_by(&grant) {
        Ok(Confirmed { active, scopes }) => {
            Ok(Granted { owner: active.owner.clone(), scopes: scopes.clone() })
        }
        Err(Unconfirmed::Ended) => Err(FhirError::InvalidToken(InvalidToken::Ended)),
        Err(Unconfirmed::Misfit) => Err(FhirError::InvalidToken(InvalidToken::Misfit)),
    }
}

/// That a token without a grant was not revoked, read consistently.
async fn not_revoked<S: RevokedTokens>(
    store: &S,
    claims: &AccessTokenClaims,
    now: Instant,
) -> Result<(), FhirError> {
    let revoked = store.is_revoked(&claims.name(), now).await?;
    if revoked { Err(FhirError::InvalidToken(InvalidToken::Ended)) } else { Ok(()) }
}

/// What a token without a grant opens: what its client is granted now, of what it says.
fn opened_alone(claims: &AccessTokenClaims, client: &Client) -> Result<AccessContext, FhirError> {
    let said = claims.scope.as_ref().ok_or(FhirError::InvalidToken(InvalidToken::Misfit))?;
    match client.granted_alone(said) {
        Ok(scopes) => Ok(AccessContext::of_system(scopes)),
        Err(_) => Err(FhirError::InvalidToken(InvalidToken::ClientChanged)),
    }
}

fn opened(scopes: Scopes, claims: &AccessTokenClaims, user: &User) -> AccessContext {
    AccessContext::of_user(scopes, user.fhir_user.clone(), &user.patients, claims.patient.clone())
}

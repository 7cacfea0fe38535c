//! Who asks, and what their token is good for at this moment (RFC 6750, RFC 9068; RS rows).
//!
//! The token says which scopes and which patient; its grant, read consistently, says whether that still holds; the
//! user's record says which patients the user may see *now*. Whatever does not fit together is an invalid token.

use std::sync::Arc;

use http::request::Parts;
use smart_core::client::Client;
use smart_core::fhir::access::AccessContext;
use smart_core::id::{ClientId, Subject, Username};
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::ports::{Clients, Grants, PublicKeys, Replay, Step, Unavailable, Users};
use smart_core::scope::Scopes;
use smart_core::secret::Op;
use smart_core::token::{AccessTokenClaims, AccessTokenError, Expected, verify_access_token};
use smart_core::user::User;
use smart_web::cached::Cached;
use smart_web::random;

use crate::error::{FhirError, InvalidProof, InvalidToken};
use crate::presented::Presented;
use crate::{Settings, Store};

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
        let presented = Presented::in_request(request)?;
        let fetch = async { Ok::<_, Unavailable>(Some(Arc::from(self.keys.public_keys().await?))) };
        let keys = self.published.get_or(&(), now, fetch).await?.unwrap_or_default();
        let claims = verify_access_token(presented.token, &keys, &self.expected, now).map_err(|error| {
            FhirError::InvalidToken(match error {
                AccessTokenError::Expired => InvalidToken::Expired,
                _ => InvalidToken::Unverified,
            })
        })?;
        let url = format!("{}{}", self.expected.issuer, request.uri.path());
        if let Some(proof) = presented.prove(claims.cnf.as_ref(), request, &url, now)? {
            let step = Step { now, op: Op::new(random::bytes()?) };
            if !store.first_use(&proof.once, proof.until, step).await? {
                return Err(InvalidProof::Used.into());
            }
        }
        Ok(claims)
    }

    /// What the token opens now: its grant is active and says the same, its client and its user are not disabled.
    pub(crate) async fn context<S: Store>(
        &self,
        store: &S,
        claims: &AccessTokenClaims,
        now: Instant,
    ) -> Result<AccessContext, FhirError> {
        let client = async { Ok(self.client(store, &claims.client_id, now).await?) };
        let (confirmed, client) = tokio::try_join!(self.confirm(store, claims, now), client)?;
        if client.is_none_or(|client| client.disabled) {
            return Err(FhirError::InvalidToken(InvalidToken::ClientDisabled));
        }
        let user = self.user(store, &claims.sub, &confirmed.user, now).await?;
        let user = user.filter(|user| is_the_one(user, claims));
        let user = user.ok_or(FhirError::InvalidToken(InvalidToken::UserDisabled))?;
        Ok(opened(confirmed.scopes, claims, &user))
    }

    /// What the token opens if its grant still stands, where client and user are remembered: this asks nothing of
    /// the store, so that work can begin while [`Self::confirm`] reads the grant.
    pub(crate) fn remembered(&self, claims: &AccessTokenClaims, now: Instant) -> Option<AccessContext> {
        self.clients.get(&claims.client_id, now).filter(|client| !client.disabled)?;
        let user = self.users.get(&claims.sub, now).filter(|user| is_the_one(user, claims))?;
        // A token whose list was too long for it says no scopes: only its grant does.
        Some(opened(claims.scope.clone()?, claims, &user))
    }

    /// That the grant of the token is active and says the same, read consistently; whose it is, and what the token may do.
    pub(crate) async fn confirm<S: Grants>(
        &self,
        store: &S,
        claims: &AccessTokenClaims,
        now: Instant,
    ) -> Result<Confirmed, FhirError> {
        let id = claims.grant.as_ref().ok_or(FhirError::InvalidToken(InvalidToken::Misfit))?;
        let grant = store.grant(id, now).await?;
        let grant = grant.ok_or(FhirError::InvalidToken(InvalidToken::Ended))?;
        let active = grant.active().ok_or(FhirError::InvalidToken(InvalidToken::Ended))?;
        let fits = grant.client_id == claims.client_id
            && active.owner.sub == claims.sub
            && active.granted.context.patient == claims.patient;
        match claims.scopes(&active.granted.scopes).filter(|_| fits) {
            Some(scopes) => Ok(Confirmed { user: active.owner.user.clone(), scopes: scopes.clone() }),
            None => Err(FhirError::InvalidToken(InvalidToken::Misfit)),
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

    async fn user<S: Users>(
        &self,
        store: &S,
        sub: &Subject,
        username: &Username,
        now: Instant,
    ) -> Result<Option<Arc<User>>, Unavailable> {
        let fetch = async { Ok(store.user(username).await?.map(Arc::new)) };
        self.users.get_or(sub, now, fetch).await
    }
}

/// Whether a user is whom the token was issued for: names may be given anew, a `sub` never is.
fn is_the_one(user: &User, claims: &AccessTokenClaims) -> bool {
    !user.disabled && user.sub == claims.sub
}

/// What a grant says of a token that stands on it.
pub(crate) struct Confirmed {
    user: Username,
    scopes: Scopes,
}

fn opened(scopes: Scopes, claims: &AccessTokenClaims, user: &User) -> AccessContext {
    AccessContext::of_user(scopes, user.fhir_user.clone(), &user.patients, claims.patient.clone())
}

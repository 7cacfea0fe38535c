//! The token function: codes, refresh tokens and clients alone get access tokens (RFC 6749 §3.2, §4.1.3, §4.4, §6; SMART 2.2
//! §"Obtain access token", §"Refresh access token", §"Backend Services"), which can be asked about (RFC 7662) and revoked
//! (RFC 7009). Where an operator has turned it on, programs register clients here (RFC 7591).
//!
//! A request is read in full before anybody is asked who they are, and the client is known before a code or token is
//! looked at. What is used once is used by one conditional write ([`smart_core::ports::Redemptions`]), and
//! tokens are signed for what that write returned, and for nothing else.
//!
//! | file | decides |
//! |---|---|
//! | `authenticate` | which client asks, and whether it may ask so |
//! | `key_sets` | where the keys are that a client publishes |
//! | `proof` | which key its tokens are bound to, if it proves to have one |
//! | `grants/authorization_code` | a code: redeemed, and the way back if its tokens cannot be signed |
//! | `grants/refresh_token` | a refresh token: replaced, and client, user and session looked at anew |
//! | `grants/client_credentials` | a client alone: what it was registered for |
//! | `introspect` | who may ask about which tokens |
//! | `registration` | a route of its own: which programs register clients |
//! | `revoke` | what a client can revoke, and what ends with it |
//! | `standing` | whether a token is good at this moment, and for what |
//! | `sign` | what the tokens say |
//! | `error` | what goes wrong, and what is told of it |
//! | `trail` | what the audit log says of a request |
//! | `waiting` | whether somebody still waits for the answer |

mod authenticate;
mod error;
mod grants;
mod introspect;
mod key_sets;
mod proof;
pub mod registration;
mod revoke;
mod sign;
mod standing;
#[cfg(test)]
mod tests;
mod trail;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::routing::post;
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Serialize;
use smart_core::client::Client;
use smart_core::deployment::PublicUrl;
use smart_core::id::{ClientId, Username};
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::oauth::Parameters;
use smart_core::ports::{
    ClientKeySets, Clients, Grants, PublicKeys, Redemptions, Replay, Revocations, Sessions, Signer,
    Unavailable, Users,
};
use smart_core::token::{TokenAnswer, TokenRequest};
use smart_core::user::User;
use smart_web::arrival::Arrival;
use smart_web::cached::Cached;
use smart_web::cors::Cors;
use smart_web::{form, response};
use tracing::Instrument as _;

use self::error::TokenError;
use self::key_sets::AnyKeySets;
use self::proof::Caller;
use self::trail::Trail;
use self::waiting::{Waiting, Waits};

/// Where tokens are issued.
const TOKEN: &str = "/auth/token";
/// Where they can be asked about.
const INTROSPECT: &str = "/auth/introspect";
/// Where they can be revoked.
const REVOKE: &str = "/auth/revoke";

/// The ports that this function needs of a store: it reads no resource, and begins no grant.
pub trait Store: Clients + Users + Sessions + Grants + Redemptions + Replay + Revocations + 'static {}

impl<T: Clients + Users + Sessions + Grants + Redemptions + Replay + Revocations + 'static> Store for T {}

/// The routes `/auth/token`, `/auth/introspect` and `/auth/revoke`; `key_sets` has the keys that clients publish, `here` is the
/// issuer, and where the FHIR API is that the tokens are for.
pub fn router<S: Store, K: Signer + PublicKeys + 'static, P: ClientKeySets + 'static>(
    store: S,
    signer: K,
    key_sets: P,
    here: PublicUrl,
) -> Router {
    let function = Arc::new(TokenEndpoint {
        store,
        signer,
        key_sets: Box::new(key_sets),
        here,
        clients: Cached::new(),
        users: Cached::new(),
        published: Cached::new(),
    });
    let at = |endpoint: Endpoint| {
        let function = Arc::clone(&function);
        post(move |Extension(Arrival(now)): Extension<Arrival>, request: Request| {
            handle(Arc::clone(&function), endpoint, request, now)
        })
    };
    let routes = Router::new()
        .route(TOKEN, at(Endpoint::Token))
        .route(INTROSPECT, at(Endpoint::Introspect))
        .route(REVOKE, at(Endpoint::Revoke));
    Cors::TOKEN.open(routes)
}

/// The function: its ports, where it is, and the clients, users and public keys that it remembers for a minute.
struct TokenEndpoint<S, K> {
    store: S,
    signer: K,
    key_sets: Box<dyn AnyKeySets>,
    here: PublicUrl,
    clients: Cached<ClientId, Arc<Client>>,
    users: Cached<Username, Arc<User>>,
    published: Cached<(), Arc<[PublicJwk]>>,
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Endpoint {
    Token,
    Introspect,
    Revoke,
}

/// The content of an answer that has none: it is ignored (RFC 7009 §2.2), and some libraries parse it.
#[derive(Serialize)]
struct Nothing {}

/// What was begun is finished, even if the caller hangs up: a task of its own, since a used code may have to be given
/// back, and a stolen one to be revoked, by a second write.
async fn handle<S: Store, K: Signer + PublicKeys + 'static>(
    function: Arc<TokenEndpoint<S, K>>,
    endpoint: Endpoint,
    request: Request,
    now: Instant,
) -> Response<Body> {
    let waits = Waits::default();
    let waiting = waits.seen();
    let answering = async move { function.answer(endpoint, request, now, &waiting).await };
    let answered = tokio::spawn(answering.in_current_span()).await;
    drop(waits);
    match answered.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => response::unavailable(&Unavailable::new("token", "the server is being stopped")),
    }
}

impl<S: Store, K: Signer + PublicKeys> TokenEndpoint<S, K> {
    async fn answer(
        &self,
        endpoint: Endpoint,
        request: Request,
        now: Instant,
        waiting: &Waiting,
    ) -> Response<Body> {
        let mut trail = Trail::of(match endpoint {
            Endpoint::Token => "token",
            Endpoint::Introspect => "introspect",
            Endpoint::Revoke => "revoke",
        });
        match self.result(endpoint, request, now, waiting, &mut trail).await {
            Ok(response) => response,
            Err(error) => {
                trail.refused(&error);
                error.into_response(self.here.issuer())
            }
        }
    }

    async fn result(
        &self,
        endpoint: Endpoint,
        request: Request,
        now: Instant,
        waiting: &Waiting,
        trail: &mut Trail,
    ) -> Result<Response<Body>, TokenError> {
        let (head, body) = request.into_parts();
        refuse_in_url(head.uri.query())?;
        let form = form::read(&head.headers, body).await?;
        match endpoint {
            Endpoint::Token => {
                let answer = self.tokens(&head, &form, now, waiting, trail).await?;
                trail.issued();
                Ok(response::json(StatusCode::OK, &answer))
            }
            Endpoint::Introspect => {
                let answer = self.introspect(&head, &form, now, trail).await?;
                Ok(response::json(StatusCode::OK, &answer))
            }
            Endpoint::Revoke => {
                self.revoke_token(&head, &form, now, trail).await?;
                Ok(response::json(StatusCode::OK, &Nothing {}))
            }
        }
    }

    async fn tokens(
        &self,
        head: &Parts,
        form: &Parameters,
        now: Instant,
        waiting: &Waiting,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let asked = TokenRequest::parse(form)?;
        self.check_resource(form)?;
        trail.asks_for(asked.grant_type());
        let client = self.authenticate(&head.headers, form, &asked, now, trail).await?;
        let key = self.key(&head.headers, &client, now).await?;
        let caller = Caller { client, key, waiting: waiting.clone() };
        match asked {
            TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let code = code.ok_or(TokenError::UNKNOWN_CODE)?;
                self.redeem(&caller, &code, redirect_uri, &code_verifier, now, trail).await
            }
            TokenRequest::RefreshToken { refresh_token, scope } => {
                let refresh_token = refresh_token.ok_or(TokenError::UNKNOWN_REFRESH_TOKEN)?;
                self.refresh(&caller, &refresh_token, scope, now, trail).await
            }
            TokenRequest::ClientCredentials { scope } => self.grant_alone(&caller, &scope, now, trail).await,
        }
    }

    /// RFC 8707 §2.2: tokens are for this FHIR server, and for no other that is named.
    fn check_resource(&self, form: &Parameters) -> Result<(), TokenError> {
        match form.get("resource") {
            Some(resource) if !self.here.is_audience(resource) => {
                Err(TokenError::Resource { expected: self.here.fhir_base().to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// What belongs into the body, and in a URL would be logged by whatever is on the way (RFC 6749 §2.3.1; TOK-26).
const IN_THE_BODY: [&str; 13] = [
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "token_type_hint",
    "client_id",
    "grant_type",
    "redirect_uri",
    "scope",
    "resource",
];

/// A query that has nothing to do with OAuth is passed over.
fn refuse_in_url(query: Option<&str>) -> Result<(), TokenError> {
    let sent = Parameters::parse(query.unwrap_or_default().as_bytes()).map_err(form::FormError::from)?;
    match IN_THE_BODY.into_iter().find(|name| sent.all(name).next().is_some()) {
        Some(name) => Err(TokenError::InUrl(name)),
        None => Ok(()),
    }
}

//! The token function: codes and refresh tokens become access tokens (RFC 6749 §3.2, §4.1.3, §6; SMART 2.2 §"Obtain
//! access token", §"Refresh access token").
//!
//! A request is read in full before anybody is asked who they are, and the client is known before a code or token is
//! looked at. What is used once is used by one conditional write ([`smart_core::ports::Redemptions`]), and
//! tokens are signed for what that write returned, and for nothing else.
//!
//! | file | decides |
//! |---|---|
//! | `authenticate` | which client asks, and whether it may ask so |
//! | `key_sets` | where the keys are that a client publishes |
//! | `grants/authorization_code` | a code: redeemed, and the way back if its tokens cannot be signed |
//! | `grants/refresh_token` | a refresh token: replaced, and client, user and session looked at anew |
//! | `sign` | what the tokens say |
//! | `error` | what goes wrong, and what is told of it |
//! | `trail` | what the audit log says of a request |

mod authenticate;
mod error;
mod grants;
mod key_sets;
mod sign;
#[cfg(test)]
mod tests;
mod trail;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::routing::post;
use http::{Response, StatusCode};
use smart_core::client::Client;
use smart_core::deployment::PublicUrl;
use smart_core::id::ClientId;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::ports::{
    ClientKeySets, Clients, Grants, Redemptions, Replay, Sessions, Signer, Unavailable, Users,
};
use smart_core::token::{TokenAnswer, TokenRequest};
use smart_web::arrival::Arrival;
use smart_web::cached::Cached;
use smart_web::cors::Cors;
use smart_web::{form, response};
use tracing::Instrument as _;

use self::error::TokenError;
use self::key_sets::AnyKeySets;
use self::trail::Trail;

/// Where the one route is.
const PATH: &str = "/auth/token";

/// The ports that this function needs of a store: it reads no resource, and begins no grant.
pub trait Store: Clients + Users + Sessions + Grants + Redemptions + Replay + 'static {}

impl<T: Clients + Users + Sessions + Grants + Redemptions + Replay + 'static> Store for T {}

/// The route `/auth/token`; `key_sets` has the keys that clients publish, `here` is the issuer, and where the FHIR API is
/// that the tokens are for.
pub fn router<S: Store, K: Signer + 'static, P: ClientKeySets + 'static>(
    store: S,
    signer: K,
    key_sets: P,
    here: PublicUrl,
) -> Router {
    let endpoint = here.endpoint(PATH);
    let key_sets = Box::new(key_sets);
    let function = TokenEndpoint { store, signer, key_sets, here, endpoint, clients: Cached::new() };
    Cors::TOKEN.open(Router::new().route(PATH, post(handle::<S, K>)).with_state(Arc::new(function)))
}

/// The function: its ports, where it is, and the clients that it remembers for a minute.
struct TokenEndpoint<S, K> {
    store: S,
    signer: K,
    key_sets: Box<dyn AnyKeySets>,
    here: PublicUrl,
    /// Its own URL.
    endpoint: String,
    clients: Cached<ClientId, Arc<Client>>,
}

/// What was begun is finished, even if the caller hangs up: a task of its own, since a used code may have to be given
/// back, and a stolen one to be revoked, by a second write.
async fn handle<S: Store, K: Signer + 'static>(
    State(function): State<Arc<TokenEndpoint<S, K>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    request: Request,
) -> Response<Body> {
    let answering = async move { function.answer(request, now).await };
    match tokio::spawn(answering.in_current_span()).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => response::unavailable(&Unavailable::new("token", "the server is being stopped")),
    }
}

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    async fn answer(&self, request: Request, now: Instant) -> Response<Body> {
        let mut trail = Trail::default();
        match self.tokens(request, now, &mut trail).await {
            Ok(answer) => {
                trail.issued();
                response::json(StatusCode::OK, &answer)
            }
            Err(error) => {
                trail.refused(&error);
                error.into_response(self.here.issuer())
            }
        }
    }

    async fn tokens(
        &self,
        request: Request,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let (head, body) = request.into_parts();
        refuse_in_url(head.uri.query())?;
        let form = form::read(&head.headers, body).await?;
        let asked = TokenRequest::parse(&form)?;
        self.check_resource(&form)?;
        trail.asks_for(asked.grant_type());
        let client = self.authenticate(&head.headers, &form, &asked, now, trail).await?;
        match asked {
            TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let code = code.ok_or(TokenError::UNKNOWN_CODE)?;
                self.redeem(&client, &code, redirect_uri, &code_verifier, now, trail).await
            }
            TokenRequest::RefreshToken { refresh_token, scope } => {
                let refresh_token = refresh_token.ok_or(TokenError::UNKNOWN_REFRESH_TOKEN)?;
                self.refresh(&client, &refresh_token, scope, now, trail).await
            }
            TokenRequest::ClientCredentials => Err(TokenError::ClientCredentials),
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
const IN_THE_BODY: [&str; 11] = [
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "code",
    "code_verifier",
    "refresh_token",
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

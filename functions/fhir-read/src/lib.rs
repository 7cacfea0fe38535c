//! The fhir-read function: FHIR R4 reads and searches, each resource decided before it leaves.
//!
//! A request is understood in full before anything else (`request`); then it is authenticated (`authentication`)
//! while the resource is fetched already, decided on by [`smart_core::fhir::access`], and answered. All of `/fhir`
//! is answered here but discovery: what is not supported, by name.
//!
//! | file | decides |
//! |---|---|
//! | `request` | which interaction a method and a path ask for |
//! | `negotiation` | whether the answer can be in a format that the app takes |
//! | `presented` | how the token comes, and whether it is proved to be the app's |
//! | `authentication` | who asks, and for what the token is good |
//! | `read`, `search`, `metadata` | the answers |
//! | `response` | headers: caching, conditional requests |
//! | `settings` | what follows from the public URL |
//! | `error` | what is told when there is none |

mod authentication;
mod error;
mod metadata;
mod negotiation;
mod presented;
mod read;
mod request;
mod response;
mod search;
mod settings;
#[cfg(test)]
mod tests;
mod trail;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::routing::any;
use http::request::Parts;
use http::{Method, Request, Response};
use smart_core::instant::Instant;
use smart_core::ports::{Clients, Grants, PublicKeys, Records, Replay, RevokedTokens, Users};
use smart_web::arrival::Arrival;
use smart_web::cors::Cors;

use self::authentication::Authentication;
use self::error::FhirError;
use self::metadata::Metadata;
use self::negotiation::Format;
use self::request::Interaction;

/// Where this server is, and what the capability statement tells of its authorization server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer of access tokens: the public URL, without a slash at its end.
    pub issuer: String,
    /// The FHIR base URL, without a slash at its end: the audience of access tokens.
    pub base: String,
    /// The authorization endpoint.
    pub authorization_endpoint: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The introspection endpoint, where it works.
    pub introspection_endpoint: Option<String>,
    /// The revocation endpoint, where it works.
    pub revocation_endpoint: Option<String>,
    /// The page where users see and end what they granted, where it works.
    pub management_endpoint: Option<String>,
}

/// The ports that this function needs of a store: it reads, and writes nothing but which proofs of possession were used.
pub trait Store: Records + Grants + Clients + Users + RevokedTokens + Replay + 'static {}

impl<T: Records + Grants + Clients + Users + RevokedTokens + Replay + 'static> Store for T {}

/// The routes under `/fhir`; `keys` are those that sign access tokens.
pub fn router<S: Store, K: PublicKeys + 'static>(store: S, keys: K, settings: &Settings) -> Router {
    let function = Arc::new(FhirRead {
        store,
        base: settings.base.clone(),
        authentication: Authentication::new(keys, settings),
        metadata: Metadata::new(settings),
    });
    let handler = any(handle::<S, K>);
    let routes = Router::new()
        .route("/fhir", handler.clone())
        .route("/fhir/", handler.clone())
        .route("/fhir/{*path}", handler)
        .with_state(function);
    Cors::FHIR.open(routes)
}

/// The function: its store, and what it computed at start.
struct FhirRead<S, K> {
    store: S,
    base: String,
    authentication: Authentication<K>,
    metadata: Metadata,
}

async fn handle<S: Store, K: PublicKeys + 'static>(
    State(function): State<Arc<FhirRead<S, K>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    request: Request<Body>,
) -> Response<Body> {
    let head = request.method() == Method::HEAD;
    let (request, body) = request.into_parts();
    let answer = function.answer(&request, body, now).await;
    let answer = answer.unwrap_or_else(|error| error.into_response(&function.base));
    response::finish(answer, head)
}

impl<S: Store, K: PublicKeys> FhirRead<S, K> {
    async fn answer(&self, request: &Parts, body: Body, now: Instant) -> Result<Response<Body>, FhirError> {
        let interaction = Interaction::parse(&request.method, request.uri.path())?;
        let format = Format::negotiate(&request.headers, request.uri.query())?;
        match interaction {
            Interaction::Metadata => Ok(self.metadata.respond(&request.headers, format)),
            Interaction::Read(asked) => self.read(&asked, request, format, now).await,
            Interaction::Search(resource_type) => {
                self.search(resource_type, request, body, format, now).await
            }
        }
    }
}

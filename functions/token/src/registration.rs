//! `/auth/register`: clients that programs register (RFC 7591 §3), where an operator has turned it on. Whoever bears the initial access
//! token registers a client, and is told its secret, once.
//!
//! What may be registered is core's ([`smart_core::client::registration`]). There is no CORS, since no page of a browser has that
//! token, and no management of what was registered (RFC 7592): that is the operator's.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::routing::post;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use smart_core::client::registration::{
    self, ClientInformation, InitialAccessToken, Made, Registration, RegistrationError,
};
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_core::oauth::{ErrorCode, OAuthError};
use smart_core::ports::{Registrations, Unavailable};
use smart_core::secret::Secret;
use smart_web::arrival::Arrival;
use smart_web::body::{self, TooLong};
use smart_web::{authorization, random, response};
use thiserror::Error;

use crate::trail;

/// Where clients are registered.
const REGISTER: &str = "/auth/register";
/// How long a registration may be, in bytes.
const MAX_BODY: usize = 32 * 1024;

/// The route `/auth/register`, for whoever bears `token`.
pub fn router<S: Registrations + 'static>(store: S, token: InitialAccessToken, here: PublicUrl) -> Router {
    let endpoint = Arc::new(RegistrationEndpoint { store, token, here });
    Router::new().route(REGISTER, post(handle::<S>)).with_state(endpoint)
}

struct RegistrationEndpoint<S> {
    store: S,
    token: InitialAccessToken,
    here: PublicUrl,
}

/// Why nothing is registered. What is displayed is told.
#[derive(Debug, Error)]
pub(crate) enum RegisterError {
    #[error("an initial access token is needed: `Authorization: Bearer`, once")]
    NoToken,
    #[error("the bearer token is not the initial access token")]
    Token,
    #[error("send the client's metadata as application/json")]
    MediaType,
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("the body is not JSON")]
    NotJson,
    #[error(transparent)]
    Metadata(#[from] RegistrationError),
    #[error("the server cannot answer for the moment: try again")]
    Unavailable(#[from] Unavailable),
}

async fn handle<S: Registrations + 'static>(
    State(endpoint): State<Arc<RegistrationEndpoint<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    request: Request,
) -> Response<Body> {
    match endpoint.register(request, now).await {
        Ok(answer) => response::json(StatusCode::CREATED, &answer),
        Err(error) => {
            trail::not_registered(&error);
            error.into_response(endpoint.here.issuer())
        }
    }
}

impl<S: Registrations> RegistrationEndpoint<S> {
    async fn register(&self, request: Request, now: Instant) -> Result<ClientInformation, RegisterError> {
        let (head, body) = request.into_parts();
        // Nobody else's body is read.
        self.authorize(&head.headers)?;
        let sent = metadata(&head.headers, body).await?;
        let made = Made { id: random::bytes()?, secret: Secret::new(random::bytes()?) };
        let Registration { client, answer } =
            registration::register(&sent, &made, self.here.deployment(), now)?;
        if !self.store.register_client(&client).await? {
            // 128 random bits that were there before: something is wrong with the randomness.
            return Err(Unavailable::new("clients", "the new client_id is another client's").into());
        }
        trail::registered(&client);
        Ok(answer)
    }

    /// RFC 6750 §2.1: the one header, and nothing in the URL or the body.
    fn authorize(&self, headers: &HeaderMap) -> Result<(), RegisterError> {
        let header = authorization::header(headers).ok().flatten();
        let token = header.and_then(|header| authorization::of_scheme(header, "bearer"));
        let token = token.ok_or(RegisterError::NoToken)?;
        if self.token.is(token) { Ok(()) } else { Err(RegisterError::Token) }
    }
}

async fn metadata(headers: &HeaderMap, sent: Body) -> Result<Value, RegisterError> {
    if !body::is_of(headers, "application/json") {
        return Err(RegisterError::MediaType);
    }
    serde_json::from_slice(&body::read(sent, MAX_BODY).await?).map_err(|_| RegisterError::NotJson)
}

impl RegisterError {
    /// RFC 7591 §3.2.2 for what is sent, RFC 6750 §3.1 for who sends it.
    pub(crate) fn told(&self) -> ErrorCode {
        match self {
            Self::NoToken | Self::Token => ErrorCode::InvalidToken,
            Self::Metadata(RegistrationError::RedirectUri(_)) => ErrorCode::InvalidRedirectUri,
            Self::Metadata(RegistrationError::Metadata(_))
            | Self::MediaType
            | Self::TooLong(_)
            | Self::NotJson => ErrorCode::InvalidClientMetadata,
            Self::Unavailable(_) => ErrorCode::TemporarilyUnavailable,
        }
    }

    fn into_response(self, realm: &str) -> Response<Body> {
        let code = self.told();
        // Who shows no token at all is not told that it is wrong (RFC 6750 §3.1).
        let challenge = match &self {
            Self::Unavailable(reason) => return response::unavailable(reason),
            Self::NoToken => Some(format!("Bearer realm=\"{realm}\"")),
            Self::Token => Some(format!("Bearer realm=\"{realm}\", error=\"{}\"", code.as_str())),
            _ => None,
        };
        let status = if challenge.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut response = response::json(status, &OAuthError::new(code, self.to_string()));
        if let Some(challenge) = challenge {
            response::set(&mut response, WWW_AUTHENTICATE, &challenge);
        }
        response
    }
}

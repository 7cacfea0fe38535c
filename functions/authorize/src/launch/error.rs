//! What goes wrong where an EHR makes a launch, and what it is told: JSON, and for tokens `WWW-Authenticate` (RFC 6750 §3).

use axum::body::Body;
use http::header::WWW_AUTHENTICATE;
use http::{Response, StatusCode};
use serde::Serialize;
use smart_core::launch::{LONGEST_REQUEST, LaunchRequestError};
use smart_core::oauth::{ErrorCode, OAuthError};
use smart_core::ports::Unavailable;
use smart_core::scope::Scope;
use smart_web::presented::{InvalidProof, NotProved, WrongScheme, dpop_challenge};
use smart_web::response;
use thiserror::Error;

/// Why no launch is made. What is displayed says what to mend.
#[derive(Debug, Error)]
pub(super) enum LaunchError {
    #[error(
        "send an access token with the scope {scope} as Authorization: Bearer, or one that is bound to a key as Authorization: DPoP",
        scope = Scope::LAUNCH_CREATE
    )]
    NoToken,
    #[error("send one access token, in one Authorization header")]
    TwoTokens,
    #[error("the access token is not good: {0}")]
    InvalidToken(&'static str),
    #[error("the access token {0}")]
    Scheme(#[from] WrongScheme),
    #[error("the proof in the DPoP header is not accepted: {0}")]
    InvalidProof(#[from] InvalidProof),
    #[error(
        "launches are made by a client that is registered for the scope {scope}, with a token of client_credentials that has it",
        scope = Scope::LAUNCH_CREATE
    )]
    InsufficientScope,
    #[error("send the launch as application/json")]
    MediaType,
    #[error("the launch is longer than {LONGEST_REQUEST} bytes")]
    TooLong,
    #[error(transparent)]
    Request(#[from] LaunchRequestError),
    #[error("{0}: {1}")]
    Refers(&'static str, &'static str),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NotProved> for LaunchError {
    fn from(error: NotProved) -> Self {
        match error {
            NotProved::Scheme(scheme) => scheme.into(),
            NotProved::Proof(proof) => proof.into(),
            NotProved::Unavailable(reason) => reason.into(),
        }
    }
}

/// The error codes of RFC 6750 §3.1, and of RFC 9449 §7.1.
#[derive(Serialize)]
struct BearerError {
    error: &'static str,
    error_description: String,
}

impl LaunchError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::InvalidToken(_) | Self::Scheme(_) | Self::InvalidProof(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::TwoTokens | Self::Request(_) | Self::Refers(..) => StatusCode::BAD_REQUEST,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer. Ours are logged as errors; the caller's are told and no more.
    pub(super) fn into_response(self, realm: &str) -> Response<Body> {
        if let Self::Unavailable(reason) = &self {
            return response::unavailable(reason);
        }
        tracing::debug!(reason = %self, "no launch was made");
        let told = OAuthError::new(ErrorCode::InvalidRequest, self.to_string());
        let error = match self {
            Self::InvalidToken(_) | Self::Scheme(_) => "invalid_token",
            Self::InvalidProof(_) => "invalid_dpop_proof",
            Self::InsufficientScope => "insufficient_scope",
            _ => told.error.as_str(),
        };
        let body = BearerError { error, error_description: told.error_description };
        let mut response = response::json(self.status(), &body);
        let challenge = match &self {
            // RFC 6750 §3.1: whoever sent no token is told no error.
            Self::NoToken => Some(format!("Bearer realm=\"{realm}\"")),
            Self::Scheme(WrongScheme::Bound) | Self::InvalidProof(_) => {
                Some(dpop_challenge(realm, error, &body.error_description))
            }
            Self::TwoTokens | Self::InvalidToken(_) | Self::Scheme(WrongScheme::Unbound) => Some(format!(
                "Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{}\"",
                body.error_description
            )),
            Self::InsufficientScope => Some(format!(
                "Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{}\", scope=\"{}\"",
                body.error_description,
                Scope::LAUNCH_CREATE
            )),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response::set(&mut response, WWW_AUTHENTICATE, &challenge);
        }
        response
    }
}

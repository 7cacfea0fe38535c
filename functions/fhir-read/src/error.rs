//! What goes wrong, and what is told of it: one status, one `OperationOutcome`, and for tokens `WWW-Authenticate`
//! (RFC 6750 §3; FHIR-16, FHIR-22, RS-05 to RS-09).

use axum::body::Body;
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use smart_core::fhir::access::{Denial, Interaction};
use smart_core::fhir::outcome::{IssueType, OperationOutcome};
use smart_core::fhir::resource_type::ResourceType;
use smart_core::fhir::search::{Reason, SearchError};
use smart_core::oauth::NotText;
use smart_core::ports::Unavailable;
use smart_core::scope::Level;
use smart_web::presented::{InvalidProof, NotProved, WrongScheme, dpop_challenge};
use smart_web::response::set;
use thiserror::Error;

use crate::negotiation::Format;
use crate::response::{Caching, json};

/// Why there is no answer. What is displayed is told to the caller.
#[derive(Debug, Error)]
pub(crate) enum FhirError {
    #[error("there is nothing at this path; the server reads /Type/id and searches /Type")]
    UnknownPath,
    #[error("no resource type of FHIR R4 by this name; names are case-sensitive")]
    UnknownType,
    #[error("{0} is not supported by this server")]
    NotSupported(&'static str),
    #[error("this method is not supported here; allowed: {allow}")]
    Method { allow: &'static str },
    #[error("no resource by this id is open to this access token")]
    NotFound,
    /// Told as if there were nothing.
    #[error("{}", Self::NotFound)]
    NotOpen,
    #[error("only the current version is kept, and it is another")]
    NoSuchVersion,
    #[error("answers are JSON: accept application/fhir+json, or send `_format=json`")]
    NotAcceptable,
    #[error("send the parameters as application/x-www-form-urlencoded")]
    MediaType,
    #[error("the parameters are longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error(
        "too many resources would have to be looked through: narrow the search, for instance by `patient`"
    )]
    TooCostly,
    #[error(
        "send an access token as `Authorization: Bearer`, or one that is bound to a key as `Authorization: DPoP`"
    )]
    NoToken,
    #[error("send one access token, in one `Authorization: Bearer` header")]
    TwoTokens,
    #[error("the access token {0}")]
    InvalidToken(InvalidToken),
    #[error("the proof in the DPoP header is not accepted: {0}")]
    InvalidProof(#[from] InvalidProof),
    #[error("{}", insufficient(*.resource_type, *.interaction))]
    InsufficientScope { level: Level, resource_type: ResourceType, interaction: Interaction },
    #[error("the server cannot answer for the moment: try again")]
    Unavailable(#[from] Unavailable),
    #[error("the server could not read this resource")]
    Corrupt,
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidToken {
    #[error("is malformed, or was not issued by this server for this FHIR API")]
    Unverified,
    #[error("has expired")]
    Expired,
    #[error("was revoked, or its grant has ended")]
    Ended,
    #[error("does not fit its grant")]
    Misfit,
    #[error("belongs to a client that is disabled")]
    ClientDisabled,
    #[error("says what its client is registered for no longer")]
    ClientChanged,
    #[error("belongs to a user who is disabled, or signs in with another password since")]
    UserDisabled,
    #[error("belongs to a user who has not signed in for too long")]
    UserUnvouched,
    #[error(transparent)]
    Scheme(#[from] WrongScheme),
}

impl From<NotProved> for FhirError {
    fn from(error: NotProved) -> Self {
        match error {
            NotProved::Scheme(scheme) => Self::InvalidToken(scheme.into()),
            NotProved::Proof(proof) => proof.into(),
            NotProved::Unavailable(reason) => reason.into(),
        }
    }
}

fn insufficient(resource_type: ResourceType, interaction: Interaction) -> String {
    let what = match interaction {
        Interaction::Read => "reading this",
        Interaction::Search => "searching for",
    };
    format!("the scopes of the access token do not allow {what} {resource_type}")
}

impl From<Denial> for FhirError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotGranted { level, resource_type, interaction } => {
                Self::InsufficientScope { level, resource_type, interaction }
            }
            Denial::NotOpen => Self::NotOpen,
        }
    }
}

impl FhirError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownPath
            | Self::UnknownType
            | Self::NotSupported(_)
            | Self::NotFound
            | Self::NotOpen
            | Self::NoSuchVersion => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Search(_) | Self::NotText(_) | Self::TwoTokens => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::InvalidToken(_) | Self::InvalidProof(_) => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } | Self::TooCostly => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Corrupt => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn issue_type(&self) -> IssueType {
        match self {
            Self::UnknownPath | Self::UnknownType | Self::NotFound | Self::NotOpen | Self::NoSuchVersion => {
                IssueType::NotFound
            }
            Self::NotSupported(_) | Self::Method { .. } | Self::NotAcceptable | Self::MediaType => {
                IssueType::NotSupported
            }
            Self::Search(error) => match error.reason {
                Reason::Unsupported(_) | Reason::Modifier | Reason::Unsortable(_) => IssueType::NotSupported,
                Reason::Value(_) => IssueType::Value,
                Reason::Repeated => IssueType::Invalid,
                Reason::TooMany | Reason::TooManyIds => IssueType::TooCostly,
            },
            Self::NotText(_) | Self::TwoTokens => IssueType::Invalid,
            Self::TooLong { .. } => IssueType::TooLong,
            Self::TooCostly => IssueType::TooCostly,
            Self::NoToken | Self::InvalidProof(_) => IssueType::Login,
            Self::InvalidToken(_) => IssueType::Expired,
            Self::InsufficientScope { .. } => IssueType::Forbidden,
            Self::Unavailable(_) => IssueType::Transient,
            Self::Corrupt => IssueType::Exception,
        }
    }

    /// The challenge of RFC 6750 §3: without an error where there was no token. Who has a token that is bound to a key is
    /// shown the way of RFC 9449 §7.1.
    fn challenge(&self, base: &str) -> Option<String> {
        let error = match self {
            Self::NoToken => return Some(format!("Bearer realm=\"{base}\"")),
            Self::InvalidToken(InvalidToken::Scheme(WrongScheme::Bound)) => {
                return Some(dpop_challenge(base, "invalid_token", self));
            }
            Self::InvalidProof(_) => return Some(dpop_challenge(base, "invalid_dpop_proof", self)),
            Self::TwoTokens => "invalid_request",
            Self::InvalidToken(_) => "invalid_token",
            Self::InsufficientScope { .. } => "insufficient_scope",
            _ => return None,
        };
        let challenge = format!("Bearer realm=\"{base}\", error=\"{error}\", error_description=\"{self}\"");
        Some(match self {
            Self::InsufficientScope { level, resource_type, interaction } => {
                let letter = match interaction {
                    Interaction::Read => 'r',
                    Interaction::Search => 's',
                };
                format!("{challenge}, scope=\"{level}/{resource_type}.{letter}\"")
            }
            _ => challenge,
        })
    }

    /// The answer; ours are logged as errors, the caller's are told and no more.
    pub(crate) fn into_response(self, base: &str) -> Response<Body> {
        match &self {
            Self::Unavailable(reason) => tracing::error!(error = %reason, "a port is unavailable"),
            Self::Corrupt => tracing::error!("a stored resource cannot be read"),
            // The parameter's name is the caller's own text; its value is never named.
            refused => tracing::debug!(status = refused.status().as_u16(), "refused"),
        }
        let outcome = OperationOutcome::error(self.issue_type(), self.to_string());
        let mut response = json(self.status(), Format::Fhir, Caching::Never, outcome.to_json());
        if let Some(challenge) = self.challenge(base) {
            set(&mut response, WWW_AUTHENTICATE, &challenge);
        }
        match self {
            Self::Method { allow } => set(&mut response, ALLOW, allow),
            Self::Unavailable(reason) => {
                set(&mut response, RETRY_AFTER, &reason.retry_after.as_secs().max(1).to_string());
            }
            _ => {}
        }
        response
    }
}

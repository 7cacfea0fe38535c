//! What goes wrong, and what is told of it: one code of RFC 6749 §5.2, one status, and words that say what to mend and
//! nothing that helps to guess (TOK-23 to TOK-26, TOK-31).

use std::fmt::Display;

use axum::body::Body;
use http::header::WWW_AUTHENTICATE;
use http::{Response, StatusCode};
use smart_core::client::GrantType;
use smart_core::client::alone::AloneError;
use smart_core::client::authentication::{AuthenticationError, PresentedError};
use smart_core::grant::{Refusal, RevocationReason};
use smart_core::oauth::{ErrorCode, OAuthError};
use smart_core::ports::Unavailable;
use smart_core::scope::Scope;
use smart_core::token::TokenRequestError;
use smart_web::authorization::Several;
use smart_web::form::FormError;
use smart_web::presented::{self, NotProved, WrongScheme, dpop_challenge};
use smart_web::response;
use thiserror::Error;
use tracing::Level;

use crate::proof::InvalidProof;

/// Why there are no tokens, or nothing is told of one, or none is revoked. What is displayed is told to the app.
#[derive(Debug, Error)]
pub(crate) enum TokenError {
    #[error(
        "{0} stands in the URL: send it in the body, and replace it if it is a secret, since URLs are logged"
    )]
    InUrl(&'static str),
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("resource must be the FHIR base URL {expected}, or be left out")]
    Resource { expected: String },
    #[error(transparent)]
    Request(#[from] TokenRequestError),
    #[error(transparent)]
    Presented(#[from] PresentedError),
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    #[error("this client is not registered for the grant type {}", .0.as_str())]
    GrantType(GrantType),
    #[error(transparent)]
    Alone(#[from] AloneError),
    #[error(transparent)]
    Proof(#[from] InvalidProof),
    #[error("{}", code_is(*.0))]
    Code(Refusal),
    #[error("{}", refresh_token_is(*.0))]
    Refresh(Refusal),
    #[error(transparent)]
    Scope(#[from] WiderScope),
    #[error("{0}: the access was ended, let the user authorize the app again")]
    Ended(#[from] Ended),
    #[error(
        "authenticate as a confidential client, or send an access token with the scope {}",
        Scope::TOKEN_INTROSPECT
    )]
    Unauthenticated,
    #[error(transparent)]
    Bearer(#[from] BearerError),
    #[error("token was issued to another client: send one that was issued to this one")]
    AnotherClientsToken,
    #[error("token is no access token and no refresh token: only these can be revoked")]
    TokenType,
    #[error("the server cannot answer for the moment: try again")]
    Unavailable(#[from] Unavailable),
}

/// Why whoever shows an access token may not ask about others.
#[derive(Clone, Copy, Debug, Error)]
pub(crate) enum BearerError {
    #[error(
        "the access token in the Authorization header was not issued by this server, or is good no longer"
    )]
    Invalid,
    #[error("the access token in the Authorization header needs the scope {}", Scope::TOKEN_INTROSPECT)]
    Scope,
    #[error("the access token in the Authorization header {0}")]
    Scheme(#[from] WrongScheme),
    #[error("the proof in the DPoP header is not accepted: {0}")]
    Proof(#[from] presented::InvalidProof),
}

/// Why a refresh does not get the scope that it asks for.
#[derive(Debug, Error)]
pub(crate) enum WiderScope {
    #[error("scope asks for more than was granted ({}): leave scope out for all that was", beginning(.0))]
    NotGranted(String),
    #[error(
        "scope is a part of what was granted, and too long a list for a token: ask for fewer, or leave scope out"
    )]
    TooLong,
}

/// Why a grant ends at a refresh.
#[derive(Clone, Copy, Debug, Error)]
pub(crate) enum Ended {
    #[error("the user who granted this no longer has access here, or signs in with another password since")]
    User,
    #[error("the user who granted this has not signed in for too long, and has to do so again")]
    Unvouched,
    #[error("the user who granted this may no longer see this patient")]
    Patient,
    #[error("the session of the user has ended, and with it online_access")]
    Session,
    #[error("the registration of the client was changed, and no longer allows this")]
    Client,
}

impl Ended {
    pub(crate) fn reason(self) -> RevocationReason {
        match self {
            Self::User | Self::Unvouched | Self::Patient => RevocationReason::UserChanged,
            // A session never comes back to life, and a grant that were left would take the app's next try for a replay.
            Self::Session => RevocationReason::SessionEnded,
            Self::Client => RevocationReason::ClientChanged,
        }
    }
}

impl From<Several> for TokenError {
    fn from(_: Several) -> Self {
        PresentedError::Several.into()
    }
}

impl From<NotProved> for TokenError {
    fn from(error: NotProved) -> Self {
        match error {
            NotProved::Scheme(scheme) => Self::Bearer(scheme.into()),
            NotProved::Proof(proof) => Self::Bearer(proof.into()),
            NotProved::Unavailable(reason) => reason.into(),
        }
    }
}

impl TokenError {
    pub(crate) const UNKNOWN_CODE: Self = Self::Code(Refusal::Absent);
    pub(crate) const UNKNOWN_REFRESH_TOKEN: Self = Self::Refresh(Refusal::Absent);

    /// The code that is told, and how loudly its words are logged: whose fault it is decides. What is only for debugging may quote
    /// the request.
    pub(crate) fn told(&self) -> (ErrorCode, Level) {
        use ErrorCode as E;
        use TokenRequestError as R;
        match self {
            Self::InUrl(_)
            | Self::Form(_)
            | Self::Request(R::Repeated(_) | R::Missing(_) | R::Verifier(_))
            | Self::Presented(PresentedError::Several) => (E::InvalidRequest, Level::DEBUG),
            Self::Resource { .. } => (E::InvalidTarget, Level::DEBUG),
            Self::Request(R::GrantType) => (E::UnsupportedGrantType, Level::DEBUG),
            Self::Request(R::Scope(_)) | Self::Scope(_) => (E::InvalidScope, Level::DEBUG),
            // A client whose keys cannot be had cannot mend it alone: its operator, or ours, has to look.
            Self::Authentication(AuthenticationError::Replayed | AuthenticationError::NotFetched(_)) => {
                (E::InvalidClient, Level::WARN)
            }
            Self::Presented(_) | Self::Authentication(_) | Self::Unauthenticated => {
                (E::InvalidClient, Level::INFO)
            }
            Self::Proof(InvalidProof::Used)
            | Self::Bearer(BearerError::Proof(presented::InvalidProof::Used)) => {
                (E::InvalidDpopProof, Level::WARN)
            }
            Self::Proof(_) | Self::Bearer(BearerError::Proof(_)) => (E::InvalidDpopProof, Level::INFO),
            Self::GrantType(_) | Self::Alone(AloneError::Registration) => {
                (E::UnauthorizedClient, Level::INFO)
            }
            Self::Alone(_) => (E::InvalidScope, Level::INFO),
            Self::Bearer(BearerError::Invalid | BearerError::Scheme(_)) => (E::InvalidToken, Level::INFO),
            Self::Bearer(BearerError::Scope) => (E::InsufficientScope, Level::INFO),
            Self::AnotherClientsToken => (E::InvalidGrant, Level::WARN),
            Self::TokenType => (E::UnsupportedTokenType, Level::DEBUG),
            Self::Code(Refusal::Replayed) | Self::Refresh(Refusal::Replayed) => {
                (E::InvalidGrant, Level::WARN)
            }
            Self::Code(_) | Self::Refresh(_) | Self::Ended(_) => (E::InvalidGrant, Level::INFO),
            Self::Unavailable(_) => (E::TemporarilyUnavailable, Level::ERROR),
        }
    }

    /// What is logged of it. It is what is told, but where the app is told nothing: which port could not answer, and why. The
    /// alarm on the signer counts these words.
    pub(crate) fn why(&self) -> &dyn Display {
        match self {
            Self::Unavailable(unavailable) => unavailable,
            told => told,
        }
    }

    /// The answer. A 401 has a challenge, whichever way was tried (RFC 9110 §15.5.2; TOK-25).
    pub(crate) fn into_response(self, realm: &str) -> Response<Body> {
        let (code, _) = self.told();
        let status = match (&self, code) {
            (Self::Unavailable(reason), _) => return response::unavailable(reason),
            // RFC 7662 §2.3: 401 also for a token without the scope.
            (Self::Bearer(_), _) | (_, ErrorCode::InvalidClient) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = response::json(status, &OAuthError::new(code, self.to_string()));
        if status == StatusCode::UNAUTHORIZED {
            response::set(&mut response, WWW_AUTHENTICATE, &self.challenge(code, realm));
        }
        response
    }

    fn challenge(&self, code: ErrorCode, realm: &str) -> String {
        let code = code.as_str();
        match self {
            Self::Bearer(error @ (BearerError::Scheme(WrongScheme::Bound) | BearerError::Proof(_))) => {
                dpop_challenge(realm, code, error)
            }
            Self::Bearer(error) => {
                let scope = Scope::TOKEN_INTROSPECT;
                format!(
                    "Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{error}\", scope=\"{scope}\""
                )
            }
            Self::Unauthenticated => format!("Basic realm=\"{realm}\", Bearer realm=\"{realm}\""),
            _ => format!("Basic realm=\"{realm}\""),
        }
    }
}

/// Another client's code is no code at all to whoever asks.
fn code_is(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RedirectUri => {
            "redirect_uri is not the one of the authorization request: send the same, character by character"
        }
        Refusal::Verifier => "code_verifier does not answer the code_challenge of the authorization request",
        Refusal::Key => "code is bound to a key (dpop_jkt): send a proof by that key in the header DPoP",
        Refusal::Revoked => "code: what was granted with it was revoked",
        Refusal::Replayed => {
            "code was used before: since a code that is seen twice may have leaked, everything issued from it is revoked; send each code once"
        }
        _ => {
            "code is unknown, or has expired: a code can be used for one minute, by the app that it was issued to"
        }
    }
}

/// Another client's token is no token at all to whoever asks.
fn refresh_token_is(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Key => "refresh_token is bound to a key: send a proof by that key in the header DPoP",
        Refusal::Revoked => "refresh_token: what was granted with it was revoked",
        Refusal::Replayed => {
            "refresh_token was replaced by a newer one: since a token that is seen again may have leaked, everything issued from it is revoked; keep the newest only"
        }
        _ => "refresh_token is unknown, or has expired: let the user authorize the app again",
    }
}

/// Enough of a scope to find it.
fn beginning(scope: &str) -> String {
    scope.chars().take(80).collect()
}

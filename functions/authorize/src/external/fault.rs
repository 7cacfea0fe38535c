//! What goes wrong with a sign-in elsewhere, and the page that says so. Nobody is signed in then.
//!
//! The log says which provider and why, and nothing of the person: no claim, no code, no text of the provider's.

use axum::body::Body;
use http::{Response, StatusCode};
use smart_core::external::{ClaimFault, IdTokenFault, Provider, ProviderId, TokenFault};
use smart_core::id::GrantId;
use thiserror::Error;

use super::remote::RemoteFault;
use crate::destination::Destination;
use crate::error::AuthorizeError;
use crate::pages::{Link, Problem};
use crate::respond::page;

/// Why a sign-in elsewhere signs nobody in.
#[derive(Debug, Error)]
pub(crate) enum ExternalFault {
    /// The state is missing, another browser's, or too old.
    #[error("the state is none of this browser")]
    State,
    /// The answer is none: neither a code nor an error, or something twice.
    #[error("the answer has neither one code nor one error")]
    Answer,
    /// The state was used (RFC 9700 §4.7.1).
    #[error("the state was used before")]
    Replayed,
    /// The answer is another issuer's, or does not say whose it is although it would (RFC 9207 §2.4).
    #[error("the answer is of another issuer")]
    Issuer,
    /// The person did not sign in, or does not want to.
    #[error("the person was not signed in there: access_denied")]
    Declined,
    /// The provider has another error (OIDC Core §3.1.2.6).
    #[error("the provider answered with the error {0}")]
    Refused(&'static str),
    /// The provider brings nobody.
    #[error(transparent)]
    Remote(#[from] RemoteFault),
    /// Its claims name no user.
    #[error(transparent)]
    Claims(#[from] ClaimFault),
    /// An EHR started the app for somebody else.
    #[error("the EHR's launch is for another user")]
    AnotherUser,
    /// There is no user of that issuer and subject, or they are disabled.
    #[error("nobody here has that issuer and subject, or they are disabled")]
    Unknown,
}

/// The errors of a provider that are logged by name: what else it says is passed over.
const KNOWN: [&str; 12] = [
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_object",
    "request_not_supported",
];

impl ExternalFault {
    /// An error that came back instead of a code.
    pub(crate) fn of_provider(error: &str) -> Self {
        match error {
            "access_denied" => Self::Declined,
            other => Self::Refused(
                KNOWN.into_iter().find(|known| *known == other).unwrap_or("that we do not know"),
            ),
        }
    }

    /// Whether another account of the same provider may do better.
    fn is_of_the_account(&self) -> bool {
        use RemoteFault as R;
        matches!(
            self,
            Self::AnotherUser
                | Self::Unknown
                | Self::Claims(_)
                | Self::Remote(R::IdToken(IdTokenFault::Stale))
        )
    }

    fn status(&self) -> StatusCode {
        use RemoteFault as R;
        match self {
            Self::Answer | Self::Remote(R::Token(TokenFault::Code)) => StatusCode::BAD_REQUEST,
            Self::State
            | Self::Declined
            | Self::Claims(_)
            | Self::AnotherUser
            | Self::Unknown
            | Self::Remote(R::IdToken(IdTokenFault::Stale)) => StatusCode::FORBIDDEN,
            Self::Replayed => StatusCode::CONFLICT,
            Self::Issuer | Self::Refused(_) | Self::Remote(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// Title, explanation, and what to do.
    fn told(&self, name: &str) -> (String, String, &'static str) {
        use RemoteFault as R;
        const AGAIN: &str = "Try again. If it happens again, tell the people who gave you your account.";
        const FROM_THE_APP: &str = "Go back to the app and start again from there.";
        match self {
            Self::State => (
                "This sign-in did not begin in this browser".to_owned(),
                "You are not signed in. It may have taken longer than 15 minutes, you may have signed in in another window, or your browser may be blocking cookies for this site.".to_owned(),
                FROM_THE_APP,
            ),
            Self::Replayed => (
                "This sign-in was used already".to_owned(),
                "Nothing more happened. This page may have been loaded twice.".to_owned(),
                "Go back to the app or, if you are not signed in, try again.",
            ),
            Self::Declined => (
                "You did not sign in".to_owned(),
                format!("{name} reports that you did not sign in, or that you are not allowed to. Nothing was shared."),
                "Try again, or go back to the app.",
            ),
            Self::AnotherUser => (
                "The app was started for somebody else".to_owned(),
                "You are not signed in, and nothing was shared.".to_owned(),
                "Sign in as the user who started it, or start it again from your own record system.",
            ),
            Self::Unknown | Self::Claims(_) => (
                "There is no account for you here".to_owned(),
                format!("{name} knows you, but you do not have an account here yet. Nothing was shared."),
                "Ask your clinic, or whoever told you to sign in here, to set up an account. If you have another account, sign in with that one.",
            ),
            Self::Remote(R::IdToken(IdTokenFault::Stale)) => (
                "You need to sign in again".to_owned(),
                format!("The app wants you to have signed in just now, and {name} does not confirm that you did. You are not signed in."),
                "Sign in once more with your password.",
            ),
            Self::Remote(R::Unreachable(_) | R::Token(TokenFault::Refused)) => (
                format!("{name} does not answer"),
                "You are not signed in. This is not your fault, and it usually passes soon.".to_owned(),
                "Wait a moment, then try again.",
            ),
            Self::Remote(R::Token(TokenFault::Code)) => (
                "This sign-in has expired".to_owned(),
                format!("{name} no longer accepts it. You are not signed in."),
                AGAIN,
            ),
            Self::Answer | Self::Issuer | Self::Refused(_) | Self::Remote(_) => (
                format!("Signing in with {name} did not work"),
                "You are not signed in, and nothing was shared. We could not trust the answer that we got.".to_owned(),
                AGAIN,
            ),
        }
    }
}

/// A fault, and where it happened.
#[derive(Debug)]
pub(crate) struct ExternalError {
    fault: ExternalFault,
    /// The provider, and its name for people.
    provider: Option<(ProviderId, String)>,
    /// Where the sign-in would have led, if that is known to be this browser's.
    to: Option<Destination>,
}

impl ExternalError {
    /// At a known provider, on a way that may be tried again.
    pub(crate) fn at(provider: &Provider, to: Destination, fault: ExternalFault) -> AuthorizeError {
        let provider = Some((provider.id.clone(), provider.name.clone()));
        AuthorizeError::External(Box::new(Self { fault, provider, to: Some(to) }))
    }

    /// Before anything is known.
    pub(crate) fn nowhere(fault: ExternalFault) -> AuthorizeError {
        AuthorizeError::External(Box::new(Self { fault, provider: None, to: None }))
    }

    fn log(&self) {
        let provider = self.provider.as_ref().map_or("-", |(id, _)| id.as_str());
        let grant = match self.to {
            Some(Destination::Authorization(handle)) => Some(handle.grant_id()),
            _ => None,
        };
        let grant = grant.as_ref().map_or("-", GrantId::as_str);
        match &self.fault {
            // What people do, and what befalls them.
            fault @ ExternalFault::Declined => {
                tracing::info!(target: "audit", event = "sign-in", outcome = "refused", provider, grant, reason = %fault);
            }
            fault => {
                tracing::warn!(target: "audit", event = "sign-in", outcome = "refused", provider, grant, reason = %fault);
            }
        }
    }

    /// The page.
    pub(crate) fn into_response(self) -> Response<Body> {
        self.log();
        let name = self.provider.as_ref().map_or("The identity provider", |(_, name)| name);
        let (title, explanation, what_to_do) = self.fault.told(name);
        let retry = self.to.map(Destination::page);
        let provider = self.provider.as_ref().filter(|_| self.fault.is_of_the_account());
        let other = retry.as_ref().zip(provider);
        let other = other.map(|(retry, (id, _))| format!("{retry}&provider={id}&account=other"));
        let link = |text| move |to| Link { to, text };
        let again = retry.map(link("Try again"));
        let links = again.into_iter().chain(other.map(link("Sign in with another account"))).collect();
        let problem =
            Problem { title: &title, explanation: &explanation, what_to_do, links, developer: None };
        page(self.fault.status(), &problem)
    }
}

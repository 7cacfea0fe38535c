//! What goes wrong on the user's way, and the page that says so.
//!
//! Nobody is redirected from here: what the app is told, it is told by `consent` and `authorize`, once its redirect URI was
//! matched. Each page says what it means to the user; what the developer has to mend stands folded below.

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use smart_core::authorization::Fault;
use smart_core::grant::Refusal;
use smart_core::ports::{Stopped, Unavailable};
use smart_web::form::FormError;
use thiserror::Error;

use crate::access;
use crate::external::fault::ExternalError;
use crate::pages::{ForDeveloper, Link, Problem};
use crate::respond::page;

/// Why the way ends at a page of ours.
#[derive(Debug, Error)]
pub(crate) enum AuthorizeError {
    #[error("{}: expected {}", .0.parameter, .0.expected)]
    Fault(Fault),
    #[error("a form that cannot be read: {0}")]
    Form(#[from] FormError),
    #[error("a parameter of a form is missing or none of those that were offered: {0}")]
    Field(&'static str),
    #[error("the form's token is missing, or another browser's")]
    FormToken,
    #[error("there is no such authorization in progress, or it is another browser's")]
    NoRequest,
    #[error("the browser has no cookie of ours")]
    NoCookie,
    #[error("the client was disabled or removed while the user was on the way")]
    ClientStopped,
    #[error("the authorization has gone on, or ended: {0}")]
    Moved(Refusal),
    #[error("the user may not choose this patient")]
    PatientRefused,
    #[error("{0:?}")]
    External(Box<ExternalError>),
    #[error("this is no encounter of the patient who was chosen")]
    EncounterRefused,
    #[error("no such grant is active and this user's")]
    NoAccess,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Fault> for AuthorizeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Stopped> for AuthorizeError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(Refusal::Absent) => Self::NoRequest,
            Stopped::Refused(refusal) => Self::Moved(refusal),
            Stopped::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

const FROM_THE_APP: &str = "Go back to the app and start again from there.";
const TELL_THE_MAKERS: &str = "Go back to the app and try again. If it happens again, show the people who make the app the details below.";

impl AuthorizeError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Form(FormError::TooLong { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Form(FormError::MediaType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Fault(_) | Self::Form(FormError::NotText(_)) | Self::Field(_) | Self::NoRequest => {
                StatusCode::BAD_REQUEST
            }
            Self::FormToken
            | Self::NoCookie
            | Self::ClientStopped
            | Self::PatientRefused
            | Self::EncounterRefused => StatusCode::FORBIDDEN,
            Self::NoAccess => StatusCode::NOT_FOUND,
            Self::Moved(_) => StatusCode::CONFLICT,
            // Has a page of its own.
            Self::External(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn problem(&self) -> Problem<'_> {
        let (title, explanation, what_to_do) = match self {
            Self::Fault(_) => (
                "This app made a request that we cannot accept",
                "Nothing was shared. The mistake is in the app, not in anything that you did.",
                TELL_THE_MAKERS,
            ),
            Self::Form(_) | Self::Field(_) => (
                "We could not read what was sent",
                "Nothing was shared. Part of the form was missing.",
                FROM_THE_APP,
            ),
            Self::FormToken => (
                "This page is out of date",
                "Nothing was shared. You may have signed in or chosen something else in another window, or your browser may be blocking cookies for this site.",
                FROM_THE_APP,
            ),
            Self::NoRequest => (
                "This sign-in is no longer open",
                "Nothing was shared. It took longer than 15 minutes, it was finished already, or it was started in another browser.",
                FROM_THE_APP,
            ),
            Self::NoCookie => (
                "You cannot continue here",
                "Nothing was shared. A sign-in can only be continued in the browser where it started. If that is this browser, it may be blocking cookies for this site.",
                FROM_THE_APP,
            ),
            Self::ClientStopped => (
                "This app can no longer be used here",
                "Nothing was shared. The app was switched off while you were signing in.",
                "If you need the app, ask the people who run this service.",
            ),
            Self::Moved(_) => (
                "This was answered already",
                "Nothing more was shared. You decided in another window, or this page was sent twice.",
                FROM_THE_APP,
            ),
            Self::PatientRefused => (
                "You cannot choose this patient",
                "Nothing was shared. You may not open this patient’s record.",
                FROM_THE_APP,
            ),
            Self::EncounterRefused => (
                "You cannot choose this visit",
                "Nothing was shared. This visit does not belong to the patient you chose.",
                FROM_THE_APP,
            ),
            Self::NoAccess => (
                "We could not find that access",
                "Nothing was changed. It may have ended already, or somebody else may have given it.",
                "See which apps have access now.",
            ),
            Self::External(_) | Self::Unavailable(_) => (
                "Something is not working at the moment",
                "Nothing was shared. This is our fault, and it usually passes soon.",
                "Wait a moment, then load this page again.",
            ),
        };
        let links = match self {
            Self::NoAccess => vec![Link { to: access::PATH.to_owned(), text: "Apps with access" }],
            _ => Vec::new(),
        };
        Problem { title, explanation, what_to_do, links, developer: self.developer() }
    }

    fn developer(&self) -> Option<ForDeveloper<'_>> {
        match self {
            Self::Fault(Fault { parameter, expected }) => Some(ForDeveloper { parameter, expected }),
            Self::Form(FormError::MediaType) => Some(ForDeveloper {
                parameter: "Content-Type",
                expected: "application/x-www-form-urlencoded",
            }),
            Self::Form(_) => {
                Some(ForDeveloper { parameter: "the form", expected: "UTF-8 text of at most 128 kB" })
            }
            Self::Field(name) => {
                Some(ForDeveloper { parameter: name, expected: "a value that the page offered" })
            }
            Self::FormToken => Some(ForDeveloper {
                parameter: "form_token",
                expected: "the hidden field of the page, sent back with the cookie that came with it",
            }),
            Self::NoRequest => Some(ForDeveloper {
                parameter: "request",
                expected: "the hidden field of a page of an authorization that is in progress",
            }),
            Self::NoCookie => Some(ForDeveloper {
                parameter: "Cookie",
                expected: "the cookie that was set when the app's request was answered",
            }),
            Self::ClientStopped
            | Self::Moved(_)
            | Self::PatientRefused
            | Self::EncounterRefused
            | Self::NoAccess
            | Self::External(_)
            | Self::Unavailable(_) => None,
        }
    }
}

impl IntoResponse for AuthorizeError {
    /// The page. Ours are logged as errors; the caller's are told and no more.
    fn into_response(self) -> Response<Body> {
        if let Self::External(error) = self {
            return error.into_response();
        }
        match &self {
            Self::Unavailable(reason) => tracing::error!(error = %reason, "a port is unavailable"),
            refused => tracing::debug!(reason = %refused, "refused"),
        }
        let mut response = page(self.status(), &self.problem());
        if let Self::Unavailable(reason) = &self {
            response.headers_mut().insert(RETRY_AFTER, reason.retry_after.as_secs().max(1).into());
        }
        response
    }
}

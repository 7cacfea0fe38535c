//! Where a sign-in leads: on with an authorization that an app asked for, or to the user's own page of apps.

use crate::browser::{Browser, Form};
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::page_step::PageStep;

/// Where a sign-in leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    /// An authorization in progress: the field `request`.
    Authorization(PageHandle),
    /// `/auth/access`: the field `to`.
    Access,
}

/// The value of `to` that names the page of apps.
pub(crate) const ACCESS: &str = "access";

impl Destination {
    /// The one that a form or a link names.
    pub(crate) fn of(call: &Call) -> Result<Self, AuthorizeError> {
        match (call.parameters.get("request"), call.parameters.get("to")) {
            (None, Some(ACCESS)) => Ok(Self::Access),
            _ => call.request().map(Self::Authorization),
        }
    }

    /// As it is sealed into the state of a sign-in elsewhere.
    pub(crate) fn sealed(self) -> String {
        match self {
            Self::Authorization(handle) => handle.reveal(),
            Self::Access => ACCESS.to_owned(),
        }
    }

    /// What [`Self::sealed`] wrote.
    pub(crate) fn opened(text: &str, browser: &Browser) -> Option<Self> {
        match text {
            ACCESS => Some(Self::Access),
            name => PageHandle::named(name, browser).map(Self::Authorization),
        }
    }

    /// The sign-in page that leads there.
    pub(crate) fn page(self) -> String {
        match self {
            Self::Authorization(handle) => PageStep::SignIn.address(handle),
            Self::Access => format!("{}?to={ACCESS}", PageStep::SignIn.path()),
        }
    }

    /// The sign-in form that leads there.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Authorization(handle) => Form::Request(handle),
            Self::Access => Form::SignIn,
        }
    }
}

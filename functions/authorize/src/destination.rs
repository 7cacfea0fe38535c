//! Where a sign-in leads: on with an authorization that an app asked for, or to the user's own page of apps.

use smart_core::oauth::Parameters;
use smart_core::secret::Handle;

use crate::browser::Form;
use crate::error::AuthorizeError;
use crate::login::request_of;

/// Where a sign-in leads.
#[derive(Clone, Copy)]
pub(crate) enum Destination {
    /// An authorization in progress: the field `request`.
    Authorization(Handle),
    /// `/auth/access`: the field `to`.
    Access,
}

/// The value of `to` that names the page of apps.
pub(crate) const ACCESS: &str = "access";

impl Destination {
    /// The one that a form names.
    pub(crate) fn of(form: &Parameters) -> Result<Self, AuthorizeError> {
        match (form.get("request"), form.get("to")) {
            (None, Some(ACCESS)) => Ok(Self::Access),
            _ => request_of(form).map(Self::Authorization),
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

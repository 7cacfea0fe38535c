//! The pages between an authorization request and the app: where each is, and which is due.

use smart_core::authorization::{needs_encounter, needs_patient};
use smart_core::grant::Known;

use crate::page_handle::PageHandle;

/// A page of an authorization in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageStep {
    /// Somebody signs in.
    SignIn,
    /// A patient is chosen.
    Patient,
    /// An encounter of that patient is chosen.
    Encounter,
    /// The user decides.
    Consent,
}

impl PageStep {
    /// Where what is still to be chosen is chosen. What an EHR's launch says is chosen, and it is asked for no encounter
    /// (LAUNCH-10).
    pub(crate) fn due(known: &Known) -> Self {
        let scopes = &known.request.scopes;
        if known.patient_in_context().is_none() && needs_patient(scopes) {
            Self::Patient
        } else if known.encounter.is_none() && known.request.launch.is_none() && needs_encounter(scopes) {
            Self::Encounter
        } else {
            Self::Consent
        }
    }

    /// Where the page is, and its form posts to.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/auth/login",
            Self::Patient => "/auth/patient",
            Self::Encounter => "/auth/encounter",
            Self::Consent => "/auth/consent",
        }
    }

    /// The page of one authorization.
    pub(crate) fn address(self, handle: PageHandle) -> String {
        self.address_with(handle, &[])
    }

    /// The same with more parameters.
    pub(crate) fn address_with(self, handle: PageHandle, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("request", &handle.reveal()).extend_pairs(parameters);
        format!("{}?{}", self.path(), query.finish())
    }
}

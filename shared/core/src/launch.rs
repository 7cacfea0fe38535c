//! Launches from an EHR, and launch context: what an app is told of the situation it was launched in (SMART 2.2 §"Launch App:
//! EHR Launch", §"Launch context arrives with your `access_token`"; LAUNCH, CTX rows).
//!
//! The EHR makes a [`Launch`] ([`LaunchRequest`]) and opens the app with its handle ([`launch_url`]). The app brings the handle with
//! its authorization request, which then has the launch's context ([`Launch::follow`]); the consent uses the launch up
//! ([`Launch::use_up`]). So a page that is loaded again, an app that is started over or a user who signs in first burn
//! nothing, and there is one code for a launch at most.

mod fhir_context;
mod request;
mod style;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::client::Client;
use crate::deployment::PublicUrl;
use crate::grant::IN_PROGRESS;
use crate::id::{ClientId, EncounterId, GrantId, LaunchId, PatientId};
use crate::instant::Instant;
use crate::secret::{LaunchHandle, Op};
use crate::user::FhirUser;

pub use self::fhir_context::FhirContextItem;
pub use self::request::{LONGEST_REQUEST, LaunchRequest, LaunchRequestError};
pub use self::style::style;

/// How long an app may take to follow a launch (LAUNCH-04).
pub const LAUNCH_LIFETIME: Duration = Duration::from_mins(5);

/// Where the style document is that apps are pointed to where an EHR names none. Another content needs another path (CTX-06).
pub const STYLE_PATH: &str = "/auth/style/v1.json";

/// The context of a grant, in the spelling of the token response. It is fixed at consent and repeated identically at each
/// refresh and introspection (CTX-20, LAUNCH-14).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchContext {
    /// The patient in context: the bare id (CTX-02).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The encounter in context, one of that patient: the bare id (CTX-03).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EncounterId>,
    /// What else is in context (CTX-08).
    #[serde(default, rename = "fhirContext", skip_serializing_if = "Vec::is_empty")]
    pub fhir_context: Vec<FhirContextItem>,
    /// What the app is opened for, as app and EHR agreed (CTX-05).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Whether the app must show whose record it is in (CTX-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_patient_banner: Option<bool>,
    /// Where the colours and sizes of the EHR are told (CTX-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smart_style_url: Option<String>,
    /// The organization that launches (CTX-07).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

impl LaunchContext {
    /// The context of a standalone launch. Nothing around the app shows the patient, so the app must.
    pub fn standalone(patient: Option<PatientId>) -> Self {
        let need_patient_banner = patient.is_some().then_some(true);
        Self { patient, need_patient_banner, ..Self::default() }
    }
}

/// A launch that an EHR made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The name under which it is stored.
    pub id: LaunchId,
    /// The app that it was made for, and no other.
    pub client_id: ClientId,
    /// What an authorization gets of it.
    #[serde(flatten)]
    pub situation: Situation,
    /// Until when it may be followed.
    pub expires_at: Instant,
    /// The grant that used it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<GrantId>,
    /// The name of the write that stored it.
    pub made_by: Op,
}

/// What a launch says of the situation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// The user that it is for; anybody, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<FhirUser>,
    /// The context.
    pub context: LaunchContext,
}

/// A launch as an authorization request keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    /// Which launch.
    pub id: LaunchId,
    /// The user that it is for; anybody, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<FhirUser>,
    /// The context that the grant will have.
    pub context: LaunchContext,
}

impl Launched {
    /// Whether it is for this user.
    pub fn is_for(&self, user: &FhirUser) -> bool {
        self.user.as_ref().is_none_or(|named| named == user)
    }
}

/// Why a launch is not followed, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LaunchRefusal {
    /// There is no such launch, or there was one long ago.
    #[error("launch is unknown here: it must be the value that the EHR opened the app with")]
    Unknown,
    /// It was made for another app.
    #[error("launch was made for another client")]
    Client,
    /// It was not followed in time.
    #[error("launch has expired: it may be followed for 5 minutes; start the app from the EHR again")]
    Expired,
    /// It led to a code.
    #[error("launch was used before: it leads to one code; start the app from the EHR again")]
    Used,
}

impl Launch {
    /// A new launch.
    pub fn new(
        handle: &LaunchHandle,
        client_id: ClientId,
        situation: Situation,
        made_by: Op,
        now: Instant,
    ) -> Self {
        Self {
            id: handle.id(),
            client_id,
            situation,
            expires_at: now + LAUNCH_LIFETIME,
            used_by: None,
            made_by,
        }
    }

    /// How long it is remembered: as long as an authorization that followed it may take.
    pub fn kept_until(&self) -> Instant {
        self.expires_at + IN_PROGRESS
    }

    /// What an authorization request of `client` that brings it gets.
    pub fn follow(self, client: &Client, now: Instant) -> Result<Launched, LaunchRefusal> {
        if self.client_id != client.client_id {
            return Err(LaunchRefusal::Client);
        }
        if self.used_by.is_some() {
            return Err(LaunchRefusal::Used);
        }
        if self.expires_at.has_passed(now) {
            return Err(LaunchRefusal::Expired);
        }
        let Situation { user, context } = self.situation;
        Ok(Launched { id: self.id, user, context })
    }

    /// The launch as the one grant uses it up that it will lead to a code for; `None` if another has, or it is forgotten. The
    /// same grant may use it again: its code is issued once, by a condition of its own.
    #[must_use]
    pub fn use_up(self, grant: &GrantId, now: Instant) -> Option<Self> {
        let free = self.used_by.as_ref().is_none_or(|used_by| used_by == grant);
        (free && !self.kept_until().has_passed(now)).then(|| Self { used_by: Some(grant.clone()), ..self })
    }
}

/// Where the EHR opens the app: its registered launch URL with `iss` and `launch`, and with what it had (LAUNCH-01 to LAUNCH-05). `None`
/// if none is registered.
pub fn launch_url(client: &Client, here: &PublicUrl, handle: &LaunchHandle) -> Option<String> {
    let mut url = Url::parse(client.initiate_login_uri.as_deref()?).ok()?;
    url.query_pairs_mut().append_pair("iss", here.fhir_base()).append_pair("launch", &handle.reveal());
    Some(url.into())
}

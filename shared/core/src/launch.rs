//! Launch context: what an app is told of the situation it was launched in (SMART 2.2 §"Launch context arrives with your
//! `access_token`").

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::id::PatientId;

/// The context of a grant, in the spelling of the token response. It is fixed at consent and repeated identically at each
/// refresh (CTX-20, LAUNCH-14).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchContext {
    /// The patient in context: the bare id (CTX-02).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// Whether the app must show whose record it is in (CTX-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_patient_banner: Option<bool>,
}

impl LaunchContext {
    /// The context of a standalone launch. Nothing around the app shows the patient, so the app must.
    pub fn standalone(patient: Option<PatientId>) -> Self {
        let need_patient_banner = patient.is_some().then_some(true);
        Self { patient, need_patient_banner }
    }
}

//! What the audit log says of each access: who, by which app and grant, of which patient, what, and what came of it (RS-17).
//!
//! One line with the target `audit` for each request whose token was issued here. Never a token, and never what was searched for.

use smart_core::fhir::access::Interaction;
use smart_core::fhir::resource_type::ResourceType;
use smart_core::id::ResourceId;
use smart_core::token::AccessTokenClaims;
use tracing::field::display;
use tracing::info;

use crate::error::FhirError;

/// An access that is asked for.
pub(crate) struct Trail<'a> {
    pub(crate) claims: &'a AccessTokenClaims,
    pub(crate) interaction: Interaction,
    pub(crate) resource_type: ResourceType,
    /// The resource, where one is named.
    pub(crate) id: Option<&'a ResourceId>,
}

impl Trail<'_> {
    /// Says what came of it.
    pub(crate) fn led_to<T>(&self, result: &Result<T, FhirError>) {
        let AccessTokenClaims { client_id, grant, sub, patient, .. } = self.claims;
        let (grant, patient) = (grant.as_ref().map(display), patient.as_ref().map(display));
        let interaction = match self.interaction {
            Interaction::Read => "read",
            Interaction::Search => "search",
        };
        let id = self.id.map(display);
        info!(target: "audit", %client_id, grant, %sub, patient, interaction, resource_type = %self.resource_type, id, outcome = outcome(result));
    }
}

/// What is told as absence is a refusal where there was something: the log may know.
fn outcome<T>(result: &Result<T, FhirError>) -> &'static str {
    match result {
        Ok(_) => "allowed",
        Err(FhirError::NotFound) => "absent",
        Err(FhirError::Unavailable(_) | FhirError::Corrupt) => "failed",
        Err(_) => "refused",
    }
}

//! read and vread (FHIR R4 `http#read`, `http#vread`).

use axum::body::Body;
use http::Response;
use http::request::Parts;
use smart_core::fhir::access::{Decision, Interaction};
use smart_core::fhir::record::Record;
use smart_core::fhir::resource::Resource;
use smart_core::instant::Instant;
use smart_core::ports::PublicKeys;

use crate::error::FhirError;
use crate::negotiation::Format;
use crate::request::Asked;
use crate::response::{Caching, Validators, ok};
use crate::trail::{Disclosed, Trail};
use crate::{FhirRead, Store};

impl<S: Store, K: PublicKeys> FhirRead<S, K> {
    /// One resource, if its reader may have it. It is fetched beside the grant, and looked at after.
    pub(crate) async fn read(
        &self,
        asked: &Asked,
        request: &Parts,
        format: Format,
        now: Instant,
    ) -> Result<Response<Body>, FhirError> {
        let Asked { resource_type, id, version } = asked;
        let claims = self.authentication.claims(&self.store, request, now).await?;
        let (context, record) = tokio::join!(
            self.authentication.context(&self.store, &claims, now),
            self.store.record(resource_type.as_str(), id),
        );
        // The scopes are asked before the record, so that what exists makes no difference to who may not look (RS-12).
        let decided = context.and_then(|context| {
            context.may_read(*resource_type, id)?;
            let record = record?.ok_or(FhirError::NotFound)?;
            let resource = parse(&record)?;
            match context.decide(Interaction::Read, &resource) {
                Decision::Allow
                    if version.as_ref().is_some_and(|version| *version != record.version.to_string()) =>
                {
                    Err(FhirError::NoSuchVersion)
                }
                Decision::Allow => Ok((record, Disclosed::of(&resource))),
                Decision::Deny(denial) => Err(denial.into()),
            }
        });
        let (resource_type, id) = (*resource_type, Some(id));
        Trail { claims: &claims, interaction: Interaction::Read, resource_type, id }
            .led_to(decided.as_ref().map(|(_, disclosed)| disclosed));
        let (record, _) = decided?;
        let validators = Validators {
            etag: format!("W/\"{}\"", record.version),
            last_modified: Some(record.last_updated),
        };
        // The stored bytes leave as they are.
        Ok(validators.apply(&request.headers, Caching::Never, || ok(format, Caching::Never, record.body)))
    }
}

/// A stored resource, read for the decision; that it cannot be read is our fault.
pub(crate) fn parse(record: &Record) -> Result<Resource, FhirError> {
    record.resource().map_err(|_| FhirError::Corrupt)
}

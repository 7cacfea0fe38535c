//! `/auth/encounter`: which encounters are offered to a standalone app that asks for one, and that no other patient's is chosen
//! (`launch/encounter`; LAUNCH-08, LAUNCH-09, CTX-03).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientSummary, Position};
use smart_core::grant::EncounterChoice;
use smart_core::id::{EncounterId, PatientId};
use smart_core::user::PatientAccess;

use crate::authorize::next_page;
use crate::browser::Form;
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::page_step::PageStep;
use crate::pages::{ChooseEncounter, EncounterRow, NoEncounters};
use crate::present::Present;
use crate::respond::go_to;
use crate::wording::visit;
use crate::{Authorize, Store, step};

/// How many encounters a page shows.
const PAGE: usize = 20;

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    let Some(present) = function.present(handle, call.browser, call.now).await? else {
        return Ok(go_to(PageStep::SignIn, handle));
    };
    let Some(patient) = patient_to_visit(&present)? else { return Ok(next_page(&present.grant, handle)) };
    let after_id = call.parameters.get("after_id").and_then(|id| id.parse().ok());
    let date = || call.parameters.get("after_date").unwrap_or_default().to_owned();
    let after = after_id.map(|id| Position { date: date(), id });
    let query = EncounterQuery { patient: patient.clone(), after, limit: PAGE };
    let (found, patient) =
        tokio::try_join!(function.store.encounters(&query), function.store.patient(&patient))?;
    let Some(patient) = patient else { return Ok(go_to(PageStep::Patient, handle)) };
    let app = function.app_name(&present.grant, call.now).await?;
    show(&present, &app, &query, &found, &patient)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    call.browser_of(Form::Request(handle))?;
    let Some(present) = function.present(handle, call.browser, call.now).await? else {
        return Ok(go_to(PageStep::SignIn, handle));
    };
    let encounter = call.parameters.get("encounter").and_then(|id| id.parse().ok());
    let encounter: EncounterId = encounter.ok_or(AuthorizeError::Field("encounter"))?;
    let Some(patient) = patient_to_visit(&present)? else { return Ok(next_page(&present.grant, handle)) };
    // One answer for an encounter of somebody else and for one that does not exist.
    let found = function.store.encounter(&encounter).await?;
    if found.is_none_or(|found| found.patient != patient) {
        return Err(AuthorizeError::EncounterRefused);
    }
    let choice = EncounterChoice { session: present.visit.session.id.clone(), patient, encounter };
    let grant = function.store.choose_encounter(&handle.grant_id(), &choice, step(call.now)?).await?;
    Ok(next_page(&grant, handle))
}

/// The patient who was chosen here, whose encounters may be chosen; `None` if this is not the step that is due.
fn patient_to_visit(present: &Present) -> Result<Option<PatientId>, AuthorizeError> {
    let known = present.known()?;
    // One that was chosen may be chosen anew.
    let due = PageStep::due(known) == PageStep::Encounter || known.encounter.is_some();
    let patient = known.patient.clone().filter(|_| due && known.request.launch.is_none());
    match patient {
        Some(patient) if !present.visit.patients().includes(&patient) => Err(AuthorizeError::PatientRefused),
        patient => Ok(patient),
    }
}

fn show(
    present: &Present,
    app: &str,
    query: &EncounterQuery,
    found: &EncounterPage,
    patient: &PatientSummary,
) -> Result<Response<Body>, AuthorizeError> {
    let at = present.at(app);
    let patient = present.card(patient);
    let address = |parameters: &[(&str, &str)]| PageStep::Encounter.address_with(present.handle, parameters);
    let several = match present.visit.patients() {
        PatientAccess::All => true,
        PatientAccess::Only(patients) => patients.len() > 1,
    };
    let other_patient = several.then(|| PageStep::Patient.address(present.handle));
    let encounters: Vec<_> = found.encounters.iter().filter(|e| can_be_chosen(e)).map(row).collect();
    if encounters.is_empty() && query.after.is_none() && found.next.is_none() {
        return present.page(&NoEncounters { at, patient, other_patient });
    }
    let next = found.next.as_ref();
    present.page(&ChooseEncounter {
        at,
        patient,
        encounters,
        newest: query.after.is_some().then(|| address(&[])),
        older: next.map(|next| address(&[("after_date", &next.date), ("after_id", next.id.as_str())])),
        other_patient,
    })
}

/// What was written down by mistake never took place.
fn can_be_chosen(encounter: &EncounterSummary) -> bool {
    encounter.status.as_deref() != Some("entered-in-error")
}

fn row(encounter: &EncounterSummary) -> EncounterRow<'_> {
    let class = encounter.class.as_deref().and_then(visit::class);
    EncounterRow {
        id: encounter.id.as_str(),
        title: encounter.kind.as_deref().or(class).unwrap_or("Visit"),
        when: visit::when(encounter.start.as_deref(), encounter.end.as_deref()),
        class: class.filter(|_| encounter.kind.is_some()),
        status: encounter.status.as_deref().and_then(visit::status),
    }
}

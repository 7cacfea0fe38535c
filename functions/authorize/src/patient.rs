//! `/auth/patient`: which patients are offered, and that no other is chosen (LAUNCH-08, LAUNCH-13).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use jiff::civil::Date;
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary};
use smart_core::id::PatientId;
use smart_core::instant::Instant;

use crate::authorize::next_page;
use crate::browser::Form;
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::page_step::PageStep;
use crate::pages::{ChoosePatient, NoPatients, PatientRow};
use crate::present::Present;
use crate::respond::go_to;
use crate::{Authorize, Store, step};

/// How many patients a page shows.
const PAGE: usize = 20;
/// How far one may turn the pages: to search is quicker.
const FURTHEST: usize = 10_000;

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    let Some(present) = function.present(handle, call.browser, call.now).await? else {
        return Ok(go_to(PageStep::SignIn, handle));
    };
    if present.grant.request().is_some_and(|request| request.launched_patient().is_some()) {
        return Ok(next_page(&present.grant, handle));
    }
    let text = call.parameters.get("q").unwrap_or_default().trim();
    let offset = call.parameters.get("offset").and_then(|offset| offset.parse().ok());
    let offset = offset.unwrap_or(0).min(FURTHEST);
    let query = PatientQuery { text: text.to_owned(), within: present.visit.patients(), offset, limit: PAGE };
    let found = function.store.patients(&query).await?;
    // Names and birth dates are shown: whose, the log says; what was searched for, it does not.
    tracing::info!(target: "audit", event = "choose-patient", client_id = %present.grant.client_id, grant = %present.grant.id,
        sub = %present.visit.user.sub, count = found.patients.len(), patients = shown(&found), outcome = "shown");
    if found.patients.is_empty() && text.is_empty() && offset == 0 {
        return function.no_patients(&present, call.now).await;
    }
    let app = function.app_name(&present.grant, call.now).await?;
    show(&present, &app, &query, &found, call.now)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    let browser = call.browser_of(Form::Request(handle))?;
    let Some(visit) = function.visit(Some(browser), call.now).await? else {
        return Ok(go_to(PageStep::SignIn, handle));
    };
    let patient = call.parameters.get("patient").and_then(|id| id.parse().ok());
    let patient: PatientId = patient.ok_or(AuthorizeError::Field("patient"))?;
    // One answer for a patient who is out of reach and for one who does not exist.
    if !visit.patients().includes(&patient) || function.store.patient(&patient).await?.is_none() {
        return Err(AuthorizeError::PatientRefused);
    }
    let (id, step) = (handle.grant_id(), step(call.now)?);
    let grant = function.store.choose_patient(&id, &visit.session.id, &patient, step).await?;
    let client = function.enabled_client(&grant.client_id, call.now).await?;
    function.go_on(handle, &grant, &client, &visit, call.now).await
}

impl<S: Store> Authorize<S> {
    /// The app needs a patient, and the user may see none.
    pub(crate) async fn no_patients(
        &self,
        present: &Present,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let app = self.app_name(&present.grant, now).await?;
        present.page(&NoPatients { at: present.at(&app) })
    }
}

/// The patients of a page, for the log.
fn shown(found: &PatientPage) -> String {
    found.patients.iter().map(|patient| patient.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn show(
    present: &Present,
    app: &str,
    query: &PatientQuery,
    found: &PatientPage,
    now: Instant,
) -> Result<Response<Body>, AuthorizeError> {
    let address = |offset: usize| {
        let offset = offset.to_string();
        let search = [("q", query.text.as_str()), ("offset", offset.as_str())];
        let parameters = if query.text.is_empty() { &search[1..] } else { &search[..] };
        PageStep::Patient.address_with(present.handle, parameters)
    };
    present.page(&ChoosePatient {
        at: present.at(app),
        query: &query.text,
        patients: found.patients.iter().map(|patient| row(patient, now)).collect(),
        previous: (query.offset > 0).then(|| address(query.offset.saturating_sub(PAGE))),
        next: (found.more && query.offset < FURTHEST).then(|| address(query.offset + PAGE)),
    })
}

fn row(patient: &PatientSummary, now: Instant) -> PatientRow<'_> {
    PatientRow {
        id: patient.id.as_str(),
        name: &patient.name,
        birth_date: patient.birth_date.as_deref(),
        age: patient.birth_date.as_deref().and_then(|born| age(born, now)),
        gender: patient.gender.as_deref(),
        identifier: patient.identifiers.first().map(String::as_str),
    }
}

/// In full years, if the birth date is told to the day and is not in the future.
fn age(born: &str, now: Instant) -> Option<u32> {
    let born: Date = born.parse().ok().filter(|_| born.len() == "0000-00-00".len())?;
    let today = jiff::Timestamp::from_second(now.as_unix().try_into().ok()?).ok()?;
    let today = jiff::tz::TimeZone::UTC.to_datetime(today).date();
    let before_birthday = (today.month(), today.day()) < (born.month(), born.day());
    u32::try_from(today.year() - born.year() - i16::from(before_birthday)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_full_years() {
        let now = Instant::from_unix(1_764_000_000); // 2025-11-24
        for (born, years) in [
            ("1984-11-24", Some(41)),
            ("1984-11-25", Some(40)),
            ("2025-11-24", Some(0)),
            ("2025-11-25", None),
            ("2000-02-29", Some(25)),
            ("1984-11", None),
            ("1984", None),
            ("", None),
            ("1984-13-01", None),
        ] {
            assert_eq!(age(born, now), years, "{born}");
        }
    }
}

//! `/auth/patient`: which patients are offered, and that no other is chosen (LAUNCH-08, LAUNCH-13).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, Response};
use jiff::civil::Date;
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary};
use smart_core::grant::{Grant, Refusal, Stage};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::secret::Handle;
use smart_web::arrival::Arrival;
use smart_web::form;

use crate::authorize::next_page;
use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::login::request_of;
use crate::pages::{ChoosePatient, NoPatients, PatientRow};
use crate::respond::{go_to, page_to_app};
use crate::visit::Visit;
use crate::{Authorize, Store, step};

/// How many patients a page shows.
const PAGE: usize = 20;
/// How far one may turn the pages: to search is quicker.
const FURTHEST: usize = 10_000;

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let answer = async {
        let query = query.unwrap_or_default();
        let parameters = Parameters::parse(query.as_bytes()).map_err(form::FormError::from)?;
        function.picker(&headers, &parameters, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.choose(&headers, &form, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

/// Who is at a page of an authorization in progress, which is known to their session.
pub(crate) struct Present {
    pub(crate) browser: Browser,
    pub(crate) visit: Visit,
    pub(crate) grant: Grant,
}

impl<S: Store> Authorize<S> {
    /// Whoever is there; `None` if they have to sign in first.
    pub(crate) async fn present(
        &self,
        headers: &HeaderMap,
        handle: Handle,
        now: Instant,
    ) -> Result<Option<Present>, AuthorizeError> {
        let browser = Browser::of(headers, &self.here);
        let visit = self.visit(browser.as_ref(), now).await?;
        let grant = self.in_progress(handle, now).await?;
        let known_here = match (&grant.stage, &visit) {
            (Stage::Known(known), Some(visit)) => known.session == visit.session.id,
            _ => false,
        };
        Ok(browser.zip(visit).filter(|_| known_here).map(|(browser, visit)| Present {
            browser,
            visit,
            grant,
        }))
    }

    async fn picker(
        &self,
        headers: &HeaderMap,
        parameters: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let handle = request_of(parameters)?;
        let Some(present) = self.present(headers, handle, now).await? else {
            return Ok(go_to("/auth/login", handle));
        };
        if present.grant.request().is_some_and(|request| request.launched_patient().is_some()) {
            return Ok(next_page(&present.grant, handle));
        }
        let text = parameters.get("q").unwrap_or_default().trim();
        let offset =
            parameters.get("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0).min(FURTHEST);
        let query =
            PatientQuery { text: text.to_owned(), within: present.visit.patients(), offset, limit: PAGE };
        let found = self.store.patients(&query).await?;
        if found.patients.is_empty() && text.is_empty() && offset == 0 {
            return self.no_patients(handle, &present, now).await;
        }
        let app = self.app_name(&present.grant, now).await?;
        show(handle, &app, &present, &query, &found, now)
    }

    /// The app needs a patient, and the user may see none.
    pub(crate) async fn no_patients(
        &self,
        handle: Handle,
        present: &Present,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let page = NoPatients {
            app: &self.app_name(&present.grant, now).await?,
            user_name: &present.visit.user.name,
            request: &handle.reveal(),
            form_token: &present.browser.form_token(Form::Request(handle)),
            sign_out_token: &present.browser.form_token(Form::SignOut),
        };
        let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        Ok(page_to_app(&page, &known.request.redirect_uri))
    }

    async fn choose(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let handle = request_of(form)?;
        let browser = Browser::of(headers, &self.here).ok_or(AuthorizeError::FormToken)?;
        if !browser.sent(Form::Request(handle), form.get("form_token")) {
            return Err(AuthorizeError::FormToken);
        }
        let Some(visit) = self.visit(Some(&browser), now).await? else {
            return Ok(go_to("/auth/login", handle));
        };
        let patient: PatientId =
            form.get("patient").and_then(|id| id.parse().ok()).ok_or(AuthorizeError::Field("patient"))?;
        // One answer for a patient who is out of reach and for one who does not exist.
        if !visit.patients().includes(&patient) || self.store.patient(&patient).await?.is_none() {
            return Err(AuthorizeError::PatientRefused);
        }
        let id = handle.grant_id();
        let grant = self.store.choose_patient(&id, &visit.session.id, &patient, step(now)?).await?;
        Ok(next_page(&grant, handle))
    }
}

fn show(
    handle: Handle,
    app: &str,
    present: &Present,
    query: &PatientQuery,
    found: &PatientPage,
    now: Instant,
) -> Result<Response<Body>, AuthorizeError> {
    let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
    let address = |offset: usize| {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("request", &handle.reveal());
        if !query.text.is_empty() {
            pairs.append_pair("q", &query.text);
        }
        format!("/auth/patient?{}", pairs.append_pair("offset", &offset.to_string()).finish())
    };
    let previous = (query.offset > 0).then(|| address(query.offset.saturating_sub(PAGE)));
    let next = (found.more && query.offset < FURTHEST).then(|| address(query.offset + PAGE));
    let page = ChoosePatient {
        app,
        user_name: &present.visit.user.name,
        request: &handle.reveal(),
        form_token: &present.browser.form_token(Form::Request(handle)),
        sign_out_token: &present.browser.form_token(Form::SignOut),
        query: &query.text,
        patients: found.patients.iter().map(|patient| row(patient, now)).collect(),
        previous: previous.as_deref(),
        next: next.as_deref(),
    };
    Ok(page_to_app(&page, &known.request.redirect_uri))
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

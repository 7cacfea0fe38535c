//! `/auth/encounter`: which encounters are offered to a standalone app that asks for one, and that no other patient's is chosen
//! (`launch/encounter`; LAUNCH-08, LAUNCH-09, CTX-03).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, Response};
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientSummary, Position};
use smart_core::grant::{EncounterChoice, Refusal};
use smart_core::id::{EncounterId, PatientId};
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::secret::Handle;
use smart_core::user::PatientAccess;
use smart_web::arrival::Arrival;
use smart_web::form;

use crate::authorize::{next_page, next_step};
use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::login::request_of;
use crate::pages::{ChooseEncounter, EncounterRow, NoEncounters, PatientCard};
use crate::patient::Present;
use crate::respond::{go_to, page_to_app};
use crate::wording::visit;
use crate::{Authorize, Store, step};

/// How many encounters a page shows.
const PAGE: usize = 20;

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let answer = async {
        let query = query.unwrap_or_default();
        let parameters = Parameters::parse(query.as_bytes()).map_err(form::FormError::from)?;
        function.encounters(&headers, &parameters, now).await
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
        function.choose_encounter(&headers, &form, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

impl<S: Store> Authorize<S> {
    async fn encounters(
        &self,
        headers: &HeaderMap,
        parameters: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let handle = request_of(parameters)?;
        let Some(present) = self.present(headers, handle, now).await? else {
            return Ok(go_to("/auth/login", handle));
        };
        let Some(patient) = patient_to_visit(&present)? else { return Ok(next_page(&present.grant, handle)) };
        let after = match (parameters.get("after_id"), parameters.get("after_date")) {
            (Some(id), date) => {
                id.parse().ok().map(|id| Position { date: date.unwrap_or_default().to_owned(), id })
            }
            (None, _) => None,
        };
        let query = EncounterQuery { patient: patient.clone(), after, limit: PAGE };
        let (found, card) = tokio::try_join!(self.store.encounters(&query), self.store.patient(&patient))?;
        let Some(card) = card else { return Ok(go_to("/auth/patient", handle)) };
        let app = self.app_name(&present.grant, now).await?;
        show(handle, &app, &present, &query, &found, &card)
    }

    async fn choose_encounter(
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
        let Some(present) = self.present(headers, handle, now).await? else {
            return Ok(go_to("/auth/login", handle));
        };
        let encounter: EncounterId =
            form.get("encounter").and_then(|id| id.parse().ok()).ok_or(AuthorizeError::Field("encounter"))?;
        let Some(patient) = patient_to_visit(&present)? else { return Ok(next_page(&present.grant, handle)) };
        // One answer for an encounter of somebody else and for one that does not exist.
        let found = self.store.encounter(&encounter).await?;
        if found.is_none_or(|found| found.patient != patient) {
            return Err(AuthorizeError::EncounterRefused);
        }
        let session = present.visit.session.id.clone();
        let choice = EncounterChoice { session, patient, encounter };
        let grant = self.store.choose_encounter(&handle.grant_id(), &choice, step(now)?).await?;
        Ok(next_page(&grant, handle))
    }
}

/// The patient who was chosen here, whose encounters may be chosen; `None` if this is not the step that is due.
fn patient_to_visit(present: &Present) -> Result<Option<PatientId>, AuthorizeError> {
    let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
    // One that was chosen may be chosen anew.
    let due = next_step(known) == "/auth/encounter" || known.encounter.is_some();
    let patient = known.patient.clone().filter(|_| due && known.request.launch.is_none());
    match patient {
        Some(patient) if !present.visit.patients().includes(&patient) => Err(AuthorizeError::PatientRefused),
        patient => Ok(patient),
    }
}

fn show(
    handle: Handle,
    app: &str,
    present: &Present,
    query: &EncounterQuery,
    found: &EncounterPage,
    card: &PatientSummary,
) -> Result<Response<Body>, AuthorizeError> {
    let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
    let request = handle.reveal();
    let form_token = present.browser.form_token(Form::Request(handle));
    let sign_out_token = present.browser.form_token(Form::SignOut);
    let user_name = &present.visit.user.name;
    let patient = PatientCard {
        name: &card.name,
        birth_date: card.birth_date.as_deref(),
        identifier: card.identifiers.first().map(String::as_str),
        is_user: present.visit.is(&card.id),
    };
    let address = |parameters: &[(&str, &str)]| {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("request", &request).extend_pairs(parameters);
        format!("/auth/encounter?{}", pairs.finish())
    };
    let several = match present.visit.patients() {
        PatientAccess::All => true,
        PatientAccess::Only(patients) => patients.len() > 1,
    };
    let other_patient = several.then(|| format!("/auth/patient?request={request}"));
    let rows: Vec<EncounterRow<'_>> = found.encounters.iter().filter(|e| can_be_chosen(e)).map(row).collect();
    if rows.is_empty() && query.after.is_none() && found.next.is_none() {
        let page = NoEncounters {
            app,
            user_name,
            patient,
            request: &request,
            form_token: &form_token,
            sign_out_token: &sign_out_token,
            other_patient: other_patient.as_deref(),
        };
        return Ok(page_to_app(&page, &known.request.redirect_uri));
    }
    let newest = query.after.is_some().then(|| address(&[]));
    let next = found.next.as_ref();
    let older = next.map(|next| address(&[("after_date", &next.date), ("after_id", next.id.as_str())]));
    let page = ChooseEncounter {
        app,
        user_name,
        patient,
        request: &request,
        form_token: &form_token,
        sign_out_token: &sign_out_token,
        encounters: rows,
        newest: newest.as_deref(),
        older: older.as_deref(),
        other_patient: other_patient.as_deref(),
    };
    Ok(page_to_app(&page, &known.request.redirect_uri))
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

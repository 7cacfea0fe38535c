//! The backend of the demo's EHR: who is there today, and launches of the demo app.
//!
//! An EHR elsewhere has a client of its own and calls `/auth/launch` with its token. This one is the server itself: its launches are
//! made by what that endpoint makes them by ([`make_launch`]), and no credential of an EHR is in the page. It knows a few patients of the demo seed,
//! whatever else was loaded into the store.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};
use smart_authorize::make_launch;
use smart_core::deployment::PublicUrl;
use smart_core::fhir::encounter::EncounterQuery;
use smart_core::id::{EncounterId, PatientId};
use smart_core::launch::{LaunchContext, LaunchRequest, Situation};
use smart_core::ports::{Patients as _, Unavailable};
use smart_local::LocalStore;
use smart_web::arrival::Arrival;
use smart_web::response;

/// Those of the demo's patients who are there today.
const TODAY: [&str; 5] = ["alvarez-maria", "chen-grace", "goldstein-ruth", "nguyen-linh", "osei-kwame"];

/// How many of a patient's visits are offered.
const VISITS: usize = 5;

/// The demo app, and the user whom the EHR takes for the one in front of it.
const APP: &str = "demo-app";
const USER: &str = "Practitioner/okafor-ngozi";

#[derive(Clone)]
struct Ehr {
    store: Arc<LocalStore>,
    here: PublicUrl,
}

/// `/demo/ehr/patients` and `/demo/ehr/launch`.
pub(super) fn router(store: Arc<LocalStore>, here: PublicUrl) -> Router {
    Router::new()
        .route("/demo/ehr/patients", get(patients))
        .route("/demo/ehr/launch", post(launch))
        .with_state(Ehr { store, here })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Patient {
    id: PatientId,
    name: String,
    birth_date: Option<String>,
    encounters: Vec<Visit>,
}

#[derive(Serialize)]
struct Visit {
    id: EncounterId,
    kind: Option<String>,
    start: Option<String>,
}

/// What the page opens the app for.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    patient: PatientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encounter: Option<EncounterId>,
    need_patient_banner: bool,
}

/// What the EHR said, as it would say it to `/auth/launch`, and what it was answered.
#[derive(Serialize)]
struct Made {
    request: Said,
    expires_in: u64,
    launch_url: String,
}

#[derive(Serialize)]
struct Said {
    client_id: &'static str,
    user: &'static str,
    #[serde(flatten)]
    wanted: Wanted,
}

/// An error in the form of the server's others.
#[derive(Serialize)]
struct Told {
    error: &'static str,
    error_description: &'static str,
}

type Refused = Response<Body>;

fn refused(status: StatusCode, error_description: &'static str) -> Refused {
    response::json(status, &Told { error: "invalid_request", error_description })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn unavailable(reason: Unavailable) -> Refused {
    tracing::error!(error = %reason, "the demo's EHR cannot answer");
    refused(StatusCode::SERVICE_UNAVAILABLE, "the demo's EHR cannot answer for the moment")
}

async fn patients(State(ehr): State<Ehr>) -> Result<Response<Body>, Refused> {
    let mut patients = Vec::new();
    for id in TODAY.into_iter().filter_map(|id| id.parse::<PatientId>().ok()) {
        let Some(card) = ehr.store.patient(&id).await.map_err(unavailable)? else { continue };
        let query = EncounterQuery { patient: id.clone(), after: None, limit: VISITS };
        let found = ehr.store.encounters(&query).await.map_err(unavailable)?.encounters.into_iter();
        let encounters = found.map(|one| Visit { id: one.id, kind: one.kind, start: one.start }).collect();
        patients.push(Patient { id, name: card.name, birth_date: card.birth_date, encounters });
    }
    Ok(response::json(StatusCode::OK, &patients))
}

async fn launch(
    State(ehr): State<Ehr>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refused> {
    // A form of another site cannot be of this type.
    if headers.get(CONTENT_TYPE).is_none_or(|media_type| media_type != "application/json") {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the launch as application/json"));
    }
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_| {
        refused(StatusCode::BAD_REQUEST, "expected patient, need_patient_banner and perhaps encounter")
    })?;
    if !TODAY.contains(&wanted.patient.as_str()) {
        return Err(refused(StatusCode::BAD_REQUEST, "patient: nobody of that id is there today"));
    }
    let gone = || refused(StatusCode::CONFLICT, "the demo app is not registered any more");
    let context = LaunchContext {
        patient: Some(wanted.patient.clone()),
        encounter: wanted.encounter.clone(),
        need_patient_banner: Some(wanted.need_patient_banner),
        ..LaunchContext::default()
    };
    let situation = Situation { user: USER.parse().ok(), context };
    let asked = LaunchRequest { client_id: APP.parse().map_err(|_| gone())?, situation };
    let made = make_launch(&ehr.store, &ehr.here, asked, "the demo's", now).await?;
    let request = Said { client_id: APP, user: USER, wanted };
    let made = Made { request, expires_in: made.expires_in, launch_url: made.launch_url };
    Ok(response::json(StatusCode::OK, &made))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::Request;
    use serde_json::{Value, json};
    use smart_core::instant::Instant;
    use smart_core::ports::Launches as _;
    use smart_core::secret::LaunchHandle;
    use tower::ServiceExt as _;

    use super::*;

    const NOW: Instant = Instant::from_unix(1_764_000_000);

    async fn demo() -> (Arc<LocalStore>, Router) {
        let here: PublicUrl = "http://localhost:8080".parse().unwrap();
        let store = Arc::new(LocalStore::in_memory().await.unwrap());
        super::super::load_demo(&store, &here).await.unwrap();
        (Arc::clone(&store), router(store, here).layer(Extension(Arrival(NOW))))
    }

    async fn send(ehr: &Router, path: &str, body: Option<(&str, String)>) -> (u16, Value) {
        let request = match body {
            None => Request::get(path).body(Body::empty()),
            Some((media_type, body)) => {
                Request::post(path).header(CONTENT_TYPE, media_type).body(Body::from(body))
            }
        };
        let response = ehr.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn the_demo_ehr_opens_the_demo_app_for_a_visit_of_today_and_for_no_others() {
        let (store, ehr) = demo().await;
        let (status, patients) = send(&ehr, "/demo/ehr/patients", None).await;
        assert_eq!((status, patients.as_array().unwrap().len()), (200, TODAY.len()));
        let maria = &patients[0];
        assert_eq!(
            (&maria["name"], &maria["birthDate"]),
            (&json!("Maria Elena Alvarez"), &json!("1971-06-14"))
        );
        let visit = maria["encounters"][0]["id"].as_str().unwrap();

        let ask = |media_type: &'static str, body: Value| {
            let ehr = ehr.clone();
            async move { send(&ehr, "/demo/ehr/launch", Some((media_type, body.to_string()))).await }
        };
        let wanted = json!({ "patient": "alvarez-maria", "encounter": visit, "need_patient_banner": false });
        let (status, made) = ask("application/json", wanted).await;
        assert_eq!((status, &made["expires_in"]), (200, &json!(300)));
        let url = made["launch_url"].as_str().unwrap();
        let (app, launch) = url.split_once("&launch=").unwrap();
        assert_eq!(app, "http://localhost:8080/demo/app/?iss=http%3A%2F%2Flocalhost%3A8080%2Ffhir");
        let stored = store.launch(&launch.parse::<LaunchHandle>().unwrap().id()).await.unwrap().unwrap();
        assert_eq!(stored.situation.user.unwrap().to_string(), USER);
        assert_eq!(stored.situation.context.encounter.unwrap().as_str(), visit);

        for (media_type, body, status) in [
            ("text/plain", json!({ "patient": "alvarez-maria", "need_patient_banner": true }), 415),
            ("application/json", json!({ "patient": "begum-shirin", "need_patient_banner": true }), 400),
            ("application/json", json!({ "patient": "alvarez-maria" }), 400),
            (
                "application/json",
                json!({ "patient": "chen-grace", "encounter": visit, "need_patient_banner": true }),
                400,
            ),
        ] {
            assert_eq!(ask(media_type, body.clone()).await.0, status, "{body}");
        }
    }
}

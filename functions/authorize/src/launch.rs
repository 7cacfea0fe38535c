//! `/auth/launch`: the EHR makes a launch (contract "Launch context"; LAUNCH-01 to LAUNCH-05, CTX rows).
//!
//! Who asks is proved first (`ehr`), then the request is read in full; then what it names is looked up, and the first thing that
//! does not exist or does not fit is said by its name. Nothing is stored before.

mod ehr;
mod error;

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Response, StatusCode};
use serde::Serialize;
use smart_core::client::{Client, GrantType};
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_core::launch::{
    LAUNCH_LIFETIME, LONGEST_REQUEST, Launch, LaunchContext, LaunchRequest, STYLE_PATH, launch_url,
};
use smart_core::ports::PublicKeys;
use smart_core::secret::LaunchHandle;
use smart_web::arrival::Arrival;
use smart_web::{body, random, response};

pub(crate) use self::ehr::Ehrs;
use self::error::LaunchError;
use crate::{Authorize, Store, step};

/// A launch that was made, as its EHR is told (contract "Launch context"). A secret is in here: it goes to the EHR, and into no log.
#[derive(Serialize)]
pub struct LaunchMade {
    /// The handle.
    pub launch: String,
    /// For how many seconds it can be followed.
    pub expires_in: u64,
    /// Where the EHR opens the app.
    pub launch_url: String,
}

/// What this endpoint needs: the function, and who may ask.
pub(crate) struct Launches<S, K> {
    pub(crate) function: Arc<Authorize<S>>,
    pub(crate) ehrs: Ehrs<K>,
}

pub(crate) async fn create<S: Store, K: PublicKeys + 'static>(
    State(launches): State<Arc<Launches<S, K>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let Launches { function, ehrs } = &*launches;
    let answer = async {
        let ehr = ehrs.who_asks(function, &headers, now).await?;
        let asked = LaunchRequest::parse(&read(&headers, body).await?, &function.here)?;
        let app = function.client(&asked.client_id, now).await?;
        let Authorize { store, here, .. } = &**function;
        let made = make(store, here, asked, app.as_deref(), ehr.client_id.as_str(), now).await?;
        Ok::<_, LaunchError>(response::json(StatusCode::CREATED, &made))
    };
    answer.await.unwrap_or_else(|error| error.into_response(function.here.issuer()))
}

/// The body, if it is said to be JSON and is not endless.
async fn read(headers: &HeaderMap, sent: Body) -> Result<Bytes, LaunchError> {
    if !body::is_of(headers, "application/json") {
        return Err(LaunchError::MediaType);
    }
    body::read(sent, LONGEST_REQUEST).await.map_err(|_| LaunchError::TooLong)
}

/// Makes a launch for an EHR that is this program itself, and needs no token: what `/auth/launch` makes, and refuses, for all others.
/// `ehr` is what the log calls it.
///
/// # Errors
/// The answer of `/auth/launch`, which says what is wrong.
pub async fn make_launch<S: Store>(
    store: &S,
    here: &PublicUrl,
    asked: LaunchRequest,
    ehr: &str,
    now: Instant,
) -> Result<LaunchMade, Response<Body>> {
    let made = async {
        let app = store.client(&asked.client_id).await?;
        make(store, here, asked, app.as_ref(), ehr, now).await
    };
    made.await.map_err(|error| error.into_response(here.issuer()))
}

/// The launch of `app`, the client that is asked for.
async fn make<S: Store>(
    store: &S,
    here: &PublicUrl,
    LaunchRequest { client_id, mut situation }: LaunchRequest,
    app: Option<&Client>,
    ehr: &str,
    now: Instant,
) -> Result<LaunchMade, LaunchError> {
    let refers = |expected| LaunchError::Refers("client_id", expected);
    let app = app.filter(|app| !app.disabled);
    let app = app.ok_or(refers("expected the id of a client that is registered here"))?;
    if !app.may_use(GrantType::AuthorizationCode) {
        return Err(refers("expected an app with users: one of authorization_code"));
    }
    let handle = LaunchHandle::new(random::bytes()?);
    let launch_url = launch_url(app, here, &handle)
        .ok_or(refers("expected an app with a launch URL: it is registered without initiate_login_uri"))?;
    complete(store, here, &mut situation.context).await?;
    let made_by = step(now)?.op;
    let launch = Launch::new(&handle, client_id, situation, made_by, now);
    store.create_launch(&launch).await?;
    tracing::info!(target: "audit", event = "launch", outcome = "made", client_id = %launch.client_id, ehr,
        patient = launch.situation.context.patient.as_ref().map(display), launch = %launch.id);
    Ok(LaunchMade { launch: handle.reveal(), expires_in: LAUNCH_LIFETIME.as_secs(), launch_url })
}

/// That patients and encounters are there and belong together; and what an EHR need not say.
async fn complete<S: Store>(
    store: &S,
    here: &PublicUrl,
    context: &mut LaunchContext,
) -> Result<(), LaunchError> {
    if let Some(patient) = &context.patient
        && store.patient(patient).await?.is_none()
    {
        return Err(LaunchError::Refers("patient", "there is no such Patient here"));
    }
    if let Some(encounter) = &context.encounter {
        let found = store.encounter(encounter).await?;
        let found =
            found.ok_or(LaunchError::Refers("encounter", "there is no such Encounter of a Patient here"))?;
        match &context.patient {
            Some(patient) if *patient != found.patient => {
                return Err(LaunchError::Refers("encounter", "it is an Encounter of another Patient"));
            }
            Some(_) => {}
            None if store.patient(&found.patient).await?.is_none() => {
                return Err(LaunchError::Refers("encounter", "the Patient of this Encounter is not here"));
            }
            // CTX-03: whose encounter it is is in context too.
            None => context.patient = Some(found.patient),
        }
    }
    for item in &context.fhir_context {
        let Some((resource_type, id)) = item.referred() else { continue };
        let there = match resource_type.as_str() {
            "Patient" => store.patient(&id).await?.is_some(),
            "Encounter" => store.encounter(&id).await?.is_some(),
            _ => true,
        };
        if !there {
            return Err(LaunchError::Refers(
                "fhirContext",
                "a Patient or Encounter that is referred to is not here",
            ));
        }
    }
    // Whoever does not say that the EHR shows the patient has the app show them.
    if context.patient.is_some() {
        context.need_patient_banner.get_or_insert(true);
    }
    context.smart_style_url.get_or_insert_with(|| here.endpoint(STYLE_PATH));
    Ok(())
}

//! The launch from an EHR (SMART 2.2 "App Launch", "Scopes and Launch Context"): the EHR makes a launch, the app brings it
//! along, and is told the context.
//!
//! No document says where an EHR makes launches: it is `/auth/launch` of this project.

use serde_json::{Value, json};
use url::Url;

use crate::app::{Request, Tokens};
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::client;
use crate::seed::records::{self, BOB};

/// What a launch is made with, besides the app.
const SCOPE: &str = "launch openid patient/Patient.rs";

/// A launch opens the app in its context, once, and only that app.
pub(crate) async fn launch(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let handle = make(scene, &json!({ "patient": BOB })).await?;
    let app = scene.public()?;
    let request = app.request(SCOPE)?.set("launch", &handle);
    let tokens = app.launch_by(&mut *clinician.browser().await, &request).await?;
    holds(tokens.has("launch"), || "launch was not granted".to_owned())?;
    holds(tokens.text("patient") == Some(BOB), || "the launch was for another patient".to_owned())?;
    let again = app.request(SCOPE)?.set("launch", &handle);
    is_refused(scene, clinician, client::PUBLIC, &again, "that was used before").await?;
    let theirs = make(scene, &json!({ "patient": BOB })).await?;
    let other = scene.app(client::BASIC)?.request(SCOPE)?.set("launch", &theirs);
    is_refused(scene, clinician, client::BASIC, &other, "of another app").await?;
    let unknown = app.request(SCOPE)?.set("launch", "a-launch-that-nobody-made");
    is_refused(scene, clinician, client::PUBLIC, &unknown, "that nobody made").await
}

/// `context-ehr-patient`: the EHR's patient, who can be read.
pub(crate) async fn patient(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let tokens = launched(scene, clinician, &json!({ "patient": BOB })).await?;
    holds(tokens.text("patient") == Some(BOB), || "the app is not told the patient".to_owned())?;
    scene.public()?.can_read(&tokens, &format!("Patient/{BOB}")).await
}

/// `context-ehr-encounter`: the EHR's encounter, which can be read.
pub(crate) async fn encounter(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let encounter = records::id("Encounter", BOB, None).unwrap_or_default();
    let context = json!({ "patient": BOB, "encounter": encounter });
    let tokens = launched_for(scene, clinician, "launch patient/Encounter.rs", &context).await?;
    let told = tokens.text("encounter");
    holds(told == Some(&encounter), || {
        format!("the encounter is {encounter}, and the app is told {told:?}")
    })?;
    scene.public()?.can_read(&tokens, &format!("Encounter/{encounter}")).await
}

/// `context-banner`: whether the app must show who the patient is.
pub(crate) async fn banner(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    for needed in [true, false] {
        let context = json!({ "patient": BOB, "need_patient_banner": needed });
        let tokens = launched(scene, clinician, &context).await?;
        let told = tokens.json.get("need_patient_banner").and_then(Value::as_bool);
        holds(told == Some(needed), || {
            format!("need_patient_banner is {needed}, and the app is told {told:?}")
        })?;
    }
    Ok(())
}

/// `context-style`: the address of a style document that can be read without a token.
pub(crate) async fn style(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let tokens = launched(scene, clinician, &json!({ "patient": BOB })).await?;
    let Some(address) = tokens.text("smart_style_url") else { return refused("there is no smart_style_url") };
    let Ok(url) = Url::parse(address) else { return refused("smart_style_url is no URL") };
    let style = scene.http.get(&url).send().await?.is(200)?.json()?;
    holds(style.is_object(), || "the style is no JSON object".to_owned())
}

async fn launched(scene: &Scene, clinician: &Clinician<'_>, context: &Value) -> Step<Tokens> {
    launched_for(scene, clinician, SCOPE, context).await
}

async fn launched_for(
    scene: &Scene,
    clinician: &Clinician<'_>,
    scope: &str,
    context: &Value,
) -> Step<Tokens> {
    let handle = make(scene, context).await?;
    let app = scene.public()?;
    let request = app.request(scope)?.set("launch", &handle);
    app.launch_by(&mut *clinician.browser().await, &request).await
}

/// Makes a launch of the public app, as the EHR does.
async fn make(scene: &Scene, context: &Value) -> Step<String> {
    let ehr = scene.app(client::EHR)?;
    let answer = ehr.token(&[("grant_type", "client_credentials"), ("scope", "__launch.create")]).await?;
    let tokens = ehr.tokens(answer)?;
    let mut body = context.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("client_id".to_owned(), client::PUBLIC.into());
    }
    let url = scene.endpoint("launch")?;
    // Nobody makes one without a token.
    scene.http.post(&url, &[("client_id", client::PUBLIC)]).send().await?.one_of(&[401, 403, 404, 415])?;
    let answer =
        scene.http.call(http::Method::POST, &url).bearer(&tokens.access).json(&body).send().await?.is(201)?;
    match answer.json()?.get("launch").and_then(Value::as_str) {
        Some(handle) => {
            scene.http.keep_secret(handle);
            Ok(handle.to_owned())
        }
        None => refused("the answer to the EHR has no launch"),
    }
}

async fn is_refused(
    scene: &Scene,
    clinician: &Clinician<'_>,
    id: &str,
    request: &Request,
    what: &str,
) -> Step {
    let app = scene.app(id)?;
    match app.code(&mut *clinician.browser().await, request).await {
        Ok(_) => refused(format!("a launch {what} gives a code")),
        Err(crate::Untrue::Refused(_)) => Ok(()),
        Err(unclear) => Err(unclear),
    }
}

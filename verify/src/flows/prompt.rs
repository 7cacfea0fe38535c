//! `prompt`: whether and how the user is asked (OpenID Connect Core §3.1.2.1).

use serde_json::Value;

use super::openid::verified;
use crate::browser::Asked;
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::user;

/// `none`: no page is ever shown. Without a session that is an error; with one, a code or an error that says what is needed.
pub(crate) async fn none(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?.set("prompt", "none");
    let error =
        |to: &url::Url| to.query_pairs().find(|(name, _)| name == "error").map(|(_, e)| e.into_owned());
    let mut stranger = scene.browser_of(user::PATIENT)?;
    let way = app.authorize(&mut stranger, &request).await?;
    holds(way.asked.is_empty(), || "a stranger is shown a page".to_owned())?;
    let told = error(&way.to);
    holds(told.as_deref() == Some("login_required"), || format!("a stranger's app is told {told:?}"))?;
    let mut browser = clinician.browser().await;
    app.launch(&mut browser, "openid").await?;
    let way = app.authorize(&mut browser, &request).await?;
    holds(way.asked.is_empty(), || "who is signed in is shown a page".to_owned())?;
    match error(&way.to).as_deref() {
        None => app.code_in(&way.to, &request).map(drop),
        Some("consent_required" | "interaction_required" | "account_selection_required") => Ok(()),
        Some(other) => refused(format!("the app of who is signed in is told {other}")),
    }
}

/// `login`, `select_account`: who is signed in signs in again, and the app can see it.
pub(crate) async fn login(scene: &Scene, clinician: &Clinician<'_>, prompt: &str) -> Step {
    let app = scene.public()?;
    let mut browser = clinician.browser().await;
    app.launch(&mut browser, "openid").await?;
    let started = crate::clock::unix();
    let request = app.request("openid")?.set("prompt", prompt).set("max_age", "86400");
    let way = app.authorize(&mut browser, &request).await?;
    holds(way.asked.contains(&Asked::SignIn), || "who is signed in is not asked to sign in".to_owned())?;
    let code = app.code_in(&way.to, &request)?;
    let tokens = app.tokens(app.exchange(&request, &code).await?)?;
    let claims = verified(&app, &tokens).await?.claims;
    let signed_in = claims.get("auth_time").and_then(Value::as_i64).unwrap_or_default();
    holds(signed_in >= started - 60, || "auth_time is that of the session before".to_owned())
}

/// `consent`: asked again, although it was given before.
pub(crate) async fn consent(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let mut browser = clinician.browser().await;
    app.launch(&mut browser, "openid").await?;
    let request = app.request("openid")?.set("prompt", "consent");
    let way = app.authorize(&mut browser, &request).await?;
    holds(way.asked.contains(&Asked::Consent), || "consent is not asked for".to_owned())?;
    app.code_in(&way.to, &request).map(drop)
}

//! Token introspection (RFC 7662; SMART 2.2 "Token Introspection").

use serde_json::{Value, json};
use url::Url;

use crate::app::{App, Tokens};
use crate::http::{Answer, Call};
use crate::outcome::{Step, holds};
use crate::scene::{Clinician, Scene};
use crate::seed::client;
use crate::seed::records::ALICE;

/// A resource server is told of a live token all that the app was told, and of any other nothing but that it is not active.
pub(crate) async fn introspect(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app
        .launch(&mut *clinician.browser().await, "launch/patient openid fhirUser patient/Patient.rs")
        .await?;
    let told = told(scene, &tokens.access).await?;
    holds(says_active(&told), || "a live token is not active".to_owned())?;
    for (name, expected) in [("client_id", client::PUBLIC), ("patient", ALICE)] {
        holds(told.get(name).and_then(Value::as_str) == Some(expected), || format!("{name} is not told"))?;
    }
    let scope = told.get("scope").and_then(Value::as_str).unwrap_or_default();
    holds(tokens.has_exactly(scope), || format!("the scope is told as {scope}"))?;
    holds(told.get("exp").is_some_and(Value::is_u64), || "exp is not told, as a number".to_owned())?;
    for dead in ["no-token-at-all", tokens.access.trim_end_matches(|c: char| c != '.')] {
        let told = self::told(scene, dead).await?;
        holds(told == json!({ "active": false }), || {
            "of a token that is none, more is told than that".to_owned()
        })?;
    }
    // Nobody is told anything without saying who they are.
    let url = scene.endpoint("introspection_endpoint")?;
    let stranger = scene.http.post(&url, &[("token", tokens.access.as_str())]).send().await?;
    stranger.one_of(&[400, 401]).map(drop)
}

/// A client that authenticates in a way is told of its own token; whoever shows a token for it, of any.
pub(crate) async fn by(scene: &Scene, clinician: &Clinician<'_>, method: &str) -> Step {
    match method {
        "Bearer" => return by_bearer(scene, clinician).await,
        "DPoP" => return super::dpop::introspects(scene, clinician).await,
        _ => {}
    }
    let app = app_by(scene, method)?;
    let tokens = app.launch(&mut *clinician.browser().await, "launch/patient patient/Patient.rs").await?;
    let url = scene.endpoint("introspection_endpoint")?;
    let told = proven_by(&app, method, &url, &tokens.access)?.send().await?.is(200)?.json()?;
    holds(says_active(&told), || format!("{method}: the token is not active"))
}

/// A service with the scope `__token.introspect` (INTRO-10); an app's own token opens nothing.
async fn by_bearer(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, "launch/patient patient/Patient.rs").await?;
    let url = scene.endpoint("introspection_endpoint")?;
    let form = [("token", tokens.access.as_str())];
    let answer = scene.http.post(&url, &form).bearer(&tokens.access).send().await?;
    answer.one_of(&[400, 401, 403, 404])?;
    let service = scene.app(client::EHR)?;
    let scope = [("grant_type", "client_credentials"), ("scope", "__token.introspect")];
    let services = service.tokens(service.token(&scope).await?)?;
    let told = scene.http.post(&url, &form).bearer(&services.access).send().await?.is(200)?.json()?;
    holds(says_active(&told), || "the token is not active".to_owned())
}

/// The client of a way to authenticate, or one that can sign by an algorithm.
pub(super) fn app_by<'s>(scene: &'s Scene, method: &str) -> Step<App<'s>> {
    match method {
        "none" => scene.public(),
        "client_secret_basic" => scene.app(client::BASIC),
        "client_secret_post" => scene.app(client::POST),
        "private_key_jwt" => scene.app(&client::of_algorithm("ES384")),
        algorithm => scene.app(&client::who_signs(algorithm)),
    }
}

/// A client's request about a token, proven in this way or by this algorithm.
pub(super) fn proven_by<'s>(app: &App<'s>, method: &str, url: &Url, token: &str) -> Step<Call<'s>> {
    let form = [("token", token)];
    match app.key() {
        Ok((registered, _)) if method != "private_key_jwt" && method != registered => {
            app.proven_by(method, url, &form)
        }
        _ => app.proven(url, &form),
    }
}

async fn ask(app: &App<'_>, token: &str) -> Step<Answer> {
    let url = app.scene.endpoint("introspection_endpoint")?;
    app.proven(&url, &[("token", token)])?.send().await
}

/// What the resource server is told of a token.
pub(super) async fn told(scene: &Scene, token: &str) -> Step<Value> {
    ask(&scene.app(client::INTROSPECTOR)?, token).await?.is(200)?.json()
}

/// Whether a token is active, as the resource server is told.
pub(super) async fn is_active(scene: &Scene, tokens: &Tokens) -> Step<bool> {
    Ok(says_active(&told(scene, &tokens.access).await?))
}

pub(super) fn says_active(told: &Value) -> bool {
    told.get("active") == Some(&Value::Bool(true))
}

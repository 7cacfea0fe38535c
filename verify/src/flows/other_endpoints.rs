//! Grants and endpoints of OAuth and OpenID Connect that SMART does not use: tried, since what is not listed must not work.

use serde_json::{Value, json};

use crate::outcome::{Step, Untrue, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::{client, user};

/// The password of a user, in the hands of an app (RFC 6749 §4.3).
pub(crate) async fn password(scene: &Scene) -> Step {
    let user = scene.user(user::PATIENT)?;
    gives_tokens(
        scene,
        client::PUBLIC,
        &[
            ("grant_type", "password"),
            ("username", &user.username),
            ("password", &user.password),
            ("scope", "openid"),
        ],
    )
    .await
}

/// An assertion about the client as a grant (RFC 7523 §2.1).
pub(crate) async fn jwt_bearer(scene: &Scene) -> Step {
    let id = client::of_algorithm("ES384");
    let assertion = scene.app(&id)?.assertion(&json!({}))?;
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    gives_tokens(scene, &id, &[("grant_type", grant), ("assertion", &assertion), ("scope", "openid")]).await
}

/// A token for a token (RFC 8693).
pub(crate) async fn token_exchange(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.app(client::BASIC)?;
    let tokens = app.launch(&mut *clinician.browser().await, "openid").await?;
    gives_tokens(
        scene,
        client::BASIC,
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", &tokens.access),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ],
    )
    .await
}

/// Tokens, or a refusal of the grant type itself: another refusal would mean that the server knows it.
async fn gives_tokens(scene: &Scene, id: &str, form: &[(&str, &str)]) -> Step {
    let app = scene.app(id)?;
    let answer = app.token(form).await?;
    match answer.error().as_deref() {
        Some("unsupported_grant_type" | "unauthorized_client") => answer.is(200).map(drop),
        Some(other) => Err(Untrue::Unclear(format!("the grant type seems to be known: {other}"))),
        None => app.tokens(answer).map(drop),
    }
}

/// `userinfo_endpoint` (OpenID Connect Core §5.3).
pub(crate) async fn user_info(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, "openid profile").await?;
    let url = scene.endpoint("userinfo_endpoint")?;
    let told = scene.http.get(&url).bearer(&tokens.access).send().await?.is(200)?.json()?;
    holds(told.get("sub").is_some(), || "there is no sub".to_owned())
}

/// `pushed_authorization_request_endpoint` (RFC 9126).
pub(crate) async fn pushed_request(scene: &Scene) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?;
    let url = scene.endpoint("pushed_authorization_request_endpoint")?;
    let told = scene.http.post(&url, &request.parameters).send().await?.is(201)?.json()?;
    has(&told, "request_uri")
}

/// `device_authorization_endpoint` (RFC 8628), and its grant.
pub(crate) async fn device(scene: &Scene) -> Step {
    let url = scene.endpoint("device_authorization_endpoint")?;
    let form = [("client_id", client::PUBLIC), ("scope", "openid")];
    let answer = scene.http.post(&url, &form).send().await?;
    if answer.status == 200 {
        return has(&answer.json()?, "device_code");
    }
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    gives_tokens(scene, client::PUBLIC, &[("grant_type", grant), ("device_code", "none")]).await
}

fn has(told: &Value, name: &str) -> Step {
    if told.get(name).is_some() { Ok(()) } else { refused(format!("there is no {name}")) }
}

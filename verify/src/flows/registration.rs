//! `registration_endpoint` (RFC 7591), protected by an initial access token that the operator gives to this program.

use serde_json::{Value, json};

use crate::app::App;
use crate::http::Answer;
use crate::outcome::{Step, Untrue, holds, refused};
use crate::scene::Scene;
use crate::seed::{Client, Proof, REDIRECT};

/// With the token a client is registered, as it says; without it nobody is.
pub(crate) async fn register(scene: &Scene) -> Step {
    let is_listed = scene.documents.first("registration_endpoint").is_some();
    let Some(token) = &scene.initial_access_token else {
        let answer = ask(scene, None).await?;
        if !is_listed || answer.status != 401 {
            answer.is(201)?;
            return refused("anybody may register clients");
        }
        return Err(Untrue::Unclear("no initial access token was given (--initial-access-token)".to_owned()));
    };
    scene.http.keep_secret(token);
    ask(scene, None).await?.is(401)?;
    ask(scene, Some("not-the-token")).await?.is(401)?;
    let registered = ask(scene, Some(token)).await?.is(201)?.json()?;
    let text = |name: &str| registered.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(id), Some(secret)) = (text("client_id"), text("client_secret")) else {
        return refused("the new client got no client_id, or no client_secret");
    };
    scene.http.keep_secret(&secret);
    let client = Client { id, proof: Proof::Basic(secret) };
    let answer = App { scene, client: &client }.refresh("none").await?;
    holds(answer.error().as_deref() == Some("invalid_grant"), || {
        format!("the new client cannot authenticate: {:?}", answer.error())
    })
}

async fn ask(scene: &Scene, token: Option<&str>) -> Step<Answer> {
    let metadata = json!({
        "client_name": "Verify: registered", "redirect_uris": [REDIRECT], "scope": "openid",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code", "refresh_token"],
    });
    let call = scene.http.call(http::Method::POST, &scene.endpoint("registration_endpoint")?).json(&metadata);
    match token {
        Some(token) => call.bearer(token).send().await,
        None => call.send().await,
    }
}

//! Other forms of an authorization request and of its answer (RFC 6749 §3.1.1; OAuth 2.0 Multiple Response Types;
//! OpenID Connect Core §5.5, §6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use url::Url;

use crate::app::{App, Request};
use crate::browser::Shown;
use crate::keys::signing_input;
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};

/// Tokens from the authorization endpoint: the implicit and the hybrid flows.
pub(crate) async fn response_type(scene: &Scene, clinician: &Clinician<'_>, kind: &str) -> Step {
    let app = scene.public()?;
    let request = app.request("openid patient/Patient.rs")?.set("response_type", kind);
    let way = app.authorize(&mut *clinician.browser().await, &request).await?;
    for (part, name) in [("code", "code"), ("token", "access_token"), ("id_token", "id_token")] {
        if kind.split(' ').any(|asked| asked == part) {
            holds(in_answer(&way.to, name).is_some(), || told(&way.to, name))?;
        }
    }
    Ok(())
}

/// The answer behind `#`.
pub(crate) async fn fragment(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?.set("response_mode", "fragment");
    let way = app.authorize(&mut *clinician.browser().await, &request).await?;
    let is_there = way.to.fragment().is_some_and(|fragment| fragment.contains("code="));
    holds(is_there, || told(&way.to, "code behind #"))
}

/// The answer as a form that posts itself.
pub(crate) async fn form_post(scene: &Scene) -> Step {
    let app = scene.public()?;
    let mut browser = scene.browser_of(crate::seed::user::PATIENT)?;
    let request = app.request("openid")?.set("response_mode", "form_post");
    let shown =
        browser.submit(false, &scene.endpoint("authorization_endpoint")?, &request.parameters).await?;
    match shown {
        Shown::Left(to) => refused(told(&to, "form")),
        // Whether it is shown at once or after the pages: the app never gets a redirect.
        Shown::Page(page) => match browser.walk(Shown::Page(page)).await {
            Ok(way) => refused(told(&way.to, "form")),
            Err(error) => Err(error),
        },
    }
}

/// The request as a JWT.
pub(crate) async fn request_object(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?;
    let object = object(&app, &request);
    let request = request.without("state").set("request", &object);
    app.code(&mut *clinician.browser().await, &request).await.map(drop)
}

/// The request by reference: a `data:` URL holds it, so that no server has to stand anywhere.
pub(crate) async fn request_uri(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?;
    let object = URL_SAFE_NO_PAD.encode(object(&app, &request));
    let address = format!("data:application/oauth-authz-req+jwt;base64,{object}");
    let request = request.without("state").set("request_uri", &address);
    app.code(&mut *clinician.browser().await, &request).await.map(drop)
}

/// An unsigned request object, as OpenID Connect Core §6.1 allows. It alone has the state.
fn object(app: &App<'_>, request: &Request) -> String {
    let claims = json!({ "state": request.state, "client_id": app.client.id, "response_type": "code" });
    format!("{}.", signing_input(&json!({ "alg": "none" }), &claims))
}

/// `claims`: a claim that no scope asked for is in the ID token.
pub(crate) async fn claims_parameter(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let wanted = json!({ "id_token": { "name": { "essential": true } } }).to_string();
    let request = app.request("openid")?.set("claims", &wanted);
    let tokens = app.launch_by(&mut *clinician.browser().await, &request).await?;
    let claims = super::openid::verified(&app, &tokens).await?.claims;
    holds(claims.get("name").is_some(), || "the claim that was asked for is not in the ID token".to_owned())
}

/// A parameter of the answer, in its query or behind `#`.
fn in_answer(to: &Url, name: &str) -> Option<String> {
    let find = |text: &str| {
        let pairs = form_urlencoded::parse(text.as_bytes());
        pairs.into_owned().find(|(known, _)| known == name).map(|(_, value)| value)
    };
    to.query().and_then(find).or_else(|| to.fragment().and_then(find))
}

fn told(to: &Url, expected: &str) -> String {
    let error = in_answer(to, "error").unwrap_or_else(|| "no error".to_owned());
    let why = in_answer(to, "error_description").unwrap_or_default();
    format!("expected {expected}, and the app was told {error}: {why}")
}

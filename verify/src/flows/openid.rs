//! OpenID Connect: the ID token, verified as an app must do it (OpenID Connect Core §3.1.3.7), by a library.

use http::header::CONTENT_TYPE;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::app::{App, Request, Tokens};
use crate::clock;
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::{client, user};

/// An ID token that was verified.
pub(super) struct Verified {
    pub(super) algorithm: Algorithm,
    pub(super) claims: Value,
}

/// `sso-openid-connect`: an ID token for this app, about this request; none where nobody asked for it.
pub(crate) async fn sign_on(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid fhirUser")?;
    let tokens = app.launch_by(&mut *clinician.browser().await, &request).await?;
    holds(tokens.has("openid"), || "openid was not granted".to_owned())?;
    let claims = verified(&app, &tokens).await?.claims;
    let is_ours = claims.get("nonce").and_then(Value::as_str) == Some(&request.nonce);
    holds(is_ours, || "the ID token has another nonce".to_owned())?;
    let tokens = app.launch(&mut *clinician.browser().await, "patient/Patient.rs").await?;
    holds(tokens.text("id_token").is_none(), || "an ID token without the scope openid".to_owned())
}

/// `fhirUser`: the absolute URL of the user's resource, which the app may read.
pub(crate) async fn fhir_user(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, "openid fhirUser").await?;
    holds(tokens.has("fhirUser"), || "fhirUser was not granted".to_owned())?;
    let claims = verified(&app, &tokens).await?.claims;
    let who = &scene.user(user::CLINICIAN)?.fhir_user;
    let expected = format!("{}/{who}", scene.documents.fhir_base);
    let said = claims.get("fhirUser").and_then(Value::as_str);
    holds(said == Some(&expected), || format!("fhirUser is {said:?}, and the user is {expected}"))?;
    app.can_read(&tokens, who).await
}

/// A claim of the ID token, when all that identifies is asked for.
pub(crate) async fn claim(scene: &Scene, clinician: &Clinician<'_>, claim: &str) -> Step {
    let app = scene.public()?;
    let request: Request = app.request("openid fhirUser profile email")?.set("max_age", "86400");
    let tokens = app.launch_by(&mut *clinician.browser().await, &request).await?;
    let claims = verified(&app, &tokens).await?.claims;
    let is_there = claims.get(claim).is_some_and(|value| !value.is_null() && value != "");
    holds(is_there, || format!("the ID token has no {claim}"))
}

/// The algorithm of the ID token.
pub(crate) async fn signed_by(scene: &Scene, clinician: &Clinician<'_>, algorithm: &str) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, "openid").await?;
    let used = format!("{:?}", verified(&app, &tokens).await?.algorithm);
    holds(used == algorithm, || format!("ID tokens are signed by {used}"))
}

/// `sub`: the same for all apps, or another for each.
pub(crate) async fn subjects(scene: &Scene, clinician: &Clinician<'_>, is_public: bool) -> Step {
    let mut subjects = Vec::new();
    for id in [client::PUBLIC, client::BASIC] {
        let app = scene.app(id)?;
        let tokens = app.launch(&mut *clinician.browser().await, "openid").await?;
        subjects.push(verified(&app, &tokens).await?.claims.get("sub").cloned());
    }
    let are_same = subjects.windows(2).all(|pair| matches!(pair, [one, other] if one == other));
    let found = if are_same { "the same subject" } else { "different subjects" };
    holds(are_same == is_public, || format!("two apps are told {found} of one user"))
}

/// The ID token of an answer, verified.
pub(super) async fn verified(app: &App<'_>, tokens: &Tokens) -> Step<Verified> {
    let Some(token) = tokens.text("id_token") else { return refused("there is no ID token") };
    let keys = key_set(app.scene).await?;
    let bad = |error: &dyn std::fmt::Display| refused(format!("the ID token cannot be verified: {error}"));
    let header = match jsonwebtoken::decode_header(token) {
        Ok(header) => header,
        Err(error) => return bad(&error),
    };
    let Some(key) = header.kid.as_deref().and_then(|kid| keys.find(kid)) else {
        return bad(&"its key is not published");
    };
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[app.scene.documents.issuer()]);
    validation.set_audience(&[&app.client.id]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "iat"]);
    let decoded =
        DecodingKey::from_jwk(key).and_then(|key| jsonwebtoken::decode::<Value>(token, &key, &validation));
    let claims = match decoded {
        Ok(decoded) => decoded.claims,
        Err(error) => return bad(&error),
    };
    let issued = claims.get("iat").and_then(Value::as_i64).unwrap_or(i64::MAX);
    // Two clocks are never quite the same.
    if issued > clock::unix() + 60 {
        return bad(&"it was issued in the future");
    }
    Ok(Verified { algorithm: header.alg, claims })
}

/// The server's public keys.
pub(super) async fn key_set(scene: &Scene) -> Step<JwkSet> {
    let url = scene.endpoint("jwks_uri")?;
    let answer = scene.http.get(&url).send().await?.is(200)?;
    let is_json = answer.header(CONTENT_TYPE).contains("json");
    holds(is_json, || "the key set is not served as JSON".to_owned())?;
    let json = answer.json()?;
    let is_private = json.to_string().contains("\"d\":");
    holds(!is_private, || "the key set holds a private key".to_owned())?;
    serde_json::from_value(json).or_else(|error| refused(format!("the key set cannot be read: {error}")))
}

//! The documents themselves, the issuer and its keys (SMART 2.2 "Conformance"; OpenID Connect Discovery §4; RFC 8414 §3).

use http::Method;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderName, ORIGIN};
use jsonwebtoken::jwk::PublicKeyUse;
use serde_json::Value;
use url::Url;

use super::openid::{key_set, verified};
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};

/// Where web pages are that must be able to read the documents.
const APP_ORIGIN: &str = "https://verify.invalid";

/// The documents are JSON for anybody who asks, from any origin.
pub(crate) async fn discovery(scene: &Scene) -> Step {
    let smart = scene.fhir(".well-known/smart-configuration")?;
    let metadata = scene.fhir("metadata")?;
    for accept in ["application/json", "text/html", "application/fhir+xml", "*/*"] {
        let answer = scene.http.get(&smart).accept(accept).send().await?.is(200)?;
        let kind = answer.header(CONTENT_TYPE).to_owned();
        holds(kind.starts_with("application/json"), || {
            format!("to Accept: {accept} it is served as {kind}")
        })?;
    }
    for url in [&smart, &metadata] {
        let answer = scene.http.get(url).header(ORIGIN, APP_ORIGIN).send().await?.is(200)?;
        is_open(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN), url)?;
        let preflight = scene
            .http
            .call(Method::OPTIONS, url)
            .header(ORIGIN, APP_ORIGIN)
            .header(HeaderName::from_static("access-control-request-method"), "GET");
        let answer = preflight.send().await?.one_of(&[200, 204])?;
        is_open(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN), url)?;
    }
    Ok(())
}

fn is_open(allowed: &str, url: &Url) -> Step {
    holds(allowed == "*" || allowed == APP_ORIGIN, || format!("{} is not open to other origins", url.path()))
}

/// The issuer of the documents is that of the tokens.
pub(crate) async fn issuer(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, "openid").await?;
    let claims = verified(&app, &tokens).await?.claims;
    let iss = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    let url = Url::parse(iss).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    holds(url.is_some(), || format!("the issuer is no URL without query and fragment: {iss}"))
}

/// Keys with which tokens can be verified: each has an id, and says that it is for signatures.
pub(crate) async fn keys(scene: &Scene) -> Step {
    let keys = key_set(scene).await?;
    holds(!keys.keys.is_empty(), || "the key set is empty".to_owned())?;
    for key in &keys.keys {
        if key.common.key_id.is_none() || key.common.key_algorithm.is_none() {
            return refused("a key without kid or alg");
        }
        holds(key.common.public_key_use == Some(PublicKeyUse::Signature), || {
            "a key that does not say that it is for signatures".to_owned()
        })?;
    }
    Ok(())
}

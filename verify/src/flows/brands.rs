//! User-access brands (SMART 2.2 "User-Access Brands"): who stands behind the FHIR API, for apps to show.

use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use serde_json::Value;

use crate::outcome::{Step, holds, refused};
use crate::scene::Scene;

/// A Bundle of Organizations and Endpoints for everybody, one of which is this FHIR API.
pub(crate) async fn bundle(scene: &Scene) -> Step {
    let bundle = read(scene).await?;
    let resources: Vec<&Value> = resources(&bundle).collect();
    let of_type = |name: &'static str| {
        resources.iter().filter(move |resource| resource.get("resourceType").is_some_and(|kind| kind == name))
    };
    holds(of_type("Organization").next().is_some(), || "the bundle has no Organization".to_owned())?;
    let address = |endpoint: &&&Value| endpoint.get("address").and_then(Value::as_str).map(str::to_owned);
    let here = of_type("Endpoint").filter_map(|endpoint| address(&endpoint));
    let base = scene.documents.fhir_base.as_str();
    let is_here = here.into_iter().any(|address| address.trim_end_matches('/') == base);
    holds(is_here, || format!("no Endpoint of the bundle is {base}"))
}

/// `user_access_brand_identifier`: an Identifier of an Organization of the bundle.
pub(crate) async fn identifier(scene: &Scene) -> Step {
    let Some(identifier) = scene.documents.first("user_access_brand_identifier") else {
        return refused("there is no user_access_brand_identifier");
    };
    let value = identifier.get("value").and_then(Value::as_str);
    holds(value.is_some(), || "the identifier has no value".to_owned())?;
    let bundle = read(scene).await?;
    let is_there = resources(&bundle).any(|resource| {
        let identifiers = resource.get("identifier").and_then(Value::as_array).into_iter().flatten();
        identifiers.into_iter().any(|known| {
            known.get("value") == identifier.get("value") && known.get("system") == identifier.get("system")
        })
    });
    holds(is_there, || "no brand of the bundle has this identifier".to_owned())
}

async fn read(scene: &Scene) -> Step<Value> {
    let answer = scene.http.get(&scene.endpoint("user_access_brand_bundle")?).send().await?.is(200)?;
    let is_open = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN) == "*";
    holds(is_open, || "the bundle is not open to other origins".to_owned())?;
    let bundle = answer.json()?;
    let is_bundle = bundle.get("resourceType").is_some_and(|kind| kind == "Bundle");
    holds(is_bundle, || "this is no Bundle".to_owned())?;
    Ok(bundle)
}

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get("resource"))
}

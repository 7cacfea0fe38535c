//! User-access brands (SMART 2.2 §"User-access Brands and Endpoints"): who stands behind the FHIR API, for apps to show.

use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use serde_json::Value;
use url::Url;

use crate::outcome::{Step, holds, refused};
use crate::scene::Scene;

/// A Bundle for everybody, of Organizations that name their Endpoints; this FHIR API is one, and each answers.
pub(crate) async fn bundle(scene: &Scene) -> Step {
    let bundle = read(scene).await?;
    let is = |name: &str, value: &str| bundle.get(name).is_some_and(|said| said == value);
    holds(is("type", "collection"), || "the bundle is no collection".to_owned())?;
    holds(text(&bundle, "/timestamp").is_some(), || {
        "the bundle does not say when it changed last".to_owned()
    })?;
    let brands: Vec<&Value> = of_type(&bundle, "Organization").collect();
    holds(!brands.is_empty(), || "the bundle has no Organization".to_owned())?;
    for brand in &brands {
        let name = text(brand, "/name").unwrap_or("(without a name)");
        let is_whole = text(brand, "/name").is_some() && text(brand, "/telecom/0/system") == Some("url");
        holds(is_whole, || format!("{name}: expected a name and a website"))?;
    }
    let is_named = scene.documents.first("user_access_brand_identifier").is_some();
    holds(brands.len() == 1 || is_named, || {
        "of several brands none is said to be the primary one".to_owned()
    })?;
    let base = scene.documents.fhir_base.as_str();
    let mut is_here = false;
    for endpoint in of_type(&bundle, "Endpoint") {
        let id = text(endpoint, "/id").unwrap_or_default();
        let reference = format!("Endpoint/{id}");
        let has_a_brand = brands.iter().any(|brand| {
            let endpoints = brand.get("endpoint").and_then(Value::as_array).into_iter().flatten();
            endpoints.into_iter().any(|known| text(known, "/reference") == Some(reference.as_str()))
        });
        holds(has_a_brand, || format!("no Organization of the bundle has {reference}"))?;
        let address = text(endpoint, "/address").unwrap_or_default().trim_end_matches('/');
        answers(scene, address).await?;
        is_here |= address == base;
    }
    holds(is_here, || format!("no Endpoint of the bundle is {base}"))
}

/// `user_access_brand_identifier`: an Identifier of one Organization of the bundle.
pub(crate) async fn identifier(scene: &Scene) -> Step {
    let Some(identifier) = scene.documents.first("user_access_brand_identifier") else {
        return refused("there is no user_access_brand_identifier");
    };
    holds(text(identifier, "/value").is_some(), || "the identifier has no value".to_owned())?;
    let bundle = read(scene).await?;
    let has_it = |brand: &&Value| {
        let identifiers = brand.get("identifier").and_then(Value::as_array).into_iter().flatten();
        identifiers.into_iter().any(|known| {
            known.get("value") == identifier.get("value") && known.get("system") == identifier.get("system")
        })
    };
    let matches = of_type(&bundle, "Organization").filter(has_it).count();
    holds(matches == 1, || {
        format!("{matches} brands of the bundle have this identifier, and one is expected")
    })
}

/// An endpoint has a `CapabilityStatement`.
async fn answers(scene: &Scene, address: &str) -> Step {
    let Ok(url) = Url::parse(&format!("{address}/metadata")) else {
        return refused(format!("an Endpoint has the address {address:?}"));
    };
    let statement = scene.http.get(&url).accept("application/fhir+json").send().await?.is(200)?.json()?;
    let is_one = text(&statement, "/resourceType") == Some("CapabilityStatement");
    holds(is_one, || format!("{url} is no CapabilityStatement"))
}

async fn read(scene: &Scene) -> Step<Value> {
    let answer = scene.http.get(&scene.endpoint("user_access_brand_bundle")?).send().await?.is(200)?;
    let is_open = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN) == "*";
    holds(is_open, || "the bundle is not open to other origins".to_owned())?;
    let bundle = answer.json()?;
    let is_bundle = text(&bundle, "/resourceType") == Some("Bundle");
    holds(is_bundle, || "this is no Bundle".to_owned())?;
    Ok(bundle)
}

fn of_type<'a>(bundle: &'a Value, name: &'static str) -> impl Iterator<Item = &'a Value> {
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    let resources = entries.filter_map(|entry| entry.get("resource"));
    resources.filter(move |resource| text(resource, "/resourceType") == Some(name))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

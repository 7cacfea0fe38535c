//! SMART App Launch 2.2, "User-access Brands and Endpoints": the Bundle, as an app finds it.

use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::harness::SmartApp;

fn resources<'a>(bundle: &'a Value, of_type: &str) -> Vec<&'a Value> {
    let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    entries.filter(|resource| resource["resourceType"] == of_type).collect()
}

/// BRANDS-01 to BRANDS-05, DISC-17, ONC-15: announced, for everybody, known by a weak tag, and with the instant of its last change.
#[tokio::test]
async fn brands_03_an_app_finds_the_bundle_and_asks_for_it_again() {
    let app = SmartApp::on_wire("web").await;
    let url = app.metadata["user_access_brand_bundle"].as_str().expect("a bundle");
    let answer = app.target.get(url).header("origin", "https://app.example").send().await;
    let bundle = answer.ok();
    answer.is_open_to_all_origins();
    assert_eq!(answer.header(CONTENT_TYPE), "application/fhir+json");
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("collection")));
    assert_eq!(bundle["timestamp"], "2026-01-31T12:00:00Z");
    assert_eq!(bundle["meta"]["lastUpdated"], bundle["timestamp"]);
    for entry in bundle["entry"].as_array().unwrap() {
        assert!(entry["resource"]["meta"]["lastUpdated"].is_string(), "{entry}");
    }
    let etag = answer.header(ETAG);
    assert!(etag.starts_with("W/\""), "{etag}");
    let known = app.target.get(url).header(IF_NONE_MATCH, etag).send().await;
    assert!(known.is(304).body.is_empty());
    app.target.get(url).header(IF_NONE_MATCH, "W/\"another\"").send().await.is(200);
}

/// BRANDS-06, BRANDS-13 to BRANDS-15, DISC-18: the primary brand is one of the Bundle's, and its endpoint is this FHIR API, which answers.
#[tokio::test]
async fn brands_13_15_from_the_primary_brand_to_an_endpoint_that_answers() {
    let app = SmartApp::on_wire("web").await;
    let bundle = app.target.get(app.metadata["user_access_brand_bundle"].as_str().unwrap()).send().await.ok();
    let identifier = &app.metadata["user_access_brand_identifier"];
    let brands = resources(&bundle, "Organization");
    assert!(brands.len() > 1 && identifier["system"].is_string() && identifier["value"].is_string());
    let has_it = |brand: &&&Value| brand["identifier"].as_array().is_some_and(|all| all.contains(identifier));
    let primary: Vec<_> = brands.iter().filter(has_it).collect();
    let [primary] = primary[..] else { panic!("{} brands have {identifier}", primary.len()) };
    let endpoints = resources(&bundle, "Endpoint");
    assert!(!endpoints.is_empty());
    for endpoint in endpoints {
        let reference = json!({ "reference": format!("Endpoint/{}", endpoint["id"].as_str().unwrap()) });
        assert!(primary["endpoint"].as_array().unwrap().contains(&reference), "{reference}");
        let address = endpoint["address"].as_str().unwrap();
        assert_eq!(address, app.target.url().fhir_base());
        let statement = app.target.get(&format!("{address}/metadata")).send().await.ok();
        assert_eq!(statement["resourceType"], "CapabilityStatement");
        assert_eq!(statement["fhirVersion"], endpoint["extension"][0]["valueCode"]);
    }
}

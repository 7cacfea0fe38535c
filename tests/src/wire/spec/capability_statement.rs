//! FHIR R4 `CapabilityStatement`, as `GET /metadata` gives it.

use std::collections::BTreeSet;

use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::harness::{Choices, SmartApp, Target};

async fn statement(server: &Target) -> Value {
    server.get(&format!("{}/metadata", server.url().fhir_base())).send().await.ok()
}

/// FHIR-01, CAPST-01, CAPST-07, CAPST-08, DISC-05: without a token, with a tag; what it must say of itself.
#[tokio::test]
async fn capst_01_the_statement_says_what_it_is() {
    let server = Target::wire().await;
    let url = format!("{}/metadata", server.url().fhir_base());
    let answer = server.get(&url).send().await;
    answer.is_open_to_all_origins();
    assert_eq!(answer.header(CONTENT_TYPE), "application/fhir+json; charset=utf-8");
    server.get(&url).header(IF_NONE_MATCH, answer.header(ETAG)).send().await.is(304);
    let statement = answer.ok();
    for (name, value) in [
        ("resourceType", json!("CapabilityStatement")),
        ("status", json!("active")),
        ("kind", json!("instance")),
        ("fhirVersion", json!("4.0.1")),
    ] {
        assert_eq!(statement[name], value, "{name}");
    }
    assert!(statement["date"].as_str().is_some_and(|date| date.len() >= 10));
    let formats: Vec<String> = serde_json::from_value(statement["format"].clone()).unwrap();
    assert!(formats.iter().any(|format| format == "json" || format == "application/fhir+json"));
    assert_eq!(statement["implementation"]["url"], server.url().fhir_base());
    assert!(statement["software"]["version"].is_string());
    assert_eq!(statement["rest"].as_array().unwrap().len(), 1);
    assert_eq!(statement["rest"][0]["mode"], "server");
}

/// CAPST-03, CAPST-04, CAPST-09: the endpoints of SMART 1 are those of discovery; and which status means what is said.
#[tokio::test]
async fn capst_03_the_endpoints_are_those_of_discovery() {
    let app = SmartApp::on_wire("web").await;
    let statement = statement(&app.target).await;
    let security = &statement["rest"][0]["security"];
    assert_eq!(security["cors"], json!(true));
    assert_eq!(security["service"][0]["coding"][0]["code"], "SMART-on-FHIR");
    assert_eq!(
        security["service"][0]["coding"][0]["system"],
        "http://terminology.hl7.org/CodeSystem/restful-security-service"
    );
    let description = security["description"].as_str().unwrap();
    for status in ["400", "401", "403", "404"] {
        assert!(description.contains(status), "{status}: {description}");
    }
    let extension = &security["extension"][0];
    assert_eq!(extension["url"], "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris");
    let uris: Vec<(&str, &str)> = extension["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|uri| (uri["url"].as_str().unwrap(), uri["valueUri"].as_str().unwrap()))
        .collect();
    let endpoints = [
        ("authorize", app.endpoint("authorization_endpoint")),
        ("token", app.endpoint("token_endpoint")),
        ("introspect", app.endpoint("introspection_endpoint")),
        ("revoke", app.endpoint("revocation_endpoint")),
        ("manage", app.endpoint("management_endpoint")),
    ];
    assert_eq!(uris, endpoints);
}

/// CAPST-05: the capabilities of SMART 1 are those of the SMART configuration.
#[tokio::test]
async fn capst_05_the_capabilities_are_those_of_discovery() {
    let app = SmartApp::on_wire("web").await;
    let statement = statement(&app.target).await;
    let url = "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities";
    let extensions = statement["rest"][0]["security"]["extension"].as_array().unwrap();
    let said = extensions.iter().filter(|extension| extension["url"] == url);
    let said: Vec<_> = said.map(|extension| extension["valueCode"].clone()).collect();
    assert_eq!(json!(said), app.metadata["capabilities"]);
}

/// CAPST-02, SRCH-03: every search that is listed works, and no other parameter does.
#[tokio::test]
async fn capst_02_every_listed_search_works() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("user/*.rs", &Choices::of("clara")).await;
    let statement = statement(&app.target).await;
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for resource in resources {
        let resource_type = resource["type"].as_str().unwrap();
        let interactions: BTreeSet<_> = resource["interaction"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        assert!(interactions.is_superset(&BTreeSet::from(["read", "search-type"])), "{resource_type}");
        assert!(interactions.is_subset(&BTreeSet::from(["read", "vread", "search-type"])), "{resource_type}");
        let parameters = resource["searchParam"].as_array().unwrap();
        // All at once, so that it stays one request a type.
        let query: Vec<_> = parameters
            .iter()
            .map(|parameter| {
                seen.insert(parameter["type"].as_str().unwrap().to_owned());
                let value = match parameter["type"].as_str().unwrap() {
                    "date" => "ge1900",
                    "reference" => "Patient/maria",
                    "token" => "x",
                    other => panic!("{other}"),
                };
                format!("{}={value}", parameter["name"].as_str().unwrap())
            })
            .collect();
        let answer = app.read(&tokens, &format!("{resource_type}?{}", query.join("&"))).await;
        assert_eq!(answer.found(), [""; 0], "{resource_type}");
        let unlisted = app.read(&tokens, &format!("{resource_type}?unlisted=x")).await;
        unlisted.is_outcome(400, "not-supported");
    }
    assert_eq!(seen, BTreeSet::from(["date".to_owned(), "reference".to_owned(), "token".to_owned()]));
    let types: BTreeSet<_> = resources.iter().map(|resource| resource["type"].as_str().unwrap()).collect();
    assert_eq!(types.len(), resources.len());
    for required in [
        "Patient",
        "Observation",
        "Condition",
        "Encounter",
        "MedicationRequest",
        "DocumentReference",
        "Organization",
    ] {
        assert!(types.contains(required), "{required}");
    }
}

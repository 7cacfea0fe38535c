//! `smart_access_brands` of the SMART App Launch Test Kit: the Bundle of brands, from its URL to the endpoints that it names. Its
//! validation against the profiles is not here.

use http::header::ORIGIN as ORIGIN_HEADER;
use serde_json::Value;

use super::{ORIGIN, is_open_to_the_kit, step};
use crate::harness::SmartApp;

fn resources<'a>(bundle: &'a Value, of_type: &'static str) -> impl Iterator<Item = &'a Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    entries.filter(move |resource| resource["resourceType"] == of_type)
}

fn references(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|one| one["reference"].as_str()).collect()
}

/// ONC-15, BRANDS-03, BRANDS-06, BRANDS-08, BRANDS-15.
#[tokio::test]
async fn smart_access_brands() {
    let app = SmartApp::on_wire("inferno").await;
    let bundle = step("smart_access_brands_retrieve_bundle", async {
        let url = app.metadata["user_access_brand_bundle"].as_str().expect("a bundle");
        let answer = app.target.get(url).header(ORIGIN_HEADER, ORIGIN).send().await;
        is_open_to_the_kit(&answer);
        answer.ok()
    })
    .await;
    step("smart_access_brands_valid_bundle", async {
        assert_eq!((&bundle["resourceType"], &bundle["type"]), (&"Bundle".into(), &"collection".into()));
        assert!(!bundle["entry"].as_array().expect("entry").is_empty());
    })
    .await;
    step("smart_access_brands_valid_endpoints", async {
        let named: Vec<_> =
            resources(&bundle, "Organization").flat_map(|brand| references(&brand["endpoint"])).collect();
        assert!(resources(&bundle, "Endpoint").count() > 0);
        for endpoint in resources(&bundle, "Endpoint") {
            let reference = format!("Endpoint/{}", endpoint["id"].as_str().expect("id"));
            assert!(named.contains(&&*reference), "{reference} is no brand's");
        }
    })
    .await;
    step("smart_access_brands_valid_endpoint_urls", async {
        for endpoint in resources(&bundle, "Endpoint") {
            let url = format!("{}/metadata", endpoint["address"].as_str().expect("address"));
            assert_eq!(app.target.get(&url).send().await.ok()["resourceType"], "CapabilityStatement");
        }
    })
    .await;
    step("smart_access_brands_valid_brands", async {
        for brand in resources(&bundle, "Organization") {
            let endpoints = references(&brand["endpoint"]);
            for endpoint in &endpoints {
                let there =
                    |one: &Value| one["id"].as_str().is_some_and(|id| format!("Endpoint/{id}") == **endpoint);
                assert!(resources(&bundle, "Endpoint").any(there), "{endpoint} is not in the Bundle");
            }
            let portals = brand["extension"].as_array().into_iter().flatten();
            let portals = portals
                .filter(|one| one["url"].as_str().is_some_and(|url| url.ends_with("organization-portal")));
            for part in portals.flat_map(|portal| portal["extension"].as_array().into_iter().flatten()) {
                if let Some(endpoint) = part["valueReference"]["reference"].as_str() {
                    assert!(
                        endpoints.contains(&endpoint),
                        "{endpoint} is of the portal, and not of the brand"
                    );
                }
            }
        }
    })
    .await;
}

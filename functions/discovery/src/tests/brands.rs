//! The Bundle of brands: where it is configured it is announced, and open to all; else there is none (BRANDS-03 to -05; DISC-17, -18).

use serde_json::json;
use smart_core::brands::BRANDS_PATH;

use super::*;

const FILE: &str = r#"{
    "lastUpdated": "2026-01-31T12:00:00Z",
    "endpoint": { "contact": ["https://developers.example.org"] },
    "brand": [
        { "id": "health", "name": "Example Health", "website": "https://www.example.org" },
        { "id": "labs", "name": "Example Labs", "website": "https://labs.example.org", "partOf": "health" }
    ]
}"#;

/// The function with the brands of `file`.
fn branded(file: &str) -> Router {
    let here: PublicUrl = "https://smart.example".parse().unwrap();
    let brands = UserAccessBrands::read(file, &here).unwrap();
    let discovery = Discovery::new(&here, Offered::HERE).with_brands(Some(&brands));
    function_of(Arc::default(), discovery, &Arc::default())
}

#[tokio::test]
async fn brands_03_anyone_may_get_the_bundle_as_json() {
    assert_eq!(BRANDS, BRANDS_PATH);
    let function = branded(FILE);
    for headers in [
        &[][..],
        &[("accept", "text/html")],
        &[("authorization", "Bearer nonsense")],
        &[("accept", "application/json")],
    ] {
        let answer = ask(&function, "GET", BRANDS, headers).await;
        assert_eq!(answer.json()["resourceType"], "Bundle");
        assert_eq!(answer.header("content-type"), "application/fhir+json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let (got, head) = (ask(&function, "GET", BRANDS, &[]).await, ask(&function, "HEAD", BRANDS, &[]).await);
    assert_eq!((head.status, &head.headers, head.bytes.len()), (got.status, &got.headers, 0));
    assert_eq!(ask(&function, "POST", BRANDS, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    // Nothing of the request is in it (SEC-21).
    let forged = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    assert_eq!(ask(&function, "GET", &format!("{BRANDS}?_format=xml"), &forged).await, got);
}

#[tokio::test]
async fn brands_04_any_origin_may_read_it() {
    let function = branded(FILE);
    let origin = ("origin", "https://app.example");
    for headers in [&[origin][..], &[origin, ("if-none-match", "*")]] {
        let answer = ask(&function, "GET", BRANDS, headers).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-expose-headers"), "ETag");
    }
    let preflight = [
        origin,
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "if-none-match"),
    ];
    let answer = ask(&function, "OPTIONS", BRANDS, &preflight).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::NO_CONTENT, "*"));
}

#[tokio::test]
async fn brands_05_it_is_known_by_a_weak_tag() {
    let function = branded(FILE);
    let got = ask(&function, "GET", BRANDS, &[]).await;
    let tag = got.header("etag");
    assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
    let opaque = &tag[2..];
    for known in [tag, "*", opaque, &format!("\"other\", {tag}")] {
        let answer = ask(&function, "GET", BRANDS, &[("if-none-match", known)]).await;
        assert_eq!((answer.status, answer.header("etag")), (StatusCode::NOT_MODIFIED, tag), "{known}");
        assert!(answer.bytes.is_empty());
    }
    for unknown in ["", "W/\"other\"", &format!("W/{tag}"), &tag.to_lowercase()] {
        assert_eq!(ask(&function, "GET", BRANDS, &[("if-none-match", unknown)]).await, got, "{unknown}");
    }
    let changed = branded(&FILE.replace("Example Labs", "Sample Labs"));
    assert_eq!(ask(&changed, "GET", BRANDS, &[("if-none-match", tag)]).await.status, StatusCode::OK);
}

/// DISC-17, DISC-18, DISC-29, BRANDS-13
#[tokio::test]
async fn disc_17_and_18_the_bundle_is_announced_with_the_identifier_of_its_primary_brand() {
    let function = branded(FILE);
    let smart = ask(&function, "GET", SMART, &[]).await.json();
    assert_eq!(smart["user_access_brand_bundle"], "https://smart.example/brands.json");
    let identifier = json!({ "system": "urn:ietf:rfc:3986", "value": "https://example.org" });
    assert_eq!(smart["user_access_brand_identifier"], identifier);
    let bundle = ask(&function, "GET", smart["user_access_brand_bundle"].as_str().unwrap(), &[]).await.json();
    let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let has_it =
        |resource: &&Value| resource["identifier"].as_array().is_some_and(|all| all.contains(&identifier));
    let names: Vec<_> = resources.filter(has_it).map(|resource| &resource["name"]).collect();
    assert_eq!(names, ["Example Health"]);
    for other in [OPENID, OAUTH] {
        let document = ask(&function, "GET", other, &[]).await.json();
        assert!(document.as_object().unwrap().keys().all(|name| !name.contains("brand")), "{other}");
    }
}

#[tokio::test]
async fn disc_04_where_no_brands_are_configured_none_are_announced_or_served() {
    let function = function();
    assert_eq!(ask(&function, "GET", BRANDS, &[]).await.status, StatusCode::NOT_FOUND);
    let smart = ask(&function, "GET", SMART, &[]).await.json();
    assert!(smart.as_object().unwrap().keys().all(|name| !name.contains("brand")));
}

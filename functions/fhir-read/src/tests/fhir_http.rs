//! FHIR R4, `http`: reads, versions, formats, conditional requests, errors.

use serde_json::json;

use super::world::clinic;
use super::{BASE, call, function, get, post_search};

#[tokio::test]
async fn fhir_02_03_08_and_20_a_read() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let answer = get("/fhir/Observation/a-o1").by(&bearer).send(&world).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/fhir+json; charset=utf-8");
    assert_eq!(answer.header("etag"), "W/\"3\"");
    assert_eq!(answer.header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_eq!(answer.header("cache-control"), "no-store");
    let resource = answer.json();
    assert_eq!((&resource["id"], &resource["meta"]["versionId"]), (&json!("a-o1"), &json!("3")));
    assert_eq!(resource["meta"]["lastUpdated"], "2023-11-14T22:13:20Z");
    assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
}

#[tokio::test]
async fn fhir_04_a_representation_that_is_known_is_not_sent_again() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for (name, value, status) in [
        ("if-none-match", "W/\"3\"", 304),
        ("if-none-match", "\"3\"", 304),
        ("if-none-match", "W/\"1\", W/\"3\"", 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "W/\"2\"", 200),
        ("if-none-match", "", 200),
        ("if-modified-since", "Tue, 14 Nov 2023 22:13:20 GMT", 304),
        ("if-modified-since", "Tue, 14 Nov 2023 22:13:19 GMT", 200),
        ("if-modified-since", "yesterday", 200),
    ] {
        let answer = get("/fhir/Patient/a").by(&bearer).header(name, value).send(&world).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {value}");
        assert_eq!(answer.header("etag"), "W/\"3\"");
        assert_eq!(answer.bytes.is_empty(), status == 304);
    }
    // Whoever may not read learns nothing from a condition.
    let answer = get("/fhir/Patient/b").by(&bearer).header("if-none-match", "*").send(&world).await;
    answer.is_outcome(404, "not-found");
}

#[tokio::test]
async fn fhir_06_the_current_version_can_be_read_and_no_other() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/Patient.r", Some("a"));
    let answer = get("/fhir/Patient/a/_history/3").by(&bearer).send(&world).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "W/\"3\""));
    for path in ["/fhir/Patient/a/_history/2", "/fhir/Patient/a/_history/03", "/fhir/Patient/b/_history/3"] {
        get(path).by(&bearer).send(&world).await.is_outcome(404, "not-found");
    }
    get("/fhir/Condition/a-c/_history/3").by(&bearer).send(&world).await.is_outcome(403, "forbidden");
}

#[tokio::test]
async fn fhir_09_and_10_formats() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/metadata"] {
        let generic = get(path).by(&bearer).header("accept", "application/json").send(&world).await;
        assert_eq!(generic.header("content-type"), "application/json; charset=utf-8");
        let xml = get(path).by(&bearer).header("accept", "application/fhir+xml").send(&world).await;
        xml.is_outcome(406, "not-supported");
        get(&format!("{path}?_format=xml")).by(&bearer).send(&world).await.is_outcome(406, "not-supported");
        let json =
            get(&format!("{path}?_format=json")).by(&bearer).header("accept", "text/xml").send(&world).await;
        assert_eq!(json.status, 200);
    }
}

#[tokio::test]
async fn fhir_05_13_14_and_22_errors_are_outcomes() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for (method, path, status, code) in [
        ("GET", "/fhir/Patient/unknown", 404, "not-found"),
        ("GET", "/fhir/Patient/bad_id", 404, "not-found"),
        ("GET", "/fhir/Foo/a", 404, "not-found"),
        ("GET", "/fhir/patient/a", 404, "not-found"),
        ("GET", "/fhir/Patient/a/$everything", 404, "not-supported"),
        ("GET", "/fhir/Patient/a/_history", 404, "not-supported"),
        ("GET", "/fhir/Patient/a/Observation", 404, "not-supported"),
        ("GET", "/fhir", 404, "not-supported"),
        ("POST", "/fhir", 404, "not-supported"),
        ("GET", "/fhir/a/b/c/d", 404, "not-found"),
        ("POST", "/fhir/Patient", 405, "not-supported"),
        ("PUT", "/fhir/Patient/a", 405, "not-supported"),
        ("DELETE", "/fhir/Patient/a", 405, "not-supported"),
    ] {
        let answer = call(method, path).by(&bearer).send(&world).await;
        answer.is_outcome(status, code);
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
    }
}

#[tokio::test]
async fn fhir_18_head_is_get_without_a_body() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/metadata", "/fhir/Patient/b"] {
        let head = call("HEAD", path).by(&bearer).send(&world).await;
        let get = get(path).by(&bearer).send(&world).await;
        assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
        assert_eq!(head.headers, get.headers, "{path}");
    }
}

#[tokio::test]
async fn fhir_11_the_body_of_a_search_is_a_form() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for media_type in ["application/json", "text/plain", "multipart/form-data"] {
        let request =
            call("POST", "/fhir/Observation/_search").header("content-type", media_type).body("status=final");
        request.by(&bearer).send(&world).await.is_outcome(415, "not-supported");
    }
    call("POST", "/fhir/Observation/_search")
        .body("a=b")
        .by(&bearer)
        .send(&world)
        .await
        .is_outcome(415, "not-supported");
    let empty = call("POST", "/fhir/Observation/_search").by(&bearer).send(&world).await;
    assert_eq!(empty.found().len(), 4);
    let charset = call("POST", "/fhir/Observation/_search")
        .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
        .body("status=final");
    assert_eq!(charset.by(&bearer).send(&world).await.found().len(), 4);
    let long = post_search("Observation", &format!("code={}", "x".repeat(70_000)));
    long.by(&bearer).send(&world).await.is_outcome(413, "too-long");
}

#[tokio::test]
async fn fhir_01_and_capst_07_the_capability_statement_has_an_entity_tag() {
    let world = clinic();
    let answer = get("/fhir/metadata").send(&world).await;
    let statement = answer.json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["implementation"]["url"], BASE);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let etag = answer.header("etag").to_owned();
    assert!(etag.starts_with("W/\""));
    let again = get("/fhir/metadata").header("if-none-match", &etag).send(&world).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
}

#[tokio::test]
async fn capst_02_each_listed_search_works_and_no_other() {
    let world = clinic();
    let bearer = world.token("clinician", "user/*.rs", None);
    let function = function(&world);
    let statement = get("/fhir/metadata").send_to(&function).await.json();
    let example = |kind: &str| match kind {
        "date" => "2020",
        _ => "x",
    };
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let resource_type = resource["type"].as_str().unwrap();
        let listed: Vec<_> = resource["searchParam"].as_array().unwrap().iter().collect();
        for parameter in &listed {
            let (name, kind) = (parameter["name"].as_str().unwrap(), parameter["type"].as_str().unwrap());
            let answer = get(&format!("/fhir/{resource_type}?{name}={}", example(kind)))
                .by(&bearer)
                .send_to(&function)
                .await;
            assert_eq!(answer.status, 200, "{resource_type}?{name}");
            assert!(answer.link("self").unwrap().contains(name), "{resource_type}?{name}");
        }
        for name in ["patient", "subject", "category", "code", "date", "status", "name", "identifier", "_tag"]
        {
            if !listed.iter().any(|parameter| parameter["name"] == name) {
                let answer =
                    get(&format!("/fhir/{resource_type}?{name}=x")).by(&bearer).send_to(&function).await;
                answer.is_outcome(400, "not-supported");
                assert!(answer.diagnostics().contains(&format!("`{name}`")), "{resource_type}?{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_stored_resource_that_cannot_be_read_is_never_sent() {
    let world = clinic();
    let bearer = world.token("clinician", "user/*.rs", None);
    world.put_bytes(&json!({"resourceType": "Basic", "id": "x"}), "not JSON".into());
    get("/fhir/Basic/x").by(&bearer).send(&world).await.is_outcome(500, "exception");
    assert!(get("/fhir/Basic").by(&bearer).send(&world).await.found().is_empty());
}

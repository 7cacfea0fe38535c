//! FHIR R4, "`RESTful` API": the read side.

use http::Method;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};

use crate::harness::SmartApp;

/// FHIR-02, FHIR-03, FHIR-08, FHIR-20: a resource by its address, with a tag and a date that agree with its `meta`.
#[tokio::test]
async fn fhir_02_a_resource_is_read_by_its_address() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let answer = app.read(&tokens, "Observation/maria-bp-2024").await;
    let resource = answer.ok();
    assert_eq!(
        (&resource["resourceType"], &resource["id"]),
        (&"Observation".into(), &"maria-bp-2024".into())
    );
    assert_eq!(answer.header(CONTENT_TYPE), "application/fhir+json; charset=utf-8");
    let version = resource["meta"]["versionId"].as_str().unwrap();
    assert_eq!(answer.header(ETAG), format!("W/\"{version}\""));
    let updated = resource["meta"]["lastUpdated"].as_str().unwrap();
    let date = answer.header(LAST_MODIFIED);
    // "Tue, 24 Nov 2026 10:00:00 GMT" and "2026-11-24T10:00:00Z"
    assert!(date.ends_with(" GMT") && updated.len() >= 19, "{date} {updated}");
    assert_eq!(&date[17..25], &updated[11..19], "{date} {updated}");
    assert_eq!(&date[12..16], &updated[..4], "{date} {updated}");
    // A record stays in no cache.
    assert_eq!(answer.header(CACHE_CONTROL), "no-store");
}

/// FHIR-04: who has it already is told so.
#[tokio::test]
async fn fhir_04_conditional_reads() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let first = app.read(&tokens, "Patient/maria").await;
    let (etag, date) = (first.header(ETAG), first.header(LAST_MODIFIED));
    for known in [
        (IF_NONE_MATCH, etag),
        (IF_NONE_MATCH, "*"),
        (IF_NONE_MATCH, "W/\"x\", W/\"1\""),
        (IF_MODIFIED_SINCE, date),
    ] {
        let answer = app.fhir(&tokens, "Patient/maria").header(known.0, known.1).send().await;
        assert!(answer.is(304).body.is_empty());
        assert_eq!(answer.header(ETAG), etag);
    }
    for unknown in [
        (IF_NONE_MATCH, "W/\"99\""),
        (IF_MODIFIED_SINCE, "Sat, 01 Jan 2000 00:00:00 GMT"),
        (IF_MODIFIED_SINCE, "x"),
    ] {
        app.fhir(&tokens, "Patient/maria").header(unknown.0, unknown.1).send().await.is(200);
    }
    // Not for who may not read it.
    let other = app.fhir(&tokens, "Patient/lena").header(IF_NONE_MATCH, "*").send().await;
    other.is_outcome(404, "not-found");
}

/// FHIR-05, FHIR-13, FHIR-14, FHIR-23, X-19: what is unknown, malformed or another patient's is not found, all alike.
#[tokio::test]
async fn fhir_05_what_is_not_there_is_not_found() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let mut said = Vec::new();
    for path in [
        "Patient/nobody",
        "Patient/lena",
        "Patient/x_y",
        &format!("Patient/{}", "x".repeat(65)),
        "Patient/MARIA",
    ] {
        said.push(app.read(&tokens, path).await.is_outcome(404, "not-found"));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    for path in ["Nonsense/maria", "patient/maria", "PATIENT/maria", "Patients", ""] {
        app.read(&tokens, path).await.is(404);
    }
}

/// FHIR-06: the current version by its number, and no other.
#[tokio::test]
async fn fhir_06_the_current_version_can_be_read() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let version =
        app.read(&tokens, "Patient/maria").await.ok()["meta"]["versionId"].as_str().unwrap().to_owned();
    let same = app.read(&tokens, &format!("Patient/maria/_history/{version}")).await.ok();
    assert_eq!((&same["id"], &same["meta"]["versionId"]), (&"maria".into(), &version.into()));
    for other in ["Patient/maria/_history/0", "Patient/maria/_history/99", "Patient/lena/_history/1"] {
        app.read(&tokens, other).await.is_outcome(404, "not-found");
    }
    for history in ["Patient/maria/_history", "Patient/_history", "_history"] {
        app.read(&tokens, history).await.is_outcome(404, "not-supported");
    }
}

/// FHIR-09, FHIR-10, FHIR-15: JSON, under the name that is asked for; another format is not acceptable.
#[tokio::test]
async fn fhir_09_10_formats() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (accept, format, media_type) in [
        (None, "", Some("application/fhir+json; charset=utf-8")),
        (Some("*/*"), "", Some("application/fhir+json; charset=utf-8")),
        (Some("application/fhir+json"), "", Some("application/fhir+json; charset=utf-8")),
        (Some("application/json"), "", Some("application/json; charset=utf-8")),
        (Some("application/fhir+xml"), "", None),
        (Some("text/html"), "", None),
        (Some("application/fhir+xml"), "json", Some("application/fhir+json; charset=utf-8")),
        (Some("application/fhir+json"), "xml", None),
        (None, "application/fhir%2Bjson", Some("application/fhir+json; charset=utf-8")),
        (None, "application/json", Some("application/json; charset=utf-8")),
        (None, "text/turtle", None),
    ] {
        for path in ["Patient/maria", "Patient", "metadata"] {
            let query = if format.is_empty() { String::new() } else { format!("?_format={format}") };
            let call = app.fhir(&tokens, &format!("{path}{query}"));
            let answer = accept
                .map_or(app.fhir(&tokens, &format!("{path}{query}")), |accept| call.header(ACCEPT, accept));
            let answer = answer.send().await;
            match media_type {
                Some(media_type) => {
                    assert_eq!(answer.is(200).header(CONTENT_TYPE), media_type, "{accept:?} {format}");
                }
                None => drop(answer.is_outcome(406, "not-supported")),
            }
        }
    }
}

/// FHIR-11: the body of a search is a form.
#[tokio::test]
async fn fhir_11_other_bodies_are_not_understood() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let url = format!("{}/Observation/_search", app.fhir_base());
    for media_type in ["application/json", "application/fhir+json", "text/plain", ""] {
        let call = app.target.call(Method::POST, &url).bearer(&tokens.access_token);
        let answer = call.header(CONTENT_TYPE, media_type).body("{\"patient\":\"maria\"}").send().await;
        answer.is_outcome(415, "not-supported");
    }
}

/// FHIR-12: percent-encoding is undone once, and cases differ.
#[tokio::test]
async fn fhir_12_encodings() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for path in [
        "Patient/%6Daria",
        "%50atient/maria",
        "Observation?patient=Patient%2Fmaria&category=survey%2Claboratory",
    ] {
        app.read(&tokens, path).await.is(200);
    }
    for path in [
        "Patient/%256Daria",
        "Patient%2Fmaria",
        "Patient/maria%00",
        "Patient/%FF",
        "Patient/maria%2F..%2Flena",
    ] {
        app.read(&tokens, path).await.is(404);
    }
    let [raw, encoded] = ["http://loinc.org|85354-9", "http%3A%2F%2Floinc.org%7C85354-9"]
        .map(|code| format!("Observation?code={code}"));
    assert_eq!(app.read(&tokens, &raw).await.ids(), app.read(&tokens, &encoded).await.ids());
}

/// FHIR-14, FHIR-22, RS-20: what is known and not supported is said: writes, operations, batches.
#[tokio::test]
async fn fhir_14_writes_and_operations_are_refused() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (method, path) in [
        (Method::PUT, "Patient/maria"),
        (Method::PATCH, "Patient/maria"),
        (Method::DELETE, "Patient/maria"),
        (Method::POST, "Patient"),
        (Method::POST, "Patient/maria"),
        (Method::DELETE, "Observation?patient=maria"),
        (Method::PUT, "metadata"),
    ] {
        let url = format!("{}/{path}", app.fhir_base());
        let call = app.target.call(method, &url).bearer(&tokens.access_token);
        let answer = call.header(CONTENT_TYPE, "application/fhir+json").body("{}").send().await;
        answer.is_outcome(405, "not-supported");
        assert!(answer.header(http::header::ALLOW).contains("GET"), "{}", answer.asked);
    }
    assert_eq!(app.read(&tokens, "Patient/maria").await.ok()["birthDate"], "1984-07-19");
}

/// FHIR-16: every error is an `OperationOutcome` that says what to mend and nothing of anybody's data.
#[tokio::test]
async fn fhir_16_errors_say_what_to_mend() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (path, status, code, says) in [
        ("Observation?date=23 May", 400, "value", "date"),
        ("Observation?unknown=secret-value", 400, "not-supported", "unknown"),
        ("Observation?code:in=secret-value", 400, "not-supported", "code:in"),
        ("Observation?_count=-1", 400, "value", "_count"),
        ("Observation?_cursor=secret-value", 400, "value", "_cursor"),
        ("Patient/lena", 404, "not-found", "no resource"),
        ("Patient/maria/_history", 404, "not-supported", "history"),
    ] {
        let told = app.read(&tokens, &path.replace(' ', "%20")).await.is_outcome(status, code);
        assert!(told.contains(says) && !told.contains("secret-value"), "{told}");
    }
}

/// FHIR-18: HEAD is GET without the body.
#[tokio::test]
async fn fhir_18_head_is_get_without_a_body() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for path in ["Patient/maria", "Observation?patient=maria", "metadata", "Patient/nobody"] {
        let url = format!("{}/{path}", app.fhir_base());
        let get = app.target.get(&url).bearer(&tokens.access_token).send().await;
        let head = app.target.call(Method::HEAD, &url).bearer(&tokens.access_token).send().await;
        assert_eq!(head.status, get.status);
        assert!(head.body.is_empty());
        for name in [CONTENT_TYPE, ETAG, CONTENT_LENGTH] {
            assert_eq!(head.header(name.clone()), get.header(name.clone()), "{path}: {name}");
        }
    }
}

//! What must be true of every answer.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{Method, Request};
use serde_json::Value;

use super::scene::Scene;
use crate::harness::Answer;
use crate::harness::page::Page;
use crate::harness::target::is_behind_an_api;

/// What a program says of itself only when it falls.
const TRACES: [&str; 7] =
    ["panicked", "backtrace", "RUST_", "unwrap()", "called `", "/src/", "smart_authorize"];

/// Of other patients than Maria.
const OTHERS: [&str; 5] = ["Patient/lena", "Patient/tom", "\"lena-", "\"tom-", "Berg"];

const PAGES: [&str; 8] = [
    "/auth/authorize",
    "/auth/login",
    "/auth/callback",
    "/auth/patient",
    "/auth/encounter",
    "/auth/consent",
    "/auth/access",
    "/auth/sign-out",
];

/// Of AWS's API and of the emulator's: no route, and OPTIONS without one.
const API_SAYS: [&str; 2] = [r#"{"message":"Not Found"}"#, r#"{"message": "CORS not configured"}"#];

pub(super) fn check(scene: &Scene, request: &Request<Bytes>, answer: &Answer) {
    let what = format!("{} {}", request.method(), request.uri());
    assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text());
    let text = answer.text();
    for trace in TRACES {
        assert!(!text.contains(trace), "{what}: {trace} in {text}");
    }
    // A place in a source file; a scope that is repeated may end in `.rs` too.
    let mut places =
        text.match_indices(".rs:").filter_map(|(at, found)| text[at + found.len()..].chars().next());
    assert!(!places.any(|next| next.is_ascii_digit()), "{what}: a place in {text}");
    let headers = format!("{:?}", answer.headers);
    for secret in &scene.secrets {
        assert!(
            !text.contains(secret) && !headers.contains(secret),
            "{what}: a secret is repeated: {text} {headers}"
        );
    }
    // A server may put an end to what is too long before anybody reads it (RFC 9110 §15.5.15, RFC 6585 §5).
    if [414, 431].contains(&answer.status) && answer.body.is_empty() {
        return;
    }
    // What it finds no route for, an API answers in its own words, which is all that they say.
    if is_behind_an_api() && [403, 404].contains(&answer.status) && API_SAYS.contains(&&*text) {
        return;
    }
    check_redirect(scene, answer, &what);
    let path = request.uri().path();
    if request.method() == Method::HEAD || [204, 303, 304].contains(&answer.status) {
        assert!(answer.body.is_empty(), "{what}");
    } else if PAGES.contains(&path) && answer.status != 405 {
        Page::read("http://localhost/".parse().unwrap(), answer);
    } else if path == "/fhir" || path.starts_with("/fhir/") && path != "/fhir/.well-known/smart-configuration"
    {
        check_fhir(answer, &what);
    } else {
        check_json(answer, &what);
    }
    if !PAGES.contains(&path) {
        assert!(!answer.headers.contains_key(SET_COOKIE), "{what}");
    }
}

/// On to a page of the server, or to the app that asked; to nowhere else.
fn check_redirect(scene: &Scene, answer: &Answer, what: &str) {
    if answer.status != 303 {
        assert!(!(300..304).contains(&answer.status) && !answer.headers.contains_key(LOCATION), "{what}");
        return;
    }
    let location = answer.location();
    let to_app = |uri: &String| {
        let rest = location.strip_prefix(uri.as_str());
        rest.is_some_and(|rest| rest.starts_with("?code=") || rest.starts_with("?error="))
    };
    let to_page = PAGES.iter().any(|page| location.starts_with(&format!("{page}?request=")))
        || location == "/auth/access"
        || location.starts_with("/auth/access?ended=");
    assert!(to_page || scene.redirect_uris.iter().any(to_app), "{what}: sent to {location}");
}

/// A resource, of nobody but Maria; or an `OperationOutcome`.
fn check_fhir(answer: &Answer, what: &str) {
    answer.is_open_to_all_origins();
    let resource = answer.json();
    assert_eq!(resource["resourceType"] == "OperationOutcome", answer.status >= 400, "{what}: {resource}");
    assert!(answer.header(CONTENT_TYPE).ends_with("json; charset=utf-8"), "{what}");
    if answer.status >= 400 {
        let issue = &resource["issue"][0];
        assert!(issue["code"].is_string() && issue["diagnostics"].is_string(), "{what}: {resource}");
        return;
    }
    let resources: Vec<&Value> = match resource["entry"].as_array() {
        Some(entries) => entries.iter().map(|entry| &entry["resource"]).collect(),
        None => vec![&resource],
    };
    for resource in resources.into_iter().filter(|resource| resource["resourceType"] != "Bundle") {
        let text = resource.to_string();
        assert!(!OTHERS.iter().any(|other| text.contains(other)), "{what}: another's record: {text}");
    }
}

fn check_json(answer: &Answer, what: &str) {
    assert_eq!(answer.header(CONTENT_TYPE), "application/json", "{what}: {}", answer.text());
    let told = answer.json();
    if answer.status >= 400 {
        assert!(told["error"].is_string() && told["error_description"].is_string(), "{what}: {told}");
    } else {
        assert!(told.is_object(), "{what}: {told}");
    }
}

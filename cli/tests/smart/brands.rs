//! User-access brands from outside: what is checked is what is served, and what is wrong is served by nobody.

use serde_json::Value;

use crate::command::{Server, get, smart, smart_with};

const FILE: &str = r#"{
    "lastUpdated": "2026-01-31T12:00:00Z",
    "endpoint": { "contact": ["https://developers.example.org"] },
    "brand": [{ "id": "health", "name": "Example Health", "website": "https://www.example.org" }]
}"#;

/// BRANDS-03, BRANDS-12
#[test]
fn brands_03_what_is_checked_is_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("brands.json"), FILE).unwrap();
    let server = Server::start(folder.path(), &["--ephemeral", "--brands", "brands.json"]);
    let (status, answer) = get(server.port(), "/brands.json");
    assert_eq!(status, 200);
    let bundle: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let checked = smart_with(folder.path(), &["brands", "--public-url", &server.url, "-"], FILE).well();
    assert_eq!(serde_json::from_str::<Value>(&checked).unwrap(), bundle);
    assert_eq!(bundle["entry"][1]["resource"]["name"], "Example Health");
}

/// DISC-04: a server of somebody's own has no hospital until it is told of one.
#[test]
fn disc_04_without_the_demo_no_brands_are_made_up() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("seed/fhir")).unwrap();
    for file in ["clients.json", "users.json"] {
        std::fs::write(folder.path().join("seed").join(file), "[]").unwrap();
    }
    let server = Server::start(folder.path(), &["--ephemeral", "--seed", "seed"]);
    assert_eq!(get(server.port(), "/brands.json").0, 404);
    let (_, smart) = get(server.port(), "/fhir/.well-known/smart-configuration");
    assert!(!smart.contains("user_access_brand"), "{smart}");
}

#[test]
fn brands_that_are_wrong_are_told_in_one_line_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let wrong =
        FILE.replace("https://www.example.org", "javascript:alert(1)").replace("https://dev", "http://dev");
    std::fs::write(folder.path().join("brands.json"), wrong).unwrap();
    for arguments in [&["brands", "brands.json"][..], &["serve", "--port", "0", "--brands", "brands.json"]] {
        let done = smart(folder.path(), arguments);
        assert_eq!((done.code, done.out.as_str(), done.err.lines().count()), (2, "", 1), "{}", done.err);
        let expected = "smart: brands.json: endpoint.contact[0]: expected a URL: https://HOST, and a path perhaps; \
                        brand[0].website: expected";
        assert!(done.err.starts_with(expected), "{}", done.err);
    }
    assert!(!folder.path().join(".smart").exists());
}

//! A bad seed is one clear line with file, line and field, exit code 2, and nothing half-loaded.

use std::path::Path;

use crate::command::{Server, get, smart};

const CLIENT: &str = r#"{ "client_id": "app",
    "redirect_uris": ["https://app.example/cb"],
    "token_endpoint_auth_method": "none" }"#;
const USER: &str = r#"{ "username": "maria", "password": "s3cret",
    "name": "Maria", "fhirUser": "Patient/a", "patients": "*" }"#;
const PATIENT: &str = r#"{"resourceType":"Patient","id":"a"}"#;

/// Writes a seed folder of these files.
fn write(folder: &Path, files: &[(&str, String)]) {
    std::fs::create_dir_all(folder.join("seed/fhir")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join("seed").join(name), text).unwrap();
    }
}

fn good() -> Vec<(&'static str, String)> {
    vec![
        ("clients.json", format!("[{CLIENT}]")),
        ("users.json", format!("[{USER}]")),
        ("fhir/Patient.ndjson", format!("{PATIENT}\n")),
    ]
}

/// The good seed but for one file.
fn with(name: &'static str, text: impl Into<String>) -> Vec<(&'static str, String)> {
    let mut files: Vec<_> = good().into_iter().filter(|(known, _)| *known != name).collect();
    files.push((name, text.into()));
    files
}

#[test]
fn a_fault_in_clients_or_users_names_its_file_line_and_field() {
    let keyed = |jwks: &str| {
        format!(
            "[{{\"client_id\":\"app\",\"grant_types\":[\"client_credentials\"],\n\"token_endpoint_auth_method\":\"private_key_jwt\",\n\"jwks\":{jwks}}}]"
        )
    };
    let table: Vec<(Vec<(&str, String)>, &str)> = vec![
        (
            with("clients.json", "[\n  {,\n]"),
            "clients.json:2: expected JSON: key must be a string (column 4)",
        ),
        (with("clients.json", "{}"), "clients.json:1: expected an array"),
        (
            with(
                "clients.json",
                format!("[{CLIENT},\n{}]", CLIENT.replace("redirect_uris", "redirect_urls")),
            ),
            "clients.json:5: redirect_urls: no registered name of client metadata (RFC 7591)",
        ),
        (
            with("clients.json", format!("[{}]", CLIENT.replace("\"app\"", "\"a b\""))),
            "clients.json:1: client_id: expected 1 to 255 visible ASCII characters",
        ),
        (
            with(
                "clients.json",
                format!(
                    "[{}]",
                    CLIENT.replace(
                        "https://app.example/cb\"",
                        "https://a.example/cb\",\n \"http://a.example/cb\""
                    )
                ),
            ),
            "clients.json:3: redirect_uris[1]: expected https; http is for 127.0.0.1, [::1] and localhost only",
        ),
        (
            with("clients.json", format!("[{CLIENT},\n {CLIENT}]")),
            "clients.json:4: client_id: expected another id: \"app\" is on line 1 already",
        ),
        (
            with(
                "clients.json",
                format!(
                    "[{}]",
                    CLIENT.replace("\"none\"", "\"client_secret_basic\",\n\"client_secret\": \"short\"")
                ),
            ),
            "clients.json:4: client_secret: expected a random secret of at least 128 bits (22 characters or more)",
        ),
        (
            with(
                "clients.json",
                keyed("{ \"keys\": [\n{ \"kid\": \"k\", \"kty\": \"oct\", \"k\": \"s3cret\" } ] }"),
            ),
            "clients.json:4: jwks.keys[0]: expected a public key: this one holds private members",
        ),
        (
            with(
                "users.json",
                format!("[{USER},\n{}]", USER.replace("maria", "tom").replace("\"name\"", "\"nmae\"")),
            ),
            "users.json:4: nmae: no field of a user: expected username, password, name, fhirUser, patients, external",
        ),
        (
            with("users.json", format!("[{}]", USER.replace("\"*\"", "[\n\"a\",\n\"b/c\"]"))),
            "users.json:4: patients[1]: expected 1 to 64 letters, digits, '-' or '.'",
        ),
        (
            with("users.json", format!("[{}]", USER.replace("Patient/a", "Nobody/a"))),
            "users.json:2: fhirUser: expected Patient/ID, Practitioner/ID, RelatedPerson/ID or Person/ID",
        ),
        (
            with("users.json", format!("[{USER},{USER}]")),
            "users.json:2: username: expected another name: \"maria\" is on line 1 already",
        ),
        (with("users.json", "[\"maria\"]"), "users.json:1: expected an object: a user"),
        (
            with("fhir/Patient.ndjson", format!("{PATIENT}\n\n{PATIENT}\n{{\"resourceType\":\"Patient\"\n")),
            "fhir/Patient.ndjson:4: expected a JSON object: EOF while parsing an object (column 25)",
        ),
        (
            with("fhir/Patient.ndjson", format!("{PATIENT}\n{{\"resourceType\":\"Patent\",\"id\":\"b\"}}\n")),
            "fhir/Patient.ndjson:2: resourceType: expected a resource type of FHIR R4, not \"Patent\"",
        ),
    ];
    each_is_refused(table);
}

#[test]
fn a_fault_in_a_resource_names_its_file_line_and_field() {
    let table: Vec<(Vec<(&str, String)>, &str)> = vec![
        (
            with(
                "fhir/Patient.ndjson",
                format!("{PATIENT}\n{{\"resourceType\":\"Patient\",\"id\":\"b c\"}}\n"),
            ),
            "fhir/Patient.ndjson:2: id: expected 1 to 64 letters, digits, '-' or '.'",
        ),
        (
            with(
                "fhir/bundle.json",
                format!(
                    "{{\n\"resourceType\":\"Bundle\",\"entry\":[\n{{\"resource\":{PATIENT}}},\n{{\"resource\":\n{{\"id\":\"b\",\n\"resourceType\":\"Patent\"}}}}]}}"
                ),
            ),
            "fhir/bundle.json:6: entry[1].resource.resourceType: expected a resource type of FHIR R4, not \"Patent\"",
        ),
        (
            with("fhir/bundle.json", "{\"resourceType\":\"Bundle\",\"entry\":[\n{}]}"),
            "fhir/bundle.json:2: entry[0].resource: expected a resource",
        ),
        (
            with("fhir/two.json", format!("{PATIENT}\n{PATIENT}")),
            "fhir/two.json:2: expected JSON: trailing characters (column 1)",
        ),
        (
            with("fhir/list.json", format!("[{PATIENT}]")),
            "fhir/list.json:1: expected a Bundle or one resource (one resource a line is a .ndjson file)",
        ),
    ];
    each_is_refused(table);
}

fn each_is_refused(table: Vec<(Vec<(&str, String)>, &str)>) {
    for (files, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files);
        let said = smart(folder.path(), &["serve", "--port", "0", "--seed", "seed"]);
        assert_eq!(said.err, format!("smart: seed/{expected}\n"));
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{expected}");
        assert!(!folder.path().join(".smart").exists(), "nothing was begun: {expected}");
    }
}

#[test]
fn a_folder_that_is_none_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    for (name, expected) in [
        ("nowhere", "nowhere: expected a seed folder, and there is none"),
        ("file", "file: expected a seed folder, and this is a file"),
        ("empty", "empty: expected clients.json, users.json or a folder fhir, and there is none of them"),
    ] {
        let said = smart(folder.path(), &["serve", "--port", "0", "--seed", name]);
        assert_eq!((said.code, said.err), (2, format!("smart: {expected}\n")));
    }
}

/// The good part of a bad seed does not come in, and what was there before stays as it was.
#[test]
fn a_bad_seed_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &good());
    Server::start(folder.path(), &["--seed", "seed"]).stop();
    let before = smart(folder.path(), &["user", "list", "--json"]).well();
    let changed = [
        ("users.json", format!("[{}]", USER.replace("Maria", "Mary"))),
        ("clients.json", format!("[{}]", CLIENT.replace("\"app\"", "\"other\""))),
        ("fhir/Patient.ndjson", format!("{PATIENT}\nbroken\n")),
    ];
    write(folder.path(), &changed);
    assert_eq!(smart(folder.path(), &["serve", "--port", "0", "--seed", "seed"]).code, 2);
    assert_eq!(smart(folder.path(), &["user", "list", "--json"]).well(), before);
    assert_eq!(smart(folder.path(), &["client", "show", "other"]).code, 1);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(get(server.port(), "/fhir/metadata").0, 200);
}

#[test]
fn identity_providers_that_are_wrong_are_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = r#"[{ "id": "op", "name": "Op", "issuer": "http://idp.example", "client_id": "c",
        "client_secret": "hunter2" }, { "id": "op" }]"#;
    std::fs::write(folder.path().join("idp.json"), faulty).unwrap();
    let serve = ["serve", "--ephemeral", "--port", "0"];
    let done = smart(folder.path(), &[&serve[..], &["--login-providers", "idp.json"]].concat());
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    for expected in [
        "smart: idp.json: [0].issuer: expected",
        "; [0].client_secret: expected env:NAME or file:PATH",
        "; [1].issuer: expected, and",
    ] {
        assert!(done.err.contains(expected), "{}", done.err);
    }
    assert!(!done.err.contains("hunter2"));
    let alone = smart(folder.path(), &[&serve[..], &["--local-users", "false"]].concat());
    assert_eq!(alone.code, 2, "there would be no way to sign in: {}", alone.err);
}

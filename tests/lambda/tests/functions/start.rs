//! How a function starts, and how it does not.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use smart_aws::emulator;
use smart_lambda_tests::endpoint::Endpoint;
use smart_lambda_tests::event::Event;
use smart_lambda_tests::function::Function;
use tempfile::TempDir;

use super::world::{FUNCTIONS, PUBLIC_URL, World, aws, program, signing_key};

/// Starts a function that cannot start, and returns the one line that says why.
fn refusal(name: &str, environment: &[(&str, &str)]) -> Value {
    let region = [("AWS_REGION", "us-east-1")];
    let function = Function::start(program(name), region.iter().chain(environment).copied()).unwrap();
    let (status, polled, lines) = function.end().unwrap();
    assert!(!status.success() && !polled, "{name}: {status}, {lines:?}");
    let [line] = lines.as_slice() else { panic!("{name}: {lines:?}") };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"the function cannot go on".into()));
    line
}

/// Settings that are well formed and name tables and a key that are not there.
fn of_nothing(aws: &[(String, String)]) -> Vec<(&str, &str)> {
    let settings = [
        ("SMART_PUBLIC_URL", PUBLIC_URL),
        ("SMART_TABLE", "nowhere"),
        ("SMART_RECORDS_TABLE", "nowhere"),
        ("SMART_SIGNING_KEYS", "alias/nobody"),
    ];
    aws.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(settings).collect()
}

#[test]
fn one_line_names_all_that_is_missing() {
    for (name, needs) in FUNCTIONS {
        let told = refusal(name, &[])["error"].as_str().unwrap().to_owned();
        let missing: Vec<_> =
            told.split("; ").filter_map(|fault| fault.split_once(" is missing")).map(|(n, _)| n).collect();
        assert_eq!(missing, needs, "{name}: {told}");
    }
}

#[test]
fn one_line_names_all_that_is_wrong_and_repeats_none_of_it() {
    for (name, needs) in FUNCTIONS {
        let wrong: Vec<_> = needs
            .iter()
            .map(|need| (*need, if *need == "SMART_SIGNING_KEYS" { "," } else { "s3cr3t !" }))
            .collect();
        let told = refusal(name, &wrong)["error"].as_str().unwrap().to_owned();
        let named: Vec<_> =
            told.split("; ").filter_map(|fault| fault.split_once(" is wrong")).map(|(n, _)| n).collect();
        assert_eq!(named, needs, "{name}: {told}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

/// What may be left out is told beside what may not.
#[test]
fn one_line_names_what_is_wrong_beside_what_is_missing() {
    let wrong = [("SMART_NOT_BEFORE", "yesterday"), ("SMART_BEHIND_CLOUDFRONT", "perhaps")];
    for (name, needs) in FUNCTIONS.into_iter().filter(|(name, _)| *name != "discovery") {
        let told = refusal(name, &wrong)["error"].as_str().unwrap().to_owned();
        let faults = told.split("; ").filter_map(|fault| fault.split_once(" is "));
        let mut named: Vec<_> = faults.map(|(name, _)| name).collect();
        named.sort_unstable();
        let mut expected = [needs, &wrong.map(|(name, _)| name)].concat();
        expected.sort_unstable();
        assert_eq!(named, expected, "{name}: {told}");
        assert!(!told.contains("yesterday") && !told.contains("perhaps"), "{told}");
    }
}

#[tokio::test]
async fn a_key_for_something_else_ends_the_start_by_name() {
    let large = signing_key(&emulator::sdk().await.unwrap(), "RSA_4096").await;
    let aws = aws();
    let environment = [of_nothing(&aws), vec![("SMART_SIGNING_KEYS", large.as_str())]].concat();
    for name in ["discovery", "token", "fhir-read"] {
        let function = Function::start(program(name), environment.iter().copied()).unwrap();
        let (status, polled, lines) = function.end().unwrap();
        assert!(!status.success() && !polled, "{name}: {status}, {lines:?}");
        assert!(lines.iter().any(|line| line.contains(&format!("signing key {large}"))), "{name}: {lines:?}");
    }
}

#[test]
fn identity_providers_that_are_wrong_or_whose_secret_is_nowhere_end_the_start_by_name() {
    let aws = aws();
    let environment = of_nothing(&aws);
    let provider = |secret: &str| {
        let rest = r#""name":"Op","issuer":"https://idp.example","client_id":"smart""#;
        format!(r#"[{{"id":"op",{rest},"client_secret":"{secret}"}}]"#)
    };
    for (secret, expected) in [
        ("s3cr3t", "SMART_LOGIN_PROVIDERS is wrong: [0].client_secret: expected secretsmanager:NAME"),
        ("secretsmanager:smart/nobody", "the secret smart/nobody: ResourceNotFoundException"),
    ] {
        let providers = provider(secret);
        let told = [environment.clone(), vec![("SMART_LOGIN_PROVIDERS", providers.as_str())]].concat();
        let (status, polled, lines) = Function::start(program("authorize"), told).unwrap().end().unwrap();
        assert!(!status.success() && !polled, "{status}, {lines:?}");
        assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
        assert!(!lines.concat().contains("s3cr3t"), "{lines:?}");
    }
}

#[tokio::test]
async fn each_function_answers_for_itself() {
    let mut service = World::new().await.service();

    let answer = service.get("/fhir/.well-known/smart-configuration");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    // SEC-21: the event says that it is for evil.example.
    assert_eq!(answer.json()["issuer"], PUBLIC_URL);
    assert_eq!(answer.json()["token_endpoint"], format!("{PUBLIC_URL}/auth/token"));
    let keys = service.get("/.well-known/jwks.json").json();
    assert_eq!((&keys["keys"][0]["kty"], keys["keys"].as_array().unwrap().len()), (&"RSA".into(), 1));

    let asked = "/auth/authorize?response_type=code&client_id=nobody&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
    let answer = service.get(asked);
    assert_eq!((answer.status, answer.header("content-type")), (400, "text/html; charset=utf-8"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));

    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "nonsense")];
    let answer = service.ask("/auth/token", &Event::post("/auth/token", &form));
    assert_eq!((answer.status, &answer.json()["error"]), (400, &"invalid_grant".into()), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");

    let answer = service.get("/fhir/Patient/a");
    assert_eq!((answer.status, &answer.json()["resourceType"]), (401, &"OperationOutcome".into()));
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{:?}", answer.headers);
    assert_eq!(service.get("/fhir/metadata").json()["resourceType"], "CapabilityStatement");
}

/// Tables that take calls and never answer: the call itself would wait for five seconds, and Lambda stops the function after three.
#[tokio::test]
async fn whoever_waits_is_told_to_come_back_before_lambda_stops_the_function() {
    const TIME: Duration = Duration::from_secs(3);
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let world = World::new().await.with_tables_at(&format!("http://{}", silent.local_addr().unwrap()));
    let mut token = world.start("token");
    token.ready().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "nonsense")];
    for _ in 0..2 {
        let asked = token.started().elapsed();
        let answer = token.ask_within(&Event::post("/auth/token", &form), TIME).unwrap();
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{}", answer.body);
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        assert!(answer.since_start < asked + TIME, "{:?}", answer.since_start.abs_diff(asked));
        let line = token
            .logged(|line| line["error"] == "lambda is unavailable: no time is left")
            .expect("a line that says so");
        assert_eq!(line["level"], "ERROR");
    }
}

/// The program of discovery in a package of its own, with the brands of `file` beside it.
fn branded(package: &TempDir, file: &str) -> Command {
    let bootstrap = package.path().join("bootstrap");
    std::fs::hard_link(program("discovery").get_program(), &bootstrap).unwrap();
    std::fs::write(package.path().join("brands.json"), file).unwrap();
    Command::new(bootstrap)
}

/// A folder where a program can be linked to.
fn package() -> TempDir {
    let program = program("discovery");
    TempDir::new_in(Path::new(program.get_program()).parent().unwrap()).unwrap()
}

/// BRANDS-03, DISC-17
#[tokio::test]
async fn brands_03_those_in_the_package_of_discovery_are_served() {
    let package = package();
    let file = include_str!("../../../src/harness/brands.json");
    let mut discovery = World::new().await.start_as("discovery", branded(&package, file));
    let smart = discovery.ask(&Event::get("/fhir/.well-known/smart-configuration")).unwrap().json();
    assert_eq!(smart["user_access_brand_bundle"], format!("{PUBLIC_URL}/brands.json"));
    let answer = discovery.ask(&Event::get("/brands.json")).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/fhir+json"));
    assert_eq!(answer.json()["resourceType"], "Bundle");
    let mut without = World::new().await.start("discovery");
    assert_eq!(without.ask(&Event::get("/brands.json")).unwrap().status, 404);
}

#[test]
fn brands_that_are_wrong_end_the_start_by_their_place() {
    let package = package();
    let file = include_str!("../../../src/harness/brands.json")
        .replace("https://my.example.org", "javascript:alert(1)");
    let settings = [
        ("SMART_PUBLIC_URL", PUBLIC_URL),
        ("SMART_SIGNING_KEYS", "alias/nobody"),
        ("AWS_REGION", "us-east-1"),
    ];
    let (status, polled, lines) = Function::start(branded(&package, &file), settings).unwrap().end().unwrap();
    assert!(!status.success() && !polled, "{status}, {lines:?}");
    let expected = "brands.json is wrong: brand[0].portal[0].url: expected a URL";
    assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
    assert!(!lines.concat().contains("javascript"), "{lines:?}");
}

#[tokio::test]
async fn the_committed_events_are_answered() {
    let events = [
        ("discovery", include_str!("../../../../functions/events/discovery.json"), 200),
        ("authorize", include_str!("../../../../functions/events/authorize.json"), 400),
        ("token", include_str!("../../../../functions/events/token.json"), 401),
        ("fhir-read", include_str!("../../../../functions/events/fhir-read.json"), 401),
    ];
    let world = World::new().await;
    for (name, event, expected) in events {
        let answer = world.start(name).ask(&Event::parse(event).unwrap()).unwrap();
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn sec_19_answers_of_every_function_say_hsts() {
    let mut service = World::new().await.service();
    for path in
        ["/.well-known/jwks.json", "/auth/login", "/auth/nowhere", "/auth/token", "/fhir/Patient/a", "/fhir"]
    {
        let answer = service.get(path);
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=63072000",
            "{path}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn without_its_table_a_function_starts_and_answers_503() {
    let endpoint = Endpoint::start().unwrap();
    // A port that nobody listens on any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let environment = [
        ("AWS_ENDPOINT_URL_KMS", endpoint.url()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{gone}")),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("SMART_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("SMART_TABLE", "state".to_owned()),
        ("SMART_RECORDS_TABLE", "records".to_owned()),
        ("SMART_SIGNING_KEYS", "alias/signing".to_owned()),
    ];
    let mut function = Function::start(program("token"), environment.clone()).unwrap();
    let ready = function.ready().unwrap();
    assert!(ready < Duration::from_secs(9), "Lambda ends a start after ten seconds; this took {ready:?}");
    assert!(function.logged(|line| line["message"] == "not connected at start").is_some());
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "nonsense")];
    let answer = function.ask(&Event::post("/auth/token", &form)).unwrap();
    assert_eq!((answer.status, &answer.json()["error"]), (503, &"temporarily_unavailable".into()));
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
}

#[tokio::test]
async fn what_nobody_should_send_is_an_answer_and_no_failure() {
    let mut authorize = World::new().await.start("authorize");
    for target in [
        "/auth/authorize?client_id=<script>",
        "/auth/authorize?client_id=\"a b\"",
        "/auth/authorize?client_id=\u{fc}\u{0}",
        "/auth/authorize?client_id=%",
        "/auth/<login>",
        "/auth/lo gin",
        "//evil.example/auth",
        "",
    ] {
        let answer = authorize.ask(&Event::get(target)).unwrap();
        assert!((400..500).contains(&answer.status), "{target:?}: {}", answer.status);
    }
    for (name, value) in [("host", "a b<"), ("x-forwarded-proto", "\u{fc}:"), ("content-length", "-1")] {
        let answer = authorize.ask(&Event::get("/auth/login").header(name, value)).unwrap();
        assert_eq!(answer.status, 400, "{name}: {value}");
    }
    assert!(!authorize.lines().iter().any(|line| line.contains("\"ERROR\"")), "{:?}", authorize.lines());
}

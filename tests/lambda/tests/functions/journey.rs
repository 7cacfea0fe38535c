//! An app's whole way through the four programs, and what the audit log says of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use smart_lambda_tests::event::{Answer, Event};

use super::alarms::Filter;
use super::browser::Browser;
use super::world::{PASSWORD, PUBLIC_URL, REDIRECT_URI, SECRET, Service, World};

pub(super) const VERIFIER: &str = "a-code-verifier-of-at-least-forty-three-characters";

pub(super) fn token(service: &mut Service, form: &[(&str, &str)]) -> Answer {
    service.ask("/auth/token", &Event::post("/auth/token", form))
}

pub(super) fn redeem(service: &mut Service, code: &str) -> Answer {
    token(
        service,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ],
    )
}

pub(super) fn code_in(location: &str) -> String {
    let query = location.split_once('?').unwrap().1;
    let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
    code.unwrap_or_else(|| panic!("{location}")).1.into_owned()
}

pub(super) fn refresh(service: &mut Service, refresh_token: &str) -> Answer {
    token(service, &[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)])
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

pub(super) fn read(service: &mut Service, access_token: &str, path: &str) -> Answer {
    service.ask(path, &Event::get(path).header("authorization", &format!("Bearer {access_token}")))
}

/// What the app asks for.
pub(super) fn authorization_request() -> String {
    request_of("app", "openid fhirUser launch/patient offline_access patient/*.rs", &[])
}

/// What an app asks for.
pub(super) fn request_of(client_id: &str, scope: &str, more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", scope),
            ("state", "an-opaque-state-value"),
            ("aud", &format!("{PUBLIC_URL}/fhir")),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .extend_pairs(more)
        .finish();
    format!("/auth/authorize?{query}")
}

/// Anna signs in and shares her record: the app's code.
pub(super) fn consented(service: &mut Service) -> String {
    let mut browser = Browser::default();
    let sign_in = browser.go(service, &authorization_request());
    assert_eq!(sign_in.status, 200, "{}", sign_in.body);
    assert!(sign_in.body.contains("Growth Chart"));
    let consent = browser.send(service, &sign_in, &[("username", "anna"), ("password", PASSWORD)]);
    assert_eq!(consent.status, 200, "{}", consent.body);
    let back = browser.send(service, &consent, &[("decision", "allow")]);
    let location = back.header("location").to_owned();
    assert!(location.starts_with(REDIRECT_URI), "{}: {location} {}", back.status, back.body);
    code_in(&location)
}

#[tokio::test]
async fn an_app_signs_in_reads_refreshes_and_a_stolen_refresh_token_ends_it() {
    let mut service = World::new().await.service();
    let code = consented(&mut service);
    let tokens = redeem(&mut service, &code);
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    assert_eq!(tokens["patient"], "a");
    let (access, first) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let patient = read(&mut service, &access, "/fhir/Patient/a");
    assert_eq!((patient.status, &patient.json()["id"]), (200, &"a".into()), "{}", patient.body);
    assert!(patient.header("content-type").starts_with("application/fhir+json"));
    assert_ne!(read(&mut service, &access, "/fhir/Patient/b").status, 200);

    let second = text(&refresh(&mut service, &first).json(), "refresh_token");
    let third = text(&refresh(&mut service, &second).json(), "refresh_token");
    assert_eq!(read(&mut service, &access, "/fhir/Patient/a").status, 200);
    // The first one again, after its successor was used: it was stolen, by this or by that one.
    let replayed = refresh(&mut service, &first);
    assert_eq!((replayed.status, &replayed.json()["error"]), (400, &"invalid_grant".into()));
    assert_eq!(refresh(&mut service, &third).json()["error"], "invalid_grant");
    assert_eq!(read(&mut service, &access, "/fhir/Patient/a").status, 401);

    let counted = Filter::of("RefreshReplayed");
    let revoked = service.token.logged(|line| counted.counts(line)).expect("the line that the alarm counts");
    assert_eq!(revoked["span"]["id"], replayed.id);
    let issued = |line: &Value| {
        line["target"] == "audit" && line["outcome"] == "issued" && line["event"] == "refresh_token"
    };
    assert_eq!(service.token.logged(issued).unwrap()["client_id"], "app");
    let signed_in =
        |line: &Value| line["target"] == "audit" && line["event"] == "sign-in" && line["outcome"] == "done";
    assert!(service.authorize.logged(signed_in).is_some());
    // Who read what of whom, and whether they might.
    let reads = |id: &str, outcome: &str| {
        let [id, outcome] = [Value::from(id), Value::from(outcome)];
        service
            .fhir_read
            .logged(move |line| line["target"] == "audit" && line["id"] == id && line["outcome"] == outcome)
    };
    let audited = reads("a", "allowed").expect("a line of the read");
    let fields = ["client_id", "patient", "event", "resource_type"];
    assert_eq!(fields.map(|name| text(&audited, name)), ["app", "a", "read", "Patient"]);
    assert!(!text(&audited, "sub").is_empty());
    assert_eq!(text(&reads("b", "refused").expect("a line of the refusal"), "patient"), "a");
    let secrets = [&*code, &access, &first, &second, &third, VERIFIER, PASSWORD, "an-opaque-state-value"];
    for line in [&service.authorize, &service.token, &service.fhir_read].iter().flat_map(|f| f.lines()) {
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "SEC-09: {line}");
    }
}

/// What the resource server asks, or says, with its secret.
fn ask_as_resource_server(service: &mut Service, path: &str, form: &[(&str, &str)]) -> Answer {
    let credentials = STANDARD.encode(format!("resource-server:{SECRET}"));
    let event = Event::post(path, form).header("authorization", &format!("Basic {credentials}"));
    service.ask(path, &event)
}

#[tokio::test]
async fn a_resource_server_asks_about_tokens_until_each_is_revoked() {
    let mut service = World::new().await.service();
    let code = consented(&mut service);
    let tokens = redeem(&mut service, &code).json();
    let (access, refresh_token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let told = ask_as_resource_server(&mut service, "/auth/introspect", &[("token", &access)]).json();
    assert_eq!((&told["active"], &told["patient"]), (&true.into(), &"a".into()), "{told}");
    assert_eq!(told["fhirUser"], format!("{PUBLIC_URL}/fhir/Patient/a"));

    // A token of its own, and by it.
    let form = [("grant_type", "client_credentials"), ("scope", "__token.introspect")];
    let alone = ask_as_resource_server(&mut service, "/auth/token", &form).json();
    assert_eq!((&alone["expires_in"], alone.get("refresh_token")), (&300.into(), None), "{alone}");
    let alone = text(&alone, "access_token");
    let by_token = |service: &mut Service, token: &str| {
        let event = Event::post("/auth/introspect", &[("token", token)]);
        service.ask("/auth/introspect", &event.header("authorization", &format!("Bearer {alone}")))
    };
    assert_eq!(by_token(&mut service, &refresh_token).json()["client_id"], "app");
    assert_eq!(read(&mut service, &alone, "/fhir/Patient/a").status, 403);

    // The app needs its own no longer, and the resource server neither.
    let form = [("token", &*refresh_token), ("client_id", "app")];
    assert_eq!(service.ask("/auth/revoke", &Event::post("/auth/revoke", &form)).status, 200);
    assert_eq!(read(&mut service, &access, "/fhir/Patient/a").status, 401);
    assert_eq!(by_token(&mut service, &access).body, "{\"active\":false}");
    let revoked = ask_as_resource_server(&mut service, "/auth/revoke", &[("token", &alone)]);
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    assert_eq!(by_token(&mut service, &access).status, 401);
    assert_eq!(read(&mut service, &alone, "/fhir/Patient/a").status, 401);
    for line in [&service.token, &service.fhir_read].iter().flat_map(|f| f.lines()) {
        assert!(
            [&*access, &refresh_token, &alone, SECRET].iter().all(|secret| !line.contains(secret)),
            "{line}"
        );
    }
}

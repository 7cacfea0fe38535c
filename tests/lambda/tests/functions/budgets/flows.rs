//! Every flow, request by request. Each begins with functions that have just started, and first has them fill what they remember for a
//! minute: what is counted is the common path, warm, unless its name says otherwise.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use smart_lambda_tests::event::{Answer, Event};

use super::super::browser::Browser;
use super::super::client_key::ClientKey;
use super::super::journey::{VERIFIER, code_in, read, request_of, text};
use super::super::world::{INITIAL_ACCESS_TOKEN, PASSWORD, PUBLIC_URL, REDIRECT_URI, SECRET, Service};
use super::clinic::PATIENT;
use super::ledger::Counting;

/// What asks for refresh tokens and an ID token.
const ALL: &str = "openid fhirUser launch/patient offline_access patient/*.rs";
/// The same without an ID token.
const NO_ID_TOKEN: &str = "launch/patient offline_access patient/*.rs";
const ONLINE: &str = "launch/patient online_access patient/*.rs";

fn patient_url() -> String {
    format!("/fhir/Patient/{PATIENT}")
}

fn redemption(client_id: &str, code: &str) -> Event {
    Event::post("/auth/token", &redeeming(client_id, code))
}

fn redeeming<'f>(client_id: &'f str, code: &'f str) -> [(&'static str, &'f str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

fn refresh(tokens: &Answer, more: &[(&str, &str)]) -> Event {
    let token = text(&tokens.json(), "refresh_token");
    let mut fields = vec![("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &*token)];
    fields.extend(more);
    Event::post("/auth/token", &fields)
}

fn by_secret(event: Event, client_id: &str) -> Event {
    event.header("authorization", &format!("Basic {}", STANDARD.encode(format!("{client_id}:{SECRET}"))))
}

fn by_assertion(client_id: &str, key: &ClientKey, jti: &str, path: &str, fields: &[(&str, &str)]) -> Event {
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": PUBLIC_URL, "exp": now() + 60, "jti": jti,
    });
    let assertion = key.sign(json!({ "typ": "JWT", "kid": "key" }), &claims);
    let mut fields = fields.to_vec();
    fields.extend([
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &*assertion),
    ]);
    Event::post(path, &fields)
}

/// A proof of possession for one request; of a resource, for this access token.
fn proof(key: &ClientKey, jti: &str, method: &str, path: &str, access_token: Option<&str>) -> String {
    let mut claims = json!({ "htm": method, "htu": format!("{PUBLIC_URL}{path}"), "iat": now(), "jti": jti });
    if let Some(token) = access_token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    key.sign(json!({ "typ": "dpop+jwt", "jwk": key.jwk() }), &claims)
}

#[expect(clippy::disallowed_methods, reason = "the programs under test read the clock, too")]
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn token(service: &mut Service, event: &Event) -> Answer {
    service.ask("/auth/token", event)
}

fn next(answer: &Answer) -> String {
    Browser::next(answer).unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body))
}

/// The first that a page offers: the value of a button of that name.
fn offered(page: &Answer, name: &str) -> String {
    let html = Html::parse_document(&page.body);
    let button = Selector::parse(&format!("button[name={name}]")).unwrap();
    html.select(&button).next().and_then(|button| button.attr("value")).expect(&page.body).to_owned()
}

/// Harold gives an app access to his record, from an address of his own: his browser, and the code.
fn shared(service: &mut Service, address: &'static str, scope: &str) -> (Browser, String) {
    let mut browser = Browser::at(address);
    let code = shared_by(service, &mut browser, "harold", "app", scope);
    (browser, code)
}

/// A patient signs in and gives an app access to their record: the code.
fn shared_by(
    service: &mut Service,
    browser: &mut Browser,
    user: &str,
    client_id: &str,
    scope: &str,
) -> String {
    let sign_in = browser.go(service, &request_of(client_id, scope, &[]));
    let consent = browser.send(service, &sign_in, &[("username", user), ("password", PASSWORD)]);
    let back = browser.send(service, &consent, &[("decision", "allow")]);
    code_in(back.header("location"))
}

/// A code for what a signed-in Harold shares now.
fn another_code(service: &mut Service, browser: &mut Browser, client_id: &str, scope: &str) -> String {
    let consent = browser.go(service, &request_of(client_id, scope, &[]));
    let back = browser.send(service, &consent, &[("decision", "allow")]);
    code_in(back.header("location"))
}

/// In this order.
pub(super) const ALL_FLOWS: [fn(&mut Counting<'_>); 11] = [
    documents,
    cold,
    standalone,
    variants,
    proof_of_possession,
    confidential,
    clients_alone,
    registered,
    ehr_launch,
    remembered,
    of_two_patients,
];

fn documents(count: &mut Counting<'_>) {
    for (name, path) in [
        ("smart-configuration", "/fhir/.well-known/smart-configuration"),
        ("keys", "/.well-known/jwks.json"),
        ("CapabilityStatement", "/fhir/metadata"),
    ] {
        count.step(name, 200, |service| service.get(path));
    }
}

/// What is asked where nothing is remembered of client and user.
fn cold(count: &mut Counting<'_>) {
    let mut browser = Browser::at("192.0.2.1");
    count.step("authorize, cold", 200, |service| browser.get(service, &request_of("app", ALL, &[])));
    let (_, code) = count.aside(|service| shared(service, "192.0.2.2", ALL));
    let tokens = count.step("code to tokens, cold", 200, |service| token(service, &redemption("app", &code)));
    let access = text(&tokens.json(), "access_token");
    count.step("FHIR read, cold", 200, |service| read(service, &access, &patient_url()));
}

/// A clinician opens an app, chooses patient and encounter, shares, reads, and takes it all back.
fn standalone(count: &mut Counting<'_>) {
    count.aside(|service| {
        let (_, code) = shared(service, "192.0.2.10", ALL);
        token(service, &redemption("app", &code))
    });
    let scope = "openid fhirUser launch/patient launch/encounter offline_access patient/*.rs";
    let request = request_of("app", scope, &[]);
    let mut browser = Browser::at("192.0.2.11");
    let (encounter, code) = to_a_code(count, &mut browser, &request);
    let tokens = count.step("code to tokens", 200, |service| token(service, &redemption("app", &code)));
    let tokens = count.step("refresh", 200, |service| token(service, &refresh(&tokens, &[])));
    let fewer = [("scope", "openid fhirUser patient/Observation.rs patient/Patient.rs")];
    let tokens =
        count.step("refresh, for fewer scopes", 200, |service| token(service, &refresh(&tokens, &fewer)));
    by_an_access_token(count, &text(&tokens.json(), "access_token"));
    back_in_the_browser(count, &mut browser, &request, &encounter);
}

/// The pages, one after the other: the encounter that was chosen, and the code.
fn to_a_code(count: &mut Counting<'_>, browser: &mut Browser, request: &str) -> (String, String) {
    let signing_in = [("username", "ines"), ("password", PASSWORD)];
    let page = count.step("authorize", 200, |service| browser.get(service, request));
    let answer = count.step("sign in", 303, |service| browser.submit(service, &page, &signing_in));
    let page = count.step("patient picker", 200, |service| browser.get(service, &next(&answer)));
    let chosen = [("patient", PATIENT)];
    let answer = count.step("patient chosen", 303, |service| browser.submit(service, &page, &chosen));
    let page = count.step("encounter picker", 200, |service| browser.get(service, &next(&answer)));
    let encounter = offered(&page, "encounter");
    let chosen = [("encounter", &*encounter)];
    let answer = count.step("encounter chosen", 303, |service| browser.submit(service, &page, &chosen));
    let page = count.step("consent page", 200, |service| browser.get(service, &next(&answer)));
    let allow = [("decision", "allow")];
    let answer = count.step("consent given", 303, |service| browser.submit(service, &page, &allow));
    (encounter, code_in(answer.header("location")))
}

fn by_an_access_token(count: &mut Counting<'_>, access: &str) {
    count.aside(|service| read(service, access, &patient_url()));
    count.step("FHIR read", 200, |service| read(service, access, &patient_url()));
    let search = format!("/fhir/Observation?patient={PATIENT}&_count=100");
    let page = count.step("FHIR search, a page", 200, |service| read(service, access, &search));
    let entries = page.json()["entry"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 100);
    let search = format!("/fhir/Observation?patient={PATIENT}&category=vital-signs&_count=100");
    let page = count.step("FHIR search, filtered", 200, |service| read(service, access, &search));
    assert!(page.json()["total"].as_u64().is_some_and(|total| total > 0), "there are some, on one page");
    let ids: Vec<_> = entries.iter().map(|entry| text(&entry["resource"], "id")).collect();
    let search = format!("/fhir/Observation?_id={}", ids.join(","));
    count.step("FHIR search, by ids", 200, |service| read(service, access, &search));
    let asked = by_secret(Event::post("/auth/introspect", &[("token", access)]), "resource-server");
    count.aside(|service| service.ask("/auth/introspect", &asked));
    let told = count.step("introspection", 200, |service| service.ask("/auth/introspect", &asked));
    assert_eq!(told.json()["active"], true);
}

/// The same person asks again, looks at the page of apps, and signs out.
fn back_in_the_browser(count: &mut Counting<'_>, browser: &mut Browser, request: &str, encounter: &str) {
    let answer = count.step("authorize, signed in", 303, |service| browser.get(service, request));
    let page = count.aside(|service| browser.go(service, &next(&answer)));
    let page = count.aside(|service| browser.send(service, &page, &[("patient", PATIENT)]));
    let answer = count.aside(|service| browser.submit(service, &page, &[("encounter", encounter)]));
    count.step("consent page, others have access", 200, |service| browser.get(service, &next(&answer)));
    let page = count.step("page of apps", 200, |service| browser.get(service, "/auth/access"));
    let ending = [("decision", "revoke")];
    count.step("access ended", 303, |service| browser.submit(service, &page, &ending));
    let page = count.step("sign-out page", 200, |service| browser.get(service, "/auth/sign-out"));
    count.step("sign out", 200, |service| browser.submit(service, &page, &[]));
}

/// What makes a request dearer or cheaper than the common one.
fn variants(count: &mut Counting<'_>) {
    let (mut browser, code) = count.aside(|service| shared(service, "192.0.2.20", ALL));
    count.aside(|service| token(service, &redemption("app", &code)));
    let mut again = Browser::at("192.0.2.20");
    let page = count.aside(|service| again.go(service, &request_of("app", ALL, &[])));
    let signing_in = [("username", "harold"), ("password", PASSWORD)];
    count.step("sign in, again from an address", 303, |service| again.submit(service, &page, &signing_in));

    let code = count.aside(|service| another_code(service, &mut browser, "app", NO_ID_TOKEN));
    let name = "code to tokens, no ID token";
    let first = count.step(name, 200, |service| token(service, &redemption("app", &code)));
    let name = "refresh, no ID token";
    let second = count.step(name, 200, |service| token(service, &refresh(&first, &[])));
    count.aside(|service| token(service, &refresh(&second, &[])));
    count.step("refresh token replayed", 400, |service| token(service, &refresh(&first, &[])));

    let code = count.aside(|service| another_code(service, &mut browser, "app", ONLINE));
    let online = count.aside(|service| token(service, &redemption("app", &code)));
    count.step("refresh, while signed in", 200, |service| token(service, &refresh(&online, &[])));
    count.step("code replayed", 400, |service| token(service, &redemption("app", &code)));

    let code = count.aside(|service| another_code(service, &mut browser, "app", NO_ID_TOKEN));
    let tokens = count.aside(|service| token(service, &redemption("app", &code)));
    let revoked = text(&tokens.json(), "refresh_token");
    let revocation = Event::post("/auth/revoke", &[("token", &*revoked), ("client_id", "app")]);
    count.step("revocation", 200, |service| service.ask("/auth/revoke", &revocation));
}

/// Tokens that are bound to a key.
fn proof_of_possession(count: &mut Counting<'_>) {
    let key = ClientKey::es256();
    let (mut browser, code) = count.aside(|service| shared(service, "192.0.2.30", ALL));
    let tokens = count.aside(|service| token(service, &redemption("app", &code)));
    let access = text(&tokens.json(), "access_token");
    count.aside(|service| read(service, &access, &patient_url()));
    let code = count.aside(|service| another_code(service, &mut browser, "app", ALL));
    let proved = |event: Event, jti| event.header("dpop", &proof(&key, jti, "POST", "/auth/token", None));
    let redemption = proved(redemption("app", &code), "1");
    let name = "code to tokens, bound to a key";
    let tokens = count.step(name, 200, |service| token(service, &redemption));
    let refresh = proved(refresh(&tokens, &[]), "2");
    let tokens = count.step("refresh, bound to a key", 200, |service| token(service, &refresh));
    let access = text(&tokens.json(), "access_token");
    let path = patient_url();
    let event = Event::get(&path)
        .header("authorization", &format!("DPoP {access}"))
        .header("dpop", &proof(&key, "3", "GET", &path, Some(&access)));
    count.step("FHIR read, bound to a key", 200, |service| service.ask(&path, &event));
}

/// An app that proves by a key who it is.
fn confidential(count: &mut Counting<'_>) {
    let key = &count.clinic.key;
    let mut browser = Browser::at("192.0.2.35");
    let by = |jti, fields: &[(&str, &str)]| by_assertion("confidential", key, jti, "/auth/token", fields);
    let first =
        count.aside(|service| shared_by(service, &mut browser, "harold", "confidential", NO_ID_TOKEN));
    count.aside(|service| token(service, &by("c1", &redeeming("confidential", &first))));
    let second = count.aside(|service| another_code(service, &mut browser, "confidential", NO_ID_TOKEN));
    let name = "code to tokens, by an assertion";
    let redemption = by("c2", &redeeming("confidential", &second));
    let tokens = count.step(name, 200, |service| token(service, &redemption));
    let refresh_token = text(&tokens.json(), "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
    let refresh = by("c3", &fields);
    count.step("refresh, by an assertion", 200, |service| token(service, &refresh));
    let page = count.aside(|service| browser.go(service, &request_of("confidential", NO_ID_TOKEN, &[])));
    let answer =
        count.step("consent denied", 303, |service| browser.submit(service, &page, &[("decision", "deny")]));
    assert!(answer.header("location").contains("error=access_denied"), "{}", answer.header("location"));
}

/// A program registers an app.
fn registered(count: &mut Counting<'_>) {
    let app = json!({ "client_name": "New", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code"], "scope": "openid fhirUser launch/patient patient/*.rs" });
    let bearer = format!("Bearer {INITIAL_ACCESS_TOKEN}");
    let event = Event::post_json("/auth/register", &app).header("authorization", &bearer);
    count.step("client registered", 201, |service| service.ask("/auth/register", &event));
}

/// Who cares for two people searches in both records.
fn of_two_patients(count: &mut Counting<'_>) {
    let mut browser = Browser::at("192.0.2.60");
    let code = count.aside(|service| shared_by(service, &mut browser, "rosa", "app", "user/*.rs"));
    let tokens = count.aside(|service| token(service, &redemption("app", &code)));
    let access = text(&tokens.json(), "access_token");
    count.aside(|service| read(service, &access, &patient_url()));
    let search = |count: &mut Counting<'_>, name, search| {
        let page = count.step(name, 200, |service| read(service, &access, search));
        assert!(page.json()["total"].as_u64().is_some_and(|total| total > 1), "those of both, on one page");
    };
    search(count, "FHIR search, of two patients", "/fhir/Encounter?_count=1000");
    search(count, "FHIR search, of two patients in order", "/fhir/Encounter?_count=1000&_sort=-date");
    search(count, "FHIR search, of one's Patients", "/fhir/Patient");
}

/// Clients without a user, and what they ask about tokens.
fn clients_alone(count: &mut Counting<'_>) {
    let key = &count.clinic.key;
    let credentials = |jti| {
        let fields = [("grant_type", "client_credentials"), ("scope", "system/*.rs")];
        by_assertion("backend", key, jti, "/auth/token", &fields)
    };
    count.aside(|service| token(service, &credentials("1")));
    let name = "client alone, by an assertion";
    let tokens = count.step(name, 200, |service| token(service, &credentials("2")));
    let access = text(&tokens.json(), "access_token");
    count.aside(|service| read(service, &access, &patient_url()));
    let name = "FHIR read, by a client alone";
    count.step(name, 200, |service| read(service, &access, &patient_url()));

    let fields = [("grant_type", "client_credentials"), ("scope", "__token.introspect")];
    let credentials = by_secret(Event::post("/auth/token", &fields), "resource-server");
    count.aside(|service| token(service, &credentials));
    let alone = count.step("client alone, by a secret", 200, |service| token(service, &credentials));
    let bearer = format!("Bearer {}", text(&alone.json(), "access_token"));
    let asked = Event::post("/auth/introspect", &[("token", &access)]).header("authorization", &bearer);
    count.aside(|service| service.ask("/auth/introspect", &asked));
    let name = "introspection, by a token";
    let told = count.step(name, 200, |service| service.ask("/auth/introspect", &asked));
    assert_eq!(told.json()["active"], true);
    let revocation = by_assertion("backend", key, "3", "/auth/revoke", &[("token", &access)]);
    let name = "revocation, by an assertion";
    count.step(name, 200, |service| service.ask("/auth/revoke", &revocation));
}

/// An EHR makes a launch, and a clinician who is signed in opens the app.
fn ehr_launch(count: &mut Counting<'_>) {
    let mut browser = Browser::at("192.0.2.40");
    let page = count.aside(|service| browser.go(service, "/auth/access"));
    count.aside(|service| browser.send(service, &page, &[("username", "ines"), ("password", PASSWORD)]));
    count.aside(|service| browser.get(service, &request_of("app", ALL, &[])));
    let fields = [("grant_type", "client_credentials"), ("scope", "__launch.create")];
    let credentials = by_secret(Event::post("/auth/token", &fields), "ehr");
    let tokens = count.aside(|service| token(service, &credentials));
    let bearer = format!("Bearer {}", text(&tokens.json(), "access_token"));
    let launch = json!({ "client_id": "app", "patient": PATIENT, "encounter": encounter() });
    let event = Event::post_json("/auth/launch", &launch).header("authorization", &bearer);
    count.aside(|service| service.ask("/auth/launch", &event));
    let made = count.step("launch made", 201, |service| service.ask("/auth/launch", &event));

    let launch = text(&made.json(), "launch");
    let scope = "openid fhirUser launch offline_access patient/*.rs";
    let request = request_of("app", scope, &[("launch", &launch)]);
    let answer = count.step("authorize with a launch", 303, |service| browser.get(service, &request));
    let name = "consent page of a launch";
    let page = count.step(name, 200, |service| browser.get(service, &next(&answer)));
    let allow = [("decision", "allow")];
    let name = "consent given to a launch";
    let answer = count.step(name, 303, |service| browser.submit(service, &page, &allow));
    assert!(answer.header("location").starts_with(REDIRECT_URI), "{}", answer.header("location"));
}

/// An encounter of the patient.
fn encounter() -> String {
    let files = smart_demo::seed().filter(|(path, _)| path.starts_with("fhir/Encounter"));
    let lines = files.flat_map(|(_, file)| std::str::from_utf8(file).unwrap().lines());
    let mut encounters = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let subject = format!("Patient/{PATIENT}");
    let found = encounters.find(|encounter| encounter["subject"]["reference"] == subject);
    text(&found.unwrap(), "id")
}

/// Who gave as much before is not asked again.
fn remembered(count: &mut Counting<'_>) {
    let scope = "patient/*.rs launch/patient offline_access";
    let mut browser = Browser::at("192.0.2.50");
    let code = count.aside(|service| shared_by(service, &mut browser, "linh", "trusted", scope));
    count.aside(|service| token(service, &redemption("trusted", &code)));
    let request = request_of("trusted", scope, &[]);
    let name = "authorize, consent remembered";
    let answer = count.step(name, 303, |service| browser.get(service, &request));
    assert!(answer.header("location").starts_with(REDIRECT_URI), "{}", answer.header("location"));
}

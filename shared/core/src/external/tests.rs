//! What of a provider is believed: OIDC Core §3.1.3.7 step by step, each with a token that breaks just that step.

use serde_json::{Value, json};

use super::*;
use crate::client::metadata::Deployment;
use crate::deployment::PublicUrl;
use crate::grant::SignInWish;
use crate::instant::Instant;
use crate::jose::test_keys::{TestKey, input};
use crate::jose::{Algorithm, JwtError};
use crate::secret::Digest;
use crate::user::PatientAccess;

const ISSUER: &str = "https://idp.example/realm";
const NOW: Instant = Instant::from_unix(1_800_000_000);

fn nonce() -> Digest {
    Digest::of(b"nonce")
}

fn everywhere(_: &SecretPlace) -> bool {
    true
}

fn provider_of(entry: &Value) -> Provider {
    let text = json!([entry]).to_string();
    read_providers(&text, Deployment::Public, everywhere, "a place").unwrap().remove(0)
}

fn provider() -> Provider {
    provider_of(&json!({
        "id": "idp", "name": "Staff", "issuer": ISSUER, "client_id": "smart",
        "claims": { "fhirUser": "fhir_user", "patients": "/smart/patients" },
    }))
}

fn claims() -> Value {
    let now = NOW.as_unix();
    json!({
        "iss": ISSUER, "sub": "person-7", "aud": "smart", "exp": now + 300, "iat": now, "nonce": nonce().to_string(),
        "fhir_user": "Practitioner/p1", "name": "Ines\u{7} Moreau", "smart": { "patients": ["a", "Patient/b"] },
    })
}

/// The claims with one of them changed, or taken away by null.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

struct World {
    key: TestKey,
    keys: ProviderKeys,
}

impl World {
    fn new() -> Self {
        let key = TestKey::generate(Algorithm::ES256);
        let keys = ProviderKeys::read(&json!({ "keys": [key.jwk("k1")] })).unwrap();
        Self { key, keys }
    }

    fn token(&self, claims: &Value) -> String {
        self.key.jwt(&json!({ "alg": "ES256", "kid": "k1" }), claims)
    }

    fn check(&self, token: &str) -> Result<IdToken, IdTokenFault> {
        self.check_for(token, &SignInWish::default())
    }

    fn check_for(&self, token: &str, wish: &SignInWish) -> Result<IdToken, IdTokenFault> {
        let asked_at = Instant::from_unix(NOW.as_unix() - 120);
        let (provider, nonce) = (provider(), nonce());
        let expected = Expected { provider: &provider, nonce: &nonce, wish, asked_at, now: NOW };
        IdToken::check(token, &self.keys, &expected)
    }
}

#[test]
fn oidc_core_3_1_3_7_each_claim_is_checked() {
    use IdTokenFault::{Audience, Issuer, Jwt, Nonce, Subject, Time};
    let world = World::new();
    assert_eq!(world.check(&world.token(&claims())).unwrap().subject, "person-7");
    let now = NOW.as_unix();
    let table = [
        ("iss", json!("https://idp.example/realm/"), Issuer),
        ("iss", json!("https://idp.example"), Issuer),
        ("iss", Value::Null, Jwt(JwtError::Claims)),
        ("aud", json!("other"), Audience),
        ("aud", json!(["other", "another"]), Audience),
        ("aud", json!([]), Audience),
        ("aud", json!(["smart", "other"]), Audience),
        ("aud", Value::Null, Jwt(JwtError::Claims)),
        ("azp", json!("other"), Audience),
        ("exp", json!(now - 60), Time),
        ("exp", json!(-1), Time),
        ("exp", json!("soon"), Jwt(JwtError::Claims)),
        ("exp", Value::Null, Jwt(JwtError::Claims)),
        ("iat", json!(now + 61), Time),
        ("iat", json!(now - 601), Time),
        ("iat", Value::Null, Jwt(JwtError::Claims)),
        ("nbf", json!(now + 61), Time),
        ("nonce", json!(Digest::of(b"another").to_string()), Nonce),
        ("nonce", json!(""), Nonce),
        ("nonce", Value::Null, Nonce),
        ("sub", json!(""), Subject),
        ("sub", json!("x".repeat(256)), Subject),
        ("sub", json!("a\nb"), Subject),
        ("sub", Value::Null, Jwt(JwtError::Claims)),
    ];
    for (name, value, fault) in table {
        assert_eq!(
            world.check(&world.token(&with(name, value.clone()))).unwrap_err(),
            fault,
            "{name}: {value}"
        );
    }
    for (name, value) in [
        ("aud", json!(["smart"])),
        ("azp", json!("smart")),
        ("exp", json!(now - 59)),
        ("exp", json!(f64::from(1_800_000_300) + 0.5)),
        ("iat", json!(now + 60)),
        ("iat", json!(now - 600)),
        ("nbf", json!(now)),
    ] {
        assert!(world.check(&world.token(&with(name, value.clone()))).is_ok(), "{name}: {value}");
    }
    let mut shared = with("aud", json!(["smart", "other"]));
    shared["azp"] = json!("smart");
    assert!(world.check(&world.token(&shared)).is_ok());
}

#[test]
fn rfc8725_the_algorithm_and_the_key_are_the_providers_and_asymmetric() {
    let world = World::new();
    let unsigned = |header: Value| format!("{}.", input(&header, &claims()));
    // A signature by HMAC whose key is the text of the public one.
    let algorithm = IdTokenFault::Key(KeyFault::Token(JwtError::Algorithm));
    for alg in ["none", "None", "HS256", "HS384", "PS256", "EdDSA", "ES256K"] {
        let header = json!({ "alg": alg, "kid": "k1" });
        assert_eq!(world.check(&unsigned(header.clone())).unwrap_err(), algorithm, "{alg}");
        assert_eq!(world.check(&world.key.jwt(&header, &claims())).unwrap_err(), algorithm, "{alg}");
    }
    let unknown = IdTokenFault::Key(KeyFault::Unknown);
    for header in [json!({ "alg": "RS256", "kid": "k1" }), json!({ "alg": "ES256", "kid": "k2" })] {
        assert_eq!(world.check(&world.key.jwt(&header, &claims())).unwrap_err(), unknown, "{header}");
    }
    let stranger = TestKey::generate(Algorithm::ES256);
    let header =
        json!({ "alg": "ES256", "kid": "k1", "jwk": stranger.jwk("k1"), "jku": "https://evil.example/" });
    let forged = stranger.jwt(&header, &claims());
    assert_eq!(world.check(&forged).unwrap_err(), IdTokenFault::Jwt(JwtError::Signature));
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt"] {
        let other = world.key.jwt(&json!({ "alg": "ES256", "kid": "k1", "typ": typ }), &claims());
        assert_eq!(
            world.check(&other).unwrap_err(),
            IdTokenFault::Key(KeyFault::Token(JwtError::Type)),
            "{typ}"
        );
    }
    for garbage in ["", "a.b", "a.b.c", "....", "é.é.é"] {
        assert!(world.check(garbage).is_err(), "{garbage}");
    }
}

#[test]
fn oidc_core_10_1_a_token_without_kid_has_the_only_key_that_fits() {
    let (first, second) = (TestKey::generate(Algorithm::ES256), TestKey::generate(Algorithm::ES256));
    let token = first.jwt(&json!({ "alg": "ES256" }), &claims());
    let check = |keys: Value| {
        World { key: TestKey::generate(Algorithm::ES384), keys: ProviderKeys::read(&keys).unwrap() }
            .check(&token)
            .map(drop)
    };
    let rsa = TestKey::generate(Algorithm::RS256);
    assert_eq!(check(json!({ "keys": [first.jwk("a"), rsa.jwk("b")] })), Ok(()));
    let unknown = Err(IdTokenFault::Key(KeyFault::Unknown));
    assert_eq!(check(json!({ "keys": [first.jwk("a"), second.jwk("b")] })), unknown);
    assert_eq!(check(json!({ "keys": [] })), unknown);
    let mut encryption = first.jwk("a");
    encryption["use"] = json!("enc");
    let mut other_alg = first.jwk("a");
    other_alg["alg"] = json!("ES384");
    assert_eq!(check(json!({ "keys": [encryption] })), unknown);
    assert_eq!(check(json!({ "keys": [other_alg] })), unknown);
    // Keys that cannot be used are passed over, and do not hide the one that can.
    let mixed = json!({ "keys": [{ "kty": "oct", "k": "AA" }, { "kty": "OKP", "crv": "Ed25519", "x": "AA" }, 7, first.jwk("a")] });
    assert_eq!(check(mixed), Ok(()));
    for none in [json!([]), json!({}), json!({ "keys": {} }), json!("keys")] {
        assert_eq!(ProviderKeys::read(&none), None, "{none}");
    }
}

#[test]
fn oidc_core_3_1_2_1_the_provider_is_held_to_max_age_and_prompt() {
    let world = World::new();
    let now = NOW.as_unix();
    let check = |auth_time: Value, anew, max_age| {
        let wish = SignInWish { anew, max_age, login_hint: None };
        world.check_for(&world.token(&with("auth_time", auth_time)), &wish).map(|token| token.auth_time)
    };
    let stale = Err(IdTokenFault::Stale);
    assert_eq!(check(Value::Null, false, None), Ok(None));
    assert_eq!(check(json!(now - 9000), false, None), Ok(Some(Instant::from_unix(now - 9000))));
    assert_eq!(check(json!(now - 9000), false, Some(100)), stale);
    assert_eq!(check(Value::Null, false, Some(100)), stale, "auth_time is required then");
    assert_eq!(check(json!(now - 160), false, Some(100)), Ok(Some(Instant::from_unix(now - 160))));
    assert_eq!(check(json!(now - 161), false, Some(100)), stale);
    // The browser was sent there two minutes ago.
    assert_eq!(check(json!(now - 30), true, None), Ok(Some(Instant::from_unix(now - 30))));
    assert_eq!(check(json!(now - 9000), true, None), stale);
    assert_eq!(check(Value::Null, true, None), stale, "it is not believed for saying nothing");
    assert_eq!(check(json!(now + 59), false, None), Ok(Some(NOW)), "nobody signed in in the future");
    assert_eq!(check(json!(now + 61), false, None), stale);
    assert_eq!(check(json!(now), false, Some(u64::MAX)), Ok(Some(NOW)));
}

#[test]
fn oidc_core_3_1_2_1_the_request_carries_what_the_app_wants() {
    let document = json!({
        "issuer": ISSUER, "authorization_endpoint": "https://login.idp.example/authorize?tenant=1",
        "token_endpoint": "https://idp.example/token", "jwks_uri": "https://idp.example/keys",
    });
    let provider = provider();
    let metadata = Metadata::read(&document, &provider, Deployment::Public).unwrap();
    let (nonce, verifier) = (nonce(), Digest::of(b"verifier"));
    let asked = Asked {
        redirect_uri: "https://smart.example/auth/callback",
        state: "st",
        nonce: &nonce,
        verifier: &verifier,
    };
    let wish = SignInWish { anew: true, max_age: Some(0), login_hint: Some("a&b=c".to_owned()) };
    let url = url::Url::parse(&asked.location(&provider, &metadata, &wish)).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(url.host_str(), Some("login.idp.example"));
    for (name, expected) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "smart"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
        ("max_age", "0"),
        ("login_hint", "a&b=c"),
    ] {
        assert_eq!(value(name), Some(expected), "{name}");
    }
    assert_eq!(value("nonce"), Some(nonce.to_string().as_str()));
    let verifier: crate::pkce::CodeVerifier = verifier.to_string().parse().unwrap();
    let sent = crate::pkce::CodeChallenge::parse(value("code_challenge"), value("code_challenge_method"));
    assert_eq!(sent, Ok(verifier.challenge()));
    let bare = asked.location(&provider, &metadata, &SignInWish::default());
    assert!(!bare.contains("prompt") && !bare.contains("max_age") && !bare.contains("login_hint"));
    // OIDC Core §2: who is sent max_age has to say when they signed in.
    let anew = SignInWish { anew: true, ..SignInWish::default() };
    assert!(asked.location(&provider, &metadata, &anew).contains("prompt=login&max_age=0"));
}

#[test]
fn oidc_discovery_4_3_the_document_is_of_the_issuer_that_was_asked() {
    let good = json!({
        "issuer": ISSUER, "authorization_endpoint": "https://idp.example/a", "token_endpoint": "https://idp.example/t",
        "jwks_uri": "https://idp.example/k", "authorization_response_iss_parameter_supported": true,
    });
    let provider = provider();
    let read = |document: &Value| Metadata::read(document, &provider, Deployment::Public);
    assert!(read(&good).unwrap().names_issuer);
    for (name, value, fault) in [
        ("issuer", json!("https://idp.example/realm/"), MetadataFault::Issuer),
        ("issuer", json!("https://evil.example"), MetadataFault::Issuer),
        ("issuer", Value::Null, MetadataFault::Form),
        ("token_endpoint", json!("http://idp.example/t"), MetadataFault::Endpoint),
        ("token_endpoint", json!("https://user@idp.example/t"), MetadataFault::Endpoint),
        ("jwks_uri", json!("file:///etc/passwd"), MetadataFault::Endpoint),
        ("authorization_endpoint", json!("javascript:alert(1)"), MetadataFault::Endpoint),
        ("authorization_endpoint", json!("https://idp.example/a#f"), MetadataFault::Endpoint),
        ("authorization_endpoint", json!(7), MetadataFault::Form),
    ] {
        let mut document = good.clone();
        document[name] = value;
        assert_eq!(read(&document).unwrap_err(), fault, "{document}");
    }
    for none in [json!([]), json!(null), json!("x"), json!({})] {
        assert_eq!(read(&none).unwrap_err(), MetadataFault::Form);
    }
    assert_eq!(provider.metadata_url(), "https://idp.example/realm/.well-known/openid-configuration");
    let slash = Provider { issuer: "https://idp.example/".to_owned(), ..provider };
    assert_eq!(slash.metadata_url(), "https://idp.example/.well-known/openid-configuration");
}

#[test]
fn rfc6749_2_3_1_the_code_is_redeemed_as_the_client_that_is_registered() {
    let verifier = Digest::of(b"v");
    let exchange = |entry: Value, secret: Option<&str>| {
        Exchange::new(
            &provider_of(&entry),
            secret,
            "the code",
            "https://smart.example/auth/callback",
            &verifier,
        )
    };
    let entry = |method: &str| {
        json!({
            "id": "idp", "name": "Staff", "issuer": ISSUER, "client_id": "smart:1", "client_secret": "env:SECRET",
            "token_endpoint_auth_method": method,
        })
    };
    let sent = exchange(entry("client_secret_basic"), Some("p&ss wörd")).unwrap();
    assert_eq!(sent.authorization.as_ref().unwrap().reveal(), "Basic c21hcnQlM0ExOnAlMjZzcyt3JUMzJUI2cmQ=");
    assert!(!format!("{sent:?} {:?}", sent.authorization).contains("Basic"));
    let names: Vec<_> = sent.form.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["grant_type", "code", "redirect_uri", "code_verifier"]);
    let sent = exchange(entry("client_secret_post"), Some("s")).unwrap();
    assert!(sent.form.contains(&("client_secret", "s".to_owned())) && sent.authorization.is_none());
    assert!(exchange(entry("client_secret_post"), None).is_none(), "never without the secret");
    let public = json!({ "id": "idp", "name": "Staff", "issuer": ISSUER, "client_id": "smart" });
    let sent = exchange(public, None).unwrap();
    assert!(sent.form.contains(&("client_id", "smart".to_owned())) && sent.authorization.is_none());
}

#[test]
fn oidc_core_3_1_3_3_only_a_whole_answer_has_an_id_token() {
    assert_eq!(id_token_of(200, &json!({ "id_token": "a.b.c" })), Ok("a.b.c"));
    for (status, answer, fault) in [
        (200, json!({ "access_token": "x" }), TokenFault::Form),
        (200, json!({ "id_token": 7 }), TokenFault::Form),
        (200, json!([]), TokenFault::Form),
        (400, json!({ "error": "invalid_grant" }), TokenFault::Code),
        (400, json!({ "error": "invalid_grant", "id_token": "a.b.c" }), TokenFault::Code),
        (401, json!({ "error": "invalid_client" }), TokenFault::Client),
        (500, json!({ "error": "server_error" }), TokenFault::Refused),
        (503, json!({}), TokenFault::Refused),
    ] {
        assert_eq!(id_token_of(status, &answer), Err(fault), "{answer}");
    }
}

fn said(claims: &Value) -> Result<crate::user::User, ClaimFault> {
    let here: PublicUrl = "https://smart.example".parse().unwrap();
    let claims = claims.as_object().unwrap().clone();
    let token = IdToken { subject: "person-7".to_owned(), auth_time: None, claims };
    Person::of(&token, &provider(), &here, [1; 32], NOW).said.unwrap()
}

#[test]
fn claims_name_a_user_and_patients_or_nobody() {
    let user = said(&claims()).unwrap();
    assert_eq!((user.fhir_user.to_string().as_str(), user.name.as_str()), ("Practitioner/p1", "Ines Moreau"));
    assert_eq!(user.patients, PatientAccess::Only(["a".parse().unwrap(), "b".parse().unwrap()].into()));
    assert!(user.password.is_none() && !user.disabled);
    let external = user.external.unwrap();
    assert_eq!(
        (external.issuer.as_str(), external.subject.as_str(), external.by_claims),
        (ISSUER, "person-7", true)
    );
    assert_eq!(user.username, external.username());

    for bad in [
        Value::Null,
        json!(7),
        json!(""),
        json!("p1"),
        json!("Device/d"),
        json!("https://other.example/fhir/Patient/a"),
    ] {
        assert_eq!(said(&with("fhir_user", bad.clone())).unwrap_err(), ClaimFault::FhirUser, "{bad}");
    }
    let absolute = said(&with("fhir_user", json!("https://smart.example/fhir/Patient/a"))).unwrap();
    assert_eq!(absolute.fhir_user.to_string(), "Patient/a");
    let unnamed = said(&with("name", Value::Null)).unwrap();
    assert_eq!(unnamed.name, "Practitioner/p1");
}

#[test]
fn a_claim_of_patients_that_is_not_understood_gives_nobody() {
    let patients =
        |value: Value| said(&with("smart", json!({ "patients": value }))).map(|user| user.patients);
    let some = |ids: &[&str]| Ok(PatientAccess::Only(ids.iter().map(|id| id.parse().unwrap()).collect()));
    assert_eq!(patients(json!("*")), Ok(PatientAccess::All));
    assert_eq!(patients(json!("a")), some(&["a"]));
    assert_eq!(patients(json!("a b, Patient/c")), some(&["a", "b", "c"]));
    assert_eq!(patients(json!(["https://smart.example/fhir/Patient/a"])), some(&["a"]));
    assert_eq!(patients(json!([])), some(&[]));
    assert_eq!(patients(json!("")), some(&[]));
    for bad in [
        json!(["*"]),
        json!(["a", 7]),
        json!(7),
        json!({ "a": 1 }),
        json!(true),
        json!(["https://other.example/fhir/Patient/a"]),
        json!(["a/b"]),
    ] {
        assert_eq!(patients(bad.clone()), Err(ClaimFault::Patients), "{bad}");
    }
    let absent = said(&with("smart", Value::Null)).unwrap();
    assert_eq!(absent.patients, PatientAccess::Only([].into()));
}

#[test]
fn rs_18_claims_give_every_patient_to_no_relative() {
    let said = |fhir_user: &str| {
        let mut claims = with("smart", json!({ "patients": "*" }));
        claims["fhir_user"] = json!(fhir_user);
        said(&claims).map(|user| user.patients)
    };
    assert_eq!(said("Practitioner/p1"), Ok(PatientAccess::All));
    for relative in ["RelatedPerson/r", "Person/x"] {
        assert!(matches!(said(relative), Err(ClaimFault::Everyone(_))), "{relative}");
    }
}

#[test]
fn people_of_a_provider_without_claims_are_registered() {
    let registered =
        provider_of(&json!({ "id": "idp", "name": "Staff", "issuer": ISSUER, "client_id": "smart" }));
    let here: PublicUrl = "https://smart.example".parse().unwrap();
    let token =
        IdToken { subject: "7".to_owned(), auth_time: None, claims: claims().as_object().unwrap().clone() };
    let person = Person::of(&token, &registered, &here, [1; 32], NOW);
    assert!(person.said.is_none() && !person.external.by_claims);
    assert_eq!(person.external.vouched_until, None);
}

#[test]
fn refr_24_what_claims_say_holds_for_as_long_as_the_operator_says() {
    let lifetime = |days: Value| {
        let mut entry = json!({
            "id": "idp", "name": "Staff", "issuer": ISSUER, "client_id": "smart", "claims": { "fhirUser": "fhir_user" },
        });
        if !days.is_null() {
            entry["claims_lifetime_days"] = days;
        }
        read_providers(&json!([entry]).to_string(), Deployment::Public, everywhere, "a place").map(|read| {
            let here: PublicUrl = "https://smart.example".parse().unwrap();
            let claims = claims().as_object().unwrap().clone();
            let token = IdToken { subject: "7".to_owned(), auth_time: None, claims };
            let user = Person::of(&token, &read[0], &here, [1; 32], NOW).said.unwrap().unwrap();
            user.external.unwrap().vouched_until.unwrap().since(NOW).as_secs() / 86_400
        })
    };
    assert_eq!(lifetime(Value::Null), Ok(30));
    assert_eq!(lifetime(json!(1)), Ok(1));
    assert_eq!(lifetime(json!(180)), Ok(180));
    for bad in [json!(0), json!(181), json!(-1), json!(1.5), json!("30"), json!(true)] {
        let told = "[0].claims_lifetime_days: expected a whole number of days from 1 to 180";
        assert_eq!(lifetime(bad.clone()), Err(vec![told.to_owned()]), "{bad}");
    }
    let alone =
        json!([{ "id": "a", "name": "A", "issuer": ISSUER, "client_id": "c", "claims_lifetime_days": 30 }]);
    let faults = read_providers(&alone.to_string(), Deployment::Public, everywhere, "a place").unwrap_err();
    assert_eq!(faults, ["[0].claims_lifetime_days: expected only beside claims"]);
}

#[test]
fn all_that_is_wrong_with_providers_is_said_at_once() {
    let read = |text: &str, deployment| {
        read_providers(text, deployment, |place| matches!(place, SecretPlace::Environment(_)), "env:NAME")
    };
    let told = |value: &Value| read(&value.to_string(), Deployment::Public).unwrap_err();
    assert_eq!(read("[", Deployment::Public).unwrap_err().len(), 1);
    assert!(told(&json!({}))[0].starts_with("expected a JSON array"));
    let good = json!({ "id": "a", "name": "A", "issuer": "https://a.example", "client_id": "c" });
    let wrong = json!([
        { "id": "Local", "issuer": "http://idp.example", "client_id": 7, "secret": "x", "scope": "profile", "claims": { "roles": "r" } },
        { "id": "local", "name": " ", "issuer": "https://idp.example?x", "client_id": "c", "client_secret": "hunter2" },
        { "id": "b", "name": "B", "issuer": "https://b.example", "client_id": "c", "token_endpoint_auth_method": "private_key_jwt" },
        { "id": "b", "name": "B", "issuer": "https://b.example", "client_id": "c", "token_endpoint_auth_method": "client_secret_post" },
        good, good, 7,
    ]);
    let faults = told(&wrong);
    for expected in [
        "[0].secret: expected only id, name,",
        "[0].id: expected 1 to 32",
        "[0].name: expected, and it is missing",
        "[0].issuer: expected the provider's issuer",
        "[0].client_id: expected some text",
        "[0].scope: expected openid",
        "[0].claims.roles: expected only",
        "[0].claims.fhirUser: expected, and it is missing",
        "[1].id: expected 1 to 32",
        "[1].name: expected some text",
        "[1].issuer: expected",
        "[1].client_secret: expected env:NAME: where it is, never the secret itself",
        "[2].token_endpoint_auth_method: expected",
        "[3].client_secret: expected env:NAME",
        "[5].id: expected another one",
        "[5].issuer: expected another one",
        "[6]: expected an object",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{expected}: {faults:#?}");
    }
    assert!(!faults.join("\n").contains("hunter2"), "no value is repeated");
    let elsewhere = json!([{ "id": "a", "name": "A", "issuer": "https://a.example", "client_id": "c", "client_secret": "file:/x" }]);
    assert_eq!(told(&elsewhere).len(), 1, "a place that this program cannot read");

    let loopback =
        json!([{ "id": "a", "name": "A", "issuer": "http://localhost:1/op", "client_id": "c" }]).to_string();
    assert!(read(&loopback, Deployment::Loopback).is_ok());
    assert!(read(&loopback, Deployment::Public).is_err());
}

#[test]
fn passwords_are_off_where_there_are_providers_and_there_is_always_a_way_to_sign_in() {
    let some = r#"[{"id":"a","name":"A","issuer":"https://a.example","client_id":"c"}]"#;
    let read = |providers, local_users| {
        SignInSettings::read(providers, local_users, Deployment::Public, everywhere, "a place")
            .map(|settings| (settings.providers.len(), settings.local_users))
    };
    assert_eq!(read(None, None), Ok((0, true)));
    assert_eq!(read(Some("[]"), None), Ok((0, true)));
    assert_eq!(read(Some(some), None), Ok((1, false)));
    assert_eq!(read(Some(some), Some("true")), Ok((1, true)));
    assert_eq!(read(Some(some), Some("false")), Ok((1, false)));
    for (providers, local_users, settings) in
        [(None, "false", vec![1]), (Some("[]"), "false", vec![1]), (Some("[7, 8]"), "maybe", vec![0, 0, 1])]
    {
        let faults = read(providers, Some(local_users)).unwrap_err();
        assert_eq!(faults.iter().map(|(setting, _)| *setting).collect::<Vec<_>>(), settings, "{faults:?}");
    }
}

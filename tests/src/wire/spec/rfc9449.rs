//! RFC 9449, Demonstrating Proof of Possession (`DPoP`): tokens that are worth nothing without the app's key.

use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
    AUTHORIZATION, CONTENT_TYPE, ORIGIN, WWW_AUTHENTICATE,
};
use serde_json::{Value, json};
use smart_core::secret::Digest;

use crate::harness::keys::Key;
use crate::harness::smart_app::{ALL_OF_MARIA, random_text};
use crate::harness::target::Call;
use crate::harness::{Answer, Browser, Choices, SmartApp};

/// A proof by `key` for a request, whatever it says besides.
fn proof(key: &Key, claims: &Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.jwk("any") });
    key.sign(&header, claims)
}

fn claims(app: &SmartApp, method: &str, url: &str, jti: &str) -> Value {
    json!({ "htm": method, "htu": url, "iat": app.now().as_unix(), "jti": jti })
}

/// A read with a bound token.
async fn read(app: &SmartApp, key: &Key, token: &str, path: &str, jti: &str) -> Answer {
    let url = format!("{}/{path}", app.fhir_base());
    let mut claims = claims(app, "GET", &url, jti);
    claims["ath"] = json!(Digest::of(token.as_bytes()).to_string());
    let call = app.target.call(Method::GET, &url).header(AUTHORIZATION, &format!("DPoP {token}"));
    call.header("dpop", &proof(key, &claims)).send().await
}

/// DPOP-01 to DPOP-06 (§4 to §7, §10): the whole way, from a code that is bound to tokens that are, with a thief beside it.
#[tokio::test]
async fn dpop_01_to_06_bound_from_the_code_to_the_last_token() {
    let app = SmartApp::on_wire("web").await;
    let algorithms = &app.metadata["dpop_signing_alg_values_supported"];
    assert_eq!(*algorithms, json!(["ES256", "ES384", "RS256", "RS384"]));
    let (key, thief) = (Key::es384(), Key::rsa());
    let endpoint = app.endpoint("token_endpoint").to_owned();
    let at_token = |key: &Key, jti: &str| proof(key, &claims(&app, "POST", &endpoint, jti));

    let thumbprint = |key: &Key| {
        let bare: smart_core::jose::PublicKey = serde_json::from_value(key.jwk("any")).unwrap();
        bare.thumbprint().as_str().to_owned()
    };
    let asked = app.request(ALL_OF_MARIA).set("dpop_jkt", &thumbprint(&key));
    let mut browser = Browser::new(&app.target);
    let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
    app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
    let stolen = app.exchange(&asked, &code).call().header("dpop", &at_token(&thief, "t-1"));
    stolen.send().await.is_token_error(400, "invalid_grant");
    let first = app.exchange(&asked, &code).call().header("dpop", &at_token(&key, "k-1")).send().await.ok();
    assert_eq!(first["token_type"], "DPoP");

    let token = first["access_token"].as_str().unwrap();
    assert_eq!(read(&app, &key, token, "Patient/maria", "r-1").await.ok()["id"], "maria");
    read(&app, &key, token, "Patient/maria", "r-1").await.is_outcome(401, "login");
    read(&app, &thief, token, "Patient/maria", "r-2").await.is_outcome(401, "login");
    let url = format!("{}/Patient/maria", app.fhir_base());
    let as_bearer = app.target.get(&url).bearer(token).send().await;
    as_bearer.is_outcome(401, "expired");
    assert!(
        as_bearer.header(WWW_AUTHENTICATE).starts_with("DPoP "),
        "{}",
        as_bearer.header(WWW_AUTHENTICATE)
    );

    let refresh = |token: &Value| {
        app.token_call(&[("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())]).call()
    };
    refresh(&first["refresh_token"]).send().await.is_token_error(400, "invalid_grant");
    let stolen = refresh(&first["refresh_token"]).header("dpop", &at_token(&thief, "t-2"));
    stolen.send().await.is_token_error(400, "invalid_grant");
    let next = refresh(&first["refresh_token"]).header("dpop", &at_token(&key, "k-2")).send().await.ok();
    let token = next["access_token"].as_str().unwrap();
    assert_eq!(read(&app, &key, token, "Patient/maria", "r-3").await.ok()["id"], "maria");
}

/// DPOP-06, DPOP-08: what cannot be a thumbprint is said before anybody signs in, and what is no proof is no code's end.
#[tokio::test]
async fn dpop_08_what_is_no_proof_is_said_by_its_own_error() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA).set("dpop_jkt", "x");
    assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_request");
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let elsewhere = proof(&Key::es384(), &claims(&app, "POST", "https://other.example/auth/token", "1"));
    for proof in ["x", &elsewhere] {
        let answer = app.exchange(&asked, &code).call().header("dpop", proof).send().await;
        answer.is_token_error(400, "invalid_dpop_proof");
    }
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// A client alone, and its token that is bound to a key.
struct BoundService {
    app: SmartApp,
    key: Key,
    token: String,
}

impl BoundService {
    async fn of(client: &'static str, scope: &str) -> Self {
        let (app, key) = (SmartApp::on_wire(client).await, Key::es384());
        let endpoint = app.endpoint("token_endpoint").to_owned();
        let proof = proof(&key, &claims(&app, "POST", &endpoint, &random_text()));
        let asked = [("grant_type", "client_credentials"), ("scope", scope)];
        let tokens = app.token_call(&asked).call().header("dpop", &proof).send().await.ok();
        assert_eq!(tokens["token_type"], "DPoP");
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        Self { app, key, token }
    }

    /// A proof by `key` for a POST to `url` with this token.
    fn proof_by(&self, key: &Key, url: &str, jti: &str) -> String {
        let mut claims = claims(&self.app, "POST", url, jti);
        claims["ath"] = json!(Digest::of(self.token.as_bytes()).to_string());
        proof(key, &claims)
    }

    /// A thief of the token fails at `call`, which goes to `url`, and its owner does not.
    async fn is_its_owners_alone(&self, url: &str, call: impl Fn() -> Call, status: u16) {
        let challenged = |answer: &Answer, error: &str| {
            let challenge = answer.header(WWW_AUTHENTICATE);
            assert!(challenge.starts_with("DPoP ") && challenge.contains(error), "{challenge}");
        };
        let by =
            |proof: &str| call().header(AUTHORIZATION, &format!("DPoP {}", self.token)).header("dpop", proof);
        let as_bearer = call().bearer(&self.token).send().await;
        challenged(as_bearer.is(401), "error=\"invalid_token\"");
        let unproved = call().header(AUTHORIZATION, &format!("DPoP {}", self.token)).send().await;
        challenged(unproved.is(401), "error=\"invalid_dpop_proof\"");
        let jti = random_text();
        let good = self.proof_by(&self.key, url, &jti);
        for stolen in [
            self.proof_by(&Key::es384(), url, &jti),
            self.proof_by(&self.key, self.app.endpoint("token_endpoint"), &jti),
            proof(&self.key, &claims(&self.app, "POST", url, &jti)),
        ] {
            challenged(by(&stolen).send().await.is(401), "error=\"invalid_dpop_proof\"");
        }
        by(&good).send().await.is(status);
        challenged(by(&good).send().await.is(401), "error=\"invalid_dpop_proof\"");
    }
}

/// DPOP-02, DPOP-05: an EHR's token that is bound to a key makes a launch with a proof, and none without.
#[tokio::test]
async fn dpop_05_a_bound_token_makes_a_launch_for_who_has_its_key() {
    let ehr = BoundService::of("ehr", "__launch.create").await;
    let url = format!("{}/auth/launch", ehr.app.issuer());
    let call = || {
        let call = ehr.app.target.call(Method::POST, "/auth/launch");
        call.header(CONTENT_TYPE, "application/json").body(r#"{"client_id":"web"}"#)
    };
    ehr.is_its_owners_alone(&url, call, 201).await;
}

/// DPOP-02, DPOP-05: and the token of a resource server asks about others.
#[tokio::test]
async fn dpop_05_a_bound_token_introspects_for_who_has_its_key() {
    let server = BoundService::of("introspector", "__token.introspect").await;
    let url = server.app.endpoint("introspection_endpoint").to_owned();
    server.is_its_owners_alone(&url, || server.app.target.post(&url, &[("token", "none")]), 200).await;
    // A token that is bound to no key has none to prove.
    let plain = server.app.alone("__token.introspect").await.access_token;
    let call = server.app.target.post(&url, &[("token", "none")]);
    let call = call.header(AUTHORIZATION, &format!("DPoP {plain}"));
    call.header("dpop", &server.proof_by(&server.key, &url, &random_text())).send().await.is(401);
}

/// DPOP-07: scripts of other origins may send proofs, and read why one was refused.
#[tokio::test]
async fn dpop_07_scripts_may_send_proofs() {
    let app = SmartApp::on_wire("web").await;
    for url in [app.endpoint("token_endpoint").to_owned(), format!("{}/Patient/maria", app.fhir_base())] {
        let call = app.target.call(Method::OPTIONS, &url).header(ORIGIN, "https://app.example");
        let preflight = call.header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization, dpop").send().await;
        let allowed = preflight.header(ACCESS_CONTROL_ALLOW_HEADERS);
        assert!(allowed.split(", ").any(|name| name == "DPoP"), "{url}: {allowed}");
        let exposed = app.target.get(&url).send().await;
        assert!(exposed.header(ACCESS_CONTROL_EXPOSE_HEADERS).contains("WWW-Authenticate"), "{url}");
    }
}

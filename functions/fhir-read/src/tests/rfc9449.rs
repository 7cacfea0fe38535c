//! RFC 9449, §7: tokens that are bound to a key open nothing without a proof by it.

use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use smart_core::dpop::Confirmation;
use smart_core::secret::Digest;

use super::tokens::{Bearer, Key};
use super::world::{World, clinic};
use super::{Answer, BASE, Call, NOW, function, get, post_search};

const SCOPES: &str = "patient/*.rs";

/// A token that is bound to `key`.
fn bound(world: &World, key: &Key) -> Bearer {
    let jkt = key.public.kid.clone();
    world.token_with("clinician", SCOPES, Some("a"), |claims| claims.cnf = Some(Confirmation { jkt }))
}

fn claims(token: &str, path: &str, jti: &str) -> Value {
    json!({
        "htm": "GET", "htu": format!("https://smart.example{path}"), "iat": NOW.as_unix(), "jti": jti,
        "ath": Digest::of(token.as_bytes()).to_string(),
    })
}

fn proof(key: &Key, claims: &Value) -> String {
    key.jwt(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public.key }), claims)
}

impl Call {
    fn proved(self, token: &str, proof: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}")).header("dpop", proof)
    }
}

impl Answer {
    /// The challenges, by the names of their schemes and errors.
    fn challenges(&self) -> Vec<(String, Option<String>)> {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap());
        challenges
            .map(|challenge| {
                let error = challenge.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
                (challenge.split(' ').next().unwrap().to_owned(), error.map(str::to_owned))
            })
            .collect()
    }
}

#[tokio::test]
async fn dpop_02_a_bound_token_opens_with_a_proof_for_this_request_used_once() {
    let (world, key) = (clinic(), Key::generate());
    let token = bound(&world, &key).token;
    let function = function(&world);
    let paths =
        [("/fhir/Patient/a", "/fhir/Patient/a"), ("/fhir/Observation?code=718-7", "/fhir/Observation")];
    for (path, named) in paths {
        let proof = proof(&key, &claims(&token, named, path));
        assert_eq!(get(path).proved(&token, &proof).send_to(&function).await.status, 200, "{path}");
        let again = get(path).proved(&token, &proof).send_to(&function).await;
        again.is_outcome(401, "login");
        assert_eq!(again.challenges(), [("DPoP".to_owned(), Some("invalid_dpop_proof".to_owned()))]);
        assert!(again.diagnostics().contains("used before"), "{}", again.diagnostics());
    }
    let mut search = claims(&token, "/fhir/Observation/_search", "post");
    search["htm"] = json!("POST");
    let search = post_search("Observation", "code=718-7").proved(&token, &proof(&key, &search));
    assert_eq!(search.send_to(&function).await.status, 200);
}

#[tokio::test]
async fn dpop_05_a_bound_token_sent_as_a_bearer_token_is_refused_and_the_other_way_round() {
    let (world, key) = (clinic(), Key::generate());
    let token = bound(&world, &key).token;
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        let proof = proof(&key, &claims(&token, path, path));
        for call in [get(path), get(path).header("dpop", &proof)] {
            let answer = call.header("authorization", &format!("Bearer {token}")).send(&world).await;
            answer.is_outcome(401, "expired");
            assert_eq!(answer.challenges(), [("DPoP".to_owned(), Some("invalid_token".to_owned()))]);
            let challenge = answer.header("www-authenticate");
            assert!(challenge.contains("algs=\"ES256 ES384 RS256 RS384\""), "{challenge}");
        }
        let plain = world.token("clinician", SCOPES, Some("a")).token;
        let proof = super::rfc9449::proof(&key, &claims(&plain, path, path));
        let answer = get(path).proved(&plain, &proof).send(&world).await;
        answer.is_outcome(401, "expired");
    }
}

#[tokio::test]
async fn sec_06_and_dpop_02_a_stolen_token_is_worth_nothing_without_its_key() {
    let (world, key, thief) = (clinic(), Key::generate(), Key::generate());
    let Bearer { token, .. } = bound(&world, &key);
    let other = world.token_with("nurse", SCOPES, Some("a"), |_| {}).token;
    let path = "/fhir/Patient/a";
    let good = claims(&token, path, "1");
    let with = |member: &str, value: Value| {
        let mut claims = good.clone();
        claims[member] = value;
        proof(&key, &claims)
    };
    let table = [
        ("by the thief's key", proof(&thief, &good)),
        ("for another method", with("htm", json!("POST"))),
        ("for another resource", with("htu", json!(format!("{BASE}/Patient/b")))),
        ("for another server", with("htu", json!("https://other.example/fhir/Patient/a"))),
        ("for another token", with("ath", json!(Digest::of(other.as_bytes()).to_string()))),
        ("for no token", with("ath", Value::Null)),
        ("old", with("iat", json!(NOW.as_unix() - 600))),
        ("of the future", with("iat", json!(NOW.as_unix() + 600))),
        ("without a name", with("jti", json!(""))),
        ("an access token", token.clone()),
        ("nothing", String::new()),
        ("not ASCII", "é".to_owned()),
    ];
    for (what, proof) in table {
        let answer = get(path).proved(&token, &proof).send(&world).await;
        answer.is_outcome(401, "login");
        assert_eq!(
            answer.challenges(),
            [("DPoP".to_owned(), Some("invalid_dpop_proof".to_owned()))],
            "{what}"
        );
    }
    let header = ("authorization", format!("DPoP {token}"));
    get(path).header(header.0, &header.1).send(&world).await.is_outcome(401, "login");
    let proofs = [proof(&key, &claims(&token, path, "2")), proof(&key, &claims(&token, path, "3"))];
    let two = get(path).proved(&token, &proofs[0]).header("dpop", &proofs[1]).send(&world).await;
    two.is_outcome(401, "login");
    // None of it was used up by being refused.
    assert_eq!(get(path).proved(&token, &proof(&key, &good)).send(&world).await.status, 200);
}

#[tokio::test]
async fn dpop_02_without_the_store_no_proof_counts() {
    let (world, key) = (clinic(), Key::generate());
    let token = bound(&world, &key).token;
    world.0.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    let proof = proof(&key, &claims(&token, "/fhir/Patient/a", "1"));
    let answer = get("/fhir/Patient/a").proved(&token, &proof).send(&world).await;
    answer.is_outcome(503, "transient");
}

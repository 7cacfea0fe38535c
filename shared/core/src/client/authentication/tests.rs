//! Client authentication: header and form, and every way in which an assertion can be wrong.

mod anything;
mod claims;
mod one_way;
mod published_keys;
mod secrets;
mod signatures;

use serde_json::{Value, json};

use super::*;
use crate::client::algorithms::ASSERTION_ALGORITHMS;
use crate::client::metadata::{self, Deployment};
use crate::jose::test_keys::TestKey;

const NOW: Instant = Instant::from_unix(1_800_000_000);
const TOKEN_URL: &str = "https://smart.example/auth/token";
const ISSUER: &str = "https://smart.example";
const AUDIENCES: [&str; 2] = [TOKEN_URL, ISSUER];
const SECRET: &str = "Zk3vT1uQ8xYw5bN7rJ2mKd";

fn now() -> u64 {
    NOW.as_unix()
}

/// A client whose metadata are these besides the usual.
fn client(id: &str, more: &Value) -> Client {
    let mut metadata = json!({ "client_id": id, "redirect_uris": ["https://app.example/cb"] });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata::parse(&metadata, Deployment::Public).unwrap()
}

fn public(id: &str) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": "none" }))
}

fn symmetric(id: &str, method: &str, secret: &str) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": method, "client_secret": secret }))
}

fn asymmetric(id: &str, keys: &[Value]) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": keys } }))
}

fn form(pairs: &[(&str, &str)]) -> Parameters {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Parameters::parse(encoded.as_bytes()).unwrap()
}

fn basic_header(user_and_password: &str) -> String {
    format!("Basic {}", STANDARD.encode(user_and_password))
}

fn by_header(user_and_password: &str) -> Presented {
    Presented::parse(Some(&basic_header(user_and_password)), &form(&[])).unwrap()
}

fn is_by_header(presented: &Presented, secret: &str) -> bool {
    let digest = Digest::of(secret.as_bytes());
    presented.proof == Proof::Secret { method: SecretMethod::ClientSecretBasic, digest }
}

fn by_form(pairs: &[(&str, &str)]) -> Result<Presented, PresentedError> {
    Presented::parse(None, &form(pairs))
}

fn by_assertion(assertion: &str) -> Result<Presented, PresentedError> {
    by_form(&[("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)])
}

/// What becomes of an assertion that is sent for `client`.
fn verified(assertion: &str, client: &Client) -> Result<Verified, AuthenticationError> {
    by_assertion(assertion).unwrap().verify(client, &AUDIENCES, NOW)
}

/// The claims of a good assertion of `app`, with some members changed; `null` takes one out.
fn claims(changes: &Value) -> Value {
    changed(json!({ "iss": "app", "sub": "app", "aud": TOKEN_URL, "exp": now() + 60, "jti": "j-1" }), changes)
}

fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

fn header(changes: &Value) -> Value {
    changed(json!({ "typ": "JWT", "alg": "ES384", "kid": "k" }), changes)
}

/// The client `app` with one ES384 key named `k`.
fn app() -> (TestKey, Client) {
    let key = TestKey::generate(Algorithm::ES384);
    let client = asymmetric("app", &[key.jwk("k")]);
    (key, client)
}

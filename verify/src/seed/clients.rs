//! The test clients (RFC 7591 metadata), with secrets and keys of their own.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::{Map, Value, json};
use url::Url;

use super::{REDIRECT, client, is_on_loopback};
use crate::SetupError;
use crate::keys::{ALGORITHMS, Key, random_text};

/// All that a client with users may ask for. More than any server grants: what is not offered must be refused by the
/// server, and not for want of a registration.
const EVERYTHING: &str = "openid fhirUser profile launch launch/patient launch/encounter offline_access \
                          online_access patient/*.cruds user/*.cruds";

/// Makes the clients for a server at `base`; the private halves of their keys are put to `keys`.
pub(super) fn make(keys: &mut Map<String, Value>, base: Option<&Url>) -> Result<Vec<Value>, SetupError> {
    let public = json!({ "token_endpoint_auth_method": "none", "initiate_login_uri": "https://verify.invalid/launch" });
    let mut clients = vec![app(client::PUBLIC, "public app", public)];
    for (id, method) in [(client::BASIC, "client_secret_basic"), (client::POST, "client_secret_post")] {
        let secret = json!({ "token_endpoint_auth_method": method, "client_secret": random_text()? });
        clients.push(app(id, method, secret));
    }
    for algorithm in ALGORITHMS {
        let id = client::of_algorithm(algorithm);
        let mut jwks = new_key(&id, algorithm, keys)?;
        // A server without ES256 may refuse a client that has no other key. Nobody signs with this one.
        if let (true, Some(jwks)) = (algorithm == "ES256", jwks.get_mut("keys").and_then(Value::as_array_mut))
        {
            jwks.push(Key::make("ES384")?.jwk("verify-spare"));
        }
        clients.push(app(&id, algorithm, by_key(json!({ "jwks": jwks }))));
    }
    if base.is_some_and(|base| is_on_loopback(base.as_str())) {
        new_key(client::PUBLISHED, "ES384", keys)?;
        let published = by_key(json!({ "jwks_uri": free_address()? }));
        clients.push(app(client::PUBLISHED, "published keys", published));
    }
    for (id, name, scope) in [
        (client::BACKEND, "backend service", "system/*.rs system/*.read"),
        (client::EHR, "EHR", "__launch.create __token.introspect"),
    ] {
        let proof = by_key(json!({ "jwks": new_key(id, "ES384", keys)?, "scope": scope }));
        clients.push(alone(id, name, proof));
    }
    let server = json!({
        "token_endpoint_auth_method": "client_secret_basic", "client_secret": random_text()?, "smart_introspect": true,
    });
    clients.push(alone(client::INTROSPECTOR, "resource server", server));
    Ok(clients)
}

/// A client with users; `more` is how it proves who it is.
fn app(id: &str, name: &str, more: Value) -> Value {
    let common = json!({
        "client_id": id, "client_name": format!("Verify: {name}"), "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
    });
    with(common, more)
}

/// A client without users.
fn alone(id: &str, name: &str, more: Value) -> Value {
    let common = json!({
        "client_id": id, "client_name": format!("Verify: {name}"), "grant_types": ["client_credentials"],
    });
    with(common, more)
}

fn by_key(keys: Value) -> Value {
    with(json!({ "token_endpoint_auth_method": "private_key_jwt" }), keys)
}

/// The members of both.
fn with(mut metadata: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (metadata.as_object_mut(), more) {
        members.extend(more);
    }
    metadata
}

/// A new key of a client: remembers its private half, and gives the set with its public one.
fn new_key(id: &str, algorithm: &str, keys: &mut Map<String, Value>) -> Result<Value, SetupError> {
    let key = Key::make(algorithm)?;
    keys.insert(id.to_owned(), key.to_text()?.into());
    Ok(json!({ "keys": [key.jwk(id)] }))
}

/// An address on loopback where nobody listens at this time.
fn free_address() -> Result<String, SetupError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(|error| SetupError::Seed(format!("no free port: {error}")))?;
    Ok(format!("http://{address}/jwks.json"))
}

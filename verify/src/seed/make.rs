//! Writes a seed folder with secrets and keys of its own.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use serde_json::{Map, Value, json};
use url::Url;

use super::records::{self, ALICE, BOB};
use super::{REDIRECT, client, is_on_loopback, user};
use crate::SetupError;
use crate::keys::{ALGORITHMS, Key, random_text};

/// All that a client with users may ask for. More than any server grants: what is not offered must be refused by the
/// server, and not for want of a registration.
const EVERYTHING: &str = "openid fhirUser profile launch launch/patient launch/encounter offline_access \
                          online_access patient/*.cruds user/*.cruds";

/// Who is in a seed that was written: whom the operator disables afterwards.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// Each client's `client_id`.
    pub clients: Vec<String>,
    /// Each user's name.
    pub users: Vec<String>,
}

/// Writes a new seed into `folder`, in which nothing may stand in its way. `base` is the server that it is for; without it, it is
/// for any.
pub fn make(folder: &Path, base: Option<&Url>) -> Result<Seeded, SetupError> {
    let unwritable = |error| SetupError::Seed(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder.join("fhir")).map_err(unwritable)?;
    let mut keys = Map::new();
    let clients = clients(&mut keys, base)?;
    let users = json!([
        { "username": user::CLINICIAN, "password": random_text()?, "name": "Verify Clinician",
          "fhirUser": "Practitioner/verify-practitioner", "patients": [ALICE, BOB] },
        { "username": user::PATIENT, "password": random_text()?, "name": "Verify Patient",
          "fhirUser": format!("Patient/{ALICE}"), "patients": [ALICE] },
    ]);
    let lines: Vec<String> = records::all().iter().map(Value::to_string).collect();
    let names = |entries: &[Value], name: &str| -> Vec<String> {
        entries.iter().filter_map(|entry| super::text(entry, name)).collect()
    };
    let seeded = Seeded {
        clients: names(&clients, "client_id"),
        users: names(users.as_array().map_or(&[], Vec::as_slice), "username"),
    };
    write(folder, "clients.json", &pretty(&Value::Array(clients)))?;
    write(folder, "users.json", &pretty(&users))?;
    write(folder, "private-keys.json", &pretty(&Value::Object(keys)))?;
    write(folder, "fhir/verify.ndjson", &format!("{}\n", lines.join("\n")))?;
    Ok(seeded)
}

/// The clients; the private halves of their keys are put to `keys`.
fn clients(keys: &mut Map<String, Value>, base: Option<&Url>) -> Result<Vec<Value>, SetupError> {
    let mut clients = vec![json!({
        "client_id": client::PUBLIC, "client_name": "Verify: public app", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none", "initiate_login_uri": "https://verify.invalid/launch",
        "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
    })];
    for (id, method) in [(client::BASIC, "client_secret_basic"), (client::POST, "client_secret_post")] {
        clients.push(json!({
            "client_id": id, "client_name": format!("Verify: {method}"), "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": method, "client_secret": random_text()?,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }));
    }
    for algorithm in ALGORITHMS {
        let id = client::of_algorithm(algorithm);
        let jwks = new_key(&id, algorithm, keys)?;
        clients.push(json!({
            "client_id": id, "client_name": format!("Verify: {algorithm}"), "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }));
    }
    for (id, name, scope) in [
        (client::BACKEND, "Verify: backend service", "system/*.rs system/*.read"),
        (client::EHR, "Verify: EHR", "__launch.create __token.introspect"),
    ] {
        let jwks = new_key(id, "ES384", keys)?;
        clients.push(json!({
            "client_id": id, "client_name": name, "token_endpoint_auth_method": "private_key_jwt",
            "jwks": jwks, "grant_types": ["client_credentials"], "scope": scope,
        }));
    }
    clients.push(json!({
        "client_id": client::INTROSPECTOR, "client_name": "Verify: resource server",
        "token_endpoint_auth_method": "client_secret_basic", "client_secret": random_text()?,
        "grant_types": ["client_credentials"], "smart_introspect": true,
    }));
    if base.is_some_and(|base| is_on_loopback(base.as_str())) {
        new_key(client::PUBLISHED, "ES384", keys)?;
        clients.push(json!({
            "client_id": client::PUBLISHED, "client_name": "Verify: published keys", "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": free_address()?,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }));
    }
    Ok(clients)
}

/// An address on loopback where nobody listens at this time.
fn free_address() -> Result<String, SetupError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(|error| SetupError::Seed(format!("no free port: {error}")))?;
    Ok(format!("http://{address}/jwks.json"))
}

/// A new key of a client: remembers its private half, and gives the set with its public one.
fn new_key(id: &str, algorithm: &str, keys: &mut Map<String, Value>) -> Result<Value, SetupError> {
    let key = Key::make(algorithm)?;
    keys.insert(id.to_owned(), key.to_text()?.into());
    Ok(json!({ "keys": [key.jwk(id)] }))
}

fn pretty(json: &Value) -> String {
    format!("{json:#}\n")
}

/// Writes a file that was not there, for this user's eyes only.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), SetupError> {
    let path = folder.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| SetupError::Seed(format!("{}: {error}", path.display())))
}

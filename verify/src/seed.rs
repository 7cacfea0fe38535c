//! Who and what the flows work with: a folder that was written by `make`, and loaded into the server before.
//!
//! ```text
//! clients.json        the test clients, as any seed folder has them: public keys, secrets
//! users.json          the test users, with their passwords
//! fhir/verify.ndjson  the synthetic patients
//! private-keys.json   the private keys of the clients; the server never reads it
//! ```

mod clients;
mod make;
pub(crate) mod records;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use url::{Host, Url};

use crate::SetupError;
use crate::keys::{ALGORITHMS, Key};

pub use self::make::{Seeded, make};

/// The clients, by what they are for.
pub(crate) mod client {
    use crate::keys::ALGORITHMS;

    pub(crate) const PUBLIC: &str = "verify-public";
    pub(crate) const BASIC: &str = "verify-basic";
    pub(crate) const POST: &str = "verify-post";
    /// Publishes its keys at a `jwks_uri`; just in a seed for a server on loopback.
    pub(crate) const PUBLISHED: &str = "verify-published";
    pub(crate) const BACKEND: &str = "verify-backend";
    /// The EHR: may create launches.
    pub(crate) const EHR: &str = "verify-ehr";
    /// A resource server: may introspect any token.
    pub(crate) const INTROSPECTOR: &str = "verify-introspector";

    /// The client whose key is of an algorithm.
    pub(crate) fn of_algorithm(algorithm: &str) -> String {
        format!("verify-{}", algorithm.to_ascii_lowercase())
    }

    /// The client that can sign by an algorithm, whatever it is registered for: any RSA key signs by all of RSA's.
    pub(crate) fn who_signs(algorithm: &str) -> String {
        of_algorithm(if ALGORITHMS.contains(&algorithm) { algorithm } else { "RS384" })
    }
}

/// The users.
pub(crate) mod user {
    /// A clinician with two patients.
    pub(crate) const CLINICIAN: &str = "verify-clinician";
    /// A patient.
    pub(crate) const PATIENT: &str = "verify-patient";
}

/// Where apps are sent back to. The name never resolves (RFC 2606 §2), so that no code goes anywhere.
pub(crate) const REDIRECT: &str = "https://verify.invalid/callback";

/// A test client.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) proof: Proof,
}

/// How it proves who it is.
pub(crate) enum Proof {
    None,
    Basic(String),
    Post(String),
    Key { algorithm: &'static str, key: Key },
}

/// A test user.
#[expect(clippy::struct_field_names, reason = "`fhirUser` is SMART's own word")]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) fhir_user: String,
}

/// A seed that was read.
pub(crate) struct Seed {
    clients: BTreeMap<String, Client>,
    jwks_uri: Option<Url>,
    users: BTreeMap<String, User>,
}

impl Seed {
    /// Reads the folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, SetupError> {
        let keys = json(folder, "private-keys.json")?;
        let (mut clients, mut jwks_uri) = (BTreeMap::new(), None);
        for metadata in list(folder, "clients.json")? {
            let client = client_of(&metadata, &keys)?;
            jwks_uri = jwks_uri.or(text(&metadata, "jwks_uri").and_then(|uri| uri.parse().ok()));
            clients.insert(client.id.clone(), client);
        }
        let mut users = BTreeMap::new();
        for user in list(folder, "users.json")? {
            let text = |name: &str| text(&user, name).ok_or_else(|| incomplete("users.json", name));
            let user = User {
                username: text("username")?,
                password: text("password")?,
                fhir_user: text("fhirUser")?,
            };
            users.insert(user.username.clone(), user);
        }
        Ok(Self { clients, jwks_uri, users })
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.values()
    }

    /// Where the client that publishes its keys does so, and the public half of its key.
    pub(crate) fn published(&self) -> Option<(&Url, Value)> {
        let Proof::Key { key, .. } = &self.client(client::PUBLISHED)?.proof else { return None };
        Some((self.jwks_uri.as_ref()?, key.jwk(client::PUBLISHED)))
    }

    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// All that a report must not hold.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let of_clients = self.clients.values().filter_map(|client| match &client.proof {
            Proof::Basic(secret) | Proof::Post(secret) => Some(secret.as_str()),
            _ => None,
        });
        of_clients.chain(self.users.values().map(|user| user.password.as_str()))
    }
}

/// Whether a server at this address may fetch keys from this machine: it is reached here, and not by TLS.
pub(crate) fn is_on_loopback(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && is_here
}

fn client_of(metadata: &Value, keys: &Value) -> Result<Client, SetupError> {
    let need = |name: &str| text(metadata, name).ok_or_else(|| incomplete("clients.json", name));
    let id = need("client_id")?;
    let proof = match need("token_endpoint_auth_method")?.as_str() {
        "client_secret_basic" => Proof::Basic(need("client_secret")?),
        "client_secret_post" => Proof::Post(need("client_secret")?),
        "private_key_jwt" => {
            let key = text(keys, &id).ok_or_else(|| incomplete("private-keys.json", &id))?;
            let algorithm = ALGORITHMS.into_iter().find(|name| client::of_algorithm(name) == id);
            let algorithm = algorithm.unwrap_or("ES384");
            Proof::Key { algorithm, key: Key::read(algorithm, &key)? }
        }
        _ => Proof::None,
    };
    Ok(Client { id, proof })
}

fn text(object: &Value, name: &str) -> Option<String> {
    Some(object.get(name)?.as_str()?.to_owned())
}

fn list(folder: &Path, name: &str) -> Result<Vec<Value>, SetupError> {
    match json(folder, name)? {
        Value::Array(items) => Ok(items),
        _ => Err(SetupError::Seed(format!("{}: expected an array", folder.join(name).display()))),
    }
}

fn json(folder: &Path, name: &str) -> Result<Value, SetupError> {
    let path = folder.join(name);
    let fault = |error: &dyn std::fmt::Display| SetupError::Seed(format!("{}: {error}", path.display()));
    let text = std::fs::read(&path).map_err(|error| fault(&error))?;
    serde_json::from_slice(&text).map_err(|error| fault(&error))
}

fn incomplete(file: &str, name: &str) -> SetupError {
    SetupError::Seed(format!("{file}: expected {name}, as smart verify --make-seed writes it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_loopback() {
        for (address, expected) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:8080/fhir", true),
            ("http://[::1]:8080", true),
            ("https://localhost:8080", false),
            ("http://localhost.example", false),
            ("http://192.0.2.1", false),
            ("https://smart.example", false),
            ("", false),
        ] {
            assert_eq!(is_on_loopback(address), expected, "{address}");
        }
    }

    #[test]
    fn keys_are_published_in_a_seed_for_a_server_on_loopback_alone() {
        for (base, expected) in
            [(None, false), (Some("https://smart.example"), false), (Some("http://localhost:8080"), true)]
        {
            let folder = std::env::temp_dir().join(crate::keys::random_text().unwrap());
            let base = base.map(|base| base.parse().unwrap());
            make(&folder, base.as_ref()).unwrap();
            let seed = Seed::read(&folder).unwrap();
            std::fs::remove_dir_all(&folder).unwrap();
            let is_here = seed.published().is_some_and(|(uri, _)| is_on_loopback(uri.as_str()));
            assert_eq!((seed.client(client::PUBLISHED).is_some(), is_here), (expected, expected), "{base:?}");
        }
    }
}

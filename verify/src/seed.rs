//! Who and what the flows work with: a folder that was written by `make`, and loaded into the server before.
//!
//! ```text
//! clients.json        the test clients, as any seed folder has them: public keys, secrets
//! users.json          the test users, with their passwords
//! fhir/verify.ndjson  the synthetic patients
//! private-keys.json   the private keys of the clients; the server never reads it
//! ```

mod make;
pub(crate) mod records;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::SetupError;
use crate::keys::{ALGORITHMS, Key};

pub use self::make::{Seeded, make};

/// The clients, by what they are for.
pub(crate) mod client {
    pub(crate) const PUBLIC: &str = "verify-public";
    pub(crate) const BASIC: &str = "verify-basic";
    pub(crate) const POST: &str = "verify-post";
    pub(crate) const BACKEND: &str = "verify-backend";
    /// The EHR: may create launches.
    pub(crate) const EHR: &str = "verify-ehr";
    /// A resource server: may introspect any token.
    pub(crate) const INTROSPECTOR: &str = "verify-introspector";

    /// The client whose key is of an algorithm.
    pub(crate) fn of_algorithm(algorithm: &str) -> String {
        format!("verify-{}", algorithm.to_ascii_lowercase())
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
    users: BTreeMap<String, User>,
}

impl Seed {
    /// Reads the folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, SetupError> {
        let keys = json(folder, "private-keys.json")?;
        let mut clients = BTreeMap::new();
        for metadata in list(folder, "clients.json")? {
            let client = client_of(&metadata, &keys)?;
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
        Ok(Self { clients, users })
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.values()
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

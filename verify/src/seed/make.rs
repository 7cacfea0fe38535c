//! Writes a seed folder with secrets and keys of its own.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use url::Url;

use super::records::{self, ALICE, BOB};
use super::{clients, user};
use crate::SetupError;
use crate::keys::random_text;

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
    let clients = clients::make(&mut keys, base)?;
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

//! The seed of these suites, for a server that is started elsewhere (see [`crate::harness::target`]).

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;
use smart_core::client::metadata::{self, Deployment};
use smart_local::Incoming;

use crate::harness::target::seed_folder;
use crate::harness::world;

/// Writes it where `SMART_WIRE_SEED` says, else to a folder that is gone afterwards; what is written is a seed folder of the
/// contract, and keys that go with it.
#[test]
fn the_world_is_a_seed_folder() {
    match seed_folder() {
        Some(folder) => write_and_check(&folder),
        None => write_and_check(tempfile::tempdir().unwrap().path()),
    }
}

fn write_and_check(folder: &Path) {
    world::write(folder);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let clients: Vec<Value> = serde_json::from_str(&read("seed/clients.json")).unwrap();
    for client in &clients {
        metadata::parse(client, Deployment::Loopback)
            .unwrap_or_else(|error| panic!("{}: {error}", client["client_id"]));
    }
    let users: Vec<Value> = serde_json::from_str(&read("seed/users.json")).unwrap();
    for user in &users {
        let fields: Vec<_> = user.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["fhirUser", "name", "password", "patients", "username"]);
    }
    let records = read("seed/fhir/records.ndjson");
    assert!(records.lines().count() > 60);
    for line in records.lines() {
        Incoming::parse(Bytes::copy_from_slice(line.as_bytes()))
            .unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    let keys: Value = serde_json::from_str(&read("client-keys.json")).unwrap();
    assert!(keys["es384"].is_string() && keys["rs384"].is_string());
    // Public halves alone are in the seed.
    assert!(!read("seed/clients.json").contains("\"d\""));
}

//! Who and what there is: a small clinic, as a seed folder would have it.
//!
//! The same seed goes into the store of a suite's own server ([`load`]) and into a folder for `smart serve --seed`
//! ([`write`]); tests know it by the names that stand here.

pub(crate) mod clients;
pub(crate) mod records;
pub(crate) mod users;

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;
use smart_core::client::metadata::Deployment;
use smart_core::client::{Client, metadata};
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_local::{Incoming, LocalStore};

use super::keys::ClientKeys;

/// A client that was disabled, and a user who was.
pub(crate) const DISABLED_CLIENT: &str = "disabled";
pub(crate) const DISABLED_USER: &str = "dora";

/// Puts the whole world into a store.
pub(crate) async fn load(store: &LocalStore, now: Instant) {
    // As if all were registered on a loopback server: where a client publishes its keys is asked again when they are fetched.
    let read = |client: &Value| metadata::parse(client, Deployment::Loopback).unwrap();
    let clients: Vec<Client> = clients::all().iter().map(read).collect();
    store.seed(clients, users::hashed()).await.unwrap();
    let read = |resource: &Value| Incoming::parse(Bytes::from(resource.to_string())).unwrap();
    store.put_resources(records::all().iter().map(read).collect(), now).await.unwrap();
    assert!(store.disable_client(&DISABLED_CLIENT.parse().unwrap()).await.unwrap());
    assert!(store.disable_user(&DISABLED_USER.parse().unwrap()).await.unwrap());
}

/// Puts a seed folder into a store, beside what is there.
pub(crate) async fn load_folder(store: &LocalStore, here: &PublicUrl, folder: &Path, now: Instant) {
    let list = |name: &str| -> Vec<Value> {
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let clients = list("clients.json");
    let clients = clients.iter().map(|client| metadata::parse(client, here.deployment()).unwrap());
    let users = list("users.json");
    store.seed(clients.collect(), users.iter().map(users::stored).collect()).await.unwrap();
    for file in std::fs::read_dir(folder.join("fhir")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let read = |line: &str| Incoming::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap();
        store.put_resources(text.lines().map(read).collect(), now).await.unwrap();
    }
}

/// Writes the world as a seed folder, `folder/seed`, and beside it the private keys of its clients.
pub(crate) fn write(folder: &Path) {
    let seed = folder.join("seed");
    std::fs::create_dir_all(seed.join("fhir")).unwrap();
    let pretty = |values: &[Value]| serde_json::to_string_pretty(values).unwrap();
    std::fs::write(seed.join("clients.json"), pretty(&clients::all())).unwrap();
    std::fs::write(seed.join("users.json"), pretty(&users::all())).unwrap();
    let lines: Vec<String> = records::all().iter().map(Value::to_string).collect();
    std::fs::write(seed.join("fhir/records.ndjson"), lines.join("\n")).unwrap();
    let keys = ClientKeys::of_this_process().to_json();
    std::fs::write(folder.join(super::keys::FILE), keys.to_string()).unwrap();
}

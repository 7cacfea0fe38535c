//! The embedded store and the software keys, held to the contract.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use smart_core::client::Client;
use smart_core::fhir::reference::Reference;
use smart_core::id::{ClientId, Username};
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::user::User;
use smart_local::{Imported, Incoming, LocalStore, Put, SoftwareKey, SoftwareKeys};
use tempfile::TempDir;

use crate::store_contract::records::Resources;
use crate::store_contract::registry::Registry;
use crate::store_contract::{at, keys_contract, records_contract, store_contract};

store_contract!(in_memory, super::in_memory());
store_contract!(on_disk, super::on_disk());
records_contract!(resources_in_memory, super::in_memory());
records_contract!(resources_on_disk, super::on_disk());
keys_contract!(software_key, std::future::ready(super::software_key()));
keys_contract!(software_keys_after_a_rotation, std::future::ready(super::rotated()));

async fn in_memory() -> (Arc<LocalStore>, ()) {
    (Arc::new(LocalStore::in_memory().await.unwrap()), ())
}

async fn on_disk() -> (Arc<LocalStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(LocalStore::open(folder.path()).await.unwrap()), folder)
}

fn software_key() -> (Arc<SoftwareKey>, ()) {
    (Arc::new(SoftwareKey::generate().unwrap()), ())
}

/// The second of two keys signs, and the first is still published.
fn rotated() -> (Arc<SoftwareKeys>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    SoftwareKeys::open(folder.path(), || at(0)).unwrap();
    SoftwareKeys::add(folder.path(), at(1)).unwrap();
    (Arc::new(SoftwareKeys::open(folder.path(), || at(2)).unwrap()), folder)
}

impl Registry for LocalStore {
    async fn put_client(&self, client: &Client) -> Result<Put, Unavailable> {
        self.put_client(client.clone()).await
    }

    async fn put_user(&self, user: &User) -> Result<Put, Unavailable> {
        self.put_user(user.clone()).await
    }

    async fn disable_client(&self, id: &ClientId) -> Result<bool, Unavailable> {
        self.disable_client(id).await
    }

    async fn disable_user(&self, name: &Username) -> Result<bool, Unavailable> {
        self.disable_user(name).await
    }

    async fn clients(&self) -> Result<Vec<Client>, Unavailable> {
        self.clients()
    }

    async fn users(&self) -> Result<Vec<User>, Unavailable> {
        self.users()
    }
}

impl Resources for LocalStore {
    async fn import(&self, resources: &[Value], now: Instant) -> Result<Imported, String> {
        let incoming = resources.iter().map(|resource| Incoming::parse(resource.to_string().into()));
        let incoming = incoming.collect::<Result<_, _>>().map_err(|refused| refused.to_string())?;
        self.put_resources(incoming, now).await.map_err(|unavailable| unavailable.to_string())
    }

    async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        self.settle(waiting, now).await
    }
}

//! DynamoDB and KMS, held to the contract: each rule on tables and keys of its own, on the emulator that `AWS_ENDPOINT_URL` names.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use smart_aws::{Incoming, KmsKeys, RecordsTable, StateTable, emulator};
use smart_core::client::Client;
use smart_core::fhir::reference::Reference;
use smart_core::id::{ClientId, Username};
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::user::User;
use smart_local::{Imported, Put};

use crate::store_contract::records::Resources;
use crate::store_contract::registry::Registry;
use crate::store_contract::{keys_contract, records_contract, store_contract};

store_contract!(dynamodb, super::state());
records_contract!(resources_in_dynamodb, super::records());
keys_contract!(kms_rsa, super::keys(&["RSA_2048"]));
keys_contract!(kms_p256, super::keys(&["ECC_NIST_P256", "RSA_2048"]));
keys_contract!(kms_p384, super::keys(&["ECC_NIST_P384", "RSA_2048"]));

async fn state() -> (Arc<StateTable>, ()) {
    (Arc::new(emulator::state().await.unwrap()), ())
}

async fn records() -> (Arc<RecordsTable>, ()) {
    (Arc::new(emulator::records().await.unwrap()), ())
}

async fn keys(specs: &[&str]) -> (Arc<KmsKeys>, ()) {
    (Arc::new(emulator::keys(specs).await.unwrap()), ())
}

/// In the words of the embedded store, which are the same.
fn put(put: smart_aws::Put) -> Put {
    match put {
        smart_aws::Put::Created => Put::Created,
        smart_aws::Put::Updated => Put::Updated,
        smart_aws::Put::Unchanged => Put::Unchanged,
    }
}

impl Registry for StateTable {
    async fn put_client(&self, client: &Client) -> Result<Put, Unavailable> {
        self.put_client(client).await.map(put)
    }

    async fn put_user(&self, user: &User) -> Result<Put, Unavailable> {
        self.put_user(user).await.map(put)
    }

    async fn disable_client(&self, id: &ClientId) -> Result<bool, Unavailable> {
        self.disable_client(id).await
    }

    async fn disable_user(&self, name: &Username) -> Result<bool, Unavailable> {
        self.disable_user(name).await
    }

    async fn clients(&self) -> Result<Vec<Client>, Unavailable> {
        self.clients().await
    }

    async fn users(&self) -> Result<Vec<User>, Unavailable> {
        self.users().await
    }
}

impl Resources for RecordsTable {
    async fn import(&self, resources: &[Value], now: Instant) -> Result<Imported, String> {
        let incoming = resources.iter().map(|resource| Incoming::parse(resource.to_string().into()));
        let incoming = incoming.collect::<Result<_, _>>().map_err(|refused| refused.to_string())?;
        let imported = self.put_resources(incoming, now).await;
        let smart_aws::Imported { created, updated, unchanged, waiting } =
            imported.map_err(|unavailable| unavailable.to_string())?;
        Ok(Imported { created, updated, unchanged, waiting })
    }

    async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        self.settle(waiting, now).await
    }
}

//! The adapters that are held to the contract of the store.

use std::sync::Arc;

use smart_local::LocalStore;
use tempfile::TempDir;

use crate::store_contract::store_contract;

store_contract!(in_memory, super::in_memory());
store_contract!(on_disk, super::on_disk());

async fn in_memory() -> (Arc<LocalStore>, ()) {
    (Arc::new(LocalStore::in_memory().await.unwrap()), ())
}

async fn on_disk() -> (Arc<LocalStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(LocalStore::open(folder.path()).await.unwrap()), folder)
}

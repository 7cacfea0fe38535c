//! DynamoDB, held to the contract of the store: each rule on a table of its own, on the emulator that `AWS_ENDPOINT_URL` names.

use std::sync::Arc;

use smart_aws::{StateTable, emulator};

use crate::store_contract::store_contract;

store_contract!(dynamodb, super::dynamodb());

async fn dynamodb() -> (Arc<StateTable>, ()) {
    (Arc::new(emulator::state().await.unwrap()), ())
}

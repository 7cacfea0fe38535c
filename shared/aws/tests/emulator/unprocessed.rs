//! What a batch leaves undone: DynamoDB may write a part of it, and say which part it did not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::WriteRequest;
use bytes::Bytes;
use serde_json::json;
use smart_aws::tables::RECORDS;
use smart_aws::{Incoming, RecordsTable, emulator};
use smart_core::ports::Records as _;

use crate::sample::at;

/// Writes, by table.
type Requests = HashMap<String, Vec<WriteRequest>>;

/// Lets the first half of each batch through, and says of the rest that it was not written; of one write at a time all.
#[derive(Clone, Debug, Default)]
struct Halving {
    held: Arc<Mutex<Option<Requests>>>,
    sizes: Arc<Mutex<Vec<usize>>>,
}

impl Intercept for Halving {
    fn name(&self) -> &'static str {
        "Halving"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(input) = context.input_mut().downcast_mut::<BatchWriteItemInput>() else { return Ok(()) };
        let mut held = Requests::new();
        for (table, writes) in input.request_items.iter_mut().flatten() {
            self.sizes.lock().unwrap().push(writes.len());
            if writes.len() > 1 {
                held.insert(table.clone(), writes.split_off(writes.len() / 2));
            }
        }
        *self.held.lock().unwrap() = Some(held);
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Ok(output)) = context.output_or_error_mut()
            && let Some(output) = output.downcast_mut::<BatchWriteItemOutput>()
        {
            output.unprocessed_items = self.held.lock().unwrap().take();
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_import_writes_what_a_batch_left_undone() {
    let halving = Halving::default();
    let sdk = emulator::sdk().await.unwrap();
    let name = emulator::make(&sdk.dynamodb(), RECORDS).await.unwrap();
    let client = Client::from_conf(Builder::from(sdk.config()).interceptor(halving.clone()).build());
    let records = RecordsTable::new(client, &name);
    let resource = |n| {
        let observation = json!({ "resourceType": "Observation", "id": format!("o{n}"), "status": "final" });
        Incoming::parse(Bytes::from(observation.to_string())).unwrap()
    };
    let imported = records.put_resources((0..20).map(resource).collect(), at(0)).await.unwrap();
    assert_eq!(imported.created, 20);
    assert_eq!(*halving.sizes.lock().unwrap(), [20, 10, 5, 3, 2, 1], "each round asks for what is left");
    for n in 0..20 {
        let id = format!("o{n}").parse().unwrap();
        assert!(records.record("Observation", &id).await.unwrap().is_some(), "o{n}");
    }
}

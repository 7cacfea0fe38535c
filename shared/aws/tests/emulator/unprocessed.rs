//! What a batch leaves undone: DynamoDB may do a part of it, and say which part it did not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::{KeysAndAttributes, WriteRequest};
use bytes::Bytes;
use serde_json::json;
use smart_aws::tables::{RECORDS, STATE};
use smart_aws::{Incoming, RecordsTable, StateTable, emulator};
use smart_core::fhir::record::PatientQuery;
use smart_core::id::PatientId;
use smart_core::ports::{Patients as _, Records as _, UserGrants as _};
use smart_core::user::PatientAccess;
use tokio::time::Instant;

use crate::sample::{active, at, owner};

/// What DynamoDB does of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// The first half; of one at a time all.
    Half,
    Nothing,
}

/// Lets a part of each batch through, and says of the rest that it was not done.
#[derive(Clone, Debug)]
struct Grudging {
    does: Does,
    held: Arc<Mutex<Held>>,
    /// Of each batch that was asked for.
    sizes: Arc<Mutex<Vec<usize>>>,
}

#[derive(Debug, Default)]
struct Held {
    writes: HashMap<String, Vec<WriteRequest>>,
    keys: HashMap<String, KeysAndAttributes>,
}

impl Grudging {
    fn new(does: Does) -> Self {
        Self { does, held: Arc::default(), sizes: Arc::default() }
    }

    /// Where the part begins that is not done.
    fn done(&self, size: usize) -> usize {
        self.sizes.lock().unwrap().push(size);
        match self.does {
            Does::Half => size.div_ceil(2).min(size),
            Does::Nothing => 0,
        }
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().unwrap().clone()
    }
}

impl Intercept for Grudging {
    fn name(&self) -> &'static str {
        "Grudging"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut held = Held::default();
        if let Some(input) = context.input_mut().downcast_mut::<BatchWriteItemInput>() {
            for (table, writes) in input.request_items.iter_mut().flatten() {
                let rest = writes.split_off(self.done(writes.len()));
                held.writes.extend((!rest.is_empty()).then(|| (table.clone(), rest)));
            }
        } else if let Some(input) = context.input_mut().downcast_mut::<BatchGetItemInput>() {
            for (table, asked) in input.request_items.iter_mut().flatten() {
                let mut rest = asked.clone();
                rest.keys = rest.keys.split_off(self.done(asked.keys.len()));
                // A call asks for something; what comes of it is taken away below.
                asked.keys.truncate((asked.keys.len() - rest.keys.len()).max(1));
                held.keys.extend((!rest.keys.is_empty()).then(|| (table.clone(), rest)));
            }
        }
        *self.held.lock().unwrap() = held;
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        let Some(Ok(output)) = context.output_or_error_mut() else { return Ok(()) };
        if let Some(output) = output.downcast_mut::<BatchWriteItemOutput>() {
            output.unprocessed_items = Some(held.writes);
        } else if let Some(output) = output.downcast_mut::<BatchGetItemOutput>() {
            output.unprocessed_keys = Some(held.keys);
            if self.does == Does::Nothing {
                output.responses = None;
            }
        }
        Ok(())
    }
}

/// A client whose batches are done as `grudging` does.
async fn client(grudging: &Grudging) -> Client {
    let sdk = emulator::sdk().await.unwrap();
    Client::from_conf(Builder::from(sdk.config()).interceptor(grudging.clone()).build())
}

fn incoming(resource_type: &str, id: &str) -> Incoming {
    let resource = json!({ "resourceType": resource_type, "id": id, "status": "final" });
    Incoming::parse(Bytes::from(resource.to_string())).unwrap()
}

#[tokio::test]
async fn an_import_writes_what_a_batch_left_undone() {
    let grudging = Grudging::new(Does::Half);
    let name = emulator::make(&emulator::sdk().await.unwrap().dynamodb(), RECORDS).await.unwrap();
    let records = RecordsTable::new(client(&grudging).await, &name);
    let all = (0..15).map(|n| incoming("Observation", &format!("o{n}"))).collect();
    let imported = records.put_resources(all, at(0)).await.unwrap();
    assert_eq!(imported.created, 15);
    let rounds = [15, 7, 3, 1];
    assert_eq!(grudging.sizes(), [rounds, rounds].concat(), "what is there, then the writes of what is not");
    for n in 0..15 {
        let id = format!("o{n}").parse().unwrap();
        assert!(records.record("Observation", &id).await.unwrap().is_some(), "o{n}");
    }
}

/// Eight grants of Maria's, and eight patients.
async fn world() -> (String, String, Vec<PatientId>) {
    let sdk = emulator::sdk().await.unwrap();
    let state = emulator::make(&sdk.dynamodb(), STATE).await.unwrap();
    let store = StateTable::new(sdk.dynamodb(), &state);
    for n in 0..8 {
        active(&store, n, "maria").await;
    }
    let records = emulator::make(&sdk.dynamodb(), RECORDS).await.unwrap();
    let patients: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    let all = patients.iter().map(|id| incoming("Patient", id)).collect();
    RecordsTable::new(sdk.dynamodb(), &records).put_resources(all, at(0)).await.unwrap();
    (state, records, patients.iter().map(|id| id.parse().unwrap()).collect())
}

fn those(patients: Vec<PatientId>) -> PatientQuery {
    PatientQuery {
        text: String::new(),
        within: PatientAccess::Only(patients.into_iter().collect()),
        offset: 0,
        limit: 20,
    }
}

#[tokio::test]
async fn a_request_reads_what_a_batch_left_undone() {
    let (state, records, patients) = world().await;
    let grudging = Grudging::new(Does::Half);
    let (store, records) = (
        StateTable::new(client(&grudging).await, &state),
        RecordsTable::new(client(&grudging).await, &records),
    );
    assert_eq!(store.own_grants(&owner("maria"), at(3)).await.unwrap().len(), 8);
    assert_eq!(grudging.sizes(), [8, 4, 2, 1]);
    assert_eq!(records.patients(&those(patients)).await.unwrap().patients.len(), 8);
    assert_eq!(grudging.sizes(), [[8, 4, 2, 1]; 2].concat());
}

/// A function has ten seconds for all that a request does.
#[tokio::test]
async fn of_a_table_that_gives_nothing_a_request_says_so_within_seconds() {
    let (state, records, patients) = world().await;
    let grudging = Grudging::new(Does::Nothing);
    let (store, records) = (
        StateTable::new(client(&grudging).await, &state),
        RecordsTable::new(client(&grudging).await, &records),
    );
    let began = Instant::now();
    let refused = store.own_grants(&owner("maria"), at(3)).await.unwrap_err();
    assert_eq!((refused.port, refused.retry_after), ("grants", Duration::from_secs(2)), "{refused}");
    let refused = records.patients(&those(patients)).await.unwrap_err();
    assert_eq!((refused.port, refused.retry_after), ("patients", Duration::from_secs(2)), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(grudging.sizes(), [8; 10], "five rounds each");
}

//! Where a query or a scan ends before its range does: DynamoDB returns a megabyte at most, and here three items. What every store must do is
//! in the store contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use bytes::Bytes;
use serde_json::{Value, json};
use smart_aws::tables::{RECORDS, STATE};
use smart_aws::{Incoming, RecordsTable, StateTable, emulator};
use smart_core::client::metadata;
use smart_core::fhir::record::{Compartments, Direction, PatientQuery, RecordQuery};
use smart_core::id::{ClientId, GrantId};
use smart_core::ports::{Patients as _, Records as _, UserGrants as _};
use smart_core::user::PatientAccess;

use crate::sample::{active, at, id, owner};

/// The most that a call returns.
const MOST: i32 = 3;

/// Ends each query and scan after so many items; counts them.
#[derive(Clone, Debug, Default)]
struct Short(Arc<AtomicUsize>);

impl Short {
    /// The calls since the last look.
    fn calls(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Intercept for Short {
    fn name(&self) -> &'static str {
        "Short"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let shorter = |limit: Option<i32>| Some(limit.map_or(MOST, |limit| limit.min(MOST)));
        if let Some(query) = context.input_mut().downcast_mut::<QueryInput>() {
            query.limit = shorter(query.limit);
        } else if let Some(scan) = context.input_mut().downcast_mut::<ScanInput>() {
            scan.limit = shorter(scan.limit);
        } else {
            return Ok(());
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

async fn client(short: &Short) -> Client {
    let sdk = emulator::sdk().await.unwrap();
    Client::from_conf(Builder::from(sdk.config()).interceptor(short.clone()).build())
}

async fn state(short: &Short) -> StateTable {
    let name = emulator::make(&emulator::sdk().await.unwrap().dynamodb(), STATE).await.unwrap();
    StateTable::new(client(short).await, &name)
}

/// A table with these resources.
async fn records(short: &Short, resources: impl Iterator<Item = Value>) -> RecordsTable {
    let name = emulator::make(&emulator::sdk().await.unwrap().dynamodb(), RECORDS).await.unwrap();
    let records = RecordsTable::new(client(short).await, &name);
    let incoming = |resource: Value| Incoming::parse(Bytes::from(resource.to_string())).unwrap();
    records.put_resources(resources.map(incoming).collect(), at(0)).await.unwrap();
    short.calls();
    records
}

#[tokio::test]
async fn of_a_list_of_grants_none_is_missing() {
    let short = Short::default();
    let store = state(&short).await;
    for n in 0..7 {
        active(&store, n, "maria").await;
    }
    let mut all: Vec<GrantId> = (0..7).map(id).collect();
    all.sort();
    let listed = [
        store.own_grants(&owner("maria"), at(2)).await.unwrap(),
        store.active_grants(&"maria".parse().unwrap(), at(2)).await.unwrap(),
        store.all_active_grants(at(2)).await.unwrap(),
    ];
    assert_eq!(short.calls(), 9);
    for grants in listed {
        assert_eq!(grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>(), all);
    }
}

#[tokio::test]
async fn of_a_list_of_clients_none_is_missing() {
    let short = Short::default();
    let store = state(&short).await;
    let names: Vec<ClientId> = (0..7).map(|n| format!("client-{n}").parse().unwrap()).collect();
    for name in &names {
        let client = json!({ "client_id": name.as_str(), "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none" });
        store.put_client(&metadata::parse(&client, metadata::Deployment::Public).unwrap()).await.unwrap();
    }
    let listed = store.clients().await.unwrap().into_iter().map(|client| client.client_id);
    assert_eq!(listed.collect::<Vec<_>>(), names);
    assert_eq!(short.calls(), 3);
}

#[tokio::test]
async fn of_the_patients_who_are_found_none_is_missing() {
    let short = Short::default();
    let patients =
        (0..10).map(|n| json!({ "resourceType": "Patient", "id": format!("p{n}"), "name": [{ "family": format!("Berg{n}") }] }));
    let records = records(&short, patients).await;
    for text in ["", "berg"] {
        let query = PatientQuery { text: text.to_owned(), within: PatientAccess::All, offset: 1, limit: 7 };
        let page = records.patients(&query).await.unwrap();
        let found: Vec<_> = page.patients.iter().map(|patient| patient.id.as_str()).collect();
        assert_eq!(found, ["p1", "p2", "p3", "p4", "p5", "p6", "p7"], "{text:?}");
        assert!(page.more && short.calls() > 2, "{text:?}");
    }
}

#[tokio::test]
async fn a_page_ends_where_a_query_ends_and_nothing_is_missing() {
    let short = Short::default();
    let observations = (0..7).map(|n| {
        json!({ "resourceType": "Observation", "id": format!("o{n}"), "status": "final",
            "subject": { "reference": "Patient/a" }, "effectiveDateTime": format!("2026-02-0{}T10:00:00Z", n + 1) })
    });
    let records = records(&short, observations).await;
    let mut query = RecordQuery {
        resource_type: "Observation",
        compartments: Compartments::Of(["a", "b"].map(|id| id.parse().unwrap()).into()),
        direction: Direction::Descending,
        after: None,
        limit: 50,
    };
    let mut pages = Vec::new();
    loop {
        let page = records.records(&query).await.unwrap();
        pages.push(page.records.len());
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [3, 3, 1]);
}

//! What a query of DynamoDB returns at once: a megabyte. What every store of resources must do is in the store contract.

use bytes::Bytes;
use serde_json::json;
use smart_aws::{Incoming, emulator};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::ports::Records as _;

use crate::sample::{at, digest};

#[tokio::test]
async fn a_page_ends_where_a_query_ends_and_nothing_is_missing() {
    let store = emulator::records().await.unwrap();
    let documents = (0..20_u64).map(|n| {
        let data: String = (0..4_600).map(|i| digest(n * 10_000 + i).to_string()).collect();
        let document = json!({ "resourceType": "DocumentReference", "id": format!("d{n:02}"), "status": "current",
            "subject": { "reference": "Patient/a" }, "date": format!("2026-02-{:02}T10:00:00Z", n + 1),
            "content": [{ "attachment": { "contentType": "image/png", "data": data } }] });
        Incoming::parse(Bytes::from(document.to_string())).unwrap()
    });
    store.put_resources(documents.collect(), at(0)).await.unwrap();
    let mut query = RecordQuery {
        resource_type: "DocumentReference",
        compartments: Compartments::Of(["a", "b"].map(|id| id.parse().unwrap()).into()),
        direction: Direction::Descending,
        after: None,
        limit: 50,
    };
    let mut pages = Vec::new();
    loop {
        let page = store.records(&query).await.unwrap();
        pages.push(page.records.len());
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().sum::<usize>(), 20);
    assert!(pages.len() > 1, "twenty documents of 200 kB came in one query");
}

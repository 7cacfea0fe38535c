//! Pages of resources against a model: every resource once, in order, whatever the compartments, the page size and the limits of a
//! query.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::digest;
use super::records::{Resources, ids, observation, of, put, query};

/// Megabytes of one patient's documents: more than DynamoDB returns at once.
pub(crate) async fn of_very_large_resources_none_is_missing<S: Resources>(store: Arc<S>) {
    let documents: Vec<Value> = (0..20_u64)
        .map(|n| {
            let data: String = (0..4_600).map(|i| digest(n * 10_000 + i).to_string()).collect();
            json!({ "resourceType": "DocumentReference", "id": format!("d{n:02}"), "status": "current",
                "subject": { "reference": "Patient/a" }, "date": format!("2026-02-{:02}T10:00:00Z", n + 1),
                "content": [{ "attachment": { "contentType": "image/png", "data": data } }] })
        })
        .collect();
    assert_eq!(put(&*store, &documents, 0).await.created, 20);
    let expected: Vec<String> = (0..20).map(|n| format!("d{n:02}")).collect();
    let reversed: Vec<String> = expected.iter().rev().cloned().collect();
    let documents = |compartments, limit| RecordQuery {
        resource_type: "DocumentReference",
        compartments,
        limit,
        ..query()
    };
    for limit in [3, 50] {
        assert_eq!(ids(&*store, documents(of(&["a"]), limit)).await.0, expected);
    }
    let newest_first = RecordQuery { direction: Direction::Descending, ..documents(of(&["a", "b"]), 50) };
    assert_eq!(ids(&*store, newest_first).await.0, reversed);
}

/// A page goes on from a position, whatever became of the resource that was there.
pub(crate) async fn a_page_goes_on_where_another_ended_though_its_last_resource_moved<S: Resources>(
    store: Arc<S>,
) {
    let day = |n: u32| observation(&format!("o{n}"), "a", Some(n));
    put(&*store, &(1..=6).map(day).collect::<Vec<_>>(), 0).await;
    for compartments in [Compartments::All, of(&["a"])] {
        let first = RecordQuery { compartments, limit: 3, ..query() };
        let page = store.records(&first).await.unwrap();
        assert_eq!(page.records.len(), 3);
        // The third comes last from now on, and back again.
        put(&*store, &[observation("o3", "a", Some(9))], 1).await;
        let rest = RecordQuery { after: page.next, ..first };
        assert_eq!(ids(&*store, rest).await.0, ["o4", "o5", "o6", "o3"]);
        put(&*store, &[day(3)], 2).await;
    }
}

/// id → (patient, day); put twice, so that some move from one place in the indexes to another.
type Placed = BTreeMap<u8, (u8, Option<u8>)>;

fn placed() -> impl Strategy<Value = Placed> {
    prop::collection::btree_map(any::<u8>(), (0..4_u8, prop::option::of(1..6_u8)), 0..40)
}

fn resources(placed: &Placed) -> Vec<Value> {
    placed
        .iter()
        .map(|(id, (patient, day))| {
            observation(&format!("o{id}"), &format!("p{patient}"), day.map(u32::from))
        })
        .collect()
}

/// What a query must find.
fn expected(model: &Placed, of: Option<&BTreeSet<u8>>, descending: bool) -> Vec<String> {
    let mut expected: Vec<_> = model
        .iter()
        .filter(|(_, (patient, _))| of.is_none_or(|of| of.contains(patient)))
        .map(|(id, (_, day))| (*day, format!("o{id}")))
        .collect();
    expected.sort();
    if descending {
        expected.reverse();
    }
    expected.into_iter().map(|(_, id)| id).collect()
}

/// Each case has a store of its own: this rule is given what makes one.
pub(crate) async fn pages_have_no_gaps_and_no_duplicates<S: Resources, K>(
    make: impl AsyncFn() -> (Arc<S>, K),
) {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let of = prop::option::of(prop::collection::btree_set(0..5_u8, 0..4));
    let cases = (placed(), placed(), 1..7_usize, of, any::<bool>());
    let run = runner.run(&cases, |(before, after, limit, of, descending)| {
        let mut model = before.clone();
        model.extend(after.clone());
        let expected = expected(&model, of.as_ref(), descending);
        let compartments = of.map_or(Compartments::All, |of| {
            Compartments::Of(of.iter().map(|patient| format!("p{patient}").parse().unwrap()).collect())
        });
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        let found = block_in_place(|| {
            Handle::current().block_on(async {
                let (store, _kept) = make().await;
                put(&*store, &resources(&before), 0).await;
                put(&*store, &resources(&after), 1).await;
                ids(&*store, RecordQuery { compartments, direction, limit, ..query() }).await.0
            })
        });
        prop_assert_eq!(found, expected);
        Ok(())
    });
    run.unwrap();
}

/// More than one batch or transaction takes.
pub(crate) async fn a_large_import_is_written_whole<S: Resources>(store: Arc<S>) {
    let resources: Vec<Value> =
        (0..450).map(|n| observation(&format!("o{n:03}"), &format!("p{}", n % 7), Some(1))).collect();
    assert_eq!(put(&*store, &resources, 0).await.created, 450);
    assert_eq!(put(&*store, &resources, 1).await.unchanged, 450);
    let (found, pages) = ids(&*store, RecordQuery { limit: 100, ..query() }).await;
    assert_eq!((found.len(), pages), (450, 5));
}

//! What a request costs: calls and capacity units, as DynamoDB counts them.
//!
//! A write is a unit for each kilobyte of the item, and one more where the item enters or leaves the list; a read is one when
//! consistent, else half. The emulator says so whatever the size of what is read: what pages cost is reckoned in `tests/lambda`.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use bytes::Bytes;
use serde_json::json;
use smart_aws::tables::{RECORDS, STATE};
use smart_aws::{Incoming, RecordsTable, StateTable, emulator};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::grant::{Refusal, RevocationReason, Until};
use smart_core::launch::{Launch, LaunchContext, Situation};
use smart_core::ports::{
    Authorizations as _, Grants as _, Launches as _, Records as _, Redemptions as _, Replay as _,
    Revocations as _, RevokedTokens as _, Stopped, Throttle as _, UserGrants as _,
};

use smart_core::secret::{LaunchHandle, Op};

use crate::sample::{
    active, at, begun, bytes, coded, digest, id, issue, policy, right, rotation, sign_in, step,
};

/// Asks for the units of each call, and adds them up.
#[derive(Clone, Debug, Default)]
struct Meter(Arc<Mutex<Vec<(&'static str, f64)>>>);

impl Meter {
    /// The calls since the last look, and their units.
    fn read(&self) -> Vec<(&'static str, f64)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let asked = Some(ReturnConsumedCapacity::Total);
        let input = context.input_mut();
        if let Some(input) = input.downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = asked;
        } else if let Some(input) = input.downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = asked;
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = asked;
        } else if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = asked;
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let units =
            |consumed: Option<&ConsumedCapacity>| consumed.and_then(|c| c.capacity_units).unwrap_or(-1.0);
        // A refused condition says nothing of its units.
        let counted = match context.output_or_error() {
            Err(_) => ("refused", 0.0),
            Ok(output) => {
                if let Some(output) = output.downcast_ref::<UpdateItemOutput>() {
                    ("update", units(output.consumed_capacity()))
                } else if let Some(output) = output.downcast_ref::<PutItemOutput>() {
                    ("put", units(output.consumed_capacity()))
                } else if let Some(output) = output.downcast_ref::<GetItemOutput>() {
                    ("get", units(output.consumed_capacity()))
                } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
                    ("query", units(output.consumed_capacity()))
                } else {
                    ("other", -1.0)
                }
            }
        };
        self.0.lock().unwrap().push(counted);
        Ok(())
    }
}

async fn metered() -> (Client, Meter) {
    let meter = Meter::default();
    let sdk = emulator::sdk().await.unwrap();
    let client = Client::from_conf(Builder::from(sdk.config()).interceptor(meter.clone()).build());
    (client, meter)
}

#[tokio::test]
async fn each_step_of_a_grant_is_one_call_of_one_unit_or_two() {
    let (client, meter) = metered().await;
    let name = emulator::make(&client, STATE).await.unwrap();
    let store = StateTable::new(client, &name);
    meter.read();

    store.begin(&begun(1)).await.unwrap();
    assert_eq!(meter.read(), [("put", 1.0)], "authorize");
    let known = store.sign_in(&id(1), &sign_in(0, "maria", Some("maria-alvarez")), step(1, 1)).await.unwrap();
    let issue = issue(0, known.last_op, Some(policy(Until::Forever)));
    store.issue_code(&id(1), &issue, step(2, 1)).await.unwrap();
    let steps = meter.read();
    assert_eq!(steps.len(), 2, "{steps:?}");

    // One for the item, one for its place in the user's list.
    store.redeem(&id(1), &right(), step(3, 2)).await.unwrap();
    assert_eq!(meter.read(), [("update", 2.0)], "code to tokens");
    for n in 0..3 {
        store.refresh(&id(1), &rotation(100 + n, 101 + n, "growth-chart"), step(4 + n, 3)).await.unwrap();
        assert_eq!(meter.read(), [("update", 1.0)], "refresh to tokens");
    }
    store.grant(&id(1), at(3)).await.unwrap().unwrap();
    assert_eq!(meter.read(), [("get", 1.0)], "the grant of a read");

    // The same token again: answered without a write.
    let again = store.refresh(&id(1), &rotation(102, 103, "growth-chart"), step(20, 4)).await.unwrap();
    assert!(again.repeated);
    assert_eq!(meter.read(), [("refused", 0.0)], "a repeated refresh");
    // A replay: one more write.
    let replayed = store.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(21, 4)).await;
    assert!(matches!(replayed, Err(Stopped::Refused(Refusal::Replayed))));
    assert!(store.revoke(&id(1), RevocationReason::RefreshReplayed, step(22, 4)).await.unwrap());
    assert_eq!(meter.read(), [("refused", 0.0), ("update", 2.0)], "a replay");
}

#[tokio::test]
async fn an_assertion_and_an_attempt_are_one_write() {
    let (client, meter) = metered().await;
    let name = emulator::make(&client, STATE).await.unwrap();
    let store = StateTable::new(client, &name);
    meter.read();
    assert!(store.first_use(&digest(1), at(300), step(1, 0)).await.unwrap());
    assert_eq!(meter.read(), [("put", 1.0)]);
    let window = std::time::Duration::from_mins(15);
    store.count_attempt(&digest(2), window, at(0)).await.unwrap();
    assert_eq!(meter.read(), [("put", 1.0)], "the first attempt");
    store.count_attempt(&digest(2), window, at(1)).await.unwrap();
    assert_eq!(meter.read(), [("refused", 0.0), ("update", 1.0)], "the next ones");
}

#[tokio::test]
async fn launches_and_revocations_are_one_call_each_and_the_page_of_apps_two() {
    let (client, meter) = metered().await;
    let name = emulator::make(&client, STATE).await.unwrap();
    let store = StateTable::new(client, &name);
    meter.read();
    let situation = Situation { user: None, context: LaunchContext::standalone("a".parse().ok()) };
    let handle = LaunchHandle::new(bytes(1));
    let launch = Launch::new(&handle, "app".parse().unwrap(), situation, Op::new(bytes(2)), at(0));
    store.create_launch(&launch).await.unwrap();
    assert_eq!(meter.read(), [("put", 1.0)], "a launch is made");
    store.launch(&launch.id).await.unwrap().unwrap();
    assert_eq!(meter.read(), [("get", 1.0)], "it is followed");
    assert!(store.use_launch(&launch.id, &id(1), step(1, 1)).await.unwrap());
    assert_eq!(meter.read(), [("update", 1.0)], "it is used up");
    store.revoke_token(&digest(3), at(300)).await.unwrap();
    assert_eq!(meter.read(), [("put", 1.0)], "a token of a client alone is revoked");
    assert!(store.is_revoked(&digest(3), at(1)).await.unwrap());
    assert_eq!(meter.read(), [("get", 1.0)], "and is found to be");

    let redeemed = active(&store, 1, "maria").await;
    meter.read();
    let owner = redeemed.grant.active().unwrap().owner.clone();
    assert_eq!(store.own_grants(&owner, at(3)).await.unwrap().len(), 1);
    let calls: Vec<_> = meter.read().into_iter().map(|(call, _)| call).collect();
    assert_eq!(calls, ["query", "other"], "one page of the list, one batch of what it names");
    assert!(store.revoke_own(&id(1), &owner, RevocationReason::ByUser, step(9, 4)).await.unwrap());
    assert_eq!(meter.read(), [("update", 2.0)], "an access is ended");
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_costs_the_same() {
    let (client, meter) = metered().await;
    let name = emulator::make(&client, STATE).await.unwrap();
    let store = StateTable::new(client, &name);
    coded(&store, 1, "maria", None).await;
    meter.read();
    store.redeem(&id(1), &right(), step(1, 2)).await.unwrap();
    assert_eq!(meter.read(), [("update", 2.0)]);
}

#[tokio::test]
async fn a_read_is_one_get_and_a_page_one_query() {
    let (client, meter) = metered().await;
    let name = emulator::make(&client, RECORDS).await.unwrap();
    let store = RecordsTable::new(client, &name);
    let observations = (0..120).map(|n| {
        let resource = json!({ "resourceType": "Observation", "id": format!("o{n}"), "status": "final",
            "subject": { "reference": "Patient/a" }, "effectiveDateTime": "2026-01-01",
            "code": { "coding": [{ "system": "http://loinc.org", "code": "8867-4", "display": "Heart rate" }] },
            "valueQuantity": { "value": n, "unit": "/min" } });
        Incoming::parse(Bytes::from(resource.to_string())).unwrap()
    });
    store.put_resources(observations.collect(), at(0)).await.unwrap();
    meter.read();
    store.record("Observation", &"o7".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(meter.read(), [("get", 0.5)]);
    let query = RecordQuery {
        resource_type: "Observation",
        compartments: Compartments::Of(["a".parse().unwrap()].into()),
        direction: Direction::Descending,
        after: None,
        limit: 100,
    };
    let page = store.records(&query).await.unwrap();
    assert_eq!((page.records.len(), page.next.is_some()), (100, true));
    assert_eq!(meter.read(), [("query", 0.5)]);
}

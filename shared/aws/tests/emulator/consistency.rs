//! Reads on which something is decided see every write that was answered: looked for in what is really sent.
//!
//! Queries of an index cannot ask for it; what they bring are keys, and what stands under them is read consistently.

use serde_json::{Value, json};
use smart_aws::tables::RECORDS;
use smart_aws::{Incoming, RecordsTable, emulator};
use smart_core::fhir::record::PatientQuery;
use smart_core::grant::{RevocationReason, Until};
use smart_core::ports::{
    Authorizations as _, Clients as _, Enrolments as _, Grants as _, Launches as _, Patients as _,
    Records as _, Redemptions as _, Replay as _, RevokedTokens as _, Sessions as _, UserGrants as _,
    Users as _,
};
use smart_core::user::PatientAccess;

use crate::proxy::{Both, Fate, Script, both, listen};
use crate::sample::{
    active, app, at, begun, coded, digest, id, launch, owner, policy, right, rotation, session, step,
    vouched_for,
};

/// The reads by key that were sent, each with whether it is consistent.
fn reads(script: &Script) -> Vec<(String, bool)> {
    let is_consistent = |read: &Value| read["ConsistentRead"] == true;
    let sent = script.sent().into_iter();
    let reads = sent.filter_map(|(call, body)| match call.as_str() {
        "GetItem" => Some((call, is_consistent(&body))),
        "BatchGetItem" => Some((call, body["RequestItems"].as_object().unwrap().values().all(is_consistent))),
        _ => None,
    });
    reads.collect()
}

/// What was sent since the last look had this one read, and it was consistent.
fn consistent(script: &Script, call: &str) {
    assert_eq!(reads(script), [(call.to_owned(), true)], "{:?}", script.called());
    script.set(&[]);
}

#[tokio::test]
async fn what_a_decision_depends_on_is_read_consistently() {
    let Both { direct, proxied: store, script } = both().await;
    active(&direct, 1, "maria").await;
    store.client(&"app".parse().unwrap()).await.unwrap();
    consistent(&script, "GetItem");
    store.user(&"maria".parse().unwrap()).await.unwrap();
    consistent(&script, "GetItem");
    store.session(&session(1), at(2)).await.unwrap();
    consistent(&script, "GetItem");
    store.grant(&id(1), at(2)).await.unwrap().unwrap();
    consistent(&script, "GetItem");
    store.launch(&digest(1).into()).await.unwrap();
    consistent(&script, "GetItem");
    store.is_revoked(&digest(1), at(2)).await.unwrap();
    consistent(&script, "GetItem");
    assert_eq!(store.own_grants(&owner("maria"), at(2)).await.unwrap().len(), 1);
    consistent(&script, "BatchGetItem");
    assert_eq!(store.active_grants(&"maria".parse().unwrap(), at(2)).await.unwrap().len(), 1);
    consistent(&script, "BatchGetItem");
    assert_eq!(store.all_active_grants(at(2)).await.unwrap().len(), 1);
    consistent(&script, "BatchGetItem");
}

/// The write's condition is decided on what was read, and what is listed is what was registered.
#[tokio::test]
async fn what_is_replaced_is_read_consistently() {
    let Both { proxied: store, script, .. } = both().await;
    store.enrol(&vouched_for()).await.unwrap();
    consistent(&script, "GetItem");
    store.disable_user(&vouched_for().username).await.unwrap();
    consistent(&script, "GetItem");
    store.put_client(&app()).await.unwrap();
    consistent(&script, "GetItem");
    assert_eq!(store.clients().await.unwrap().len(), 1);
    consistent(&script, "BatchGetItem");
    assert_eq!(store.users().await.unwrap().len(), 1);
    consistent(&script, "BatchGetItem");
}

/// Whether a write was made is looked for by a consistent read: an older state would deny it.
#[tokio::test]
async fn a_write_whose_answer_was_lost_is_looked_for_consistently() {
    let Both { direct, proxied: store, script } = both().await;
    let lose = || script.set(&[Fate::LoseAnswer; 4]);
    coded(&direct, 1, "maria", Some(policy(Until::Forever))).await;
    lose();
    store.redeem(&id(1), &right(), step(1, 2)).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    store.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(2, 3)).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    store.revoke(&id(1), RevocationReason::ByUser, step(3, 3)).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    store.begin(&begun(2)).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    store.first_use(&digest(1), at(300), step(4, 3)).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    store.create_launch(&launch()).await.unwrap();
    consistent(&script, "GetItem");
    lose();
    assert!(store.use_launch(&launch().id, &id(1), step(6, 3)).await.unwrap());
    consistent(&script, "GetItem");
}

/// Who may see a resource is decided on the very body that leaves: it may be a moment old, at half the price. What an import replaces is
/// read as it stands.
#[tokio::test]
async fn a_resource_may_be_a_moment_old_unless_it_is_to_be_replaced() {
    let sdk = emulator::sdk().await.unwrap();
    let name = emulator::make(&sdk.dynamodb(), RECORDS).await.unwrap();
    let script = Script::default();
    let proxy = listen(sdk.config().endpoint_url().unwrap(), script.clone()).await;
    let client = aws_sdk_dynamodb::config::Builder::from(sdk.config()).endpoint_url(proxy).build();
    let records = RecordsTable::new(aws_sdk_dynamodb::Client::from_conf(client), &name);
    let patient = json!({ "resourceType": "Patient", "id": "a", "name": [{ "text": "Ada" }] });
    let incoming = Incoming::parse(patient.to_string().into()).unwrap();
    records.put_resources(vec![incoming], at(0)).await.unwrap();
    consistent(&script, "BatchGetItem");

    let ada = "a".parse().unwrap();
    records.record("Patient", &ada).await.unwrap().unwrap();
    records.patient(&ada).await.unwrap().unwrap();
    records.encounter(&"e".parse().unwrap()).await.unwrap();
    let within = PatientAccess::Only([ada].into());
    let query = PatientQuery { text: String::new(), within, offset: 0, limit: 1 };
    assert_eq!(records.patients(&query).await.unwrap().patients.len(), 1);
    let moments_old = ["GetItem", "GetItem", "GetItem", "BatchGetItem"].map(|call| (call.to_owned(), false));
    assert_eq!(reads(&script), moments_old);
}

//! A user's list of active grants: the sparse index.

use serde_json::json;
use smart_aws::emulator;
use smart_core::client::metadata;
use smart_core::grant::{Grant, RevocationReason, Until};
use smart_core::ports::Redemptions as _;

use crate::sample::{SLIDES, active, at, coded, id, policy, right, step};

#[tokio::test]
async fn a_users_list_names_the_active_grants_and_no_others() {
    let store = emulator::state().await.unwrap();
    let maria = "maria".parse().unwrap();
    let names = async |second| {
        let grants = store.active_grants(&maria, at(second)).await.unwrap();
        grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>()
    };
    // Nothing before it is active.
    coded(&store, 1, "maria", Some(policy(Until::Forever))).await;
    assert_eq!(names(1).await, []);

    active(&store, 2, "maria").await;
    active(&store, 3, "peter").await;
    active(&store, 4, "mari").await;
    assert_eq!(names(2).await, [id(2)]);

    // Taken back, it is not active any more; redeemed again, it is.
    let redeemed = store.redeem(&id(1), &right(), step(1, 3)).await.unwrap();
    let mut both = [id(1), id(2)];
    both.sort();
    assert_eq!(names(3).await, both);
    assert!(store.unredeem(&redeemed.grant.id, redeemed.op, step(2, 3)).await.unwrap());
    assert_eq!(names(3).await, [id(2)]);
    store.redeem(&id(1), &right(), step(3, 4)).await.unwrap();
    assert_eq!(names(4).await, both);

    assert!(store.revoke(&id(2), RevocationReason::ByUser, step(4, 5)).await.unwrap());
    assert_eq!(names(5).await, [id(1)]);
    // Expired, though nobody removed it.
    assert_eq!(names(5 + SLIDES.as_secs()).await, []);
}

#[tokio::test]
async fn the_operator_sees_all_users_active_grants_and_nothing_else() {
    let store = emulator::state().await.unwrap();
    active(&store, 1, "maria").await;
    active(&store, 2, "peter").await;
    coded(&store, 3, "peter", Some(policy(Until::Forever))).await;
    active(&store, 4, "maria").await;
    store.revoke(&id(4), RevocationReason::ByUser, step(1, 3)).await.unwrap();
    let client = json!({ "client_id": "grants#", "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none" });
    store.put_client(&metadata::parse(&client, metadata::Deployment::Public).unwrap()).await.unwrap();
    let mut both = [id(1), id(2)];
    both.sort();
    let names = |grants: Vec<Grant>| grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>();
    assert_eq!(names(store.all_active_grants(at(3)).await.unwrap()), both);
    assert_eq!(names(store.all_active_grants(at(3 + SLIDES.as_secs())).await.unwrap()), []);
}

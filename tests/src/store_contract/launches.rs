//! Launches that EHRs make: stored once, used up for one grant (LAUNCH-04).

use std::sync::Arc;

use smart_core::grant::IN_PROGRESS;
use smart_core::id::GrantId;
use smart_core::launch::{LAUNCH_LIFETIME, Launch, LaunchContext, Situation};
use smart_core::secret::{LaunchHandle, Op};

use super::{Store, at, bytes, digest, step, together};

fn launch(n: u64) -> Launch {
    let context = serde_json::from_value::<LaunchContext>(serde_json::json!({
        "patient": "a", "encounter": "e", "need_patient_banner": false, "intent": "x", "tenant": "t",
        "fhirContext": [{ "identifier": { "value": "7" }, "type": "ServiceRequest", "role": "urn:a:b" }],
    }));
    let situation = Situation { user: "Practitioner/p1".parse().ok(), context: context.unwrap() };
    let (handle, op) = (LaunchHandle::new(bytes(n)), Op::new(bytes(1_000 + n)));
    Launch::new(&handle, "app".parse().unwrap(), situation, op, at(0))
}

fn grant(n: u64) -> GrantId {
    digest(n).into()
}

/// A launch is read as it was made, and by its own write seen twice it is made once; no other write replaces it.
pub(crate) async fn a_launch_is_made_once<S: Store>(store: Arc<S>) {
    let made = launch(1);
    assert_eq!(store.launch(&made.id).await.unwrap(), None);
    store.create_launch(&made).await.unwrap();
    assert!(store.use_launch(&made.id, &grant(1), step(1, 1)).await.unwrap());
    store.create_launch(&made).await.unwrap();
    let used = made.clone().use_up(&grant(1), at(1));
    assert_eq!(store.launch(&made.id).await.unwrap(), used, "made again, it would be free again");
    let other = Launch { made_by: Op::new(bytes(2)), ..made.clone() };
    store.create_launch(&other).await.unwrap_err();
    assert_eq!(store.launch(&made.id).await.unwrap(), used);
}

/// Of many grants at once one uses a launch up.
/// SEC-22, LAUNCH-04.
pub(crate) async fn one_grant_uses_a_launch<S: Store>(store: Arc<S>) {
    let made = launch(1);
    store.create_launch(&made).await.unwrap();
    let used = together(50, |i| {
        let (store, id) = (Arc::clone(&store), made.id.clone());
        async move { (i, store.use_launch(&id, &grant(i), step(i, 1)).await.unwrap()) }
    })
    .await;
    let winners: Vec<u64> = used.into_iter().filter(|(_, used)| *used).map(|(i, _)| i).collect();
    assert_eq!(winners.len(), 1);
    let stored = store.launch(&made.id).await.unwrap().unwrap();
    assert_eq!(stored.used_by, Some(grant(winners[0])));
}

/// The same grant may ask again, by whatever write; another may not, then or later.
pub(crate) async fn a_launch_stays_with_its_grant<S: Store>(store: Arc<S>) {
    let made = launch(1);
    store.create_launch(&made).await.unwrap();
    for n in [1, 1, 2] {
        assert!(store.use_launch(&made.id, &grant(1), step(n, 1)).await.unwrap());
    }
    assert!(!store.use_launch(&made.id, &grant(2), step(1, 2)).await.unwrap());
    assert_eq!(store.launch(&made.id).await.unwrap(), made.use_up(&grant(1), at(1)));
}

/// What is absent or forgotten is nobody's, and asking makes nothing.
pub(crate) async fn a_forgotten_launch_is_nobodys<S: Store>(store: Arc<S>) {
    let made = launch(1);
    assert!(!store.use_launch(&made.id, &grant(1), step(1, 1)).await.unwrap());
    assert_eq!(store.launch(&made.id).await.unwrap(), None);
    store.create_launch(&made).await.unwrap();
    let end = (LAUNCH_LIFETIME + IN_PROGRESS).as_secs();
    assert!(!store.use_launch(&made.id, &grant(1), step(2, end)).await.unwrap());
    // In its last second an authorization that took its time may still end.
    assert!(store.use_launch(&made.id, &grant(1), step(3, end - 1)).await.unwrap());
}

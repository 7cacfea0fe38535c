//! What users see of their own grants, and end.

use std::sync::Arc;

use smart_core::grant::{CodeIssue, Grant, Known, Owner, RevocationReason, Stage};
use smart_core::id::GrantId;
use smart_core::token::ACCESS_LIFETIME;

use super::grants::{Sample, coded, issue, owner, redemption};
use super::{Store, at, step, together};

const BY_USER: RevocationReason = RevocationReason::ByUser;

/// Another user, whose name begins as Maria's does.
fn marie() -> Owner {
    Owner { user: "maria2".parse().unwrap(), sub: "sub-marie".parse().unwrap(), ..owner() }
}

/// Whoever has Maria's name after her.
fn namesake() -> Owner {
    Owner { sub: "sub-maria2".parse().unwrap(), ..owner() }
}

/// The sample as this user's, redeemed at second 2.
async fn active_of<S: Store>(store: &S, n: u64, user: Owner) -> Sample {
    let sample = Sample::new(n);
    let Grant { stage: Stage::Known(known), .. } = sample.grant() else { panic!("it begins known") };
    let known = Known { owner: user, ..known };
    store.begin(&Grant { stage: Stage::Known(known), ..sample.grant() }).await.unwrap();
    store.issue_code(&sample.id(), &issue(sample), step(1_000, 1)).await.unwrap();
    store.redeem(&sample.id(), &redemption(sample), step(1_001, 2)).await.unwrap();
    sample
}

async fn listed<S: Store>(store: &S, user: &Owner, second: u64) -> Vec<GrantId> {
    let grants = store.own_grants(user, at(second)).await.unwrap();
    let mut ids: Vec<_> = grants.into_iter().map(|grant| grant.id).collect();
    ids.sort();
    ids
}

/// Active ones, their own, that have not expired: as they stand.
pub(crate) async fn a_user_sees_their_own_active_grants<S: Store>(store: Arc<S>) {
    assert_eq!(listed(&*store, &owner(), 1).await, []);
    coded(&*store, 1).await;
    assert_eq!(listed(&*store, &owner(), 1).await, [], "nothing opens anything yet");
    let (own, other) = (active_of(&*store, 2, owner()).await, active_of(&*store, 3, marie()).await);
    assert_eq!(listed(&*store, &owner(), 3).await, [own.id()]);
    assert_eq!(listed(&*store, &marie(), 3).await, [other.id()]);
    assert_eq!(listed(&*store, &namesake(), 3).await, [], "a name that is given anew brings nothing along");

    let stored = store.grant(&own.id(), at(3)).await.unwrap().unwrap();
    assert_eq!(stored.active().unwrap().since, Some(at(2)));
    assert_eq!(store.own_grants(&owner(), at(3)).await.unwrap(), [stored]);

    let once = Sample::new(4);
    store.begin(&once.grant()).await.unwrap();
    let issue = CodeIssue { refresh: None, ..issue(once) };
    store.issue_code(&once.id(), &issue, step(1_000, 1)).await.unwrap();
    store.redeem(&once.id(), &redemption(once), step(1_001, 2)).await.unwrap();
    let mut both = [own.id(), once.id()];
    both.sort();
    let ends = 2 + ACCESS_LIFETIME.as_secs();
    assert_eq!(listed(&*store, &owner(), ends - 1).await, both);
    assert_eq!(listed(&*store, &owner(), ends).await, [own.id()], "it has expired, though nobody removed it");
}

/// REVOKE-09, REVOKE-10: their own, once and at once; nobody else's, and nothing that is not active.
pub(crate) async fn a_user_ends_their_own_grants_and_no_others<S: Store>(store: Arc<S>) {
    let sample = active_of(&*store, 1, owner()).await;
    let id = sample.id();
    for stranger in [marie(), namesake()] {
        assert!(!store.revoke_own(&id, &stranger, BY_USER, step(1, 3)).await.unwrap());
    }
    let early = coded(&*store, 2).await;
    assert!(!store.revoke_own(&early.id(), &owner(), BY_USER, step(2, 3)).await.unwrap());
    assert!(!store.revoke_own(&Sample::new(9).id(), &owner(), BY_USER, step(2, 3)).await.unwrap());
    assert!(store.grant(&Sample::new(9).id(), at(3)).await.unwrap().is_none());
    assert!(store.grant(&id, at(3)).await.unwrap().unwrap().active().is_some());

    // However long ago they signed in then.
    let later = Owner { auth_time: Some(at(3)), ..owner() };
    assert!(store.revoke_own(&id, &later, BY_USER, step(3, 4)).await.unwrap());
    let ended = store.grant(&id, at(4)).await.unwrap().unwrap();
    let Stage::Revoked(revocation) = ended.stage else { panic!("{ended:?}") };
    assert_eq!((revocation.reason, revocation.at), (BY_USER, at(4)));
    assert_eq!(listed(&*store, &owner(), 4).await, []);
    // The same write again is the same success; another one finds nothing of theirs.
    assert!(store.revoke_own(&id, &later, BY_USER, step(3, 4)).await.unwrap());
    assert!(!store.revoke_own(&id, &later, BY_USER, step(4, 5)).await.unwrap());
}

/// However many there are, none is missing: more than DynamoDB reads in one batch.
pub(crate) async fn a_list_of_grants_may_be_long<S: Store>(store: Arc<S>) {
    let made = together(120, |n| {
        let store = Arc::clone(&store);
        async move { active_of(&*store, n, owner()).await.id() }
    });
    let mut ids = made.await;
    ids.sort();
    assert_eq!(listed(&*store, &owner(), 3).await, ids);
}

/// REVOKE-09: of fifty at once one ends it, and it is ended.
pub(crate) async fn fifty_who_end_it_at_once_end_it_once<S: Store>(store: Arc<S>) {
    let id = active_of(&*store, 1, owner()).await.id();
    let ended = together(50, |i| {
        let (store, id) = (Arc::clone(&store), id.clone());
        async move { store.revoke_own(&id, &owner(), BY_USER, step(i, 3)).await.unwrap() }
    });
    assert_eq!(ended.await.into_iter().filter(|ended| *ended).count(), 1);
    assert!(store.grant(&id, at(3)).await.unwrap().unwrap().active().is_none());
}

//! A table that was restored from a backup: what began before the mark is as good as absent.

use smart_aws::tables::STATE;
use smart_aws::{StateTable, emulator};
use smart_core::grant::{Refusal, RevocationReason, Until};
use smart_core::id::SessionId;
use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations as _, Grants as _, Redemptions as _, Sessions as _, SignIns as _, Stopped,
};
use smart_core::session::{IDLE, Session};
use smart_core::user::Credentials;

use crate::sample::{
    active, at, begun, coded, digest, id, issue, policy, right, rotation, session, sign_in, step,
};

/// The same table: as it is, with a mark after second 0 (when all samples begin), and with one at second 0.
async fn tables() -> [StateTable; 3] {
    let client = emulator::sdk().await.unwrap().dynamodb();
    let name = emulator::make(&client, STATE).await.unwrap();
    [None, Some(at(1)), Some(at(0))]
        .map(|mark: Option<Instant>| StateTable::new(client.clone(), &name).refusing_before(mark))
}

fn refused<T>(outcome: &Result<T, Stopped>) {
    assert!(matches!(outcome, Err(Stopped::Refused(Refusal::Absent))));
}

#[tokio::test]
async fn a_grant_from_before_the_mark_is_absent_in_every_read_and_step() {
    let [table, marked, _] = tables().await;
    let maria = "maria".parse().unwrap();
    table.begin(&begun(1)).await.unwrap();
    refused(&marked.sign_in(&id(1), &sign_in(0, "maria", None), step(1, 1)).await);
    let known = table.sign_in(&id(1), &sign_in(0, "maria", None), step(1, 1)).await.unwrap();
    refused(&marked.choose_patient(&id(1), &session(0), &"a".parse().unwrap(), step(2, 1)).await);
    refused(&marked.issue_code(&id(1), &issue(0, known.last_op, None), step(3, 1)).await);
    refused(&marked.deny(&id(1), &session(0), step(4, 1)).await);

    coded(&table, 2, "maria", Some(policy(Until::Forever))).await;
    refused(&marked.redeem(&id(2), &right(), step(5, 2)).await);
    let redeemed = active(&table, 3, "maria").await;
    assert!(!marked.unredeem(&redeemed.grant.id, redeemed.op, step(6, 3)).await.unwrap());
    // Neither a refresh nor what would be taken for a replay of one.
    refused(&marked.refresh(&id(3), &rotation(100, 101, "growth-chart"), step(7, 3)).await);
    refused(&marked.refresh(&id(3), &rotation(999, 101, "growth-chart"), step(7, 3)).await);
    table.refresh(&id(3), &rotation(100, 101, "growth-chart"), step(8, 3)).await.unwrap();
    assert!(!marked.extend_retry(&id(3), &digest(100), at(600), step(9, 4)).await.unwrap());
    assert!(!marked.revoke(&id(3), RevocationReason::ByUser, step(10, 4)).await.unwrap());

    assert!(marked.grant(&id(3), at(4)).await.unwrap().is_none());
    assert!(marked.active_grants(&maria, at(4)).await.unwrap().is_empty());
    assert!(marked.all_active_grants(at(4)).await.unwrap().is_empty());
    // Nothing of all that was written.
    assert!(table.grant(&id(3), at(4)).await.unwrap().unwrap().active().is_some());
    assert_eq!(table.active_grants(&maria, at(4)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_grant_from_the_mark_on_is_as_ever() {
    let [_, _, marked] = tables().await;
    active(&marked, 1, "maria").await;
    marked.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(1, 3)).await.unwrap();
    assert!(marked.grant(&id(1), at(4)).await.unwrap().is_some());
    assert_eq!(marked.all_active_grants(at(4)).await.unwrap().len(), 1);
    // A refresh that is repeated is answered again, and a replay is told.
    assert!(marked.refresh(&id(1), &rotation(100, 102, "growth-chart"), step(2, 4)).await.unwrap().repeated);
    let replayed = marked.refresh(&id(1), &rotation(999, 102, "growth-chart"), step(3, 4)).await;
    assert!(matches!(replayed, Err(Stopped::Refused(Refusal::Replayed))));
    assert!(marked.revoke(&id(1), RevocationReason::ByOperator, step(4, 5)).await.unwrap());
}

#[tokio::test]
async fn a_session_from_before_the_mark_has_ended() {
    let [table, marked, from_the_mark_on] = tables().await;
    let session =
        Session::start(SessionId::from(digest(1)), "maria".parse().unwrap(), Credentials::default(), at(0));
    table.start_session(&session).await.unwrap();
    assert_eq!(marked.session(&session.id, at(2)).await.unwrap(), None);
    marked.touch_session(&session.id, at(2 * IDLE.as_secs()), at(2)).await.unwrap();
    assert_eq!(table.session(&session.id, at(2)).await.unwrap(), Some(session.clone()), "it was not touched");
    assert_eq!(from_the_mark_on.session(&session.id, at(2)).await.unwrap(), Some(session));
}

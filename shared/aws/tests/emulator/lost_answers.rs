//! Writes whose answer is lost: never two winners, never a lost grant, and nothing said that is not known.

use std::sync::Arc;
use std::time::Duration;

use smart_core::client::Client;
use smart_core::grant::{EncounterChoice, Grant, Refusal, RevocationReason, Stage, Until};
use smart_core::id::GrantId;
use smart_core::launch::{Launch, LaunchContext, Situation};
use smart_core::ports::{
    Authorizations as _, Clients as _, Enrolments as _, Grants as _, Launches as _, Redemptions as _,
    Registrations as _, Replay as _, Revocations as _, RevokedTokens as _, Sessions as _, SignIns as _,
    Stopped, Throttle as _, Unavailable, UserGrants as _, Users as _,
};
use smart_core::secret::LaunchHandle;
use smart_core::session::Session;
use smart_core::user::Credentials;

use crate::proxy::{Both, Fate, THROTTLE, both};
use crate::sample::{
    active, at, begun, coded, digest, id, issue, owner, policy, right, rotation, self_registered, session,
    sign_in, step, vouched_for,
};

/// As many as the SDK attempts a call.
const ALL: [Fate; 4] = [Fate::LoseAnswer; 4];

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, Stopped>) -> Unavailable {
    match outcome {
        Err(Stopped::Unavailable(unavailable)) => unavailable,
        other => panic!("{other:?}"),
    }
}

async fn stored(both: &Both, n: u64) -> Grant {
    both.direct.grant(&id(n), at(3)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_our_own_success_seen_twice() {
    let both = both().await;
    let Both { proxied, script, .. } = &both;
    let lose = || script.set(&[Fate::LoseAnswer]);
    let again = ["UpdateItem", "UpdateItem"];

    lose();
    proxied.begin(&begun(1)).await.unwrap();
    assert_eq!(script.called(), ["PutItem", "PutItem"]);
    lose();
    let known = proxied.sign_in(&id(1), &sign_in(0, "maria", None), step(1, 1)).await.unwrap();
    assert_eq!(script.called(), again);
    lose();
    proxied.choose_patient(&id(1), &session(0), &"a".parse().unwrap(), step(2, 1)).await.unwrap();
    lose();
    let choice = EncounterChoice {
        session: session(0),
        patient: "a".parse().unwrap(),
        encounter: "e".parse().unwrap(),
    };
    proxied.choose_encounter(&id(1), &choice, step(10, 1)).await.unwrap();
    lose();
    let issue = issue(0, step(10, 1).op, Some(policy(Until::Forever)));
    proxied.issue_code(&id(1), &issue, step(3, 1)).await.unwrap();
    lose();
    let redeemed = proxied.redeem(&id(1), &right(), step(4, 2)).await.unwrap();
    assert_eq!(script.called(), again);
    assert_eq!(stored(&both, 1).await, redeemed.grant);
    lose();
    assert!(proxied.unredeem(&redeemed.grant.id, redeemed.op, step(5, 2)).await.unwrap());
    proxied.redeem(&id(1), &right(), step(6, 2)).await.unwrap();
    lose();
    let refreshed = proxied.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(7, 3)).await.unwrap();
    assert_eq!(script.called(), again);
    assert!(!refreshed.repeated);
    assert_eq!(stored(&both, 1).await, refreshed.grant);
    lose();
    assert!(proxied.extend_retry(&id(1), &digest(100), at(900), step(8, 3)).await.unwrap());
    // Of two of them one is ended by its user, and the other by its app.
    active(&both.direct, 2, "maria").await;
    lose();
    assert!(
        proxied.revoke_own(&id(2), &owner("maria"), RevocationReason::ByUser, step(11, 3)).await.unwrap()
    );
    assert_eq!(script.called(), again);
    assert!(matches!(stored(&both, 2).await.stage, Stage::Revoked(_)));
    lose();
    proxied.revoke_by_client(&id(1), &"growth-chart".parse().unwrap(), step(9, 3)).await.unwrap();
    assert!(matches!(stored(&both, 1).await.stage, Stage::Revoked(_)));
    lose();
    assert!(proxied.revoke(&id(1), RevocationReason::ByUser, step(10, 3)).await.unwrap());
    lose();
    proxied.revoke_token(&digest(1), at(300)).await.unwrap();
    assert_eq!(script.called(), ["PutItem", "PutItem"]);
    assert!(both.direct.is_revoked(&digest(1), at(299)).await.unwrap());
    drop(known);

    // A third that its user never allows.
    proxied.begin(&begun(3)).await.unwrap();
    proxied.sign_in(&id(3), &sign_in(0, "maria", None), step(12, 1)).await.unwrap();
    lose();
    let denied = proxied.deny(&id(3), &session(0), step(13, 1)).await.unwrap();
    assert_eq!(script.called(), again);
    assert_eq!(both.direct.grant(&id(3), at(1)).await.unwrap(), Some(denied));
}

#[tokio::test]
async fn a_lost_answer_registers_and_enrols_once() {
    for fates in [&[Fate::LoseAnswer][..], &ALL] {
        let Both { direct, proxied, script } = both().await;
        let app = self_registered();
        script.set(fates);
        assert!(proxied.register_client(&app).await.unwrap(), "{fates:?}");
        assert_eq!(direct.client(&app.client_id).await.unwrap(), Some(app.clone()));
        // Another one of that name is never said to be registered.
        let other = Client { client_name: "Another".to_owned(), ..app };
        script.set(fates);
        assert!(!matches!(proxied.register_client(&other).await, Ok(true)), "{fates:?}");
        assert_ne!(direct.client(&other.client_id).await.unwrap(), Some(other));

        // The user is looked up first. Whoever does not learn that they were enrolled signs in again.
        script.set(&[&[Fate::Pass], fates].concat());
        let enrolled = match proxied.enrol(&vouched_for()).await {
            Ok(enrolled) => enrolled,
            Err(_) => proxied.enrol(&vouched_for()).await.unwrap(),
        };
        assert_eq!(direct.user(&enrolled.username).await.unwrap(), Some(enrolled.clone()));
        assert_eq!(direct.enrol(&vouched_for()).await.unwrap(), enrolled);
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_second_use_and_no_lost_session() {
    let Both { direct, proxied, script } = both().await;
    script.set(&[Fate::LoseAnswer]);
    assert!(proxied.first_use(&digest(1), at(300), step(1, 0)).await.unwrap());
    assert!(!direct.first_use(&digest(1), at(300), step(2, 0)).await.unwrap());

    let begun = Session::start(session(1), "maria".parse().unwrap(), Credentials::default(), at(0));
    script.set(&[Fate::LoseAnswer]);
    proxied.start_session(&begun).await.unwrap();
    script.set(&[Fate::LoseAnswer]);
    proxied.touch_session(&begun.id, at(5_000), at(1)).await.unwrap();
    assert_eq!(direct.session(&begun.id, at(1)).await.unwrap().unwrap().idle_expires_at, at(5_000));
    script.set(&[Fate::LoseAnswer]);
    proxied.end_session(&begun.id).await.unwrap();
    assert_eq!(direct.session(&begun.id, at(1)).await.unwrap(), None);

    let (first, second): (GrantId, GrantId) = (digest(1).into(), digest(2).into());
    let situation = Situation { user: None, context: LaunchContext::default() };
    let launch =
        Launch::new(&LaunchHandle::new([1; 32]), "app".parse().unwrap(), situation, step(3, 0).op, at(0));
    script.set(&[Fate::LoseAnswer]);
    proxied.create_launch(&launch).await.unwrap();
    script.set(&[Fate::LoseAnswer]);
    assert!(proxied.use_launch(&launch.id, &first, step(4, 0)).await.unwrap());
    assert!(!direct.use_launch(&launch.id, &second, step(5, 0)).await.unwrap());
    script.set(&ALL);
    assert!(proxied.use_launch(&launch.id, &first, step(6, 0)).await.unwrap());
    // A launch that is made late is not made free again.
    script.set(&[Fate::Late]);
    proxied.create_launch(&Launch { id: digest(9).into(), ..launch.clone() }).await.unwrap();
    assert!(direct.use_launch(&digest(9).into(), &first, step(7, 0)).await.unwrap());
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(!direct.use_launch(&digest(9).into(), &second, step(8, 0)).await.unwrap());

    // Counted at least once: too many is safe, too few is not.
    script.set(&[Fate::LoseAnswer]);
    let window = Duration::from_mins(1);
    assert!(proxied.count_attempt(&digest(1), window, at(0)).await.unwrap().count >= 1);
    assert!(direct.count_attempt(&digest(1), window, at(0)).await.unwrap().count >= 2);
    script.set(&[Fate::LoseAnswer]);
    proxied.forget_attempts(&digest(1)).await.unwrap();
    assert_eq!(direct.count_attempt(&digest(1), window, at(0)).await.unwrap().count, 1);
}

#[tokio::test]
async fn when_every_answer_is_lost_one_read_finds_the_write() {
    let both = both().await;
    coded(&both.direct, 1, "maria", Some(policy(Until::Forever))).await;
    both.script.set(&ALL);
    let redeemed = both.proxied.redeem(&id(1), &right(), step(1, 2)).await.unwrap();
    let mut calls = vec!["UpdateItem"; 4];
    calls.push("GetItem");
    assert_eq!(both.script.called(), calls);
    assert_eq!(stored(&both, 1).await, redeemed.grant);

    both.script.set(&ALL);
    let refreshed =
        both.proxied.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(2, 3)).await.unwrap();
    assert_eq!((refreshed.repeated, stored(&both, 1).await), (false, refreshed.grant));

    both.script.set(&ALL);
    both.proxied.begin(&begun(2)).await.unwrap();
    both.script.set(&ALL);
    assert!(both.proxied.first_use(&digest(1), at(300), step(3, 0)).await.unwrap());
    both.script.set(&ALL);
    both.proxied.revoke_by_client(&id(1), &"growth-chart".parse().unwrap(), step(4, 3)).await.unwrap();
    both.script.set(&ALL);
    assert!(both.proxied.revoke(&id(1), RevocationReason::ByUser, step(5, 3)).await.unwrap());
}

#[tokio::test]
async fn what_stays_unknown_is_unavailable_and_can_be_repeated() {
    let both = both().await;
    coded(&both.direct, 1, "maria", Some(policy(Until::Forever))).await;
    // The write is made, and neither it nor the read is answered.
    both.script.set(&[Fate::LoseAnswer; 8]);
    let unknown = unavailable(both.proxied.redeem(&id(1), &right(), step(1, 2)).await);
    assert_eq!(unknown.port, "grants");
    assert!(unknown.retry_after > Duration::ZERO);
    let made = stored(&both, 1).await;
    assert!(made.active().is_some());
    // Whoever repeats the same step is told that it was made.
    both.script.set(&[]);
    assert_eq!(both.proxied.redeem(&id(1), &right(), step(1, 2)).await.unwrap().grant, made);
}

#[tokio::test]
async fn a_call_that_never_arrived_changes_nothing_and_is_not_taken_for_a_success() {
    let both = both().await;
    coded(&both.direct, 1, "maria", Some(policy(Until::Forever))).await;
    let before = stored(&both, 1).await;
    both.script.set(&[Fate::LoseCall; 4]);
    unavailable(both.proxied.redeem(&id(1), &right(), step(1, 2)).await);
    assert_eq!(stored(&both, 1).await, before);
    both.script.set(&[Fate::LoseCall; 4]);
    both.proxied.revoke(&id(1), RevocationReason::ByUser, step(2, 2)).await.unwrap_err();
    both.script.set(&[Fate::LoseCall; 4]);
    both.proxied.first_use(&digest(1), at(300), step(3, 2)).await.unwrap_err();
    both.script.set(&[Fate::LoseCall; 4]);
    both.proxied.begin(&begun(2)).await.unwrap_err();
    // The code is as good as before.
    both.script.set(&[]);
    both.proxied.redeem(&id(1), &right(), step(4, 2)).await.unwrap();
    assert!(both.proxied.first_use(&digest(1), at(300), step(5, 2)).await.unwrap());
    assert!(!both.proxied.revoke(&id(2), RevocationReason::ByUser, step(6, 2)).await.unwrap());
}

#[tokio::test]
async fn throttling_is_unavailable_with_a_time_to_come_back() {
    let both = both().await;
    coded(&both.direct, 1, "maria", None).await;
    both.script.set(&[THROTTLE; 8]);
    let throttled = unavailable(both.proxied.redeem(&id(1), &right(), step(1, 2)).await);
    assert!(throttled.reason.contains("ThrottlingException"), "{throttled}");
    assert_eq!(throttled.retry_after, Duration::from_secs(2));
    // A short one is waited out.
    both.script.set(&[THROTTLE; 2]);
    both.proxied.redeem(&id(1), &right(), step(1, 2)).await.unwrap();
}

#[tokio::test]
async fn an_attempt_that_comes_late_finds_its_step_made() {
    let both = both().await;
    coded(&both.direct, 1, "maria", Some(policy(Until::Forever))).await;
    both.script.set(&[Fate::Late]);
    both.proxied.redeem(&id(1), &right(), step(1, 2)).await.unwrap();
    both.script.set(&[Fate::Late]);
    both.proxied.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(2, 2)).await.unwrap();
    let next = both.direct.refresh(&id(1), &rotation(101, 102, "growth-chart"), step(3, 3)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(stored(&both, 1).await, next.grant, "neither late attempt changed anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_redemptions_with_lost_answers_one_wins_and_it_is_the_one_that_was_written() {
    let both = Arc::new(both().await);
    for n in 0..6_u64 {
        coded(&both.direct, n, "maria", Some(policy(Until::Forever))).await;
        // Each time the same fates in another order, and once none.
        let fates = [Fate::LoseAnswer, Fate::Pass, Fate::LoseCall, Fate::LoseAnswer, THROTTLE];
        let strides: [Option<usize>; 6] = [Some(1), Some(2), Some(3), Some(4), Some(6), None];
        let stride = strides[usize::try_from(n).unwrap()];
        let fates = stride.map(|stride| fates.iter().cycle().step_by(stride).take(200).copied().collect());
        let fates: Vec<_> = fates.unwrap_or_default();
        both.script.set(&fates);
        let tasks: Vec<_> = (0..50)
            .map(|i| {
                let both = Arc::clone(&both);
                tokio::spawn(async move { (i, both.proxied.redeem(&id(n), &right(), step(i, 2)).await) })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                (i, Ok(redeemed)) => won.push((i, redeemed)),
                (_, Err(Stopped::Refused(refusal))) => assert_eq!(refusal, Refusal::Replayed),
                (_, Err(Stopped::Unavailable(_))) => {}
            }
        }
        assert!(won.len() <= 1, "{won:?}");
        assert!(stride.is_some() || won.len() == 1, "nobody won, and nothing was lost");
        let stored = stored(&both, n).await;
        match won.first() {
            Some((i, redeemed)) => assert_eq!((redeemed.op, &redeemed.grant), (step(*i, 2).op, &stored)),
            None => is_not_lost(&both, n, &stored).await,
        }
    }
}

/// Nobody was told that they won. One did, and finds out by repeating, or takes it back; or the code is as good as before.
async fn is_not_lost(both: &Both, n: u64, stored: &Grant) {
    let Both { direct, .. } = both;
    if let Some(i) = (0..50).find(|i| step(*i, 2).op == stored.last_op) {
        assert_eq!(direct.redeem(&id(n), &right(), step(i, 2)).await.unwrap().grant, *stored);
        assert!(direct.unredeem(&id(n), step(i, 2).op, step(60, 2)).await.unwrap());
    }
    direct.redeem(&id(n), &right(), step(61, 2)).await.unwrap();
}

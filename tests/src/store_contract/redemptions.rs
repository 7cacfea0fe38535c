//! From the code to the last refresh: the steps that an app takes at the token endpoint.

use std::sync::Arc;
use std::time::Duration;

use smart_core::grant::{
    CODE_LIFETIME, CodeIssue, Grant, Redemption, RefreshPolicy, Refreshed, Refusal, RevocationReason,
    Rotation, Stage, Until,
};
use smart_core::instant::Instant;
use smart_core::ports::{Redeemed, Stopped};
use smart_core::secret::{Digest, Salt, Secret};
use smart_core::token::ACCESS_LIFETIME;

use super::grants::{Sample, app, coded, granted, issue, owner, redemption, refusal, sign_in, verifier};
use super::{Store, at, bytes, digest, step, together};

/// How long a refresh may be repeated.
const RETRY: u64 = 30;

/// The sample, redeemed at second 2.
async fn active<S: Store>(store: &S, n: u64) -> (Sample, Redeemed) {
    let sample = coded(store, n).await;
    let redeemed = store.redeem(&sample.id(), &redemption(sample), step(1_001, 2)).await.unwrap();
    (sample, redeemed)
}

/// The sample with another refresh token than usual, redeemed at second 2.
async fn with_policy<S: Store>(store: &S, n: u64, refresh: Option<RefreshPolicy>) -> Sample {
    let sample = Sample::new(n);
    store.begin(&sample.grant()).await.unwrap();
    let issue = CodeIssue { refresh, ..issue(sample) };
    store.issue_code(&sample.id(), &issue, step(1_000, 1)).await.unwrap();
    store.redeem(&sample.id(), &redemption(sample), step(1_001, 2)).await.unwrap();
    sample
}

/// A refresh with `presented`, whose successor is derived with a salt of its own.
fn rotation(presented: &Secret, n: u64) -> Rotation {
    let salt = Salt::new(bytes(n));
    Rotation {
        client_id: app(),
        presented: presented.digest(),
        successor: presented.successor(&salt).digest(),
        salt,
        retry: Duration::from_secs(RETRY),
        key: None,
        access_lifetime: ACCESS_LIFETIME,
    }
}

/// Presents `presented` by the write named `n`.
async fn refresh<S: Store>(
    store: &S,
    sample: Sample,
    presented: &Secret,
    n: u64,
    second: u64,
) -> Result<Refreshed, Stopped> {
    store.refresh(&sample.id(), &rotation(presented, n), step(n, second)).await
}

/// The digest of the current refresh token.
fn current(grant: &Grant) -> Digest {
    grant.active().unwrap().refresh.as_ref().unwrap().current
}

/// When the refresh token expires unless it is used, and when in any case.
fn ends(grant: &Grant) -> (Instant, Instant) {
    let refresh = grant.active().unwrap().refresh.as_ref().unwrap();
    (refresh.expires_at, refresh.ends_at)
}

/// The sample as it is stored.
async fn stored<S: Store>(store: &S, sample: Sample, second: u64) -> Option<Grant> {
    store.grant(&sample.id(), at(second)).await.unwrap()
}

/// CODE-03, CODE-05: of many redemptions at once just one succeeds; the others see a used code, and change nothing.
/// SEC-22, CODE-05: of all who come at once, in one conditional write.
pub(crate) async fn one_redemption_wins<S: Store>(store: Arc<S>) {
    let sample = coded(&*store, 1).await;
    let found = together(50, |i| {
        let store = Arc::clone(&store);
        async move {
            let own = Redemption { refresh: digest(i), ..redemption(sample) };
            store.redeem(&sample.id(), &own, step(i, 2)).await
        }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for found in lost {
        assert_eq!(refusal(found), Refusal::Replayed);
    }
    let won = won.into_iter().next().unwrap().unwrap();
    assert_eq!(won.op, won.grant.last_op);
    let active = won.grant.active().unwrap();
    assert_eq!((&active.owner, &active.granted), (&owner(), &granted()));
    assert_eq!(won.grant.expires_at, at(2) + Duration::from_hours(180 * 24));
    assert_eq!(stored(&*store, sample, 2).await, Some(won.grant));
}

/// CODE-04: the losers of a race say that the code was seen again, and whatever the order, the grant is revoked.
pub(crate) async fn a_race_with_its_revocations_ends_revoked<S: Store>(store: Arc<S>) {
    let sample = coded(&*store, 1).await;
    let won = together(50, |i| {
        let store = Arc::clone(&store);
        async move {
            let (id, mine) = (sample.id(), redemption(sample));
            if store.redeem(&id, &mine, step(i, 2)).await.is_ok() {
                return true;
            }
            let reason = RevocationReason::CodeReplayed;
            assert!(store.revoke(&id, reason, step(100 + i, 2)).await.unwrap());
            false
        }
    })
    .await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    let ended = stored(&*store, sample, 2).await.unwrap();
    let Stage::Revoked(revocation) = &ended.stage else { panic!("{ended:?}") };
    assert_eq!(revocation.reason, RevocationReason::CodeReplayed);
}

/// A redemption whose answer was lost is seen again by its own name, however often and late.
pub(crate) async fn a_repeated_redemption_is_the_same_one<S: Store>(store: Arc<S>) {
    let (sample, first) = active(&*store, 1).await;
    let again = store.redeem(&sample.id(), &redemption(sample), step(1_001, 500)).await.unwrap();
    assert_eq!((again.grant, again.op), (first.grant.clone(), first.op));
    // By another name it is a replay, and that alone changes nothing.
    let other = store.redeem(&sample.id(), &redemption(sample), step(1, 500)).await;
    assert_eq!(refusal(other), Refusal::Replayed);
    assert_eq!(stored(&*store, sample, 500).await, Some(first.grant));
    let together = together(50, |_| {
        let store = Arc::clone(&store);
        async move { store.redeem(&sample.id(), &redemption(sample), step(1_001, 2)).await.is_ok() }
    })
    .await;
    assert!(together.into_iter().all(|same| same));
}

/// CODE-04: a used code is a replay for as long as its grant lives, where its own client shows it; of another client, or with a
/// secret that never was, it ends nothing.
pub(crate) async fn a_used_code_is_a_replay_by_its_own_client_alone<S: Store>(store: Arc<S>) {
    let (sample, _) = active(&*store, 1).await;
    let good = redemption(sample);
    let attempts = [
        (good.clone(), Refusal::Replayed),
        (Redemption { client_id: "other".parse().unwrap(), ..good.clone() }, Refusal::Client),
        (Redemption { code: digest(7), ..good.clone() }, Refusal::Absent),
        (Redemption { code: digest(7), client_id: "other".parse().unwrap(), ..good }, Refusal::Absent),
    ];
    let mut token = sample.refresh_token();
    for n in 0..3 {
        let before = stored(&*store, sample, 3 + n).await;
        for ((attempt, expected), i) in attempts.iter().zip(10 * n..) {
            let found = store.redeem(&sample.id(), attempt, step(i, 3 + n)).await;
            assert_eq!(refusal(found), *expected, "after {n} refreshes");
        }
        assert_eq!(stored(&*store, sample, 3 + n).await, before);
        let made = refresh(&*store, sample, &token, 100 + n, 3 + n).await.unwrap();
        token = token.successor(&made.salt);
    }
}

/// CODE-02, CODE-08, PKCE-09: whoever has not all that belongs to a code leaves it as good as it was.
pub(crate) async fn what_does_not_fit_leaves_the_code_good<S: Store>(store: Arc<S>) {
    let sample = coded(&*store, 1).await;
    let before = stored(&*store, sample, 2).await;
    let good = redemption(sample);
    for (n, (wrong, expected)) in [
        (Redemption { client_id: "other".parse().unwrap(), ..good.clone() }, Refusal::Client),
        (
            Redemption { redirect_uri: "https://app.example/cb/".to_owned(), ..good.clone() },
            Refusal::RedirectUri,
        ),
        (Redemption { challenge: verifier("w").challenge(), ..good.clone() }, Refusal::Verifier),
        // Made up by who knows the handle: no code, and no replay.
        (Redemption { code: digest(7), ..good.clone() }, Refusal::Absent),
    ]
    .into_iter()
    .enumerate()
    {
        let found = store.redeem(&sample.id(), &wrong, step(n as u64, 2)).await;
        assert_eq!(refusal(found), expected);
        assert_eq!(stored(&*store, sample, 2).await, before);
    }
    store.redeem(&sample.id(), &good, step(9, 2)).await.unwrap();
}

/// CODE-01: an expired code is absent, though nobody has removed it; in its last second it is good.
/// SEC-22, CODE-01: whether or not a sweep has come by.
pub(crate) async fn an_expired_code_is_absent_without_being_removed<S: Store>(store: Arc<S>) {
    let end = 1 + CODE_LIFETIME.as_secs();
    let (late, in_time) = (coded(&*store, 1).await, coded(&*store, 2).await);
    let found = store.redeem(&late.id(), &redemption(late), step(1, end)).await;
    assert_eq!(refusal(found), Refusal::Absent);
    assert_eq!(stored(&*store, late, end).await, None);
    store.redeem(&in_time.id(), &redemption(in_time), step(2, end - 1)).await.unwrap();
    // Before there is a code there is nothing to redeem, and what is absent is not made.
    let (known, absent) = (Sample::new(3), Sample::new(4));
    store.begin(&known.grant()).await.unwrap();
    assert_eq!(refusal(store.redeem(&known.id(), &redemption(known), step(3, 1)).await), Refusal::Stage);
    assert_eq!(refusal(store.redeem(&absent.id(), &redemption(absent), step(4, 1)).await), Refusal::Absent);
    assert_eq!(stored(&*store, absent, 1).await, None);
}

/// A redemption whose tokens were not signed gives the code back, once.
pub(crate) async fn a_redemption_is_taken_back_once<S: Store>(store: Arc<S>) {
    let (sample, first) = active(&*store, 1).await;
    let id = sample.id();
    assert!(!store.unredeem(&id, step(7, 0).op, step(1, 3)).await.unwrap());
    assert_eq!(stored(&*store, sample, 3).await, Some(first.grant.clone()));

    assert!(store.unredeem(&first.grant.id, first.op, step(2, 3)).await.unwrap());
    let back = stored(&*store, sample, 3).await.unwrap();
    assert!(matches!(back.stage, Stage::Coded(_)), "{back:?}");
    assert_eq!(back.expires_at, at(1) + CODE_LIFETIME);

    let second = store.redeem(&id, &redemption(sample), step(3, 4)).await.unwrap();
    assert!(!store.unredeem(&first.grant.id, first.op, step(4, 5)).await.unwrap());
    assert_eq!(stored(&*store, sample, 5).await, Some(second.grant));
    // It is a used code again.
    assert_eq!(refusal(store.redeem(&id, &redemption(sample), step(5, 5)).await), Refusal::Replayed);
}

/// Once something has happened since, a redemption is not taken back.
pub(crate) async fn a_redemption_is_not_taken_back_after_anything_else<S: Store>(store: Arc<S>) {
    let (refreshed, redeemed) = active(&*store, 1).await;
    let made = refresh(&*store, refreshed, &refreshed.refresh_token(), 1, 3).await.unwrap();
    assert!(!store.unredeem(&redeemed.grant.id, redeemed.op, step(2, 4)).await.unwrap());
    assert!(!store.unredeem(&made.grant.id, made.grant.last_op, step(3, 4)).await.unwrap());
    assert_eq!(stored(&*store, refreshed, 4).await, Some(made.grant));

    let (revoked, redeemed) = active(&*store, 2).await;
    assert!(store.revoke(&revoked.id(), RevocationReason::ByUser, step(4, 3)).await.unwrap());
    assert!(!store.unredeem(&redeemed.grant.id, redeemed.op, step(5, 4)).await.unwrap());
    let ended = stored(&*store, revoked, 4).await.unwrap();
    assert!(matches!(ended.stage, Stage::Revoked(_)), "{ended:?}");

    assert!(!store.unredeem(&Sample::new(3).id(), redeemed.op, step(6, 4)).await.unwrap());
    assert_eq!(stored(&*store, Sample::new(3), 4).await, None);
}

/// REFR-14, REFR-22: each use gives the next token and begins its time anew; the grant stays what it was.
pub(crate) async fn a_refresh_rotates_and_slides<S: Store>(store: Arc<S>) {
    let (sample, redeemed) = active(&*store, 1).await;
    let slides = Duration::from_hours(180 * 24);
    assert_eq!(ends(&redeemed.grant), (at(2) + slides, Instant::NEVER));
    let mut token = sample.refresh_token();
    // Each time almost too late.
    let mut second = 2;
    for n in 1..=5 {
        second += slides.as_secs() - 1;
        let made = refresh(&*store, sample, &token, n, second).await.unwrap();
        assert!(!made.repeated);
        token = token.successor(&made.salt);
        assert_eq!(current(&made.grant), token.digest());
        assert_eq!(ends(&made.grant), (at(second) + slides, Instant::NEVER));
        assert_eq!(made.grant.expires_at, at(second) + slides);
        let active = made.grant.active().unwrap();
        assert_eq!((&active.owner, &active.granted.scopes), (&owner(), &granted().scopes));
        assert_eq!(active.granted.context, granted().context);
        assert_eq!(stored(&*store, sample, second).await, Some(made.grant));
    }
}

/// REFR-16: many refreshes at once with one token give one successor, the same for all.
/// SEC-22, REFR-16.
pub(crate) async fn parallel_refreshes_share_one_successor<S: Store>(store: Arc<S>) {
    let (sample, _) = active(&*store, 1).await;
    let found = together(50, |i| {
        let store = Arc::clone(&store);
        async move {
            let token = sample.refresh_token();
            let made = refresh(&*store, sample, &token, i, 3).await.unwrap();
            (made.repeated, token.successor(&made.salt).digest(), made.grant)
        }
    })
    .await;
    assert_eq!(found.iter().filter(|(repeated, ..)| !repeated).count(), 1);
    let grant = stored(&*store, sample, 3).await.unwrap();
    for (_, successor, answered) in found {
        assert_eq!(successor, current(&grant));
        assert_eq!(answered, grant);
    }
}

/// REFR-16: within its window the token before gets the same successor again, without a write; after it, it is a replay.
pub(crate) async fn a_refresh_may_be_repeated_for_a_moment<S: Store>(store: Arc<S>) {
    let (sample, _) = active(&*store, 1).await;
    let token = sample.refresh_token();
    let first = refresh(&*store, sample, &token, 1, 10).await.unwrap();
    for (n, second) in [(2, 10), (3, 25), (4, 10 + RETRY - 1)] {
        let again = refresh(&*store, sample, &token, n, second).await.unwrap();
        assert!(again.repeated);
        assert_eq!(token.successor(&again.salt).digest(), current(&first.grant));
        assert_eq!(stored(&*store, sample, second).await, Some(first.grant.clone()));
    }
    let late = refresh(&*store, sample, &token, 5, 10 + RETRY).await;
    assert_eq!(refusal(late), Refusal::Replayed);
    assert_eq!(stored(&*store, sample, 10 + RETRY).await, Some(first.grant.clone()));
    // Its own write seen twice is no repeat, however late.
    let own = refresh(&*store, sample, &token, 1, 5_000).await.unwrap();
    assert_eq!((own.repeated, &own.grant), (false, &first.grant));
    // The successor is good all the while.
    let next = token.successor(&first.salt);
    assert!(!refresh(&*store, sample, &next, 6, 5_001).await.unwrap().repeated);
}

/// REFR-15: once its successor was used, a token is a replay, even within its window; and so is one that never was.
pub(crate) async fn a_token_whose_successor_was_used_is_a_replay<S: Store>(store: Arc<S>) {
    let (sample, _) = active(&*store, 1).await;
    let token = sample.refresh_token();
    let first = refresh(&*store, sample, &token, 1, 10).await.unwrap();
    let second = refresh(&*store, sample, &token.successor(&first.salt), 2, 11).await.unwrap();
    for (n, old) in [(3, &token), (4, &Secret::new(bytes(99))), (5, &sample.code())] {
        assert_eq!(refusal(refresh(&*store, sample, old, n, 12).await), Refusal::Replayed);
    }
    assert_eq!(stored(&*store, sample, 12).await, Some(second.grant));
}

/// A token without a place: no grant, none that is active, or one without refresh tokens.
pub(crate) async fn a_refresh_needs_an_active_grant<S: Store>(store: Arc<S>) {
    let absent = Sample::new(1);
    let found = refresh(&*store, absent, &absent.refresh_token(), 1, 3).await;
    assert_eq!(refusal(found), Refusal::Absent);
    assert_eq!(stored(&*store, absent, 3).await, None);

    let coded = coded(&*store, 2).await;
    let found = refresh(&*store, coded, &coded.refresh_token(), 2, 3).await;
    assert_eq!(refusal(found), Refusal::Stage);

    let once = with_policy(&*store, 3, None).await;
    let grant = stored(&*store, once, 3).await.unwrap();
    assert_eq!(grant.active().unwrap().refresh, None);
    assert_eq!(grant.expires_at, at(2) + ACCESS_LIFETIME);
    let found = refresh(&*store, once, &once.refresh_token(), 3, 3).await;
    assert_eq!(refusal(found), Refusal::Absent);
    // CODE-05: it is remembered as long as its access token lives.
    let last = 1 + ACCESS_LIFETIME.as_secs();
    assert_eq!(stored(&*store, once, last).await, Some(grant));
    assert_eq!(stored(&*store, once, last + 1).await, None);
}

/// REFR-05: another client with a good token gets nothing and harms nobody.
pub(crate) async fn another_client_refreshes_nothing<S: Store>(store: Arc<S>) {
    let (sample, redeemed) = active(&*store, 1).await;
    let token = sample.refresh_token();
    let foreign = |presented, n| Rotation { client_id: "other".parse().unwrap(), ..rotation(presented, n) };
    let found = store.refresh(&sample.id(), &foreign(&token, 1), step(1, 3)).await;
    assert_eq!(refusal(found), Refusal::Client);
    assert_eq!(stored(&*store, sample, 3).await, Some(redeemed.grant));
    let made = refresh(&*store, sample, &token, 2, 4).await.unwrap();
    for (n, presented) in
        [(3, &token), (4, &token.successor(&made.salt)), (5, &sample.code()), (6, &Secret::new(bytes(99)))]
    {
        let found = store.refresh(&sample.id(), &foreign(presented, n), step(n, 5)).await;
        assert_eq!(refusal(found), Refusal::Client);
    }
    assert_eq!(stored(&*store, sample, 5).await, Some(made.grant));
}

/// REFR-18, REFR-23, SEC-11: without a use a token expires; and where it has an end, no use moves that.
pub(crate) async fn a_refresh_token_expires_and_ends<S: Store>(store: Arc<S>) {
    let day = Duration::from_hours(24);
    let session = Sample::new(9).session();
    for (n, policy) in [
        (1, RefreshPolicy { slides: Duration::from_secs(598), until: Until::Forever }),
        (2, RefreshPolicy { slides: day, until: Until::After(Duration::from_secs(598)) }),
        (3, RefreshPolicy { slides: day, until: Until::SessionEnds { session, at: at(600) } }),
    ] {
        // Unused, it is over at second 600 …
        let unused = with_policy(&*store, 10 + n, Some(policy.clone())).await;
        let before = stored(&*store, unused, 3).await;
        let found = refresh(&*store, unused, &unused.refresh_token(), 1, 600).await;
        assert_eq!(refusal(found), Refusal::RefreshExpired, "{policy:?}");
        assert_eq!(stored(&*store, unused, 600).await, before);
        // … and a use the second before prolongs what slides, and nothing else.
        let used = with_policy(&*store, 20 + n, Some(policy.clone())).await;
        let made = refresh(&*store, used, &used.refresh_token(), 2, 599).await.unwrap();
        let (expires_at, ends_at) = ends(&made.grant);
        assert_eq!(expires_at, at(599) + policy.slides);
        assert_eq!(ends_at, ends(&before.unwrap()).1, "{policy:?}");
        let next = used.refresh_token().successor(&made.salt);
        let found = refresh(&*store, used, &next, 3, 600).await;
        if policy.until == Until::Forever {
            assert!(found.is_ok());
        } else {
            assert_eq!(refusal(found), Refusal::RefreshExpired, "{policy:?}");
        }
    }
    // Where nothing keeps the grant longer, it is gone with its token.
    let (sample, _) = active(&*store, 30).await;
    let end = 2 + 180 * 86_400;
    let found = refresh(&*store, sample, &sample.refresh_token(), 4, end).await;
    assert_eq!(refusal(found), Refusal::Absent);
    assert!(refresh(&*store, sample, &sample.refresh_token(), 5, end - 1).await.is_ok());
}

/// A refresh whose tokens were not signed may be repeated for longer, while its successor is unused.
pub(crate) async fn a_retry_window_can_be_extended<S: Store>(store: Arc<S>) {
    let (sample, _) = active(&*store, 1).await;
    let (id, token) = (sample.id(), sample.refresh_token());
    let extend = async |presented: &Secret, until, n, second| {
        store.extend_retry(&id, &presented.digest(), at(until), step(n, second)).await.unwrap()
    };
    // Nothing was refreshed yet.
    assert!(!extend(&token, 600, 1, 3).await);
    let first = refresh(&*store, sample, &token, 2, 10).await.unwrap();
    let next = token.successor(&first.salt);
    assert!(!extend(&next, 600, 3, 11).await);
    assert!(!extend(&Secret::new(bytes(99)), 600, 4, 11).await);
    assert_eq!(stored(&*store, sample, 11).await, Some(first.grant));

    assert!(extend(&token, 600, 5, 11).await);
    // Never for shorter.
    assert!(extend(&token, 20, 6, 12).await);
    let again = refresh(&*store, sample, &token, 7, 599).await.unwrap();
    assert!(again.repeated);
    assert_eq!(token.successor(&again.salt).digest(), next.digest());
    assert_eq!(refusal(refresh(&*store, sample, &token, 8, 600).await), Refusal::Replayed);

    assert!(refresh(&*store, sample, &next, 9, 601).await.is_ok());
    assert!(!extend(&token, 9_000, 10, 602).await);
    let absent = Sample::new(2);
    assert!(!store.extend_retry(&absent.id(), &token.digest(), at(600), step(11, 3)).await.unwrap());
    assert_eq!(stored(&*store, absent, 3).await, None);
}

/// REFR-24, CODE-04: a revoked grant is the end, in every step and for ever; revoking it again changes nothing.
pub(crate) async fn a_revoked_grant_refuses_everything<S: Store>(store: Arc<S>) {
    let (sample, redeemed) = active(&*store, 1).await;
    let (id, token) = (sample.id(), sample.refresh_token());
    let made = refresh(&*store, sample, &token, 1, 3).await.unwrap();
    assert!(store.revoke(&id, RevocationReason::RefreshReplayed, step(2, 4)).await.unwrap());
    let ended = stored(&*store, sample, 4).await.unwrap();
    assert_eq!((ended.active(), ended.expires_at), (None, made.grant.expires_at));

    let next = token.successor(&made.salt);
    for (n, presented) in [(3, &token), (4, &next)] {
        assert_eq!(refusal(refresh(&*store, sample, presented, n, 5).await), Refusal::Revoked);
    }
    for n in [5, 1_001] {
        let found = store.redeem(&id, &redemption(sample), step(n, 5)).await;
        assert_eq!(refusal(found), Refusal::Revoked);
    }
    assert_eq!(refusal(store.sign_in(&id, &sign_in(sample), step(6, 5)).await), Refusal::Revoked);
    assert!(!store.unredeem(&redeemed.grant.id, redeemed.op, step(7, 5)).await.unwrap());
    assert!(!store.extend_retry(&id, &token.digest(), at(600), step(8, 5)).await.unwrap());
    // The first reason stays, and there was one.
    assert!(store.revoke(&id, RevocationReason::ByUser, step(9, 6)).await.unwrap());
    assert_eq!(stored(&*store, sample, 6).await, Some(ended));
}

/// Revoking is for what is there: an absent grant stays absent, an expired one expired.
pub(crate) async fn what_is_absent_is_not_revoked<S: Store>(store: Arc<S>) {
    let absent = Sample::new(1);
    assert!(!store.revoke(&absent.id(), RevocationReason::ByUser, step(1, 0)).await.unwrap());
    assert_eq!(stored(&*store, absent, 0).await, None);

    let (expired, _) = active(&*store, 2).await;
    let end = 2 + 180 * 86_400;
    let before = stored(&*store, expired, end - 1).await;
    assert!(!store.revoke(&expired.id(), RevocationReason::ByUser, step(2, end)).await.unwrap());
    assert_eq!(stored(&*store, expired, end - 1).await, before);
    assert!(store.revoke(&expired.id(), RevocationReason::ByUser, step(3, end - 1)).await.unwrap());

    // A code that is out can be revoked before it is redeemed.
    let coded = coded(&*store, 3).await;
    assert!(store.revoke(&coded.id(), RevocationReason::CodeReplayed, step(4, 2)).await.unwrap());
    let found = store.redeem(&coded.id(), &redemption(coded), step(5, 3)).await;
    assert_eq!(refusal(found), Refusal::Revoked);
}

/// REVOKE-03, REVOKE-06: a client ends its own grant, however often it asks, and nobody else's.
pub(crate) async fn a_client_revokes_its_own_grant_and_no_other<S: Store>(store: Arc<S>) {
    let (sample, redeemed) = active(&*store, 1).await;
    let (id, own) = (sample.id(), redeemed.grant.client_id.clone());
    let other = "other".parse().unwrap();
    let before = stored(&*store, sample, 3).await;
    assert_eq!(refusal(store.revoke_by_client(&id, &other, step(1, 3)).await), Refusal::Client);
    assert_eq!(stored(&*store, sample, 3).await, before);
    store.revoke_by_client(&id, &own, step(2, 3)).await.unwrap();
    let ended = stored(&*store, sample, 3).await;
    assert!(ended.as_ref().is_some_and(|grant| grant.active().is_none()));
    // Again, under the same name and another.
    for (n, second) in [(2, 3), (3, 4)] {
        store.revoke_by_client(&id, &own, step(n, second)).await.unwrap();
        assert_eq!(stored(&*store, sample, second).await, ended);
    }
    assert_eq!(refusal(store.revoke_by_client(&id, &other, step(4, 4)).await), Refusal::Client);
    assert_eq!(refusal(refresh(&*store, sample, &sample.refresh_token(), 5, 5).await), Refusal::Revoked);
    // An absent one stays absent, and an expired one expired.
    let absent = Sample::new(2);
    assert_eq!(refusal(store.revoke_by_client(&absent.id(), &own, step(6, 0)).await), Refusal::Absent);
    assert_eq!(stored(&*store, absent, 0).await, None);
    let (expired, _) = active(&*store, 3).await;
    let end = 2 + 180 * 86_400;
    assert_eq!(refusal(store.revoke_by_client(&expired.id(), &own, step(7, end)).await), Refusal::Absent);
}

/// REVOKE-06: whatever comes first, the grant ends, and no refresh begins it anew.
pub(crate) async fn a_revocation_and_refreshes_at_once_end_revoked<S: Store>(store: Arc<S>) {
    let (sample, redeemed) = active(&*store, 1).await;
    let client = redeemed.grant.client_id;
    together(50, |i| {
        let (store, client) = (Arc::clone(&store), client.clone());
        async move {
            if i == 25 {
                store.revoke_by_client(&sample.id(), &client, step(25, 3)).await.unwrap();
            } else {
                let made = refresh(&*store, sample, &sample.refresh_token(), i, 3).await;
                assert!(matches!(made, Ok(_) | Err(Stopped::Refused(Refusal::Revoked))), "{made:?}");
            }
        }
    })
    .await;
    assert!(stored(&*store, sample, 4).await.unwrap().active().is_none());
    assert_eq!(refusal(refresh(&*store, sample, &sample.refresh_token(), 99, 4).await), Refusal::Revoked);
}

//! Rotation, the retry window, and the ends of a refresh token.

use serde_json::json;

use super::*;
use crate::client::Client;
use crate::client::metadata::{self, Deployment};
use crate::session::Session;
use crate::user::Credentials;

/// Redeemed at second 3, and refreshed at second 10: the token is now the fourth.
fn refreshed() -> Grant {
    active().refresh(&rotation(TOKEN, 4), step(110, 10)).unwrap().grant
}

fn refresh_of(grant: &Grant) -> &Refresh {
    grant.active().unwrap().refresh.as_ref().unwrap()
}

fn refused(grant: Grant, rotation: &Rotation, step: Step) -> Refusal {
    grant.refresh(rotation, step).unwrap_err()
}

#[test]
fn refr_14_and_22_each_use_rotates_the_token_and_begins_its_time_anew() {
    let made = active().refresh(&rotation(TOKEN, 4), step(110, 10)).unwrap();
    assert!(!made.repeated);
    assert_eq!((made.salt, made.grant.last_op), (salt(4), op(110)));
    let refresh = refresh_of(&made.grant);
    assert_eq!(refresh.current, digest(4));
    let previous = Previous { digest: digest(TOKEN), salt: salt(4), retry_until: at(10) + RETRY };
    assert_eq!(refresh.previous, Some(previous));
    assert_eq!((refresh.expires_at, refresh.ends_at), (at(10) + 180 * DAY, Instant::NEVER));
    assert_eq!(made.grant.expires_at, at(10) + 180 * DAY);
    // What the user granted stays; the way back to the code is gone.
    let (before, after) = (active(), made.grant.active().unwrap().clone());
    let before = before.active().unwrap();
    assert_eq!((&before.owner, &before.granted.scopes), (&after.owner, &after.granted.scopes));
    assert_eq!(before.granted.context, after.granted.context);
    assert_eq!(after.code, None);
}

#[test]
fn oidc_18_the_nonce_belongs_to_the_tokens_of_the_code_alone() {
    assert_eq!(active().active().unwrap().granted.nonce.as_deref(), Some("n-1"));
    assert_eq!(refreshed().active().unwrap().granted.nonce, None);
}

#[test]
fn refr_16_a_repeat_within_the_window_gets_the_same_successor_and_writes_nothing() {
    for second in [10, 11, 39] {
        // Another attempt derives another successor: it counts for nothing.
        let again = refreshed().refresh(&rotation(TOKEN, 77), step(200, second)).unwrap();
        assert!(again.repeated, "second {second}");
        assert_eq!((again.salt, &again.grant), (salt(4), &refreshed()));
    }
    // Our own write seen twice is no repeat, even after the window.
    let own = refreshed().refresh(&rotation(TOKEN, 4), step(110, 5_000)).unwrap();
    assert!(!own.repeated);
    assert_eq!((own.salt, &own.grant), (salt(4), &refreshed()));
}

#[test]
fn refr_15_after_the_window_or_once_the_successor_was_used_it_is_a_replay() {
    assert_eq!(refused(refreshed(), &rotation(TOKEN, 77), step(200, 40)), Refusal::Replayed);
    let used = refreshed().refresh(&rotation(4, 5), step(200, 11)).unwrap().grant;
    assert_eq!(refused(used.clone(), &rotation(TOKEN, 77), step(201, 12)), Refusal::Replayed);
    // The successor itself may be repeated now, and the one after it is current.
    assert!(used.clone().refresh(&rotation(4, 77), step(201, 12)).unwrap().repeated);
    assert_eq!(refresh_of(&used.refresh(&rotation(5, 6), step(201, 12)).unwrap().grant).current, digest(6));
    // A secret that never was.
    for (grant, expected) in [
        (active(), Refusal::Replayed),
        (refreshed(), Refusal::Replayed),
        (without_refresh(), Refusal::Absent),
        (coded(), Refusal::Stage),
        (revoked(), Refusal::Revoked),
    ] {
        assert_eq!(refused(grant, &rotation(99, 100), step(200, 11)), expected);
    }
}

#[test]
fn refr_05_another_clients_token_is_refused_good_old_or_made_up_and_ends_nothing() {
    let by_other = |presented| Rotation { client_id: "other".parse().unwrap(), ..rotation(presented, 77) };
    assert_eq!(refused(active(), &by_other(TOKEN), step(200, 11)), Refusal::Client);
    assert_eq!(refused(refreshed(), &by_other(4), step(200, 11)), Refusal::Client);
    assert_eq!(refused(refreshed(), &by_other(TOKEN), step(200, 11)), Refusal::Client);
    assert_eq!(refused(refreshed(), &by_other(TOKEN), step(200, 40)), Refusal::Client);
    assert_eq!(refused(refreshed(), &by_other(99), step(200, 11)), Refusal::Client);
}

#[test]
fn refr_18_and_sec_11_a_token_ends_when_its_time_is_over_however_often_it_is_used() {
    let with = |policy: RefreshPolicy| {
        let issue = CodeIssue { refresh: Some(policy), ..issue(op(101)) };
        known().issue_code(&issue, step(102, 2)).unwrap().redeem(&redemption(), step(103, 0)).unwrap()
    };
    let until_session = Until::SessionEnds { session: session(SESSION), at: at(500) };
    for (policy, end) in [
        (RefreshPolicy { slides: 500 * Duration::from_secs(1), until: Until::Forever }, 500),
        (RefreshPolicy { slides: DAY, until: Until::After(Duration::from_secs(500)) }, 500),
        (RefreshPolicy { slides: DAY, until: until_session }, 500),
    ] {
        let last = with(policy.clone()).refresh(&rotation(TOKEN, 4), step(200, end - 1)).unwrap().grant;
        let ends = |grant: &Grant| refresh_of(grant).ends_at;
        assert_eq!(ends(&last), ends(&with(policy.clone())), "{policy:?}: a use does not move the end");
        let late = refused(with(policy.clone()), &rotation(TOKEN, 4), step(200, end));
        assert_eq!(late, Refusal::RefreshExpired, "{policy:?}");
        let next = last.clone().refresh(&rotation(4, 5), step(201, end));
        if policy.until == Until::Forever {
            // A use has begun its time anew.
            assert_eq!(refresh_of(&next.unwrap().grant).expires_at, at(2 * end));
        } else {
            assert_eq!(next.unwrap_err(), Refusal::RefreshExpired, "{policy:?}");
            // Nor is a lost answer given again.
            assert_eq!(refused(last, &rotation(TOKEN, 77), step(201, end)), Refusal::RefreshExpired);
        }
    }
}

#[test]
fn an_unanswered_refresh_may_be_repeated_for_longer_while_its_successor_is_unused() {
    let extend =
        |grant: Grant, presented, until| grant.extend_retry(&digest(presented), at(until), step(200, 11));
    let longer = extend(refreshed(), TOKEN, 610).unwrap();
    assert_eq!(refresh_of(&longer).previous.unwrap().retry_until, at(610));
    assert!(longer.clone().refresh(&rotation(TOKEN, 77), step(201, 609)).unwrap().repeated);
    assert_eq!(refused(longer.clone(), &rotation(TOKEN, 77), step(201, 610)), Refusal::Replayed);
    // Never for shorter, and twice is once.
    assert_eq!(
        refresh_of(&extend(longer.clone(), TOKEN, 20).unwrap()).previous.unwrap().retry_until,
        at(610)
    );
    assert_eq!(extend(longer.clone(), TOKEN, 610), Some(longer));
    // Only the token before the current one, and only while that is unused.
    assert_eq!(extend(refreshed(), 4, 610), None);
    assert_eq!(extend(refreshed(), 99, 610), None);
    let used = refreshed().refresh(&rotation(4, 5), step(201, 11)).unwrap().grant;
    assert_eq!(extend(used, TOKEN, 610), None);
    for grant in [coded(), active(), without_refresh(), revoked()] {
        assert_eq!(extend(grant, TOKEN, 610), None);
    }
}

#[test]
fn refr_19_21_23_tok_14_x_10_how_long_a_refresh_token_lasts() {
    let client = |extra: serde_json::Value| -> Client {
        let mut metadata = json!({ "client_id": "app", "redirect_uris": ["https://app.example/cb"] });
        for (name, value) in extra.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata::parse(&metadata, Deployment::Public).unwrap()
    };
    let browser = client(json!({ "token_endpoint_auth_method": "none" }));
    let native = client(json!({ "token_endpoint_auth_method": "none", "application_type": "native" }));
    let confidential = client(json!({ "client_secret": "Zk3vT1uQ8xYw5bN7rJ2mKd" }));
    let browsing = Session::start(session(SESSION), "maria".parse().unwrap(), Credentials::default(), at(0));
    let of = |client: &Client, scopes: &str| RefreshPolicy::of(client, &scopes.parse().unwrap(), &browsing);
    let online = RefreshPolicy {
        slides: crate::session::LIFETIME,
        until: Until::SessionEnds { session: session(SESSION), at: browsing.expires_at },
    };
    let capped = RefreshPolicy { slides: 14 * DAY, until: Until::After(90 * DAY) };
    for (client, long) in [(&browser, &capped), (&native, &offline()), (&confidential, &offline())] {
        assert_eq!(of(client, "openid patient/*.rs launch/patient"), None);
        assert_eq!(of(client, "offline_access patient/*.rs").as_ref(), Some(long));
        assert_eq!(of(client, "online_access patient/*.rs").as_ref(), Some(&online));
        // One kind is granted; should both be there, it is the longer.
        assert_eq!(of(client, "online_access offline_access").as_ref(), Some(long));
    }
}

#[test]
fn intro_12_and_14_a_refresh_token_is_good_as_long_as_a_refresh_would_take_it() {
    let ends = at(10) + 180 * DAY;
    let (current, previous) = (digest(4), digest(TOKEN));
    let good = |grant: &Grant, token: &Digest, now| refresh_of(grant).good_until(token, now);
    assert_eq!(good(&refreshed(), &current, at(10)), Some(ends));
    assert_eq!(good(&refreshed(), &previous, at(39)), Some(at(10) + RETRY));
    assert_eq!(good(&refreshed(), &previous, at(40)), None);
    assert_eq!(good(&refreshed(), &digest(99), at(10)), None);
    for (now, rotation) in [(at(39), TOKEN), (at(40), TOKEN), (ends - Duration::from_secs(1), 4), (ends, 4)] {
        let taken = refreshed().refresh(&super::rotation(rotation, 9), Step { now, op: op(200) }).is_ok();
        assert_eq!(good(&refreshed(), &digest(rotation), now).is_some(), taken, "{rotation} at {now:?}");
    }
    // What ends in any case ends here too.
    let mut bounded = refreshed();
    let Stage::Active(active) = &mut bounded.stage else { panic!("active") };
    active.refresh.as_mut().unwrap().ends_at = at(20);
    assert_eq!(good(&bounded, &current, at(19)), Some(at(20)));
    assert_eq!(good(&bounded, &current, at(20)), None);
    assert_eq!(good(&bounded, &previous, at(19)), Some(at(20)));
}

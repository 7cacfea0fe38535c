//! Key sets: how long they are kept, and how often they are asked for.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use smart_core::client::key_set::NotFetched;
use smart_core::client::metadata::Deployment;
use smart_core::instant::Instant;
use smart_core::jose::PublicKey;
use smart_core::ports::ClientKeySets as _;

use super::server::{Says, Server, http, ok};
use crate::{Outbound, PublishedKeys, Reach};

const NOW: Instant = Instant::from_unix(1_800_000_000);

fn at(seconds: u64) -> Instant {
    NOW + Duration::from_secs(seconds)
}

fn jwk(kid: &str) -> Value {
    let mut key = serde_json::to_value(PublicKey::rsa(&[0xff; 256], &[1, 0, 1])).unwrap();
    key["kid"] = kid.into();
    key
}

/// A set of keys with these names, and what is said beside it.
fn keys(head: &str, kids: &[&str]) -> Says {
    let keys: Vec<Value> = kids.iter().map(|kid| jwk(kid)).collect();
    Says::Bytes(http(&format!("200 OK{head}"), &json!({ "keys": keys }).to_string()))
}

const FOR_A_SECOND: &str = "\r\ncache-control: max-age=1";

/// A client's server, and who asks it.
struct World {
    server: Server,
    published: PublishedKeys,
}

impl World {
    async fn saying(says: Says) -> Self {
        let published = PublishedKeys::new(Outbound::new(Deployment::Loopback, Reach::Public));
        Self { server: Server::saying(says).await, published }
    }

    /// Whether the set has the key, `seconds` later.
    async fn has(&self, kid: &str, seconds: u64) -> Result<bool, NotFetched> {
        let set = self.published.key_set(&self.server.url("/jwks"), kid, at(seconds)).await?;
        Ok(set.names(kid))
    }

    fn fetches(&self) -> usize {
        self.server.asked().len()
    }
}

#[tokio::test]
async fn asym_19_a_set_is_kept_as_long_as_it_says_and_five_minutes_if_it_does_not() {
    for (head, lives) in [
        ("", 300),
        ("\r\ncache-control: public, max-age=30", 30),
        ("\r\ncache-control: max-age=30\r\nage: 20", 10),
        ("\r\ncache-control: max-age=31536000", 86_400),
    ] {
        let world = World::saying(keys(head, &["a"])).await;
        assert_eq!(world.has("a", 0).await, Ok(true));
        assert_eq!(world.has("a", lives - 1).await, Ok(true));
        assert_eq!(world.fetches(), 1, "{head}");
        assert_eq!(world.has("a", lives).await, Ok(true));
        assert_eq!(world.fetches(), 2, "{head}");
    }
}

#[tokio::test]
async fn asym_18_a_key_that_was_withdrawn_is_gone_when_its_set_was() {
    let world = World::saying(keys(FOR_A_SECOND, &["old"])).await;
    assert_eq!(world.has("old", 0).await, Ok(true));
    world.server.say(keys(FOR_A_SECOND, &["new"]));
    assert_eq!(world.has("old", 0).await, Ok(true));
    assert_eq!(world.has("old", 1).await, Ok(false));
    assert_eq!(world.has("new", 1).await, Ok(true));
    // A first unknown name finds a new key at once, however short the set's time is.
    let rotated = World::saying(keys(FOR_A_SECOND, &["old"])).await;
    assert_eq!(rotated.has("old", 0).await, Ok(true));
    rotated.server.say(keys(FOR_A_SECOND, &["new"]));
    assert_eq!(rotated.has("new", 1).await, Ok(true));
    let unkept = World::saying(keys("\r\ncache-control: no-store", &["old"])).await;
    assert_eq!(unkept.has("old", 0).await, Ok(true));
    unkept.server.say(keys("", &["new"]));
    assert_eq!(unkept.has("old", 0).await, Ok(false));
}

#[tokio::test]
async fn asym_18_a_set_past_its_time_is_not_used_because_there_is_no_other() {
    let world = World::saying(keys(FOR_A_SECOND, &["a"])).await;
    assert_eq!(world.has("a", 0).await, Ok(true));
    world.server.say(Says::Bytes(http("503 Down", "")));
    assert_eq!(world.has("a", 1).await, Err(NotFetched("its status is 503".to_owned())));
    world.server.say(keys(FOR_A_SECOND, &["a"]));
    assert_eq!(
        world.has("a", 5).await,
        Err(NotFetched("its status is 503".to_owned())),
        "it has just failed"
    );
    assert_eq!(world.has("a", 6).await, Ok(true));
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn asym_20_an_unknown_key_has_the_set_fetched_again_once_a_minute() {
    let world = World::saying(keys("", &["a"])).await;
    assert_eq!(world.has("a", 0).await, Ok(true));
    world.server.say(keys("", &["a", "b"]));
    for seconds in [0, 1, 59] {
        assert_eq!(world.has("b", seconds).await, Ok(false));
    }
    assert_eq!(world.fetches(), 1);
    assert_eq!(world.has("b", 60).await, Ok(true), "a new key is found");
    for (kid, seconds) in [("x", 60), ("y", 100), ("z", 119), ("a", 119), ("b", 119)] {
        assert_eq!(world.has(kid, seconds).await, Ok(["a", "b"].contains(&kid)));
    }
    assert_eq!(world.fetches(), 2);
    // One that fails is no reason to forget what is fresh.
    world.server.say(Says::Bytes(http("404 Gone", "")));
    assert_eq!(world.has("x", 120).await, Err(NotFetched("its status is 404".to_owned())));
    assert_eq!(world.has("x", 121).await, Ok(false));
    assert_eq!(world.has("a", 121).await, Ok(true));
    assert_eq!(world.fetches(), 3);
}

/// As above for sets that may not be kept: the caller has proved nothing, and the client's server is not theirs to ask.
#[tokio::test]
async fn asym_20_an_unknown_key_has_a_set_that_is_never_kept_fetched_once_a_minute_too() {
    for head in ["\r\ncache-control: no-store", FOR_A_SECOND] {
        let world = World::saying(keys(head, &["a"])).await;
        assert_eq!(world.has("a", 0).await, Ok(true));
        for kid in 0..20 {
            let seconds = 2 + u64::try_from(kid).unwrap();
            assert_eq!(world.has(&format!("x{kid}"), seconds).await, Ok(false), "{head}");
        }
        assert_eq!(world.fetches(), 2, "{head}");
        // Who withdraws a key is believed at once, all the same.
        assert_eq!(world.has("a", 30).await, Ok(true));
        world.server.say(keys(head, &["b"]));
        assert_eq!(world.has("a", 31).await, Ok(false));
        assert_eq!(world.has("b", 32).await, Ok(true));
        assert_eq!(world.has("a", 33).await, Ok(false));
        let before = world.fetches();
        world.server.say(keys(head, &["c"]));
        assert_eq!(world.has("c", 61).await, Ok(false));
        assert_eq!(world.fetches(), before, "{head}");
        assert_eq!(world.has("c", 62 + 60).await, Ok(true), "{head}: a new key is found within a minute");
    }
}

#[tokio::test]
async fn reg_10_what_is_no_key_set_is_a_failure_that_is_said() {
    let world = World::saying(ok("")).await;
    for (i, (says, expected)) in [
        (ok("[]"), "it is no JWK set: expected an object with an array \"keys\""),
        (ok("<html>"), "the answer is not JSON"),
        (
            Says::Bytes(http("302 Found\r\nlocation: https://169.254.169.254/", "")),
            "it redirects, and redirects are not followed",
        ),
        (ok(&format!("{{\"keys\":[\"{}\"]}}", "a".repeat(70_000))), "the answer is longer than 65536 bytes"),
    ]
    .into_iter()
    .enumerate()
    {
        world.server.say(says);
        let later = 5 * u64::try_from(i).unwrap();
        assert_eq!(world.has("a", later).await, Err(NotFetched(expected.to_owned())));
    }
    let elsewhere = world.published.key_set("https://[::ffff:169.254.169.254]/", "a", NOW).await;
    assert_eq!(elsewhere.unwrap_err().0, "its address is not a public one");
}

async fn fifty_at_once(says: Says) -> (World, Vec<Result<bool, NotFetched>>) {
    let world = Arc::new(World::saying(says).await);
    let asking = (0..50).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.has("a", 0).await })
    });
    let asking: Vec<_> = asking.collect();
    let mut told = Vec::new();
    for one in asking {
        told.push(one.await.unwrap());
    }
    (Arc::into_inner(world).unwrap(), told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_who_need_a_set_at_once_share_one_fetch_and_what_it_brings() {
    let late = |answer| Says::Late(Duration::from_secs(1), answer);
    let Says::Bytes(unkept) = keys("\r\ncache-control: no-store", &["a"]) else { unreachable!() };
    let (world, told) = fifty_at_once(late(unkept)).await;
    assert!(told.into_iter().all(|has| has == Ok(true)));
    assert_eq!(world.fetches(), 1);
    let (world, told) = fifty_at_once(late(http("500 Oh", ""))).await;
    assert!(told.into_iter().all(|has| has == Err(NotFetched("its status is 500".to_owned()))));
    assert_eq!(world.fetches(), 1);
}

/// Anybody who knows a client's id can have its set fetched; the client does not suffer from it.
#[tokio::test]
async fn who_names_a_key_that_is_fresh_neither_waits_for_a_fetch_nor_fails_with_it() {
    let world = Arc::new(World::saying(keys("", &["a"])).await);
    assert_eq!(world.has("a", 0).await, Ok(true));
    world.server.say(Says::Late(Duration::from_millis(500), http("500 Oh", "")));
    let stranger = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.has("x", 60).await }
    });
    while world.fetches() < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        assert_eq!(world.has("a", 60).await, Ok(true));
    }
    assert!(!stranger.is_finished(), "the fetch still goes on");
    assert_eq!(stranger.await.unwrap(), Err(NotFetched("its status is 500".to_owned())));
    assert_eq!(world.fetches(), 2);
}

/// The first fetch brings a fresh set, the next one fails: who waited for both has the set.
#[tokio::test]
async fn who_waited_has_what_is_fresh_whatever_failed_since() {
    let Says::Bytes(set) = keys("", &["a", "b"]) else { unreachable!() };
    let world = Arc::new(World::saying(Says::Late(Duration::from_millis(300), set)).await);
    let asking = ["a", "b", "a", "b"].map(|kid| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.has(kid, 0).await })
    });
    while world.fetches() < 1 {
        tokio::task::yield_now().await;
    }
    world.server.say(Says::Bytes(http("500 Oh", "")));
    let stranger = world.has("x", 60).await;
    for one in asking {
        assert_eq!(one.await.unwrap(), Ok(true));
    }
    assert_ne!(stranger, Ok(true));
}

#[tokio::test]
async fn whoever_gives_up_leaves_the_fetch_to_the_next() {
    let world = World::saying(Says::AndThenNothing(Vec::new())).await;
    let gave_up = tokio::time::timeout(Duration::from_millis(50), world.has("a", 0)).await;
    assert!(gave_up.is_err());
    world.server.say(keys("", &["a"]));
    assert_eq!(world.has("a", 0).await, Ok(true));
}

#[tokio::test]
async fn sets_of_different_urls_do_not_wait_for_each_other() {
    let world = World::saying(keys("", &["a"])).await;
    let slow = Server::saying(Says::AndThenNothing(Vec::new())).await;
    let url = slow.url("/");
    let waiting = world.published.key_set(&url, "a", NOW);
    tokio::select! {
        _ = waiting => panic!("the slow one answered"),
        has = world.has("a", 0) => assert_eq!(has, Ok(true)),
    }
}

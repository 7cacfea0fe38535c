//! Clients' published keys: kept in memory as long as they are fresh, fetched once for all who wait (ASYM-18 to ASYM-21).
//!
//! Time is the requests' own instant. A set counts from when the request that had it fetched arrived, so it is never kept
//! longer than it was said to be good. What could not be fetched authenticates nobody, and a set past its time is as none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smart_core::client::key_set::{KeySet, NotFetched};
use smart_core::instant::Instant;
use smart_core::ports::ClientKeySets;

use crate::fetch::Outbound;

/// How long a set is kept that does not say how long it may be.
const UNSAID: Duration = Duration::from_mins(5);

/// How long a set is kept at most: who withdraws a key is not to wait for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// How soon a fresh set is asked for again because it lacks a key (ASYM-20).
const UNKNOWN_KEY: Duration = Duration::from_mins(1);

/// How soon it is tried again after a failure: whoever is down is not helped by being asked for each request.
const FAILED: Duration = Duration::from_secs(5);

/// How many sets are kept; when there are more, all are let go. There are no more than registered clients.
const CAPACITY: usize = 1024;

/// The port [`ClientKeySets`]: what was fetched, by URL.
#[derive(Debug)]
pub struct PublishedKeys {
    outbound: Outbound,
    sets: Mutex<HashMap<Box<str>, Arc<Published>>>,
}

/// What is known of one URL.
#[derive(Debug, Default)]
struct Published {
    known: tokio::sync::Mutex<Known>,
    /// How many fetches have ended: whoever waited while one did shares what it brought.
    ended: AtomicU64,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// The last set that was read, and until when it is fresh.
    set: Option<(Arc<KeySet>, Instant)>,
    /// The request that asked last, and how that failed, if it did.
    asked: Option<(Instant, Option<NotFetched>)>,
}

/// What to do for one who needs a key.
#[derive(Debug, PartialEq)]
enum Next {
    /// It is among these, or it is nowhere.
    Take(Arc<KeySet>),
    /// It has just failed.
    Fail(NotFetched),
    Fetch,
}

impl Known {
    fn next(&self, kid: &str, now: Instant) -> Next {
        let asked_within = |span| self.asked.as_ref().is_some_and(|(at, _)| now.since(*at) < span);
        match (&self.set, &self.asked) {
            (Some((set, expires_at)), _) if !expires_at.has_passed(now) => {
                let settled = set.names(kid) || asked_within(UNKNOWN_KEY);
                if settled { Next::Take(Arc::clone(set)) } else { Next::Fetch }
            }
            (_, Some((_, Some(failure)))) if asked_within(FAILED) => Next::Fail(failure.clone()),
            _ => Next::Fetch,
        }
    }

    /// What a fetch that has just ended brought.
    fn outcome(&self) -> Result<Arc<KeySet>, NotFetched> {
        match (&self.set, &self.asked) {
            (_, Some((_, Some(failure)))) => Err(failure.clone()),
            (Some((set, _)), _) => Ok(Arc::clone(set)),
            (None, _) => Err(NotFetched("it was not asked for".to_owned())),
        }
    }
}

impl PublishedKeys {
    /// Nothing is fetched yet.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, sets: Mutex::default() }
    }

    fn of(&self, uri: &str) -> Arc<Published> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(published) = sets.get(uri) {
            return Arc::clone(published);
        }
        if sets.len() >= CAPACITY {
            sets.clear();
        }
        Arc::clone(sets.entry(uri.into()).or_default())
    }

    async fn fetch(&self, uri: &str, now: Instant) -> Result<(Arc<KeySet>, Instant), NotFetched> {
        let answer = self.outbound.get_json(uri).await.map_err(|error| NotFetched(error.to_string()))?;
        let set = KeySet::published(&answer.body).map_err(|error| NotFetched(error.to_string()))?;
        let expires_at = now + answer.max_age.unwrap_or(UNSAID).min(LONGEST);
        Ok((Arc::new(set), expires_at))
    }
}

impl ClientKeySets for PublishedKeys {
    async fn key_set(&self, uri: &str, kid: &str, now: Instant) -> Result<Arc<KeySet>, NotFetched> {
        let published = self.of(uri);
        let ended_before = published.ended.load(Ordering::Acquire);
        let mut known = published.known.lock().await;
        if published.ended.load(Ordering::Acquire) != ended_before {
            return known.outcome();
        }
        match known.next(kid, now) {
            Next::Take(set) => return Ok(set),
            Next::Fail(failure) => return Err(failure),
            Next::Fetch => {}
        }
        match self.fetch(uri, now).await {
            Ok(fetched) => *known = Known { set: Some(fetched), asked: Some((now, None)) },
            // A set that is still fresh stays so.
            Err(failure) => known.asked = Some((now, Some(failure))),
        }
        published.ended.fetch_add(1, Ordering::Release);
        known.outcome()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smart_core::jose::PublicKey;

    use super::*;

    const NOW: Instant = Instant::from_unix(1_800_000_000);

    fn at(seconds: u64) -> Instant {
        NOW + Duration::from_secs(seconds)
    }

    fn set(kid: &str) -> Arc<KeySet> {
        let mut key = serde_json::to_value(PublicKey::rsa(&[0xff; 256], &[1, 0, 1])).unwrap();
        key["kid"] = kid.into();
        Arc::new(KeySet::published(&json!({ "keys": [key] })).unwrap())
    }

    #[test]
    fn asym_18_to_20_when_a_set_is_used_and_when_it_is_fetched() {
        let fresh = Known { set: Some((set("a"), at(300))), asked: Some((NOW, None)) };
        let failure = NotFetched("down".to_owned());
        let failed = Known { set: None, asked: Some((NOW, Some(failure.clone()))) };
        let failed_again = Known { set: fresh.set.clone(), asked: Some((at(299), Some(failure.clone()))) };
        let unkept = Known { set: Some((set("a"), NOW)), asked: Some((NOW, None)) };
        for (known, kid, seconds, expected) in [
            (&Known::default(), "a", 0, Next::Fetch),
            (&fresh, "a", 0, Next::Take(set("a"))),
            (&fresh, "a", 299, Next::Take(set("a"))),
            (&fresh, "a", 300, Next::Fetch),
            // ASYM-20: an unknown key, at most once a minute.
            (&fresh, "b", 0, Next::Take(set("a"))),
            (&fresh, "b", 59, Next::Take(set("a"))),
            (&fresh, "b", 60, Next::Fetch),
            (&failed, "a", 0, Next::Fail(failure.clone())),
            (&failed, "a", 4, Next::Fail(failure.clone())),
            (&failed, "a", 5, Next::Fetch),
            // What failed does not spoil what is fresh, and does not make it last.
            (&failed_again, "a", 299, Next::Take(set("a"))),
            (&failed_again, "b", 299, Next::Take(set("a"))),
            (&failed_again, "a", 300, Next::Fail(failure.clone())),
            (&failed_again, "a", 304, Next::Fetch),
            // What may not be kept is fetched each time.
            (&unkept, "a", 0, Next::Fetch),
        ] {
            assert_eq!(known.next(kid, at(seconds)), expected, "{known:?} {kid} {seconds}");
        }
    }
}

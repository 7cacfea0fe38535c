//! Clients' published keys: kept in memory as long as they are fresh, fetched once for all who wait (ASYM-18 to ASYM-21).
//!
//! Time is the requests' own instant. A set counts from when the request that had it fetched arrived, so it is never kept
//! longer than it was said to be good. What could not be fetched authenticates nobody, and a set past its time is as none.
//!
//! Whoever names a key makes us fetch before they have proved anything. So a key that nobody knows has a set fetched once a
//! minute, however short the set's own time is; and whoever needs none of it does not wait for it, nor fail with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smart_core::client::key_set::{KeySet, NotFetched};
use smart_core::instant::Instant;
use smart_core::ports::ClientKeySets;

use crate::fetch::Outbound;

/// How long a set is kept that does not say how long it may be.
const UNSAID: Duration = Duration::from_mins(5);

/// How long a set is kept at most: who withdraws a key is not to wait for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// How soon a set is asked for again because it lacks a key (ASYM-20).
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

/// One URL.
#[derive(Debug, Default)]
struct Published {
    /// Held for a look, never over a fetch.
    known: Mutex<Known>,
    /// Whoever holds it fetches.
    fetching: tokio::sync::Mutex<()>,
}

/// What is known of one URL.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The last set that was read, and until when it is fresh. After that it only tells which names were known.
    set: Option<(Arc<KeySet>, Instant)>,
    /// The request that asked last, and how that failed, if it did.
    asked: Option<(Instant, Option<NotFetched>)>,
    /// The request that asked last for a key which it then did not get.
    asked_in_vain: Option<Instant>,
    /// How many fetches have ended: whoever waited while one did shares what it brought.
    ended: u64,
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
        let within = |span, at: Option<Instant>| at.is_some_and(|at| now.since(at) < span);
        let asked_at = self.asked.as_ref().map(|(at, _)| *at);
        match (&self.set, &self.asked) {
            (Some((set, expires_at)), _) if !expires_at.has_passed(now) => {
                let settled = set.names(kid) || within(UNKNOWN_KEY, asked_at);
                if settled { Next::Take(Arc::clone(set)) } else { Next::Fetch }
            }
            (_, Some((_, Some(failure)))) if within(FAILED, asked_at) => Next::Fail(failure.clone()),
            // Its time is over, so nothing is believed by it; that it lacked the key spares only the asking. A key that is new
            // is found at once all the same, unless somebody has just asked for one that is none.
            (Some((set, _)), _) if !set.names(kid) && within(UNKNOWN_KEY, self.asked_in_vain) => {
                Next::Take(Arc::default())
            }
            _ => Next::Fetch,
        }
    }

    /// Takes up what was fetched for one who needs `kid`.
    fn learn(&mut self, fetched: Result<(Arc<KeySet>, Instant), NotFetched>, kid: &str, now: Instant) {
        // Of one that failed nothing is learned but what was known before.
        let names = fetched.as_ref().ok().or(self.set.as_ref());
        if names.is_some_and(|(set, _)| !set.names(kid)) {
            self.asked_in_vain = Some(now);
        }
        match fetched {
            Ok(fetched) => (self.set, self.asked) = (Some(fetched), Some((now, None))),
            // A set that is still fresh stays so.
            Err(failure) => self.asked = Some((now, Some(failure))),
        }
        self.ended += 1;
    }

    /// What a fetch that has just ended brought to one who waited for it.
    fn outcome(&self) -> Result<Arc<KeySet>, NotFetched> {
        match (&self.set, &self.asked) {
            (_, Some((_, Some(failure)))) => Err(failure.clone()),
            (Some((set, _)), _) => Ok(Arc::clone(set)),
            (None, _) => Err(NotFetched("it was not asked for".to_owned())),
        }
    }
}

impl Published {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do, and how many fetches had ended when that was so.
    fn next(&self, kid: &str, now: Instant) -> (Next, u64) {
        let known = self.known();
        (known.next(kid, now), known.ended)
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
        let ended_before = match published.next(kid, now) {
            (Next::Take(set), _) => return Ok(set),
            (Next::Fail(failure), _) => return Err(failure),
            (Next::Fetch, ended) => ended,
        };
        let _alone = published.fetching.lock().await;
        match published.next(kid, now) {
            (Next::Take(set), _) => return Ok(set),
            (Next::Fail(failure), _) => return Err(failure),
            // It may be kept by nobody, and was fetched while this one waited.
            (Next::Fetch, ended) if ended != ended_before => return published.known().outcome(),
            (Next::Fetch, _) => {}
        }
        let fetched = self.fetch(uri, now).await;
        let mut known = published.known();
        known.learn(fetched, kid, now);
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
        let learned = |mut known: Known, fetched, kid: &str, seconds| {
            known.learn(fetched, kid, at(seconds));
            known
        };
        let failure = NotFetched("down".to_owned());
        let fresh = learned(Known::default(), Ok((set("a"), at(300))), "a", 0);
        let failed = learned(Known::default(), Err(failure.clone()), "a", 0);
        let failed_again = learned(fresh.clone(), Err(failure.clone()), "b", 299);
        let unkept = learned(Known::default(), Ok((set("a"), NOW)), "a", 0);
        let unkept_failed = learned(unkept.clone(), Err(failure.clone()), "a", 10);
        let unkept_in_vain = learned(unkept.clone(), Ok((set("a"), at(10))), "x", 10);
        let nowhere = || Next::Take(Arc::default());
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
            // What may not be kept is fetched each time, and a new key is found at once …
            (&unkept, "a", 0, Next::Fetch),
            (&unkept, "b", 0, Next::Fetch),
            // … but an unknown one has it fetched once a minute, and what was in it is not believed.
            (&unkept_in_vain, "x", 10, nowhere()),
            (&unkept_in_vain, "b", 69, nowhere()),
            (&unkept_in_vain, "a", 69, Next::Fetch),
            (&unkept_in_vain, "b", 70, Next::Fetch),
            // Whoever comes back after a failure may come back with a new key.
            (&unkept_failed, "b", 14, Next::Fail(failure.clone())),
            (&unkept_failed, "b", 15, Next::Fetch),
        ] {
            assert_eq!(known.next(kid, at(seconds)), expected, "{known:?} {kid} {seconds}");
        }
    }
}

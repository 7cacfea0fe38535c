//! What is remembered of a document that a provider publishes, and who asks for it anew.
//!
//! Time is the requests' own instant: a document counts from when the request arrived that had it fetched. One request at a time
//! asks. While what is known is good, nobody else waits for it; where nothing is, all wait, and share what it brings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smart_core::instant::Instant;

use super::remote::RemoteFault;

/// How soon a document is fetched again because something is not in it.
const LACKING_AGAIN: Duration = Duration::from_mins(1);

/// How soon it is tried again after a failure: a provider that is down does not hold every sign-in for as long as a connection may take.
const FAILED: Duration = Duration::from_secs(10);

/// How long a document is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// After that it is asked for anew.
    pub(super) anew: Duration,
    /// After that it is none.
    pub(super) good: Duration,
}

/// A document of a provider's.
pub(super) struct Kept<T> {
    known: Mutex<Known<T>>,
    /// Whoever asks for it holds this.
    asking: tokio::sync::Mutex<()>,
}

struct Known<T> {
    document: Option<Document<T>>,
    /// The last time that it was asked for in vain, since the document was fetched.
    failure: Option<(RemoteFault, Instant)>,
    /// How many askings have ended: whoever waited while one did shares what it brought.
    ended: u64,
}

struct Document<T> {
    value: Arc<T>,
    fetched_at: Instant,
    life: Life,
}

/// What to do for one who needs the document.
enum Next<T> {
    Take(Arc<T>),
    /// It is good, and it is time for another one: whoever is first asks, and the others take this.
    Renew(Arc<T>),
    Fail(RemoteFault),
    Ask,
}

impl<T> Document<T> {
    fn is_good(&self, now: Instant) -> bool {
        now.since(self.fetched_at) < self.life.good
    }
}

impl<T> Known<T> {
    fn good(&self, now: Instant) -> Option<Arc<T>> {
        self.document
            .as_ref()
            .filter(|document| document.is_good(now))
            .map(|document| Arc::clone(&document.value))
    }

    fn failing(&self, now: Instant) -> Option<RemoteFault> {
        self.failure.as_ref().filter(|(_, at)| now.since(*at) < FAILED).map(|(fault, _)| fault.clone())
    }

    fn next(&self, now: Instant, lacks_something: bool) -> Next<T> {
        let age = self.document.as_ref().map(|document| (document, now.since(document.fetched_at)));
        match (age, self.failing(now)) {
            (Some((document, age)), _) if lacks_something && age < LACKING_AGAIN => {
                Next::Take(Arc::clone(&document.value))
            }
            (Some((document, age)), failing) if !lacks_something && document.is_good(now) => {
                let value = Arc::clone(&document.value);
                if age < document.life.anew || failing.is_some() {
                    Next::Take(value)
                } else {
                    Next::Renew(value)
                }
            }
            (_, Some(fault)) => Next::Fail(fault),
            _ => Next::Ask,
        }
    }

    /// What the last asking brought. If it was in vain, what is good does for who lacks nothing of it.
    fn outcome(&self, now: Instant, lacks_something: bool) -> Option<Result<Arc<T>, RemoteFault>> {
        match &self.failure {
            Some((fault, _)) => {
                Some(self.good(now).filter(|_| !lacks_something).ok_or_else(|| fault.clone()))
            }
            None => self.document.as_ref().map(|document| Ok(Arc::clone(&document.value))),
        }
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        let known = Known { document: None, failure: None, ended: 0 };
        Self { known: Mutex::new(known), asking: tokio::sync::Mutex::default() }
    }
}

impl<T> Kept<T> {
    fn known(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document for a request that arrived at `now`; what `ask` brings, where it is time to ask. `lacks_something`: what is known was
    /// looked at, and something is not in it.
    pub(super) async fn get(
        &self,
        now: Instant,
        lacks_something: bool,
        ask: impl Future<Output = Result<(T, Life), RemoteFault>>,
    ) -> Result<Arc<T>, RemoteFault> {
        let (next, ended_before) = {
            let known = self.known();
            (known.next(now, lacks_something), known.ended)
        };
        let _asking = match next {
            Next::Take(value) => return Ok(value),
            Next::Fail(fault) => return Err(fault),
            Next::Renew(value) => match self.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return Ok(value),
            },
            Next::Ask => self.asking.lock().await,
        };
        let ended_meanwhile = {
            let known = self.known();
            if known.ended == ended_before { None } else { known.outcome(now, lacks_something) }
        };
        if let Some(outcome) = ended_meanwhile {
            return outcome;
        }
        let asked = ask.await;
        let mut known = self.known();
        known.ended += 1;
        match asked {
            Ok((value, life)) => {
                let value = Arc::new(value);
                known.document = Some(Document { value: Arc::clone(&value), fetched_at: now, life });
                known.failure = None;
                Ok(value)
            }
            Err(fault) => {
                known.failure = Some((fault.clone(), now));
                known.good(now).filter(|_| !lacks_something).ok_or(fault)
            }
        }
    }
}

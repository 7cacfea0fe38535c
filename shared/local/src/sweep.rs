//! The sweep: removes what has expired.
//!
//! Nothing depends on it but the size of the file: every operation compares expiries itself. An entry in the index says
//! *look at this one not before that instant*; it is written once, when a thing is stored. A thing whose life was
//! prolonged meanwhile gets a new entry when its old one is due, so that no step of a grant pays for an index.

use std::time::Duration;

use redb::{ReadableTable as _, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smart_core::id::{GrantId, LaunchId, SessionId};
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::secret::Digest;

use crate::error::Failure;
use crate::tables::{Aggregates, Named, Writing};
use crate::{LocalStore, grants, launches, replay, revocations, sessions, throttle};

/// (due, kind, name).
const DUE: TableDefinition<'_, (u64, u8, &str), ()> = TableDefinition::new("due");

/// How many entries are looked at in one write, so that requests are not kept waiting.
const STRIDE: usize = 500;

/// What expires. The numbers are stored.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Grant = 1,
    Session = 2,
    Replay = 3,
    Attempts = 4,
    Revoked = 5,
    Launch = 6,
}

/// Something that is of no use from some instant on.
pub(crate) trait Expires {
    /// That instant.
    fn gone_at(&self) -> Instant;
}

/// Makes the index, if there is none.
pub(crate) fn create(writing: &Writing<'_>) -> Result<(), Failure> {
    writing.change(DUE).map(drop)
}

/// Enters something new, to be looked at when it is `due`.
pub(crate) fn enter(writing: &Writing<'_>, due: Instant, kind: Kind, name: &str) -> Result<(), Failure> {
    writing.change(DUE)?.insert((due.as_unix(), kind as u8, name), ())?;
    Ok(())
}

impl LocalStore {
    /// Removes what has expired by `now`, and says how much that was.
    pub async fn sweep(&self, now: Instant) -> Result<usize, Unavailable> {
        let mut removed = 0;
        loop {
            let stride = self.engine.write("sweep", move |writing| sweep_some(writing, now)).await?;
            removed += stride.removed;
            if !stride.more {
                return Ok(removed);
            }
        }
    }

    /// Sweeps every `period`, for ever, by the instants that `clock` tells: spawn it beside the server.
    pub async fn sweep_every(&self, period: Duration, clock: impl Fn() -> Instant) {
        loop {
            tokio::time::sleep(period).await;
            match self.sweep(clock()).await {
                Ok(0) => {}
                Ok(removed) => tracing::debug!(removed, "swept what had expired"),
                Err(error) => tracing::warn!(%error, "could not sweep"),
            }
        }
    }
}

struct Stride {
    removed: usize,
    more: bool,
}

fn sweep_some(writing: &Writing<'_>, now: Instant) -> Result<Stride, Failure> {
    let due: Vec<(u64, u8, String)> = writing
        .look(DUE)?
        .range(..=(now.as_unix(), u8::MAX, ""))?
        .take(STRIDE)
        .map(|entry| {
            let (key, _) = entry?;
            let (at, kind, name) = key.value();
            Ok((at, kind, name.to_owned()))
        })
        .collect::<Result<_, redb::StorageError>>()?;
    let more = due.len() == STRIDE;
    let mut removed = 0;
    for (at, kind, name) in due {
        writing.change(DUE)?.remove((at, kind, name.as_str()))?;
        if look_at(writing, kind, &name, now)? {
            removed += 1;
        }
    }
    Ok(Stride { removed, more })
}

/// Removes one thing if it has expired; says whether it was.
fn look_at(writing: &Writing<'_>, kind: u8, name: &str, now: Instant) -> Result<bool, Failure> {
    match kind {
        k if k == Kind::Grant as u8 => match name.parse::<GrantId>() {
            Ok(id) => {
                let gone = remove_expired(writing, grants::GRANTS, Kind::Grant, &id, now)?;
                if let Some(grant) = &gone {
                    grants::forget(writing, grant)?;
                }
                Ok(gone.is_some())
            }
            Err(_) => Ok(false),
        },
        k if k == Kind::Session as u8 => match name.parse::<SessionId>() {
            Ok(id) => Ok(remove_expired(writing, sessions::SESSIONS, Kind::Session, &id, now)?.is_some()),
            Err(_) => Ok(false),
        },
        k if k == Kind::Replay as u8 => match name.parse::<Digest>() {
            Ok(key) => Ok(remove_expired(writing, replay::USES, Kind::Replay, &key, now)?.is_some()),
            Err(_) => Ok(false),
        },
        k if k == Kind::Attempts as u8 => match name.parse::<Digest>() {
            Ok(key) => Ok(remove_expired(writing, throttle::WINDOWS, Kind::Attempts, &key, now)?.is_some()),
            Err(_) => Ok(false),
        },
        k if k == Kind::Launch as u8 => match name.parse::<LaunchId>() {
            Ok(id) => Ok(remove_expired(writing, launches::LAUNCHES, Kind::Launch, &id, now)?.is_some()),
            Err(_) => Ok(false),
        },
        k if k == Kind::Revoked as u8 => match name.parse::<Digest>() {
            Ok(key) => Ok(remove_expired(writing, revocations::REVOKED, Kind::Revoked, &key, now)?.is_some()),
            Err(_) => Ok(false),
        },
        _ => Ok(false),
    }
}

/// Removes and returns the thing if it has expired; enters it anew if it has not.
fn remove_expired<K, T>(
    writing: &Writing<'_>,
    from: Aggregates<K, T>,
    kind: Kind,
    key: &K,
    now: Instant,
) -> Result<Option<T>, Failure>
where
    K: Named,
    T: Serialize + DeserializeOwned + Expires,
{
    let thing = match writing.get(from, key) {
        // What cannot be read is left to be looked at by people, and must not keep the sweep from the rest.
        Err(Failure::Value { table, reason }) => {
            tracing::warn!(table, reason, "a value that is due to be swept cannot be read");
            return Ok(None);
        }
        thing => thing?,
    };
    match thing {
        Some(thing) if thing.gone_at().has_passed(now) => {
            writing.remove(from, key)?;
            Ok(Some(thing))
        }
        Some(thing) => {
            enter(writing, thing.gone_at(), kind, &key.name())?;
            Ok(None)
        }
        None => Ok(None),
    }
}

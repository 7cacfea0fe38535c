//! Counters of attempts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smart_core::instant::Instant;
use smart_core::ports::{Attempts, Throttle, Unavailable};
use smart_core::secret::Digest;

use crate::LocalStore;
use crate::sweep::{self, Expires, Kind};
use crate::tables::Aggregates;

pub(crate) const WINDOWS: Aggregates<Digest, Window> = Aggregates::new("attempts");
const PORT: &str = "throttle";

/// The attempts since a first one.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Window {
    count: u32,
    ends: Instant,
}

impl Expires for Window {
    fn gone_at(&self) -> Instant {
        self.ends
    }
}

impl Throttle for LocalStore {
    async fn count_attempt(
        &self,
        key: &Digest,
        window: Duration,
        now: Instant,
    ) -> Result<Attempts, Unavailable> {
        let key = *key;
        self.engine
            .write(PORT, move |writing| {
                let counted = match writing.get(WINDOWS, &key)? {
                    Some(current) if !current.ends.has_passed(now) => {
                        Window { count: current.count.saturating_add(1), ..current }
                    }
                    _ => {
                        let first = Window { count: 1, ends: now + window };
                        sweep::enter(writing, first.ends, Kind::Attempts, &key.to_string())?;
                        first
                    }
                };
                writing.put(WINDOWS, &key, &counted)?;
                Ok(Attempts { count: counted.count, window_ends: counted.ends })
            })
            .await
    }

    async fn forget_attempts(&self, key: &Digest) -> Result<(), Unavailable> {
        let key = *key;
        self.engine
            .write(PORT, move |writing| match writing.get(WINDOWS, &key)? {
                Some(_) => writing.remove(WINDOWS, &key),
                None => Ok(()),
            })
            .await
    }
}

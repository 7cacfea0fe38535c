//! What was used once and never again.

use serde::{Deserialize, Serialize};
use smart_core::instant::Instant;
use smart_core::ports::{Replay, Step, Unavailable};
use smart_core::secret::{Digest, Op};

use crate::LocalStore;
use crate::sweep::{self, Expires, Kind};
use crate::tables::Aggregates;

pub(crate) const USES: Aggregates<Digest, Use> = Aggregates::new("uses");

/// A first use, remembered.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Use {
    /// Until when it is remembered.
    expires_at: Instant,
    /// The write that was first: seen again, it is the same use.
    op: Op,
}

impl Expires for Use {
    fn gone_at(&self) -> Instant {
        self.expires_at
    }
}

impl Replay for LocalStore {
    async fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable> {
        let key = *key;
        self.engine
            .write("replay", move |writing| match writing.get(USES, &key)? {
                Some(first) if !first.expires_at.has_passed(step.now) => Ok(first.op == step.op),
                _ => {
                    writing.put(USES, &key, &Use { expires_at, op: step.op })?;
                    sweep::enter(writing, expires_at, Kind::Replay, &key.to_string())?;
                    Ok(true)
                }
            })
            .await
    }
}

//! What was used once and never again.

use smart_core::instant::Instant;
use smart_core::ports::{Replay, Step, Unavailable};
use smart_core::secret::{Digest, Op};

use super::StateTable;
use crate::item::{Item, instant, text};
use crate::table::{Condition, Failed};

const PORT: &str = "replay";

/// Whether the use that is remembered is ours: the write bears our name.
fn is_ours(item: &Item, op: Op) -> bool {
    item.text("last_op") == Ok(op.as_digest().to_string().as_str())
}

impl Replay for StateTable {
    async fn first_use(&self, of: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable> {
        let key = format!("use#{of}");
        let first = Item::new(&key)
            .with("last_op", text(step.op.as_digest().to_string()))
            .with("expires_at", instant(expires_at));
        let unused = Condition {
            expression: "attribute_not_exists(#pk) OR #expires_at <= :now",
            values: vec![(":now", instant(step.now))],
        };
        match self.table.put(PORT, first, Some(unused)).await {
            Ok(()) => Ok(true),
            Err(Failed::Condition(met)) => Ok(met.is_some_and(|item| is_ours(&item, step.op))),
            Err(Failed::Unknown(unavailable)) => match self.table.look(PORT, &key).await {
                Ok(Some(item)) if is_ours(&item, step.op) => Ok(true),
                _ => Err(unavailable),
            },
        }
    }
}

//! What was used once and never again.

use smart_core::instant::Instant;
use smart_core::ports::{Replay, Step, Unavailable};
use smart_core::secret::{Digest, Op};

use super::StateTable;
use crate::item::{Item, instant, text};
use crate::table::Condition;

const PORT: &str = "replay";

/// Whether the use that is remembered is ours: the write bears our name.
fn is_ours(item: &Item, op: Op) -> bool {
    item.text("last_op") == Ok(op.as_digest().to_string().as_str())
}

impl Replay for StateTable {
    async fn first_use(&self, of: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable> {
        let first = Item::new(format!("use#{of}"))
            .with("last_op", text(step.op.as_digest().to_string()))
            .with("expires_at", instant(expires_at));
        let unused = Condition {
            expression: "attribute_not_exists(#pk) OR #expires_at <= :now",
            values: vec![(":now", instant(step.now))],
        };
        self.table.put_once(PORT, first, unused, |item| is_ours(item, step.op)).await
    }
}

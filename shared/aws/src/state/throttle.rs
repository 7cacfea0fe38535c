//! Counters of attempts.
//!
//! The first attempt of a window is a put over none or an ended one: the common case, since a success forgets. It fails where a
//! window is open, and then the counter is raised. An attempt whose answer was lost may be counted twice: that errs on the safe
//! side.

use std::time::Duration;

use smart_core::instant::Instant;
use smart_core::ports::{Attempts, Throttle, Unavailable};
use smart_core::secret::Digest;

use super::StateTable;
use crate::item::{Item, instant, number};
use crate::table::{Condition, Failed, Update};

const PORT: &str = "throttle";

/// How often an attempt is counted anew when its window was opened or closed in between.
const TRIES: usize = 5;

fn key(key: &Digest) -> String {
    format!("attempts#{key}")
}

fn none_open(now: Instant) -> Condition {
    Condition {
        expression: "attribute_not_exists(#pk) OR #expires_at <= :now",
        values: vec![(":now", instant(now))],
    }
}

fn one_more(of: &Digest, now: Instant) -> Update {
    Update {
        key: key(of),
        change: "SET #attempts = #attempts + :one".to_owned(),
        condition: "#expires_at > :now".to_owned(),
        values: vec![(":one", number(1)), (":now", instant(now))],
    }
}

impl Throttle for StateTable {
    async fn count_attempt(
        &self,
        of: &Digest,
        window: Duration,
        now: Instant,
    ) -> Result<Attempts, Unavailable> {
        let window_ends = now + window;
        for _ in 0..TRIES {
            let first =
                Item::new(key(of)).with("attempts", number(1)).with("expires_at", instant(window_ends));
            match self.table.put(PORT, first, Some(none_open(now))).await {
                Ok(()) => return Ok(Attempts { count: 1, window_ends }),
                Err(Failed::Condition(_)) => {}
                Err(Failed::Unknown(unavailable)) => return Err(unavailable),
            }
            match self.table.update(PORT, one_more(of, now)).await {
                Ok(counted) => {
                    let count = counted.number("attempts").map_err(|error| error.at(PORT))?;
                    let window_ends = counted.instant("expires_at").map_err(|error| error.at(PORT))?;
                    return Ok(Attempts { count: count.try_into().unwrap_or(u32::MAX), window_ends });
                }
                Err(Failed::Condition(_)) => {}
                Err(Failed::Unknown(unavailable)) => return Err(unavailable),
            }
        }
        Err(Unavailable::new(PORT, "the counter is opened and closed all the time"))
    }

    async fn forget_attempts(&self, of: &Digest) -> Result<(), Unavailable> {
        self.table.delete(PORT, &key(of)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_uses_what_it_is_given() {
        crate::state::check_expression(&one_more(&Digest::of(b"a"), Instant::NEVER));
    }
}

//! How long is waited for what a batch left undone: unprocessed keys and items mean that the table takes no more for the moment.
//!
//! The waits double, and each is drawn from the upper half of what it may be, so that those who were refused together do not come
//! back together.

use std::slice::Iter;
use std::time::Duration;

use aws_lc_rs::rand;
use smart_core::ports::Unavailable;

use crate::calls::THROTTLED;

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A request's: a second and a half, for all batches that it asks for together.
    Request,
    /// An operator's program's: more than half a minute for each batch.
    Operator,
}

impl Patience {
    /// The longest that each wait may be, in milliseconds.
    fn waits(self) -> &'static [u64] {
        match self {
            Self::Request => &[100, 200, 400, 800],
            Self::Operator => &[50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000],
        }
    }
}

/// The waits that are left.
#[derive(Debug)]
pub(crate) struct Pauses {
    patience: Patience,
    left: Iter<'static, u64>,
}

impl Pauses {
    pub(crate) fn of(patience: Patience) -> Self {
        Self { patience, left: patience.waits().iter() }
    }

    /// Waits, longer each time; or says that it was waited long enough.
    pub(crate) async fn pause(&mut self, port: &'static str, call: &str) -> Result<(), Unavailable> {
        let Some(longest) = self.left.next() else {
            let told = Unavailable::new(port, format!("{call}: the table takes no more for now"));
            return Err(Unavailable { retry_after: THROTTLED, ..told });
        };
        tokio::time::sleep(drawn(Duration::from_millis(*longest))).await;
        Ok(())
    }

    /// All of a batch is done, and another may follow.
    pub(crate) fn batch_is_done(&mut self) {
        if self.patience == Patience::Operator {
            *self = Self::of(self.patience);
        }
    }
}

/// Between half and all of it.
fn drawn(longest: Duration) -> Duration {
    let mut drawn = [u8::MAX];
    // Whoever has no randomness waits for all of it.
    let _ = rand::fill(&mut drawn);
    longest / 2 + longest / 2 * u32::from(drawn[0]) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// How long it is waited, batch by batch, until there is an end.
    async fn waited(patience: Patience, batches: u32) -> Duration {
        let began = Instant::now();
        let mut pauses = Pauses::of(patience);
        for batch in 1..=batches {
            while let Ok(()) = pauses.pause("grants", "BatchGetItem").await {
                if batch < batches {
                    break;
                }
            }
            if batch < batches {
                pauses.batch_is_done();
            }
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_all_its_batches_less_than_two_seconds_and_not_as_long_as_another() {
        let mut all = Vec::new();
        for batches in [1, 3, 5] {
            for _ in 0..20 {
                let waited = waited(Patience::Request, batches).await;
                assert!(
                    waited >= Duration::from_millis(750) && waited < Duration::from_secs(2),
                    "{waited:?}"
                );
                all.push(waited);
            }
        }
        all.sort_unstable();
        all.dedup();
        assert!(all.len() > 10, "{all:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_waits_much_longer_and_anew_for_each_batch() {
        let one = waited(Patience::Operator, 1).await;
        assert!(one > Duration::from_secs(20) && one < Duration::from_mins(1), "{one:?}");
        let mut pauses = Pauses::of(Patience::Operator);
        for _ in 0..100 {
            pauses.pause("grants", "BatchGetItem").await.unwrap();
            pauses.batch_is_done();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_in_vain_is_told_to_come_back_later() {
        let mut pauses = Pauses::of(Patience::Request);
        let refused = loop {
            if let Err(refused) = pauses.pause("grants", "BatchGetItem").await {
                break refused;
            }
        };
        assert_eq!((refused.port, refused.retry_after), ("grants", THROTTLED));
    }
}

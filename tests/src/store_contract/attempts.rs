//! Counters of attempts (SEC-18).

use std::sync::Arc;
use std::time::Duration;

use super::{Store, at, digest, together};

const WINDOW: Duration = Duration::from_mins(1);

/// SEC-18: every attempt counts, however many come at once.
pub(crate) async fn attempts_are_counted_one_by_one<S: Store>(store: Arc<S>) {
    let key = digest(1);
    let mut counts = together(50, |_| {
        let store = Arc::clone(&store);
        async move { store.count_attempt(&key, WINDOW, at(0)).await.unwrap().count }
    })
    .await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=50).collect::<Vec<_>>());
}

/// A window begins with its first attempt, is not moved by later ones, and ends by itself.
pub(crate) async fn a_window_ends_by_itself<S: Store>(store: Arc<S>) {
    let key = digest(1);
    for (second, count, ends) in [(0, 1, 60), (59, 2, 60), (60, 1, 120), (119, 2, 120), (500, 1, 560)] {
        let counted = store.count_attempt(&key, WINDOW, at(second)).await.unwrap();
        assert_eq!((counted.count, counted.window_ends), (count, at(ends)), "at second {second}");
    }
}

/// A success forgets the attempts under its key, and no others.
pub(crate) async fn a_success_forgets_the_attempts<S: Store>(store: Arc<S>) {
    for key in [digest(1), digest(2)] {
        store.count_attempt(&key, WINDOW, at(0)).await.unwrap();
    }
    store.forget_attempts(&digest(1)).await.unwrap();
    store.forget_attempts(&digest(3)).await.unwrap();
    assert_eq!(store.count_attempt(&digest(1), WINDOW, at(1)).await.unwrap().count, 1);
    assert_eq!(store.count_attempt(&digest(2), WINDOW, at(1)).await.unwrap().count, 2);
}

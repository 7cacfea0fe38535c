//! What is used once: the `jti` of client assertions (ASYM-13, ASYM-14).

use std::sync::Arc;

use super::{Store, at, digest, step, together};

/// ASYM-13: of many uses at once just one is the first.
pub(crate) async fn one_use_is_the_first<S: Store>(store: Arc<S>) {
    let key = digest(1);
    let first = together(50, |i| {
        let store = Arc::clone(&store);
        async move { store.first_use(&key, at(300), step(i, 0)).await.unwrap() }
    })
    .await;
    assert_eq!(first.iter().filter(|first| **first).count(), 1);
    assert!(!store.first_use(&key, at(300), step(99, 299)).await.unwrap());
    assert!(store.first_use(&digest(2), at(300), step(100, 0)).await.unwrap());
}

/// A first use whose answer was lost is seen again by its own name: it is still the first.
pub(crate) async fn a_retry_is_the_same_use<S: Store>(store: Arc<S>) {
    let key = digest(1);
    assert!(store.first_use(&key, at(300), step(1, 0)).await.unwrap());
    assert!(store.first_use(&key, at(300), step(1, 0)).await.unwrap());
    assert!(!store.first_use(&key, at(300), step(2, 0)).await.unwrap());
}

/// ASYM-14: a use is remembered as long as its assertion lives, and not trusted to be removed in time.
pub(crate) async fn a_use_is_remembered_until_it_expires<S: Store>(store: Arc<S>) {
    let key = digest(1);
    assert!(store.first_use(&key, at(300), step(1, 0)).await.unwrap());
    assert!(!store.first_use(&key, at(599), step(2, 299)).await.unwrap());
    assert!(store.first_use(&key, at(600), step(3, 300)).await.unwrap());
    assert!(!store.first_use(&key, at(600), step(4, 301)).await.unwrap());
}

//! What may be a minute old: clients, users, public keys (a disabled client or user stops within that minute, and at
//! once at the refresh).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use smart_core::instant::Instant;

/// How long an entry is used.
const LIFETIME: Duration = Duration::from_mins(1);
/// How many entries are kept; when there are more, all are let go.
const CAPACITY: usize = 4096;

/// Entries by key, each until a minute after it was fetched.
pub struct Cached<K, V>(Mutex<HashMap<K, Entry<V>>>);

struct Entry<V> {
    value: V,
    expires_at: Instant,
}

impl<K: Eq + Hash + Clone, V: Clone> Default for Cached<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cached<K, V> {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// The entry, or what `fetch` brings; absence is not remembered.
    pub async fn get_or<E>(
        &self,
        key: &K,
        now: Instant,
        fetch: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        if let Some(value) = self.get(key, now) {
            return Ok(Some(value));
        }
        let fetched = fetch.await?;
        if let Some(value) = &fetched {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if entries.len() >= CAPACITY {
                entries.clear();
            }
            entries.insert(key.clone(), Entry { value: value.clone(), expires_at: now + LIFETIME });
        }
        Ok(fetched)
    }

    /// The entry, if there is one.
    pub fn get(&self, key: &K, now: Instant) -> Option<V> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|entry| !entry.expires_at.has_passed(now)).map(|entry| entry.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const NOW: Instant = Instant::from_unix(1_764_000_000);

    async fn at(cached: &Cached<u32, u32>, key: u32, now: Instant, stored: Option<u32>) -> Option<u32> {
        cached.get_or(&key, now, async { Ok::<_, Infallible>(stored) }).await.unwrap()
    }

    #[tokio::test]
    async fn an_entry_is_used_for_a_minute_from_when_it_was_fetched() {
        let cached = Cached::new();
        assert_eq!(at(&cached, 1, NOW, Some(10)).await, Some(10));
        assert_eq!(at(&cached, 1, NOW + Duration::from_secs(59), Some(11)).await, Some(10));
        assert_eq!(cached.get(&1, NOW + LIFETIME), None);
        assert_eq!(at(&cached, 1, NOW + LIFETIME, Some(11)).await, Some(11));
        assert_eq!(cached.get(&2, NOW), None);
    }

    #[tokio::test]
    async fn neither_absence_nor_failure_is_remembered() {
        let cached = Cached::new();
        assert_eq!(at(&cached, 1, NOW, None).await, None);
        assert_eq!(cached.get_or(&1, NOW, async { Err("down") }).await, Err("down"));
        assert_eq!(at(&cached, 1, NOW, Some(10)).await, Some(10));
    }

    #[tokio::test]
    async fn there_are_never_more_entries_than_are_kept() {
        let cached = Cached::new();
        for key in 0..=u32::try_from(CAPACITY).unwrap() {
            at(&cached, key, NOW, Some(key)).await;
            assert_eq!(cached.get(&key, NOW), Some(key));
        }
        assert!(cached.0.lock().unwrap().len() <= CAPACITY);
    }
}

//! Key sets as clients publish them, and a record of what was asked for.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use smart_core::client::key_set::{KeySet, NotFetched};
use smart_core::instant::Instant;
use smart_core::ports::ClientKeySets;

/// One set for all URLs; without one, nothing answers.
#[derive(Default)]
pub(super) struct Published {
    keys: Mutex<Option<Vec<Value>>>,
    asked: Mutex<Vec<(String, String)>>,
}

impl Published {
    /// From now on these keys are published.
    pub(super) fn publish(&self, keys: &[Value]) {
        *self.keys.lock().unwrap() = Some(keys.to_vec());
    }

    /// The URLs and names that were asked for since this was asked before.
    pub(super) fn asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl ClientKeySets for Published {
    async fn key_set(&self, uri: &str, kid: &str, _now: Instant) -> Result<Arc<KeySet>, NotFetched> {
        self.asked.lock().unwrap().push((uri.to_owned(), kid.to_owned()));
        let keys = self.keys.lock().unwrap().clone();
        let keys = keys.ok_or_else(|| NotFetched("it takes longer than a test has time".to_owned()))?;
        Ok(Arc::new(KeySet::published(&json!({ "keys": keys })).unwrap()))
    }
}

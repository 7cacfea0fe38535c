//! The port [`ClientKeySets`] behind a pointer: one place asks it, so that its type is no parameter of everything here.

use std::pin::Pin;
use std::sync::Arc;

use smart_core::client::key_set::{KeySet, NotFetched};
use smart_core::instant::Instant;
use smart_core::ports::ClientKeySets;

type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Arc<KeySet>, NotFetched>> + Send + 'a>>;

/// Whoever has clients' published keys.
pub(crate) trait AnyKeySets: Send + Sync {
    fn key_set<'a>(&'a self, uri: &'a str, kid: &'a str, now: Instant) -> Fetching<'a>;
}

impl<T: ClientKeySets> AnyKeySets for T {
    fn key_set<'a>(&'a self, uri: &'a str, kid: &'a str, now: Instant) -> Fetching<'a> {
        Box::pin(ClientKeySets::key_set(self, uri, kid, now))
    }
}

//! Access tokens that were revoked and stand on no grant.

use serde::{Deserialize, Serialize};
use smart_core::instant::Instant;
use smart_core::ports::{Revocations, RevokedTokens, Unavailable};
use smart_core::secret::Digest;

use crate::LocalStore;
use crate::sweep::{self, Expires, Kind};
use crate::tables::Aggregates;

pub(crate) const REVOKED: Aggregates<Digest, Revoked> = Aggregates::new("revoked_tokens");

const PORT: &str = "revocations";

/// A token that was revoked.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Revoked {
    /// Until when that is remembered: it has expired then.
    until: Instant,
}

impl Expires for Revoked {
    fn gone_at(&self) -> Instant {
        self.until
    }
}

impl RevokedTokens for LocalStore {
    async fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable> {
        let revoked = self.engine.read(PORT, |snapshot| snapshot.get(REVOKED, token))?;
        Ok(revoked.is_some_and(|revoked| !revoked.until.has_passed(now)))
    }
}

impl Revocations for LocalStore {
    async fn revoke_token(&self, token: &Digest, until: Instant) -> Result<(), Unavailable> {
        let token = *token;
        self.engine
            .write(PORT, move |writing| {
                writing.put(REVOKED, &token, &Revoked { until })?;
                sweep::enter(writing, until, Kind::Revoked, &token.to_string())
            })
            .await
    }
}

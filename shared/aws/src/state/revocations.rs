//! Access tokens that were revoked and stand on no grant.

use smart_core::instant::Instant;
use smart_core::ports::{Revocations, RevokedTokens, Unavailable};
use smart_core::secret::Digest;

use super::StateTable;
use crate::item::{Item, instant};
use crate::table::Failed;

const PORT: &str = "revocations";

fn key(token: &Digest) -> String {
    format!("revoked#{token}")
}

impl RevokedTokens for StateTable {
    async fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable> {
        let Some(item) = self.table.get(PORT, &key(token), true).await? else { return Ok(false) };
        let until = item.instant("expires_at").map_err(|error| error.at(PORT))?;
        Ok(!until.has_passed(now))
    }
}

impl Revocations for StateTable {
    /// Its name is the digest of 128 random bits: there is nothing else to be stored over, and to be stored twice is as good
    /// as once.
    async fn revoke_token(&self, token: &Digest, until: Instant) -> Result<(), Unavailable> {
        let item = Item::new(key(token)).with("expires_at", instant(until));
        match self.table.put(PORT, item, None).await {
            Ok(()) => Ok(()),
            Err(Failed::Unknown(unavailable)) => Err(unavailable),
            Err(Failed::Condition(_)) => Err(Unavailable::new(PORT, "PutItem: a condition that was not set")),
        }
    }
}

//! The flows, a file each, and the second write that both may need: a grant that must end is revoked.

mod authorization_code;
mod client_credentials;
mod refresh_token;

pub(crate) use self::refresh_token::{owner_now, scopes_now};

use smart_core::grant::RevocationReason;
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::ports::{Signer, Step, Unavailable};
use smart_core::secret::Op;
use smart_web::random;

use crate::{Store, TokenEndpoint, trail};

/// A new write, with a random name of its own.
pub(crate) fn step(now: Instant) -> Result<Step, Unavailable> {
    Ok(Step { now, op: Op::new(random::bytes()?) })
}

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    /// Revokes a grant. Whoever asked is refused whatever this write says; if it fails, an operator is needed.
    async fn revoke(&self, grant: &GrantId, reason: RevocationReason, now: Instant) {
        let revocation = async { self.store.revoke(grant, reason, step(now)?).await };
        match revocation.await {
            Ok(_) => trail::revoked(grant, reason),
            Err(error) => trail::alarm("revocation_failed", grant, &error),
        }
    }
}

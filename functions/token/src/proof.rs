//! Whether the app proves to have a key, to which its tokens are then bound (RFC 9449 §5; DPOP rows).

use std::sync::Arc;

use http::HeaderMap;
use smart_core::client::Client;
use smart_core::dpop::{Confirmation, Proof, ProofError, Proving};
use smart_core::instant::Instant;
use smart_core::jose::KeyId;
use smart_core::ports::Signer;
use thiserror::Error;

use crate::error::TokenError;
use crate::waiting::Waiting;
use crate::{Store, TOKEN, TokenEndpoint, grants};

/// Why tokens cannot be bound to a key, or not issued without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidProof {
    #[error("send one DPoP header")]
    Several,
    #[error("the proof in the DPoP header is not accepted: {0}")]
    Proof(ProofError),
    #[error(
        "the proof in the DPoP header was used before: make a new one, with its own jti, for each request"
    )]
    Used,
    #[error("this client is registered with dpop_bound_access_tokens: send a proof in the header DPoP")]
    Missing,
}

/// The client that asks, the key that it proves to have, and whether it waits for what it asks for.
pub(crate) struct Caller {
    pub(crate) client: Arc<Client>,
    pub(crate) key: Option<Confirmation>,
    pub(crate) waiting: Waiting,
}

impl Caller {
    pub(crate) fn jkt(&self) -> Option<KeyId> {
        self.key.as_ref().map(|key| key.jkt.clone())
    }
}

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    /// The key that `client` proves to have, if it does; the proof is used up.
    pub(crate) async fn key(
        &self,
        headers: &HeaderMap,
        client: &Client,
        now: Instant,
    ) -> Result<Option<Confirmation>, TokenError> {
        let mut sent = headers.get_all("dpop").iter();
        let proof = match (sent.next(), sent.next()) {
            (None, _) if client.dpop_bound_access_tokens => return Err(InvalidProof::Missing.into()),
            (None, _) => return Ok(None),
            (Some(_), Some(_)) => return Err(InvalidProof::Several.into()),
            // What is no text is no proof either.
            (Some(proof), None) => proof.to_str().unwrap_or_default(),
        };
        let endpoint = self.here.endpoint(TOKEN);
        let proving = Proving { method: "POST", url: &endpoint, access_token: None };
        let proof = Proof::verify(proof, &proving, now).map_err(InvalidProof::Proof)?;
        if self.store.first_use(&proof.once, proof.until, grants::step(now)?).await? {
            Ok(Some(proof.key))
        } else {
            Err(InvalidProof::Used.into())
        }
    }
}

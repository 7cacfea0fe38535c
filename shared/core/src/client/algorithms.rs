//! What a client's assertions may be signed with (ASYM-04; RFC 7591 §2 and OpenID Connect Registration §2
//! `token_endpoint_auth_signing_alg`).
//!
//! Everybody may use RS384 and ES384. RS256 and ES256 are off, and an operator turns one of them on for one client, by
//! registering it so: that client then signs with nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::keys::ClientKey;
use crate::jose::Algorithm;

/// What every client may sign with that registered nothing else: what the discovery documents list. The others of [`Algorithm`]
/// are for our own tokens, for proofs (RFC 9449), and for clients that an operator registered so.
pub const ASSERTION_ALGORITHMS: [Algorithm; 2] = [Algorithm::RS384, Algorithm::ES384];

/// The algorithms of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssertionAlgorithms(Option<Algorithm>);

impl AssertionAlgorithms {
    /// The one that it registered; `None` if it may use [`ASSERTION_ALGORITHMS`].
    pub fn registered(self) -> Option<Algorithm> {
        self.0
    }

    /// Whether nothing was registered.
    pub fn is_unsaid(&self) -> bool {
        self.0.is_none()
    }

    /// Whether `alg` is one of them.
    pub fn include(self, alg: Algorithm) -> bool {
        match self.0 {
            Some(only) => alg == only,
            None => ASSERTION_ALGORITHMS.contains(&alg),
        }
    }

    /// Whether a signature by one of them can be checked with `key`.
    pub(crate) fn fit(self, key: &ClientKey) -> bool {
        Algorithm::ALL.into_iter().any(|alg| self.include(alg) && key.is_for(alg))
    }
}

/// A text that names no algorithm of assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected RS384 or ES384; for this client alone RS256 or ES256")]
pub struct AssertionAlgorithmError;

impl FromStr for AssertionAlgorithms {
    type Err = AssertionAlgorithmError;

    fn from_str(name: &str) -> Result<Self, AssertionAlgorithmError> {
        Algorithm::from_name(name).map(|alg| Self(Some(alg))).ok_or(AssertionAlgorithmError)
    }
}

impl fmt::Display for AssertionAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(only) => f.write_str(only.as_str()),
            None => f.write_str(&ASSERTION_ALGORITHMS.map(Algorithm::as_str).join(" or ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use Algorithm::{ES256, ES384, RS256, RS384};

    use super::*;

    #[test]
    fn asym_04_and_05_what_is_registered_is_the_only_one_and_unsaid_are_two() {
        let unsaid = AssertionAlgorithms::default();
        assert_eq!(Algorithm::ALL.map(|alg| unsaid.include(alg)), [false, true, false, true]);
        assert_eq!(unsaid.to_string(), "RS384 or ES384");
        for only in [RS256, RS384, ES256, ES384] {
            let registered: AssertionAlgorithms = only.as_str().parse().unwrap();
            assert_eq!(registered.registered(), Some(only));
            assert_eq!(
                Algorithm::ALL.map(|alg| registered.include(alg)),
                Algorithm::ALL.map(|alg| alg == only)
            );
        }
        for bad in ["none", "HS256", "PS256", "RS512", "EdDSA", "rs256", "RS256 ", ""] {
            assert_eq!(bad.parse::<AssertionAlgorithms>(), Err(AssertionAlgorithmError), "{bad}");
        }
    }
}

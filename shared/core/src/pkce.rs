//! Proof Key for Code Exchange, `S256` only (RFC 7636; SMART 2.2 §"Considerations for PKCE Support").
//!
//! Every app needs it, confidential ones too (PKCE-03); `plain` is not supported (PKCE-02).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secret::Digest;

/// What the authorization request committed to: `BASE64URL(SHA256(code_verifier))`, 43 characters (RFC 7636 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(Digest);

/// Why the PKCE parameters of an authorization request are refused; each is `invalid_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChallengeError {
    /// There is no `code_challenge`.
    #[error("code_challenge is missing: PKCE is required of every app")]
    Missing,
    /// There is no method, which RFC 7636 §4.3 reads as `plain`, or it is another one.
    #[error("code_challenge_method must be S256")]
    Method,
    /// It is no digest.
    #[error("code_challenge must be the 43 base64url characters of a SHA-256 digest, without padding")]
    Form,
}

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, ChallengeError> {
        let challenge = challenge.ok_or(ChallengeError::Missing)?;
        if method != Some("S256") {
            return Err(ChallengeError::Method);
        }
        challenge.parse().map(Self).map_err(|_| ChallengeError::Form)
    }
}

/// The secret that the app kept: 43 to 128 unreserved characters (RFC 7636 §4.1). Redacted in `Debug`.
#[derive(Clone)]
pub struct CodeVerifier(Box<str>);

/// A `code_verifier` that no client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
pub struct VerifierError;

impl CodeVerifier {
    /// The challenge that this verifier answers (RFC 7636 §4.6).
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(Digest::of(self.0.as_bytes()))
    }
}

impl FromStr for CodeVerifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.into()))
        } else {
            Err(VerifierError)
        }
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn pkce_08_the_example_of_rfc_7636_appendix_b_verifies() {
        let verifier: CodeVerifier = VERIFIER.parse().unwrap();
        assert_eq!(CodeChallenge::parse(Some(CHALLENGE), Some("S256")), Ok(verifier.challenge()));
    }

    #[test]
    fn pkce_11_the_challenge_is_not_its_own_verifier() {
        let sent_back: CodeVerifier = CHALLENGE.parse().unwrap();
        assert_ne!(CodeChallenge::parse(Some(CHALLENGE), Some("S256")), Ok(sent_back.challenge()));
    }

    #[test]
    fn pkce_02_to_06_anything_but_a_well_formed_s256_challenge_is_refused() {
        use ChallengeError::{Form, Method, Missing};
        let padded = format!("{CHALLENGE}=");
        let table = [
            (None, Some("S256"), Missing),
            (Some(CHALLENGE), None, Method),
            (Some(CHALLENGE), Some("plain"), Method),
            (Some(CHALLENGE), Some("s256"), Method),
            (Some(CHALLENGE), Some("S512"), Method),
            (Some(&CHALLENGE[1..]), Some("S256"), Form),
            (Some(padded.as_str()), Some("S256"), Form),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256"), Form),
        ];
        for (challenge, method, expected) in table {
            assert_eq!(CodeChallenge::parse(challenge, method), Err(expected), "{challenge:?} {method:?}");
        }
    }

    #[test]
    fn pkce_10_a_verifier_has_43_to_128_unreserved_characters() {
        assert!("a".repeat(43).parse::<CodeVerifier>().is_ok());
        assert!("a-._~".repeat(25).parse::<CodeVerifier>().is_ok());
        for bad in ["a".repeat(42), "a".repeat(129), "a+".repeat(22), "é".repeat(43), " ".repeat(43)] {
            assert!(bad.parse::<CodeVerifier>().is_err(), "{bad}");
        }
    }
}

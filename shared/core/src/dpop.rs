//! Proof of possession: whoever presents a token, or asks for one, shows that a key is theirs (RFC 9449; DPOP rows).
//!
//! A proof is a JWT in the header `DPoP`, signed with the key that it carries, for one request: method, URL, a moment, and at the
//! FHIR API the access token. What it proves is a thumbprint: tokens say which one they are for (`cnf.jkt`), and a bound token
//! without a proof by that key is no token. No nonces are demanded: a proof is good for a minute, and once.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::instant::Instant;
use crate::jose::{self, Algorithm, JwtError, KeyId, PublicKey, UnverifiedHeader};
use crate::secret::Digest;

/// The algorithms that proofs may be signed with (DPOP-01): whatever key the app has.
pub const PROOF_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::RS384];

/// How old a proof may be.
const LIFETIME: Duration = Duration::from_mins(1);

/// How far an app's clock may be from ours.
const SKEW: Duration = Duration::from_secs(30);

/// A key, by the thumbprint of its public half (RFC 7638): what a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The thumbprint (RFC 9449 §6.1).
    pub jkt: KeyId,
}

/// The request that a proof has to be made for.
#[derive(Clone, Copy, Debug)]
pub struct Proving<'r> {
    /// Its method.
    pub method: &'r str,
    /// Its URL as apps know it; query and fragment make no difference.
    pub url: &'r str,
    /// The access token that comes with it, at the FHIR API.
    pub access_token: Option<&'r str>,
}

/// What a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose key it is.
    pub key: Confirmation,
    /// Its own name: it counts only if this is its first use.
    pub once: Digest,
    /// Until when that must be remembered.
    pub until: Instant,
}

/// Why a proof shows nothing: always `invalid_dpop_proof` (DPOP-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The signature or the header.
    #[error("{0}")]
    Jwt(JwtError),
    /// The header has no key, or one that is none of ours, or a private one.
    #[error(
        "the header needs jwk, the public key (EC P-256 or P-384, or RSA) that it is signed with, and nothing private"
    )]
    Key,
    /// The algorithm.
    #[error("alg must be ES256, ES384, RS256 or RS384, and fit the key")]
    Algorithm,
    /// It is for another method.
    #[error("htm is not the method of this request")]
    Method,
    /// It is for another URL.
    #[error("htu is not the URL of this request, without query and fragment")]
    Url,
    /// It is too old, or made in the future.
    #[error("iat is not within the last minute: make a new proof for each request, by a clock that is right")]
    Stale,
    /// It has no name of its own.
    #[error("jti is missing")]
    NoJti,
    /// It is for another access token.
    #[error("ath is not the hash of this access token")]
    AccessToken,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: f64,
    #[serde(default)]
    jti: String,
    ath: Option<String>,
}

impl Proof {
    /// The `typ` of RFC 9449 §4.2.
    pub const TYP: &str = "dpop+jwt";

    /// Checks the proof `jwt` of a request (RFC 9449 §4.3). That it is used once is for a store to say.
    pub fn verify(jwt: &str, request: &Proving<'_>, now: Instant) -> Result<Self, ProofError> {
        use ProofError as E;
        let header = UnverifiedHeader::of(jwt).map_err(E::Jwt)?;
        if header.typ.as_deref() != Some(Self::TYP) {
            return Err(E::Jwt(JwtError::Type));
        }
        let alg = header.alg.filter(|alg| PROOF_ALGORITHMS.contains(alg)).ok_or(E::Algorithm)?;
        let key = header.jwk.as_ref().and_then(PublicKey::bare).ok_or(E::Key)?;
        if !key.fits(alg) {
            return Err(E::Algorithm);
        }
        let claims: Claims = jose::verify(jwt, &key, alg).map_err(E::Jwt)?;
        if claims.htm != request.method {
            return Err(E::Method);
        }
        if !same_url(&claims.htu, request.url) {
            return Err(E::Url);
        }
        if !is_fresh(claims.iat, now) {
            return Err(E::Stale);
        }
        if claims.jti.is_empty() {
            return Err(E::NoJti);
        }
        let hash = request.access_token.map(|token| Digest::of(token.as_bytes()).to_string());
        if hash.is_some() && hash != claims.ath {
            return Err(E::AccessToken);
        }
        let jkt = key.thumbprint();
        // One app's names are no other's: the key is part of the name.
        let once = Digest::of(format!("dpop\0{jkt}\0{}", claims.jti).as_bytes());
        Ok(Self { key: Confirmation { jkt }, once, until: now + LIFETIME + SKEW + SKEW + SKEW })
    }
}

/// Not older than a minute and not in the future, by a clock that may be half a minute off.
fn is_fresh(iat: f64, now: Instant) -> bool {
    let seconds = |at: Instant| at.since(Instant::from_unix(0)).as_secs_f64();
    iat >= seconds(now - (LIFETIME + SKEW)) && iat <= seconds(now + SKEW)
}

/// Whether `htu` names the URL, both normalized as URLs are (RFC 9449 §4.3, RFC 3986 §6.2.2). What is in the query was never
/// meant to be compared.
fn same_url(htu: &str, url: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(htu).is_some_and(|htu| bare(url) == Some(htu))
}

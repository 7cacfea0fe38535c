//! A provider's keys, and the one that checks a token (OIDC Core §10.1; RFC 7517 §5).
//!
//! Keys that cannot be used here (another kind, curve, use or size) are passed over, as RFC 7517 §5 says: a provider publishes keys for
//! everybody. A symmetric key has no form here, so that a public key can never be taken for one (RFC 8725 §2.1).

use serde_json::Value;
use thiserror::Error;

use crate::jose::{Algorithm, JwtError, PublicKey, UnverifiedHeader};

/// The keys that a provider publishes and that can be used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderKeys(Vec<Key>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    kid: Option<String>,
    public: PublicKey,
    alg: Option<String>,
}

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// The token is none, or of an algorithm that is not used here.
    #[error(transparent)]
    Token(#[from] JwtError),
    /// None that is known: perhaps there is a new one.
    #[error("no key of the provider checks the ID token")]
    Unknown,
}

impl ProviderKeys {
    /// Reads a JWK set; `None` if it is none.
    pub fn read(jwks: &Value) -> Option<Self> {
        let entries = jwks.get("keys")?.as_array()?;
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let usable = entries.iter().filter(|entry| entry.get("use").is_none_or(|purpose| purpose == "sig"));
        let keys = usable.filter_map(|entry| {
            let public: PublicKey = serde_json::from_value(entry.clone()).ok()?;
            public.is_sound().then(|| Key { kid: text(entry, "kid"), public, alg: text(entry, "alg") })
        });
        Some(Self(keys.collect()))
    }

    /// The key of a token and the algorithm to check with: by its `kid` or, without one, the only one that fits (OIDC Core §10.1).
    pub(super) fn for_token(&self, token: &str) -> Result<(&PublicKey, Algorithm), KeyFault> {
        let header = UnverifiedHeader::of(token)?;
        // An ID token is no other kind of JWT (RFC 8725 §3.11).
        if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(JwtError::Type.into());
        }
        let alg = header.alg.ok_or(JwtError::Algorithm)?;
        let fits =
            |key: &&Key| key.public.fits(alg) && key.alg.as_deref().is_none_or(|only| only == alg.as_str());
        let named = |key: &&Key| header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid));
        let mut found = self.0.iter().filter(named).filter(fits);
        match (found.next(), found.next()) {
            (Some(key), None) => Ok((&key.public, alg)),
            _ => Err(KeyFault::Unknown),
        }
    }
}

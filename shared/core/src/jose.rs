//! JSON Web Keys and signatures: what is signed, and what a signature must show (RFC 7515, 7517, 7518, 7638).
//!
//! Signing is a port ([`crate::ports::Signer`]), since a private key may live where only a remote call reaches it: here is just the
//! input to sign. Verification is `jsonwebtoken`'s, always with the one algorithm that belongs to the
//! key that was chosen beforehand, never with what the token says of itself (RFC 8725 §3.1). Times are not its business: claims
//! are compared with the request's own instant by whoever reads them.

#[cfg(test)]
pub(crate) mod test_keys;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::secret::Digest;

/// The algorithms that are known here: all asymmetric; there is no `none` and no HMAC (RFC 8725 §3.1; ASYM-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
}

impl Algorithm {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::RS256, Self::RS384, Self::ES256, Self::ES384];

    /// Its registered name (RFC 7518 §3.1).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == name)
    }

    fn for_verification(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::RS384 => jsonwebtoken::Algorithm::RS384,
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::ES384 => jsonwebtoken::Algorithm::ES384,
        }
    }
}

/// The name of a key: for ours, the RFC 7638 thumbprint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bare parameters of a public key (RFC 7518 §6): no private member has a place here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// An RSA key: modulus and exponent, base64url of big-endian bytes.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
    /// An elliptic curve key: its point, base64url of big-endian bytes.
    #[serde(rename = "EC")]
    Ec {
        /// The curve.
        crv: Curve,
        /// The x coordinate.
        x: String,
        /// The y coordinate.
        y: String,
    },
}

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
    /// NIST P-384.
    #[serde(rename = "P-384")]
    P384,
}

impl Curve {
    fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

impl PublicKey {
    /// An RSA key from the big-endian bytes of its modulus and exponent.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa { n: URL_SAFE_NO_PAD.encode(modulus), e: URL_SAFE_NO_PAD.encode(exponent) }
    }

    /// The key of a JWK that holds nothing private and is well-formed.
    pub fn bare(jwk: &Value) -> Option<Self> {
        let is_private = PRIVATE_MEMBERS.iter().any(|member| jwk.get(member).is_some());
        let key: Self = serde_json::from_value(jwk.clone()).ok().filter(|_| !is_private)?;
        key.check().is_ok().then_some(key)
    }

    /// Whether a signature of `alg` can be checked with this key.
    pub fn fits(&self, alg: Algorithm) -> bool {
        matches!(
            (self, alg),
            (Self::Rsa { .. }, Algorithm::RS256 | Algorithm::RS384)
                | (Self::Ec { crv: Curve::P256, .. }, Algorithm::ES256)
                | (Self::Ec { crv: Curve::P384, .. }, Algorithm::ES384)
        )
    }

    /// Whether it is of the `kty` of `alg`, whatever its curve.
    pub(crate) fn is_of_the_kind_of(&self, alg: Algorithm) -> bool {
        matches!(
            (self, alg),
            (Self::Rsa { .. }, Algorithm::RS256 | Algorithm::RS384)
                | (Self::Ec { .. }, Algorithm::ES256 | Algorithm::ES384)
        )
    }

    /// The thumbprint: SHA-256 of the required members in lexical order (RFC 7638 §3).
    pub fn thumbprint(&self) -> KeyId {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, crv.as_str())
            }
        };
        KeyId(Digest::of(canonical.as_bytes()).to_string().into())
    }

    /// What is wrong with the parameters, if anything: RSA has 2,048 bits or more, a point has its curve's size.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        match self {
            Self::Rsa { n, e } => {
                let modulus = bytes(n).ok_or((".n", "expected base64url without padding"))?;
                let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
                if !(256..=1024).contains(&significant) {
                    return Err((".n", "expected an RSA key of 2,048 to 8,192 bits"));
                }
                match bytes(e).as_deref() {
                    Some([1, 0, 1]) => Ok(()),
                    Some(exponent) if (1..=4).contains(&exponent.len()) => Ok(()),
                    _ => Err((".e", "expected a small public exponent such as AQAB")),
                }
            }
            Self::Ec { crv, x, y } => {
                let sized = |text: &str| bytes(text).is_some_and(|b| b.len() == crv.coordinate_bytes());
                if sized(x) && sized(y) {
                    Ok(())
                } else {
                    Err((".x", "expected coordinates of the curve's size"))
                }
            }
        }
    }

    /// Whether it is one that signatures may be checked with: large enough, and of its curve's size.
    pub fn is_sound(&self) -> bool {
        self.check().is_ok()
    }

    fn decoding_key(&self) -> Result<DecodingKey, JwtError> {
        match self {
            Self::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
            Self::Ec { x, y, .. } => DecodingKey::from_ec_components(x, y),
        }
        .map_err(|_| JwtError::Signature)
    }
}

/// One of our public keys, as published: `use` is `sig`, `alg` is the one it signs with (RFC 7517 §4; SEC-15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// The key.
    #[serde(flatten)]
    pub key: PublicKey,
    /// `sig`.
    #[serde(rename = "use")]
    key_use: SignatureUse,
    /// What it signs with.
    pub alg: Algorithm,
    /// Its thumbprint.
    pub kid: KeyId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SignatureUse {
    #[serde(rename = "sig")]
    Sig,
}

impl PublicJwk {
    /// Publishes `key`, which signs with `alg`, under its thumbprint.
    pub fn new(key: PublicKey, alg: Algorithm) -> Self {
        let kid = key.thumbprint();
        Self { key, key_use: SignatureUse::Sig, alg, kid }
    }
}

/// A key that signs, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The published `kid`.
    pub kid: KeyId,
    /// What it signs with.
    pub alg: Algorithm,
}

/// Why a JWT is not believed. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// It is no JWS in compact form, or has a `crit` header (RFC 7515 §4.1.11).
    #[error("not a signed JWT in compact form")]
    Form,
    /// Its `typ` is another one (RFC 8725 §3.11).
    #[error("a JWT of another type")]
    Type,
    /// Its `alg` is not the key's.
    #[error("an algorithm that does not belong to the key")]
    Algorithm,
    /// It names no key that is known.
    #[error("no such key")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// A claim is missing or has the wrong form.
    #[error("a claim is missing or malformed")]
    Claims,
}

/// What a JWT says of itself before anything was verified: good for choosing a key, for nothing else.
#[derive(Debug)]
pub struct UnverifiedHeader {
    /// `typ`.
    pub typ: Option<String>,
    /// `alg`, if it is one of ours.
    pub alg: Option<Algorithm>,
    /// `kid`.
    pub kid: Option<String>,
    /// `jku`.
    pub jku: Option<String>,
    /// `jwk`.
    pub jwk: Option<Value>,
}

impl UnverifiedHeader {
    /// Reads the header of a compact JWS.
    pub fn of(token: &str) -> Result<Self, JwtError> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            typ: Option<String>,
            kid: Option<String>,
            jku: Option<String>,
            jwk: Option<Value>,
            crit: Option<Value>,
            b64: Option<Value>,
        }
        let mut parts = token.split('.');
        let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwtError::Form);
        };
        let bytes = URL_SAFE_NO_PAD.decode(header).map_err(|_| JwtError::Form)?;
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| JwtError::Form)?;
        if header.crit.is_some() || header.b64.is_some() {
            return Err(JwtError::Form);
        }
        let Header { typ, kid, jku, jwk, .. } = header;
        Ok(Self { alg: Algorithm::from_name(&header.alg), typ, kid, jku, jwk })
    }
}

/// Whom a JWT says it is about, before anything was verified: good for finding that client's record, for nothing else.
pub fn unverified_subject(token: &str) -> Result<String, JwtError> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let claims = token.split('.').nth(1).ok_or(JwtError::Form)?;
    let bytes = URL_SAFE_NO_PAD.decode(claims).map_err(|_| JwtError::Form)?;
    serde_json::from_slice::<Claims>(&bytes).map(|claims| claims.sub).map_err(|_| JwtError::Claims)
}

/// Verifies `token` with `key` and `alg`, and reads its claims. Looks at no time and no audience: the caller does.
pub fn verify<T: DeserializeOwned>(token: &str, key: &PublicKey, alg: Algorithm) -> Result<T, JwtError> {
    if !key.fits(alg) {
        return Err(JwtError::Algorithm);
    }
    let mut validation = Validation::new(alg.for_verification());
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, &key.decoding_key()?, &validation).map(|data| data.claims).map_err(|error| {
        use jsonwebtoken::errors::ErrorKind as E;
        match error.kind() {
            E::InvalidAlgorithm => JwtError::Algorithm,
            E::Json(_) | E::MissingRequiredClaim(_) => JwtError::Claims,
            E::InvalidToken => JwtError::Form,
            _ => JwtError::Signature,
        }
    })
}

/// What is signed for a JWT of type `typ`: `base64url(header).base64url(claims)` (RFC 7515 §5.1).
pub fn signing_input(typ: &str, key: &SigningKey, claims: &impl Serialize) -> String {
    let header = json!({ "typ": typ, "alg": key.alg.as_str(), "kid": key.kid.as_str() });
    // Claims are structs with text keys: they always serialize.
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims))
}

/// The compact form: the input and its raw signature (RFC 7515 §7.1).
pub fn compact(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The members that make a JWK private (RFC 7518 §6).
pub(crate) const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7638_the_example_of_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicKey::Rsa { n: n.to_owned(), e: "AQAB".to_owned() };
        assert_eq!(key.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_published_key_is_bare_and_says_its_use() {
        let jwk = PublicJwk::new(PublicKey::rsa(&[0xff; 256], &[1, 0, 1]), Algorithm::RS256);
        let published = serde_json::to_value(&jwk).unwrap();
        let mut members: Vec<_> = published.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(published["use"], "sig");
    }

    #[test]
    fn rfc8725_3_1_unknown_and_symmetric_algorithms_have_no_name_here() {
        for alg in ["none", "None", "HS256", "HS384", "PS256", "EdDSA", "rs256", ""] {
            assert_eq!(Algorithm::from_name(alg), None, "{alg}");
        }
    }

    #[test]
    fn rfc7515_headers_that_must_be_understood_are_not() {
        let header = |json: &str| format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(json));
        assert!(UnverifiedHeader::of(&header(r#"{"alg":"RS256","kid":"k"}"#)).is_ok());
        for bad in [
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"kid":"k"}"#,
            r#"{"alg":1}"#,
            "[]",
            "",
        ] {
            assert_eq!(UnverifiedHeader::of(&header(bad)).unwrap_err(), JwtError::Form, "{bad}");
        }
        for bad in ["", "a", "a.b", "a.b.c.d", "....", "é.e30.x"] {
            assert_eq!(UnverifiedHeader::of(bad).unwrap_err(), JwtError::Form, "{bad}");
        }
    }
}

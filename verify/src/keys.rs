//! The private keys of the test clients, and the JWTs that they sign (RFC 7523 §3; SMART 2.2 "Client Authentication:
//! Asymmetric").

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::SetupError;

/// A key that signs.
pub(crate) enum Key {
    Rsa(RsaPair),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A curve of NIST's, as JWKs name it (RFC 7518 §6.2.1.1).
#[derive(Clone, Copy)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// The algorithms of client assertions that a client of the seed is registered for, each with a key of its own.
pub(crate) const ALGORITHMS: [&str; 4] = ["RS384", "ES384", "RS256", "ES256"];

impl Curve {
    /// The curve of an algorithm of elliptic curves.
    fn of(algorithm: &str) -> Option<Self> {
        match algorithm {
            "ES256" => Some(Self::P256),
            "ES384" => Some(Self::P384),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }
}

/// How an RSA key signs by an algorithm (RFC 7518 §3.3, §3.5).
fn rsa_encoding(algorithm: &str) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_SHA256,
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => return None,
    })
}

impl Key {
    /// A new key for an algorithm; an RSA key for one that no other key is for.
    pub(crate) fn make(algorithm: &str) -> Result<Self, SetupError> {
        let made = match (Curve::of(algorithm), algorithm) {
            (Some(curve), _) => EcdsaKeyPair::generate(curve.signing()).map(|pair| Self::Ec(curve, pair)),
            (None, "EdDSA") => Ed25519KeyPair::generate().map(Self::Ed25519),
            (None, _) => RsaPair::generate(KeySize::Rsa2048).map(Self::Rsa),
        };
        made.map_err(|_| SetupError::Keys)
    }

    /// As [`Self::to_text`] wrote it.
    pub(crate) fn read(algorithm: &str, text: &str) -> Result<Self, SetupError> {
        let der = URL_SAFE_NO_PAD.decode(text).map_err(|_| SetupError::Keys)?;
        let read = match (Curve::of(algorithm), algorithm) {
            (Some(curve), _) => {
                EcdsaKeyPair::from_pkcs8(curve.signing(), &der).map(|pair| Self::Ec(curve, pair))
            }
            (None, "EdDSA") => Ed25519KeyPair::from_pkcs8(&der).map(Self::Ed25519),
            (None, _) => RsaPair::from_pkcs8(&der).map(Self::Rsa),
        };
        read.map_err(|_| SetupError::Keys)
    }

    /// PKCS#8, base64url.
    pub(crate) fn to_text(&self) -> Result<String, SetupError> {
        let der = match self {
            Self::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Self::Ec(_, pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Self::Ed25519(pair) => pair.to_pkcs8().map(|der| der.as_ref().to_vec()),
        };
        der.map(|der| URL_SAFE_NO_PAD.encode(der)).map_err(|_| SetupError::Keys)
    }

    /// The public half as a JWK (RFC 7518 §6, RFC 8037 §2).
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": text(&n), "e": text(&e) })
            }
            Self::Ec(curve, pair) => {
                // An uncompressed point: 4, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": curve.name(), "kid": kid, "use": "sig", "x": text(x), "y": text(y) })
            }
            Self::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x })
            }
        }
    }

    /// A JWT with exactly this header and these claims; an RSA key signs by the algorithm that the header names.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let input = signing_input(header, claims);
        let signature = match self {
            Self::Rsa(pair) => {
                let encoding = rsa_encoding(header.get("alg")?.as_str()?)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut signature).ok()?;
                signature
            }
            Self::Ec(_, pair) => pair.sign(&SystemRandom::new(), input.as_bytes()).ok()?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(input.as_bytes()).as_ref().to_vec(),
        };
        Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A JWT whose "signature" is an HMAC with a secret (`client_secret_jwt`), by an algorithm of RFC 7518 §3.2.
pub(crate) fn sign_hmac(secret: &str, algorithm: &str, header: &Value, claims: &Value) -> Option<String> {
    let hash = match algorithm {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    let input = signing_input(header, claims);
    let key = hmac::Key::new(hash, secret.as_bytes());
    Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes()))))
}

/// `base64url(header).base64url(claims)`.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    let text = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", text(header), text(claims))
}

/// 43 characters of 256 random bits.
pub(crate) fn random_text() -> Result<String, SetupError> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| SetupError::Keys)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::*;

    #[test]
    fn what_each_key_signs_is_verified_by_the_key_that_is_published() {
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
            let made = Key::make(algorithm).unwrap();
            let key = Key::read(algorithm, &made.to_text().unwrap()).unwrap();
            let header = json!({ "alg": algorithm, "kid": "k" });
            let token = key.sign(&header, &json!({ "exp": 4_000_000_000_u64 })).unwrap();
            let jwk: Jwk = serde_json::from_value(made.jwk("k")).unwrap();
            let of: Algorithm = algorithm.parse().unwrap();
            let verified = jsonwebtoken::decode::<Value>(
                &token,
                &DecodingKey::from_jwk(&jwk).unwrap(),
                &Validation::new(of),
            );
            assert!(verified.is_ok(), "{algorithm}: {verified:?}");
        }
    }
}

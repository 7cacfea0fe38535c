//! The private keys of the test clients, and the JWTs that they sign (RFC 7523 §3; SMART 2.2 "Client Authentication:
//! Asymmetric").

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::SetupError;

/// A key that signs.
pub(crate) enum Key {
    Rsa(RsaPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

/// The algorithms of client assertions that can be tried, and the key of each.
pub(crate) const ALGORITHMS: [&str; 4] = ["RS384", "ES384", "RS256", "ES256"];

impl Key {
    /// A new key for an algorithm.
    pub(crate) fn make(algorithm: &str) -> Result<Self, SetupError> {
        let failed = |_| SetupError::Keys;
        Ok(match algorithm {
            "ES256" => Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?),
            "ES384" => Self::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map_err(failed)?),
            _ => Self::Rsa(RsaPair::generate(KeySize::Rsa2048).map_err(failed)?),
        })
    }

    /// As [`Self::to_text`] wrote it.
    pub(crate) fn read(algorithm: &str, text: &str) -> Result<Self, SetupError> {
        let der = URL_SAFE_NO_PAD.decode(text).map_err(|_| SetupError::Keys)?;
        let failed = |_| SetupError::Keys;
        Ok(match algorithm {
            "ES256" => {
                Self::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).map_err(failed)?)
            }
            "ES384" => {
                Self::P384(EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &der).map_err(failed)?)
            }
            _ => Self::Rsa(RsaPair::from_pkcs8(&der).map_err(failed)?),
        })
    }

    /// PKCS#8, base64url.
    pub(crate) fn to_text(&self) -> Result<String, SetupError> {
        let der = match self {
            Self::Rsa(pair) => pair.as_der().map_err(|_| SetupError::Keys)?.as_ref().to_vec(),
            Self::P256(pair) | Self::P384(pair) => {
                pair.to_pkcs8v1().map_err(|_| SetupError::Keys)?.as_ref().to_vec()
            }
        };
        Ok(URL_SAFE_NO_PAD.encode(der))
    }

    /// The public half as a JWK.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |pair: &EcdsaKeyPair, curve: &str| {
            // An uncompressed point: 4, then both coordinates.
            let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
            let (x, y) = point.split_at(point.len() / 2);
            json!({ "kty": "EC", "crv": curve, "kid": kid, "use": "sig", "x": text(x), "y": text(y) })
        };
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": text(&n), "e": text(&e) })
            }
            Self::P256(pair) => point(pair, "P-256"),
            Self::P384(pair) => point(pair, "P-384"),
        }
    }

    /// A JWT with exactly this header and these claims. An RSA key signs RS256 if the header says so, else RS384.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let input = signing_input(header, claims);
        let signature = match self {
            Self::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding =
                    if header.get("alg")? == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PKCS1_SHA384 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).ok()?;
                signature
            }
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&SystemRandom::new(), input.as_bytes()).ok()?.as_ref().to_vec()
            }
        };
        Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A JWT whose "signature" is an HMAC with a secret (`client_secret_jwt`).
pub(crate) fn sign_hs256(secret: &str, header: &Value, claims: &Value) -> String {
    let input = signing_input(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes())))
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

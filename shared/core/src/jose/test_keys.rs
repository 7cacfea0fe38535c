//! Keys that sign, made anew in each test run.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Algorithm, Curve, PublicKey, compact};

/// A key pair, and the one algorithm it signs with.
pub(crate) struct TestKey {
    pub(crate) alg: Algorithm,
    pub(crate) public: PublicKey,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

impl TestKey {
    pub(crate) fn generate(alg: Algorithm) -> Self {
        match alg {
            Algorithm::RS256 | Algorithm::RS384 => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                Self { alg, public: PublicKey::rsa(&n, &e), pair: Pair::Rsa(pair) }
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                let (crv, signing) = match alg {
                    Algorithm::ES256 => (Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
                    _ => (Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
                };
                let pair = EcdsaKeyPair::generate(signing).unwrap();
                // An uncompressed point: 4, then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(crv.coordinate_bytes());
                let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
                Self { alg, public: PublicKey::Ec { crv, x, y }, pair: Pair::Ec(pair) }
            }
        }
    }

    /// The public key as a client registers it.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = serde_json::to_value(&self.public).unwrap();
        jwk["kid"] = json!(kid);
        jwk
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, input).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let padding =
                    if self.alg == Algorithm::RS384 { &RSA_PKCS1_SHA384 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, input, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A JWT with just this header, whatever it says, and this key's signature.
    pub(crate) fn jwt(&self, header: &Value, claims: &impl Serialize) -> String {
        let input = input(header, claims);
        compact(&input, &self.sign(input.as_bytes()))
    }
}

/// What is signed.
pub(crate) fn input(header: &Value, claims: &impl Serialize) -> String {
    let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}", encode(header.to_string()), encode(serde_json::to_string(claims).unwrap()))
}

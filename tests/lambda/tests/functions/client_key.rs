//! The keys of clients: what signs their assertions (RFC 7523) and their proofs of possession (RFC 9449).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key pair that is made anew.
pub(super) struct ClientKey {
    pair: EcdsaKeyPair,
    alg: &'static str,
    crv: &'static str,
}

impl ClientKey {
    pub(super) fn es256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { pair, alg: "ES256", crv: "P-256" }
    }

    pub(super) fn es384() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self { pair, alg: "ES384", crv: "P-384" }
    }

    /// The public half.
    pub(super) fn jwk(&self) -> Value {
        // An uncompressed point: 4, then x and y.
        let point = &self.pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": self.crv, "alg": self.alg, "kid": "key", "x": x, "y": y })
    }

    /// A JWT with these claims, whose header says this besides the algorithm.
    pub(super) fn sign(&self, mut header: Value, claims: &Value) -> String {
        header["alg"] = self.alg.into();
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

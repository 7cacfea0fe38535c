//! Private keys of clients, made in this process, and JWTs that are signed with them by hand: a library would not
//! sign what a test has to send.
//!
//! Against a server that was seeded before (see [`super::target`]) the keys are those of its seed.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::publisher::free_address;

/// A key that signs.
pub(crate) enum Key {
    Rsa(RsaPair),
    P384(EcdsaKeyPair),
}

/// The keys of the seed's asymmetric clients.
pub(crate) struct ClientKeys {
    pub(crate) es384: Key,
    pub(crate) rs384: Key,
    /// Where the client `published` publishes the first of them: an address of this machine, chosen with the seed.
    pub(crate) jwks_uri: String,
}

impl ClientKeys {
    /// The one set of this process.
    pub(crate) fn of_this_process() -> &'static Self {
        static KEYS: OnceLock<ClientKeys> = OnceLock::new();
        KEYS.get_or_init(|| match super::target::seed_folder() {
            Some(folder) if super::target::given_url().is_some() => {
                let text = std::fs::read(folder.join(FILE)).expect("the keys of the seed");
                Self::from_json(&serde_json::from_slice(&text).unwrap())
            }
            _ => Self { es384: Key::es384(), rs384: Key::rsa(), jwks_uri: free_address() },
        })
    }

    /// As they are kept beside a seed: PKCS#8, base64url.
    pub(crate) fn to_json(&self) -> Value {
        let text = |key: &Key| URL_SAFE_NO_PAD.encode(key.pkcs8());
        json!({ "es384": text(&self.es384), "rs384": text(&self.rs384), "jwks_uri": self.jwks_uri })
    }

    fn from_json(keys: &Value) -> Self {
        let der = |name: &str| URL_SAFE_NO_PAD.decode(keys[name].as_str().unwrap()).unwrap();
        Self {
            es384: Key::P384(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &der("es384")).unwrap(),
            ),
            rs384: Key::Rsa(RsaPair::from_pkcs8(&der("rs384")).unwrap()),
            jwks_uri: keys["jwks_uri"].as_str().unwrap().to_owned(),
        }
    }
}

/// The name of the file beside `seed/` that has the clients' private keys.
pub(crate) const FILE: &str = "client-keys.json";

impl Key {
    pub(crate) fn es384() -> Self {
        Self::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn pkcs8(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.as_der().unwrap().as_ref().to_vec(),
            Self::P384(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
        }
    }

    /// The algorithm of client assertions with this key.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS384",
            Self::P384(_) => "ES384",
        }
    }

    /// The public half as a bare JWK.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": text(&n), "e": text(&e) })
            }
            Self::P384(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
                json!({ "kty": "EC", "crv": "P-384", "kid": kid, "use": "sig", "x": text(x), "y": text(y) })
            }
        }
    }

    /// A JWT with exactly this header and these claims. An RSA key signs RS256 if the header says so, else RS384.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let signature = match self {
            Self::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding =
                    if header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PKCS1_SHA384 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::P384(pair) => pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// `base64url(header).base64url(claims)`.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    let text = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", text(header), text(claims))
}

/// What a JWT says of itself; nothing is verified.
pub(crate) fn jwt_parts(token: &str) -> (Value, Value) {
    let part = |index: usize| {
        let text = token.split('.').nth(index).unwrap_or_else(|| panic!("no JWT: {token}"));
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    (part(0), part(1))
}

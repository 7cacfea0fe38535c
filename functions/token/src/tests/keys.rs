//! Keys: the server's, which fail on demand, and those of clients that sign assertions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _, RSA_PKCS1_SHA384,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smart_core::jose::{Algorithm, Curve, PublicJwk, PublicKey, SigningKey};
use smart_core::ports::{PublicKeys, Signer, Unavailable};
use smart_local::SoftwareKey;
use tokio::sync::Barrier;

/// The server's keys: ES256 for access tokens, RS256 for ID tokens.
pub(super) struct Keys {
    access: EcdsaKeyPair,
    access_key: SigningKey,
    access_jwk: PublicJwk,
    id: SoftwareKey,
    /// How many signatures will still be made.
    left: AtomicUsize,
    /// Whether signing panics.
    broken: AtomicBool,
    /// What each signature waits for.
    meeting: Mutex<Option<Arc<Barrier>>>,
    /// How many were asked for.
    pub(super) asked: AtomicUsize,
}

impl Keys {
    pub(super) fn generate() -> Self {
        let access = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = coordinates(&access, 32);
        let access_jwk = PublicJwk::new(PublicKey::Ec { crv: Curve::P256, x, y }, Algorithm::ES256);
        let access_key = SigningKey { kid: access_jwk.kid.clone(), alg: access_jwk.alg };
        let id = SoftwareKey::generate().unwrap();
        Self {
            access,
            access_key,
            access_jwk,
            id,
            left: AtomicUsize::new(usize::MAX),
            broken: AtomicBool::new(false),
            meeting: Mutex::default(),
            asked: AtomicUsize::new(0),
        }
    }

    /// From now on just so many signatures are made.
    pub(super) fn sign_only(&self, signatures: usize) {
        self.left.store(signatures, Ordering::Relaxed);
    }

    /// From now on whoever asks for a signature finds a defect.
    pub(super) fn break_down(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// From now on no signature is made before so many are asked for.
    pub(super) fn sign_together(&self, signatures: usize) {
        *self.meeting.lock().unwrap() = Some(Arc::new(Barrier::new(signatures)));
    }

    pub(super) async fn published(&self) -> Vec<PublicJwk> {
        let mut keys = self.id.public_keys().await.unwrap();
        keys.push(self.access_jwk.clone());
        keys
    }
}

impl PublicKeys for Keys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        Ok(self.published().await)
    }
}

impl Signer for Keys {
    async fn access_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.access_key.clone())
    }

    async fn id_token_key(&self) -> Result<SigningKey, Unavailable> {
        self.id.id_token_key().await
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!self.broken.load(Ordering::Relaxed), "broken on purpose");
        let meeting = self.meeting.lock().unwrap().clone();
        if let Some(meeting) = meeting {
            meeting.wait().await;
        }
        let take = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Err(Unavailable::new("signer", "throttled on purpose"));
        }
        if *key == self.access_key {
            return Ok(self.access.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec());
        }
        self.id.sign(key, input).await
    }
}

/// A client's key for assertions.
pub(super) enum ClientKey {
    Es384(EcdsaKeyPair),
    Rs384(RsaKeyPair),
}

impl ClientKey {
    pub(super) fn es384() -> &'static Self {
        static KEY: OnceLock<ClientKey> = OnceLock::new();
        KEY.get_or_init(|| Self::Es384(ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)))
    }

    pub(super) fn rs384() -> &'static Self {
        static KEY: OnceLock<ClientKey> = OnceLock::new();
        KEY.get_or_init(|| Self::Rs384(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(super) fn alg(&self) -> &'static str {
        match self {
            Self::Es384(_) => "ES384",
            Self::Rs384(_) => "RS384",
        }
    }

    /// The public half; its name is its algorithm in lower case.
    pub(super) fn jwk(&self) -> Value {
        let kid = self.alg().to_lowercase();
        match self {
            Self::Es384(pair) => {
                let (x, y) = coordinates(pair, 48);
                json!({ "kty": "EC", "crv": "P-384", "kid": kid, "x": x, "y": y })
            }
            Self::Rs384(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let [n, e] = [n, e].map(|part| URL_SAFE_NO_PAD.encode(part));
                json!({ "kty": "RSA", "kid": kid, "n": n, "e": e })
            }
        }
    }

    /// A JWT with this header and these claims.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = match self {
            Self::Es384(pair) => pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rs384(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA384, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    EcdsaKeyPair::generate(algorithm).unwrap()
}

/// x and y of an uncompressed point: 4, then both.
fn coordinates(pair: &EcdsaKeyPair, bytes: usize) -> (String, String) {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(bytes);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

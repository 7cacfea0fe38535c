//! What signs and what is published of it, verified by other libraries than those that sign: `jsonwebtoken` and the bare primitives.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smart_core::jose::{self, Algorithm, KeyId, PublicJwk, PublicKey, SigningKey};
use smart_core::ports::{PublicKeys, Signer};

use super::together;

/// Keys that sign, and what is published of them.
pub(crate) trait Keys: Signer + PublicKeys + 'static {}

impl<K> Keys for K where K: Signer + PublicKeys + 'static {}

/// Verifies with the bare primitives, the key taken from what is published.
fn verified(key: &PublicKey, input: &[u8], signature: &[u8]) -> bool {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    match key {
        PublicKey::Rsa { n, e } => RsaPublicKeyComponents { n: bytes(n), e: bytes(e) }
            .verify(&RSA_PKCS1_2048_8192_SHA256, input, signature)
            .is_ok(),
        PublicKey::Ec { x, y, .. } => {
            let point = [vec![4], bytes(x), bytes(y)].concat();
            let algorithm: &dyn VerificationAlgorithm =
                if point.len() == 65 { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P384_SHA384_FIXED };
            UnparsedPublicKey::new(algorithm, point).verify(input, signature).is_ok()
        }
    }
}

async fn published<K: Keys>(keys: &K, name: &SigningKey) -> PublicJwk {
    let mut named = keys.public_keys().await.unwrap();
    named.retain(|jwk| jwk.kid == name.kid);
    let [jwk] = <[PublicJwk; 1]>::try_from(named).unwrap();
    assert_eq!((jwk.alg, jwk.key.thumbprint()), (name.alg, name.kid.clone()));
    jwk
}

/// RFC 7515, SEC-15: what a key signs verifies with what is published under its name, short or long, and nothing else does.
pub(crate) async fn sec_15_what_the_key_signs_verifies_with_what_is_published<K: Keys>(keys: Arc<K>) {
    for name in [keys.access_token_key().await.unwrap(), keys.id_token_key().await.unwrap()] {
        let jwk = published(&*keys, &name).await;
        // KMS takes up to 4,096 bytes as they are, and a digest of more. Signatures of elliptic curves differ, and some have leading
        // zeros.
        for (length, times) in [(1, 12), (3_000, 2), (9_000, 12)] {
            for n in 0..times {
                let claims = json!({ "sub": "a", "n": n, "padding": "x".repeat(length) });
                let input = jose::signing_input("at+jwt", &name, &claims);
                let signature = keys.sign(&name, input.as_bytes()).await.unwrap();
                let token = jose::compact(&input, &signature);
                let read: Value = jose::verify(&token, &jwk.key, jwk.alg).unwrap();
                assert_eq!(read, claims);
                assert!(verified(&jwk.key, input.as_bytes(), &signature), "{:?} of {length}", jwk.alg);
                assert!(!verified(&jwk.key, b"other", &signature));
            }
        }
        for length in [4_095, 4_096, 4_097] {
            let input = "x".repeat(length);
            let signature = keys.sign(&name, input.as_bytes()).await.unwrap();
            assert!(verified(&jwk.key, input.as_bytes(), &signature), "{:?} of {length}", jwk.alg);
            for other in keys.public_keys().await.unwrap() {
                let verifies = verified(&other.key, input.as_bytes(), &signature);
                assert_eq!(verifies, other.kid == jwk.kid, "by {}", other.kid);
            }
        }
    }
}

/// The one that signs comes first, and none comes twice.
pub(crate) async fn the_key_that_signs_is_published_first<K: Keys>(keys: Arc<K>) {
    let published = keys.public_keys().await.unwrap();
    assert_eq!(published.first().map(|jwk| &jwk.kid), Some(&keys.access_token_key().await.unwrap().kid));
    let mut names: Vec<_> = published.iter().map(|jwk| jwk.kid.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), published.len());
}

/// OIDC Core §15.1: ID tokens are signed with RS256, whatever signs access tokens.
pub(crate) async fn id_tokens_are_signed_with_rs256<K: Keys>(keys: Arc<K>) {
    let name = keys.id_token_key().await.unwrap();
    assert_eq!(name.alg, Algorithm::RS256);
    assert!(matches!(published(&*keys, &name).await.key, PublicKey::Rsa { .. }));
}

/// A name that no key has here signs nothing, and neither does a key by another algorithm than its own.
pub(crate) async fn what_no_key_is_named_signs_nothing<K: Keys>(keys: Arc<K>) {
    let own = keys.id_token_key().await.unwrap();
    let nobodys = SigningKey { kid: KeyId::from("nobody"), ..own.clone() };
    let otherwise = SigningKey { alg: Algorithm::ES384, ..own };
    for name in [nobodys, otherwise] {
        let refused = keys.sign(&name, b"x").await.unwrap_err();
        assert_eq!(refused.port, "signer");
        assert!(refused.reason.contains(name.kid.as_str()), "{refused}");
    }
}

/// Of fifty at once each gets the signature of its own input.
pub(crate) async fn fifty_at_once_each_get_their_own_signature<K: Keys>(keys: Arc<K>) {
    let name = keys.access_token_key().await.unwrap();
    let jwk = published(&*keys, &name).await;
    let signed = together(50, |n| {
        let (keys, name) = (Arc::clone(&keys), name.clone());
        async move { (n, keys.sign(&name, &n.to_be_bytes()).await.unwrap()) }
    });
    for (n, signature) in signed.await {
        assert!(verified(&jwk.key, &n.to_be_bytes(), &signature));
        assert!(!verified(&jwk.key, &(n + 1).to_be_bytes(), &signature));
    }
}

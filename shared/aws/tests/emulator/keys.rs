//! Signatures made by KMS, verified by other libraries than the emulator's: `jsonwebtoken` and aws-lc-rs.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey, VerificationAlgorithm,
};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smart_aws::config::KeyNames;
use smart_aws::{KeySetupError, KmsKeys, KmsPublicKeys, emulator};
use smart_core::jose::{self, Algorithm, PublicKey};
use smart_core::ports::{PublicKeys as _, Signer as _};

async fn kms() -> Client {
    emulator::sdk().await.unwrap().kms()
}

async fn make(client: &Client, spec: KeySpec) -> String {
    let made = client.create_key().key_spec(spec).key_usage(KeyUsageType::SignVerify).send().await.unwrap();
    made.key_metadata.unwrap().key_id
}

async fn load(client: &Client, names: &[&str]) -> Result<KmsKeys, KeySetupError> {
    KmsKeys::load(client.clone(), &KeyNames::parse(&names.join(",")).unwrap()).await
}

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

#[tokio::test]
async fn rfc7518_tokens_of_all_three_kinds_of_keys_verify_short_and_long() {
    let client = kms().await;
    let rsa = make(&client, KeySpec::Rsa2048).await;
    for (spec, alg) in [
        (KeySpec::Rsa2048, Algorithm::RS256),
        (KeySpec::EccNistP256, Algorithm::ES256),
        (KeySpec::EccNistP384, Algorithm::ES384),
    ] {
        let key = make(&client, spec).await;
        let keys = load(&client, &[&key, &rsa]).await.unwrap();
        let published = keys.public_keys().await.unwrap();
        let name = keys.access_token_key();
        assert_eq!((name.alg, &published[0].kid), (alg, &name.kid));
        assert_eq!(published[0].key.thumbprint(), name.kid);
        // Up to 4,096 bytes are sent as they are, more as a digest. Signatures differ, and some have leading zeros.
        for (length, times) in [(1, 12), (3_000, 2), (9_000, 12)] {
            for n in 0..times {
                let claims = json!({ "sub": "a", "n": n, "padding": "x".repeat(length) });
                let input = jose::signing_input("at+jwt", name, &claims);
                let signature = keys.sign(name, input.as_bytes()).await.unwrap();
                let token = jose::compact(&input, &signature);
                let read: Value = jose::verify(&token, &published[0].key, alg).unwrap();
                assert_eq!(read, claims);
                assert!(verified(&published[0].key, input.as_bytes(), &signature), "{alg:?} of {length}");
                assert!(!verified(&published[0].key, b"other", &signature));
            }
        }
        for length in [4_095, 4_096, 4_097] {
            let input = "x".repeat(length);
            let signature = keys.sign(name, input.as_bytes()).await.unwrap();
            assert!(verified(&published[0].key, input.as_bytes(), &signature), "{alg:?} of {length}");
        }
    }
}

#[tokio::test]
async fn oidc_15_1_the_first_key_signs_access_tokens_and_the_first_rsa_key_id_tokens() {
    let client = kms().await;
    let (ec, first, second) = (
        make(&client, KeySpec::EccNistP384).await,
        make(&client, KeySpec::Rsa2048).await,
        make(&client, KeySpec::Rsa2048).await,
    );
    let keys = load(&client, &[&ec, &first, &second]).await.unwrap();
    let published = keys.public_keys().await.unwrap();
    assert_eq!(published.len(), 3);
    assert_eq!(keys.access_token_key().kid, published[0].kid);
    assert_eq!(keys.id_token_key().kid, published[1].kid);
    let input = b"id token";
    let signature = keys.sign(keys.id_token_key(), input).await.unwrap();
    assert!(verified(&published[1].key, input, &signature));

    let refused = load(&client, &[&ec]).await.unwrap_err();
    assert!(matches!(refused, KeySetupError::NoRsaKey), "{refused}");
    // A name that no key has here signs nothing.
    let other = load(&client, &[&second]).await.unwrap();
    assert!(other.sign(keys.access_token_key(), input).await.is_err());
}

#[tokio::test]
async fn an_alias_is_resolved_at_start_and_moving_it_later_changes_nothing() {
    let client = kms().await;
    let (old, new) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa2048).await);
    let alias = format!("alias/{old}");
    client.create_alias().alias_name(&alias).target_key_id(&old).send().await.unwrap();
    let keys = load(&client, &[&alias, &old, &new]).await.unwrap();
    let published = keys.public_keys().await.unwrap();
    assert_eq!(published.len(), 2, "one key by two names is one key");
    client.update_alias().alias_name(&alias).target_key_id(&new).send().await.unwrap();
    let signature = keys.sign(keys.access_token_key(), b"x").await.unwrap();
    assert!(verified(&published[0].key, b"x", &signature));
    assert!(!verified(&published[1].key, b"x", &signature));
    let restarted = load(&client, &[&alias]).await.unwrap();
    assert_eq!(restarted.access_token_key().kid, published[1].kid);
}

#[tokio::test]
async fn a_disabled_or_deleted_key_signs_nothing_and_says_so() {
    let client = kms().await;
    let key = make(&client, KeySpec::Rsa2048).await;
    let keys = load(&client, &[&key]).await.unwrap();
    client.disable_key().key_id(&key).send().await.unwrap();
    let disabled = keys.sign(keys.access_token_key(), b"x").await.unwrap_err();
    assert!(disabled.reason.contains(&key) && disabled.reason.contains("is disabled"), "{disabled}");
    assert_eq!(disabled.port, "signer");
    client.enable_key().key_id(&key).send().await.unwrap();
    keys.sign(keys.access_token_key(), b"x").await.unwrap();
    client.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.unwrap();
    let deleted = keys.sign(keys.access_token_key(), b"x").await.unwrap_err();
    assert!(deleted.reason.contains("is to be deleted"), "{deleted}");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_named_at_start_and_a_retired_one_is_left_out() {
    let client = kms().await;
    let key = make(&client, KeySpec::Rsa2048).await;
    let refused = load(&client, &["alias/nobody", &key]).await.unwrap_err();
    assert!(refused.to_string().contains("alias/nobody"), "{refused}");
    assert!(refused.to_string().contains("NotFoundException"), "{refused}");
    let keys = load(&client, &[&key, "alias/nobody"]).await.unwrap();
    assert_eq!(keys.public_keys().await.unwrap().len(), 1);
    let large = make(&client, KeySpec::Rsa4096).await;
    for names in [[large.as_str(), key.as_str()], [&key, &large]] {
        let refused = load(&client, &names).await.unwrap_err();
        assert!(matches!(refused, KeySetupError::Unsuitable { .. }), "{refused}");
        assert!(refused.to_string().contains("RSA_4096 for SIGN_VERIFY"), "{refused}");
    }
}

#[tokio::test]
async fn the_public_halves_alone_are_read_when_they_are_asked_for() {
    let client = kms().await;
    let rsa = make(&client, KeySpec::Rsa2048).await;
    let names = |names: &str| KeyNames::parse(names).unwrap();
    let keys = KmsPublicKeys::new(client.clone(), names(&rsa));
    let published = load(&client, &[&rsa]).await.unwrap().public_keys().await.unwrap();
    assert_eq!(keys.public_keys().await.unwrap(), published);
    let nobodys = KmsPublicKeys::new(client, names("alias/nobody"));
    let unavailable = nobodys.public_keys().await.unwrap_err();
    assert!(unavailable.reason.contains("signing key alias/nobody"), "{unavailable}");
}

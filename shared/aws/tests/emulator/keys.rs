//! The names and states of KMS's keys: what is resolved at start, and what a key that cannot sign is told as. What every signer must do is
//! in the store contract.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::KeySpec;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smart_aws::config::KeyNames;
use smart_aws::{KeySetupError, KmsKeys, KmsPublicKeys, emulator};
use smart_core::jose::PublicKey;
use smart_core::ports::{PublicKeys as _, Signer as _};

async fn kms() -> Client {
    emulator::sdk().await.unwrap().kms()
}

async fn make(client: &Client, spec: KeySpec) -> String {
    emulator::make_key(client, spec).await.unwrap()
}

async fn load(client: &Client, names: &[&str]) -> Result<KmsKeys, KeySetupError> {
    KmsKeys::load(client.clone(), &KeyNames::parse(&names.join(",")).unwrap()).await
}

/// Verifies with the bare primitives, the key taken from what is published.
fn verified(key: &PublicKey, input: &[u8], signature: &[u8]) -> bool {
    let PublicKey::Rsa { n, e } = key else { panic!("no RSA key") };
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = RsaPublicKeyComponents { n: bytes(n), e: bytes(e) };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, input, signature).is_ok()
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

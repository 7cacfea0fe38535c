//! The names and states of KMS's keys: what is resolved at start, and what a key that cannot be used is told as. What every signer must do is
//! in the store contract.

use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata as _;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, SigningAlgorithmSpec};
use smart_aws::config::KeyNames;
use smart_aws::{KeyError, KmsKeys, KmsPublicKeys, emulator};
use smart_core::ports::{PublicKeys as _, Signer as _, Unavailable};

use crate::proxy::{Fate, Script, THROTTLE, listen};

async fn kms() -> Client {
    emulator::sdk().await.unwrap().kms()
}

/// KMS by a proxy that does as it is told.
async fn scripted() -> (Client, Script) {
    let sdk = emulator::sdk().await.unwrap();
    let script = Script::default();
    let proxy = listen(sdk.config().endpoint_url().unwrap(), script.clone()).await;
    let config = aws_sdk_kms::config::Builder::from(sdk.config()).endpoint_url(&proxy);
    (Client::from_conf(config.build()), script)
}

async fn make(client: &Client, spec: KeySpec) -> String {
    emulator::make_key(client, spec).await.unwrap()
}

fn names(names: &[&str]) -> KeyNames {
    KeyNames::parse(&names.join(",")).unwrap()
}

async fn load(client: &Client, of: &[&str]) -> Result<KmsKeys, KeyError> {
    KmsKeys::load(client.clone(), &names(of)).await
}

/// Whether KMS itself says that this RSA key made the signature.
async fn is_made_by(client: &Client, key: &str, input: &[u8], signature: &[u8]) -> bool {
    let call = client.verify().key_id(key).message(Blob::new(input)).signature(Blob::new(signature));
    match call.signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256).send().await {
        Ok(verified) => verified.signature_valid,
        Err(error) => {
            assert_eq!(error.code(), Some("KMSInvalidSignatureException"), "{error:?}");
            false
        }
    }
}

/// The kids of what is published.
async fn published(keys: &KmsKeys) -> Result<Vec<String>, Unavailable> {
    Ok(keys.public_keys().await?.into_iter().map(|jwk| jwk.kid.to_string()).collect())
}

/// The kid of a key that can be used.
async fn kid(client: &Client, key: &str) -> String {
    published(&load(client, &[key]).await.unwrap()).await.unwrap().remove(0)
}

#[tokio::test]
async fn the_first_key_signs_access_tokens_and_the_first_rsa_key_id_tokens() {
    let client = kms().await;
    let (ec, first, second) = (
        make(&client, KeySpec::EccNistP384).await,
        make(&client, KeySpec::Rsa2048).await,
        make(&client, KeySpec::Rsa2048).await,
    );
    let keys = load(&client, &[&ec, &first, &second]).await.unwrap();
    let published = published(&keys).await.unwrap();
    assert_eq!(published.len(), 3);
    let (access_token_key, id_token_key) =
        (keys.access_token_key().await.unwrap(), keys.id_token_key().await.unwrap());
    assert_eq!([access_token_key.kid.as_str(), id_token_key.kid.as_str()], published[..2]);
    let input = b"id token";
    let signature = keys.sign(&id_token_key, input).await.unwrap();
    assert!(is_made_by(&client, &first, input, &signature).await);

    let refused = load(&client, &[&ec]).await.unwrap_err();
    assert!(matches!(refused, KeyError::NoRsaKey), "{refused}");
    // A name that no key has here signs nothing.
    let other = load(&client, &[&second]).await.unwrap();
    assert!(other.sign(&access_token_key, input).await.is_err());
}

#[tokio::test]
async fn an_alias_is_resolved_at_start_and_moving_it_later_changes_nothing() {
    let client = kms().await;
    let (old, new) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa2048).await);
    let alias = format!("alias/{old}");
    client.create_alias().alias_name(&alias).target_key_id(&old).send().await.unwrap();
    let keys = load(&client, &[&alias, &old, &new]).await.unwrap();
    assert_eq!(published(&keys).await.unwrap().len(), 2, "one key by two names is one key");
    client.update_alias().alias_name(&alias).target_key_id(&new).send().await.unwrap();
    let signature = keys.sign(&keys.access_token_key().await.unwrap(), b"x").await.unwrap();
    assert!(is_made_by(&client, &old, b"x", &signature).await);
    assert!(!is_made_by(&client, &new, b"x", &signature).await);
    let restarted = load(&client, &[&alias]).await.unwrap();
    assert_eq!(restarted.access_token_key().await.unwrap().kid.as_str(), kid(&client, &new).await);
}

/// Of the issue "On AWS for real": a disabled or deleted key gives no token.
#[tokio::test]
async fn a_disabled_deleted_or_denied_key_signs_nothing_and_says_so() {
    let (client, script) = scripted().await;
    let key = make(&client, KeySpec::Rsa2048).await;
    let keys = load(&client, &[&key]).await.unwrap();
    let name = keys.access_token_key().await.unwrap();
    let refused = async |expected: &str| {
        let told = keys.sign(&name, b"x").await.unwrap_err();
        assert_eq!((told.port, told.retry_after), ("signer", Duration::from_mins(1)), "{told}");
        assert!(told.reason.contains(&key) && told.reason.contains(expected), "{told}");
        assert!(!told.reason.contains("s3cr3t"), "{told}");
    };
    client.disable_key().key_id(&key).send().await.unwrap();
    refused("is disabled").await;
    client.enable_key().key_id(&key).send().await.unwrap();
    keys.sign(&name, b"x").await.unwrap();
    for (code, expected) in [
        ("AccessDeniedException", "may not be used by this function"),
        ("NotFoundException", "does not exist"),
    ] {
        script.set(&[Fate::Refuse(code)]);
        refused(expected).await;
        assert_eq!(script.called(), ["Sign"], "asking again does not help");
    }
    client.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.unwrap();
    refused("is to be deleted").await;
}

#[tokio::test]
async fn a_key_for_something_else_ends_the_start_by_name() {
    let client = kms().await;
    let (key, large) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa4096).await);
    for of in [[large.as_str(), key.as_str()], [&key, &large]] {
        let refused = load(&client, &of).await.unwrap_err();
        assert!(matches!(refused, KeyError::Unsuitable { .. }), "{refused}");
        assert!(refused.to_string().contains(&large), "{refused}");
        assert!(refused.to_string().contains("RSA_4096 for SIGN_VERIFY"), "{refused}");
    }
}

/// What KMS answers of a key that can be used for nothing.
const UNUSABLE: [(&str, &str); 3] = [
    ("DisabledException", "is disabled"),
    ("KMSInvalidStateException", "is to be deleted"),
    ("NotFoundException", "does not exist"),
];

/// What it answers, or does, when it does not tell.
const UNTOLD: [Fate; 4] =
    [THROTTLE, Fate::LoseCall, Fate::Refuse("KMSInternalException"), Fate::Refuse("AccessDeniedException")];

/// KMS while `fate` befalls all that it is asked, and the keys that were read then; after that all is well.
async fn started_during(fate: Fate, of: &[&str]) -> (KmsKeys, Script) {
    let (client, script) = scripted().await;
    script.always(fate);
    let keys = load(&client, of).await.expect("a start that goes on");
    (keys, script)
}

#[tokio::test]
async fn a_first_key_that_is_disabled_or_gone_is_left_out_and_no_other_signs_in_its_place() {
    let client = kms().await;
    let (first, second) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa2048).await);
    let (first_kid, second_kid) = (kid(&client, &first).await, kid(&client, &second).await);
    for (code, expected) in UNUSABLE {
        let (by_script, script) = scripted().await;
        script.always_of(&first, Fate::Refuse(code));
        let keys = load(&by_script, &[&first, &second]).await.unwrap();
        assert_eq!(published(&keys).await.unwrap(), [second_kid.as_str()], "{code}");
        for told in [keys.access_token_key().await.unwrap_err(), keys.id_token_key().await.unwrap_err()] {
            assert_eq!((told.port, told.retry_after), ("signer", Duration::from_mins(1)), "{told}");
            assert!(told.reason.contains(&first) && told.reason.contains(expected), "{told}");
        }
        // Somebody enables it again: no restart is needed.
        script.set(&[]);
        assert_eq!(keys.access_token_key().await.unwrap().kid.as_str(), first_kid);
        assert_eq!(published(&keys).await.unwrap(), [first_kid.as_str(), second_kid.as_str()]);
    }
}

#[tokio::test]
async fn a_later_key_that_is_gone_is_left_out_and_the_first_goes_on_signing() {
    let client = kms().await;
    let (first, second) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa2048).await);
    client.disable_key().key_id(&second).send().await.unwrap();
    let (by_script, script) = scripted().await;
    for fate in [Fate::Refuse("DisabledException"), Fate::Refuse("NotFoundException")] {
        script.always_of(&second, fate);
        let keys = load(&by_script, &[&first, &second]).await.unwrap();
        assert_eq!(published(&keys).await.unwrap(), [kid(&client, &first).await]);
        let signature = keys.sign(&keys.id_token_key().await.unwrap(), b"x").await.unwrap();
        assert!(is_made_by(&client, &first, b"x", &signature).await);
    }
}

#[tokio::test]
async fn without_any_key_that_can_be_used_nothing_is_published_rather_than_an_empty_set() {
    let client = kms().await;
    let key = make(&client, KeySpec::Rsa2048).await;
    for (code, expected) in UNUSABLE {
        let (keys, _) = started_during(Fate::Refuse(code), &[&key]).await;
        let told = published(&keys).await.unwrap_err();
        assert_eq!((told.port, told.retry_after), ("signer", Duration::from_mins(1)), "{told}");
        assert!(told.reason.contains(&key) && told.reason.contains(expected), "{told}");
    }
}

/// Without the key that KMS did not tell of, its tokens would be taken for forged ones.
#[tokio::test]
async fn while_kms_does_not_tell_of_a_key_no_key_set_is_told_and_later_it_is_whole() {
    let client = kms().await;
    let (first, second) = (make(&client, KeySpec::Rsa2048).await, make(&client, KeySpec::Rsa2048).await);
    let both = [kid(&client, &first).await, kid(&client, &second).await];
    for fate in UNTOLD {
        for of in [&first, &second] {
            let (by_script, script) = scripted().await;
            script.always_of(of, fate);
            let keys = load(&by_script, &[&first, &second]).await.expect("a start that goes on");
            let told = published(&keys).await.unwrap_err();
            assert!(told.port == "signer" && told.reason.contains(&**of), "{told}");
            assert!(!told.reason.contains("s3cr3t"), "{told}");
            assert_eq!(keys.access_token_key().await.is_ok(), *of == second, "{fate:?}");
            script.set(&[]);
            assert_eq!(published(&keys).await.unwrap(), both, "{fate:?}");
            assert_eq!(keys.access_token_key().await.unwrap().kid.as_str(), both[0]);
            // Once each was read, nobody is asked again.
            script.set(&[]);
            published(&keys).await.unwrap();
            assert_eq!(script.called(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn the_public_halves_alone_are_read_when_they_are_asked_for() {
    let client = kms().await;
    let rsa = make(&client, KeySpec::Rsa2048).await;
    let keys = KmsPublicKeys::new(client.clone(), &names(&[&rsa]));
    let published = load(&client, &[&rsa]).await.unwrap().public_keys().await.unwrap();
    assert_eq!(keys.public_keys().await.unwrap(), published);
    let nobodys = KmsPublicKeys::new(client, &names(&["alias/nobody"]));
    let unavailable = nobodys.public_keys().await.unwrap_err();
    assert!(unavailable.reason.contains("signing key alias/nobody does not exist"), "{unavailable}");
}

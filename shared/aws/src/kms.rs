//! Signing keys that never leave KMS.
//!
//! Each name of `SMART_SIGNING_KEYS` (a key id, an ARN or an alias) is resolved at start to the ARN of a key, and signing names the ARN: an
//! alias that is moved later does not change which key signs under which published `kid` (its RFC 7638 thumbprint). The
//! public keys are read in the same call, once. To rotate: add the new key at the end (it is published), wait until caches
//! have it, move it to the front (it signs), and take the old one away when its last token has expired.
//!
//! | key spec of KMS | signs with |
//! |---|---|
//! | `RSA_2048` | RS256 |
//! | `ECC_NIST_P256` | ES256 |
//! | `ECC_NIST_P384` | ES384 |
//!
//! The first key signs access tokens; ID tokens are signed by the first RSA key (OIDC Core §15.1 requires RS256).
//! KMS takes at most 4,096 bytes as they are; of more it is sent the digest.

mod der;

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_kms::operation::get_public_key::{GetPublicKeyError, GetPublicKeyOutput};
use aws_sdk_kms::operation::sign::SignError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use futures_util::future::join_all;
use smart_core::jose::{Algorithm, PublicJwk, SigningKey};
use smart_core::ports::{PublicKeys, Signer, Unavailable};
use thiserror::Error;

use crate::calls::unavailable;
use crate::config::KeyNames;

const PORT: &str = "signer";

/// The most that KMS takes as it is (`Sign`, `Message`).
const LONGEST_RAW: usize = 4096;

/// How long a signature by RSA-2048 is.
const RSA_2048_SIGNATURE: usize = 256;

/// When to come back after a key was found unusable: that is mended by hand.
const UNUSABLE: Duration = Duration::from_mins(1);

/// Why the keys cannot be used at all: one line for the operator.
#[derive(Debug, Error)]
pub enum KeySetupError {
    /// KMS did not give the public key.
    #[error("signing key {name}: {}", unavailable.reason)]
    Unreadable {
        /// The key as it was named.
        name: String,
        /// Why, and when to ask again.
        unavailable: Unavailable,
    },
    /// It is a key for something else.
    #[error(
        "signing key {name}: expected an RSA_2048, ECC_NIST_P256 or ECC_NIST_P384 key for SIGN_VERIFY, and it is {found}"
    )]
    Unsuitable {
        /// The key as it was named.
        name: String,
        /// Its key spec and usage.
        found: String,
    },
    /// ID tokens need one.
    #[error("no RSA_2048 key among the signing keys: ID tokens are signed with RS256")]
    NoRsaKey,
}

impl KeySetupError {
    /// What whoever asks for the keys is told: to come back when KMS may answer, or when somebody may have mended it.
    fn unavailable(&self) -> Unavailable {
        let retry_after = match self {
            Self::Unreadable { unavailable, .. } => unavailable.retry_after,
            Self::Unsuitable { .. } | Self::NoRsaKey => UNUSABLE,
        };
        Unavailable { retry_after, ..Unavailable::new(PORT, self.to_string()) }
    }
}

/// A key: its address, and what is published of it.
struct Key {
    arn: String,
    name: SigningKey,
    public: PublicJwk,
}

/// The keys in KMS that sign, or lately signed.
pub struct KmsKeys {
    client: Client,
    /// The first signs access tokens.
    keys: Vec<Key>,
    access_token_key: SigningKey,
    id_token_key: SigningKey,
}

impl KmsKeys {
    /// Reads the public keys, all at once.
    ///
    /// A key after the first that was disabled or deleted is left out, with a warning: whoever retires a key may forget to take its
    /// name away. A key that KMS could not tell of just now is an error, since its tokens would not verify.
    pub async fn load(client: Client, names: &KeyNames) -> Result<Self, KeySetupError> {
        let reads = names.as_slice().iter().map(|name| client.get_public_key().key_id(name).send());
        let read = join_all(reads).await;
        let mut keys: Vec<Key> = Vec::new();
        for (name, read) in names.as_slice().iter().zip(read) {
            let read = match read {
                Ok(read) => read,
                Err(error) if !keys.is_empty() && is_gone(&error) => {
                    tracing::warn!(key = name, "a signing key is disabled or deleted: it is not published");
                    continue;
                }
                Err(error) => return Err(unreadable(name, &error)),
            };
            let key = Key::read(name, &read)?;
            // Two names of one key.
            if !keys.iter().any(|known| known.arn == key.arn) {
                keys.push(key);
            }
        }
        let first = keys.first().ok_or(KeySetupError::NoRsaKey)?.name.clone();
        let rsa = keys.iter().find(|key| key.name.alg == Algorithm::RS256).ok_or(KeySetupError::NoRsaKey)?;
        let id_token_key = rsa.name.clone();
        Ok(Self { client, keys, access_token_key: first, id_token_key })
    }
}

#[cfg(feature = "operator")]
impl KmsKeys {
    /// What is published, the key that signs first.
    pub(crate) fn published(self) -> impl Iterator<Item = PublicJwk> {
        self.keys.into_iter().map(|key| key.public)
    }
}

impl Key {
    fn read(name: &str, read: &GetPublicKeyOutput) -> Result<Self, KeySetupError> {
        let alg = match (read.key_spec(), read.key_usage()) {
            (Some(KeySpec::Rsa2048), Some(KeyUsageType::SignVerify)) => Some(Algorithm::RS256),
            (Some(KeySpec::EccNistP256), Some(KeyUsageType::SignVerify)) => Some(Algorithm::ES256),
            (Some(KeySpec::EccNistP384), Some(KeyUsageType::SignVerify)) => Some(Algorithm::ES384),
            _ => None,
        };
        let public = read.public_key().and_then(|spki| der::public_key(spki.as_ref()));
        let (Some(alg), Some(public), Some(arn)) = (alg, public, read.key_id()) else {
            return Err(unsuitable(name, read));
        };
        if !public.fits(alg) {
            return Err(unsuitable(name, read));
        }
        let public = PublicJwk::new(public, alg);
        Ok(Self { arn: arn.to_owned(), name: SigningKey { kid: public.kid.clone(), alg }, public })
    }

    /// The raw JOSE signature (RFC 7518 §3) of what KMS answered.
    fn jose_signature(&self, signed: &[u8]) -> Option<Vec<u8>> {
        match self.name.alg {
            Algorithm::RS256 | Algorithm::RS384 => {
                (signed.len() == RSA_2048_SIGNATURE).then(|| signed.to_vec())
            }
            Algorithm::ES256 => der::jose_signature(signed, 32),
            Algorithm::ES384 => der::jose_signature(signed, 48),
        }
    }
}

/// What KMS is asked to sign with. Only the three of [`Key::read`] come here.
fn algorithm(alg: Algorithm) -> SigningAlgorithmSpec {
    match alg {
        Algorithm::RS256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::RS384 => SigningAlgorithmSpec::RsassaPkcs1V15Sha384,
        Algorithm::ES256 => SigningAlgorithmSpec::EcdsaSha256,
        Algorithm::ES384 => SigningAlgorithmSpec::EcdsaSha384,
    }
}

/// What KMS is sent: the input if it fits, else its digest.
fn message(alg: Algorithm, input: &[u8]) -> (MessageType, Blob) {
    if input.len() <= LONGEST_RAW {
        return (MessageType::Raw, Blob::new(input));
    }
    let hash = match alg {
        Algorithm::RS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::ES384 => &SHA384,
    };
    (MessageType::Digest, Blob::new(digest(hash, input).as_ref()))
}

impl Signer for KmsKeys {
    fn access_token_key(&self) -> &SigningKey {
        &self.access_token_key
    }

    fn id_token_key(&self) -> &SigningKey {
        &self.id_token_key
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let Some(key) = self.keys.iter().find(|known| known.name == *key) else {
            return Err(Unavailable::new(PORT, format!("no key named {}", key.kid)));
        };
        let (kind, message) = message(key.name.alg, input);
        let call = self.client.sign().key_id(&key.arn).message_type(kind).message(message);
        let signed = call.signing_algorithm(algorithm(key.name.alg)).send().await;
        let signed = signed.map_err(|error| refused(key, &error))?;
        let signature = signed.signature().map(Blob::as_ref).and_then(|signed| key.jose_signature(signed));
        signature
            .ok_or_else(|| Unavailable::new(PORT, format!("key {}: an answer that is no signature", key.arn)))
    }
}

/// The public halves alone, read when they are asked for and not before: for a function that seldom needs them, and that shall start,
/// and go on with the rest, when KMS does not answer.
pub struct KmsPublicKeys {
    client: Client,
    names: KeyNames,
}

impl KmsPublicKeys {
    /// The keys of those names.
    pub fn new(client: Client, names: KeyNames) -> Self {
        Self { client, names }
    }
}

impl PublicKeys for KmsPublicKeys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        match KmsKeys::load(self.client.clone(), &self.names).await {
            Ok(keys) => keys.public_keys().await,
            Err(error) => Err(error.unavailable()),
        }
    }
}

impl PublicKeys for KmsKeys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        Ok(self.keys.iter().map(|key| key.public.clone()).collect())
    }
}

impl fmt::Debug for KmsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|key| (&key.arn, key.name.alg)).collect();
        f.debug_struct("KmsKeys").field("keys", &keys).finish_non_exhaustive()
    }
}

/// What a signature that KMS did not make means: nothing is signed by another key.
fn refused<R>(key: &Key, error: &SdkError<SignError, R>) -> Unavailable {
    let state = match error.as_service_error() {
        Some(SignError::DisabledException(_)) => "is disabled",
        Some(SignError::KmsInvalidStateException(_)) => "is to be deleted, or not ready",
        Some(SignError::NotFoundException(_)) => "does not exist any more",
        Some(other) if other.code() == Some("AccessDeniedException") => "may not be used by this function",
        _ => return unavailable(PORT, "Sign", error),
    };
    Unavailable {
        retry_after: UNUSABLE,
        ..Unavailable::new(PORT, format!("signing key {} {state}", key.arn))
    }
}

fn is_gone<R>(error: &SdkError<GetPublicKeyError, R>) -> bool {
    matches!(
        error.as_service_error(),
        Some(
            GetPublicKeyError::DisabledException(_)
                | GetPublicKeyError::KmsInvalidStateException(_)
                | GetPublicKeyError::NotFoundException(_)
        )
    )
}

fn unreadable<R>(name: &str, error: &SdkError<GetPublicKeyError, R>) -> KeySetupError {
    KeySetupError::Unreadable { name: name.to_owned(), unavailable: unavailable(PORT, "GetPublicKey", error) }
}

fn unsuitable(name: &str, read: &GetPublicKeyOutput) -> KeySetupError {
    let spec = read.key_spec().map_or("of an unknown spec", KeySpec::as_str);
    let usage = read.key_usage().map_or("an unknown use", KeyUsageType::as_str);
    KeySetupError::Unsuitable { name: name.to_owned(), found: format!("{spec} for {usage}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kms_takes_4096_bytes_as_they_are_and_a_digest_of_more() {
        assert_eq!(message(Algorithm::RS256, &[0; LONGEST_RAW]).0, MessageType::Raw);
        for (alg, length) in [(Algorithm::RS256, 32), (Algorithm::ES256, 32), (Algorithm::ES384, 48)] {
            let (kind, sent) = message(alg, &[0; LONGEST_RAW + 1]);
            assert_eq!((kind, sent.as_ref().len()), (MessageType::Digest, length));
        }
    }

    #[test]
    fn a_key_of_another_spec_or_use_is_refused_by_name() {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let spki = {
            use aws_lc_rs::encoding::AsDer as _;
            use aws_lc_rs::signature::KeyPair as _;
            pair.public_key().as_der().unwrap().as_ref().to_vec()
        };
        let read = |spec: KeySpec, usage: KeyUsageType| {
            GetPublicKeyOutput::builder()
                .key_id("arn:aws:kms:eu-central-1:1:key/k")
                .key_spec(spec)
                .key_usage(usage)
                .public_key(Blob::new(spki.clone()))
                .build()
        };
        let key = Key::read("alias/a", &read(KeySpec::Rsa2048, KeyUsageType::SignVerify)).unwrap();
        assert_eq!((key.name.alg, key.name.kid.clone()), (Algorithm::RS256, key.public.kid.clone()));
        for (spec, usage) in [
            (KeySpec::Rsa4096, KeyUsageType::SignVerify),
            (KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt),
            // Says one thing, and holds another.
            (KeySpec::EccNistP256, KeyUsageType::SignVerify),
        ] {
            let refused = Key::read("alias/a", &read(spec.clone(), usage.clone())).err().unwrap().to_string();
            assert!(refused.contains("alias/a") && refused.contains(spec.as_str()), "{refused}");
        }
    }

    #[test]
    fn an_rsa_signature_of_another_length_is_none() {
        let jwk = PublicJwk::new(smart_core::jose::PublicKey::rsa(&[255; 256], &[1, 0, 1]), Algorithm::RS256);
        let name = SigningKey { kid: jwk.kid.clone(), alg: jwk.alg };
        let key = Key { arn: "arn".to_owned(), name, public: jwk };
        assert!(key.jose_signature(&[1; 256]).is_some());
        assert!(key.jose_signature(&[1; 255]).is_none());
    }
}

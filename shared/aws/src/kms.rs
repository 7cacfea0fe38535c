//! Signing keys that never leave KMS.
//!
//! Each name of `SMART_SIGNING_KEYS` (a key id, an ARN or an alias) is resolved to the ARN of a key when it is read, and signing names the ARN:
//! an alias that is moved later does not change which key signs under which published `kid` (its RFC 7638 thumbprint). The
//! public key is read in the same call, once. To rotate: add the new key at the end (it is published), wait until caches
//! have it, move it to the front (it signs), and take the old one away when its last token has expired.
//!
//! | key spec of KMS | signs with |
//! |---|---|
//! | `RSA_2048` | RS256 |
//! | `ECC_NIST_P256` | ES256 |
//! | `ECC_NIST_P384` | ES384 |
//!
//! The first name signs access tokens; ID tokens are signed by the first RSA key (OIDC Core §15.1 requires RS256).
//! KMS takes at most 4,096 bytes as they are; of more it is sent the digest.
//!
//! All keys are read at start, so that no request waits for it. One that cannot be read then ends nothing: it is asked for again by whoever
//! needs it.
//!
//! | KMS says of a key | it signs | it is published |
//! |---|---|---|
//! | nothing: outage, throttling, denied | 503 | 503: whether the key set lacks one is not known |
//! | disabled, to be deleted, not there | 503; nothing is signed by the next one in its place | without it; 503 if there is no other |
//! | of another spec or use | the start ends, which no deployment that worked can come to | |

mod der;
mod key;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_kms::operation::get_public_key::GetPublicKeyError;
use aws_sdk_kms::operation::sign::SignError;
use aws_sdk_kms::primitives::Blob;
use futures_util::future::{join, join_all};
use smart_core::jose::{Algorithm, PublicJwk, SigningKey};
use smart_core::ports::{PublicKeys, Signer, Unavailable};
use thiserror::Error;

use self::key::{Key, algorithm, message};
use crate::calls::unavailable;
use crate::config::KeyNames;

const PORT: &str = "signer";

/// When to come back after a key was found unusable: that is mended by hand.
const UNUSABLE: Duration = Duration::from_mins(1);

/// Why a key cannot be used: one line for the operator.
#[derive(Debug, Error)]
pub enum KeyError {
    /// KMS did not tell of it, this time.
    #[error("signing key {name}: {}", unavailable.reason)]
    Unread {
        /// The key as it was named.
        name: String,
        /// Why, and when to ask again.
        unavailable: Unavailable,
    },
    /// It does nothing until somebody mends that.
    #[error("signing key {name} {state}")]
    Unusable {
        /// The key as it was named.
        name: String,
        /// `is disabled` …
        state: &'static str,
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

impl KeyError {
    /// Whether nothing but another configuration mends it: it was never otherwise.
    fn is_for_good(&self) -> bool {
        matches!(self, Self::Unsuitable { .. } | Self::NoRsaKey)
    }
}

/// What whoever needs the key is told: to come back when KMS may answer, or when somebody may have mended it.
impl From<KeyError> for Unavailable {
    fn from(error: KeyError) -> Self {
        let retry_after = match &error {
            KeyError::Unread { unavailable, .. } => unavailable.retry_after,
            KeyError::Unusable { .. } | KeyError::Unsuitable { .. } | KeyError::NoRsaKey => UNUSABLE,
        };
        Self { retry_after, ..Self::new(PORT, error.to_string()) }
    }
}

/// A name, and the key that it stands for: once KMS has told, it stays that one.
struct Named {
    name: String,
    key: OnceLock<Key>,
}

/// The public halves of the keys in KMS that sign, or lately signed.
pub struct KmsPublicKeys {
    client: Client,
    /// The first signs access tokens.
    names: Vec<Named>,
}

impl KmsPublicKeys {
    /// The keys of those names, which are read when they are asked for and not before: for a function that seldom needs them.
    pub fn new(client: Client, names: &KeyNames) -> Self {
        let unread = |name: &String| Named { name: name.clone(), key: OnceLock::new() };
        Self { client, names: names.as_slice().iter().map(unread).collect() }
    }

    /// The same, read now, all at once. What cannot be read now is logged, and read when it is asked for.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`], or [`KeyError::NoRsaKey`] of keys that could all be read.
    pub async fn load(client: Client, names: &KeyNames) -> Result<Self, KeyError> {
        let keys = Self::new(client, names);
        let mut known = Vec::new();
        for read in keys.read().await {
            match read {
                Ok(key) => known.push(key.name.alg),
                Err(error) if error.is_for_good() => return Err(error),
                Err(error) => tracing::warn!(%error, "a signing key was not read at start"),
            }
        }
        if known.len() == keys.names.len() && !known.contains(&Algorithm::RS256) {
            return Err(KeyError::NoRsaKey);
        }
        Ok(keys)
    }

    /// All keys, in the order of their names.
    async fn read(&self) -> Vec<Result<&Key, KeyError>> {
        join_all(self.names.iter().map(|named| self.key(named))).await
    }

    async fn key<'k>(&self, named: &'k Named) -> Result<&'k Key, KeyError> {
        if let Some(known) = named.key.get() {
            return Ok(known);
        }
        let key = read(&self.client, &named.name).await?;
        Ok(named.key.get_or_init(|| key))
    }

    async fn first(&self) -> Result<&Key, KeyError> {
        self.key(self.names.first().ok_or(KeyError::NoRsaKey)?).await
    }

    /// One that cannot be read and comes before it may be it.
    async fn first_rsa(&self) -> Result<&Key, KeyError> {
        for named in &self.names {
            let key = self.key(named).await?;
            if key.name.alg == Algorithm::RS256 {
                return Ok(key);
            }
        }
        Err(KeyError::NoRsaKey)
    }

    /// Those that were read.
    fn known(&self) -> impl Iterator<Item = &Key> {
        self.names.iter().filter_map(|named| named.key.get())
    }
}

impl PublicKeys for KmsPublicKeys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        let mut published: Vec<PublicJwk> = Vec::new();
        let mut left_out = None;
        for read in self.read().await {
            match read {
                // Two names of one key.
                Ok(key) if published.contains(&key.public) => {}
                Ok(key) => published.push(key.public.clone()),
                Err(error @ KeyError::Unusable { .. }) => {
                    tracing::warn!(%error, "a signing key is not published");
                    left_out.get_or_insert(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        match left_out {
            Some(error) if published.is_empty() => Err(error.into()),
            _ => Ok(published),
        }
    }
}

/// The keys in KMS that sign.
#[derive(Debug)]
pub struct KmsKeys(KmsPublicKeys);

impl KmsKeys {
    /// The keys of those names, read now as by [`KmsPublicKeys::load`]. Two signatures are made at once: for that there are two connections
    /// from now on, though there is but one key to read.
    ///
    /// # Errors
    /// Where [`KmsPublicKeys::load`] has them.
    pub async fn load(client: Client, names: &KeyNames) -> Result<Self, KeyError> {
        let second = async {
            if let [only] = names.as_slice() {
                // What it says is read beside.
                drop(client.get_public_key().key_id(only).send().await);
            }
        };
        let (keys, ()) = join(KmsPublicKeys::load(client.clone(), names), second).await;
        keys.map(Self)
    }
}

impl PublicKeys for KmsKeys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        self.0.public_keys().await
    }
}

impl Signer for KmsKeys {
    async fn access_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.0.first().await?.name.clone())
    }

    async fn id_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.0.first_rsa().await?.name.clone())
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let Some(key) = self.0.known().find(|known| known.name == *key) else {
            return Err(Unavailable::new(PORT, format!("no key named {}", key.kid)));
        };
        let (kind, message) = message(key.name.alg, input);
        let call = self.0.client.sign().key_id(&key.arn).message_type(kind).message(message);
        let signed = call.signing_algorithm(algorithm(key.name.alg)).send().await;
        let signed = signed.map_err(|error| refused(key, &error))?;
        let signature = signed.signature().map(Blob::as_ref).and_then(|signed| key.jose_signature(signed));
        signature
            .ok_or_else(|| Unavailable::new(PORT, format!("key {}: an answer that is no signature", key.arn)))
    }
}

impl fmt::Debug for KmsPublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.known().map(|key| (&key.arn, key.name.alg)).collect();
        f.debug_struct("KmsPublicKeys").field("keys", &keys).finish_non_exhaustive()
    }
}

async fn read(client: &Client, name: &str) -> Result<Key, KeyError> {
    let read = client.get_public_key().key_id(name).send().await;
    Key::read(name, &read.map_err(|error| unread(name, &error))?)
}

/// What a signature that KMS did not make means: nothing is signed by another key.
fn refused<R>(key: &Key, error: &SdkError<SignError, R>) -> Unavailable {
    let code = error.as_service_error().and_then(SignError::code);
    let state = match code {
        Some("AccessDeniedException") => Some("may not be used by this function"),
        other => unusable(other),
    };
    match state {
        Some(state) => KeyError::Unusable { name: key.arn.clone(), state }.into(),
        None => unavailable(PORT, "Sign", error),
    }
}

/// What it means that KMS did not give a public key.
fn unread<R>(name: &str, error: &SdkError<GetPublicKeyError, R>) -> KeyError {
    let name = name.to_owned();
    match unusable(error.as_service_error().and_then(GetPublicKeyError::code)) {
        Some(state) => KeyError::Unusable { name, state },
        None => KeyError::Unread { name, unavailable: unavailable(PORT, "GetPublicKey", error) },
    }
}

/// What KMS's code says of the state of a key that can be used for nothing.
fn unusable(code: Option<&str>) -> Option<&'static str> {
    match code? {
        "DisabledException" => Some("is disabled"),
        "KMSInvalidStateException" => Some("is to be deleted, or not ready"),
        "NotFoundException" => Some("does not exist"),
        _ => None,
    }
}

/// The public half of a key that somebody asks about.
#[cfg(feature = "operator")]
pub(crate) async fn public_key(client: Client, name: &str) -> Result<PublicJwk, KeyError> {
    Ok(read(&client, name).await?.public)
}

//! Secrets as types: what is presented, what is stored.
//!
//! A code or a refresh token is `kind prefix + handle + secret`: a 128-bit handle that stays with the grant, and
//! a 256-bit secret that changes at each step. Only digests are stored: the handle's names the grant
//! ([`GrantId`]), the secret's is compared. The kind is part of the parse, so that no string of one kind is
//! ever accepted as another.
//!
//! Nothing here has `Display` or `Serialize`; `Debug` is redacted. [`Credential::reveal`] is the one way out.
//! Requirements CODE-06, CODE-07, REFR-25, SEC-16, SEC-17.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::id::{GrantId, LaunchId, SessionId};

/// A SHA-256 digest: 32 bytes, written as 43 characters of unpadded base64url. Compared in constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    /// A digest that was made elsewhere.
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not of the form that was expected. Says nothing of the text, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not of the expected form")]
pub struct Malformed;

impl FromStr for Digest {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed)?;
        bytes.try_into().map(Self).map_err(|_| Malformed)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A random salt, stored beside the digest of the secret that was derived with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Takes 32 fresh random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }
}

impl Serialize for Salt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Digest(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Digest::deserialize(deserializer).map(|digest| Self(digest.0))
    }
}

/// 256 secret random bits. Redacted in `Debug`; leaves only inside a [`Credential`] or a cookie.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes 32 fresh random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// What is stored of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The secret that follows this one with `salt`: HKDF-SHA-256 (RFC 5869). Whoever holds this secret and
    /// the stored salt derives the same successor; the salt alone says nothing.
    #[must_use]
    pub fn successor(&self, salt: &Salt) -> Self {
        let mut next = [0; 32];
        // 32 bytes are one block of SHA-256: HKDF refuses only lengths above 255 blocks.
        let expanded =
            Hkdf::<Sha256>::new(Some(&salt.0), &self.0).expand(b"smart refresh successor", &mut next);
        debug_assert!(expanded.is_ok());
        Self(next)
    }

    /// A key derived from this secret for one `purpose`, so that a value shown on a page says nothing of it.
    pub fn derive(&self, purpose: &[u8]) -> Digest {
        let mut key = [0; 32];
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(purpose, &mut key);
        debug_assert!(expanded.is_ok());
        Digest(key)
    }

    /// The secret as 43 characters of base64url: to be set as a cookie, never to be logged.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The session that a cookie with this secret belongs to.
    pub fn session_id(&self) -> SessionId {
        SessionId::from(self.digest())
    }
}

impl FromStr for Secret {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Digest::from_str(text).map(|bytes| Self(bytes.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A random 128-bit name of a grant that only those who were handed it can know. Redacted in `Debug`.
#[derive(Clone, Copy)]
pub struct Handle([u8; 16]);

impl Handle {
    /// Takes 16 fresh random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// The name under which the grant is stored.
    pub fn grant_id(&self) -> GrantId {
        GrantId::from(Digest::of(&self.0))
    }
}

impl From<Digest> for Handle {
    /// The one that follows from a key made for this alone ([`Secret::derive`]).
    fn from(key: Digest) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(key.0.split_at(16).0);
        Self(bytes)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// What an EHR hands to an app to begin with: 256 random bits that name a launch and nothing else (LAUNCH-04). Redacted in
/// `Debug`.
#[derive(Clone)]
pub struct LaunchHandle(Secret);

impl LaunchHandle {
    const PREFIX: &'static str = "sal_";

    /// Takes 32 fresh random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(random))
    }

    /// The name under which the launch is stored.
    pub fn id(&self) -> LaunchId {
        LaunchId::from(self.0.digest())
    }

    /// The value of the parameter `launch`: for the EHR and the app, never to be logged.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0.reveal())
    }
}

impl FromStr for LaunchHandle {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.strip_prefix(Self::PREFIX).ok_or(Malformed)?.parse().map(Self)
    }
}

impl fmt::Debug for LaunchHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LaunchHandle(…)")
    }
}

/// What a [`Credential`] is for; part of its text and of its type.
pub trait Kind {
    /// What its text begins with.
    const PREFIX: &'static str;
}

/// The kind of an authorization code (RFC 6749 §4.1.2).
#[derive(Clone, Copy, Debug)]
pub struct Code;

/// The kind of a refresh token (RFC 6749 §1.5).
#[derive(Clone, Copy, Debug)]
pub struct Refresh;

impl Kind for Code {
    const PREFIX: &'static str = "sac_";
}

impl Kind for Refresh {
    const PREFIX: &'static str = "srt_";
}

/// A bearer credential: a prefix that says its kind, the grant's handle, and a secret; 68 characters.
pub struct Credential<K> {
    handle: Handle,
    secret: Secret,
    kind: PhantomData<K>,
}

/// An authorization code.
pub type AuthorizationCode = Credential<Code>;

/// A refresh token.
pub type RefreshToken = Credential<Refresh>;

impl<K: Kind> Credential<K> {
    /// Puts a credential together.
    pub fn new(handle: Handle, secret: Secret) -> Self {
        Self { handle, secret, kind: PhantomData }
    }

    /// The grant's handle.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// The name under which its grant is stored.
    pub fn grant_id(&self) -> GrantId {
        self.handle.grant_id()
    }

    /// The secret part.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The text that is handed to the client: never to be logged.
    pub fn reveal(&self) -> String {
        let mut bytes = [0; 48];
        let (handle, secret) = bytes.split_at_mut(16);
        handle.copy_from_slice(&self.handle.0);
        secret.copy_from_slice(&self.secret.0);
        format!("{}{}", K::PREFIX, URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl<K: Kind> FromStr for Credential<K> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let body = text.strip_prefix(K::PREFIX).ok_or(Malformed)?;
        let bytes: [u8; 48] =
            URL_SAFE_NO_PAD.decode(body).map_err(|_| Malformed)?.try_into().map_err(|_| Malformed)?;
        let (handle, secret) = bytes.split_at(16);
        Ok(Self::new(
            Handle(handle.try_into().map_err(|_| Malformed)?),
            Secret(secret.try_into().map_err(|_| Malformed)?),
        ))
    }
}

impl<K: Kind> fmt::Debug for Credential<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", K::PREFIX)
    }
}

/// A random name of one write, the same on every attempt of it: a failed condition whose stored item carries our
/// `Op` is our own success seen twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op(Digest);

impl Op {
    /// Takes 32 fresh random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Digest(random))
    }

    /// The name as text: 43 characters of base64url. It is no secret.
    pub fn as_digest(&self) -> &Digest {
        &self.0
    }
}

impl Serialize for Op {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Digest::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code() -> AuthorizationCode {
        Credential::new(Handle::new([7; 16]), Secret::new([9; 32]))
    }

    #[test]
    fn code_06_a_code_carries_384_random_bits_in_68_characters() {
        let text = code().reveal();
        assert_eq!(text.len(), 68);
        let read: AuthorizationCode = text.parse().unwrap();
        assert_eq!(read.grant_id(), code().grant_id());
        assert_eq!(read.secret().digest(), code().secret().digest());
    }

    #[test]
    fn no_kind_is_accepted_as_another() {
        let code = code().reveal();
        assert!(code.parse::<RefreshToken>().is_err());
        let launch = LaunchHandle::new([7; 32]).reveal();
        assert!(launch.parse::<Secret>().is_err());
        assert!(code.parse::<LaunchHandle>().is_err());
        assert_eq!(launch.parse::<LaunchHandle>().unwrap().id(), LaunchHandle::new([7; 32]).id());
        assert!(code.replace("sac_", "srt_").parse::<AuthorizationCode>().is_err());
    }

    #[test]
    fn code_07_debug_shows_no_secret() {
        let text = code().reveal();
        let shown = format!("{:?} {:?} {:?}", code(), Secret::new([9; 32]), Handle::new([7; 16]));
        assert_eq!(shown, "sac_… Secret(…) Handle(…)");
        assert!(!shown.contains(&text[4..]));
    }

    /// SEC-16: a secret cannot be compared, only its digest can, and that in constant time: a comparison that ends early would tell how
    /// much of a guess was right.
    #[test]
    fn sec_16_what_is_compared_is_a_digest() {
        trait Compares<Which> {
            fn is_not_compared() {}
        }
        struct Compared;
        impl<T> Compares<()> for T {}
        impl<T: PartialEq> Compares<Compared> for T {}
        // For a type with a comparison both would apply, and this would not compile.
        <Secret as Compares<_>>::is_not_compared();
        <Handle as Compares<_>>::is_not_compared();
        <LaunchHandle as Compares<_>>::is_not_compared();
        <AuthorizationCode as Compares<_>>::is_not_compared();
        <RefreshToken as Compares<_>>::is_not_compared();
        let digest = Digest::of(b"secret");
        for place in 0..32 {
            let mut guess = *digest.as_bytes();
            guess[place] ^= 1;
            assert_ne!(Digest::from(guess), digest);
        }
    }

    #[test]
    fn a_grant_id_taken_for_a_handle_names_no_grant_that_is_its_own() {
        // What an access token shows is the digest of the handle; hashing it again leads elsewhere.
        let grant = code().grant_id();
        let forged: [u8; 16] = grant.as_str().as_bytes()[..16].try_into().unwrap();
        assert_ne!(Handle::new(forged).grant_id(), grant);
    }

    proptest! {
        #[test]
        fn any_credential_reads_back(handle: [u8; 16], secret: [u8; 32]) {
            let token = RefreshToken::new(Handle::new(handle), Secret::new(secret));
            let read: RefreshToken = token.reveal().parse().unwrap();
            prop_assert_eq!(read.grant_id(), token.grant_id());
            prop_assert_eq!(read.secret().digest(), token.secret().digest());
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = text.parse::<AuthorizationCode>();
            let _ = text.parse::<RefreshToken>();
            let _ = text.parse::<Digest>();
        }

        #[test]
        fn the_successor_depends_on_both_the_secret_and_the_salt(secret: [u8; 32], salt: [u8; 32], other: [u8; 32]) {
            prop_assume!(salt != other && secret != other);
            let next = Secret::new(secret).successor(&Salt::new(salt));
            prop_assert_eq!(next.digest(), Secret::new(secret).successor(&Salt::new(salt)).digest());
            prop_assert_ne!(next.digest(), Secret::new(secret).successor(&Salt::new(other)).digest());
            prop_assert_ne!(next.digest(), Secret::new(other).successor(&Salt::new(salt)).digest());
        }
    }
}

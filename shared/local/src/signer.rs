//! The software key: RSA-2048, RS256, in a file that its owner alone may read.
//!
//! It signs both kinds of tokens (OIDC Core §15.1 requires RS256 for ID tokens). Its name is its RFC 7638
//! thumbprint. The file is unencrypted PKCS#8 (RFC 5958) in PEM (RFC 7468), as `openssl genpkey` writes it.

use std::fmt;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smart_core::jose::{Algorithm, PublicJwk, PublicKey, SigningKey};
use smart_core::ports::{PublicKeys, Signer, Unavailable};

use crate::error::StoreError;
use crate::files;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// An RSA key pair in memory. Redacted in `Debug`.
pub struct SoftwareKey {
    pair: KeyPair,
    public: PublicJwk,
    name: SigningKey,
}

impl SoftwareKey {
    /// Makes a new RSA-2048 key: some tenths of a second of work, so run it beside other things.
    pub fn generate() -> Result<Self, StoreError> {
        KeyPair::generate(KeySize::Rsa2048).map(Self::from_pair).map_err(|_| StoreError::KeyGeneration)
    }

    /// Reads the key file at `path`; where there is none, makes a key and writes it there for its owner alone (mode 0600).
    ///
    /// # Errors
    /// A file that others may read is refused ([`StoreError::KeyExposed`]), and so is one without a usable key
    /// ([`StoreError::KeyUnusable`]); neither is ever replaced.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        if let Some(key) = Self::load(path)? {
            return Ok(key);
        }
        let key = Self::generate()?;
        if files::write_private(path, key.to_pem()?.as_bytes())? {
            return Ok(key);
        }
        // Another first run was quicker: its key is the key.
        Self::load(path)?.ok_or_else(|| StoreError::KeyUnusable { path: path.into() })
    }

    /// Reads the key file at `path`; `None` if there is none. Errors as [`SoftwareKey::load_or_create`].
    pub fn load(path: &Path) -> Result<Option<Self>, StoreError> {
        let pem = match std::fs::read(path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(path)(error)),
        };
        match files::mode(path)? {
            Some(mode) if mode & 0o077 != 0 => Err(StoreError::KeyExposed { path: path.into(), mode }),
            _ => Self::from_pem(&pem).map(Some).ok_or_else(|| StoreError::KeyUnusable { path: path.into() }),
        }
    }

    fn from_pem(pem: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(pem).ok()?;
        let (_, rest) = text.split_once(BEGIN)?;
        let (body, _) = rest.split_once(END)?;
        let der = STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()?;
        let pair = KeyPair::from_pkcs8(&der).ok()?;
        (pair.public_modulus_len() >= 256).then(|| Self::from_pair(pair))
    }

    pub(crate) fn to_pem(&self) -> Result<String, StoreError> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| StoreError::KeyGeneration)?;
        let mut pem = String::from(BEGIN);
        for (i, character) in STANDARD.encode(der.as_ref()).chars().enumerate() {
            if i % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        Ok(format!("{pem}\n{END}\n"))
    }

    /// What is published of it.
    pub(crate) fn public(&self) -> &PublicJwk {
        &self.public
    }

    fn from_pair(pair: KeyPair) -> Self {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let public = PublicJwk::new(PublicKey::rsa(&n, &e), Algorithm::RS256);
        let name = SigningKey { kid: public.kid.clone(), alg: public.alg };
        Self { pair, public, name }
    }
}

impl SoftwareKey {
    /// The name that it signs under.
    pub(crate) fn name(&self) -> &SigningKey {
        &self.name
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({})", self.name.kid)
    }
}

impl Signer for SoftwareKey {
    async fn access_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.name.clone())
    }

    async fn id_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.name.clone())
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        if *key != self.name {
            return Err(Unavailable::new("signer", format!("no key named {}", key.kid)));
        }
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
            .map_err(|_| Unavailable::new("signer", "the key did not sign"))?;
        Ok(signature)
    }
}

impl PublicKeys for SoftwareKey {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        Ok(vec![self.public.clone()])
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        let made = SoftwareKey::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
        let read = SoftwareKey::load_or_create(&path).unwrap();
        assert_eq!(read.public, made.public);
        assert!(std::fs::read_to_string(&path).unwrap().lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        SoftwareKey::load_or_create(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = SoftwareKey::load_or_create(&path).unwrap_err();
            assert!(matches!(refused, StoreError::KeyExposed { mode: found, .. } if found == mode));
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn a_file_without_a_usable_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-key.pem");
        for content in [
            &b""[..],
            b"no key",
            b"\xff\xfe",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let refused = SoftwareKey::load_or_create(&path).unwrap_err();
            assert!(matches!(refused, StoreError::KeyUnusable { .. }), "{refused}");
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn no_private_part_is_shown() {
        let key = SoftwareKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SoftwareKey({})", key.name.kid));
    }
}

//! Passwords of local users: checked against Argon2id hashes (RFC 9106), one at a time, and never faster for a name that does
//! not exist.

use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::{Argon2, Block, Params};
use smart_core::ports::Unavailable;
use smart_core::user::PasswordHash;
use tokio::sync::Mutex;

/// How long a password may be, in bytes.
const LONGEST: usize = 1024;

/// The hash that is checked for a name that does not exist, so that the answer takes as long: of no known password, made with
/// the parameters of all others.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$fpbJ6pEdQHyKfWrSWQD0NQ$RW5cIYbDWmjdh1bVwzTsVrAVl7jZb7AG8FQ3iUxf3cg";

/// Checks passwords, one after the other, in one and the same 19 MiB: the allocator would keep as much for each thread that
/// ever checked one. A check takes some twenty milliseconds of a core.
pub(crate) struct Passwords(Arc<Mutex<Vec<Block>>>);

impl Passwords {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Whether `password` is the one of `hash`; `None` is nobody's, and takes as long to say no.
    pub(crate) async fn verify(
        &self,
        hash: Option<&PasswordHash>,
        password: &str,
    ) -> Result<bool, Unavailable> {
        let unavailable = |reason: String| Unavailable::new("passwords", reason);
        if password.len() > LONGEST {
            return Ok(false);
        }
        let known = hash.is_some();
        let phc = hash.map_or(NOBODY, PasswordHash::as_phc).to_owned();
        let password = password.to_owned();
        let mut memory = Arc::clone(&self.0).lock_owned().await;
        // Elsewhere, so that other requests go on meanwhile.
        let checked = tokio::task::spawn_blocking(move || fits(&phc, password.as_bytes(), &mut memory));
        let fits = checked.await.map_err(|error| unavailable(error.to_string()))?.map_err(unavailable)?;
        Ok(fits && known)
    }
}

/// Whether a password is the one of a PHC string, whose parameters count.
fn fits(phc: &str, password: &[u8], memory: &mut Vec<Block>) -> Result<bool, String> {
    let told = |error: &dyn std::error::Error| error.to_string();
    let hash = phc::PasswordHash::new(phc).map_err(|error| told(&error))?;
    let params = Params::try_from(&hash).map_err(|error| told(&error))?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err("a hash without its salt or its output".to_owned());
    };
    if hash.algorithm.as_str() != "argon2id" || hash.version != Some(0x13) {
        return Err("a hash that is no Argon2id of version 19".to_owned());
    }
    memory.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut output = vec![0; expected.len()];
    argon2
        .hash_password_into_with_memory(password, salt, &mut output, memory)
        .map_err(|error| told(&error))?;
    // `Output` compares in constant time.
    phc::Output::new(&output).map(|output| output == *expected).map_err(|error| told(&error))
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    #[tokio::test]
    async fn a_password_is_good_for_its_own_hash_alone() {
        let hash = Argon2::default().hash_password(b"tea with the cat").unwrap().to_string();
        let hash = PasswordHash::from_phc(hash);
        let passwords = Passwords::new();
        assert!(passwords.verify(Some(&hash), "tea with the cat").await.unwrap());
        for wrong in ["", "Tea with the cat", "tea with the cat ", &"x".repeat(LONGEST + 1)] {
            assert!(!passwords.verify(Some(&hash), wrong).await.unwrap(), "{wrong}");
        }
        assert!(!passwords.verify(None, "tea with the cat").await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_is_none_lets_nobody_in() {
        let passwords = Passwords::new();
        let broken = PasswordHash::from_phc("$argon2id$");
        assert!(passwords.verify(Some(&broken), "").await.is_err());
    }

    #[test]
    fn nobodys_hash_costs_as_much_as_any_other() {
        let made = Argon2::default().hash_password(b"any").unwrap().to_string();
        let parameters = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODY), parameters(&made));
        assert!(phc::PasswordHash::new(NOBODY).is_ok());
    }
}

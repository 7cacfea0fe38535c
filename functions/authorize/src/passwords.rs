//! Passwords of local users: checked against Argon2id hashes (RFC 9106), a few at a time, and never faster for a name that
//! does not exist.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc;
use smart_core::ports::Unavailable;
use smart_core::user::PasswordHash;
use tokio::sync::Semaphore;

/// How many are checked at once: each takes 19 MiB of memory and some ten milliseconds of a core.
const AT_ONCE: usize = 2;

/// How long a password may be, in bytes.
const LONGEST: usize = 1024;

/// The hash that is checked for a name that does not exist, so that the answer takes as long: of no known password, made with
/// the parameters of all others.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$fpbJ6pEdQHyKfWrSWQD0NQ$RW5cIYbDWmjdh1bVwzTsVrAVl7jZb7AG8FQ3iUxf3cg";

/// Checks passwords.
pub(crate) struct Passwords(Semaphore);

impl Passwords {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(AT_ONCE))
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
        let _slot = self.0.acquire().await.map_err(|error| unavailable(error.to_string()))?;
        // Elsewhere, so that other requests go on meanwhile.
        let checked = tokio::task::spawn_blocking(move || {
            let hash = phc::PasswordHash::new(&phc).map_err(|error| error.to_string())?;
            Ok::<_, String>(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        let fits = checked.await.map_err(|error| unavailable(error.to_string()))?.map_err(unavailable)?;
        Ok(fits && known)
    }
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

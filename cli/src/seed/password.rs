//! Passwords as they are stored: Argon2id (RFC 9106) with the parameters that OWASP advises where memory is short
//! (19 MiB, two passes, one lane; Password Storage Cheat Sheet), about 20 ms on one core.

use argon2::password_hash::phc;
use argon2::{Argon2, Block, Params};
use smart_core::ports::Unavailable;
use smart_core::user::PasswordHash;
use smart_web::random;

/// How the hash of a password begins that was made with today's parameters.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A password in clear, between the file and its hash. Never shown.
pub(crate) struct Password(String);

impl Password {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

/// Hashes passwords, one after the other, in one and the same memory: the allocator would keep it for itself if it were
/// taken and given back each time.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { argon2: Argon2::default(), memory: vec![Block::new(); Params::DEFAULT.block_count()] }
    }

    /// The hash of a password: the one that is `known`, if it is of this password.
    pub(crate) fn hash(
        &mut self,
        password: &Password,
        known: Option<&PasswordHash>,
    ) -> Result<PasswordHash, Unavailable> {
        if let Some(known) = known
            && known.as_phc().starts_with(CURRENT)
            && self.fits(password, known)?
        {
            return Ok(known.clone());
        }
        let salt = phc::Salt::new(&random::bytes::<16>()?).map_err(unavailable)?;
        let output = self.output(password, &salt)?;
        Ok(PasswordHash::from_phc(format!("{CURRENT}{salt}${output}")))
    }

    fn fits(&mut self, password: &Password, known: &PasswordHash) -> Result<bool, Unavailable> {
        let Ok(known) = phc::PasswordHash::new(known.as_phc()) else { return Ok(false) };
        let (Some(salt), Some(output)) = (known.salt, known.hash) else { return Ok(false) };
        // `Output` compares in constant time.
        Ok(self.output(password, &salt)? == output)
    }

    fn output(&mut self, password: &Password, salt: &phc::Salt) -> Result<phc::Output, Unavailable> {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let hashed = self.argon2.hash_password_into_with_memory(
            password.0.as_bytes(),
            salt,
            &mut output,
            &mut self.memory,
        );
        hashed.map_err(unavailable)?;
        phc::Output::new(&output).map_err(unavailable)
    }
}

fn unavailable(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::new("passwords", error.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    /// As the sign-in page does it.
    fn opens(text: &str, hash: &PasswordHash) -> bool {
        let hash = phc::PasswordHash::new(hash.as_phc()).unwrap();
        Argon2::default().verify_password(text.as_bytes(), &hash).is_ok()
    }

    #[test]
    fn a_password_is_hashed_with_todays_parameters_and_a_salt_of_its_own() {
        let mut hasher = Hasher::new();
        let [one, other] = [0, 1].map(|_| hasher.hash(&password("s3cret"), None).unwrap());
        assert!(one.as_phc().starts_with(CURRENT), "{}", one.as_phc());
        assert_ne!(one, other);
        // The second is made in memory that the first one left.
        assert!(opens("s3cret", &one) && opens("s3cret", &other) && !opens("S3cret", &one));
        assert!(!one.as_phc().contains("s3cret"));
    }

    #[test]
    fn the_hash_of_the_same_password_is_kept_unless_it_is_of_yesterday() {
        let mut hasher = Hasher::new();
        let known = hasher.hash(&password("s3cret"), None).unwrap();
        assert_eq!(hasher.hash(&password("s3cret"), Some(&known)).unwrap(), known);
        let changed = hasher.hash(&password("other"), Some(&known)).unwrap();
        assert!(opens("other", &changed));
        for old in [
            "$argon2id$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$8LBbIZmM04J8EcVbDkAjXA4Lh7cHPDjKFHKFVMY4cEI",
            CURRENT,
            "",
        ] {
            let hash = hasher.hash(&password("s3cret"), Some(&PasswordHash::from_phc(old))).unwrap();
            assert!(opens("s3cret", &hash), "{old}");
        }
    }
}

//! How often a password may be tried: for each user name, and from each address (SEC-18; RFC 6749 §10.10).
//!
//! Counted before the password is looked at, in the store, so that it holds across all instances of the function. A success
//! forgets the attempts at the name; those from the address stay.

use std::net::IpAddr;
use std::time::Duration;

use smart_core::instant::Instant;
use smart_core::ports::{Throttle, Unavailable};
use smart_core::secret::Digest;

/// How long attempts are counted together.
const WINDOW: Duration = Duration::from_mins(15);
/// How many there may be for one user name in that time …
const PER_USER: u32 = 10;
/// … and from one address, behind which a whole clinic may sit.
const PER_ADDRESS: u32 = 100;

/// Whether another attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It may.
    Allowed,
    /// Not before that instant.
    TooMany { until: Instant },
}

/// Counts an attempt at `username` from `address`.
pub(crate) async fn count<S: Throttle>(
    store: &S,
    username: &str,
    address: Option<IpAddr>,
    now: Instant,
) -> Result<Attempt, Unavailable> {
    let at_user = user_key(username);
    let user = store.count_attempt(&at_user, WINDOW, now);
    let from = async {
        match address {
            Some(address) => store.count_attempt(&address_key(address), WINDOW, now).await.map(Some),
            None => Ok(None),
        }
    };
    let (user, from) = tokio::try_join!(user, from)?;
    let too_many =
        [Some(user).filter(|user| user.count > PER_USER), from.filter(|from| from.count > PER_ADDRESS)];
    Ok(match too_many.into_iter().flatten().map(|attempts| attempts.window_ends).max() {
        Some(until) => Attempt::TooMany { until },
        None => Attempt::Allowed,
    })
}

/// Forgets the attempts at `username`: it signed in.
pub(crate) async fn forget<S: Throttle>(store: &S, username: &str) -> Result<(), Unavailable> {
    store.forget_attempts(&user_key(username)).await
}

/// Digests, so that the store learns neither names nor addresses from them.
fn user_key(username: &str) -> Digest {
    Digest::of(format!("sign-in user\0{username}").as_bytes())
}

/// An IPv6 network of 64 bits is one household: who has it has all its addresses.
fn address_key(address: IpAddr) -> Digest {
    let network = match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    };
    Digest::of(format!("sign-in address\0{network}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_18_a_household_is_one_address() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}

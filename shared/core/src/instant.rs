//! The instant of a request, and the lifetimes counted from it.
//!
//! One request has one instant, stamped at the edge and passed down, so that no two decisions of a request
//! disagree about what has expired. Whole seconds, as in JWTs (RFC 7519 §2 `NumericDate`).

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(u64);

impl Instant {
    /// The end of time: what never expires by itself.
    pub const NEVER: Instant = Instant(i64::MAX as u64);

    /// The instant `seconds` after the epoch.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// Whether something that expires at `self` has expired at `now`: it lives strictly before its expiry.
    pub const fn has_passed(self, now: Instant) -> bool {
        self.0 <= now.0
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::NEVER`].
    fn add(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(span.as_secs()).min(Self::NEVER.0))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, span: Duration) -> Instant {
        Instant(self.0.saturating_sub(span.as_secs()))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0.try_into().unwrap_or(i64::MAX)) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => f.write_str("never"),
        }
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC; `never` past the year 9999.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_lives_strictly_before_its_expiry() {
        let expiry = Instant::from_unix(100);
        assert!(!expiry.has_passed(Instant::from_unix(99)));
        assert!(expiry.has_passed(Instant::from_unix(100)));
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping_into_the_past() {
        assert_eq!(Instant::NEVER + Duration::from_secs(u64::MAX), Instant::NEVER);
        assert_eq!(Instant::from_unix(5) - Duration::from_secs(9), Instant::from_unix(0));
    }

    #[test]
    fn printed_as_rfc_3339() {
        assert_eq!(Instant::from_unix(1_764_000_000).to_string(), "2025-11-24T16:00:00Z");
        assert_eq!(Instant::NEVER.to_string(), "never");
    }
}

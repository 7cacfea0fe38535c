//! The time: assertions and reports need it, and there is no request to take it from.

use jiff::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is a client: nobody stamps its requests")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in seconds since 1970.
pub(crate) fn unix() -> i64 {
    now().as_second()
}

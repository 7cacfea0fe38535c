//! The clocks: this program measures time.

use std::time::Instant;

/// Now, to measure from.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Today's date, by UTC.
#[expect(clippy::disallowed_methods, reason = "the document says when it was made")]
pub(crate) fn today() -> String {
    jiff::Timestamp::now().to_string().chars().take("0000-00-00".len()).collect()
}

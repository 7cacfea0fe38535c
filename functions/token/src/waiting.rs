//! Whether somebody still waits for an answer.
//!
//! A request is finished whatever becomes of who asked (the caller may hang up, and on Lambda the time may be over). Tokens that nobody
//! gets any more are not issued: what they were to be had for is given back.

use std::sync::{Arc, Weak};

use smart_core::ports::Unavailable;

/// Who waits holds this, and lets it go.
#[derive(Debug, Default)]
pub(crate) struct Waits(Arc<()>);

impl Waits {
    /// What whoever works for the answer looks at.
    pub(crate) fn seen(&self) -> Waiting {
        Waiting(Arc::downgrade(&self.0))
    }
}

/// Tells whether somebody waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting(Weak<()>);

impl Waiting {
    /// Asked last, when all that an answer needs is there.
    pub(crate) fn check(&self) -> Result<(), Unavailable> {
        if self.0.strong_count() == 0 {
            return Err(Unavailable::new("token", "nobody waits for the answer any more"));
        }
        Ok(())
    }
}

//! What came of a flow.

use thiserror::Error;

use crate::SetupError;

/// Why a flow did not come to its end.
///
/// The difference decides about what is *not* listed: only an answer proves that it does not work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Untrue {
    /// The server refused, or did something else than the item says.
    #[error("{0}")]
    Refused(String),
    /// It cannot be told: no answer, or one that is the server's fault.
    #[error("cannot be told: {0}")]
    Unclear(String),
    /// It needs what this program does not have here, and whoever reads the report is told so.
    #[error("not tried: {0}")]
    Untried(String),
}

impl From<SetupError> for Untrue {
    /// Nothing was asked of the server.
    fn from(error: SetupError) -> Self {
        Self::Unclear(error.to_string())
    }
}

/// A step of a flow.
pub(crate) type Step<T = ()> = Result<T, Untrue>;

/// It is not as the item says.
pub(crate) fn refused<T>(why: impl Into<String>) -> Step<T> {
    Err(Untrue::Refused(why.into()))
}

/// It is as the item says, or else `why` it is not.
pub(crate) fn holds(is_so: bool, why: impl FnOnce() -> String) -> Step {
    if is_so { Ok(()) } else { refused(why()) }
}

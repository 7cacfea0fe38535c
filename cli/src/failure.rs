//! Why the command ends without success, and the exit code that says how far it came.

use std::process::ExitCode;

use smart_core::ports::Unavailable;
use smart_local::StoreError;
use thiserror::Error;

use crate::json::Fault;
use crate::output;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// It cannot be done as it was asked: nothing was changed. Exit code 2.
    #[error("{0}")]
    Refused(String),
    /// It was tried, and something failed or was not there. Exit code 1.
    #[error("{0}")]
    Failed(String),
    /// As `Failed`, and all was told already. Exit code 1.
    #[error("")]
    Told,
}

impl Failure {
    /// Tells it on standard error, in one line.
    pub(crate) fn tell(&self) {
        if !matches!(self, Self::Told) {
            output::note(format_args!("smart: {self}"));
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Refused(_) => ExitCode::from(2),
            Self::Failed(_) | Self::Told => ExitCode::FAILURE,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.to_string())
    }
}

impl From<StoreError> for Failure {
    /// A store that cannot be opened was not changed.
    fn from(error: StoreError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::Failed(error.to_string())
    }
}

//! Why a search is refused: which parameter, and what was expected.

use std::fmt;

use thiserror::Error;

use super::{MAX_IDS, MAX_PARAMETERS, MAX_VALUES, parameters};
use crate::fhir::resource_type::ResourceType;

/// A parameter that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("search parameter `{parameter}`: {reason}")]
pub struct SearchError {
    /// Its name, as sent, cut where it is very long. The value is not repeated: it may be personal.
    pub parameter: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The type has no such parameter here.
    Unsupported(ResourceType),
    /// The parameter has no such modifier here, or it is a chain.
    Modifier,
    /// The value is not of the form that is named.
    Value(&'static str),
    /// The type has no clinical date to be sorted by.
    Unsortable(ResourceType),
    /// It may be given once only.
    Repeated,
    /// There are more parameters or values than a search may have.
    TooMany,
    /// There are more ids than are fetched for a search.
    TooManyIds,
}

impl SearchError {
    const LONGEST_NAME: usize = 80;

    pub(super) fn new(parameter: &str, reason: Reason) -> Self {
        Self { parameter: parameter.chars().take(Self::LONGEST_NAME).collect(), reason }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(resource_type) => {
                let names: Vec<_> = parameters(*resource_type).iter().map(|known| known.name).collect();
                write!(
                    f,
                    "not supported for {resource_type}; supported: {}, _count, _sort; with `Prefer: handling=lenient` \
                     it would be ignored",
                    names.join(", ")
                )
            }
            Self::Modifier => f.write_str("modifiers and chains are not supported"),
            Self::Value(expected) => write!(f, "expected {expected}"),
            Self::Unsortable(resource_type) => {
                write!(f, "{resource_type} has no parameter `date` to sort by")
            }
            Self::Repeated => f.write_str("may be given once only"),
            Self::TooManyIds => write!(f, "a search may name {MAX_IDS} resources"),
            Self::TooMany => {
                write!(f, "a search may have {MAX_PARAMETERS} parameters and {MAX_VALUES} values in all")
            }
        }
    }
}

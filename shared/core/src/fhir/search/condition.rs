//! One filter of a search: a parameter with its values, any of which must match.

use std::collections::BTreeSet;

use crate::fhir::date::Interval;
use crate::fhir::definitions::{Kind, Parameter};
use crate::fhir::reference::Reference;
use crate::fhir::resource::Resource;
use crate::fhir::resource_type::ResourceType;
use crate::id::{PatientId, ResourceId};

use super::date::{self, DateValue};
use super::reference::{self, ReferenceValue};
use super::token::{self, Token, Tokens, split_escaped, unescape};
use super::{Reading, Reason};

/// What a value of `_id` must look like.
const EXPECTED_ID: &str = "1 to 64 letters, digits, '-' or '.'";

/// A filter, understood.
#[derive(Debug)]
pub(super) enum Condition {
    Id(Vec<ResourceId>),
    LastUpdated(Vec<DateValue>),
    Reference(&'static Parameter, Vec<ReferenceValue>),
    Token(&'static Parameter, Tokens),
    Date(&'static Parameter, Vec<DateValue>),
}

impl Condition {
    pub(super) fn parse(
        resource_type: ResourceType,
        name: &str,
        value: &str,
        reading: Reading<'_>,
    ) -> Result<Self, Reason> {
        let values = split_escaped(value, ',');
        match name {
            "_id" => return ids(&values).map(Self::Id).ok_or(Reason::Value(EXPECTED_ID)),
            "_lastUpdated" => return dates(&values, reading).map(Self::LastUpdated),
            _ => {}
        }
        let parameters = resource_type.definition().parameters;
        let Some(parameter) = parameters.iter().find(|known| known.name == name) else {
            let stem = name.split([':', '.']).next().unwrap_or_default();
            let known =
                matches!(stem, "_id" | "_lastUpdated") || parameters.iter().any(|known| known.name == stem);
            return Err(if known { Reason::Modifier } else { Reason::Unsupported(resource_type) });
        };
        match parameter.kind {
            Kind::Patient => read(&values, reference::EXPECTED_PATIENT, |value| {
                ReferenceValue::parse(&unescape(value), reading.base)?.of_patient()
            })
            .map(|values| Self::Reference(parameter, values)),
            Kind::Reference => read(&values, reference::EXPECTED, |value| {
                ReferenceValue::parse(&unescape(value), reading.base)
            })
            .map(|values| Self::Reference(parameter, values)),
            Kind::Token | Kind::Code => {
                let expected =
                    if parameter.kind == Kind::Token { token::EXPECTED } else { token::EXPECTED_CODE };
                let tokens = tokens(parameter, &values).ok_or(Reason::Value(expected))?;
                Ok(Self::Token(parameter, tokens))
            }
            Kind::Date => dates(&values, reading).map(|values| Self::Date(parameter, values)),
        }
    }

    pub(super) fn matches(&self, resource: &Resource) -> bool {
        match self {
            Self::Id(ids) => ids.contains(resource.id()),
            Self::LastUpdated(values) => {
                resource.last_updated().is_some_and(|at| values.iter().any(|value| value.matches(&at)))
            }
            Self::Reference(parameter, values) => {
                let targets = resource.values(parameter).into_iter().filter_map(Reference::of);
                targets.into_iter().any(|target| values.iter().any(|value| value.matches(&target)))
            }
            Self::Token(parameter, tokens) => {
                resource.values(parameter).into_iter().any(|element| tokens.matches(element))
            }
            Self::Date(parameter, values) => {
                let targets = resource.values(parameter).into_iter().filter_map(Interval::of);
                targets.into_iter().any(|target| values.iter().any(|value| value.matches(&target)))
            }
        }
    }

    /// The patients of whom one must be named at `path`, if this filter says so.
    pub(super) fn patients_at(&self, path: &str) -> Option<BTreeSet<PatientId>> {
        match self {
            Self::Reference(parameter, values) if parameter.path == path => {
                values.iter().map(|value| value.patient().cloned()).collect()
            }
            _ => None,
        }
    }
}

/// The values of `_id`, in a search as in the constraint of a scope.
pub(in crate::fhir) fn ids(values: &[String]) -> Option<Vec<ResourceId>> {
    values.iter().map(|id| id.parse().ok()).collect()
}

/// The values of a token parameter, in a search as in the constraint of a scope; `None` of another parameter.
pub(in crate::fhir) fn tokens(parameter: &Parameter, values: &[String]) -> Option<Tokens> {
    let read = |value: &String| match parameter.kind {
        Kind::Token => Token::parse(value),
        Kind::Code => Token::parse(value).filter(|token| !token.names_system()),
        Kind::Patient | Kind::Reference | Kind::Date => None,
    };
    values.iter().map(read).collect()
}

fn dates(values: &[String], reading: Reading<'_>) -> Result<Vec<DateValue>, Reason> {
    read(values, date::EXPECTED, |value| DateValue::parse(value, reading.now))
}

fn read<T>(
    values: &[String],
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Reason> {
    values.iter().map(|value| parse(value)).collect::<Option<_>>().ok_or(Reason::Value(expected))
}

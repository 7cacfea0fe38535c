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
use super::token::{self, Token, split_escaped, unescape};
use super::{Reading, Reason};

/// A filter, understood.
#[derive(Debug)]
pub(super) enum Condition {
    Id(Vec<ResourceId>),
    LastUpdated(Vec<DateValue>),
    Reference(&'static Parameter, Vec<ReferenceValue>),
    Token(&'static Parameter, Vec<Token>),
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
            // No id has a form that another id is hidden in: what is malformed names nothing that exists.
            "_id" => return Ok(Self::Id(values.iter().filter_map(|id| id.parse().ok()).collect())),
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
            Kind::Token => {
                read(&values, token::EXPECTED, Token::parse).map(|values| Self::Token(parameter, values))
            }
            Kind::Code => {
                let alone = |value: &str| Token::parse(value).filter(|token| !token.names_system());
                read(&values, "a code without a system", alone).map(|values| Self::Token(parameter, values))
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
            Self::Token(parameter, values) => {
                let elements = resource.values(parameter);
                elements.into_iter().any(|element| values.iter().any(|value| value.matches(element)))
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

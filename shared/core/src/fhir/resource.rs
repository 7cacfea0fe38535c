//! A resource as the rules see it: its type and id, whose it is, when it happened.
//!
//! Stores index resources by [`Resource::ownership`] and [`Resource::sort_date`] when they take them in;
//! [`super::access`] asks again for each one that leaves.
//!
//! What follows others (a Provenance its targets, a Binary its `securityContext`) does not say itself whose it is. A store looks that
//! up when it takes it in, keeps it beside the body ([`super::record::Record::owners`]), and takes it back as soon as one of the
//! others belongs to somebody else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::id::{PatientId, ResourceId};

use super::date::Interval;
use super::definitions::{Kind, Owner, Parameter};
use super::json::parse_object;
pub use super::meta::with_meta;
use super::path::select;
use super::record::PatientSummary;
use super::reference::{Reference, Target};
use super::resource_type::ResourceType;

/// The elements that rules look at, sorted; the others (narratives, contents, values) are passed over unread.
const READ_ELEMENTS: [&str; 56] = [
    "actor",
    "agent",
    "authoredOn",
    "beneficiary",
    "birthDate",
    "candidate",
    "category",
    "channel",
    "code",
    "codeCodeableConcept",
    "condition",
    "contained",
    "date",
    "dateTime",
    "deliverTo",
    "dosageInstruction",
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "effectiveTiming",
    "entity",
    "for",
    "gender",
    "header",
    "id",
    "identifier",
    "individual",
    "ingredient",
    "intent",
    "item",
    "link",
    "medicationCodeableConcept",
    "meta",
    "name",
    "occurrenceDateTime",
    "occurrenceInstant",
    "occurrencePeriod",
    "occurrenceTiming",
    "participant",
    "patient",
    "performedDateTime",
    "performedInstant",
    "performedPeriod",
    "performedTiming",
    "period",
    "planningHorizon",
    "reaction",
    "recorded",
    "recordedDate",
    "resourceType",
    "response",
    "securityContext",
    "start",
    "status",
    "subject",
    "target",
];

/// Elements that hold what another server takes for a password: headers sent to it, such as `Authorization: Bearer …`.
const CREDENTIALS: [(&str, &str); 2] = [("Endpoint", "header"), ("Subscription", "channel.header")];

/// A resource of FHIR R4: a JSON object with a known `resourceType` and a well-formed `id`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "`resourceType` is FHIR's own word")]
pub struct Resource {
    resource_type: ResourceType,
    id: ResourceId,
    elements: Map<String, Value>,
    owners: BTreeSet<PatientId>,
}

/// Why a text is no resource that can be stored. Says nothing of its contents.
#[derive(Debug, Error)]
pub enum ResourceError {
    /// Not JSON, not one object, nested too deep, or a property of an object appears twice.
    #[error("not a JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// `resourceType` is missing or names no type of FHIR R4 that can be stored.
    #[error("`resourceType` is missing or no resource type of FHIR R4")]
    ResourceType,
    /// `id` is missing or not of the form `[A-Za-z0-9\-\.]{1,64}`.
    #[error("`id` is missing or not 1 to 64 letters, digits, '-' or '.'")]
    Id,
    /// `meta` is not an object.
    #[error("`meta` is not an object")]
    Meta,
    /// It holds what another server takes for a password, itself or in what it contains: nobody may read it here, so it is not
    /// kept.
    #[error("`{path}` of {resource_type} holds what another server takes for a password: load it without")]
    Credentials {
        /// Of which type.
        resource_type: &'static str,
        /// Which element.
        path: &'static str,
    },
}

/// Whose a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// These patients': never an empty set. It leaves only for who may see all of them.
    Patients(BTreeSet<PatientId>),
    /// No patient's: of a type that is shared by all (Practitioner, Organization, Medication …; COMP-05).
    Shared,
    /// No patient's that could be told, and not shared.
    Nobody,
}

impl Belonging {
    /// That of these patients; nobody's if there are none.
    fn of(patients: BTreeSet<PatientId>) -> Self {
        if patients.is_empty() { Self::Nobody } else { Self::Patients(patients) }
    }

    /// The patients, if it is patients'.
    pub fn into_patients(self) -> BTreeSet<PatientId> {
        match self {
            Self::Patients(patients) => patients,
            Self::Shared | Self::Nobody => BTreeSet::new(),
        }
    }
}

/// Whose a resource is, as far as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It says.
    Said(Belonging),
    /// It is whose other resources are: its store says whose, when it takes it in.
    Follows(Followed),
}

/// What a resource is about, of which other resources are a part: a Provenance of an Observation, the Binary of a
/// `DocumentReference`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    patients: BTreeSet<PatientId>,
    resources: BTreeSet<Reference>,
}

impl Followed {
    /// `None` where something may be anybody's: what is not here, what is nobody's by its type, what follows others itself.
    fn of(targets: impl Iterator<Item = Target>) -> Option<Self> {
        let mut followed = Self::default();
        for target in targets {
            let Target::Here(reference) = target else { return None };
            match reference.resource_type.definition().owner {
                Owner::Itself => drop(followed.patients.insert(reference.id)),
                Owner::Of(_) => drop(followed.resources.insert(reference)),
                Owner::Shared => {}
                Owner::Nobody | Owner::Follows(_) => return None,
            }
        }
        Some(followed)
    }

    /// The resources, without Patients and what is shared.
    pub fn resources(&self) -> &BTreeSet<Reference> {
        &self.resources
    }

    /// Whose a resource that follows these is, where `owners` says to whom each of them belongs: all their patients'. Nobody's if one
    /// of them is not there, or nobody's.
    pub fn belonging(&self, owners: &BTreeMap<Reference, BTreeSet<PatientId>>) -> Belonging {
        let mut patients = self.patients.clone();
        for resource in &self.resources {
            match owners.get(resource) {
                Some(owners) if !owners.is_empty() => patients.extend(owners.iter().cloned()),
                _ => return Belonging::Nobody,
            }
        }
        Belonging::of(patients)
    }

    /// Whether one of them is not there: it may come.
    pub fn waits(&self, owners: &BTreeMap<Reference, BTreeSet<PatientId>>) -> bool {
        !self.resources.iter().all(|resource| owners.contains_key(resource))
    }
}

impl Resource {
    /// Reads a resource. How long the text may be is the caller's to bound; it is read once, and only the
    /// elements that rules look at are kept.
    pub fn parse(text: &[u8]) -> Result<Self, ResourceError> {
        let elements = parse_object(text, |name| READ_ELEMENTS.binary_search(&name).is_ok())?;
        let word = |name: &str| elements.get(name).and_then(Value::as_str);
        let resource_type =
            word("resourceType").and_then(|name| name.parse().ok()).ok_or(ResourceError::ResourceType)?;
        let id = word("id").and_then(|id| id.parse().ok()).ok_or(ResourceError::Id)?;
        let contained = select(&elements, "contained").into_iter().filter_map(Value::as_object);
        if let Some((resource_type, path)) = contained.chain([&elements]).find_map(credentials) {
            return Err(ResourceError::Credentials { resource_type, path });
        }
        Ok(Self { resource_type, id, elements, owners: BTreeSet::new() })
    }

    /// Its type.
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// `Type/id`
    pub fn reference(&self) -> Reference {
        Reference { resource_type: self.resource_type, id: self.id.clone() }
    }

    /// Its logical id.
    pub fn id(&self) -> &ResourceId {
        &self.id
    }

    /// The same with those to whom, as its store says, what it follows belongs.
    #[must_use]
    pub fn owned_by(self, owners: BTreeSet<PatientId>) -> Self {
        Self { owners, ..self }
    }

    /// Whose it is (requirements COMP-01 to COMP-08): what follows others is theirs whom its store says, and otherwise nobody's.
    pub fn belonging(&self) -> Belonging {
        match self.ownership() {
            Ownership::Said(belonging) => belonging,
            Ownership::Follows(_) => Belonging::of(self.owners.clone()),
        }
    }

    /// Whose it says it is, by the element that names whom it is about.
    ///
    /// Only relative references (`Patient/x`) make an owner (COMP-08). Beside them nothing may stand that could be another
    /// patient: one on another server, or known by an identifier alone, makes a resource of several nobody's. So does our own
    /// base before `Patient/x`, since whoever imports resources need not know where they will be served.
    pub fn ownership(&self) -> Ownership {
        let targets = |path| select(&self.elements, path).into_iter().map(|element| self.target(element));
        Ownership::Said(match self.resource_type.definition().owner {
            Owner::Shared => Belonging::Shared,
            Owner::Nobody => Belonging::Nobody,
            Owner::Itself => Belonging::of(BTreeSet::from([self.id.clone()])),
            Owner::Of(path) => {
                let patients = targets(path).filter_map(|target| match target {
                    Target::Here(reference) => reference.into_patient().map(Some),
                    Target::NoPatient => None,
                    Target::Unknown => Some(None),
                });
                patients.collect::<Option<_>>().map_or(Belonging::Nobody, Belonging::of)
            }
            Owner::Follows(path) => match Followed::of(targets(path)) {
                Some(followed) if followed.resources.is_empty() => Belonging::of(followed.patients),
                Some(followed) => return Ownership::Follows(followed),
                None => Belonging::Nobody,
            },
        })
    }

    fn target(&self, element: &Value) -> Target {
        Target::of(element, |id| {
            let contained = select(&self.elements, "contained").into_iter();
            let mut named = contained.filter(|inner| inner.get("id").and_then(Value::as_str) == Some(id));
            named.next()?.get("resourceType")?.as_str()
        })
    }

    /// The start of the earliest value of the search parameter `date` as UTC text of fixed width, whose order
    /// is that of time (`2019-03-01T00:00:00.000000000Z`); empty if the type has no such parameter in R4, or
    /// the resource no value.
    pub fn sort_date(&self) -> String {
        let Some(date) = self.resource_type.definition().parameters.iter().find(|p| p.kind == Kind::Date)
        else {
            return String::new();
        };
        let earliest = self.values(date).into_iter().filter_map(Interval::of).min_by_key(|value| value.start);
        earliest.map(|value| value.sort_text()).unwrap_or_default()
    }

    /// What the pages show of it, if it is a Patient.
    pub fn summary(&self) -> Option<PatientSummary> {
        if self.resource_type.as_str() != "Patient" {
            return None;
        }
        let text = |name: &str| self.elements.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(PatientSummary {
            id: self.id.clone(),
            name: name_line(&select(&self.elements, "name")).unwrap_or_else(|| self.id.to_string()),
            birth_date: text("birthDate"),
            gender: text("gender"),
            identifiers: identifier_values(select(&self.elements, "identifier")),
        })
    }

    /// The elements that a search parameter compares.
    pub(super) fn values(&self, parameter: &Parameter) -> Vec<&Value> {
        select(&self.elements, parameter.path)
    }

    /// `meta.lastUpdated`.
    pub(super) fn last_updated(&self) -> Option<Interval> {
        self.elements.get("meta")?.get("lastUpdated").and_then(Interval::of)
    }
}

/// The element of a resource that holds a password of another server.
fn credentials(elements: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    let is = |name: &str| elements.get("resourceType").and_then(Value::as_str) == Some(name);
    CREDENTIALS.into_iter().find(|(name, path)| is(name) && !select(elements, path).is_empty())
}

/// One line for a name: of those of official or usual use the first, or any; as text, or put together.
fn name_line(names: &[&Value]) -> Option<String> {
    let rank = |name: &Value| match name.get("use").and_then(Value::as_str) {
        Some("official") => 0,
        Some("usual") => 1,
        Some("old" | "maiden") => 3,
        _ => 2,
    };
    let mut names = names.to_vec();
    names.sort_by_key(|name| rank(name));
    names.into_iter().find_map(|name| {
        let given = name.get("given").and_then(Value::as_array).into_iter().flatten();
        let parts: Vec<_> = given.chain(name.get("family")).filter_map(Value::as_str).collect();
        let whole = name.get("text").and_then(Value::as_str).map(str::to_owned);
        Some(parts.join(" ")).filter(|line| !line.is_empty()).or(whole)
    })
}

/// The values of identifiers, medical record numbers (type `MR`) first.
fn identifier_values(mut identifiers: Vec<&Value>) -> Vec<String> {
    let is_record_number = |identifier: &Value| {
        let codings = identifier.pointer("/type/coding").and_then(Value::as_array);
        codings.is_some_and(|codings| {
            codings.iter().any(|coding| coding.get("code") == Some(&Value::from("MR")))
        })
    };
    identifiers.sort_by_key(|identifier| !is_record_number(identifier));
    identifiers
        .into_iter()
        .filter_map(|identifier| identifier.get("value")?.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests;

//! The shapes in which FHIR resources and patients pass through the ports.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::id::{PatientId, ResourceId};
use crate::instant::Instant;
use crate::user::PatientAccess;

use super::resource::{Resource, ResourceError};

/// A stored resource: its JSON text, with `meta.versionId` and `meta.lastUpdated` as stored here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The resource as JSON (UTF-8), as it may leave if it is allowed to.
    pub body: Bytes,
    /// `meta.versionId`: the ETag is `W/"version"`.
    pub version: u64,
    /// `meta.lastUpdated`, to the second: the `Last-Modified`.
    pub last_updated: Instant,
    /// Of a resource that follows others: to whom these belong, all of them. Empty is nobody's. What says itself whose it is goes by
    /// what it says.
    pub owners: BTreeSet<PatientId>,
}

impl Record {
    /// The resource, as the rules see it.
    ///
    /// # Errors
    /// If the body is none.
    pub fn resource(&self) -> Result<Resource, ResourceError> {
        Ok(Resource::parse(&self.body)?.owned_by(self.owners.clone()))
    }
}

/// Whose resources a query looks at. An empty set is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compartments {
    /// All resources of the type.
    All,
    /// Only resources that belong to these patients.
    Of(BTreeSet<PatientId>),
}

/// Where a page ended: a position, not a permission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The clinical date of the last resource (see [`super::resource::Resource::sort_date`]); empty if it has none.
    pub date: String,
    /// The id of the last resource.
    pub id: ResourceId,
}

/// Where a search goes on: a place, not a permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// In the resources of this patient, where the search goes from one patient to the next.
    pub patient: Option<PatientId>,
    /// Strictly after this position; at the beginning, if there is none.
    pub after: Option<Position>,
}

/// Which way a query runs through the dates; resources without a date come first ascending, last descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// One page of resources of one type, ordered by (date, id).
#[derive(Clone, Debug)]
pub struct RecordQuery {
    /// The resource type, a known one.
    pub resource_type: &'static str,
    /// Whose.
    pub compartments: Compartments,
    /// In which order.
    pub direction: Direction,
    /// Strictly after this position, in that order.
    pub after: Option<Position>,
    /// At most so many, at least 1.
    pub limit: usize,
}

/// What a [`RecordQuery`] found.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// The resources, each with its position.
    pub records: Vec<(Position, Record)>,
    /// Where to go on; `None` at the end.
    pub next: Option<Position>,
}

/// What the pages show of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientSummary {
    /// The Patient's id.
    pub id: PatientId,
    /// The name as one line, official use preferred; the id if there is none.
    pub name: String,
    /// `birthDate` as it stands (`YYYY`, `YYYY-MM` or `YYYY-MM-DD`).
    pub birth_date: Option<String>,
    /// `gender` as it stands.
    pub gender: Option<String>,
    /// The values of the identifiers, the medical record number first.
    pub identifiers: Vec<String>,
}

/// A search in the patient picker.
#[derive(Clone, Debug)]
pub struct PatientQuery {
    /// What was typed: matches name parts, birth date or identifier; empty matches all.
    pub text: String,
    /// Among which patients.
    pub within: PatientAccess,
    /// How many matches to pass over.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

/// A page of the patient picker, ordered by name.
#[derive(Clone, Debug)]
pub struct PatientPage {
    /// The patients.
    pub patients: Vec<PatientSummary>,
    /// Whether there are more.
    pub more: bool,
}

//! FHIR resources: found by address, and in order of clinical date by type or by patient.
//!
//! The two indexes are tables of keys alone. A page for several patients is a merge of their runs; a resource that
//! belongs to two of them comes once.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Bound;

use bytes::Bytes;
use redb::{ReadOnlyTable, TableDefinition};
use smart_core::fhir::record::{Compartments, Direction, Position, Record, RecordPage, RecordQuery};
use smart_core::id::{PatientId, ResourceId};
use smart_core::instant::Instant;
use smart_core::ports::{Records, Unavailable};

use crate::LocalStore;
use crate::error::Failure;
use crate::tables::{Snapshot, Writing};

/// (version, last updated, clinical date, the patients it belongs to, the digest of its content, its JSON).
pub(crate) type Row = (u64, u64, &'static str, Vec<&'static str>, &'static [u8; 32], &'static [u8]);

/// (type, id) → the resource.
pub(crate) const RESOURCES: TableDefinition<'_, (&str, &str), Row> = TableDefinition::new("resources");

/// (type, clinical date, id).
pub(crate) const BY_DATE: TableDefinition<'_, (&str, &str, &str), ()> =
    TableDefinition::new("resources_by_date");

/// (patient, type, clinical date, id).
pub(crate) const BY_PATIENT: TableDefinition<'_, (&str, &str, &str, &str), ()> =
    TableDefinition::new("resources_by_patient");

const PORT: &str = "records";

/// Makes the tables, if there are none.
pub(crate) fn create(writing: &Writing<'_>) -> Result<(), Failure> {
    writing.change(RESOURCES)?;
    writing.change(BY_DATE)?;
    writing.change(BY_PATIENT).map(drop)
}

impl Records for LocalStore {
    async fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable> {
        self.engine.read(PORT, |snapshot| fetch(&snapshot.table(RESOURCES)?, resource_type, id.as_str()))
    }

    async fn records_by_id(
        &self,
        resource_type: &str,
        ids: &[ResourceId],
    ) -> Result<Vec<(ResourceId, Record)>, Unavailable> {
        self.engine.read(PORT, |snapshot| {
            let table = snapshot.table(RESOURCES)?;
            let found = ids
                .iter()
                .map(|id| Ok(fetch(&table, resource_type, id.as_str())?.map(|record| (id.clone(), record))));
            found.filter_map(Result::transpose).collect()
        })
    }

    async fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable> {
        self.engine.read(PORT, |snapshot| {
            let limit = query.limit.max(1);
            let mut positions = positions(snapshot, query, limit.saturating_add(1))?;
            let more = positions.len() > limit;
            positions.truncate(limit);
            let next = if more { positions.last().cloned() } else { None };
            let table = snapshot.table(RESOURCES)?;
            let mut records = Vec::with_capacity(positions.len());
            for position in positions {
                // Rows and indexes are written in one transaction: a row that is missing was never there.
                if let Some(record) = fetch(&table, query.resource_type, position.id.as_str())? {
                    records.push((position, record));
                }
            }
            Ok(RecordPage { records, next })
        })
    }
}

fn fetch(
    table: &ReadOnlyTable<(&'static str, &'static str), Row>,
    resource_type: &str,
    id: &str,
) -> Result<Option<Record>, Failure> {
    let record = |row: redb::AccessGuard<'_, Row>| {
        let (version, last_updated, _, owners, _, body) = row.value();
        let (body, last_updated) = (Bytes::copy_from_slice(body), Instant::from_unix(last_updated));
        Ok(Record { body, version, last_updated, owners: patients(owners)? })
    };
    table.get((resource_type, id))?.map(record).transpose()
}

/// Patients, as a row names them.
pub(crate) fn patients(owners: Vec<&str>) -> Result<BTreeSet<PatientId>, Failure> {
    let malformed = |_| Failure::Value { table: "resources", reason: "an id that is none".to_owned() };
    owners.into_iter().map(|id| id.parse().map_err(malformed)).collect()
}

/// The first `limit` positions of the query, in its order.
fn positions(snapshot: &Snapshot, query: &RecordQuery, limit: usize) -> Result<Vec<Position>, Failure> {
    let (from, to) = bounds(query);
    let kind = query.resource_type;
    // Sorts after every key of the type, and before every key of any other.
    let past = format!("{kind}\0");
    let runs: Vec<Run> = match &query.compartments {
        Compartments::All => {
            let table = snapshot.table(BY_DATE)?;
            let low = match &from {
                Some(p) => Bound::Excluded((kind, p.date.as_str(), p.id.as_str())),
                None => Bound::Included((kind, "", "")),
            };
            let high = match &to {
                Some(p) => Bound::Excluded((kind, p.date.as_str(), p.id.as_str())),
                None => Bound::Excluded((past.as_str(), "", "")),
            };
            let keys = table.range::<(&str, &str, &str)>((low, high))?.map(|entry| {
                let (key, ()) = (entry?.0, ());
                let (_, date, id) = key.value();
                position(date, id)
            });
            vec![run(keys, query.direction)]
        }
        Compartments::Of(patients) => {
            let table = snapshot.table(BY_PATIENT)?;
            let mut runs = Vec::with_capacity(patients.len());
            for patient in patients {
                let patient = patient.as_str();
                let low = match &from {
                    Some(p) => Bound::Excluded((patient, kind, p.date.as_str(), p.id.as_str())),
                    None => Bound::Included((patient, kind, "", "")),
                };
                let high = match &to {
                    Some(p) => Bound::Excluded((patient, kind, p.date.as_str(), p.id.as_str())),
                    None => Bound::Excluded((patient, past.as_str(), "", "")),
                };
                let keys = table.range::<(&str, &str, &str, &str)>((low, high))?.map(|entry| {
                    let key = entry?.0;
                    let (_, _, date, id) = key.value();
                    position(date, id)
                });
                runs.push(run(keys, query.direction));
            }
            runs
        }
    };
    merge(runs, query.direction, limit)
}

/// The positions between which the query looks, both exclusive.
fn bounds(query: &RecordQuery) -> (Option<&Position>, Option<&Position>) {
    match query.direction {
        Direction::Ascending => (query.after.as_ref(), None),
        Direction::Descending => (None, query.after.as_ref()),
    }
}

fn position(date: &str, id: &str) -> Result<Position, Failure> {
    let id = id.parse().map_err(|_| Failure::Value {
        table: "resources_by_date",
        reason: "an id that is none".to_owned(),
    })?;
    Ok(Position { date: date.to_owned(), id })
}

/// Positions of one index range, in the query's order.
type Run = Box<dyn Iterator<Item = Result<Position, Failure>>>;

fn run(
    keys: impl DoubleEndedIterator<Item = Result<Position, Failure>> + 'static,
    direction: Direction,
) -> Run {
    match direction {
        Direction::Ascending => Box::new(keys),
        Direction::Descending => Box::new(keys.rev()),
    }
}

/// The first position of a run that has not been taken yet; the greatest one comes first in the order of the query.
struct Head {
    position: Position,
    run: usize,
    direction: Direction,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.direction {
            Direction::Ascending => other.position.cmp(&self.position),
            Direction::Descending => self.position.cmp(&other.position),
        }
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for Head {}

/// The first `limit` positions of all runs together, each once.
fn merge(mut runs: Vec<Run>, direction: Direction, limit: usize) -> Result<Vec<Position>, Failure> {
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (run, positions) in runs.iter_mut().enumerate() {
        if let Some(position) = positions.next().transpose()? {
            heads.push(Head { position, run, direction });
        }
    }
    let mut merged: Vec<Position> = Vec::new();
    while merged.len() < limit {
        let Some(Head { position, run, .. }) = heads.pop() else { break };
        if let Some(next) = runs.get_mut(run).and_then(Iterator::next).transpose()? {
            heads.push(Head { position: next, run, direction });
        }
        if merged.last() != Some(&position) {
            merged.push(position);
        }
    }
    Ok(merged)
}

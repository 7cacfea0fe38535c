//! FHIR resources: found by address, and in order of clinical date by type or by patient.
//!
//! | key | item | in the index `groups` under | in the index `types` under |
//! |---|---|---|---|
//! | `Type/ID` | a resource | `of#PATIENT/Type`, its first owner's | `Type` |
//! | `copy#Type/ID#PATIENT` | the same again, for each further owner | `of#PATIENT/Type` | |
//! | `patient#ID` | what the picker shows of a patient | `patients`, by name | |
//! | `word#ID#WORD` | the same again, for each word that finds the patient | `word#FIRST LETTER`, by the word | |
//!
//! **A read is one `GetItem`, a page is one `Query`.** Both indexes hold whole items, ordered by `at` (clinical date, then id). A
//! `Query` is billed by the sum of what it reads, at half a unit for each 4 kB: a page of a hundred small resources costs
//! about ten units (`infra/units.json`), where fetching them one by one from an index of keys would cost fifty and a second call. The price is
//! that each resource is stored and written three times, which is paid once for data that is read often.
//!
//! **A resource of several patients** (an Appointment, a Group's Provenance) is rare. An index has an item once, so each
//! further owner has a copy. A page for several patients is one `Query` each, merged; what two of them bring comes once.
//!
//! **What follows others** (a Provenance of an Observation, the Binary of a `DocumentReference`) has besides, as `owners`, whose these
//! were when it was taken in, so that a read needs no other item. An import that gives one of them to somebody else takes that back first.
//!
//! **Reads are eventually consistent**, as the indexes are: what the operator imports is seen a moment later. Nothing that is
//! decided depends on more: who may see a resource is decided on the very item that leaves.
//!
//! **All of a type** is one group of the index `types`. DynamoDB takes about a thousand writes a second there until it
//! divides the group by its order, which it does under load; an import is slowed down to that, and waits.

mod body;
mod import;
mod incoming;
mod merge;
mod patients;
mod words;
mod write;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use smart_core::fhir::record::{Compartments, Direction, Position, Record, RecordPage, RecordQuery};
use smart_core::id::{PatientId, ResourceId};
use smart_core::ports::{Records, Unavailable};

pub use self::incoming::{Imported, Incoming, NotStored};

use self::merge::Run;
use crate::item::{Item, Unreadable, text};
use crate::table::{Range, Table};
use crate::tables::{GROUPS, TYPES};

const PORT: &str = "records";

/// How many patients' runs are fetched at once.
const AT_ONCE: usize = 16;

/// The table of `SMART_RECORDS_TABLE`, and all ports of the records on it.
#[derive(Clone, Debug)]
pub struct RecordsTable {
    table: Table,
}

impl RecordsTable {
    /// The table of that name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { table: Table::new(client, name) }
    }

    /// The table, waiting longer for what a batch left undone: for an operator's program.
    #[cfg(feature = "operator")]
    pub(crate) fn patiently(self) -> Self {
        Self { table: self.table.patiently() }
    }

    /// The first resources of one group of an index, after the query's position.
    async fn run(&self, index: &'static str, group: String, query: &RecordQuery) -> Result<Run, Unavailable> {
        let ascending = query.direction == Direction::Ascending;
        let mut values: Vec<(&'static str, AttributeValue)> = vec![(":group", text(group))];
        if let Some(after) = &query.after {
            values.push((":after", text(at(after))));
        }
        let condition = match (index == GROUPS.name, query.after.is_some(), ascending) {
            (true, false, _) => "#group = :group",
            (true, true, true) => "#group = :group AND #at > :after",
            (true, true, false) => "#group = :group AND #at < :after",
            (false, false, _) => "#type = :group",
            (false, true, true) => "#type = :group AND #at > :after",
            (false, true, false) => "#type = :group AND #at < :after",
        };
        // One more than asked for says whether there is a next page.
        let limit = Some(query.limit.max(1).saturating_add(1));
        let page =
            self.table.query(PORT, Range { index, condition, values, ascending, limit, from: None }).await?;
        let records = page.items.iter().map(|item| Ok((position_of(item)?, record_of(item)?)));
        let records = records.collect::<Result<_, Unreadable>>().map_err(|error| error.at(PORT))?;
        Ok(Run { records, more: page.next.is_some() })
    }
}

/// Where a resource stands in its groups: by date, then by id. A date is empty or of fixed width, and a space comes before
/// every character of either.
fn at(position: &Position) -> String {
    format!("{} {}", position.date, position.id)
}

fn position_of(item: &Item) -> Result<Position, Unreadable> {
    let malformed = Unreadable { attribute: "at" };
    let (date, id) = item.text("at")?.split_once(' ').ok_or(malformed)?;
    Ok(Position { date: date.to_owned(), id: id.parse().map_err(|_| malformed)? })
}

fn record_of(item: &Item) -> Result<Record, Unreadable> {
    let owners = item.texts("owners")?.into_iter();
    Ok(Record {
        body: body::expand(item.bytes("body")?).ok_or(Unreadable { attribute: "body" })?,
        version: item.number("version")?,
        last_updated: item.instant("last_updated")?,
        owners: owners
            .map(|id| id.parse().map_err(|_| Unreadable { attribute: "owners" }))
            .collect::<Result<_, _>>()?,
    })
}

fn key(resource_type: &str, id: &ResourceId) -> String {
    format!("{resource_type}/{id}")
}

/// The group of a patient's resources of one type.
fn compartment(patient: &PatientId, resource_type: &str) -> String {
    format!("of#{patient}/{resource_type}")
}

impl Records for RecordsTable {
    async fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable> {
        let item = self.table.get(PORT, &key(resource_type, id), false).await?;
        item.as_ref().map(record_of).transpose().map_err(|error| error.at(PORT))
    }

    async fn records_by_id(
        &self,
        resource_type: &str,
        ids: &[ResourceId],
    ) -> Result<Vec<(ResourceId, Record)>, Unavailable> {
        let keys: Vec<_> = ids.iter().map(|id| key(resource_type, id)).collect();
        let items = self.table.get_all(PORT, &keys, false, None).await?;
        let records = items.iter().map(|item| Ok((position_of(item)?.id, record_of(item)?)));
        records.collect::<Result<_, Unreadable>>().map_err(|error| error.at(PORT))
    }

    async fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable> {
        let runs: Vec<Run> = match &query.compartments {
            Compartments::All => vec![self.run(TYPES.name, query.resource_type.to_owned(), query).await?],
            Compartments::Of(patients) => {
                let mut runs = Vec::with_capacity(patients.len());
                for patient in patients {
                    runs.push(self.run(GROUPS.name, compartment(patient, query.resource_type), query));
                }
                stream::iter(runs).buffer_unordered(AT_ONCE).try_collect().await?
            }
        };
        Ok(merge::page(runs, query.direction, query.limit.max(1)))
    }
}

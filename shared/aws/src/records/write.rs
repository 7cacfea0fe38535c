//! What is written for a resource, and in which order.
//!
//! A resource, its copies and a patient's words are several items, and a batch is no transaction. Three steps keep a broken import
//! harmless: first what is not true any more is deleted, and what follows a resource that goes to others is made nobody's; then copies,
//! words and cards are put, and the resource itself last. Until then the next import finds the old content, and does all of it again.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use bytes::Bytes;
use smart_core::fhir::record::{PatientSummary, Position};
use smart_core::fhir::resource::{ResourceError, with_meta};
use smart_core::id::PatientId;
use smart_core::instant::Instant;

use super::incoming::Incoming;
use super::{at, body, compartment, key, patients, words};
use crate::item::{Attributes, Item, KEY, Unreadable, bytes, instant, json, number, text, texts};

/// What an import must know of what is there.
pub(super) const KNOWN: &str = "#pk, #version, #last_updated, #content, #group, #also, #words";

/// The writes of some resources, in three steps.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) stale: Vec<String>,
    pub(super) closed: Vec<Item>,
    pub(super) beside: Vec<Item>,
    pub(super) resources: Vec<Item>,
}

/// Why a resource cannot be planned.
#[derive(Debug)]
pub(super) enum Fault {
    Known(Unreadable),
    Incoming(ResourceError),
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self::Known(unreadable)
    }
}

/// What is there of a resource.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) resource: Option<&'a Item>,
    /// Of a Patient: what the picker shows.
    pub(super) card: Option<&'a Item>,
}

/// Whether putting a resource changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planned {
    Created,
    Updated,
    Unchanged,
}

impl Plan {
    /// Adds what must be written for a resource of these patients.
    pub(super) fn add(
        &mut self,
        incoming: &Incoming,
        owners: &BTreeSet<PatientId>,
        known: Known<'_>,
        now: Instant,
    ) -> Result<Planned, Fault> {
        let resource = &incoming.resource;
        let (kind, id) = (resource.resource_type().as_str(), resource.id());
        let (version, last_updated, planned) = match known.resource {
            None => (1, incoming.last_updated.unwrap_or(now), Planned::Created),
            Some(item) if item.text("content")? == incoming.content.to_string() => {
                if owners_in(item)? == *owners {
                    return Ok(Planned::Unchanged);
                }
                (item.number("version")?, item.instant("last_updated")?, Planned::Unchanged)
            }
            Some(item) => (item.number("version")?.saturating_add(1), now, Planned::Updated),
        };
        let stamped = with_meta(&incoming.text, version, last_updated).map_err(Fault::Incoming)?;
        let stored = Stored {
            body: body::shrink(&stamped),
            version,
            last_updated,
            at: at(&Position { date: resource.sort_date(), id: id.clone() }),
            owners: if resource.resource_type().follows() { Some(owners) } else { None },
        };
        let mut further = owners.iter();
        let first = further.next();
        let further: Vec<_> = further.collect();
        let copy_key = |patient: &str| copy_key(&key(kind, id), patient);
        let also: BTreeSet<&str> = further.iter().map(|patient| patient.as_str()).collect();
        for before in known.resource.map(|item| item.texts("also")).transpose()?.unwrap_or_default() {
            if !also.contains(before.as_str()) {
                self.stale.push(copy_key(&before));
            }
        }
        for patient in further {
            self.beside.push(
                stored.item(copy_key(patient.as_str())).with("group", text(compartment(patient, kind))),
            );
        }
        if let Some(summary) = resource.summary() {
            self.add_patient(&summary, known.card)?;
        }
        self.resources.push(
            stored
                .item(key(kind, id))
                .with("content", text(incoming.content.to_string()))
                .with("type", text(kind))
                .with_some("group", first.map(|patient| text(compartment(patient, kind))))
                .with_some("also", texts(also)),
        );
        Ok(planned)
    }

    /// Makes a resource nobody's, and says what it is.
    pub(super) fn close(&mut self, item: Item) -> Result<(), Unreadable> {
        let address = item.text(KEY)?;
        for patient in item.texts("also")? {
            self.stale.push(copy_key(address, &patient));
        }
        self.closed.push(item.without("group").without("also").without("owners"));
        Ok(())
    }

    /// What the picker shows, and the words that lead there.
    fn add_patient(&mut self, patient: &PatientSummary, known: Option<&Item>) -> Result<(), Unreadable> {
        let found_by = words::of(patient);
        let word_key = |word: &str| format!("word#{}#{word}", patient.id);
        for before in known.map(|card| card.texts("words")).transpose()?.unwrap_or_default() {
            if !found_by.contains(&before) {
                self.stale.push(word_key(&before));
            }
        }
        let shown = patients::shown(patient);
        let card = |key: String| {
            Item::new(key)
                .with("summary", json(&shown))
                .with_some("words", texts(found_by.iter().map(String::as_str)))
        };
        for word in &found_by {
            let item = card(word_key(word));
            self.beside.push(
                item.with("group", text(patients::group_of(word)))
                    .with("at", text(patients::at_word(word, patient))),
            );
        }
        let item = card(patients::key(&patient.id));
        self.beside
            .push(item.with("group", text(patients::ALL)).with("at", text(patients::at_name(patient))));
        Ok(())
    }
}

fn copy_key(address: &str, patient: &str) -> String {
    format!("copy#{address}#{patient}")
}

/// In whose groups a resource is.
pub(super) fn owners_in(item: &Item) -> Result<BTreeSet<PatientId>, Unreadable> {
    let malformed = |attribute| move |_| Unreadable { attribute };
    let mut owners = BTreeSet::new();
    if item.has("group") {
        let group = item.text("group")?;
        let first = group.strip_prefix("of#").and_then(|rest| rest.split_once('/'));
        let (first, _) = first.ok_or(Unreadable { attribute: "group" })?;
        owners.insert(first.parse().map_err(malformed("group"))?);
    }
    for patient in item.texts("also")? {
        owners.insert(patient.parse().map_err(malformed("also"))?);
    }
    Ok(owners)
}

/// What a resource and its copies have in common.
struct Stored<'a> {
    body: Bytes,
    version: u64,
    last_updated: Instant,
    at: String,
    /// Of what follows others: whose it is.
    owners: Option<&'a BTreeSet<PatientId>>,
}

impl Stored<'_> {
    fn item(&self, key: String) -> Item {
        Item::new(key)
            .with("body", bytes(self.body.clone()))
            .with("version", number(self.version))
            .with("last_updated", instant(self.last_updated))
            .with("at", text(&self.at))
            .with_some("owners", texts(self.owners.into_iter().flatten().map(PatientId::as_str)))
    }
}

pub(super) fn put(item: Item) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.into_attributes())).build();
    // Building fails only without an item.
    WriteRequest::builder().set_put_request(put.ok()).build()
}

pub(super) fn delete(key: String) -> WriteRequest {
    let delete =
        DeleteRequest::builder().set_key(Some(Attributes::from([(KEY.to_owned(), text(key))]))).build();
    WriteRequest::builder().set_delete_request(delete.ok()).build()
}

//! Taking resources in.
//!
//! Versions are ours: the first is 1, and the next comes only with another content. Taking in the same text again
//! changes nothing, so that a seed can be loaded at each start. `meta.lastUpdated` is kept as given when a resource is
//! first taken in, and is the instant of the import from then on.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use bytes::Bytes;
use redb::{ReadableTable as _, Table};
use serde::Deserialize;
use smart_core::fhir::resource::{Belonging, Resource, ResourceError, with_meta};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::secret::Digest;

use crate::LocalStore;
use crate::error::Failure;
use crate::patients;
use crate::records::{BY_DATE, BY_PATIENT, RESOURCES, Row};
use crate::tables::Writing;

/// How much is written in one transaction: others may wait for it.
const STRIDE: usize = 500;
const STRIDE_BYTES: usize = 4 << 20;

const PORT: &str = "records";

/// A resource that was read and can be stored.
#[derive(Debug)]
pub struct Incoming {
    resource: Resource,
    text: Bytes,
    /// Of the text without what is ours to set.
    content: Digest,
    last_updated: Option<Instant>,
}

impl Incoming {
    /// Reads a resource. Does all the work that needs no store, so it can be done elsewhere and for many at once.
    ///
    /// # Errors
    /// Says what is wrong, and nothing of the contents.
    pub fn parse(text: Bytes) -> Result<Self, ResourceError> {
        #[derive(Deserialize)]
        struct Head {
            meta: Option<Meta>,
        }
        #[derive(Deserialize)]
        struct Meta {
            #[serde(rename = "lastUpdated")]
            last_updated: Option<jiff::Timestamp>,
        }
        let resource = Resource::parse(&text)?;
        let content = Digest::of(&with_meta(&text, 0, Instant::from_unix(0))?);
        let last_updated = serde_json::from_slice::<Head>(&text)
            .ok()
            .and_then(|head| head.meta?.last_updated)
            .and_then(|at| u64::try_from(at.as_second()).ok())
            .map(Instant::from_unix);
        Ok(Self { resource, text, content, last_updated })
    }

    /// What it is.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Resources that were not there.
    pub created: usize,
    /// Resources whose content was another one.
    pub updated: usize,
    /// Resources whose content was the same: nothing was written.
    pub unchanged: usize,
}

impl AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

impl LocalStore {
    /// Stores resources, each in place of the one of its type and id. Large imports are written in strides, so that the
    /// requests of a running server come in between; one that breaks off has stored whole resources, and can
    /// be run again.
    pub async fn put_resources(
        &self,
        resources: Vec<Incoming>,
        now: Instant,
    ) -> Result<Imported, Unavailable> {
        let mut imported = Imported::default();
        let mut stride = Vec::new();
        let mut bytes = 0;
        for resource in resources {
            bytes += resource.text.len();
            stride.push(resource);
            if stride.len() >= STRIDE || bytes >= STRIDE_BYTES {
                imported += self.put_some(std::mem::take(&mut stride), now).await?;
                bytes = 0;
            }
        }
        if !stride.is_empty() {
            imported += self.put_some(stride, now).await?;
        }
        Ok(imported)
    }

    async fn put_some(&self, resources: Vec<Incoming>, now: Instant) -> Result<Imported, Unavailable> {
        self.engine
            .write(PORT, move |writing| {
                let changed = changed(writing, &resources)?;
                if !changed {
                    return Ok(Imported { unchanged: resources.len(), ..Imported::default() });
                }
                let mut tables = Tables::open(writing)?;
                let mut imported = Imported::default();
                for resource in &resources {
                    imported += tables.put(resource, now)?;
                }
                drop(tables);
                let summaries = resources.iter().filter_map(|incoming| incoming.resource.summary());
                summaries.into_iter().try_for_each(|patient| patients::put(writing, &patient))?;
                Ok(imported)
            })
            .await
    }
}

/// Whether any of them is new or another one: if not, there is nothing to commit.
fn changed(writing: &Writing<'_>, resources: &[Incoming]) -> Result<bool, Failure> {
    let table = writing.look(RESOURCES)?;
    for incoming in resources {
        let row = table.get((incoming.resource.resource_type().as_str(), incoming.resource.id().as_str()))?;
        if row.is_none_or(|row| row.value().4 != incoming.content.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Tables<'t> {
    resources: Table<'t, (&'static str, &'static str), Row>,
    by_date: Table<'t, (&'static str, &'static str, &'static str), ()>,
    by_patient: Table<'t, (&'static str, &'static str, &'static str, &'static str), ()>,
}

/// What is known of a resource that is to be replaced.
struct Known {
    version: u64,
    date: String,
    patients: Vec<String>,
}

impl<'t> Tables<'t> {
    fn open(writing: &Writing<'t>) -> Result<Self, Failure> {
        Ok(Self {
            resources: writing.change(RESOURCES)?,
            by_date: writing.change(BY_DATE)?,
            by_patient: writing.change(BY_PATIENT)?,
        })
    }

    fn put(&mut self, incoming: &Incoming, now: Instant) -> Result<Imported, Failure> {
        let kind = incoming.resource.resource_type().as_str();
        let id = incoming.resource.id().as_str();
        let known = match self.resources.get((kind, id))? {
            Some(row) => {
                let (version, _, date, patients, content, _) = row.value();
                if content == incoming.content.as_bytes() {
                    return Ok(Imported { unchanged: 1, ..Imported::default() });
                }
                let patients = patients.into_iter().map(str::to_owned).collect();
                Some(Known { version, date: date.to_owned(), patients })
            }
            None => None,
        };
        if let Some(known) = &known {
            self.by_date.remove((kind, known.date.as_str(), id))?;
            for patient in &known.patients {
                self.by_patient.remove((patient.as_str(), kind, known.date.as_str(), id))?;
            }
        }
        let version = known.as_ref().map_or(1, |known| known.version.saturating_add(1));
        let last_updated = incoming.last_updated.filter(|_| known.is_none()).unwrap_or(now);
        let body = with_meta(&incoming.text, version, last_updated)
            .map_err(|error| Failure::Value { table: "resources", reason: error.to_string() })?;
        let date = incoming.resource.sort_date();
        let owners = match incoming.resource.belonging() {
            Belonging::Patients(patients) => patients,
            Belonging::Shared | Belonging::Nobody => BTreeSet::new(),
        };
        let owners: Vec<&str> = owners.iter().map(PatientId::as_str).collect();
        self.by_date.insert((kind, date.as_str(), id), ())?;
        for patient in &owners {
            self.by_patient.insert((*patient, kind, date.as_str(), id), ())?;
        }
        let content = incoming.content.as_bytes();
        let row = (version, last_updated.as_unix(), date.as_str(), owners, content, &*body);
        self.resources.insert((kind, id), row)?;
        Ok(match known {
            None => Imported { created: 1, ..Imported::default() },
            Some(_) => Imported { updated: 1, ..Imported::default() },
        })
    }
}

//! Taking resources in.
//!
//! Versions are ours: the first is 1, and the next comes only with another content. Taking in the same text again
//! changes nothing, so that a seed can be loaded at each start. `meta.lastUpdated` is kept as given when a resource is
//! first taken in, and is the instant of the import from then on.
//!
//! **What follows others** (a Provenance, a Binary) comes after all else, so that what it follows is there and says whose it is. What
//! is not there yet is waited for ([`Imported::waiting`], [`LocalStore::settle`]). Where something comes to belong to others, what
//! follows it is nobody's from then on, until it is asked for again.

mod tables;

use std::collections::BTreeSet;
use std::ops::AddAssign;

use bytes::Bytes;
use redb::ReadableTable as _;
use serde::Deserialize;
use smart_core::fhir::reference::Reference;
use smart_core::fhir::resource::{Ownership, Resource, ResourceError, with_meta};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::ports::{Records as _, Unavailable};
use smart_core::secret::Digest;

use self::tables::Tables;
use crate::LocalStore;
use crate::error::Failure;
use crate::patients as cards;
use crate::records::RESOURCES;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Resources that were not there.
    pub created: usize,
    /// Resources whose content was another one.
    pub updated: usize,
    /// Resources whose content was the same.
    pub unchanged: usize,
    /// Resources that follow others, of which one is not there, or came to belong to somebody else: nobody's until then.
    pub waiting: BTreeSet<Reference>,
}

impl AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.waiting.extend(other.waiting);
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
        let (following, others): (Vec<_>, Vec<_>) =
            resources.into_iter().partition(|incoming| incoming.resource.resource_type().follows());
        for resource in others.into_iter().chain(following) {
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

    /// Looks up anew whose those are that follow others, which may be there by now.
    pub async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        let waiting: Vec<_> = waiting.into_iter().collect();
        for some in waiting.chunks(STRIDE) {
            let mut again = Vec::with_capacity(some.len());
            for Reference { resource_type, id } in some {
                let Some(record) = self.record(resource_type.as_str(), id).await? else { continue };
                again.push(Incoming::parse(record.body).map_err(|error| {
                    Unavailable::new(PORT, format!("a stored resource cannot be read: {error}"))
                })?);
            }
            self.put_resources(again, now).await?;
        }
        Ok(())
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
                summaries.into_iter().try_for_each(|patient| cards::put(writing, &patient))?;
                Ok(imported)
            })
            .await
    }
}

/// Whether any of them is new, another one or another's: if not, there is nothing to commit.
fn changed(writing: &Writing<'_>, resources: &[Incoming]) -> Result<bool, Failure> {
    let table = writing.look(RESOURCES)?;
    for incoming in resources {
        let row = table.get((incoming.resource.resource_type().as_str(), incoming.resource.id().as_str()))?;
        let Some(row) = row else { return Ok(true) };
        let (_, _, _, owners, content, _) = row.value();
        let same_owners = match incoming.resource.ownership() {
            Ownership::Said(belonging) => belonging.into_patients().iter().map(PatientId::as_str).eq(owners),
            Ownership::Follows(_) => !owners.is_empty(),
        };
        if content != incoming.content.as_bytes() || !same_owners {
            return Ok(true);
        }
    }
    Ok(false)
}

//! Taking resources in: the operator's import.
//!
//! Versions are ours, as in the embedded store: the first is 1, and the next comes only with another content. Taking in the same text
//! again changes nothing. `meta.lastUpdated` is kept as given when a resource is first taken in, and is the instant of the
//! import from then on.
//!
//! Batches are not conditional: two imports of the same resource at once may give both the same version, and the later one stays.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::WriteRequest;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;

use super::incoming::{Imported, Incoming};
use super::write::{self, Fault, Known, Plan, Planned};
use super::{PORT, RecordsTable, key, patients};
use crate::item::{Item, KEY};
use crate::table::BATCH_WRITES;

/// How many resources are planned and written together: two batches of reads, some of writes.
const STRIDE: usize = 200;

/// How many batches are under way at once.
const AT_ONCE: usize = 8;

impl RecordsTable {
    /// Stores resources, each in place of the one of its type and id. An import that breaks off has stored whole resources, and can
    /// be run again.
    pub async fn put_resources(
        &self,
        resources: Vec<Incoming>,
        now: Instant,
    ) -> Result<Imported, Unavailable> {
        let mut imported = Imported::default();
        let mut stride: Vec<Incoming> = Vec::with_capacity(STRIDE);
        let mut keys = HashSet::new();
        for incoming in resources {
            let key = address(&incoming);
            // The same resource again comes after what was written of the first.
            if stride.len() == STRIDE || keys.contains(&key) {
                imported += self.put_some(std::mem::take(&mut stride), now).await?;
                keys.clear();
            }
            keys.insert(key);
            stride.push(incoming);
        }
        if !stride.is_empty() {
            imported += self.put_some(stride, now).await?;
        }
        Ok(imported)
    }

    /// Stores resources of different addresses.
    async fn put_some(&self, resources: Vec<Incoming>, now: Instant) -> Result<Imported, Unavailable> {
        let known = self.known(&resources).await?;
        let mut plan = Plan::default();
        let mut imported = Imported::default();
        for incoming in &resources {
            let there = Known {
                resource: known.get(&address(incoming)),
                card: known.get(&patients::key(incoming.resource.id())),
            };
            match plan.add(incoming, there, now).map_err(fault)? {
                Planned::Created => imported.created += 1,
                Planned::Updated => imported.updated += 1,
                Planned::Unchanged => imported.unchanged += 1,
            }
        }
        self.write(plan.stale.into_iter().map(write::delete).collect()).await?;
        self.write(plan.beside.into_iter().map(write::put).collect()).await?;
        self.write(plan.resources.into_iter().map(write::put).collect()).await?;
        Ok(imported)
    }

    /// What is there of these resources, by key.
    async fn known(&self, resources: &[Incoming]) -> Result<HashMap<String, Item>, Unavailable> {
        let mut keys = Vec::with_capacity(resources.len());
        for incoming in resources {
            keys.push(address(incoming));
            if incoming.resource.resource_type().as_str() == "Patient" {
                keys.push(patients::key(incoming.resource.id()));
            }
        }
        let items = self.table.get_all(PORT, &keys, true, Some(write::KNOWN)).await?;
        let keyed = items.into_iter().map(|item| Ok((item.text(KEY)?.to_owned(), item)));
        keyed.collect::<Result<_, _>>().map_err(|error: crate::item::Unreadable| error.at(PORT))
    }

    /// Makes writes of different keys, in any order.
    async fn write(&self, mut writes: Vec<WriteRequest>) -> Result<(), Unavailable> {
        let mut batches = Vec::with_capacity(writes.len().div_ceil(BATCH_WRITES));
        while !writes.is_empty() {
            batches.push(writes.split_off(writes.len().saturating_sub(BATCH_WRITES)));
        }
        let calls = batches.into_iter().map(|batch| self.table.write_all(PORT, batch));
        stream::iter(calls).buffer_unordered(AT_ONCE).try_collect().await
    }
}

fn address(incoming: &Incoming) -> String {
    key(incoming.resource.resource_type().as_str(), incoming.resource.id())
}

fn fault(fault: Fault) -> Unavailable {
    match fault {
        Fault::Known(unreadable) => unreadable.at(PORT),
        Fault::Incoming(error) => {
            Unavailable::new(PORT, format!("a resource that was read cannot be written: {error}"))
        }
    }
}

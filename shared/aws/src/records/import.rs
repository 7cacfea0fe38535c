//! Taking resources in: the operator's import.
//!
//! Versions are ours, as in the embedded store: the first is 1, and the next comes only with another content. Taking in the same text
//! again changes nothing. `meta.lastUpdated` is kept as given when a resource is first taken in, and is the instant of the
//! import from then on.
//!
//! What follows others (a Provenance, a Binary) comes after all else, so that what it follows is there and says whose it is. What is not
//! there yet is waited for ([`Imported::waiting`], [`RecordsTable::settle`]). Where something goes to others, what follows it is made
//! nobody's before that is written, until it is asked for again.
//!
//! Batches are not conditional: two imports of the same resource at once may give both the same version, and the later one stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::WriteRequest;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use smart_core::fhir::reference::Reference;
use smart_core::fhir::resource::{Followed, Ownership};
use smart_core::fhir::resource_type::ResourceType;
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;

use super::incoming::{Imported, Incoming, MOST_PATIENTS};
use super::write::{self, Fault, Known, Plan, Planned, owners_in};
use super::{PORT, RecordsTable, compartment, key, patients, record_of};
use crate::item::{Attributes, Item, KEY, Unreadable, text};
use crate::table::{BATCH_READS, BATCH_WRITES, Range};
use crate::tables::GROUPS;

/// How many resources are planned and written together: two batches of reads, some of writes.
const STRIDE: usize = 200;

/// How many batches are under way at once.
const AT_ONCE: usize = 8;

/// What went to others, by one of those to whom it belonged before.
type Moved = BTreeMap<PatientId, BTreeSet<Reference>>;

impl RecordsTable {
    /// Stores resources, each in place of the one of its type and id. An import that breaks off has stored whole resources, and can
    /// be run again.
    pub async fn put_resources(
        &self,
        resources: Vec<Incoming>,
        now: Instant,
    ) -> Result<Imported, Unavailable> {
        let mut imported = Imported::default();
        let (following, others): (Vec<_>, Vec<_>) =
            resources.into_iter().partition(|incoming| incoming.resource.resource_type().follows());
        for part in [others, following] {
            let mut stride: Vec<Incoming> = Vec::with_capacity(STRIDE);
            let mut keys = HashSet::new();
            for incoming in part {
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
        }
        Ok(imported)
    }

    /// Looks up anew whose those are that follow others, which may be there by now.
    pub async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        let waiting: Vec<_> = waiting.iter().map(Reference::to_string).collect();
        for keys in waiting.chunks(BATCH_READS) {
            let items = self.table.get_all(PORT, keys, true, None).await?;
            let again = items.iter().map(|item| {
                let record = record_of(item).map_err(|error| error.at(PORT))?;
                Incoming::parse(record.body).map_err(|error| {
                    Unavailable::new(PORT, format!("a stored resource cannot be read: {error}"))
                })
            });
            self.put_resources(again.collect::<Result<_, _>>()?, now).await?;
        }
        Ok(())
    }

    /// Stores resources of different addresses: either such as follow others, or others.
    async fn put_some(&self, resources: Vec<Incoming>, now: Instant) -> Result<Imported, Unavailable> {
        let known = self.known(&resources).await?;
        let mut plan = Plan::default();
        let mut imported = Imported::default();
        let mut moved = Moved::new();
        for incoming in &resources {
            let resource = &incoming.resource;
            let there = Known {
                resource: known.get(&address(incoming)),
                card: known.get(&patients::key(resource.id())),
            };
            let owners = match resource.ownership() {
                Ownership::Said(belonging) => belonging.into_patients(),
                Ownership::Follows(followed) => {
                    let of_others = owners_of(&followed, &known).map_err(|error| error.at(PORT))?;
                    imported.waiting.extend(followed.waits(&of_others).then(|| resource.reference()));
                    let owners = followed.belonging(&of_others).into_patients();
                    // Of more there is no index.
                    if owners.len() > MOST_PATIENTS { BTreeSet::new() } else { owners }
                }
            };
            let before = there.resource.map(owners_in).transpose().map_err(|error| error.at(PORT))?;
            if let Some(before) = before.filter(|before| *before != owners)
                && !resource.resource_type().follows()
                && let Some(patient) = before.into_iter().next()
            {
                moved.entry(patient).or_default().insert(resource.reference());
            }
            match plan.add(incoming, &owners, there, now).map_err(fault)? {
                Planned::Created => imported.created += 1,
                Planned::Updated => imported.updated += 1,
                Planned::Unchanged => imported.unchanged += 1,
            }
        }
        for item in self.following(&moved).await? {
            imported.waiting.extend(item.parsed::<String>(KEY).ok().and_then(|key| key.parse().ok()));
            plan.close(item).map_err(|error| error.at(PORT))?;
        }
        let first = plan.stale.into_iter().map(write::delete).chain(plan.closed.into_iter().map(write::put));
        self.write(first.collect()).await?;
        self.write(plan.beside.into_iter().map(write::put).collect()).await?;
        self.write(plan.resources.into_iter().map(write::put).collect()).await?;
        Ok(imported)
    }

    /// What follows resources that belonged to these patients. Whatever does belongs to each patient of theirs, or to nobody.
    async fn following(&self, moved: &Moved) -> Result<Vec<Item>, Unavailable> {
        let mut keys = BTreeSet::new();
        for (patient, moved) in moved {
            for resource_type in ResourceType::following() {
                let group = compartment(patient, resource_type.as_str());
                for item in self.group(group).await? {
                    let resource = record_of(&item).map_err(|error| error.at(PORT))?.resource();
                    if let Ok(resource) = resource
                        && let Ownership::Follows(followed) = resource.ownership()
                        && !followed.resources().is_disjoint(moved)
                    {
                        keys.insert(resource.reference().to_string());
                    }
                }
            }
        }
        self.table.get_all(PORT, &Vec::from_iter(keys), true, None).await
    }

    /// All of a group.
    async fn group(&self, group: String) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        let mut from: Option<Attributes> = None;
        loop {
            let values = vec![(":group", text(group.clone()))];
            let condition = "#group = :group";
            let range = Range {
                index: GROUPS.name,
                condition,
                values,
                ascending: true,
                limit: None,
                from: from.as_ref(),
            };
            let page = self.table.query(PORT, range).await?;
            items.extend(page.items);
            from = page.next;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    /// What is there of these resources and of what they follow, by key.
    async fn known(&self, resources: &[Incoming]) -> Result<HashMap<String, Item>, Unavailable> {
        let mut keys = BTreeSet::new();
        for incoming in resources {
            keys.insert(address(incoming));
            if incoming.resource.resource_type().as_str() == "Patient" {
                keys.insert(patients::key(incoming.resource.id()));
            }
            if let Ownership::Follows(followed) = incoming.resource.ownership() {
                keys.extend(followed.resources().iter().map(Reference::to_string));
            }
        }
        let items = self.table.get_all(PORT, &Vec::from_iter(keys), true, Some(write::KNOWN)).await?;
        let keyed = items.into_iter().map(|item| Ok((item.text(KEY)?.to_owned(), item)));
        keyed.collect::<Result<_, _>>().map_err(|error: Unreadable| error.at(PORT))
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

/// To whom those belong that a resource follows, as far as they are there.
fn owners_of(
    followed: &Followed,
    known: &HashMap<String, Item>,
) -> Result<BTreeMap<Reference, BTreeSet<PatientId>>, Unreadable> {
    let there = followed.resources().iter().filter_map(|reference| {
        known.get(&reference.to_string()).map(|item| Ok((reference.clone(), owners_in(item)?)))
    });
    there.collect()
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

//! What changes in the tables for a resource that is taken in, and for what follows it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use redb::{ReadableTable as _, Table};
use smart_core::fhir::reference::Reference;
use smart_core::fhir::resource::{Followed, Ownership, Resource, with_meta};
use smart_core::fhir::resource_type::ResourceType;
use smart_core::id::{PatientId, ResourceId};
use smart_core::instant::Instant;

use super::{Imported, Incoming};
use crate::error::Failure;
use crate::records::{BY_DATE, BY_PATIENT, RESOURCES, Row, patients};
use crate::tables::Writing;

/// The tables of the resources, to be changed.
pub(super) struct Tables<'t> {
    resources: Table<'t, (&'static str, &'static str), Row>,
    by_date: Table<'t, (&'static str, &'static str, &'static str), ()>,
    by_patient: Table<'t, (&'static str, &'static str, &'static str, &'static str), ()>,
}

/// What is known of a resource that is to be replaced.
struct Known {
    version: u64,
    last_updated: Instant,
    date: String,
    owners: BTreeSet<PatientId>,
    is_same: bool,
}

impl<'t> Tables<'t> {
    pub(super) fn open(writing: &Writing<'t>) -> Result<Self, Failure> {
        Ok(Self {
            resources: writing.change(RESOURCES)?,
            by_date: writing.change(BY_DATE)?,
            by_patient: writing.change(BY_PATIENT)?,
        })
    }

    /// Stores a resource, in place of the one of its type and id.
    pub(super) fn put(&mut self, incoming: &Incoming, now: Instant) -> Result<Imported, Failure> {
        let resource = &incoming.resource;
        let known = self.known(incoming)?;
        let mut imported = match &known {
            None => Imported { created: 1, ..Imported::default() },
            Some(known) if known.is_same => Imported { unchanged: 1, ..Imported::default() },
            Some(_) => Imported { updated: 1, ..Imported::default() },
        };
        let owners = match resource.ownership() {
            Ownership::Said(belonging) => belonging.into_patients(),
            Ownership::Follows(followed) => {
                let of_others = self.owners_of(&followed)?;
                imported.waiting.extend(followed.waits(&of_others).then(|| resource.reference()));
                followed.belonging(&of_others).into_patients()
            }
        };
        if let Some(known) = &known {
            if known.is_same && known.owners == owners {
                return Ok(imported);
            }
            self.unlink(&resource.reference(), known)?;
            if known.owners != owners && !resource.resource_type().follows() {
                imported.waiting.extend(self.close_what_follows(&resource.reference(), &known.owners)?);
            }
        }
        let (version, last_updated) = match &known {
            None => (1, incoming.last_updated.unwrap_or(now)),
            Some(known) if known.is_same => (known.version, known.last_updated),
            Some(known) => (known.version.saturating_add(1), now),
        };
        let body = with_meta(&incoming.text, version, last_updated).map_err(malformed)?;
        let (kind, id, date) =
            (resource.resource_type().as_str(), resource.id().as_str(), resource.sort_date());
        self.by_date.insert((kind, date.as_str(), id), ())?;
        for patient in &owners {
            self.by_patient.insert((patient.as_str(), kind, date.as_str(), id), ())?;
        }
        let content = incoming.content.as_bytes();
        let owners = owners.iter().map(PatientId::as_str).collect();
        let row = (version, last_updated.as_unix(), date.as_str(), owners, content, &*body);
        self.resources.insert((kind, id), row)?;
        Ok(imported)
    }

    fn known(&self, incoming: &Incoming) -> Result<Option<Known>, Failure> {
        let (kind, id) = (incoming.resource.resource_type().as_str(), incoming.resource.id().as_str());
        let Some(row) = self.resources.get((kind, id))? else { return Ok(None) };
        let (version, last_updated, date, owners, content, _) = row.value();
        Ok(Some(Known {
            version,
            last_updated: Instant::from_unix(last_updated),
            date: date.to_owned(),
            owners: patients(owners)?,
            is_same: content == incoming.content.as_bytes(),
        }))
    }

    /// To whom those belong that a resource follows, as far as they are there.
    fn owners_of(&self, followed: &Followed) -> Result<BTreeMap<Reference, BTreeSet<PatientId>>, Failure> {
        let mut found = BTreeMap::new();
        for reference in followed.resources() {
            if let Some(row) =
                self.resources.get((reference.resource_type.as_str(), reference.id.as_str()))?
            {
                found.insert(reference.clone(), patients(row.value().3)?);
            }
        }
        Ok(found)
    }

    /// Takes a resource out of the indexes.
    fn unlink(&mut self, reference: &Reference, known: &Known) -> Result<(), Failure> {
        let (kind, id, date) = (reference.resource_type.as_str(), reference.id.as_str(), known.date.as_str());
        self.by_date.remove((kind, date, id))?;
        for patient in &known.owners {
            self.by_patient.remove((patient.as_str(), kind, date, id))?;
        }
        Ok(())
    }

    /// Makes nobody's what follows a resource that belonged to these patients, and says what that is. Whatever follows it belongs to
    /// each of them, or to nobody.
    fn close_what_follows(
        &mut self,
        moved: &Reference,
        owners: &BTreeSet<PatientId>,
    ) -> Result<BTreeSet<Reference>, Failure> {
        let mut closed = BTreeSet::new();
        let Some(patient) = owners.first() else { return Ok(closed) };
        for resource_type in ResourceType::following() {
            for id in self.ids_of(patient, resource_type)? {
                let reference = Reference { resource_type, id };
                if self.close_if_it_follows(&reference, moved)? {
                    closed.insert(reference);
                }
            }
        }
        Ok(closed)
    }

    fn ids_of(&self, patient: &PatientId, resource_type: ResourceType) -> Result<Vec<ResourceId>, Failure> {
        let (patient, kind) = (patient.as_str(), resource_type.as_str());
        let past = format!("{kind}\0");
        let keys = self.by_patient.range((patient, kind, "", "")..(patient, past.as_str(), "", ""))?;
        keys.map(|entry| entry?.0.value().3.parse().map_err(malformed)).collect()
    }

    fn close_if_it_follows(&mut self, reference: &Reference, moved: &Reference) -> Result<bool, Failure> {
        let (kind, id) = (reference.resource_type.as_str(), reference.id.as_str());
        let Some(row) = self.resources.get((kind, id))? else { return Ok(false) };
        let (version, last_updated, date, owners, content, body) = row.value();
        let follows = match Resource::parse(body).map_err(malformed)?.ownership() {
            Ownership::Follows(followed) => followed.resources().contains(moved),
            Ownership::Said(_) => false,
        };
        if !follows {
            return Ok(false);
        }
        let (date, content, body) = (date.to_owned(), *content, Bytes::copy_from_slice(body));
        let owners = patients(owners)?;
        drop(row);
        for patient in &owners {
            self.by_patient.remove((patient.as_str(), kind, date.as_str(), id))?;
        }
        self.resources
            .insert((kind, id), (version, last_updated, date.as_str(), Vec::new(), &content, &*body))?;
        Ok(true)
    }
}

fn malformed(error: impl std::fmt::Display) -> Failure {
    Failure::Value { table: "resources", reason: error.to_string() }
}

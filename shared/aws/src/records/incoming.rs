//! A resource that was read and can be stored.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use bytes::Bytes;
use serde::Deserialize;
use smart_core::fhir::reference::Reference;
use smart_core::fhir::resource::{Resource, ResourceError, with_meta};
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use thiserror::Error;

use super::body::{LONGEST, shrink};
use super::patients::shown;
use crate::item::{Item, json};

/// The most that the stored form of a body may have: DynamoDB takes 400 kB (409,600 bytes) of an item, names and all.
const LARGEST: usize = 400_000;

/// Texts up to this length fit, however badly they shrink.
const FITS: usize = 390_000;

/// To how many patients one resource may belong: for each there is a copy.
pub(super) const MOST_PATIENTS: usize = 100;

/// Why a text cannot be stored here. Says nothing of its contents.
#[derive(Debug, Error)]
pub enum NotStored {
    /// It is no resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// It is longer than anything that can leave.
    #[error("{length} bytes long, and at most {LONGEST} are stored")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Even compressed it does not fit into an item of DynamoDB.
    #[error(
        "{compressed} bytes even when compressed, and an item of DynamoDB holds {LARGEST}: keep large attachments elsewhere, and refer to them by `url`"
    )]
    TooLarge {
        /// The length of its stored form.
        compressed: usize,
    },
    /// What finds the patient in the picker does not fit.
    #[error("name and identifiers of {length} bytes, and an item of DynamoDB holds {LARGEST}")]
    NameTooLong {
        /// How long they are together.
        length: usize,
    },
    /// It belongs to too many patients.
    #[error("it belongs to {patients} patients, and at most {MOST_PATIENTS} are indexed")]
    TooManyPatients {
        /// To how many.
        patients: usize,
    },
}

/// A resource that was read and can be stored.
#[derive(Debug)]
pub struct Incoming {
    pub(super) resource: Resource,
    pub(super) text: Bytes,
    /// Of the text without what is ours to set.
    pub(super) content: Digest,
    pub(super) last_updated: Option<Instant>,
}

impl Incoming {
    /// Reads a resource. Does all the work that needs no store, so it can be done elsewhere and for many at once.
    ///
    /// # Errors
    /// Says what is wrong, and nothing of the contents.
    pub fn parse(text: Bytes) -> Result<Self, NotStored> {
        #[derive(Deserialize)]
        struct Head {
            meta: Option<Meta>,
        }
        #[derive(Deserialize)]
        struct Meta {
            #[serde(rename = "lastUpdated")]
            last_updated: Option<jiff::Timestamp>,
        }
        if text.len() > LONGEST {
            return Err(NotStored::TooLong { length: text.len() });
        }
        let resource = Resource::parse(&text)?;
        if text.len() > FITS {
            let compressed = shrink(&with_meta(&text, u64::MAX, Instant::from_unix(0))?).len();
            if compressed > LARGEST {
                return Err(NotStored::TooLarge { compressed });
            }
            // What the picker shows is not compressed; of a shorter text it is never more than this.
            let card =
                resource.summary().map(|patient| Item::default().with("summary", json(&shown(&patient))));
            if let Some(length) = card.map(|card| card.size()).filter(|size| *size > LARGEST) {
                return Err(NotStored::NameTooLong { length });
            }
        }
        let patients = resource.belonging().into_patients().len();
        if patients > MOST_PATIENTS {
            return Err(NotStored::TooManyPatients { patients });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    /// A Binary with so many characters, of which none follows from another.
    fn binary(length: usize) -> Bytes {
        let mut data = String::new();
        let mut n = 0_u64;
        while data.len() < length {
            data.push_str(&Digest::of(&n.to_be_bytes()).to_string());
            n += 1;
        }
        data.truncate(length);
        json!({ "resourceType": "Binary", "id": "b", "contentType": "image/png", "data": data })
            .to_string()
            .into()
    }

    #[test]
    fn what_does_not_fit_into_an_item_is_refused_with_its_size() {
        assert!(Incoming::parse(binary(380_000)).is_ok());
        // Base64 holds six bits in eight: it shrinks to three quarters.
        assert!(Incoming::parse(binary(500_000)).is_ok());
        let refused = Incoming::parse(binary(560_000)).unwrap_err();
        assert!(matches!(refused, NotStored::TooLarge { compressed } if compressed > LARGEST), "{refused}");
        assert!(refused.to_string().contains("attachments"), "{refused}");
        let refused = Incoming::parse(binary(LONGEST)).unwrap_err();
        assert!(matches!(refused, NotStored::TooLong { .. }), "{refused}");
    }

    #[test]
    fn a_patient_whose_name_fits_into_no_item_is_refused_with_its_size() {
        let named = |name: &str| {
            let patient = json!({ "resourceType": "Patient", "id": "p", "name": [{ "family": name }] });
            Incoming::parse(patient.to_string().into())
        };
        assert!(named(&"a".repeat(380_000)).is_ok());
        let refused = named(&"a".repeat(410_000)).unwrap_err();
        assert!(matches!(refused, NotStored::NameTooLong { length } if length > LARGEST), "{refused}");
    }

    #[test]
    fn a_resource_of_very_many_patients_is_refused() {
        let with = |count: usize| {
            let targets: Vec<_> =
                (0..count).map(|n| json!({ "reference": format!("Patient/{n}") })).collect();
            let provenance = json!({ "resourceType": "Provenance", "id": "p", "target": targets });
            Incoming::parse(provenance.to_string().into())
        };
        assert_eq!(with(MOST_PATIENTS).unwrap().resource.belonging().into_patients().len(), MOST_PATIENTS);
        assert!(matches!(with(MOST_PATIENTS + 1), Err(NotStored::TooManyPatients { patients: 101 })));
    }
}

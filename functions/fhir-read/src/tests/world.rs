//! Ports of a few maps.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};
use smart_core::client::Client;
use smart_core::fhir::record::{Compartments, Direction, Position, Record, RecordPage, RecordQuery};
use smart_core::fhir::resource::{Belonging, Ownership, Resource, with_meta};
use smart_core::grant::Grant;
use smart_core::id::{ClientId, GrantId, ResourceId, Username};
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::ports::{
    Clients, Grants, PublicKeys, Records, Replay, RevokedTokens, Step, Unavailable, Users,
};
use smart_core::secret::Digest;
use smart_core::user::{PatientAccess, User};

/// A store that counts what it is asked.
#[derive(Clone, Default)]
pub(super) struct World(pub(super) Arc<Inner>);

#[derive(Default)]
pub(super) struct Inner {
    pub(super) records: Mutex<BTreeMap<(String, ResourceId), Stored>>,
    pub(super) grants: Mutex<HashMap<GrantId, Grant>>,
    pub(super) clients: Mutex<HashMap<ClientId, Client>>,
    pub(super) users: Mutex<HashMap<Username, User>>,
    pub(super) used: Mutex<HashMap<String, Instant>>,
    pub(super) reads: AtomicUsize,
    pub(super) queries: AtomicUsize,
    /// How many patients' runs these asked for.
    pub(super) runs: AtomicUsize,
    pub(super) batches: AtomicUsize,
    pub(super) grant_reads: AtomicUsize,
    pub(super) revoked: Mutex<Vec<Digest>>,
    pub(super) revocation_reads: AtomicUsize,
    pub(super) broken: AtomicBool,
}

/// A resource, indexed as a store would.
pub(super) struct Stored {
    position: Position,
    belonging: Belonging,
    record: Record,
}

impl World {
    pub(super) fn put(&self, resource: &Value) {
        let text = resource.to_string();
        let last_updated = Instant::from_unix(1_700_000_000);
        let body = with_meta(text.as_bytes(), 3, last_updated).unwrap();
        self.put_bytes(resource, body);
    }

    /// Stores any bytes under the address of `resource`, and by its id alone if they are no resource.
    pub(super) fn put_bytes(&self, resource: &Value, body: Bytes) {
        let id: ResourceId = resource["id"].as_str().unwrap().parse().unwrap();
        let address = (resource["resourceType"].as_str().unwrap().to_owned(), id.clone());
        let read = Resource::parse(&body).ok();
        let mut records = self.0.records.lock().unwrap();
        let belonging = match read.as_ref().map(Resource::ownership) {
            Some(Ownership::Said(belonging)) => belonging,
            Some(Ownership::Follows(followed)) => {
                let known = followed.resources().iter().filter_map(|reference| {
                    let address = (reference.resource_type.to_string(), reference.id.clone());
                    Some((reference.clone(), records.get(&address)?.belonging.clone().into_patients()))
                });
                followed.belonging(&known.collect())
            }
            None => Belonging::Nobody,
        };
        let last_updated = Instant::from_unix(1_700_000_000);
        let owners = belonging.clone().into_patients();
        let stored = Stored {
            position: Position { date: read.as_ref().map(Resource::sort_date).unwrap_or_default(), id },
            belonging,
            record: Record { body, version: 3, last_updated, owners },
        };
        records.insert(address, stored);
    }

    /// A user by the name `name`, and the client `app`.
    pub(super) fn register(&self, name: &str, fhir_user: &str, patients: &PatientAccess) {
        let user: User = serde_json::from_value(json!({
            "username": name, "sub": format!("sub-{name}"), "name": name, "fhirUser": fhir_user, "patients": patients,
            "password": "$argon2id$none",
        }))
        .unwrap();
        self.0.users.lock().unwrap().insert(user.username.clone(), user);
        let client: Client = serde_json::from_value(json!({
            "client_id": "app", "client_name": "App", "redirect_uris": [], "grant_types": [], "scope": "",
            "authentication": "none",
        }))
        .unwrap();
        self.0.clients.lock().unwrap().insert(client.client_id.clone(), client);
    }

    pub(super) fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) {
        change(self.0.users.lock().unwrap().get_mut(&name.parse::<Username>().unwrap()).unwrap());
    }

    pub(super) fn change_client(&self, change: impl FnOnce(&mut Client)) {
        self.change_client_named("app", change);
    }

    pub(super) fn change_client_named(&self, id: &str, change: impl FnOnce(&mut Client)) {
        change(self.0.clients.lock().unwrap().get_mut(&id.parse::<ClientId>().unwrap()).unwrap());
    }

    /// The client `backend`, which needs no user for this.
    pub(super) fn register_backend(&self, scope: &str) {
        let client: Client = serde_json::from_value(json!({
            "client_id": "backend", "client_name": "Backend", "redirect_uris": [], "grant_types": ["client_credentials"],
            "scope": scope, "authentication": { "private_key_jwt": { "uri": "https://backend.example/jwks" } },
        }))
        .unwrap();
        self.0.clients.lock().unwrap().insert(client.client_id.clone(), client);
    }

    fn check(&self, port: &'static str) -> Result<(), Unavailable> {
        if self.0.broken.load(Ordering::Relaxed) {
            Err(Unavailable::new(port, "broken on purpose"))
        } else {
            Ok(())
        }
    }
}

impl Grants for World {
    async fn grant(&self, id: &GrantId, _now: Instant) -> Result<Option<Grant>, Unavailable> {
        self.check("grants")?;
        self.0.grant_reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.grants.lock().unwrap().get(id).cloned())
    }
}

impl RevokedTokens for World {
    async fn is_revoked(&self, token: &Digest, _now: Instant) -> Result<bool, Unavailable> {
        self.check("revocations")?;
        self.0.revocation_reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.revoked.lock().unwrap().contains(token))
    }
}

impl Clients for World {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable> {
        self.check("clients")?;
        Ok(self.0.clients.lock().unwrap().get(id).cloned())
    }
}

impl Users for World {
    async fn user(&self, username: &Username) -> Result<Option<User>, Unavailable> {
        self.check("users")?;
        Ok(self.0.users.lock().unwrap().get(username).cloned())
    }
}

impl Replay for World {
    async fn first_use(&self, key: &Digest, expires_at: Instant, _step: Step) -> Result<bool, Unavailable> {
        self.check("replay")?;
        Ok(self.0.used.lock().unwrap().insert(key.to_string(), expires_at).is_none())
    }
}

impl PublicKeys for World {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        Ok(super::tokens::published())
    }
}

impl Records for World {
    async fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable> {
        self.check("records")?;
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self
            .0
            .records
            .lock()
            .unwrap()
            .get(&(resource_type.to_owned(), id.clone()))
            .map(|stored| stored.record.clone()))
    }

    async fn records_by_id(
        &self,
        resource_type: &str,
        ids: &[ResourceId],
    ) -> Result<Vec<(ResourceId, Record)>, Unavailable> {
        self.check("records")?;
        self.0.batches.fetch_add(1, Ordering::Relaxed);
        let records = self.0.records.lock().unwrap();
        let found = ids.iter().filter_map(|id| {
            let stored = records.get(&(resource_type.to_owned(), id.clone()))?;
            Some((id.clone(), stored.record.clone()))
        });
        Ok(found.collect())
    }

    async fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable> {
        self.check("records")?;
        self.0.queries.fetch_add(1, Ordering::Relaxed);
        let runs = match &query.compartments {
            Compartments::All => 1,
            Compartments::Of(patients) => patients.len(),
        };
        self.0.runs.fetch_add(runs, Ordering::Relaxed);
        let records = self.0.records.lock().unwrap();
        let of_type =
            records.iter().filter(|((name, _), _)| name == query.resource_type).map(|(_, stored)| stored);
        let within = of_type.filter(|stored| match (&query.compartments, &stored.belonging) {
            (Compartments::All, _) => true,
            (Compartments::Of(some), Belonging::Patients(owners)) => !owners.is_disjoint(some),
            (Compartments::Of(_), _) => false,
        });
        let mut found: Vec<_> =
            within.map(|stored| (stored.position.clone(), stored.record.clone())).collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        if query.direction == Direction::Descending {
            found.reverse();
        }
        if let Some(after) = &query.after {
            found.retain(|(position, _)| match query.direction {
                Direction::Ascending => position > after,
                Direction::Descending => position < after,
            });
        }
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = found.last().map(|(position, _)| position.clone()).filter(|_| more);
        Ok(RecordPage { records: found, next })
    }
}

/// Two patients with a little of everything, and what is shared.
pub(super) fn clinic() -> World {
    let world = World::default();
    for id in ["a", "b"] {
        let subject = json!({"reference": format!("Patient/{id}")});
        world.put(&json!({"resourceType": "Patient", "id": id, "name": [{"family": id}]}));
        for (number, (category, date)) in [
            ("laboratory", "2020-01-05"),
            ("vital-signs", "2021-03-01"),
            ("laboratory", "2019-07-01"),
            ("survey", ""),
        ]
        .into_iter()
        .enumerate()
        {
            let mut observation = json!({
                "resourceType": "Observation", "id": format!("{id}-o{number}"), "status": "final", "subject": subject,
                "category": [{"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category,
                }]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}, "valueQuantity": {"value": 1.5},
            });
            if !date.is_empty() {
                observation["effectiveDateTime"] = date.into();
            }
            world.put(&observation);
        }
        world.put(&json!({"resourceType": "Condition", "id": format!("{id}-c"), "subject": subject}));
        world.put(&json!({"resourceType": "Binary", "id": format!("{id}-bin"), "securityContext": subject, "data": "AA=="}));
        world.put(&json!({"resourceType": "Device", "id": format!("{id}-d"), "patient": subject}));
    }
    world.put(&json!({
        "resourceType": "Appointment", "id": "both",
        "participant": [{"actor": {"reference": "Patient/a"}}, {"actor": {"reference": "Patient/b"}}],
    }));
    world.put(
        &json!({"resourceType": "Group", "id": "g", "member": [{"entity": {"reference": "Patient/a"}}]}),
    );
    world.put(&json!({"resourceType": "Practitioner", "id": "p"}));
    world.put(&json!({"resourceType": "Practitioner", "id": "q"}));
    world.put(&json!({"resourceType": "Organization", "id": "o"}));
    let only =
        |ids: &[&str]| PatientAccess::Only(ids.iter().map(|id| id.parse().unwrap()).collect::<BTreeSet<_>>());
    world.register("clinician", "Practitioner/p", &PatientAccess::All);
    world.register("nurse", "Practitioner/q", &only(&["a"]));
    world.register("anna", "Patient/a", &only(&["a"]));
    world.register("ben", "Patient/b", &only(&["b"]));
    world
}

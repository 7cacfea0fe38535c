//! A seed folder: clients, users and FHIR resources that are loaded at start (contract, "Seed folder").
//!
//! It is read whole before anything is stored: a fault anywhere in it leaves the store as it was. Loading adds and
//! updates, and deletes nothing; loading the same seed again changes nothing. Resources are parsed twice, once to find
//! faults and once to be stored, so that memory holds their text and no more.

pub(crate) mod clients;
mod folder;
pub(crate) mod password;
pub(crate) mod users;

use std::collections::BTreeSet;
use std::path::Path;

use smart_core::client::Client;
use smart_core::client::metadata::Deployment;
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_local::{Incoming, LocalStore};

use self::folder::Files;
use self::users::NewUser;
use crate::failure::Failure;
use crate::json::{Fault, Node, Source};
use crate::records::{self, Found};
use crate::{parallel, store};

/// Under which origin the demo app is registered in the demo seed.
const DEMO_ORIGIN: &str = "http://localhost:8080/";

/// A seed that was read, without a fault.
pub(crate) struct Seed {
    clients: Vec<Client>,
    users: Vec<NewUser>,
    records: Vec<Found>,
}

/// How many resources are parsed while as many are written: one transaction's worth.
const BATCH: usize = 500;

impl Seed {
    /// Reads a seed folder.
    pub(crate) fn read(folder: &Path, deployment: Deployment) -> Result<Self, Failure> {
        let seed = Self::of(folder::open(folder)?, deployment)?;
        let checked = parallel::shared(seed.records.iter().collect(), 50, |some| {
            some.into_iter().map(|found| found.read::<Incoming>().map(drop)).collect()
        });
        checked.into_iter().collect::<Result<(), Fault>>()?;
        Ok(seed)
    }

    /// Reads the demo seed, its app at home under `url`. It is compiled in: its resources were checked by a test.
    pub(crate) fn demo(url: &PublicUrl) -> Result<Self, Failure> {
        let mut files = Files::default();
        for (name, text) in smart_demo::seed() {
            let source = Source::new(format!("demo/seed/{name}"), text);
            match name {
                "clients.json" => {
                    let text = String::from_utf8_lossy(text).replace(DEMO_ORIGIN, &url.endpoint("/"));
                    files.clients = Some(Source::new(source.name, text));
                }
                "users.json" => files.users = Some(source),
                _ => files.records.push(source),
            }
        }
        Ok(Self::of(files, url.deployment())?)
    }

    fn of(files: Files, deployment: Deployment) -> Result<Self, Fault> {
        let clients = match &files.clients {
            Some(source) => clients::register(&clients::metadata(source, Entries::Array)?, deployment)?,
            None => Vec::new(),
        };
        let users = match &files.users {
            Some(source) => users::read(source, Entries::Array)?,
            None => Vec::new(),
        };
        let mut found = Vec::new();
        for source in files.records {
            found.extend(in_file(source)?);
        }
        Ok(Self { clients, users, records: found })
    }

    /// How much it is: clients, users, resources.
    pub(crate) fn size(&self) -> [usize; 3] {
        [self.clients.len(), self.users.len(), self.records.len()]
    }

    /// Loads it. The passwords are hashed first, so that their memory is free again when the resources are written.
    pub(crate) async fn load(self, store: &LocalStore, now: Instant) -> Result<(), Failure> {
        let [clients, users, resources] = self.size();
        tracing::debug!(clients, users, resources, "loading a seed");
        let known = store.users()?;
        let hashing = tokio::task::spawn_blocking(move || users::enlisted(self.users, &known));
        let users = hashing
            .await
            .map_err(|error| Failure::Failed(format!("cannot hash the passwords: {error}")))??;
        put(store, self.records, now).await?;
        store.seed(self.clients, users).await?;
        Ok(())
    }
}

/// Writes resources, and parses the next ones meanwhile.
async fn put(store: &LocalStore, found: Vec<Found>, now: Instant) -> Result<(), Failure> {
    let mut found = found.into_iter();
    let mut parsed = Vec::new();
    let mut waiting = BTreeSet::new();
    loop {
        let next: Vec<Found> = found.by_ref().take(BATCH).collect();
        let parsing = tokio::task::spawn_blocking(move || next.iter().map(Found::read).collect());
        let (written, read) = tokio::join!(store.put_resources(parsed, now), parsing);
        waiting.extend(written?.waiting);
        let read: Result<Vec<Incoming>, Fault> =
            read.map_err(|error| Failure::Failed(format!("cannot parse: {error}")))?;
        parsed = read?;
        if parsed.is_empty() {
            return Ok(store.settle(waiting, now).await?);
        }
    }
}

/// How many entries a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entries {
    /// Those of an array.
    Array,
    /// Those of an array, or a single object.
    ArrayOrOne,
}

impl Entries {
    /// The entries of a file.
    fn of(self, source: &Source) -> Result<Vec<Node<'_>>, Fault> {
        let root = source.root()?;
        match root.items() {
            Some(items) => Ok(items),
            None if self == Self::ArrayOrOne => Ok(vec![root]),
            None => Err(root.fault("", "expected an array")),
        }
    }
}

fn in_file(source: Source) -> Result<Vec<Found>, Fault> {
    if records::is_document(Path::new(&*source.name)) {
        return records::document::found(&source)?.into_iter().collect();
    }
    Ok(records::lines::Block::whole(source.name, source.text).found())
}

/// Moves the apps of the demo that are registered under another public URL than `url`, and notes it.
pub(crate) async fn move_demo(store: &LocalStore, from: &str, url: &PublicUrl) -> Result<(), Failure> {
    if from == url.issuer() {
        return Ok(());
    }
    for client in store.clients()? {
        if let Some(moved) = clients::moved(&client, from, url.issuer()) {
            store.put_client(moved).await?;
        }
    }
    store::Contents::Demo(url.issuer().to_owned()).note(store).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use smart_core::ports::{Clients as _, Records as _, Users as _};

    use super::*;

    const NOW: Instant = Instant::from_unix(1_764_000_000);

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    async fn demo_app(store: &LocalStore) -> Client {
        store.client(&"demo-app".parse().unwrap()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn the_demo_seed_is_sound_and_its_app_is_at_home_where_the_server_is() {
        let seed = Seed::demo(&url("http://127.0.0.1:9000")).unwrap();
        let [clients, users, records] = seed.size();
        assert!(clients >= 3 && users == 4 && records > 3_000, "{:?}", seed.size());
        let store = LocalStore::in_memory().await.unwrap();
        seed.load(&store, NOW).await.unwrap();
        let app = demo_app(&store).await;
        assert!(app.redirect_uri("http://127.0.0.1:9000/demo/app/").is_some());
        assert!(app.redirect_uri("http://localhost:8080/demo/app/").is_none());
        assert_eq!(app.initiate_login_uri.as_deref(), Some("http://127.0.0.1:9000/demo/app/"));
        let id = "alvarez-maria".parse().unwrap();
        assert!(store.record("Patient", &id).await.unwrap().is_some());

        move_demo(&store, "http://127.0.0.1:9000", &url("http://localhost:1")).await.unwrap();
        let app = demo_app(&store).await;
        assert!(app.redirect_uri("http://localhost:1/demo/app/").is_some());
        assert!(app.redirect_uri("http://127.0.0.1:9000/demo/app/").is_none());
        assert_eq!(app.initiate_login_uri.as_deref(), Some("http://localhost:1/demo/app/"));
        let noted = store::Contents::of(&store).unwrap();
        assert_eq!(noted, store::Contents::Demo("http://localhost:1".to_owned()));
    }

    #[tokio::test]
    async fn loading_the_same_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let users = r#"[{"username":"maria","password":"secret","name":"Maria","fhirUser":"Patient/a","patients":["a"]}]"#;
        std::fs::write(folder.path().join("users.json"), users).unwrap();
        let store = LocalStore::in_memory().await.unwrap();
        let load = || async {
            let seed = Seed::read(folder.path(), Deployment::Public).unwrap();
            seed.load(&store, NOW).await.unwrap();
            store.user(&"maria".parse().unwrap()).await.unwrap().unwrap()
        };
        let first = load().await;
        assert_eq!(load().await, first, "neither another subject nor another salt");
        std::fs::write(folder.path().join("users.json"), users.replace("secret", "other")).unwrap();
        let changed = load().await;
        assert_eq!(changed.sub, first.sub);
        assert_ne!(changed.password, first.password);
    }
}

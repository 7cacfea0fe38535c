//! Capability truth: reads the three discovery documents of a server, and runs a real flow over HTTP for each thing that they
//! say.
//!
//! * What is listed and has no flow here is a failure, and so is what is listed and does not work.
//! * What works and is not listed is a failure too: every flow is run, whatever the documents say.
//! * Where no answer came, nothing is proved: neither that something works nor that it does not.
//! * What cannot be tried from where the program runs is said to be so, and why.
//!
//! The server needs test clients, users and synthetic patients: [`make_seed`] writes them, with secrets and keys of their own.
//!
//! | file | does |
//! |---|---|
//! | `documents` | reads the documents, and compares them |
//! | `item` | the table: what can be said, and the flow that shows it |
//! | `flow`, `flows/` | the flows |
//! | `judge` | what is true, from what is said and what came of the flows |
//! | `report` | what an auditor keeps |
//! | `seed` | the test clients, users and patients |
//! | `app`, `browser`, `page`, `http`, `keys` | a SMART app, somebody at a browser, and what both stand on |
//! | `publisher` | the keys of an app that publishes them |

mod app;
mod browser;
mod clock;
mod documents;
mod flow;
mod flows;
mod http;
mod item;
mod judge;
mod keys;
mod outcome;
mod page;
mod publisher;
mod report;
mod scene;
mod seed;

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;
use url::Url;

pub use self::documents::{Document, Documents};
pub use self::flow::Flow;
pub use self::http::Exchange;
pub use self::item::Item;
pub use self::judge::{Truth, Verdict, judge};
pub use self::outcome::Untrue;
pub use self::report::{Format, Report, Run};
pub use self::seed::{Seeded, make as make_seed};

use self::flows::clients;
use self::http::Http;
use self::publisher::Publisher;
use self::scene::{Clinician, Scene};
use self::seed::Seed;

/// Why nothing could be verified.
#[derive(Debug, Error)]
pub enum SetupError {
    /// No server answers at the address.
    #[error("{0}")]
    Unreachable(String),
    /// There is a server, and it has no such document.
    #[error("{0}: expected the FHIR base URL of a SMART server, or its public URL")]
    Absent(String),
    /// The seed folder cannot be read or written.
    #[error("{0}")]
    Seed(String),
    /// The server does not know the seed.
    #[error("{0}; load the seed into the server first (smart verify --help)")]
    NotLoaded(String),
    /// The keys of the client with a `jwks_uri` cannot be served where the seed says.
    #[error("{jwks_uri}: {source}, and the keys of a test client must be served there")]
    Unpublished {
        /// The address.
        jwks_uri: Url,
        /// Why.
        source: std::io::Error,
    },
    /// Keys, random bytes, or the certificates of this machine.
    #[error("no keys can be made or read on this machine")]
    Keys,
}

/// What to verify, and with what.
#[derive(Clone, Debug)]
pub struct Options<'o> {
    /// The FHIR base URL, or the public URL.
    pub base: Url,
    /// The folder that [`make_seed`] wrote.
    pub seed: &'o Path,
    /// A token that lets register clients, where there is a `registration_endpoint`.
    pub initial_access_token: Option<String>,
}

/// How far it came.
#[derive(Clone, Debug)]
pub struct Progress {
    /// How many flows were run.
    pub done: usize,
    /// Of how many.
    pub of: usize,
    /// The next one.
    pub next: String,
}

/// What was found out.
pub struct Findings {
    /// What the server says.
    pub documents: Documents,
    /// What came of each flow.
    pub outcomes: BTreeMap<Flow, Result<(), Untrue>>,
    /// The same with what was exchanged.
    runs: Vec<Run>,
}

/// Reads the documents, runs every flow, and says what is true.
pub async fn verify(
    options: Options<'_>,
    progress: impl FnMut(&Progress),
) -> Result<(Report, Findings), SetupError> {
    let started = clock::now();
    let http = Http::new().map_err(SetupError::Unreachable)?;
    let documents = Documents::read(&http, &options.base).await?;
    let seed = Seed::read(options.seed)?;
    seed.secrets().for_each(|secret| http.keep_secret(secret));
    let publisher = publisher(&seed).await?;
    let scene =
        Scene { http, documents, seed, publisher, initial_access_token: options.initial_access_token };
    clients::are_registered(&scene).await.map_err(|error| SetupError::NotLoaded(error.to_string()))?;
    let software = software(&scene).await;
    let runs = run_all(&scene, progress).await?;
    let outcomes = runs.iter().map(|run| (run.flow.clone(), run.outcome.clone())).collect();
    let findings = Findings { documents: scene.documents, outcomes, runs };
    let report = Report::of(&findings, started, software);
    Ok((report, findings))
}

/// Serves the keys of the client that has a `jwks_uri`, if the seed has one.
async fn publisher(seed: &Seed) -> Result<Option<Publisher>, SetupError> {
    let Some((jwks_uri, key)) = seed.published() else { return Ok(None) };
    match Publisher::start(jwks_uri).await {
        Ok(publisher) => {
            publisher.publish(&[key]);
            Ok(Some(publisher))
        }
        Err(source) => Err(SetupError::Unpublished { jwks_uri: jwks_uri.clone(), source }),
    }
}

/// Every flow once: those of the table, and those of the scopes that are listed.
async fn run_all(scene: &Scene, mut progress: impl FnMut(&Progress)) -> Result<Vec<Run>, SetupError> {
    let (listed, _) = item::listed(&scene.documents);
    let of_listed = listed.iter().filter_map(|item| item::flow_of(&item.field, &item.value));
    let mut flows: Vec<Flow> =
        of_listed.chain(item::known().map(|(_, flow)| flow)).chain([Flow::Discovery]).collect();
    flows.sort();
    flows.dedup();
    let clinician = Clinician::new(scene).map_err(|error| SetupError::Seed(error.to_string()))?;
    scene.http.take_exchanges();
    let mut runs = Vec::new();
    for flow in &flows {
        progress(&Progress { done: runs.len(), of: flows.len(), next: flow.to_string() });
        let outcome = flow.run(scene, &clinician).await.map_err(|error| match error {
            Untrue::Refused(why) => Untrue::Refused(scene.http.without_secrets(&why)),
            Untrue::Unclear(why) => Untrue::Unclear(scene.http.without_secrets(&why)),
            untried @ Untrue::Untried(_) => untried,
        });
        runs.push(Run { flow: flow.clone(), outcome, exchanges: scene.http.take_exchanges() });
    }
    Ok(runs)
}

/// The server's software and version, as its capability statement says them.
async fn software(scene: &Scene) -> Option<String> {
    let metadata = scene.http.get(&scene.fhir("metadata").ok()?).send().await.ok()?.json().ok()?;
    let text = |pointer: &str| metadata.pointer(pointer).and_then(serde_json::Value::as_str);
    let name = text("/software/name")?;
    Some(text("/software/version").map_or(name.to_owned(), |version| format!("{name} {version}")))
}

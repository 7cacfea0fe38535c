//! The way of resources into the store: parsed on all cores, written in order and in batches.

use std::collections::{BTreeSet, VecDeque};

use smart_core::fhir::reference::Reference;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_local::{Imported, LocalStore};
use smart_web::arrival::system_clock;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Report;
use crate::failure::Failure;
use crate::json::Fault;
use crate::parallel;
use crate::records::lines::Block;
use crate::records::{Found, Incoming};

/// How many bytes of resources are gathered before they are written.
const BATCH_BYTES: u64 = 8 << 20;

/// Where resources go.
pub(super) trait Records {
    /// A resource that was read for it.
    type Incoming: Incoming;

    /// How many resources are gathered before they are written.
    const BATCH: usize;

    /// Stores resources in their order, each in place of the one of its type and id.
    async fn put(&self, batch: Vec<Self::Incoming>, now: Instant) -> Result<Imported, Unavailable>;

    /// Looks up anew whose those are that wait for what they follow.
    async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable>;
}

impl Records for LocalStore {
    type Incoming = smart_local::Incoming;

    /// Some transactions' worth.
    const BATCH: usize = 2_000;

    async fn put(&self, batch: Vec<Self::Incoming>, now: Instant) -> Result<Imported, Unavailable> {
        self.put_resources(batch, now).await
    }

    async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        self.settle(waiting, now).await
    }
}

#[cfg(feature = "aws")]
impl Records for smart_aws::RecordsTable {
    type Incoming = smart_aws::Incoming;

    /// What one round of batches takes: the bar moves on with each.
    const BATCH: usize = 200;

    async fn put(&self, batch: Vec<Self::Incoming>, now: Instant) -> Result<Imported, Unavailable> {
        let smart_aws::Imported { created, updated, unchanged, waiting } =
            self.put_resources(batch, now).await?;
        Ok(Imported { created, updated, unchanged, waiting })
    }

    async fn settle(&self, waiting: BTreeSet<Reference>, now: Instant) -> Result<(), Unavailable> {
        self.settle(waiting, now).await
    }
}

/// A part of a file.
pub(super) enum Work {
    /// Lines that were not split yet.
    Block(Block),
    /// Resources that were found already, and what was no resource.
    Found { found: Vec<Result<Found, Fault>>, bytes: u64 },
}

/// A part that was parsed.
struct Parsed<R> {
    resources: Vec<R>,
    faults: Vec<Fault>,
    bytes: u64,
}

impl Work {
    fn parse<R: Incoming>(self) -> Parsed<R> {
        let (found, bytes) = match self {
            Self::Block(block) => (block.found().into_iter().map(Ok).collect(), block.len() as u64),
            Self::Found { found, bytes } => (found, bytes),
        };
        let (mut resources, mut faults) = (Vec::with_capacity(found.len()), Vec::new());
        for found in found {
            match found.and_then(|found| found.read()) {
                Ok(resource) => resources.push(resource),
                Err(fault) => faults.push(fault),
            }
        }
        Parsed { resources, faults, bytes }
    }
}

/// An import that is under way.
pub(super) struct Loading<'s, S: Records> {
    store: &'s S,
    report: Report,
    done: Imported,
    /// Parts that are being parsed, in their order.
    parsing: VecDeque<JoinHandle<Parsed<S::Incoming>>>,
    batch: Vec<S::Incoming>,
    batch_bytes: u64,
}

impl<'s, S: Records> Loading<'s, S> {
    pub(super) fn new(store: &'s S, report: Report) -> Self {
        let (parsing, batch) = (VecDeque::new(), Vec::new());
        Self { store, report, done: Imported::default(), parsing, batch, batch_bytes: 0 }
    }

    /// Takes a part; waits while enough of them are being parsed, so that memory stays bounded.
    pub(super) async fn feed(&mut self, work: Work) -> Result<(), Failure> {
        if self.parsing.len() > parallel::cores() {
            self.take_first().await?;
        }
        self.parsing.push_back(spawn_blocking(move || work.parse()));
        Ok(())
    }

    /// Counts and tells what cannot be loaded.
    pub(super) fn refuse(&mut self, fault: &Fault) {
        self.report.refuse(fault);
    }

    /// Writes what is left, asks again for what came before what it follows, and says what was done.
    pub(super) async fn finish(mut self) -> Result<(Imported, Report), Failure> {
        while !self.parsing.is_empty() {
            self.take_first().await?;
        }
        self.write().await?;
        let waiting = std::mem::take(&mut self.done.waiting);
        self.store.settle(waiting, system_clock()).await?;
        Ok((self.done, self.report))
    }

    async fn take_first(&mut self) -> Result<(), Failure> {
        let Some(first) = self.parsing.pop_front() else { return Ok(()) };
        let parsed = first.await.map_err(|error| Failure::Failed(format!("cannot parse: {error}")))?;
        parsed.faults.iter().for_each(|fault| self.report.refuse(fault));
        self.batch.extend(parsed.resources);
        self.batch_bytes += parsed.bytes;
        if self.batch.len() >= S::BATCH || self.batch_bytes >= BATCH_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Failure> {
        let (batch, bytes) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.batch_bytes));
        if !batch.is_empty() {
            self.done += self.store.put(batch, system_clock()).await?;
        }
        self.report.bar.inc(bytes);
        let loaded = self.done.created + self.done.updated + self.done.unchanged;
        self.report.bar.set_message(format!("{loaded} resources,"));
        Ok(())
    }
}

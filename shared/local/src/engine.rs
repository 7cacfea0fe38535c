//! The engine: one thread writes, and all who wait share its fsync.
//!
//! A write is a closure. The writer takes every one that waits, runs them in one transaction, commits once and only
//! then answers them all: what was answered is on the disk (group commit). Reads take snapshots of their own and wait
//! for nobody.
//!
//! The rule for a write: **decide, then write**. A closure that refuses, or meets a value that it cannot read, has
//! written nothing, so that its neighbours in the transaction are not concerned. A batch in which nothing was written
//! is not committed at all: refusals cost no fsync. An error of the storage fails the whole batch, and each of its writers hears
//! that the store is unavailable.
//!
//! Files are shared with other processes (redb's multi-writer mode), so that the operator's commands work beside a
//! running server: a commit is then in two phases and records the allocator's state, which also makes recovery after a crash
//! instant.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::{ConcurrencyMode, Database, ReadableDatabase, TransactionError, WriteTransaction};
use smart_core::ports::Unavailable;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Failure, StoreError};
use crate::pieces::Pieces;
use crate::tables::{Snapshot, Writing};

/// How much of the file is kept in memory.
const CACHE_BYTES: usize = 8 << 20;

/// … and how much of what is in memory anyway is there twice.
const CACHE_BYTES_IN_MEMORY: usize = 1 << 20;

/// How many writes may share a transaction, and so how long the first of them waits for the others.
const MAX_BATCH: usize = 256;

/// How many writes may wait before their senders do.
const QUEUE: usize = 1024;

/// How long another process may hold the file before a batch is given up: tries, a pause apart.
const LOCK_TRIES: u32 = 5_000;
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// An open database and its writer.
pub(crate) struct Engine {
    database: Arc<Database>,
    /// `None` only while it is dropped.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
}

impl Engine {
    /// Opens or creates the file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let opened = catch_unwind(|| {
            Database::builder()
                .set_cache_size(CACHE_BYTES)
                .set_concurrency_mode(ConcurrencyMode::MultiWriter)
                .create(path)
        });
        match opened {
            Ok(database) => Self::start(database.map_err(|error| StoreError::opening(path, error))?),
            // The database checks what it reads; what slips through is caught here, where it can be said.
            Err(panic) => Err(StoreError::Corrupt { path: path.into(), reason: panic_text(panic.as_ref()) }),
        }
    }

    /// A database that lives and dies with this value.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES_IN_MEMORY)
            .create_with_backend(Pieces::default())
            .map_err(|error| StoreError::opening(Path::new("(memory)"), error))?;
        Self::start(database)
    }

    fn start(database: Database) -> Result<Self, StoreError> {
        let database = Arc::new(database);
        let (sender, receiver) = mpsc::channel(QUEUE);
        let written = Arc::clone(&database);
        let writer = thread::Builder::new()
            .name("smart-store".to_owned())
            .spawn(move || write_all(&written, receiver))
            .map_err(StoreError::Thread)?;
        Ok(Self { database, jobs: Some(sender), writer: Some(writer) })
    }

    /// Runs `job` in a write transaction, shared with whoever else waits, and answers once it is committed.
    pub(crate) async fn write<T, F>(&self, port: &'static str, job: F) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let closed = || Unavailable::new(port, "the store's writer has stopped");
        let (asker, answer) = oneshot::channel();
        let job = Box::new(Waiting { job: Some(job), outcome: None, asker });
        self.jobs.as_ref().ok_or_else(closed)?.send(job).await.map_err(|_| closed())?;
        match answer.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reason)) => Err(Unavailable::new(port, reason)),
            Err(_) => Err(closed()),
        }
    }

    /// Runs `look` on a snapshot of what is committed.
    pub(crate) fn read<T>(
        &self,
        port: &'static str,
        look: impl FnOnce(&Snapshot) -> Result<T, Failure>,
    ) -> Result<T, Unavailable> {
        // A damaged page may panic inside the database: that is a store that cannot answer, not a dead request.
        let seen = catch_unwind(AssertUnwindSafe(|| look(&Snapshot::new(self.database.begin_read()?))));
        match seen {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(Unavailable::new(port, failure.to_string())),
            Err(panic) => Err(Unavailable::new(port, panic_text(panic.as_ref()))),
        }
    }
}

impl Drop for Engine {
    /// Writes that were taken are still committed.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            // It ends when the queue is empty; its own panics were caught.
            let _ = writer.join();
        }
    }
}

/// A write that waits for its transaction.
trait Job: Send {
    /// Runs it. The error is the storage's; what concerns this job alone is kept for [`Job::answer`].
    fn run(&mut self, writing: &Writing<'_>) -> Result<(), Failure>;

    /// Tells whoever asked.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Waiting<T, F> {
    job: Option<F>,
    outcome: Option<Result<T, String>>,
    asker: oneshot::Sender<Result<T, String>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&Writing<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, writing: &Writing<'_>) -> Result<(), Failure> {
        let Some(job) = self.job.take() else { return Ok(()) };
        let before = writing.changes();
        match job(writing) {
            // A value that cannot be read concerns this job alone, as long as it has written nothing.
            Err(failure @ Failure::Value { .. }) if writing.changes() == before => {
                self.outcome = Some(Err(failure.to_string()));
                Ok(())
            }
            Err(failure) => Err(failure),
            Ok(value) => {
                self.outcome = Some(Ok(value));
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match committed {
            Ok(()) => self.outcome.unwrap_or_else(|| Err("the write was not run".to_owned())),
            Err(reason) => Err(reason.to_owned()),
        };
        // Nobody listens where the request was given up meanwhile.
        let _ = self.asker.send(answer);
    }
}

/// The writer: takes all that waits, commits it, answers; until there is nobody left to ask.
fn write_all(database: &Database, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let committed = match catch_unwind(AssertUnwindSafe(|| commit(database, &mut batch))) {
            Ok(committed) => committed.map_err(|failure| failure.to_string()),
            Err(panic) => Err(panic_text(panic.as_ref())),
        };
        if let Err(reason) = &committed {
            tracing::error!(reason, writes = batch.len(), "the store could not commit");
        }
        for job in batch {
            job.answer(match &committed {
                Ok(()) => Ok(()),
                Err(reason) => Err(reason),
            });
        }
    }
}

/// Runs the batch in one transaction and commits it, if there is anything to commit.
fn commit(database: &Database, batch: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let transaction = begin(database)?;
    let writing = Writing::new(&transaction);
    batch.iter_mut().try_for_each(|job| job.run(&writing))?;
    if writing.changes() > 0 {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(())
}

/// Begins a write transaction; another process that holds the file is waited for, but not forever.
fn begin(database: &Database) -> Result<WriteTransaction, Failure> {
    for _ in 1..LOCK_TRIES {
        match database.try_begin_write() {
            Err(TransactionError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            begun => return Ok(begun?),
        }
    }
    Ok(database.try_begin_write()?)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    format!("the database panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::TableDefinition;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;

    const TABLE: TableDefinition<'_, u64, u64> = TableDefinition::new("test");

    async fn put(engine: &Engine, key: u64) -> Result<(), Unavailable> {
        engine
            .write("test", move |writing| {
                writing.change(TABLE)?.insert(key, key)?;
                Ok(())
            })
            .await
    }

    fn has(engine: &Engine, key: u64) -> bool {
        engine.read("test", |snapshot| Ok(snapshot.table(TABLE)?.get(key)?.is_some())).unwrap()
    }

    /// Lets a write take its place in the queue.
    async fn poll_once(write: &mut (impl Future + Unpin)) {
        std::future::poll_fn(|cx| {
            let _ = Pin::new(&mut *write).poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    fn unreadable() -> Failure {
        Failure::Value { table: "test", reason: "as the test wants it".to_owned() }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_answered_is_there_to_be_read() {
        let engine = Arc::new(Engine::in_memory().unwrap());
        let writers: Vec<_> = (0..1_000)
            .map(|key| {
                let engine = Arc::clone(&engine);
                tokio::spawn(async move {
                    put(&engine, key).await.unwrap();
                    has(&engine, key)
                })
            })
            .collect();
        for writer in writers {
            assert!(writer.await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_job_that_cannot_read_its_value_leaves_its_neighbours_alone() {
        let engine = Engine::in_memory().unwrap();
        let bad = engine.write("test", |_| Err::<(), _>(unreadable()));
        let (bad, good) = tokio::join!(bad, put(&engine, 1));
        assert!(bad.is_err());
        good.unwrap();
        assert!(has(&engine, 1));
    }

    #[tokio::test]
    async fn a_job_that_wrote_before_it_failed_is_not_committed() {
        let engine = Engine::in_memory().unwrap();
        put(&engine, 1).await.unwrap();
        let half = engine.write("test", |writing| {
            writing.change(TABLE)?.insert(2, 2)?;
            Err::<(), _>(unreadable())
        });
        assert!(half.await.is_err());
        assert!(has(&engine, 1) && !has(&engine, 2));
    }

    #[tokio::test]
    async fn a_panic_fails_its_batch_and_no_later_one() {
        let engine = Engine::in_memory().unwrap();
        put(&engine, 1).await.unwrap();
        let panicking = engine.write("test", |writing| -> Result<(), Failure> {
            writing.change(TABLE)?.insert(2, 2)?;
            panic!("as the test wants it")
        });
        assert!(panicking.await.is_err());
        put(&engine, 3).await.unwrap();
        assert!(has(&engine, 1) && !has(&engine, 2) && has(&engine, 3));
    }

    #[tokio::test]
    async fn writers_that_wait_share_a_commit() {
        let engine = Engine::in_memory().unwrap();
        put(&engine, 0).await.unwrap();
        // While the first job keeps the writer busy, the others gather; each says how many ran before it in its batch.
        let (busy, is_busy) = std::sync::mpsc::channel::<()>();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let mut slow = Box::pin(engine.write("test", move |_| {
            let _ = busy.send(());
            let _ = gate.recv();
            Ok(())
        }));
        poll_once(&mut slow).await;
        is_busy.recv().unwrap();
        let run = Arc::new(AtomicUsize::new(0));
        let others = (1..=50).map(|key| {
            let run = Arc::clone(&run);
            engine.write("test", move |writing| {
                let mut table = writing.change(TABLE)?;
                table.insert(key, key)?;
                run.fetch_add(1, Ordering::SeqCst);
                drop(table);
                Ok(writing.changes())
            })
        });
        let mut waiting: Vec<_> = others.map(Box::pin).collect();
        for other in &mut waiting {
            poll_once(other).await;
        }
        go.send(()).unwrap();
        slow.await.unwrap();
        let mut in_batch = Vec::new();
        for other in waiting {
            in_batch.push(other.await.unwrap());
        }
        assert_eq!(run.load(Ordering::SeqCst), 50);
        assert_eq!(in_batch.into_iter().max(), Some(50));
    }

    #[tokio::test]
    async fn what_was_taken_is_committed_before_the_store_closes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let engine = Engine::open(&path).unwrap();
        let mut late = Box::pin(put(&engine, 7));
        poll_once(&mut late).await;
        drop(late);
        drop(engine);
        assert!(has(&Engine::open(&path).unwrap(), 7));
    }
}

//! The ports on an embedded transactional database and a software signing key.
//!
//! One implementation, on disk for `smart serve` and in memory for tests and `--ephemeral`. [`LocalStore`] holds
//! everything but the keys; [`SoftwareKeys`] sign.
//!
//! A data folder holds `store.redb` and key files (`signing-key.pem` is the first), all for their owner alone.
//!
//! Invariants:
//! * What was answered is on the disk: an acknowledged write survives `kill -9`.
//! * Every step of a grant is decided inside the write transaction that makes it; nothing that was read before counts.
//! * Every operation compares expiries with the instant it is given; the sweep only frees room.
//! * There is no clock and no randomness here but the key's.
#![warn(missing_docs)]

mod engine;
mod error;
mod files;
mod grants;
mod import;
mod keys;
mod launches;
mod patients;
mod pieces;
mod records;
mod registry;
mod replay;
mod revocations;
mod sessions;
mod signer;
mod sweep;
mod tables;
mod throttle;

use std::path::{Path, PathBuf};

use redb::{ReadableTable as _, TableDefinition};

pub use self::error::StoreError;
pub use self::import::{Imported, Incoming};
pub use self::keys::{KeyEntry, KeyState, PUBLISHED_AFTER_USE, PUBLISHED_BEFORE_USE, SoftwareKeys};
pub use self::registry::Put;
pub use self::signer::SoftwareKey;

use self::engine::Engine;
use self::error::Failure;
use self::tables::Writing;

/// The format of what is stored: raised with every change that an older program cannot read.
const FORMAT: u64 = 1;
const FORMAT_TABLE: TableDefinition<'_, &str, u64> = TableDefinition::new("format");

/// All ports but the signer's, on one embedded database.
pub struct LocalStore {
    engine: Engine,
}

impl LocalStore {
    /// Opens the store in `folder`, which is made if there is none (mode 0700). Other processes may have it open too.
    ///
    /// # Errors
    /// What is damaged, in use or of a newer format is said, never repaired by guessing and never replaced.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let path = Self::file_in(folder);
        files::make_private(&path)?;
        Self::prepare(Engine::open(&path)?, &path).await
    }

    /// A store that keeps nothing.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Engine::in_memory()?, Path::new("(memory)")).await
    }

    /// The database file of a data folder.
    pub fn file_in(folder: &Path) -> PathBuf {
        folder.join("store.redb")
    }

    /// The key file of a data folder.
    pub fn key_file_in(folder: &Path) -> PathBuf {
        folder.join("signing-key.pem")
    }

    async fn prepare(engine: Engine, path: &Path) -> Result<Self, StoreError> {
        let found = engine
            .write("format", |writing| {
                if let Some(format) = format(writing)? {
                    // An older program of the same format may have made fewer tables.
                    if format <= FORMAT {
                        create_tables(writing)?;
                    }
                    return Ok(format);
                }
                create_tables(writing)?;
                writing.change(FORMAT_TABLE)?.insert("format", FORMAT)?;
                Ok(FORMAT)
            })
            .await?;
        if found > FORMAT {
            return Err(StoreError::NewerFormat { path: path.into(), found, known: FORMAT });
        }
        Ok(Self { engine })
    }
}

/// The format that is noted in the file; `None` in a new one.
fn format(writing: &Writing<'_>) -> Result<Option<u64>, Failure> {
    Ok(writing.look(FORMAT_TABLE)?.get("format")?.map(|format| format.value()))
}

fn create_tables(writing: &Writing<'_>) -> Result<(), Failure> {
    registry::CLIENTS.create(writing)?;
    registry::USERS.create(writing)?;
    writing.change(registry::MARKS)?;
    sessions::SESSIONS.create(writing)?;
    grants::create(writing)?;
    launches::LAUNCHES.create(writing)?;
    replay::USES.create(writing)?;
    revocations::REVOKED.create(writing)?;
    throttle::WINDOWS.create(writing)?;
    patients::create(writing)?;
    records::create(writing)?;
    sweep::create(writing)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;

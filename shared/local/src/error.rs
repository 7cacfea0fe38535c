//! What goes wrong in the store: when it is opened, and while it runs.

use std::io;
use std::path::{Path, PathBuf};

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use smart_core::ports::Unavailable;
use thiserror::Error;

/// Why the store, or its key, could not be opened: one line for the operator.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or folder could not be made, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program holds the file and does not share it.
    #[error("{} is in use by another program: stop it first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged or is something else.
    #[error("{} is damaged or no store of this program ({reason}): restore it from a copy, or move it away", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file was written by a later version of this program.
    #[error("{} has format {found}, this program knows up to {known}: use the newer program", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format that was found.
        found: u64,
        /// The newest format that is known.
        known: u64,
    },
    /// The writer's thread could not be started.
    #[error("cannot start the store's writer: {0}")]
    Thread(io::Error),
    /// The key file may be read by others.
    #[error("{} can be read by others (mode {mode:03o}): chmod 600 it, and replace the key if others may have read it", path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file holds no key that can be used.
    #[error("{}: expected an unencrypted PKCS#8 PEM file with an RSA key of 2,048 bits or more", path.display())]
    KeyUnusable {
        /// The key file.
        path: PathBuf,
    },
    /// The cryptographic library refused to make a key.
    #[error("cannot make a signing key")]
    KeyGeneration,
    /// The store was opened, but did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.into(), source }
    }

    /// What an error of the database means to the operator.
    pub(crate) fn opening(path: &Path, error: DatabaseError) -> Self {
        let path = path.into();
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self::InUse { path },
            DatabaseError::Storage(StorageError::Io(source))
                if source.kind() != io::ErrorKind::InvalidData =>
            {
                Self::Io { path, source }
            }
            other => Self::Corrupt { path, reason: other.to_string() },
        }
    }
}

/// Why an operation of the running store failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The database: whatever shares its transaction fails with it.
    #[error("storage: {0}")]
    Storage(Box<redb::Error>),
    /// One stored value is not what was expected there: concerns whoever asked for it alone.
    #[error("a value in {table} cannot be read: {reason}")]
    Value {
        /// The table.
        table: &'static str,
        /// What is wrong, without the value.
        reason: String,
    },
}

macro_rules! storage {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Storage(Box::new(error.into()))
            }
        })*
    };
}

storage!(StorageError, TableError, TransactionError, CommitError);

//! Tables and their views: what is stored under which key, read from a snapshot or within a write.
//!
//! An aggregate is stored as one value: a byte that says its form, then JSON. Indexes are tables of keys alone.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;

use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, TableError, Value,
    WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smart_core::id::{ClientId, GrantId, LaunchId, PatientId, SessionId, Username};
use smart_core::secret::Digest;

use crate::error::Failure;

/// The form of a stored aggregate: JSON as core serializes it.
const FORM: u8 = 1;

/// A table of aggregates `T`, each under its name `K`.
pub(crate) struct Aggregates<K, T> {
    definition: TableDefinition<'static, &'static str, &'static [u8]>,
    name: &'static str,
    types: PhantomData<fn(K) -> T>,
}

impl<K, T> Clone for Aggregates<K, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, T> Copy for Aggregates<K, T> {}

impl<K: Named, T: Serialize + DeserializeOwned> Aggregates<K, T> {
    /// The table of that name.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { definition: TableDefinition::new(name), name, types: PhantomData }
    }

    /// Makes the table, if there is none.
    pub(crate) fn create(&self, writing: &Writing<'_>) -> Result<(), Failure> {
        writing.change(self.definition).map(drop)
    }

    fn decode(&self, bytes: &[u8]) -> Result<T, Failure> {
        let value = |reason: String| Failure::Value { table: self.name, reason };
        match bytes.split_first() {
            // The error of serde_json names a place and an expectation, never the text that it met.
            Some((&FORM, json)) => serde_json::from_slice(json)
                .map_err(|e| value(format!("{:?} at {}:{}", e.classify(), e.line(), e.column()))),
            Some((form, _)) => Err(value(format!("form {form} is not known"))),
            None => Err(value("it is empty".to_owned())),
        }
    }

    fn encode(&self, value: &T) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![FORM];
        serde_json::to_writer(&mut bytes, value).map_err(|_| Failure::Value {
            table: self.name,
            reason: "it cannot be written as JSON".to_owned(),
        })?;
        Ok(bytes)
    }

    fn look_up(
        &self,
        table: &impl ReadableTable<&'static str, &'static [u8]>,
        key: &K,
    ) -> Result<Option<T>, Failure> {
        let found = table.get(key.name().as_ref())?;
        found.map(|bytes| self.decode(bytes.value())).transpose()
    }
}

/// What is stored under a name of its own.
pub(crate) trait Named {
    /// The name.
    fn name(&self) -> Cow<'_, str>;
}

macro_rules! named {
    ($($id:ty),*) => {
        $(impl Named for $id {
            fn name(&self) -> Cow<'_, str> {
                self.as_str().into()
            }
        })*
    };
}

named!(ClientId, Username, SessionId, GrantId, LaunchId, PatientId);

impl Named for Digest {
    fn name(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}

/// The store as it was committed at one moment.
pub(crate) struct Snapshot(ReadTransaction);

impl Snapshot {
    pub(crate) fn new(transaction: ReadTransaction) -> Self {
        Self(transaction)
    }

    /// The aggregate of that name.
    pub(crate) fn get<K, T>(&self, from: Aggregates<K, T>, key: &K) -> Result<Option<T>, Failure>
    where
        K: Named,
        T: Serialize + DeserializeOwned,
    {
        match self.0.open_table(from.definition) {
            // The store was made by a program that did not know of such things: there are none.
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            table => from.look_up(&table?, key),
        }
    }

    /// All aggregates of a table, in order of their names.
    pub(crate) fn all<K, T>(&self, from: Aggregates<K, T>) -> Result<Vec<T>, Failure>
    where
        K: Named,
        T: Serialize + DeserializeOwned,
    {
        let table = self.0.open_table(from.definition)?;
        table.range::<&str>(..)?.map(|entry| from.decode(entry?.1.value())).collect()
    }

    /// A table, to be read.
    pub(crate) fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, Failure> {
        Ok(self.0.open_table(definition)?)
    }
}

/// The store within a write transaction: sees what the writes before it wrote.
pub(crate) struct Writing<'t> {
    transaction: &'t WriteTransaction,
    changes: Cell<u64>,
}

impl<'t> Writing<'t> {
    pub(crate) fn new(transaction: &'t WriteTransaction) -> Self {
        Self { transaction, changes: Cell::new(0) }
    }

    /// How often a table was opened to be written: zero if there is nothing to commit.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// The aggregate of that name.
    pub(crate) fn get<K, T>(&self, from: Aggregates<K, T>, key: &K) -> Result<Option<T>, Failure>
    where
        K: Named,
        T: Serialize + DeserializeOwned,
    {
        from.look_up(&self.look(from.definition)?, key)
    }

    /// Stores an aggregate under its name, over any other.
    pub(crate) fn put<K, T>(&self, into: Aggregates<K, T>, key: &K, value: &T) -> Result<(), Failure>
    where
        K: Named,
        T: Serialize + DeserializeOwned,
    {
        let bytes = into.encode(value)?;
        self.change(into.definition)?.insert(key.name().as_ref(), bytes.as_slice())?;
        Ok(())
    }

    /// Removes the aggregate of that name, if there is one.
    pub(crate) fn remove<K, T>(&self, from: Aggregates<K, T>, key: &K) -> Result<(), Failure>
    where
        K: Named,
        T: Serialize + DeserializeOwned,
    {
        self.change(from.definition)?.remove(key.name().as_ref())?;
        Ok(())
    }

    /// A table, to be read: what is opened this way cannot be written by mistake without being committed.
    pub(crate) fn look<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<impl ReadableTable<K, V> + use<'t, K, V>, Failure> {
        Ok(self.transaction.open_table(definition)?)
    }

    /// Removes a table, and says whether there was one.
    #[cfg(test)]
    pub(crate) fn delete_table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<bool, Failure> {
        self.changes.set(self.changes.get() + 1);
        Ok(self.transaction.delete_table(definition)?)
    }

    /// A table, to be written.
    pub(crate) fn change<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Table<'t, K, V>, Failure> {
        self.changes.set(self.changes.get() + 1);
        Ok(self.transaction.open_table(definition)?)
    }
}

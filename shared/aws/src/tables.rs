//! The two tables and their indexes: what the template makes in production, and a test makes for itself.
//!
//! Authorization state and FHIR records are separate tables, so that permissions, backup and restore are separate things. Both
//! have one key, `pk`, a text that begins with the kind of its item: permissions can be given by kind
//! (`dynamodb:LeadingKeys`). Neither has a sort key: nothing is read by the key but single items.
//!
//! `expires_at` is the time-to-live attribute of the state table. DynamoDB removes late, so no decision trusts it to
//! have removed: each compares expiries itself. Records do not expire.

/// An index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The attribute that groups. An item without it is not in the index.
    pub hash: &'static str,
    /// The attribute that orders.
    pub range: &'static str,
    /// Whether whole items are copied into it, or just the keys.
    pub whole: bool,
}

/// How a table is made. Every key is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The key.
    pub key: &'static str,
    /// The attribute after which DynamoDB may remove an item (seconds since 1970).
    pub time_to_live: Option<&'static str>,
    /// The indexes.
    pub indexes: &'static [Index],
}

/// Who is in a list: the clients, the users, a user's active grants. Nothing else has the attribute `list`.
pub const LISTS: Index = Index { name: "lists", hash: "list", range: "pk", whole: false };

/// A patient's resources of one type, and the patients of the picker, in order.
pub const GROUPS: Index = Index { name: "groups", hash: "group", range: "at", whole: true };

/// All resources of one type, in order.
pub const TYPES: Index = Index { name: "types", hash: "type", range: "at", whole: true };

/// The table of `SMART_TABLE`.
pub const STATE: Schema =
    Schema { key: crate::item::KEY, time_to_live: Some("expires_at"), indexes: &[LISTS] };

/// The table of `SMART_RECORDS_TABLE`.
pub const RECORDS: Schema = Schema { key: crate::item::KEY, time_to_live: None, indexes: &[GROUPS, TYPES] };

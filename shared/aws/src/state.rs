//! Authorization state: clients, users, sessions, counters, grants, what was used once and what was revoked, in one table.
//!
//! | key | item | expires |
//! |---|---|---|
//! | `client#ID`, `user#NAME` | what the operator registered | never |
//! | `session#DIGEST` | a browser session | with the session |
//! | `grant#DIGEST` | a grant | with the grant |
//! | `launch#DIGEST` | a launch that an EHR made | when no authorization that followed it can be open |
//! | `attempts#DIGEST` | a counter | with its window |
//! | `use#DIGEST` | something that was used once | when it could not be used any more |
//! | `revoked#DIGEST` | an access token that was revoked and stands on no grant | with the token |
//!
//! Invariants:
//! * A step is one conditional write. The condition says all that core's transition asks for; where it fails, core says why.
//! * An update never creates: every condition demands something of the item that is there.
//! * Each condition compares `expires_at` with the instant of the request. DynamoDB's own removal only frees room.
//! * Reads that decide are consistent.

mod grants;
mod launches;
mod registry;
mod replay;
mod revocations;
mod sessions;
mod throttle;

use aws_sdk_dynamodb::Client;
use smart_core::ports::Unavailable;

pub use self::registry::Put;

use crate::item::{Attributes, Item, text};
use crate::table::{Range, Table};
use crate::tables::LISTS;

/// The table of `SMART_TABLE`, and all ports of the authorization state on it.
#[derive(Clone, Debug)]
pub struct StateTable {
    table: Table,
}

impl StateTable {
    /// The table of that name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { table: Table::new(client, name) }
    }

    /// The items of a list, in order of their keys: the keys from the index, which may be a moment old, and the items themselves
    /// consistently.
    async fn list(&self, port: &'static str, list: &str) -> Result<Vec<Item>, Unavailable> {
        let mut keys = Vec::new();
        let mut from: Option<Attributes> = None;
        loop {
            let range = Range {
                index: LISTS.name,
                condition: "#list = :list",
                values: vec![(":list", text(list))],
                ascending: true,
                limit: None,
                from: from.as_ref(),
            };
            let page = self.table.query(port, range).await?;
            for item in page.items {
                keys.push(item.text(crate::item::KEY).map_err(|error| error.at(port))?.to_owned());
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut items = self.table.get_all(port, &keys, true, None).await?;
        items.sort_by(|a, b| a.text(crate::item::KEY).ok().cmp(&b.text(crate::item::KEY).ok()));
        Ok(items)
    }
}

/// Holds an update to what DynamoDB would refuse, and to what every step must do: it demands that the item is there and alive, and
/// uses each value that it is given.
#[cfg(test)]
pub(crate) fn check_expression(update: &crate::table::Update) {
    use std::collections::BTreeSet;

    use crate::table::tokens;
    let used: BTreeSet<&str> = tokens(&update.change, ':').chain(tokens(&update.condition, ':')).collect();
    let given: BTreeSet<&str> = update.values.iter().map(|(name, _)| *name).collect();
    assert_eq!(used, given, "{update:?}");
    assert_eq!(given.len(), update.values.len(), "{update:?}");
    assert!(update.condition.contains("#expires_at > :now"), "{update:?}");
    assert!(!update.change.contains("#pk"), "{update:?}");
    // An attribute is written or removed, and each once: DynamoDB refuses paths that overlap.
    let (set, remove) = update.change.split_once("REMOVE").unwrap_or((&update.change, ""));
    let set = set.trim_start().strip_prefix("SET").unwrap_or_default();
    let written = set
        .split(", #")
        .filter_map(|clause| clause.split_once(" = "))
        .map(|(name, _)| name.trim_matches([' ', '#']));
    let removed = tokens(remove, '#').map(|name| name.trim_start_matches('#'));
    let mut names: Vec<&str> = written.chain(removed).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{update:?}");
    assert!(update.change.len() < 4096 && update.condition.len() < 4096, "{update:?}");
}

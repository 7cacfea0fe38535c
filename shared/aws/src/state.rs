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
//! * A table that was restored from a backup holds grants and sessions that had ended: what began before
//!   [`StateTable::refusing_before`] is as good as absent, in every read and in the condition of every step.

mod grants;
mod launches;
mod registry;
mod replay;
mod revocations;
mod sessions;
mod throttle;

use aws_sdk_dynamodb::Client;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;

pub use self::registry::Put;

use crate::item::{Attributes, Item, instant, text};
use crate::table::{Range, Table, Update};
use crate::tables::LISTS;

/// The table of `SMART_TABLE`, and all ports of the authorization state on it.
#[derive(Clone, Debug)]
pub struct StateTable {
    table: Table,
    not_before: Option<Instant>,
}

impl StateTable {
    /// The table of that name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { table: Table::new(client, name), not_before: None }
    }

    /// The table, waiting longer for what a batch left undone: for an operator's program.
    #[cfg(feature = "operator")]
    pub(crate) fn patiently(self) -> Self {
        Self { table: self.table.patiently(), ..self }
    }

    /// The table, taking grants and browser sessions that began before that instant for absent (`SMART_NOT_BEFORE`).
    #[must_use]
    pub fn refusing_before(self, not_before: Option<Instant>) -> Self {
        Self { not_before, ..self }
    }

    /// Whether what began then counts.
    fn counts(&self, begun_at: Instant) -> bool {
        self.not_before.is_none_or(|not_before| begun_at >= not_before)
    }

    /// The update, made only to what counts: `begun_at` is the attribute that says when it began.
    fn guarded(&self, mut update: Update, begun_at: &str) -> Update {
        if let Some(not_before) = self.not_before {
            update.condition = format!("({}) AND #{begun_at} >= :not_before", update.condition);
            update.values.push((":not_before", instant(not_before)));
        }
        update
    }

    /// The items of a list, in order of their keys: the keys from the index, which may be a moment old, and the items themselves
    /// consistently. With `most`, the first so many.
    async fn list(
        &self,
        port: &'static str,
        list: &str,
        most: Option<usize>,
    ) -> Result<Vec<Item>, Unavailable> {
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
            if from.is_none() || most.is_some_and(|most| keys.len() >= most) {
                break;
            }
        }
        keys.truncate(most.unwrap_or(usize::MAX));
        let mut items = self.table.get_all(port, &keys, true, None).await?;
        items.sort_by(|a, b| a.text(crate::item::KEY).ok().cmp(&b.text(crate::item::KEY).ok()));
        Ok(items)
    }
}

/// Holds an update to what DynamoDB would refuse, and to what every step must do: it demands that the item is there and alive, and
/// uses each value that it is given.
#[cfg(test)]
pub(crate) fn check_expression(update: &Update) {
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

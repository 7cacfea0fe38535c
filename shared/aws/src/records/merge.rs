//! One page of several runs: in order, each resource once.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::vec;

use smart_core::fhir::record::{Direction, Position, Record, RecordPage};

/// The beginning of one group, in the query's order.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) records: Vec<(Position, Record)>,
    /// Whether the group goes on: what comes after the last record is not known.
    pub(super) more: bool,
}

/// The first record of a run that was not taken yet; the greatest head comes first in the query's order.
struct Head {
    position: Position,
    record: Record,
    rest: vec::IntoIter<(Position, Record)>,
    more: bool,
    direction: Direction,
}

impl Head {
    fn of(mut rest: vec::IntoIter<(Position, Record)>, more: bool, direction: Direction) -> Option<Self> {
        let (position, record) = rest.next()?;
        Some(Self { position, record, rest, more, direction })
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.direction {
            Direction::Ascending => other.position.cmp(&self.position),
            Direction::Descending => self.position.cmp(&other.position),
        }
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for Head {}

/// The first `limit` records of all runs together. The page is shorter where a run that goes on was used up: what follows there may
/// come before what the others still have.
pub(super) fn page(runs: Vec<Run>, direction: Direction, limit: usize) -> RecordPage {
    // A run without records does not go on: a query reads at least one.
    let heads = runs.into_iter().filter_map(|run| Head::of(run.records.into_iter(), run.more, direction));
    let mut heads: BinaryHeap<Head> = heads.collect();
    let mut records: Vec<(Position, Record)> = Vec::new();
    let mut more = false;
    while let Some(Head { position, record, rest, more: goes_on, .. }) = heads.pop() {
        if records.last().is_some_and(|(last, _)| *last == position) {
            // The same resource, of another of its patients.
        } else if records.len() == limit {
            more = true;
            break;
        } else {
            records.push((position, record));
        }
        match Head::of(rest, goes_on, direction) {
            Some(head) => heads.push(head),
            None if goes_on => {
                more = true;
                break;
            }
            None => {}
        }
    }
    let next = if more { records.last().map(|(position, _)| position.clone()) } else { None };
    RecordPage { records, next }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use smart_core::instant::Instant;

    use super::*;

    fn run(ids: &[&str], more: bool) -> Run {
        let (last_updated, owners) = (Instant::from_unix(0), BTreeSet::new());
        let record = Record { body: Bytes::new(), version: 1, last_updated, owners };
        let position = |id: &&str| Position { date: String::new(), id: id.parse().unwrap() };
        Run { records: ids.iter().map(|id| (position(id), record.clone())).collect(), more }
    }

    fn merged(runs: Vec<Run>, direction: Direction, limit: usize) -> (String, Option<String>) {
        let page = page(runs, direction, limit);
        let ids: Vec<_> = page.records.iter().map(|(position, _)| position.id.to_string()).collect();
        (ids.join(""), page.next.map(|position| position.id.to_string()))
    }

    #[test]
    fn runs_are_merged_in_order_and_each_resource_comes_once() {
        let runs = || vec![run(&["a", "c", "d"], false), run(&["b", "c"], false), run(&[], false)];
        assert_eq!(merged(runs(), Direction::Ascending, 9), ("abcd".to_owned(), None));
        assert_eq!(merged(runs(), Direction::Ascending, 4), ("abcd".to_owned(), None));
        assert_eq!(merged(runs(), Direction::Ascending, 3), ("abc".to_owned(), Some("c".to_owned())));
        let runs = vec![run(&["d", "c", "a"], false), run(&["c", "b"], false)];
        assert_eq!(merged(runs, Direction::Descending, 2), ("dc".to_owned(), Some("c".to_owned())));
    }

    #[test]
    fn the_same_resource_at_the_end_of_a_page_is_not_a_next_page() {
        let runs = vec![run(&["a"], false), run(&["a"], false)];
        assert_eq!(merged(runs, Direction::Ascending, 1), ("a".to_owned(), None));
    }

    #[test]
    fn a_run_that_goes_on_ends_the_page_where_it_was_used_up() {
        let runs = vec![run(&["a", "b"], true), run(&["c", "d"], false)];
        assert_eq!(merged(runs, Direction::Ascending, 9), ("ab".to_owned(), Some("b".to_owned())));
        let runs = vec![run(&["a", "b"], true)];
        assert_eq!(merged(runs, Direction::Ascending, 1), ("a".to_owned(), Some("a".to_owned())));
    }
}

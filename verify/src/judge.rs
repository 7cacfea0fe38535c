//! What is true, from what documents say and what came of the flows.

use std::collections::BTreeMap;

use crate::documents::Documents;
use crate::flow::Flow;
use crate::item::{self, Item};
use crate::outcome::Untrue;

/// What is to be said of an item.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What is said, or could be.
    pub item: Item,
    /// Whether a document says it.
    pub is_listed: bool,
    /// The flow that shows it; `None` if this program knows none.
    pub flow: Option<Flow>,
    /// Whether it is as it should be.
    pub truth: Truth,
    /// Why it is, or is not.
    pub why: String,
}

/// Whether an item is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Listed and works, or neither.
    True,
    /// One without the other, or nobody can tell.
    False,
    /// Its flow cannot be run from here.
    Untried,
}

/// Judges everything that the documents say, and everything else that was tried.
pub fn judge(documents: &Documents, outcomes: &BTreeMap<Flow, Result<(), Untrue>>) -> Vec<Verdict> {
    let (listed, malformed) = item::listed(documents);
    let mut verdicts = Vec::new();
    let wrong =
        |item: Item, why: String| Verdict { item, is_listed: true, flow: None, truth: Truth::False, why };
    verdicts.extend(malformed.into_iter().map(|(item, why)| wrong(item, why)));
    for why in documents.disagreements() {
        verdicts.push(wrong(whole("agree"), why));
    }
    verdicts.push(of_listed(whole("can be read by apps"), Some(Flow::Discovery), outcomes));
    for item in &listed {
        let flow = item::flow_of(&item.field, &item.value);
        verdicts.push(of_listed(item.clone(), flow, outcomes));
    }
    for (item, flow) in item::known() {
        if !listed.iter().any(|listed| item::is_same(&item, listed)) {
            verdicts.push(of_unlisted(item, flow, outcomes));
        }
    }
    verdicts
}

fn whole(value: &str) -> Item {
    Item { field: "(the documents)".to_owned(), value: value.to_owned() }
}

fn of_listed(item: Item, flow: Option<Flow>, outcomes: &BTreeMap<Flow, Result<(), Untrue>>) -> Verdict {
    let (truth, why) = match flow.as_ref().map(|flow| outcomes.get(flow)) {
        None => (Truth::False, "no flow for it: nobody can say whether it is true".to_owned()),
        Some(None) => (Truth::False, "its flow was not run".to_owned()),
        Some(Some(Ok(()))) => (Truth::True, "works".to_owned()),
        Some(Some(Err(untried @ Untrue::Untried(_)))) => (Truth::Untried, untried.to_string()),
        Some(Some(Err(why))) => (Truth::False, why.to_string()),
    };
    Verdict { item, is_listed: true, flow, truth, why }
}

fn of_unlisted(item: Item, flow: Flow, outcomes: &BTreeMap<Flow, Result<(), Untrue>>) -> Verdict {
    let (truth, why) = match outcomes.get(&flow) {
        Some(Err(Untrue::Refused(why))) => (Truth::True, format!("not advertised, and refused: {why}")),
        Some(Err(untried @ Untrue::Untried(_))) => (Truth::Untried, untried.to_string()),
        Some(Err(unclear)) => (Truth::False, unclear.to_string()),
        Some(Ok(())) => (Truth::False, "works, and is not listed".to_owned()),
        None => (Truth::False, "its flow was not run".to_owned()),
    };
    Verdict { item, is_listed: false, flow: Some(flow), truth, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_must_work_what_is_not_must_be_refused_and_the_rest_proves_nothing() {
        let why = String::from;
        for (outcome, listed, unlisted) in [
            (Some(Ok(())), Truth::True, Truth::False),
            (Some(Err(Untrue::Refused(why("no")))), Truth::False, Truth::True),
            (Some(Err(Untrue::Unclear(why("500")))), Truth::False, Truth::False),
            (Some(Err(Untrue::Untried(why("not here")))), Truth::Untried, Truth::Untried),
            (None, Truth::False, Truth::False),
        ] {
            let outcomes = outcome.clone().map(|outcome| (Flow::Pkce, outcome)).into_iter().collect();
            let of = |truth: Verdict| truth.truth;
            assert_eq!(of(of_listed(whole("x"), Some(Flow::Pkce), &outcomes)), listed, "{outcome:?}");
            assert_eq!(of(of_unlisted(whole("x"), Flow::Pkce, &outcomes)), unlisted, "{outcome:?}");
        }
        assert_eq!(of_listed(whole("x"), None, &BTreeMap::new()).truth, Truth::False);
    }
}

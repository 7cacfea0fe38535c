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
    /// Whether it is as it should be: listed and works, or neither.
    pub is_true: bool,
    /// Why it is, or is not.
    pub why: String,
}

/// Judges everything that the documents say, and everything else that was tried.
pub fn judge(documents: &Documents, outcomes: &BTreeMap<Flow, Result<(), Untrue>>) -> Vec<Verdict> {
    let (listed, malformed) = item::listed(documents);
    let mut verdicts = Vec::new();
    let wrong = |item: Item, why: String| Verdict { item, is_listed: true, flow: None, is_true: false, why };
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
    let (is_true, why) = match flow.as_ref().map(|flow| outcomes.get(flow)) {
        None => (false, "no flow for it: nobody can say whether it is true".to_owned()),
        Some(None) => (false, "its flow was not run".to_owned()),
        Some(Some(Ok(()))) => (true, "works".to_owned()),
        Some(Some(Err(why))) => (false, why.to_string()),
    };
    Verdict { item, is_listed: true, flow, is_true, why }
}

fn of_unlisted(item: Item, flow: Flow, outcomes: &BTreeMap<Flow, Result<(), Untrue>>) -> Verdict {
    let (is_true, why) = match outcomes.get(&flow) {
        Some(Err(Untrue::Refused(why))) => (true, why.clone()),
        Some(Err(unclear)) => (false, unclear.to_string()),
        Some(Ok(())) => (false, "works, and is not listed".to_owned()),
        None => (false, "its flow was not run".to_owned()),
    };
    Verdict { item, is_listed: false, flow: Some(flow), is_true, why }
}

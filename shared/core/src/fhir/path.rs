//! Where an element is: `a.b` inside `a`, `a|b` both, `a[x]` whichever form a date has.

use serde_json::{Map, Value};

/// The forms of `[x]` that a date search compares (R4 search, "date").
pub(super) const DATE_FORMS: [&str; 4] = ["DateTime", "Period", "Instant", "Timing"];

/// The values at `path`, those of arrays one by one.
pub(super) fn select<'a>(elements: &'a Map<String, Value>, path: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for alternative in path.split('|') {
        walk(elements, alternative, &mut found);
    }
    found
}

fn walk<'a>(elements: &'a Map<String, Value>, path: &str, found: &mut Vec<&'a Value>) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    if let Some(stem) = head.strip_suffix("[x]") {
        let forms = DATE_FORMS.into_iter().filter_map(|form| elements.get(&format!("{stem}{form}")));
        forms.for_each(|value| enter(value, rest, found));
    } else if let Some(value) = elements.get(head) {
        enter(value, rest, found);
    }
}

fn enter<'a>(value: &'a Value, rest: Option<&str>, found: &mut Vec<&'a Value>) {
    match (value, rest) {
        (Value::Array(items), _) => items.iter().for_each(|item| enter(item, rest, found)),
        (Value::Object(inner), Some(rest)) => walk(inner, rest, found),
        (value, None) => found.push(value),
        _ => {}
    }
}

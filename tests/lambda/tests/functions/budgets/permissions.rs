//! That each call of every flow is one that the function's own policy allows, and that the policies allow little else.
//!
//! An emulator enforces no policy. `infra/permissions.json` is the template's policies as they are when deployed, which `infra/tests` holds to the
//! template.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use smart_lambda_tests::meter::{Call, Service, Touched};

use super::ledger::Ledger;

const PERMISSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/permissions.json");

/// Statements that no step here needs: what is for identity providers, and what is read when an EHR asks for the first time.
const UNUSED: [(&str, &str); 3] =
    [("authorize", "Enrolments"), ("authorize", "PublicKeys"), ("authorize", "Replay")];

/// A statement of a function's policy.
#[derive(Debug, Deserialize)]
struct Statement {
    /// The port that it is for.
    sid: String,
    /// `dynamodb:GetItem`.
    actions: BTreeSet<String>,
    /// `state`, `records` or `keys`.
    on: String,
    /// The indexes of the table.
    indexes: BTreeSet<String>,
    /// Of items: patterns that one of must fit each partition key. None is no condition.
    keys: Vec<String>,
}

impl Statement {
    fn allows(&self, action: &str, on: &str, touched: &Touched) -> bool {
        let fits =
            |key: &String| self.keys.is_empty() || self.keys.iter().any(|pattern| matches(pattern, key));
        self.actions.contains(action)
            && self.on == on
            && touched.index.as_ref().is_none_or(|index| self.indexes.contains(index))
            && touched.keys.iter().all(fits)
    }
}

/// `StringLike`: a star stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(after, &rest[at..]))
        }),
    }
}

/// `tables` are their names and what the file calls them.
pub(super) fn check(ledger: &Ledger, tables: &[(&str, &'static str)]) {
    let told: BTreeMap<String, Vec<Statement>> = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(
        &fs::read_to_string(PERMISSIONS).unwrap(),
    )
    .map(|mut file| serde_json::from_value(file.remove("functions").unwrap()).unwrap())
    .unwrap();
    let mut used = BTreeSet::new();
    for (function, call) in &ledger.calls {
        for (action, on, touched) in permissions(call, tables) {
            let allowing = told[*function].iter().filter(|statement| statement.allows(&action, on, &touched));
            let sids: Vec<_> = allowing.map(|statement| (*function, statement.sid.as_str())).collect();
            assert!(!sids.is_empty(), "{function} may not {action} on {on}: {touched:?}");
            used.extend(sids);
        }
    }
    let statements =
        told.iter().flat_map(|(name, statements)| statements.iter().map(|s| (name.as_str(), s.sid.as_str())));
    let unused: BTreeSet<_> = statements.filter(|statement| !used.contains(statement)).collect();
    assert_eq!(unused, BTreeSet::from(UNUSED), "statements that no step needs");
}

/// What a call needs: action, what on, and which items.
fn permissions(call: &Call, tables: &[(&str, &'static str)]) -> Vec<(String, &'static str, Touched)> {
    match call.service {
        Service::DynamoDb => {
            let on = |touched: &Touched| {
                tables.iter().find(|(name, _)| *name == touched.table).expect("a table of ours").1
            };
            let each = call.touched.iter();
            each.map(|touched| (format!("dynamodb:{}", call.operation), on(touched), touched.clone()))
                .collect()
        }
        Service::Kms => {
            let key = Touched { table: String::new(), index: None, keys: Vec::new() };
            vec![(format!("kms:{}", call.operation), "keys", key)]
        }
        Service::Other => panic!("{call:?}"),
    }
}

#[test]
fn a_star_stands_for_anything_and_nothing_else_does() {
    for (pattern, text, fits) in [
        ("grant#*", "grant#abc", true),
        ("grant#*", "grants#abc", false),
        ("of#*/Encounter", "of#maria/Encounter", true),
        ("of#*/Encounter", "of#maria/EncounterX", false),
        ("of#*/Encounter", "of#a/b/Encounter", true),
        ("patients", "patients", true),
        ("patients", "patients2", false),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
    }
}

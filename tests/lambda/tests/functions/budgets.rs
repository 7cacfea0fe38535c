//! What each request of every flow asks of AWS, as a counting layer between the functions' own programs and AWS sees it.
//!
//! ARCHITECTURE.md's table of remote calls is the budget: a step that makes one call more or fewer than its row says fails, and so does a row
//! without a step. Each call is one that the function's policy allows. What the calls cost in DynamoDB's units is kept in `infra/units.json`, of which `infra/costs` makes prices;
//! `SMART_UNITS=write` writes it anew.

mod clinic;
mod flows;
mod ledger;
mod permissions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;

use serde_json::{Value, json};

use self::clinic::Clinic;
use self::ledger::{Counting, Ledger};

const ARCHITECTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/units.json");

#[tokio::test]
async fn each_request_of_every_flow_asks_aws_for_what_its_budget_says() {
    let clinic = Clinic::new().await;
    let mut ledger = Ledger::default();
    for flow in flows::ALL_FLOWS {
        flow(&mut Counting::start(&clinic, &mut ledger));
    }

    let steps: BTreeMap<_, _> =
        ledger.steps.iter().map(|(name, asked)| ((*name).to_owned(), asked.json())).collect();
    if is_to_be_written() {
        let told = json!({ "written by": "tests/lambda, SMART_UNITS=write", "steps": steps });
        fs::write(UNITS, format!("{told:#}\n")).unwrap();
    }
    let told: Value = serde_json::from_str(&fs::read_to_string(UNITS).unwrap()).unwrap();
    let told = serde_json::from_value(told["steps"].clone()).unwrap();
    assert_same(
        "infra/units.json (SMART_UNITS=write writes it anew, then infra/costs --write)",
        &told,
        &steps,
    );

    permissions::check(&ledger, &clinic.world.tables());

    let asked = ledger.steps.iter().map(|(name, asked)| ((*name).to_owned(), asked.calls())).collect();
    let budget = budget(&fs::read_to_string(ARCHITECTURE).unwrap());
    assert_same("ARCHITECTURE.md, calls of (DynamoDB, KMS)", &budget, &asked);
}

#[expect(clippy::disallowed_methods, reason = "who wants the file written says so")]
fn is_to_be_written() -> bool {
    std::env::var("SMART_UNITS").is_ok_and(|value| value == "write")
}

/// The rows of the table: of each request the calls of DynamoDB and of KMS.
fn budget(page: &str) -> BTreeMap<String, (usize, usize)> {
    let (_, section) = page.split_once("\n## Remote calls").expect("the section of remote calls");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("a number of calls: {cell}"));
    cells.map(|cells| (cells[1].to_owned(), (number(cells[2]), number(cells[3])))).collect()
}

/// That a document tells of the same steps, and the same of each.
fn assert_same<T: PartialEq + Debug>(
    document: &str,
    told: &BTreeMap<String, T>,
    asked: &BTreeMap<String, T>,
) {
    let names: BTreeSet<_> = told.keys().chain(asked.keys()).collect();
    let different = names.into_iter().filter(|name| told.get(*name) != asked.get(*name));
    let different: Vec<_> = different
        .map(|name| format!("{name}: told {:?}, asked {:?}", told.get(name), asked.get(name)))
        .collect();
    assert!(different.is_empty(), "{document}:\n{}", different.join("\n"));
}

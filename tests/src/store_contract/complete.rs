//! No operation without a rule: what `smart_core::ports` declares is looked for in the sources that must know it.
//!
//! A new port is noticed here before anybody finds out that two stores understand it differently, or that one of them answers
//! something while AWS does not.

use std::fs;
use std::path::Path;

/// A port that no store is asked for. Its one adapter fetches what clients publish, and is tested where it stands (smart-outbound).
const NOT_A_STORES: &str = "ClientKeySets";

/// What holds the ports, by the names that sources have for it.
const HOLDERS: [&str; 3] = ["store", "records", "keys"];

const PORTS: &str = include_str!("../../../shared/core/src/ports.rs");

/// What is told while AWS does not answer.
const OUTAGES: &str = include_str!("../../../shared/aws/tests/emulator/outages.rs");

/// What is told when AWS did what it was asked, and its answer is lost.
const LOST_ANSWERS: &str = include_str!("../../../shared/aws/tests/emulator/lost_answers.rs");

/// The operations that write nothing: a lost answer leaves nothing open.
const READS: [&str; 18] = [
    "access_token_key",
    "client",
    "encounter",
    "encounters",
    "grant",
    "id_token_key",
    "is_revoked",
    "launch",
    "own_grants",
    "patient",
    "patients",
    "public_keys",
    "record",
    "records",
    "records_by_id",
    "session",
    "sign",
    "user",
];

/// Each operation of each port that a store, or what holds the keys, has.
fn operations() -> Vec<(&'static str, &'static str)> {
    let name = |rest: &'static str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
    let mut port = None;
    let mut operations = Vec::new();
    for line in PORTS.lines() {
        if let Some(rest) = line.strip_prefix("pub trait ") {
            port = Some(name(rest)).filter(|port| *port != NOT_A_STORES);
        } else if line == "}" {
            port = None;
        } else if let (Some(port), Some(rest)) = (port, line.strip_prefix("    fn ")) {
            operations.push((port, name(rest)));
        }
    }
    operations
}

/// The operations that are asked of none of `these` in a source.
fn unasked(source: &str, these: &[&str]) -> Vec<(&'static str, &'static str)> {
    let source: String = source.split_whitespace().collect();
    let is_asked = |operation: &str| these.iter().any(|of| source.contains(&format!("{of}.{operation}(")));
    operations().into_iter().filter(|(_, operation)| !is_asked(operation)).collect()
}

#[test]
fn every_operation_of_every_port_has_a_rule() {
    assert!(operations().contains(&("Signer", "sign")) && operations().contains(&("Records", "records")));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store_contract");
    let rules: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(unasked(&rules, &HOLDERS), []);
    assert_eq!(unasked("", &HOLDERS).len(), operations().len());
}

#[test]
fn every_operation_of_every_port_is_asked_during_an_outage_of_aws() {
    assert_eq!(unasked(OUTAGES, &HOLDERS), []);
}

#[test]
fn the_answer_of_every_operation_that_writes_is_lost_once() {
    for read in READS {
        assert!(operations().iter().any(|(_, operation)| *operation == read), "{read} is no operation");
    }
    let mut unasked = unasked(LOST_ANSWERS, &["proxied"]);
    unasked.retain(|(_, operation)| !READS.contains(operation));
    assert_eq!(unasked, []);
}

//! `smart key`: a rotation is arranged by one command, and the server publishes what is coming.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::command::{Server, get, smart};

fn listed(folder: &Path) -> Vec<Value> {
    serde_json::from_str(&smart(folder, &["key", "list", "--json", "--data", "d"]).well()).unwrap()
}

fn kids(keys: &[Value]) -> BTreeSet<String> {
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// What the server publishes.
fn published(server: &Server) -> BTreeSet<String> {
    let (status, answer) = get(server.port(), "/.well-known/jwks.json");
    assert_eq!(status, 200);
    let keys: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    kids(keys["keys"].as_array().unwrap())
}

#[test]
fn sec_15_a_new_key_is_published_before_it_signs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, &["--data", "d"]);
    let before = listed(folder);
    assert_eq!((before.len(), &before[0]["state"], &before[0]["alg"]), (1, &"signs".into(), &"RS256".into()));
    assert_eq!(published(&server), kids(&before));

    let said = smart(folder, &["key", "rotate", "--data", "d"]).well();
    assert!(
        said.contains("it is published first, and signs from 20") && said.contains("Restart the server now"),
        "{said}"
    );
    let after = listed(folder);
    let states: Vec<_> = after.iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["signs", "published, signs not"]);
    assert_eq!(after[0]["kid"], before[0]["kid"]);
    assert!(said.contains(after[1]["kid"].as_str().unwrap()), "{said}");
    let table = smart(folder, &["key", "list", "--data", "d"]).well();
    assert!(table.contains("published, signs not until 20"), "{table}");

    assert_eq!(published(&server), kids(&before), "it keeps the keys that it read");
    server.stop();
    let server = Server::start(folder, &["--data", "d"]);
    assert_eq!(published(&server), kids(&after));

    let refused = smart(folder, &["key", "rotate", "--data", "d"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.starts_with("smart: a rotation is under way: the key "), "{refused:?}");
    assert_eq!(listed(folder), after, "nothing was changed");
}

#[test]
fn a_key_that_may_have_leaked_is_gone_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Server::start(folder, &["--data", "d"]).stop();
    smart(folder, &["key", "rotate", "--data", "d"]).well();
    let before = kids(&listed(folder));
    let said = smart(folder, &["key", "rotate", "--without-waiting", "--data", "d"]).well();
    assert!(said.contains("all keys before it are gone"), "{said}");
    let after = listed(folder);
    assert_eq!((after.len(), &after[0]["state"]), (1, &"signs".into()));
    assert!(kids(&after).is_disjoint(&before));
    let server = Server::start(folder, &["--data", "d"]);
    assert_eq!(published(&server), kids(&after));
}

#[test]
fn where_there_is_no_key_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for command in ["list", "rotate"] {
        let said = smart(folder, &["key", command, "--data", "d"]);
        assert_eq!(said.code, 2);
        assert_eq!(said.err, "smart: d: expected the data folder of a server, and there is no store in it\n");
    }
    std::fs::write(folder.join("none.ndjson"), "").unwrap();
    smart(folder, &["import", "--data", "d", "none.ndjson"]).well();
    for command in ["list", "rotate"] {
        let said = smart(folder, &["key", command, "--data", "d"]);
        assert_eq!(said.code, 2);
        assert_eq!(said.err, "smart: d: there is no key in it: the first start of the server makes one\n");
    }
}

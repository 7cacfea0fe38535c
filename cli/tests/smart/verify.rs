//! `smart verify` from outside: what it says and keeps, and its exit codes.

use std::path::Path;

use crate::command::{Server, smart};

/// A seed, and a server that has it.
fn seeded(folder: &Path) -> Server {
    smart(folder, &["verify", "--make-seed", "seed"]).well();
    Server::start(folder, &["--ephemeral", "--seed", "seed"])
}

#[test]
fn a_server_that_does_what_it_says_is_told_so_and_the_report_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = seeded(folder.path());
    for (base, file) in [(server.url.clone(), "report.md"), (format!("{}/fhir/", server.url), "report.json")]
    {
        let said = smart(folder.path(), &["verify", &base, "--seed", "seed", "--report", file]).well();
        assert!(said.contains("true   capabilities launch-standalone: works"), "{said}");
        assert!(said.contains("off    grant_types_supported password: "), "{said}");
        assert!(said.trim_end().ends_with("0 false"), "{said}");
        assert!(!said.contains("FALSE"), "{said}");
        let report = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(report.contains(&server.url) && report.contains("StandaloneLaunch"));
    }
    let report = std::fs::read(folder.path().join("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&report).unwrap()["true"], true);
}

#[test]
fn what_cannot_be_verified_is_exit_code_2_and_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = seeded(folder.path());
    let told = |arguments: &[&str]| {
        let said = smart(folder.path(), &[&["verify"], arguments].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        said.err
    };
    assert!(told(&[]).contains("BASE_URL"));
    assert!(told(&[&server.url]).contains("--seed"));
    assert!(told(&["http://localhost:1", "--seed", "seed"]).contains("localhost:1"));
    assert!(told(&[&format!("{}/nothing", server.url), "--seed", "seed"]).contains("answered 404"));
    assert!(told(&[&server.url, "--seed", "nothing"]).contains("nothing/private-keys.json"));
    assert!(told(&[&server.url, "--seed", "seed", "--report", "no/folder"]).contains("no/folder"));
    assert!(told(&["--make-seed", "seed"]).contains("seed/clients.json"));
    smart(folder.path(), &["verify", "--make-seed", "other"]).well();
    assert!(told(&[&server.url, "--seed", "other"]).contains("load the seed into the server first"));
}

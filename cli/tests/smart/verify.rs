//! `smart verify` from outside: what it says and keeps, and its exit codes.

use std::path::Path;

use crate::command::{Server, smart};

/// What is printed loads the seed beside a running server, and ends it.
#[test]
fn the_commands_that_are_printed_load_the_seed_and_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--data", "data"]);
    let printed = smart(folder.path(), &["verify", &server.url, "--make-seed", "seed"]).well();
    assert!(printed.contains(&format!("  smart verify {}/ --seed seed ", server.url)), "{printed}");
    let run = |begins: &[&str]| {
        let lines = printed.lines().filter_map(|line| line.strip_prefix("  smart "));
        for line in lines.filter(|line| begins.iter().any(|begin| line.starts_with(begin))) {
            let words: Vec<&str> = line.split(' ').chain(["--data", "data"]).collect();
            smart(folder.path(), &words).well();
        }
    };
    let verify = || smart(folder.path(), &["verify", &server.url, "--seed", "seed"]);
    assert!(verify().err.contains("load the seed into the server first"));
    run(&["client add", "user add", "import"]);
    assert!(verify().well().trim_end().ends_with("0 false"));
    run(&["client disable", "user disable"]);
    assert_eq!(verify().code, 2);
}

/// A seed for any server, and a server that has it.
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
        // The seed was made for any server, and has no client whose keys could be published.
        let untried =
            "token_endpoint_auth_methods_supported (keys at a jwks_uri): not tried: the seed has no client";
        assert!(said.contains(&format!("?      {untried}")), "{said}");
        let summed_up = ", 1 not tried [token_endpoint_auth_methods_supported (keys at a jwks_uri)], 0 false";
        assert!(said.trim_end().ends_with(summed_up), "{said}");
        assert!(!said.contains("FALSE"), "{said}");
        let report = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(report.contains(&server.url) && report.contains("StandaloneLaunch"));
    }
    let report = std::fs::read(folder.path().join("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&report).unwrap()["true"], true);
}

#[test]
fn keys_that_are_published_by_a_client_are_tried_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    smart(folder.path(), &["verify", "http://localhost", "--make-seed", "seed"]).well();
    let server = Server::start(folder.path(), &["--ephemeral", "--seed", "seed"]);
    let verify = || smart(folder.path(), &["verify", &server.url, "--seed", "seed"]);
    let said = verify().well();
    assert!(
        said.contains("true   token_endpoint_auth_methods_supported (keys at a jwks_uri): works"),
        "{said}"
    );
    assert!(said.trim_end().ends_with("refused, 0 false"), "{said}");

    // Somebody else is where they would be published.
    let clients = std::fs::read(folder.path().join("seed/clients.json")).unwrap();
    let clients: serde_json::Value = serde_json::from_slice(&clients).unwrap();
    let address = clients.as_array().unwrap().iter().find_map(|client| client["jwks_uri"].as_str()).unwrap();
    let port = address.trim_start_matches("http://").split('/').next().unwrap();
    let _other = std::net::TcpListener::bind(port).unwrap();
    let said = verify();
    assert_eq!((said.code, said.err.lines().count()), (2, 1), "{said:?}");
    assert!(said.err.contains(address), "{said:?}");
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

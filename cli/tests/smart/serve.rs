//! `smart serve` from outside: what it says, where it listens, what survives, how it ends.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::command::{Server, get, get_at, smart};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A seed with one client, one user and one patient.
fn seed(folder: &Path) {
    std::fs::create_dir_all(folder.join("fhir")).unwrap();
    let clients = r#"[{"client_id":"app","redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none"}]"#;
    let users = r#"[{"username":"maria","password":"s3cret","name":"Maria","fhirUser":"Patient/a","patients":["a","late"]}]"#;
    std::fs::write(folder.join("clients.json"), clients).unwrap();
    std::fs::write(folder.join("users.json"), users).unwrap();
    std::fs::write(folder.join("fhir/Patient.ndjson"), "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n")
        .unwrap();
}

#[test]
fn standard_output_is_one_line_and_the_demo_is_there() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--ephemeral"]);
    let port = server.port();
    assert_eq!(server.url, format!("http://localhost:{port}"));
    for (path, status) in [
        ("/", 200),
        ("/demo/app/", 200),
        ("/demo/ehr/", 200),
        ("/demo/ehr/patients", 200),
        ("/auth/style/v1.json", 200),
        ("/brands.json", 200),
        ("/auth/launch", 405),
        ("/fhir/.well-known/smart-configuration", 200),
        ("/.well-known/openid-configuration", 200),
        ("/.well-known/oauth-authorization-server", 200),
        ("/.well-known/jwks.json", 200),
        ("/fhir/metadata", 200),
        ("/fhir/Patient/alvarez-maria", 401),
        ("/auth/authorize", 400),
        ("/auth/token", 405),
        ("/auth/introspect", 405),
        ("/auth/revoke", 405),
        ("/nowhere", 404),
    ] {
        assert_eq!(get(port, path).0, status, "{path}");
    }
    let (_, configuration) = get(port, "/fhir/.well-known/smart-configuration");
    assert!(configuration.contains(&format!("\"{}/auth/token\"", server.url)), "{configuration}");

    let said = server.stop();
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(said.err.contains("clinician") && said.err.contains("demo-clinician"), "{}", said.err);
    assert!(said.err.contains(&format!("curl http://localhost:{port}/fhir/.well-known")), "{}", said.err);
    assert!(!said.err.contains('\u{1b}'), "no colours but on a terminal");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is kept");
}

#[test]
fn it_listens_on_this_machine_by_both_protocols() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--ephemeral"]);
    assert_eq!(get_at(&format!("127.0.0.1:{}", server.port()), "/").0, 200);
    if TcpListener::bind("[::1]:0").is_ok() {
        assert_eq!(get_at(&format!("[::1]:{}", server.port()), "/").0, 200);
    }
}

#[test]
fn with_a_public_url_that_is_not_loopback_there_is_no_demo() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--public-url", "https://smart.example", "--data", "d"]);
    assert_eq!(server.url, "https://smart.example");
    let said = server.stop();
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(!said.err.contains("demo"), "{}", said.err);
    assert!(said.err.contains("0 clients, 0 users"), "{}", said.err);
    // The store is not new any more: the demo is not loaded later, either.
    let server = Server::start(folder.path(), &["--data", "d"]);
    assert_eq!(get(server.port(), "/").0, 404);
}

#[test]
fn a_seed_is_loaded_again_without_a_change_and_survives() {
    let folder = folder();
    seed(&folder.path().join("seed"));
    for arguments in [&["--seed", "seed"][..], &["--seed", "seed"], &[]] {
        let server = Server::start(folder.path(), arguments);
        assert_eq!(get(server.port(), "/").0, 404, "the demo is for stores without a seed");
        assert_eq!(get(server.port(), "/demo/app/").0, 404);
        let said = server.stop();
        assert_eq!(said.code, 0);
        assert!(said.err.contains("1 client, 1 user"), "{}", said.err);
    }
    let listed = smart(folder.path(), &["user", "list", "--json"]).well();
    let sub = |listed: &str| listed.split("\"sub\": \"").nth(1).unwrap()[..43].to_owned();
    Server::start(folder.path(), &["--seed", "seed"]).stop();
    assert_eq!(sub(&smart(folder.path(), &["user", "list", "--json"]).well()), sub(&listed));
}

#[test]
fn the_demo_stays_in_its_store_and_moves_with_the_port() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let first = server.url.clone();
    let shown = smart(folder.path(), &["client", "show", "demo-app"]).well();
    assert!(shown.contains(&format!("{first}/demo/app/")), "{shown}");
    smart(folder.path(), &["user", "disable", "parent"]).well();
    server.stop();

    let server = Server::start(folder.path(), &[]);
    assert_ne!(server.url, first, "another free port");
    assert_eq!(get(server.port(), "/").0, 200);
    let shown = smart(folder.path(), &["client", "show", "demo-app"]).well();
    assert!(shown.contains(&format!("{}/demo/app/", server.url)) && !shown.contains(&first), "{shown}");
    let said = server.stop();
    assert!(said.err.contains("demo-clinician") && !said.err.contains("demo-parent"), "{}", said.err);

    let server = Server::start(folder.path(), &["--public-url", "https://smart.example"]);
    let said = server.stop();
    assert!(said.err.contains("passwords are public"), "{}", said.err);
}

#[test]
fn a_port_that_is_taken_is_one_line_and_exit_code_2() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = smart(folder.path(), &["serve", "--port", &port]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(
        said.err,
        format!(
            "smart: port {port} is in use: stop the program that uses it, or choose another with --port (0 picks a free one)\n"
        )
    );
    assert!(!folder.path().join(".smart").exists(), "nothing was begun");
}

#[test]
fn a_wrong_argument_is_one_line_and_exit_code_2() {
    let folder = folder();
    for (arguments, expected) in [
        (
            &["serve", "--prot", "1"][..],
            "unexpected argument '--prot' found tip: a similar argument exists: '--port'",
        ),
        (&["serve", "--port", "x"], "invalid value 'x' for '--port <N>': invalid digit found in string"),
        (
            &["serve", "--public-url", "http://smart.example"],
            "invalid value 'http://smart.example' for '--public-url <URL>': expected https://HOST, or http:// with \
             localhost, 127.0.0.1 or [::1]; without a path, query or fragment",
        ),
        (
            &["serve", "--ephemeral", "--data", "d"],
            "the argument '--ephemeral' cannot be used with '--data <DIR>'",
        ),
        (&["import"], "the following required arguments were not provided: <FILE>..."),
        (&["srve"], "unrecognized subcommand 'srve' tip: a similar subcommand exists: 'serve'"),
    ] {
        let said = smart(folder.path(), arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}");
        assert_eq!(said.err, format!("smart: {expected} (see smart --help)\n"));
    }
    let said = smart(folder.path(), &["--help"]);
    assert!(said.code == 0 && said.out.contains("serve") && said.err.is_empty(), "{said:?}");
}

#[test]
fn requests_under_way_are_answered_before_it_ends() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--ephemeral"]);
    let address = format!("127.0.0.1:{}", server.port());
    let mut slow = TcpStream::connect(&address).unwrap();
    write!(
        slow,
        "POST /auth/token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    )
    .unwrap();
    write!(slow, "content-length: 29\r\n\r\ngrant_type=").unwrap();
    // A connection without a request, as browsers open them in advance, keeps nobody waiting.
    let _silent = TcpStream::connect(&address).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(&address).is_err(), "no more connections are taken");
    write!(slow, "client_credentials").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("\"error\""), "{answer}");
    let said = server.ended(Duration::from_secs(4));
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_request_that_never_ends_does_not_keep_it_running() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--ephemeral"]);
    let mut endless = TcpStream::connect(format!("127.0.0.1:{}", server.port())).unwrap();
    write!(endless, "POST /auth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 29\r\n\r\ngrant_type=")
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("INT");
    std::thread::sleep(Duration::from_millis(200));
    // Asked twice, it goes at once.
    server.signal("INT");
    let said = server.ended(Duration::from_secs(3));
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn logs_in_json_are_nothing_but_json() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--ephemeral", "--log", "json"]);
    get(server.port(), "/nowhere?code=s3cr3t");
    let said = server.stop();
    let lines: Vec<serde_json::Value> =
        said.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["message"] == "ready" && line["demo"] == true), "{lines:?}");
    assert!(lines.iter().any(|line| line["path"] == "/nowhere" && line["status"] == 404), "{lines:?}");
    assert!(!said.err.contains("s3cr3t"));
}

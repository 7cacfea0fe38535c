//! The operator's commands, beside a running server and without one.

use std::fmt::Write as _;
use std::path::Path;

use crate::command::{Server, get, post, smart, smart_on_a_terminal, smart_with};
use serde_json::{Value, json};

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn observations(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, i| {
        let patient = i % 10;
        writeln!(text, r#"{{"resourceType":"Observation","id":"o{i}","status":"final","subject":{{"reference":"Patient/p{patient}"}},"valueQuantity":{{"value":1.10}}}}"#).unwrap();
        text
    })
}

#[test]
fn an_import_counts_what_was_loaded_and_what_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "good.ndjson", &observations(3_000));
    let said = smart(folder, &["import", "good.ndjson"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out, "loaded 3000 resources (3000 new, 0 changed, 0 unchanged), refused 0\n");
    assert_eq!(said.err, "made a new store in ./.smart\n");

    let bad = format!(
        "{}not json\n\n{{\"resourceType\":\"Foo\",\"id\":\"x\"}}\n",
        observations(2).replace("1.10", "1.1")
    );
    write(folder, "bad.ndjson", &bad);
    let said = smart(folder, &["import", "good.ndjson", "bad.ndjson"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.out, "loaded 3002 resources (0 new, 2 changed, 3000 unchanged), refused 2\n");
    assert_eq!(
        said.err,
        "bad.ndjson:3: expected a JSON object: expected ident (column 2)\n\
         bad.ndjson:5: resourceType: expected a resource type of FHIR R4, not \"Foo\"\n"
    );
}

/// On a terminal there is a bar, which counts and is gone in the end; elsewhere there is none.
#[test]
fn who_imports_at_a_terminal_sees_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.ndjson", &observations(3_000));
    let import = ["import", "--data", "d", "good.ndjson"];
    let seen = smart_on_a_terminal(folder.path(), &import).well();
    let (while_it_goes_on, in_the_end) = seen.rsplit_once("\u{1b}[").unwrap();
    assert!(while_it_goes_on.contains('█') && while_it_goes_on.contains(" to go"), "{seen:?}");
    assert!(while_it_goes_on.contains(" resources, "), "{seen:?}");
    assert!(in_the_end.contains("loaded 3000 resources") && !in_the_end.contains('█'), "{seen:?}");
    let said = smart(folder.path(), &import);
    assert!(!said.err.contains('█') && !said.err.contains('\u{1b}'), "{said:?}");
}

#[test]
fn of_many_refusals_the_first_are_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "bad.ndjson", &"{}\n".repeat(500));
    let said = smart(folder.path(), &["import", "bad.ndjson"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, "loaded 0 resources (0 new, 0 changed, 0 unchanged), refused 500\n")
    );
    let told: Vec<_> = said.err.lines().skip(1).collect();
    assert_eq!(told.len(), 21);
    assert_eq!(told[19], "bad.ndjson:20: resourceType: expected a resource type of FHIR R4");
    assert_eq!(told[20], "… and 480 more were refused");
}

#[test]
fn an_import_of_what_is_not_there_loads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.ndjson", &observations(1));
    for (file, expected) in [
        ("nowhere.ndjson", "smart: nowhere.ndjson: No such file or directory (os error 2)\n"),
        (".", "smart: .: expected a file, and this is a folder: name the files in it\n"),
    ] {
        let said = smart(folder.path(), &["import", "good.ndjson", file]);
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (2, "", expected));
        assert!(!folder.path().join(".smart").exists());
    }
}

#[test]
fn a_bundle_is_loaded_entry_by_entry() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "fullUrl": "urn:uuid:1", "resource": { "resourceType": "Patient", "id": "p" } },
        { "fullUrl": "urn:uuid:2", "resource":
            { "resourceType": "Observation", "id": "o", "subject": { "reference": "urn:uuid:1" } } },
        { "request": { "method": "DELETE", "url": "Patient/q" } },
    ]});
    write(folder.path(), "bundle.json", &bundle.to_string());
    write(folder.path(), "one.json", "{\n\"resourceType\": \"Patient\",\n\"id\": \"q\" }");
    write(folder.path(), "broken.json", "{");
    let said = smart(folder.path(), &["import", "--data", "d", "bundle.json", "one.json", "broken.json"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.out, "loaded 3 resources (3 new, 0 changed, 0 unchanged), refused 2\n");
    let told: Vec<_> = said.err.lines().skip(1).collect();
    assert_eq!(
        told,
        [
            "broken.json:1: expected JSON: EOF while parsing an object (column 1)",
            "bundle.json:1: entry[2].resource: expected a resource",
        ]
    );
}

#[test]
fn a_running_server_sees_what_the_operator_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, &["--data", "d"]);
    write(folder, "good.ndjson", &observations(3_000));
    let said = smart(folder, &["import", "--data", "d", "good.ndjson"]);
    assert_eq!(said.out, "loaded 3000 resources (3000 new, 0 changed, 0 unchanged), refused 0\n");
    assert_eq!(said.err, "", "the store was there");

    // A client that is known is redirected to the sign-in page; one that is not gets an error page.
    let authorize = format!(
        "/auth/authorize?response_type=code&client_id=late&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=launch%2Fpatient&state=0123456789abcdef0123&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&aud={}%2Ffhir",
        server.url
    );
    assert_eq!(get(server.port(), &authorize).0, 400);
    let client = r#"{"client_id":"late-2","redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none","scope":"launch/patient"}"#;
    smart_with(folder, &["client", "add", "--data", "d", "-"], client).well();
    let (status, answer) = get(server.port(), &authorize.replace("late", "late-2"));
    assert!(status < 400, "{answer}");
}

/// REG-01, REG-09: an operator registers a client, and is told what it is registered for.
#[test]
fn a_client_is_registered_shown_listed_and_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let client = json!({
        "client_id": "app", "client_name": "An app", "redirect_uris": ["https://app.example/cb"],
        "scope": "launch/patient patient/*.rs"
    });
    let added = smart_with(folder, &["client", "add", "-"], &client.to_string()).well();
    assert!(added.starts_with("registered app\n  client_id                   app\n"), "{added}");
    let secret = added.lines().find_map(|line| line.trim().strip_prefix("client_secret")).unwrap().trim();
    let secret = secret.split(' ').next().unwrap();
    assert_eq!(secret.len(), 43, "{added}");

    let shown = smart(folder, &["client", "show", "app"]).well();
    assert!(shown.contains("client_secret_basic") && !shown.contains(secret), "{shown}");
    let shown: Value =
        serde_json::from_str(&smart(folder, &["client", "show", "--json", "app"]).well()).unwrap();
    assert_eq!(shown["scope"], "launch/patient patient/*.rs");
    assert_eq!(shown["disabled"], false);
    let stored = std::fs::read(folder.join(".smart/store.redb")).unwrap();
    assert!(
        !stored.windows(secret.len()).any(|window| window == secret.as_bytes()),
        "the secret is stored nowhere"
    );

    let two = json!([
        { "client_id": "a", "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none" },
        { "client_id": "b", "grant_types": ["client_credentials"], "client_secret": "Zk3vT1uQ8xYw5bN7rJ2mKd" },
    ]);
    write(folder, "two.json", &two.to_string());
    let added = smart(folder, &["client", "add", "two.json"]).well();
    assert!(!added.contains("Zk3vT1uQ8xYw5bN7rJ2mKd"), "a secret that was given is not repeated");
    assert_eq!(smart(folder, &["client", "disable", "b"]).well(), "disabled b\n");
    assert_eq!(
        smart(folder, &["client", "list"]).well(),
        "CLIENT_ID  NAME    AUTHENTICATION       GRANTS\n\
         a          a       none                 authorization_code\n\
         app        An app  client_secret_basic  authorization_code\n\
         b          b       client_secret_basic  client_credentials  disabled\n"
    );
    let listed: Value = serde_json::from_str(&smart(folder, &["client", "list", "--json"]).well()).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 3);

    for command in ["show", "disable"] {
        let said = smart(folder, &["client", command, "nobody"]);
        assert_eq!((said.code, said.err.as_str()), (1, "smart: there is no client \"nobody\"\n"));
    }
}

/// SYM-04: two are good at once for as long as is said; without a word, the one before ends at once.
#[test]
fn sym_04_a_secret_is_changed_while_the_one_before_is_still_good() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, &["--data", "d"]);
    let client =
        json!({ "client_id": "b", "grant_types": ["client_credentials"], "scope": "__token.introspect",
        "token_endpoint_auth_method": "client_secret_post" })
        .to_string();
    let add = |more: &[&str]| -> Value {
        let arguments = [&["client", "add", "--json", "--data", "d", "-"], more].concat();
        serde_json::from_str(&smart_with(folder, &arguments, &client).well()).unwrap()
    };
    let is_good = |added: &Value| {
        let secret = added["client_secret"].as_str().unwrap();
        let form = format!(
            "grant_type=client_credentials&scope=__token.introspect&client_id=b&client_secret={secret}"
        );
        let (status, answer) = post(server.port(), "/auth/token", &form);
        assert!([200, 401].contains(&status), "{answer}");
        status == 200
    };
    let first = add(&["--keep-old-secret", "24"]);
    assert!(first.get("old_secret_until").is_none() && is_good(&first), "there was none before: {first}");
    let second = add(&["--keep-old-secret", "24"]);
    assert!(is_good(&first) && is_good(&second));
    let until = second["old_secret_until"].as_str().unwrap();
    let shown = smart(folder, &["client", "show", "--data", "d", "b"]).well();
    assert!(shown.contains(until), "{shown}");
    let third = add(&["--keep-old-secret", "24"]);
    assert_eq!([&first, &second, &third].map(is_good), [false, true, true]);
    let fourth = add(&[]);
    assert_eq!([&second, &third, &fourth].map(is_good), [false, false, true]);
    for hours in ["0", "721", "x"] {
        assert_eq!(smart(folder, &["client", "add", "--keep-old-secret", hours, "-"]).code, 2);
    }
}

#[test]
fn of_a_file_with_a_fault_no_client_is_registered() {
    let folder = tempfile::tempdir().unwrap();
    let good =
        r#"{"client_id":"a","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"none"}"#;
    let text = format!("[{good},\n{}]", good.replace("\"a\"", "\"b\"").replace("https", "http"));
    let said = smart_with(folder.path(), &["client", "add", "-"], &text);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        "smart: standard input:2: redirect_uris[0]: expected https; http is for 127.0.0.1, [::1] and localhost only\n"
    );
    assert!(!folder.path().join(".smart").exists());
}

/// Contract, "Loopback rule".
#[test]
fn reg_06_a_plain_http_jwks_uri_depends_on_where_the_store_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let client = r#"{"client_id":"a","grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"http://127.0.0.1:9000/jwks"}"#;
    smart_with(folder.path(), &["client", "add", "-"], client).well();
    Server::start(folder.path(), &["--public-url", "https://smart.example"]).stop();
    let said = smart_with(folder.path(), &["client", "add", "-"], client);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "smart: standard input:1: jwks_uri: expected an https URL\n")
    );
}

const SIGNED_OUT: &str = "  signed out: what was begun with the password or account before has ended\n";

#[test]
fn a_user_is_added_listed_and_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let user = r#"{"username":"maria","password":"s3cret","name":"Maria Álvarez","fhirUser":"Patient/a","patients":["a"]}"#;
    assert_eq!(smart_with(folder, &["user", "add", "-"], user).well(), "added maria (Patient/a)\n");
    assert_eq!(smart_with(folder, &["user", "add", "-"], user).well(), "unchanged: maria (Patient/a)\n");
    let flags = [
        "user",
        "add",
        "--username",
        "tom",
        "--name",
        "Tom",
        "--fhir-user",
        "Practitioner/t",
        "--patients",
        "*",
    ];
    let made = smart(folder, &flags).well();
    let password = made.strip_prefix("added tom (Practitioner/t)\n  password  ").unwrap();
    assert_eq!(password.split(' ').next().unwrap().len(), 43, "{made}");
    let from_input = [&flags[..], &["--password-file", "-"]].concat();
    assert_eq!(
        smart_with(folder, &from_input, "pass word\n").well(),
        format!("changed tom (Practitioner/t)\n{SIGNED_OUT}")
    );
    // The same password, and other patients: nobody is signed out.
    let narrowed = user.replace(r#"["a"]"#, "[]");
    assert_eq!(smart_with(folder, &["user", "add", "-"], &narrowed).well(), "changed maria (Patient/a)\n");
    assert_eq!(smart_with(folder, &["user", "add", "-"], user).well(), "changed maria (Patient/a)\n");
    assert_eq!(smart(folder, &["user", "disable", "tom"]).well(), "disabled tom\n");
    assert_eq!(
        smart(folder, &["user", "list"]).well(),
        "USERNAME  NAME           FHIRUSER        PATIENTS\n\
         maria     Maria Álvarez  Patient/a       a\n\
         tom       Tom            Practitioner/t  all       disabled\n"
    );
    let listed = smart(folder, &["user", "list", "--json"]).well();
    let users: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(users[0]["patients"], json!(["a"]));
    assert!(!listed.contains("argon2") && !listed.contains("password"), "{listed}");

    let said = smart(folder, &["user", "disable", "nobody"]);
    assert_eq!((said.code, said.err.as_str()), (1, "smart: there is no user \"nobody\"\n"));
    let said = smart_with(folder, &["user", "add", "-"], &user.replace("Patient/a", "a"));
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        "smart: standard input:1: fhirUser: expected Patient/ID, Practitioner/ID, RelatedPerson/ID or Person/ID\n"
    );
    let relative = "user add --username rosa --name Rosa --fhir-user RelatedPerson/r --patients *";
    let said = smart(folder, &relative.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("smart: --patients: \"*\" is for a Practitioner"), "{}", said.err);
}

#[test]
fn where_there_is_no_store_nothing_is_listed_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for command in
        [&["client", "list"][..], &["user", "list"], &["client", "show", "a"], &["user", "disable", "a"]]
    {
        let said = smart(folder.path(), &[command, &["--data", "typo"]].concat());
        assert_eq!(said.code, 2);
        assert_eq!(
            said.err,
            "smart: typo: expected the data folder of a server, and there is no store in it\n"
        );
        assert!(!folder.path().join("typo").exists());
    }
}

/// A command that was built without AWS says how to get one with it.
#[cfg(not(feature = "aws"))]
#[test]
fn without_aws_no_stack_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["client", "list"][..], &["grant", "list"], &["key", "rotate"], &["user", "list"]] {
        let said = smart(folder.path(), &[arguments, &["--aws", "smart"]].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""));
        assert_eq!(
            said.err,
            "smart: --aws: this smart was built without AWS: build one with it by `cargo install --path cli --features aws`\n"
        );
    }
}

#[test]
fn a_place_is_a_folder_or_a_stack() {
    let folder = tempfile::tempdir().unwrap();
    let said = smart(folder.path(), &["client", "list", "--data", "d", "--aws", "smart"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.starts_with("smart: the argument '--data <DIR>' cannot be used with '--aws <STACK>'"),
        "{said:?}"
    );
}

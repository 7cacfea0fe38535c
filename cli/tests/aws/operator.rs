//! Clients, users, records and grants on a stack.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use smart_aws::{StateTable, emulator};
use smart_core::ports::{Clients as _, Users as _};
use smart_web::arrival::system_clock;

use crate::command::{smart, smart_with};
use crate::grants::{granted, secret};

const PUBLIC: &str = "https://smart.example";

async fn stack() -> String {
    emulator::stack(&[("PublicUrl", PUBLIC)]).await.unwrap()
}

async fn state_of(stack: &str) -> StateTable {
    let sdk = emulator::sdk().await.unwrap();
    smart_aws::operator::Stack::find(sdk, stack).await.unwrap().state().unwrap()
}

#[tokio::test]
async fn a_client_is_registered_shown_listed_and_disabled_on_a_stack() {
    let stack = stack().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let on = ["--aws", stack.as_str()];
    let client = json!({
        "client_id": "app", "client_name": "An app", "redirect_uris": ["https://app.example/cb"],
        "scope": "launch/patient patient/*.rs"
    });
    let added = smart_with(folder, &[&["client", "add", "-"][..], &on].concat(), &client.to_string()).well();
    assert!(added.starts_with("registered app\n  client_id                   app\n"), "{added}");
    let secret = added.lines().find_map(|line| line.trim().strip_prefix("client_secret")).unwrap().trim();
    let secret = secret.split(' ').next().unwrap();
    let shown = smart(folder, &[&["client", "show", "--json", "app"][..], &on].concat()).well();
    assert!(!shown.contains(secret), "{shown}");
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["scope"], "launch/patient patient/*.rs");
    // SYM-04: the next secret beside this one.
    let rotate = [&["client", "add", "--json", "--keep-old-secret", "1", "-"][..], &on].concat();
    let rotated: Value =
        serde_json::from_str(&smart_with(folder, &rotate, &client.to_string()).well()).unwrap();
    let stored = state_of(&stack).await.client(&"app".parse().unwrap()).await.unwrap().unwrap();
    let previous = stored.authentication.previous_secret().unwrap();
    assert_eq!(previous.digest, smart_core::secret::Digest::of(secret.as_bytes()));
    assert_eq!(rotated["old_secret_until"], previous.until.to_string());
    assert_eq!(smart(folder, &[&["client", "disable", "app"][..], &on].concat()).well(), "disabled app\n");
    assert_eq!(
        smart(folder, &[&["client", "list"][..], &on].concat()).well(),
        "CLIENT_ID  NAME    AUTHENTICATION       GRANTS\n\
         app        An app  client_secret_basic  authorization_code  disabled\n"
    );
    let said = smart(folder, &[&["client", "show", "nobody"][..], &on].concat());
    assert_eq!((said.code, said.err.as_str()), (1, "smart: there is no client \"nobody\"\n"));

    // What may be registered depends on the stack's issuer.
    let client = r#"{"client_id":"a","grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"http://127.0.0.1:9000/jwks"}"#;
    let said = smart_with(folder, &[&["client", "add", "-"][..], &on].concat(), client);
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "smart: standard input:1: jwks_uri: expected an https URL\n")
    );
    assert!(!folder.join(".smart").exists(), "no data folder is made");
}

#[tokio::test]
async fn a_user_is_added_listed_and_disabled_on_a_stack() {
    let stack = stack().await;
    let folder = Path::new(".");
    let on = ["--aws", stack.as_str()];
    let user = r#"{"username":"maria","password":"s3cret","name":"Maria Álvarez","fhirUser":"Patient/a","patients":["a"]}"#;
    let add = [&["user", "add", "-"][..], &on].concat();
    assert_eq!(smart_with(folder, &add, user).well(), "added maria (Patient/a)\n");
    assert_eq!(smart_with(folder, &add, user).well(), "unchanged: maria (Patient/a)\n");
    assert_eq!(
        smart_with(folder, &add, &user.replace("s3cret", "new")).well(),
        "changed maria (Patient/a)\n  signed out: what was begun with the password or account before has ended\n"
    );
    let maria = state_of(&stack).await.user(&"maria".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(maria.credentials.number(), 1, "REFR-24");
    assert_eq!(smart(folder, &[&["user", "disable", "maria"][..], &on].concat()).well(), "disabled maria\n");
    assert_eq!(
        smart(folder, &[&["user", "list"][..], &on].concat()).well(),
        "USERNAME  NAME           FHIRUSER   PATIENTS\n\
         maria     Maria Álvarez  Patient/a  a         disabled\n"
    );
}

#[tokio::test]
async fn an_import_into_a_stack_counts_as_one_into_a_folder_does() {
    let stack = stack().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut text = String::new();
    for n in 0..450 {
        let patient = n % 10;
        writeln!(text, r#"{{"resourceType":"Observation","id":"o{n}","status":"final","subject":{{"reference":"Patient/p{patient}"}}}}"#).unwrap();
    }
    std::fs::write(folder.join("good.ndjson"), &text).unwrap();
    let import = |files: &[&str]| smart(folder, &[&["import", "--aws", stack.as_str()], files].concat());
    let said = import(&["good.ndjson"]);
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (0, "loaded 450 resources (450 new, 0 changed, 0 unchanged), refused 0\n", "")
    );
    let provenance = json!({ "resourceType": "Provenance", "id": "wide",
        "target": (0..101).map(|n| json!({ "reference": format!("Patient/{n}") })).collect::<Vec<_>>() });
    let changed = text.lines().next().unwrap().replace("final", "amended");
    std::fs::write(folder.join("more.ndjson"), format!("{changed}\n{provenance}\n{{}}\n")).unwrap();
    let said = import(&["good.ndjson", "more.ndjson"]);
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (
            1,
            "loaded 451 resources (0 new, 1 changed, 450 unchanged), refused 2\n",
            "more.ndjson:2: it belongs to 101 patients, and at most 100 are indexed\n\
             more.ndjson:3: resourceType: expected a resource type of FHIR R4\n"
        )
    );
    let sdk = emulator::sdk().await.unwrap();
    let records = smart_aws::operator::Stack::find(sdk, &stack).await.unwrap().records().unwrap();
    let stored = smart_core::ports::Records::record(&records, "Observation", &"o0".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert!(String::from_utf8_lossy(&stored.body).contains("amended") && stored.version == 2);
}

#[tokio::test]
async fn revoke_09_grants_on_a_stack_are_listed_and_ended() {
    let stack = stack().await;
    let folder = Path::new(".");
    let state = state_of(&stack).await;
    let begun_at = system_clock() - Duration::from_mins(2);
    let first = granted(&state, 1, "maria", "growth-chart", begun_at).await;
    let second = granted(&state, 2, "tom", "growth-chart", begun_at).await;
    let list = |arguments: &[&str]| -> Vec<String> {
        let said = smart(folder, &[&["grant", "list", "--json", "--aws", &stack], arguments].concat()).well();
        assert!(
            !said.contains(&secret().reveal()) && !said.contains(&secret().digest().to_string()),
            "{said}"
        );
        let grants: Vec<Value> = serde_json::from_str(&said).unwrap();
        grants.iter().map(|grant| grant["grant"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list(&[]).len(), 2);
    assert_eq!(list(&["--user", "tom"]), [second.to_string()]);
    assert_eq!(list(&["--user", "tom", "--client", "other"]), [""; 0]);
    let revoke = |id: &str| smart(folder, &["grant", "revoke", "--aws", &stack, id]);
    let said = revoke(&first.to_string()).well();
    assert_eq!(said, format!("ended {first}: its tokens do not work any more\n"));
    assert!(revoke(&first.to_string()).well().starts_with(&format!("ended already: {first} (by operator, ")));
    assert_eq!(list(&[]), [second.to_string()]);
    let unknown = "a".repeat(42) + "A";
    let said = revoke(&unknown);
    assert_eq!(
        (said.code, said.err),
        (1, format!("smart: there is no grant {unknown}, or it has expired\n"))
    );
}

#[tokio::test]
async fn the_mark_of_a_restored_table_holds_for_the_operator_too() {
    let now = system_clock();
    let mark = now - Duration::from_mins(1);
    let stack = emulator::stack(&[("PublicUrl", PUBLIC), ("NotBefore", &mark.to_string())]).await.unwrap();
    let table = {
        let sdk = emulator::sdk().await.unwrap();
        let found = sdk.cloudformation().describe_stacks().stack_name(&stack).send().await.unwrap();
        let outputs = found.stacks.unwrap()[0].outputs().to_vec();
        let name =
            outputs.iter().find(|output| output.output_key() == Some("AuthorizationTableName")).unwrap();
        StateTable::new(sdk.dynamodb(), name.output_value().unwrap())
    };
    let old = granted(&table, 1, "maria", "app", mark - Duration::from_secs(1)).await;
    let new = granted(&table, 2, "maria", "app", mark).await;
    let said = smart(Path::new("."), &["grant", "list", "--json", "--aws", &stack]).well();
    assert!(said.contains(&new.to_string()) && !said.contains(&old.to_string()), "{said}");
    assert_eq!(smart(Path::new("."), &["grant", "revoke", "--aws", &stack, &old.to_string()]).code, 1);
}

#[test]
fn a_stack_that_is_not_there_is_told_in_one_line() {
    for arguments in [&["client", "list"][..], &["key", "list"], &["grant", "list"], &["user", "list"]] {
        let said = smart(Path::new("."), &[arguments, &["--aws", "nowhere"]].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert_eq!(
            said.err,
            "smart: DescribeStacks: ValidationError: Stack with id nowhere does not exist\n"
        );
    }
}

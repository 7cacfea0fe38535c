//! `smart grant`: what is in force is shown, and ended.

#[path = "../common/grants.rs"]
mod granted;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use smart_core::grant::{RevocationReason, Stage};
use smart_core::id::GrantId;
use smart_core::ports::Grants as _;
use smart_local::LocalStore;
use smart_web::arrival::system_clock;

use self::granted::{granted, secret};
use crate::command::{Server, smart};

/// Three grants of two users to two apps, begun two minutes ago.
async fn three(folder: &Path) -> [GrantId; 3] {
    let store = LocalStore::open(folder).await.unwrap();
    let begun_at = system_clock() - Duration::from_mins(2);
    [
        granted(&store, 1, "maria", "growth-chart", begun_at).await,
        granted(&store, 2, "maria", "vitals", begun_at).await,
        granted(&store, 3, "tom", "growth-chart", begun_at).await,
    ]
}

fn listed(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let said = smart(folder, &[&["grant", "list", "--json", "--data", "d"], arguments].concat()).well();
    serde_json::from_str(&said).unwrap()
}

#[tokio::test]
async fn revoke_09_grants_are_listed_by_user_and_client_and_no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [first, second, third] = three(&folder.join("d")).await;
    let names = |arguments: &[&str]| {
        let mut names: Vec<_> = listed(folder, arguments)
            .iter()
            .map(|grant| grant["grant"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let sorted = |ids: &[&GrantId]| {
        let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        ids.sort();
        ids
    };
    assert_eq!(names(&[]), sorted(&[&first, &second, &third]));
    assert_eq!(names(&["--user", "maria"]), sorted(&[&first, &second]));
    assert_eq!(names(&["--client", "growth-chart"]), sorted(&[&first, &third]));
    assert_eq!(names(&["--user", "maria", "--client", "growth-chart"]), sorted(&[&first]));
    assert!(names(&["--user", "nobody"]).is_empty());

    let grant = &listed(folder, &["--user", "tom"])[0];
    assert_eq!(
        (grant["client_id"].as_str(), grant["username"].as_str(), grant["patient"].as_str()),
        (Some("growth-chart"), Some("tom"), Some("maria-alvarez"))
    );
    assert_eq!(grant["scope"], "launch/patient offline_access patient/*.rs");
    let instant = |name: &str| grant[name].as_str().unwrap().to_owned();
    assert!(instant("since") < instant("last_used") && instant("last_used") < instant("expires"), "{grant}");

    let table = smart(folder, &["grant", "list", "--data", "d"]).well();
    let heading = table.lines().next().unwrap();
    let columns: Vec<_> = heading.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    assert_eq!(columns, ["GRANT", "CLIENT_ID", "USER", "PATIENT", "SINCE", "LAST USED", "EXPIRES", "SCOPES"]);
    for text in [&table, &smart(folder, &["grant", "list", "--json", "--data", "d"]).well()] {
        assert!(
            !text.contains(&secret().reveal()) && !text.contains(&secret().digest().to_string()),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_grant_is_ended_beside_a_running_server_and_ending_it_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [first, ..] = three(&folder.join("d")).await;
    let _server = Server::start(folder, &["--data", "d"]);
    let revoke = |id: &str| smart(folder, &["grant", "revoke", "--data", "d", id]);
    assert_eq!(
        revoke(&first.to_string()).well(),
        format!("ended {first}: its tokens do not work any more\n")
    );
    let again = revoke(&first.to_string()).well();
    assert!(again.starts_with(&format!("ended already: {first} (by operator, 20")), "{again}");
    assert_eq!(listed(folder, &[]).len(), 2);

    let store = LocalStore::open(&folder.join("d")).await.unwrap();
    let ended = store.grant(&first, system_clock()).await.unwrap().unwrap();
    assert!(matches!(ended.stage, Stage::Revoked(ended) if ended.reason == RevocationReason::ByOperator));

    // A digest may begin with what looks like an option.
    let unknown = format!("{}A", "-".repeat(42));
    let said = revoke(&unknown);
    assert_eq!(
        (said.code, said.err),
        (1, format!("smart: there is no grant {unknown}, or it has expired\n"))
    );
    let said = revoke("nothing");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.starts_with("smart: invalid value 'nothing'"), "{said:?}");
}

//! Clients and users: what the operator writes, and two operators at once.

use std::sync::Arc;

use serde_json::json;
use smart_aws::{Put, emulator};
use smart_core::client::Client;
use smart_core::client::metadata::{self, Deployment};
use smart_core::ports::{Clients as _, Users as _};
use smart_core::user::{PasswordHash, PatientAccess, User, new_subject};

fn client(id: &str, name: &str) -> Client {
    let metadata = json!({
        "client_id": id, "client_name": name, "redirect_uris": ["https://app.example/callback"],
        "grant_types": ["authorization_code"], "scope": "openid patient/*.rs", "token_endpoint_auth_method": "none",
    });
    metadata::parse(&metadata, Deployment::Public).unwrap()
}

fn user(name: &str, sub: u8) -> User {
    User {
        username: name.parse().unwrap(),
        sub: new_subject([sub; 32]),
        name: "Maria Alvarez".to_owned(),
        fhir_user: "Practitioner/p1".parse().unwrap(),
        patients: PatientAccess::All,
        password: Some(PasswordHash::from_phc("$argon2id$…")),
        external: None,
        disabled: false,
    }
}

#[tokio::test]
async fn clients_are_put_listed_and_disabled() {
    let store = emulator::state().await.unwrap();
    assert_eq!(store.put_client(&client("b", "One")).await.unwrap(), Put::Created);
    assert_eq!(store.put_client(&client("b", "One")).await.unwrap(), Put::Unchanged);
    assert_eq!(store.put_client(&client("b", "Two")).await.unwrap(), Put::Updated);
    store.put_client(&client("a", "A")).await.unwrap();
    let id = "b".parse().unwrap();
    assert_eq!(store.client(&id).await.unwrap().unwrap().client_name, "Two");
    assert_eq!(store.client(&"c".parse().unwrap()).await.unwrap(), None);
    let ids: Vec<_> = store.clients().await.unwrap().into_iter().map(|client| client.client_id).collect();
    assert_eq!(ids, ["a".parse().unwrap(), "b".parse().unwrap()]);

    assert!(store.disable_client(&id).await.unwrap());
    assert!(store.client(&id).await.unwrap().unwrap().disabled);
    assert!(!store.disable_client(&"c".parse().unwrap()).await.unwrap());
    assert_eq!(store.clients().await.unwrap().len(), 2);
}

#[tokio::test]
async fn oidc_a_users_sub_survives_every_update() {
    let store = emulator::state().await.unwrap();
    assert_eq!(store.put_user(&user("maria#1", 1)).await.unwrap(), Put::Created);
    assert_eq!(store.put_user(&user("maria#1", 2)).await.unwrap(), Put::Unchanged);
    let renamed = User { name: "Maria B.".to_owned(), ..user("maria#1", 3) };
    assert_eq!(store.put_user(&renamed).await.unwrap(), Put::Updated);
    let name = "maria#1".parse().unwrap();
    let stored = store.user(&name).await.unwrap().unwrap();
    assert_eq!((stored.sub.clone(), stored.name.as_str()), (new_subject([1; 32]), "Maria B."));

    assert!(store.disable_user(&name).await.unwrap());
    assert_eq!(store.users().await.unwrap(), [User { disabled: true, ..stored }]);
    assert!(!store.disable_user(&"peter".parse().unwrap()).await.unwrap());
    assert!(store.clients().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_operators_at_once_one_makes_the_user_and_its_sub_stays() {
    let store = Arc::new(emulator::state().await.unwrap());
    let writers: Vec<_> = (0..4_u8)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let theirs = User { name: format!("Maria {n}"), ..user("maria", n) };
                (n, store.put_user(&theirs).await.unwrap())
            })
        })
        .collect();
    let mut makers = Vec::new();
    for writer in writers {
        let (n, put) = writer.await.unwrap();
        if put == Put::Created {
            makers.push(n);
        }
    }
    let [maker] = makers[..] else { panic!("made by {makers:?}") };
    let stored = store.user(&"maria".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.sub, new_subject([maker; 32]));
}

//! Clients and users: read by the functions, written by the operator.

use std::future::Future;
use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::client::Client;
use smart_core::client::metadata::{self, Deployment};
use smart_core::id::{ClientId, Username};
use smart_core::ports::{Clients, Unavailable, Users};
use smart_core::user::{Credentials, PasswordHash, PatientAccess, User, new_subject};
use smart_local::Put;

use super::{Store, together};

/// What the operator's commands do with clients and users: no port, since no function may.
pub(crate) trait Registry: Clients + Users {
    /// Stores a client over another one of its id.
    fn put_client(&self, client: &Client) -> impl Future<Output = Result<Put, Unavailable>> + Send;

    /// Stores a user over another one of that name, whose `sub` stays.
    fn put_user(&self, user: &User) -> impl Future<Output = Result<Put, Unavailable>> + Send;

    /// Disables a client, and says whether there is one.
    fn disable_client(&self, id: &ClientId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Disables a user, and says whether there is one.
    fn disable_user(&self, name: &Username) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// All clients, by id.
    fn clients(&self) -> impl Future<Output = Result<Vec<Client>, Unavailable>> + Send;

    /// All users, by name.
    fn users(&self) -> impl Future<Output = Result<Vec<User>, Unavailable>> + Send;
}

fn registered(metadata: &Value) -> Client {
    metadata::parse(metadata, Deployment::Public).unwrap()
}

fn client(id: &str, name: &str) -> Client {
    registered(&json!({
        "client_id": id, "client_name": name, "redirect_uris": ["https://app.example/callback"],
        "grant_types": ["authorization_code"], "scope": "openid patient/*.rs", "token_endpoint_auth_method": "none",
    }))
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
        credentials: Credentials::default(),
        disabled: false,
    }
}

/// A client is stored over another one of its id, listed, and found when it was disabled, too.
pub(crate) async fn clients_are_put_listed_and_disabled<S: Store>(store: Arc<S>) {
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

/// Whatever kind of client it is, it is read as it was registered; and no id is taken for another that begins with it.
pub(crate) async fn a_client_is_read_as_it_was_registered<S: Store>(store: Arc<S>) {
    let web = client("web", "Growth Chart — «Ä»");
    let native = json!({
        "client_id": "web2", "client_name": "N", "redirect_uris": ["http://127.0.0.1/callback", "com.example.app:/callback"],
        "application_type": "native", "grant_types": ["authorization_code", "refresh_token"],
        "scope": "launch/patient offline_access patient/Observation.rs?category=laboratory",
        "token_endpoint_auth_method": "none",
    });
    let backend = json!({
        "client_id": "web#3/~", "client_name": "Bulk", "grant_types": ["client_credentials"], "scope": "system/*.rs",
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://backend.example/jwks.json",
    });
    let clients = [web, registered(&native), registered(&backend)];
    for client in &clients {
        store.put_client(client).await.unwrap();
    }
    for client in clients {
        assert_eq!(store.client(&client.client_id).await.unwrap(), Some(client));
    }
    for nobodys in ["we", "web3", "WEB", "web#3"] {
        assert_eq!(store.client(&nobodys.parse().unwrap()).await.unwrap(), None, "{nobodys}");
    }
}

/// OIDC-10: whatever is changed of a user, the `sub` stays.
pub(crate) async fn oidc_a_users_sub_survives_every_update<S: Store>(store: Arc<S>) {
    assert_eq!(store.put_user(&user("maria#1", 1)).await.unwrap(), Put::Created);
    assert_eq!(store.put_user(&user("maria#1", 2)).await.unwrap(), Put::Unchanged);
    let renamed = User { name: "Maria B.".to_owned(), ..user("maria#1", 3) };
    assert_eq!(store.put_user(&renamed).await.unwrap(), Put::Updated);
    let name = "maria#1".parse().unwrap();
    let stored = store.user(&name).await.unwrap().unwrap();
    assert_eq!((stored.sub.clone(), stored.name.as_str()), (new_subject([1; 32]), "Maria B."));

    assert!(store.disable_user(&name).await.unwrap());
    let disabled = User { disabled: true, ..stored };
    assert_eq!(store.user(&name).await.unwrap().as_ref(), Some(&disabled));
    assert_eq!(store.users().await.unwrap(), [disabled]);
    assert!(!store.disable_user(&"peter".parse().unwrap()).await.unwrap());
    assert!(store.clients().await.unwrap().is_empty());
}

/// REFR-24: another password makes other credentials, which never come again; whatever else is changed does not.
pub(crate) async fn refr_24_another_password_makes_other_credentials<S: Store>(store: Arc<S>) {
    let with = |phc: &str| User { password: Some(PasswordHash::from_phc(phc)), ..user("maria", 1) };
    let name = "maria".parse().unwrap();
    for (user, number) in [
        (with("$argon2id$1"), 0),
        (User { name: "Maria B.".to_owned(), ..with("$argon2id$1") }, 0),
        (with("$argon2id$2"), 1),
        (User { patients: PatientAccess::Only([].into()), ..with("$argon2id$2") }, 1),
        (with("$argon2id$1"), 2),
    ] {
        store.put_user(&user).await.unwrap();
        let stored = store.user(&name).await.unwrap().unwrap();
        assert_eq!(stored, User { credentials: number.into(), ..user });
    }
    assert!(store.disable_user(&name).await.unwrap());
    assert_eq!(store.user(&name).await.unwrap().unwrap().credentials.number(), 2);
}

/// Whatever a user may see, they are read as they were stored; and no name is taken for another.
pub(crate) async fn a_user_is_read_as_they_were_stored<S: Store>(store: Arc<S>) {
    let few = PatientAccess::Only(["a".parse().unwrap(), "b".parse().unwrap()].into());
    let users = [
        user("maria", 1),
        User { patients: few, fhir_user: "Patient/a".parse().unwrap(), ..user("maria o'neil", 2) },
        User { patients: PatientAccess::Only([].into()), password: None, ..user("María", 3) },
    ];
    for user in &users {
        store.put_user(user).await.unwrap();
    }
    for user in users {
        assert_eq!(store.user(&user.username).await.unwrap(), Some(user));
    }
    for nobody in ["mari", "maria o", "Maria", "maria#"] {
        assert_eq!(store.user(&nobody.parse().unwrap()).await.unwrap(), None, "{nobody}");
    }
}

/// Of several operators at once one makes the user, and nobody changes the `sub` after that.
pub(crate) async fn of_several_operators_at_once_one_makes_the_user_and_its_sub_stays<S: Store>(
    store: Arc<S>,
) {
    let puts = together(4, |n| {
        let store = Arc::clone(&store);
        let n = u8::try_from(n).unwrap();
        async move {
            let theirs = User { name: format!("Maria {n}"), ..user("maria", n) };
            (n, store.put_user(&theirs).await.unwrap())
        }
    })
    .await;
    let makers: Vec<u8> = puts.into_iter().filter(|(_, put)| *put == Put::Created).map(|(n, _)| n).collect();
    let [maker] = makers[..] else { panic!("made by {makers:?}") };
    let stored = store.user(&"maria".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.sub, new_subject([maker; 32]));
}

/// A user who may see very many patients is stored whole, or refused in words that name the size: what does not fit is not cut.
pub(crate) async fn a_user_of_too_many_patients_is_refused_by_size_and_never_cut<S: Store>(store: Arc<S>) {
    let name = "maria".parse().unwrap();
    let of = |count: u32| {
        let patients = (0..count).map(|n| format!("patient-{n:020}").parse().unwrap());
        User { patients: PatientAccess::Only(patients.collect()), ..user("maria", 1) }
    };
    let few = of(3);
    store.put_user(&few).await.unwrap();
    for count in [5_000, 30_000] {
        let many = of(count);
        match store.put_user(&many).await {
            Ok(_) => assert_eq!(store.user(&name).await.unwrap().as_ref(), Some(&many)),
            Err(refused) => {
                let told = refused.to_string();
                assert!(told.contains(" bytes") && !told.contains("patient-0"), "{told}");
                assert_ne!(store.user(&name).await.unwrap().as_ref(), Some(&many));
            }
        }
    }
}

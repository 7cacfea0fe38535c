//! Clients that programs register (RFC 7591): new ones, and no others.

use std::sync::Arc;

use serde_json::json;
use smart_core::client::Client;
use smart_core::client::metadata::{self, Deployment};
use smart_core::client::registration::ID_PREFIX;

use super::{Store, together};

/// A client by this id, which calls itself `name`.
fn client(id: &str, name: &str) -> Client {
    let metadata = json!({
        "client_id": id, "client_name": name, "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"],
    });
    metadata::parse(&metadata, Deployment::Public).unwrap()
}

/// What is registered is found, and registering the same again, as after a lost answer, is the same registration.
pub(crate) async fn a_new_client_is_registered<S: Store>(store: Arc<S>) {
    let new = client(&format!("{ID_PREFIX}1"), "Heart App");
    assert_eq!(store.client(&new.client_id).await.unwrap(), None);
    assert!(store.register_client(&new).await.unwrap());
    assert!(store.register_client(&new).await.unwrap());
    assert_eq!(store.client(&new.client_id).await.unwrap(), Some(new));
}

/// Of many clients of one id at once just one is registered, and stays as it is.
pub(crate) async fn no_client_is_registered_over_another<S: Store>(store: Arc<S>) {
    let id = format!("{ID_PREFIX}1");
    let registered = together(50, |i| {
        let (store, client) = (Arc::clone(&store), client(&id, &format!("App {i}")));
        async move { store.register_client(&client).await.unwrap().then_some(client) }
    })
    .await;
    let registered: Vec<Client> = registered.into_iter().flatten().collect();
    assert_eq!(registered.len(), 1);
    assert_eq!(store.client(&registered[0].client_id).await.unwrap().as_ref(), registered.first());
}

/// An operator's client cannot be written so, whether or not there is one.
pub(crate) async fn no_operators_client_is_written<S: Store>(store: Arc<S>) {
    let operators = client("growth-chart", "Growth Chart");
    assert!(store.register_client(&operators).await.is_err());
    assert_eq!(store.client(&operators.client_id).await.unwrap(), None);
}

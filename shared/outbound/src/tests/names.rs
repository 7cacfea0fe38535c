//! Names whose DNS servers say what an attacker wants.

use std::sync::Mutex;

use smart_core::client::metadata::Deployment;

use super::server::{Server, ok};
use crate::connection::Names;
use crate::trust::Trust;
use crate::{FetchError, Outbound};

/// Names that lead to these addresses, one list each time, the last one first.
fn leading_to(deployment: Deployment, answers: &[&[&str]]) -> Outbound {
    let answers = answers.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect());
    Outbound::scripted(deployment, Names::Scripted(Mutex::new(answers.collect())), Trust::default())
}

#[tokio::test]
async fn reg_10_a_name_that_leads_inside_is_not_connected_to() {
    let server = Server::saying(ok("{}")).await;
    for addresses in [
        &["127.0.0.1"][..],
        &["::ffff:127.0.0.1"],
        &["169.254.169.254"],
        &["93.184.216.34", "127.0.0.1"],
        &["127.0.0.1", "93.184.216.34"],
    ] {
        let url = format!("https://app.example:{}/", server.port());
        let refused = leading_to(Deployment::Public, &[addresses]).get_json(&url).await;
        assert_eq!(refused.unwrap_err(), FetchError::Address, "{addresses:?}");
    }
    assert_eq!(
        leading_to(Deployment::Public, &[&[]]).get_json("https://a.example/").await,
        Err(FetchError::Name)
    );
    assert_eq!(server.asked(), [""; 0]);
}

/// A name that leads outside when it is looked at, and inside when it is connected to: it is asked for once.
#[tokio::test]
async fn reg_10_a_name_is_resolved_once_and_what_was_looked_at_is_connected_to() {
    let server = Server::saying(ok("{}")).await;
    let rebinding = leading_to(Deployment::Loopback, &[&["10.0.0.1"], &["127.0.0.1"]]);
    let url = format!("http://localhost:{}/", server.port());
    rebinding.get_json(&url).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    // The second fetch asks again.
    assert_eq!(rebinding.get_json(&url).await.unwrap_err(), FetchError::Address);
}

#[tokio::test]
async fn the_next_address_is_tried_where_one_does_not_answer() {
    let server = Server::saying(ok("{}")).await;
    let names = leading_to(Deployment::Loopback, &[&["::1", "127.0.0.1"]]);
    names.get_json(&format!("http://localhost:{}/", server.port())).await.unwrap();
}

//! A client's web server, which publishes its keys.

use std::net::{Ipv4Addr, TcpListener as Listener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Where the keys are on it.
const PATH: &str = "/jwks.json";

/// Where a server can publish keys: an address on loopback where nobody listens at this time.
pub(crate) fn free_address() -> String {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}{PATH}", listener.local_addr().unwrap())
}

/// A client's web server, and how often it was asked.
#[derive(Clone)]
pub(crate) struct Publisher(Arc<Mutex<Said>>);

struct Said {
    status: u16,
    cache_control: &'static str,
    body: Value,
    fetches: usize,
}

impl Publisher {
    /// The server, on a free port, and where it publishes its keys.
    pub(crate) async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
        (Self::on(listener), url)
    }

    /// The server at an address that was chosen before.
    pub(crate) async fn at(url: &str) -> Self {
        let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix(PATH)).unwrap();
        Self::on(TcpListener::bind(address).await.unwrap())
    }

    fn on(listener: TcpListener) -> Self {
        let said =
            Said { status: 200, cache_control: "max-age=600", body: json!({ "keys": [] }), fetches: 0 };
        let publisher = Self(Arc::new(Mutex::new(said)));
        let answer = |State(publisher): State<Self>| async move {
            let mut said = publisher.0.lock().unwrap();
            said.fetches += 1;
            let status = StatusCode::from_u16(said.status).unwrap();
            (status, [(CACHE_CONTROL, said.cache_control)], said.body.to_string())
        };
        let router = Router::new().route(PATH, get(answer)).with_state(publisher.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        publisher
    }

    pub(crate) fn publish(&self, cache_control: &'static str, keys: &[Value]) {
        let mut said = self.0.lock().unwrap();
        (said.status, said.cache_control, said.body) = (200, cache_control, json!({ "keys": keys }));
    }

    pub(crate) fn fail(&self, status: u16) {
        self.0.lock().unwrap().status = status;
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.lock().unwrap().fetches
    }
}

//! RFC 7591: clients that programs register. What may be registered is proved in core; here, who may, and what is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use smart_core::client::Client;
use smart_core::client::registration::{ID_PREFIX, InitialAccessToken};
use smart_core::ports::{Clients as _, Registrations, Unavailable};
use smart_local::LocalStore;
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use super::NOW;
use crate::registration;

/// The token, and what `printf %s … | sha256sum` makes of it.
const TOKEN: &str = "initial-access-token-for-tests";
const SHA256: &str = "22be6524441748f695f06a7699c1bb4c97e0b031a7beb3000aaed2a73552402d";

fn endpoint<S: Registrations + 'static>(store: S) -> Router {
    let token: InitialAccessToken = SHA256.parse().unwrap();
    registration::router(store, token, "https://smart.example".parse().unwrap())
}

fn app() -> Value {
    json!({
        "client_name": "Heart App", "redirect_uris": ["https://app.example/cb"], "scope": "launch/patient patient/*.rs",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code", "refresh_token"],
    })
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn is_error(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), &self.json["error"]), (status, &json!(code)), "{}", self.json);
        assert!(self.json["error_description"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(self.header(CACHE_CONTROL), "no-store");
    }
}

async fn post(endpoint: &Router, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/auth/register");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(Arrival(NOW));
    let (head, body) = endpoint.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: head.status, headers: head.headers, json }
}

async fn register(endpoint: &Router, metadata: &Value) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json; charset=utf-8")];
    post(endpoint, &headers, metadata.to_string()).await
}

#[tokio::test]
async fn rfc7591_3_2_1_and_reg_01_what_is_registered_is_told_and_is_a_client_from_then_on() {
    let store = Arc::new(LocalStore::in_memory().await.unwrap());
    let answer = register(&endpoint(Arc::clone(&store)), &app()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json);
    assert_eq!(answer.header(CACHE_CONTROL), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let id = answer.json["client_id"].as_str().unwrap();
    assert!(id.starts_with(ID_PREFIX));
    assert_eq!(answer.json["client_id_issued_at"], NOW.as_unix());
    let client = store.client(&id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(client.client_name, "Heart App");
    let secret = answer.json["client_secret"].as_str().unwrap();
    assert!(!serde_json::to_string(&client).unwrap().contains(secret));
    // Each registration is a client of its own.
    let another = register(&endpoint(store), &app()).await;
    for name in ["client_id", "client_secret"] {
        assert_ne!(another.json[name], answer.json[name], "{name}");
    }
}

#[tokio::test]
async fn rfc7591_3_whoever_does_not_bear_the_initial_access_token_registers_nothing() {
    let store = Arc::new(LocalStore::in_memory().await.unwrap());
    let endpoint = endpoint(Arc::clone(&store));
    let metadata = app().to_string();
    let good = format!("Bearer {TOKEN}");
    let longer = format!("Bearer {TOKEN}x");
    let digest = format!("Bearer {SHA256}");
    for wrong in ["Bearer x", "Bearer ", &longer, &digest, "bearer initial-access-token"] {
        let sent = [("authorization", wrong), ("content-type", "application/json")];
        let answer = post(&endpoint, &sent, metadata.clone()).await;
        answer.is_error(401, "invalid_token");
        let challenge = "Bearer realm=\"https://smart.example\", error=\"invalid_token\"";
        assert_eq!(answer.header(WWW_AUTHENTICATE), challenge);
    }
    let basic = format!("Basic {TOKEN}");
    let twice = [("authorization", &*good), ("authorization", &good)];
    for headers in [&[][..], &[("authorization", TOKEN)], &[("authorization", &basic)], &twice] {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        let answer = post(&endpoint, &headers, metadata.clone()).await;
        answer.is_error(401, "invalid_token");
        assert_eq!(answer.header(WWW_AUTHENTICATE), "Bearer realm=\"https://smart.example\"");
    }
    // Nobody else's body is read: what is wrong with it makes no difference.
    post(&endpoint, &[], vec![b'x'; 100_000]).await.is_error(401, "invalid_token");
    let by_query = Request::post(format!("/auth/register?access_token={TOKEN}"));
    let mut by_query =
        by_query.header("content-type", "application/json").body(Body::from(metadata)).unwrap();
    by_query.extensions_mut().insert(Arrival(NOW));
    assert_eq!(endpoint.clone().oneshot(by_query).await.unwrap().status(), 401);
    assert_eq!(store.clients().unwrap(), []);
}

#[tokio::test]
async fn rfc7591_3_2_2_what_cannot_be_registered_is_told_by_name_and_nothing_is_stored() {
    let store = Arc::new(LocalStore::in_memory().await.unwrap());
    let endpoint = endpoint(Arc::clone(&store));
    let with = |name: &str, value: Value| {
        let mut app = app();
        app[name] = value;
        app
    };
    for (metadata, code, told) in [
        (with("redirect_uris", json!(["http://app.example/cb"])), "invalid_redirect_uri", "redirect_uris[0]"),
        (with("scope", json!("system/*.rs")), "invalid_client_metadata", "scope"),
        (with("grant_types", json!(["client_credentials"])), "invalid_client_metadata", "grant_types"),
        (json!([]), "invalid_client_metadata", "expected an object"),
    ] {
        let answer = register(&endpoint, &metadata).await;
        answer.is_error(400, code);
        assert!(answer.json["error_description"].as_str().unwrap().contains(told), "{}", answer.json);
    }
    let bearer = format!("Bearer {TOKEN}");
    let json = [("authorization", &*bearer), ("content-type", "application/json")];
    let form = [("authorization", &*bearer), ("content-type", "application/x-www-form-urlencoded")];
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(5_000));
    for (headers, body) in [
        (&json, String::new()),
        (&json, "{".to_owned()),
        (&json, nested),
        (&json, format!("{{\"client_name\":\"{}\"}}", "a".repeat(40_000))),
        (&form, app().to_string()),
    ] {
        post(&endpoint, headers, body).await.is_error(400, "invalid_client_metadata");
    }
    assert_eq!(store.clients().unwrap(), []);
}

/// A store that answers so.
struct Always(Result<bool, Unavailable>);

impl Registrations for Always {
    async fn register_client(&self, _client: &Client) -> Result<bool, Unavailable> {
        self.0.clone()
    }
}

#[tokio::test]
async fn without_a_write_there_is_no_secret() {
    let broken = Err(Unavailable::new("clients", "broken on purpose"));
    for outcome in [broken, Ok(false)] {
        let answer = register(&endpoint(Always(outcome)), &app()).await;
        answer.is_error(503, "temporarily_unavailable");
        assert_eq!(answer.header(RETRY_AFTER), "1");
        assert!(answer.json.get("client_secret").is_none());
    }
}

#[tokio::test]
async fn no_page_of_a_browser_registers_clients() {
    let endpoint = endpoint(Arc::new(LocalStore::in_memory().await.unwrap()));
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
        ("origin", "https://evil.example"),
    ];
    let answer = post(&endpoint, &headers, app().to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (201, ""));
}

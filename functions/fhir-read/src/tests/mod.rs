//! The function in process, over ports of a few maps.

mod audit;
mod backend_services;
mod fhir_http;
mod fhir_search;
mod hostile;
mod leaks;
mod much;
mod rfc6750;
mod rfc9449;
mod smart_scopes;
mod tokens;
mod world;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use self::tokens::Bearer;
use self::world::World;
use crate::{Settings, router};

const NOW: Instant = Instant::from_unix(1_764_000_000);
const BASE: &str = "https://smart.example/fhir";
const LABORATORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

fn settings() -> Settings {
    Settings {
        issuer: "https://smart.example".to_owned(),
        base: BASE.to_owned(),
        authorization_endpoint: "https://smart.example/auth/authorize".to_owned(),
        token_endpoint: "https://smart.example/auth/token".to_owned(),
        introspection_endpoint: None,
        revocation_endpoint: None,
        management_endpoint: None,
    }
}

fn function(world: &World) -> Router {
    router(world.clone(), world.clone(), &settings()).layer(axum::Extension(Arrival(NOW)))
}

/// One function that remembers what it looked up, as it is so many seconds after [`NOW`].
fn function_at(world: &World) -> impl Fn(u64) -> Router {
    let function = router(world.clone(), world.clone(), &settings());
    move |second| function.clone().layer(axum::Extension(Arrival(NOW + Duration::from_secs(second))))
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `Type/id` of the entries of a Bundle, in their order.
    fn found(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.bytes));
        let bundle = self.json();
        assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("searchset")));
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                let name = |field: &str| entry["resource"][field].as_str().unwrap().to_owned();
                let address = format!("{}/{}", name("resourceType"), name("id"));
                assert_eq!(entry["fullUrl"], format!("{BASE}/{address}"));
                assert_eq!(entry["search"]["mode"], "match");
                address
            })
            .collect()
    }

    /// The path and query of a link.
    fn link(&self, relation: &str) -> Option<String> {
        let bundle = self.json();
        let links = bundle["link"].as_array()?;
        let link = links.iter().find(|link| link["relation"] == relation)?;
        Some(link["url"].as_str()?.strip_prefix("https://smart.example")?.to_owned())
    }

    /// That it is an `OperationOutcome` with this issue code, open to every origin.
    #[track_caller]
    fn is_outcome(&self, status: u16, code: &str) {
        let outcome = self.json();
        assert_eq!(self.status.as_u16(), status, "{outcome}");
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert_eq!(outcome["issue"][0]["severity"], "error");
        assert_eq!(outcome["issue"][0]["code"], code, "{outcome}");
        assert!(outcome["issue"][0]["diagnostics"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(self.header("content-type"), "application/fhir+json; charset=utf-8");
        assert_eq!(self.header("access-control-allow-origin"), "*");
    }

    fn diagnostics(&self) -> String {
        self.json()["issue"][0]["diagnostics"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request, put together in the words of a test.
struct Call {
    request: http::request::Builder,
    body: String,
}

fn get(path: &str) -> Call {
    call("GET", path)
}

fn call(method: &str, path: &str) -> Call {
    Call { request: Request::builder().method(method).uri(path), body: String::new() }
}

fn post_search(resource_type: &str, form: &str) -> Call {
    call("POST", &format!("/fhir/{resource_type}/_search"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
}

impl Call {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    fn by(self, bearer: &Bearer) -> Self {
        let value = format!("Bearer {}", bearer.token);
        self.header("authorization", &value)
    }

    /// Sends it to a function that has just started, and remembers nothing.
    async fn send(self, world: &World) -> Answer {
        self.send_to(&function(world)).await
    }

    async fn send_to(self, function: &Router) -> Answer {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let response = function.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, bytes }
    }
}

fn patient(id: &str) -> PatientId {
    id.parse().unwrap()
}

/// Query text, percent-encoded as a client would.
fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

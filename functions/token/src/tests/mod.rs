//! The function in process, at instants of the tests' own, over the embedded store in memory.

mod audit;
mod budgets;
mod hostile;
mod keys;
mod oidc_core;
mod published;
mod races;
mod rfc6749;
mod rfc7009;
mod rfc7523;
mod rfc7591;
mod rfc7636;
mod rfc7662;
mod rfc9068;
mod rfc9449;
mod rfc9700;
mod signing;
mod smart_app_launch;
mod smart_backend_services;
mod store;
mod world;

use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use smart_core::instant::Instant;
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use self::world::World;

const NOW: Instant = Instant::from_unix(1_764_000_000);

/// A request, put together in the words of a test.
#[derive(Clone)]
struct Ask {
    method: Method,
    uri: String,
    headers: Vec<(&'static str, String)>,
    form: Vec<(String, String)>,
    second: u64,
}

fn ask(form: &[(&str, &str)]) -> Ask {
    Ask {
        method: Method::POST,
        uri: "/auth/token".to_owned(),
        headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
        form: form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        second: 0,
    }
}

/// What is told of a token.
fn introspect(token: &str) -> Ask {
    Ask { uri: "/auth/introspect".to_owned(), ..ask(&[("token", token)]) }
}

fn revoke(token: &str) -> Ask {
    Ask { uri: "/auth/revoke".to_owned(), ..ask(&[("token", token)]) }
}

fn refresh(token: &str) -> Ask {
    ask(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

impl Ask {
    /// With this parameter, in place of one of its name.
    fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this parameter besides all others.
    fn and(mut self, name: &str, value: &str) -> Self {
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.form.retain(|(known, _)| known != name);
        self
    }

    /// As the public client `id`.
    fn by(self, id: &str) -> Self {
        self.with("client_id", id)
    }

    fn basic(self, id: &str, secret: &str) -> Self {
        self.header("authorization", &format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
    }

    fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// So many seconds after [`NOW`].
    fn at(self, second: u64) -> Self {
        Self { second, ..self }
    }

    /// Sends it to a function that has just started, and remembers nothing.
    async fn send(self, world: &World) -> Answer {
        self.send_to(&world.function()).await
    }

    async fn send_to(self, function: &Router) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.form).finish();
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        let now = Instant::from_unix(NOW.as_unix() + self.second);
        request.extensions_mut().insert(Arrival(now));
        let (head, body) = function.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: head.status, headers: head.headers, json }
    }
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What every answer of the endpoint is: JSON, kept nowhere, open to every origin.
    #[track_caller]
    fn is_well_formed(&self) {
        assert!(self.json.is_object(), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("pragma"), "no-cache");
        assert_eq!(self.header("access-control-allow-origin"), "*");
    }

    /// That it brings tokens.
    #[track_caller]
    fn tokens(&self) -> &Value {
        self.is_well_formed();
        assert_eq!(self.status, 200, "{}", self.json);
        assert!(self.json["access_token"].is_string());
        &self.json
    }

    /// That it tells of an active token. Returns what it tells.
    #[track_caller]
    fn active(&self) -> &Value {
        self.is_well_formed();
        assert_eq!((self.status.as_u16(), &self.json["active"]), (200, &true.into()), "{}", self.json);
        &self.json
    }

    /// That it tells nothing of a token but that it is good for nothing (INTRO-08).
    #[track_caller]
    fn is_inactive(&self) {
        self.is_well_formed();
        assert_eq!((self.status.as_u16(), &self.json), (200, &serde_json::json!({ "active": false })));
    }

    /// That a token was revoked, or there was none to be.
    #[track_caller]
    fn is_done(&self) {
        self.is_well_formed();
        assert_eq!((self.status.as_u16(), &self.json), (200, &serde_json::json!({})));
    }

    /// That it is this OAuth error, and tells what to mend.
    #[track_caller]
    fn is_error(&self, status: u16, code: &str) {
        self.is_well_formed();
        assert_eq!(
            (self.status.as_u16(), self.json["error"].as_str()),
            (status, Some(code)),
            "{}",
            self.json
        );
        let allowed = |byte| matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~');
        assert!(!self.description().is_empty() && self.description().bytes().all(allowed), "{}", self.json);
        assert_eq!(self.json.as_object().unwrap().len(), 2, "{}", self.json);
        let scheme = match (status, code) {
            (401, "invalid_token" | "insufficient_scope") => "Bearer realm=\"https://smart.example\", error=",
            (401, _) => "Basic realm=\"https://smart.example\"",
            _ => "",
        };
        assert!(self.header("www-authenticate").starts_with(scheme), "{self:?}");
        assert_eq!(self.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(self.headers.contains_key("retry-after"), status == 503);
    }

    fn description(&self) -> &str {
        self.json["error_description"].as_str().unwrap_or_default()
    }

    /// A member that is text.
    #[track_caller]
    fn text(&self, member: &str) -> String {
        self.json[member].as_str().unwrap_or_else(|| panic!("{member} in {}", self.json)).to_owned()
    }
}

//! A request as the HTTP API tells it (payload 2.0), and the answer to it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::fmt;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A request. It comes from 192.0.2.7, by https, and says that it is for another host.
#[derive(Clone, Debug)]
pub struct Event(Value);

impl Event {
    /// A request without a body; the target is a path, with a query or without.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self(json!({
            "version": "2.0",
            "routeKey": format!("ANY {path}"),
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "host": "evil.example",
                "x-forwarded-for": "203.0.113.9",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https"
            },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "api",
                "domainName": "evil.example",
                "domainPrefix": "evil",
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "test"
                },
                "requestId": "gateway-request",
                "routeKey": format!("ANY {path}"),
                "stage": "$default",
                "time": "25/Nov/2026:00:00:00 +0000",
                "timeEpoch": 1_795_564_800_000_u64
            },
            "isBase64Encoded": false
        }))
    }

    /// An event that was written down.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Self)
    }

    /// A GET.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST of form parameters. The API sends bodies of this type in base64.
    pub fn post(target: &str, form: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
            .finish();
        let mut event = Self::new("POST", target).header("content-type", "application/x-www-form-urlencoded");
        event.set("/body", "body", json!(STANDARD.encode(form)));
        event.set("/isBase64Encoded", "isBase64Encoded", json!(true));
        event
    }

    /// A POST of JSON, which the API sends as it is.
    pub fn post_json(target: &str, body: &Value) -> Self {
        let mut event = Self::new("POST", target).header("content-type", "application/json");
        event.set("/body", "body", json!(body.to_string()));
        event
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(headers) = self.0.get_mut("headers").and_then(Value::as_object_mut) {
            headers.insert(name.to_owned(), json!(value));
        }
        self
    }

    /// With the cookies that an answer set.
    #[must_use]
    pub fn cookies(mut self, cookies: &[String]) -> Self {
        self.set("/cookies", "cookies", json!(cookies));
        self
    }

    /// From another address.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.set("/requestContext/http/sourceIp", "sourceIp", json!(address));
        self
    }

    fn set(&mut self, pointer: &str, name: &str, value: Value) {
        if let Some(known) = self.0.pointer_mut(pointer) {
            *known = value;
        } else if let Some(event) = self.0.as_object_mut() {
            event.insert(name.to_owned(), value);
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An answer, as the HTTP API would pass it on.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Of each `Set-Cookie` what goes back: `name=value`.
    pub cookies: Vec<String>,
    /// The body, decoded.
    pub body: String,
    /// What Lambda called the request.
    pub id: String,
    /// From the start of the program until it answered.
    pub since_start: Duration,
}

impl Answer {
    pub(crate) fn parse(answer: &str, id: String, since_start: Duration) -> io::Result<Self> {
        let not_an_answer = || io::Error::other(format!("not an answer of an HTTP API: {answer}"));
        let value: Value = serde_json::from_str(answer).map_err(|_| not_an_answer())?;
        let field = |name: &str| value.get(name).unwrap_or(&Value::Null);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let status = field("statusCode").as_u64().and_then(|status| u16::try_from(status).ok());
        let body = match field("isBase64Encoded").as_bool() {
            Some(true) => {
                let bytes = STANDARD.decode(text(field("body")));
                String::from_utf8(bytes.map_err(|_| not_an_answer())?).map_err(|_| not_an_answer())?
            }
            _ => text(field("body")),
        };
        let headers = field("headers").as_object().into_iter().flatten();
        let cookies = field("cookies").as_array().into_iter().flatten();
        Ok(Self {
            status: status.ok_or_else(not_an_answer)?,
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect(),
            cookies: cookies
                .map(|cookie| text(cookie).split(';').next().unwrap_or_default().to_owned())
                .collect(),
            body,
            id,
            since_start,
        })
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON, or null.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

//! Requests over HTTP and TLS, and what the report keeps of each.
//!
//! Certificates are checked by the roots of this machine. A request is remembered by its method, its address without the
//! query, the names of its parameters and digests of both bodies: enough to find it in the server's own log, and nothing to use.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::outcome::{Step, Untrue, refused};

/// How long one answer may take: a cold start behind a gateway, and no more.
const LIMIT: Duration = Duration::from_secs(30);
/// How long one answer may be.
const LONGEST: usize = 8 << 20;

/// How long a secret is at least.
const SHORTEST_SECRET: usize = 6;

/// A client, and what it has seen.
pub(crate) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    exchanges: Vec<Exchange>,
    secrets: Vec<String>,
}

/// A request and its answer, as the report has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The address, without its query.
    pub url: String,
    /// The names of the parameters, of the query and the form.
    pub parameters: Vec<String>,
    /// The status of the answer.
    pub status: u16,
    /// The first 128 bits of the SHA-256 of the request's body and of the answer's, hexadecimal.
    pub digests: [String; 2],
}

impl Http {
    pub(crate) fn new() -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| format!("the certificates of this machine: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, seen: Mutex::default() })
    }

    pub(crate) fn get(&self, url: &Url) -> Call<'_> {
        self.call(Method::GET, url)
    }

    /// A POST of form parameters.
    pub(crate) fn post(&self, url: &Url, form: &[(impl AsRef<str>, impl AsRef<str>)]) -> Call<'_> {
        self.call(Method::POST, url).form(form)
    }

    pub(crate) fn call(&self, method: Method, url: &Url) -> Call<'_> {
        let parameters = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        Call {
            http: self,
            method,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            parameters,
        }
    }

    /// What was exchanged since this was asked last.
    pub(crate) fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.seen().exchanges)
    }

    /// Remembers what no report may hold. What is very short is no secret, and would be found in every word.
    pub(crate) fn keep_secret(&self, secret: &str) {
        if secret.len() >= SHORTEST_SECRET {
            self.seen().secrets.push(secret.to_owned());
        }
    }

    /// `text` without any secret that was seen.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        let is_in = |secret: &&String| text.contains(secret.as_str());
        self.seen()
            .secrets
            .iter()
            .filter(is_in)
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "(secret)"))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request, put together.
pub(crate) struct Call<'h> {
    http: &'h Http,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    parameters: Vec<String>,
}

impl Call<'_> {
    /// With a header; one whose value cannot be sent is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn accept(self, media_type: &str) -> Self {
        self.header(ACCEPT, media_type)
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn form(mut self, form: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        self.parameters.extend(form.iter().map(|(name, _)| name.as_ref().to_owned()));
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encode(form))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE, "application/json").body(body.to_string())
    }

    pub(crate) async fn send(self) -> Step<Answer> {
        let mut bare = self.url.clone();
        bare.set_query(None);
        bare.set_fragment(None);
        let asked = format!("{} {bare}", self.method);
        let unclear = |what: &dyn std::fmt::Display| Untrue::Unclear(format!("{asked}: {what}"));
        let mut request = Request::builder()
            .method(&self.method)
            .uri(self.url.as_str().split('#').next().unwrap_or_default())
            .body(Full::new(self.body.clone()))
            .map_err(|error| unclear(&error))?;
        *request.headers_mut() = self.headers;
        let answering = async {
            let answer = self.http.client.request(request).await.map_err(|error| unclear(&causes(&error)))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST).collect().await.map_err(|error| unclear(&error))?;
            Ok::<_, Untrue>((head, body.to_bytes()))
        };
        let (head, body) = tokio::time::timeout(LIMIT, answering)
            .await
            .map_err(|_| unclear(&format!("no answer in {} seconds", LIMIT.as_secs())))??;
        self.http.seen().exchanges.push(Exchange {
            method: self.method.to_string(),
            url: bare.to_string(),
            parameters: self.parameters,
            status: head.status.as_u16(),
            digests: [digest(&self.body), digest(&body)],
        });
        Ok(Answer { asked, status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// What the server said.
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// This very answer, with this status.
    pub(crate) fn is(self, status: u16) -> Step<Self> {
        self.one_of(&[status])
    }

    pub(crate) fn one_of(self, statuses: &[u16]) -> Step<Self> {
        if statuses.contains(&self.status) {
            return Ok(self);
        }
        let expected: Vec<String> = statuses.iter().map(u16::to_string).collect();
        self.unexpected(&format!("expected {}", expected.join(" or ")))
    }

    /// That this is another answer than was expected; the server's own fault proves nothing.
    pub(crate) fn unexpected<T>(&self, expected: &str) -> Step<T> {
        let why = format!("{}: answered {} ({expected}){}", self.asked, self.status, self.told());
        if self.status >= 500 || self.status == 429 { Err(Untrue::Unclear(why)) } else { refused(why) }
    }

    /// The JSON body.
    pub(crate) fn json(&self) -> Step<Value> {
        serde_json::from_slice(&self.body)
            .or_else(|error| refused(format!("{}: answered no JSON ({error})", self.asked)))
    }

    /// The error code of an OAuth error answer, if it is one.
    pub(crate) fn error(&self) -> Option<String> {
        let json: Value = serde_json::from_slice(&self.body).ok()?;
        Some(json.get("error")?.as_str()?.to_owned())
    }

    /// A header; empty if it is not there.
    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub(crate) fn location(&self) -> Option<&str> {
        let is_redirect = (300..400).contains(&self.status);
        Some(self.header(LOCATION)).filter(|to| is_redirect && !to.is_empty())
    }

    /// The error that it tells, in the words of OAuth or FHIR.
    fn told(&self) -> String {
        let Ok(json) = serde_json::from_slice::<Value>(&self.body) else { return String::new() };
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
        let outcome = text("/issue/0/diagnostics").or_else(|| text("/issue/0/details/text"));
        let told = match (text("/error"), text("/error_description").or(outcome)) {
            (Some(error), Some(why)) => format!(": {error}, {why}"),
            (Some(one), None) | (None, Some(one)) => format!(": {one}"),
            (None, None) => String::new(),
        };
        told.chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

/// Form parameters as a body or query.
pub(crate) fn encode(form: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(form);
    encoded.finish()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An error with its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_that_was_seen_is_told() {
        let http = Http::new().unwrap();
        http.keep_secret("s3cret");
        http.keep_secret("");
        assert_eq!(http.without_secrets("it said s3cret, twice s3cret"), "it said (secret), twice (secret)");
    }

    #[tokio::test]
    async fn where_nobody_answers_nothing_is_proved() {
        let http = Http::new().unwrap();
        let error = http.get(&Url::parse("http://localhost:1/").unwrap()).send().await.err();
        assert!(matches!(error, Some(Untrue::Unclear(_))), "{error:?}");
    }
}

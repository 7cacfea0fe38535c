//! One request, one small JSON answer, in time.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use smart_core::client::metadata::Deployment;
use thiserror::Error;

use crate::connection::{self, Names};
use crate::destination::{Destination, Reach};
use crate::freshness::max_age;
use crate::trust::Trust;

/// How long a fetch may take, from the name to the last byte.
const TOTAL: Duration = Duration::from_secs(4);

/// How long an answer may be: key sets with certificates in them have some ten thousand bytes.
const LARGEST: usize = 64 * 1024;

/// How much of headers is read.
const LARGEST_HEAD: usize = 16 * 1024;

/// Why there is no answer. What is displayed may be told to whoever named the URL: it says nothing of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The URL is none, or none that is fetched.
    #[error("its URL must be https, without user information")]
    Url,
    /// Its name has no address.
    #[error("its name cannot be resolved")]
    Name,
    /// One of its addresses is not of the public internet.
    #[error("its address is not a public one")]
    Address,
    /// Nobody answers there.
    #[error("no connection can be made to it")]
    Connect,
    /// The certificate is not trusted, or TLS fails otherwise.
    #[error("TLS fails: the certificate must be of an authority that this host trusts, and for that name")]
    Tls,
    /// This host has no certificates to trust.
    #[error("this server trusts no certificates")]
    Trust,
    /// It takes too long.
    #[error("it takes longer than {} seconds", TOTAL.as_secs())]
    Timeout,
    /// The other side does not speak HTTP, or breaks off.
    #[error("the answer is not HTTP, or breaks off")]
    Http,
    /// It points elsewhere.
    #[error("it redirects, and redirects are not followed")]
    Redirect,
    /// It answers with another status than 200.
    #[error("its status is {0}")]
    Status(u16),
    /// The body is too long.
    #[error("the answer is longer than {LARGEST} bytes")]
    TooLarge,
    /// The body is no JSON, or compressed, which was not asked for.
    #[error("the answer is not JSON")]
    NotJson,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status: never a redirect.
    pub status: StatusCode,
    /// The body. Its media type is passed over: servers in the field send key sets as many things.
    pub body: Value,
    /// How long it may be kept from now, if that is said (RFC 9111 §5.2.2.1).
    pub max_age: Option<Duration>,
}

/// Sends requests to URLs that others name.
#[derive(Debug)]
pub struct Outbound {
    deployment: Deployment,
    reach: Reach,
    names: Names,
    trust: Trust,
}

impl Outbound {
    /// Nothing is opened or read yet. The loopback rule goes by `deployment`.
    pub fn new(deployment: Deployment, reach: Reach) -> Self {
        Self { deployment, reach, names: Names::default(), trust: Trust::default() }
    }

    /// With names that lead where a test says, or with roots of its own.
    #[cfg(test)]
    pub(crate) fn scripted(deployment: Deployment, names: Names, trust: Trust) -> Self {
        Self { deployment, reach: Reach::Public, names, trust }
    }

    /// GET, with `Accept: application/json` (ASYM-21); the status must be 200.
    pub async fn get_json(&self, url: &str) -> Result<Answer, FetchError> {
        let answer = self.send(url, Method::GET, HeaderMap::new(), Bytes::new()).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            other => Err(FetchError::Status(other.as_u16())),
        }
    }

    /// POST of a form, with an `Authorization` header if there is one; any status that comes with JSON is an answer.
    pub async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, FetchError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(mut credentials) = authorization {
            credentials.set_sensitive(true);
            headers.insert(AUTHORIZATION, credentials);
        }
        self.send(url, Method::POST, headers, body.into()).await
    }

    async fn send(
        &self,
        url: &str,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, FetchError> {
        let destination = Destination::parse(url, self.deployment, self.reach)?;
        let fetching = self.fetch(&destination, method, headers, body);
        tokio::time::timeout(TOTAL, fetching).await.map_err(|_| FetchError::Timeout)?
    }

    async fn fetch(
        &self,
        destination: &Destination,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, FetchError> {
        let request = request(destination, method, headers, body)?;
        let stream = connection::open(destination, &self.names, &self.trust).await?;
        let mut http = http1::Builder::new();
        http.max_buf_size(LARGEST_HEAD);
        let (mut sender, connection) =
            http.handshake(TokioIo::new(stream)).await.map_err(|_| FetchError::Http)?;
        // The connection moves while the answer is awaited, and ends with it.
        let answering =
            async move { read(sender.send_request(request).await.map_err(|_| FetchError::Http)?).await };
        tokio::pin!(answering);
        tokio::select! {
            answer = &mut answering => answer,
            // It may end before the last bytes were taken: they are there.
            _ = connection => answering.await,
        }
    }
}

fn request(
    destination: &Destination,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, FetchError> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = destination.target.parse().map_err(|_| FetchError::Url)?;
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    let host = HeaderValue::from_str(&destination.authority).map_err(|_| FetchError::Url)?;
    headers.insert(HOST, host);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static("smart-on-lambda"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

async fn read(response: Response<Incoming>) -> Result<Answer, FetchError> {
    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        return Err(FetchError::Redirect);
    }
    if head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::NotJson);
    }
    let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() { FetchError::TooLarge } else { FetchError::Http }
    })?;
    let body = serde_json::from_slice(&body.to_bytes());
    match (body, head.status) {
        (Ok(body), status) => Ok(Answer { status, body, max_age: max_age(&head.headers) }),
        (Err(_), StatusCode::OK) => Err(FetchError::NotJson),
        (Err(_), status) => Err(FetchError::Status(status.as_u16())),
    }
}

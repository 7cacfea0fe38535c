//! The port to the network: two kinds of requests, whose answers are JSON. An object, not a type parameter: the function that
//! signs people in is generic over its store, and all of it would have to name this besides.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

/// An answer to come.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, WebError>> + Send + 'a>>;

/// Asks identity providers. Whoever implements it bounds time and size, and follows no redirects.
pub trait Web: Send + Sync + 'static {
    /// GET of what is published; a status other than 200 is none.
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a, Published>;

    /// POST of a form, with an `Authorization` header if there is one.
    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a, WebAnswer>;
}

/// What is published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The body.
    pub body: Value,
    /// How long it may be kept from now on, if that is said (RFC 9111 §5.2.2).
    pub max_age: Option<Duration>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct WebAnswer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

/// Why nothing came back, for the log: no secrets, no personal data.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub struct WebError(pub String);

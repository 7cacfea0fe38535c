//! What is asked of the network: two kinds of requests, whose answers are JSON. An object, not a type parameter: everything else
//! of this function is generic over its store, and need not know of this.

use std::future::Future;
use std::pin::Pin;

use http::HeaderValue;
use serde_json::Value;
use smart_outbound::{Answer, FetchError, Outbound};
use thiserror::Error;

/// An answer to come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<WebAnswer, WebError>> + Send + 'a>>;

/// Asks identity providers. Whoever implements it bounds time and size, and follows no redirects.
pub trait Web: Send + Sync + 'static {
    /// GET.
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a>;

    /// POST of a form, with an `Authorization` header if there is one.
    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a>;
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

impl Web for Outbound {
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a> {
        Box::pin(async move { answered(self.get_json(url).await) })
    }

    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a> {
        Box::pin(async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let header = authorization.map(HeaderValue::from_str).transpose();
            let header = header.map_err(|_| WebError("the client secret is no header".to_owned()))?;
            answered(self.post_form(url, &form, header).await)
        })
    }
}

fn answered(fetched: Result<Answer, FetchError>) -> Result<WebAnswer, WebError> {
    let answer = fetched.map_err(|error| WebError(error.to_string()))?;
    Ok(WebAnswer { status: answer.status.as_u16(), body: answer.body })
}

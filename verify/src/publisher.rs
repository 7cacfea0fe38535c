//! The key set of the test client that has a `jwks_uri`, served by this program itself.
//!
//! A server may fetch keys over plain HTTP from loopback if it is there itself, so that this is possible just where both run on one
//! machine. The set says that it is not to be kept: each assertion is judged by what is published at that moment.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// Serves a key set until it is dropped.
pub(crate) struct Publisher {
    published: Arc<Published>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Published {
    set: Mutex<Bytes>,
    asked: AtomicU64,
}

impl Publisher {
    /// Listens where `jwks_uri` says.
    pub(crate) async fn start(jwks_uri: &Url) -> std::io::Result<Self> {
        let addresses: Vec<SocketAddr> = jwks_uri.socket_addrs(|| None)?;
        let listener = TcpListener::bind(addresses.as_slice()).await?;
        let published: Arc<Published> = Arc::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&published)));
        Ok(Self { published, serving })
    }

    /// From now on the set holds these keys, and no others.
    pub(crate) fn publish(&self, keys: &[Value]) {
        let set = json!({ "keys": keys }).to_string();
        *self.published.set.lock().unwrap_or_else(PoisonError::into_inner) = set.into();
    }

    /// How often the set was asked for.
    pub(crate) fn times_asked(&self) -> u64 {
        self.published.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, published: Arc<Published>) {
    while let Ok((connection, _)) = listener.accept().await {
        let published = Arc::clone(&published);
        let service = service_fn(move |_| {
            let answer = published.answer();
            async move { Ok::<_, Infallible>(answer) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}

impl Published {
    fn answer(&self) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut answer = Response::new(Full::new(set));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    #[tokio::test]
    async fn what_is_published_is_served_and_not_to_be_kept_until_the_end() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url: Url = format!("http://127.0.0.1:{port}/jwks.json").parse().unwrap();
        let publisher = Publisher::start(&url).await.unwrap();
        for n in 1..=2 {
            publisher.publish(&[json!({ "kid": n })]);
            // A client of its own, since connections are kept.
            let answer = Http::new().unwrap().get(&url).send().await.unwrap().is(200).unwrap();
            assert_eq!(answer.header(CACHE_CONTROL), "no-store");
            assert_eq!(answer.json().unwrap(), json!({ "keys": [{ "kid": n }] }));
            assert_eq!(publisher.times_asked(), n);
        }
        assert!(Publisher::start(&url).await.is_err(), "its address is taken");
    }
}

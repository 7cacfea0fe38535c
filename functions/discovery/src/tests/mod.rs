//! The function in process, with a key ring of its own.

mod brands;
mod documents;
mod http_edge;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use smart_core::brands::UserAccessBrands;
use smart_core::deployment::PublicUrl;
use smart_core::discovery::{Discovery, Offered};
use smart_core::instant::Instant;
use smart_core::jose::{Algorithm, Curve, PublicJwk, PublicKey};
use smart_core::ports::{PublicKeys, Unavailable};
use smart_web::arrival;
use tower::ServiceExt as _;

const SMART: &str = "/fhir/.well-known/smart-configuration";
const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const JWKS: &str = "/.well-known/jwks.json";
const STYLE: &str = "/auth/style/v1.json";
const BRANDS: &str = "/brands.json";
const ALL: [&str; 5] = [SMART, OPENID, OAUTH, JWKS, STYLE];

/// Two keys, as while one follows another, which cannot be had at first as often as it says; counts how often it is asked.
#[derive(Default)]
struct KeyRing {
    down: usize,
    asked: AtomicUsize,
}

impl PublicKeys for KeyRing {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < self.down {
            return Err(Unavailable {
                retry_after: Duration::from_mins(1),
                ..Unavailable::new("signer", "disabled on purpose")
            });
        }
        let rsa = PublicKey::rsa(&[0xc5; 256], &[1, 0, 1]);
        let coordinate = "xcXF".repeat(16);
        let ec = PublicKey::Ec { crv: Curve::P384, x: coordinate.clone(), y: coordinate };
        Ok(vec![PublicJwk::new(rsa, Algorithm::RS256), PublicJwk::new(ec, Algorithm::ES384)])
    }
}

/// The function, at the instant that its clock shows.
fn function_of(keys: Arc<KeyRing>, discovery: Discovery<'_>, clock: &Arc<AtomicU64>) -> Router {
    let clock = Arc::clone(clock);
    arrival::stamp(crate::router(keys, discovery), move || Instant::from_unix(clock.load(Ordering::Relaxed)))
}

/// The function of the service at `url`, with everything wired.
fn function_at(url: &str) -> Router {
    let here: PublicUrl = url.parse().unwrap();
    function_of(Arc::default(), Discovery::new(&here, Offered::HERE), &Arc::default())
}

fn function() -> Router {
    function_at("https://smart.example")
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK);
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

async fn ask(function: &Router, method: &str, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = function.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answer { status: head.status, headers: head.headers, bytes }
}

async fn get(uri: &str) -> Answer {
    ask(&function(), "GET", uri, &[]).await
}

//! Where requests go: straight into the application, or over TCP.
//!
//! * The suite `clock` runs in process: [`Target::in_process`] with a [`Clock`] that the test moves.
//! * The suite `wire` speaks HTTP to a server of its own on a free port of this machine or, where `SMART_WIRE_URL` is set,
//!   to that one. It must have the seed of [`super::world`], which the test `the_world_is_a_seed_folder` writes into the
//!   folder that `SMART_WIRE_SEED` names, and its `disabled` client and user must be disabled:
//!
//! ```text
//! SMART_WIRE_SEED=/tmp/wire cargo nextest run -p smart-tests the_world_is_a_seed_folder
//! smart serve --data /tmp/wire/data --seed /tmp/wire/seed --port 8080 &
//! smart client disable disabled --data /tmp/wire/data; smart user disable dora --data /tmp/wire/data
//! SMART_WIRE_URL=http://localhost:8080 SMART_WIRE_SEED=/tmp/wire cargo nextest run -p smart-tests wire::
//! ```
//!
//! `SMART_WIRE_API=1` says that an HTTP API is before the functions, as `tests/deployed/run` deploys them: it answers by itself, in its
//! own words, what is routed nowhere.
//!
//! A server counts sign-ins from each address, so that each process comes from an address of its own in 127.0.0.0/8 where
//! the server is on loopback; elsewhere an address has a hundred sign-ins in a quarter of an hour.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::middleware::{Next, from_fn};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use smart_core::deployment::PublicUrl;
use smart_web::arrival::system_clock;
use smart_web::peer::Peer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt as _;

use super::answer::Answer;
use super::app::{App, Clock};

/// A server to ask.
#[derive(Clone)]
pub(crate) struct Target(Arc<Way>);

enum Way {
    /// Into the router of an application, as if from an address of the network.
    InProcess { app: App, clock: Clock },
    /// To an application of this process, by TCP.
    Loopback { app: App },
    /// To a server that was there before.
    Given { url: PublicUrl, host: String },
}

/// The server that `SMART_WIRE_URL` names.
pub(crate) fn given_url() -> Option<PublicUrl> {
    variable("SMART_WIRE_URL").map(|url| url.parse().expect("SMART_WIRE_URL"))
}

/// The folder that `SMART_WIRE_SEED` names.
pub(crate) fn seed_folder() -> Option<PathBuf> {
    variable("SMART_WIRE_SEED").map(PathBuf::from)
}

/// Whether an HTTP API is before the functions.
pub(crate) fn is_behind_an_api() -> bool {
    variable("SMART_WIRE_API").is_some()
}

#[expect(clippy::disallowed_methods, reason = "which server to test is said to the test run")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Target {
    /// An application at an https URL, with the clock that is given.
    pub(crate) async fn in_process(clock: &Clock) -> Self {
        let reads = clock.clone();
        let app = App::at("https://smart.example", move || reads.now()).await;
        Self(Arc::new(Way::InProcess { app, clock: clock.clone() }))
    }

    /// An application that was put together before, with the clock that it has.
    pub(crate) fn of(app: App, clock: &Clock) -> Self {
        Self(Arc::new(Way::InProcess { app, clock: clock.clone() }))
    }

    /// A server that is asked by HTTP, at a time that nobody controls.
    pub(crate) async fn wire() -> Self {
        if let Some(url) = given_url() {
            let authority =
                url.issuer().strip_prefix("http://").expect("this suite speaks plain http so far");
            let host = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
            return Self(Arc::new(Way::Given { url, host }));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = App::at(&url, system_clock).await;
        let router = app.router.clone().layer(from_fn(|mut request: axum::extract::Request, next: Next| {
            if let Some(ConnectInfo(address)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied()
            {
                request.extensions_mut().insert(Peer::from(address.ip()));
            }
            next.run(request)
        }));
        tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        Self(Arc::new(Way::Loopback { app }))
    }

    /// What is behind the server, for tests in its process.
    pub(crate) fn app(&self) -> Option<&App> {
        match &*self.0 {
            Way::InProcess { app, .. } | Way::Loopback { app } => Some(app),
            Way::Given { .. } => None,
        }
    }

    /// The clock of the server, if a test has it.
    pub(crate) fn clock(&self) -> Option<&Clock> {
        match &*self.0 {
            Way::InProcess { clock, .. } => Some(clock),
            _ => None,
        }
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> &PublicUrl {
        match &*self.0 {
            Way::InProcess { app, .. } | Way::Loopback { app } => &app.url,
            Way::Given { url, .. } => url,
        }
    }

    pub(crate) fn get(&self, address: &str) -> Call {
        self.call(Method::GET, address)
    }

    /// A POST of form parameters.
    pub(crate) fn post(&self, address: &str, form: &[(impl AsRef<str>, impl AsRef<str>)]) -> Call {
        self.call(Method::POST, address)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode(form))
    }

    /// A request to an address: a path of the server, or an absolute URL on it.
    pub(crate) fn call(&self, method: Method, address: &str) -> Call {
        let path = address.strip_prefix(self.url().issuer()).unwrap_or(address);
        assert!(path.starts_with('/'), "{address} is not on this server");
        let uri: Uri = path.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        Call { target: self.clone(), request }
    }

    /// Sends a request as it is; its URI is a path. `Host` is added where it is missing.
    pub(crate) async fn send(&self, mut request: Request<Bytes>) -> Answer {
        let authority = self.url().issuer().split_once("://").map(|(_, authority)| authority).unwrap();
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, HeaderValue::from_str(authority).unwrap());
        }
        let asked = format!("{} {}", request.method(), request.uri().path());
        match &*self.0 {
            Way::InProcess { app, .. } => {
                let mut request = request.map(Body::from);
                request.extensions_mut().insert(Peer::from(IpAddr::from([192, 0, 2, 1])));
                let response = app.router.clone().oneshot(request).await.unwrap();
                let (head, body) = response.into_parts();
                Answer::new(asked, head, to_bytes(body, usize::MAX).await.unwrap())
            }
            Way::Loopback { .. } => send_by(connect(authority).await, asked, request).await,
            Way::Given { host, .. } => send_by(connect(host).await, asked, request).await,
        }
    }
}

impl Target {
    /// Writes bytes to the server as they are, and reads what it says until it closes: what no HTTP library would send.
    /// `None` if this server is not asked by TCP.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Option<String> {
        let authority = self.url().issuer().split_once("://").map(|(_, authority)| authority).unwrap();
        let mut stream = match &*self.0 {
            Way::InProcess { .. } => return None,
            Way::Loopback { .. } => connect(authority).await,
            Way::Given { host, .. } => connect(host).await,
        };
        // Whoever refuses early closes early.
        let _ = stream.write_all(bytes).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        Some(String::from_utf8_lossy(&said).into_owned())
    }
}

async fn send_by(stream: TcpStream, asked: String, request: Request<Bytes>) -> Answer {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    connection.abort();
    Answer::new(asked, head, body)
}

async fn connect(host: &str) -> TcpStream {
    let mut addresses = tokio::net::lookup_host(host).await.unwrap();
    let address = addresses.find(SocketAddr::is_ipv4).expect("an IPv4 address");
    let socket = TcpSocket::new_v4().unwrap();
    if address.ip().is_loopback() {
        let [.., a, b] = std::process::id().to_be_bytes();
        // Not every system has all of 127.0.0.0/8; who has just one address is at home in that one.
        let _ = socket.bind((Ipv4Addr::new(127, 1, a, b.max(1)), 0).into());
    }
    let stream = socket.connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Form parameters as a body or query.
pub(crate) fn encode(form: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(form);
    encoded.finish()
}

/// A request, put together in the words of a test.
pub(crate) struct Call {
    target: Target,
    request: Request<Bytes>,
}

impl Call {
    pub(crate) fn header(mut self, name: impl TryInto<HeaderName>, value: &str) -> Self {
        let name = name.try_into().unwrap_or_else(|_| panic!("a header name"));
        self.request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        self.target.send(self.request).await
    }
}

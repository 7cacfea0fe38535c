//! Connections: accepted on 127.0.0.1 and `::1`, served by HTTP/1.1 with limits, ended gracefully.
//!
//! `axum::serve` knows no time limit for headers, so the loop is ours: a peer that sends its headers slowly, or
//! none at all, does not hold a connection for ever, and the number of connections is bounded.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use smart_web::peer::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::failure::Failure;

/// How long a request's headers may take, and so how long a connection may be idle.
const HEADERS: Duration = Duration::from_secs(30);

/// How long a request may take, its body included: far longer than any of ours.
const REQUEST: Duration = Duration::from_mins(1);

/// How large the headers of a request may be, in bytes.
const HEADER_BYTES: usize = 64 << 10;

/// How many connections there may be at once: a process may have 1,024 files open by default.
const CONNECTIONS: usize = 512;

/// How long requests under way may take to end once the server is to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How often a free port is sought that is free for both addresses.
const TRIES: usize = 8;

/// The sockets of one port.
pub(crate) struct Listeners {
    v4: TcpListener,
    /// Where there is IPv6.
    v6: Option<TcpListener>,
    port: u16,
}

impl Listeners {
    /// Binds a port on 127.0.0.1 and, where there is one, `::1`; 0 picks one that is free on both.
    pub(crate) async fn bind(port: u16) -> Result<Self, Failure> {
        let tries = if port == 0 { TRIES } else { 1 };
        let mut outcome = Self::bind_once(port).await;
        for _ in 1..tries {
            match &outcome {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => outcome = Self::bind_once(0).await,
                _ => break,
            }
        }
        outcome.map_err(|error| {
            Failure::Refused(match error.kind() {
                io::ErrorKind::AddrInUse => format!(
                    "port {port} is in use: stop the program that uses it, or choose another with --port (0 picks a free one)"
                ),
                _ => format!("port {port}: {error}"),
            })
        })
    }

    async fn bind_once(port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = v4.local_addr()?.port();
        let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(v6) => Some(v6),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // There is no IPv6 here.
            Err(_) => None,
        };
        Ok(Self { v4, v6, port })
    }

    /// The port, the one that was picked if it was 0.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Serves until a signal comes; then takes no more connections, and lets requests under way end. A second signal ends
    /// them at once.
    pub(crate) async fn serve(self, app: Router, mut signals: Signals) {
        let connections = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let server = server();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&places) => accepted,
                () = signals.next() => break,
            };
            let Some((stream, peer, place)) = accepted else { continue };
            let _ = stream.set_nodelay(true);
            let app = app.clone();
            let answer = service_fn(move |request| answer(app.clone(), request, peer));
            let connection = connections.watch(server.serve_connection(TokioIo::new(stream), answer));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke off");
                }
                drop(place);
            });
        }
        drop(self);
        tracing::info!("stopping");
        tokio::select! {
            () = connections.shutdown() => {}
            () = tokio::time::sleep(GRACE) => tracing::warn!("requests were cut off"),
            () = signals.next() => {}
        }
    }

    /// The next connection, once there is a place for it. Most errors are of that connection alone; where the
    /// system has no more files to give, the next try waits.
    async fn accept(&self, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, impl Drop + use<>)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        let accepted = match &self.v6 {
            Some(v6) => tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            },
            None => self.v4.accept().await,
        };
        match accepted {
            Ok((stream, peer)) => Some((stream, peer, place)),
            Err(error) => {
                let of_the_connection = matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionRefused
                        | io::ErrorKind::Interrupted
                );
                if !of_the_connection {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                None
            }
        }
    }
}

fn server() -> http1::Builder {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEADER_BYTES);
    server
}

/// One request, with the address that it came from.
async fn answer(
    app: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<hyper::Response<Body>, std::convert::Infallible> {
    request.extensions_mut().insert(Peer::from(peer.ip()));
    let Ok(answer) = tokio::time::timeout(REQUEST, app.oneshot(request.map(Body::new))).await else {
        tracing::warn!("a request took too long");
        let mut response = hyper::Response::new(Body::empty());
        *response.status_mut() = hyper::StatusCode::REQUEST_TIMEOUT;
        return Ok(response);
    };
    answer
}

/// The signals that end the server: an interrupt (Ctrl-C) and a request to terminate.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Catches them from now on.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let caught =
            |kind| signal(kind).map_err(|error| Failure::Failed(format!("cannot catch signals: {error}")));
        Ok(Self { interrupt: caught(SignalKind::interrupt())?, terminate: caught(SignalKind::terminate())? })
    }

    /// Catches them from now on.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn asked(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n",
            )
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn sec_21_a_request_has_the_address_of_its_connection() {
        let listeners = Listeners::bind(0).await.unwrap();
        let port = listeners.port();
        let mut addresses: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into()];
        addresses.extend(listeners.v6.as_ref().map(|_| IpAddr::from(Ipv6Addr::LOCALHOST)));
        let app = Router::new().route("/", get(|Peer(address): Peer| async move { format!("{address:?}") }));
        let serving = tokio::spawn(listeners.serve(app, Signals::listen().unwrap()));
        for address in addresses {
            let answer = asked(SocketAddr::new(address, port)).await;
            assert!(answer.ends_with(&format!("{:?}", Some(address))), "{answer}");
        }
        serving.abort();
    }

    #[tokio::test]
    async fn a_port_is_taken_if_it_is_taken_on_either_address() {
        for host in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
            let Ok(taken) = TcpListener::bind((host, 0)).await else { continue };
            let port = taken.local_addr().unwrap().port();
            let refused = Listeners::bind(port).await.err().unwrap().to_string();
            assert!(refused.starts_with(&format!("port {port} is in use")), "{refused}");
        }
    }
}

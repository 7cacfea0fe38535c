//! TLS: who is believed to be whom.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use smart_core::client::metadata::Deployment;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, ok};
use crate::connection::Names;
use crate::trust::Trust;
use crate::{FetchError, Outbound};

/// An authority that vouches for whom it likes.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Somebody who trusts it.
    fn believer(&self) -> Outbound {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        Outbound::scripted(Deployment::Loopback, Names::default(), Trust::in_roots(roots))
    }

    /// A server that shows a certificate for `name`, until the end of `year`.
    async fn server_of(&self, name: &str, year: i32) -> Server {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let shown = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![shown.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Server::over(ok("{\"over\":\"tls\"}"), move |socket| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(socket).await.ok() }
        })
        .await
    }
}

fn at(host: &str, server: &Server) -> String {
    format!("https://{host}:{}/jwks", server.port())
}

#[tokio::test]
async fn reg_06_a_server_that_an_authority_vouches_for_is_believed() {
    let authority = Authority::new();
    let fetching = authority.believer();
    for host in ["localhost", "127.0.0.1"] {
        let server = authority.server_of(host, 2999).await;
        for _ in 0..2 {
            assert_eq!(fetching.get_json(&at(host, &server)).await.unwrap().body["over"], "tls");
        }
        assert!(server.asked()[0].starts_with("GET /jwks HTTP/1.1\r\n"));
    }
}

#[tokio::test]
async fn reg_06_an_unknown_authority_another_name_and_an_old_certificate_are_not() {
    let authority = Authority::new();
    let strangers = Authority::new().server_of("localhost", 2999).await;
    let others = authority.server_of("app.example", 2999).await;
    let old = authority.server_of("localhost", 2020).await;
    for server in [strangers, others, old] {
        assert_eq!(
            authority.believer().get_json(&at("localhost", &server)).await.unwrap_err(),
            FetchError::Tls
        );
    }
}

#[tokio::test]
async fn the_hosts_own_authorities_are_read_at_the_first_use() {
    let server = Authority::new().server_of("localhost", 2999).await;
    let fetching = Outbound::scripted(Deployment::Loopback, Names::default(), Trust::default());
    let refused = fetching.get_json(&at("localhost", &server)).await.unwrap_err();
    assert!(matches!(refused, FetchError::Tls | FetchError::Trust), "{refused}");
}

/// A `ServerHello` (RFC 5246 §7.4.1.3) that chooses TLS 1.0 or 1.1, and a cipher of theirs.
fn older_server_hello(minor: u8) -> Vec<u8> {
    let body = [&[3, minor][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let message = [&[2, 0, 0, length][..], &body].concat();
    [&[22, 3, minor, 0, length + 4][..], &message].concat()
}

/// BACK-14, TOK-29: whoever answers in an older TLS hears `protocol_version` (RFC 5246 §7.2.2), and nothing is asked of them.
#[tokio::test]
async fn back_14_nothing_older_than_tls_1_2_is_spoken() {
    for minor in [1, 2] {
        let (says, mut alerts) = tokio::sync::mpsc::unbounded_channel();
        let server = Server::over(ok("{}"), move |mut socket: TcpStream| {
            let says = says.clone();
            async move {
                // The record of the ClientHello, whatever is in it.
                let (mut head, mut alert) = ([0; 5], [0; 7]);
                socket.read_exact(&mut head).await.ok()?;
                let mut hello = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
                socket.read_exact(&mut hello).await.ok()?;
                socket.write_all(&older_server_hello(minor)).await.ok()?;
                socket.read_exact(&mut alert).await.ok()?;
                says.send(alert).unwrap();
                None::<TcpStream>
            }
        })
        .await;
        let refused = Authority::new().believer().get_json(&at("localhost", &server)).await.unwrap_err();
        assert_eq!(refused, FetchError::Tls);
        let [kind, .., level, description] = alerts.recv().await.unwrap();
        assert_eq!((kind, level, description), (21, 2, 70));
        assert!(server.asked().is_empty());
    }
}

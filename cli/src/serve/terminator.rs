//! A TLS terminator before the server: it listens on this machine alone, so at a public URL that is not this machine's, whoever asks comes
//! by one.

use axum::Router;
use axum::extract::Request;
use smart_core::deployment::PublicUrl;
use smart_web::hsts;
use smart_web::peer::Peer;
use tower::util::MapRequestLayer;

/// What is different then: browsers are told to come back by https (SEC-19), and the address that the terminator has is nobody's. Counted as
/// somebody's, one stranger's wrong passwords would keep everybody out; so they are counted by user name alone (SEC-18). Headers that
/// name another address are no better: anybody can write them (SEC-21).
pub(crate) fn layer(router: Router, here: &PublicUrl) -> Router {
    let router = hsts::layer(router, here);
    if here.is_loopback() {
        return router;
    }
    router.layer(MapRequestLayer::new(|mut request: Request| {
        request.extensions_mut().insert(Peer(None));
        request
    }))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// Whose request it is taken for, at a server that is here, and whether the answer has HSTS.
    async fn peer(here: &str) -> (String, bool) {
        let router = Router::new().route("/", get(|peer: Peer| async move { format!("{:?}", peer.0) }));
        let request = Request::get("/").header("x-forwarded-for", "203.0.113.9");
        let request =
            request.extension(Peer::from(IpAddr::from(Ipv4Addr::LOCALHOST))).body(Body::empty()).unwrap();
        let answer = layer(router, &here.parse().unwrap()).oneshot(request).await.unwrap();
        let has_hsts = answer.headers().contains_key("strict-transport-security");
        let body = to_bytes(answer.into_body(), 100).await.unwrap();
        (String::from_utf8(body.to_vec()).unwrap(), has_hsts)
    }

    #[tokio::test]
    async fn sec_18_the_terminators_address_is_nobodys_and_sec_19_hsts_is_said() {
        assert_eq!(peer("https://smart.example").await, ("None".to_owned(), true));
        assert_eq!(peer("http://localhost:8080").await, ("Some(127.0.0.1)".to_owned(), false));
    }
}

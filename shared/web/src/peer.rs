//! Whose address asks, for counting attempts and for nothing else.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// The address that a request came from, where it is known: an extension that whoever accepted the connection sets,
/// the local server or the Lambda wiring.
///
/// `X-Forwarded-For` and its like never decide it: anybody can write them (SEC-21). Whose word is taken for it behind `CloudFront`, the
/// Lambda wiring says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

impl From<IpAddr> for Peer {
    /// An IPv4 address that came by an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4 address.
    fn from(address: IpAddr) -> Self {
        Self(Some(address.to_canonical()))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(None)))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn peer(request: Request<()>) -> Peer {
        Peer::from_request_parts(&mut request.into_parts().0, &()).await.unwrap()
    }

    #[tokio::test]
    async fn sec_21_only_who_accepted_the_connection_says_whose_address_it_is() {
        let forged = || {
            Request::builder()
                .header("x-forwarded-for", "203.0.113.9")
                .header("forwarded", "for=203.0.113.9")
                .header("x-real-ip", "203.0.113.9")
        };
        assert_eq!(peer(forged().body(()).unwrap()).await, Peer(None));
        let known = Peer::from(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(peer(forged().extension(known).body(()).unwrap()).await, known);
    }

    #[test]
    fn one_host_has_one_address() {
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(Peer::from(mapped), Peer(Some(IpAddr::from([192, 0, 2, 1]))));
        let plain: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(Peer::from(plain), Peer(Some(plain)));
    }
}

//! What a URL names, and whether we go there: https to public addresses; plain http and loopback by the loopback rule.

use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use smart_core::client::metadata::Deployment;
use smart_core::redirect::is_loopback;
use url::{Host, Url};

use crate::address::is_public;
use crate::fetch::FetchError;

/// Which addresses URLs may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of the public internet: for URLs that clients name.
    Public,
    /// All: for URLs that the operator of this server names, who may mean a machine in their own network.
    Anywhere,
}

/// Where a request goes.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The name that TLS asks for; `None` is plain http, which never leaves this host.
    pub(crate) tls: Option<ServerName<'static>>,
    /// The `Host` header (RFC 9110 §7.2).
    pub(crate) authority: String,
    /// The path and the query.
    pub(crate) target: String,
    /// The name to be resolved, or the address.
    pub(crate) host: Host,
    /// The port.
    pub(crate) port: u16,
    /// What its addresses may be.
    allowed: Allowed,
}

/// What the addresses of a destination may be: every one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowed {
    Public,
    Loopback,
    All,
}

impl Destination {
    /// Reads `url`, as a server that runs as `deployment` may go there.
    pub(crate) fn parse(url: &str, deployment: Deployment, reach: Reach) -> Result<Self, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Url)?;
        let here = deployment == Deployment::Loopback && is_loopback(&url);
        let is_https = match url.scheme() {
            "https" => true,
            "http" if here => false,
            _ => return Err(FetchError::Url),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Url);
        }
        let host = url.host().ok_or(FetchError::Url)?.to_owned();
        let port = url.port_or_known_default().ok_or(FetchError::Url)?;
        let tls = is_https.then(|| server_name(&host)).transpose()?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let allowed = match reach {
            _ if here => Allowed::Loopback,
            Reach::Public => Allowed::Public,
            Reach::Anywhere => Allowed::All,
        };
        Ok(Self { tls, authority, target, host, port, allowed })
    }

    /// Its address, where it names one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
        }
    }

    /// Where to connect to: `addresses`, all of which it may have. One that it may not have is reason enough to go nowhere.
    pub(crate) fn checked(&self, addresses: Vec<IpAddr>) -> Result<Vec<SocketAddr>, FetchError> {
        let allowed = |address: &IpAddr| match self.allowed {
            Allowed::Public => is_public(*address),
            Allowed::Loopback => address.is_loopback(),
            Allowed::All => true,
        };
        match addresses.as_slice() {
            [] => Err(FetchError::Name),
            all if all.iter().all(allowed) => {
                Ok(addresses.into_iter().map(|address| SocketAddr::new(address, self.port)).collect())
            }
            _ => Err(FetchError::Address),
        }
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, FetchError> {
    match host {
        // A dot at the end is the root of the DNS, and in no certificate.
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            ServerName::try_from(name.to_owned()).map_err(|_| FetchError::Url)
        }
        Host::Ipv4(address) => Ok(IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::from(*address).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, deployment: Deployment) -> Result<Destination, FetchError> {
        Destination::parse(url, deployment, Reach::Public)
    }

    /// What becomes of `url` whose host, if it is a name, resolves to `addresses`.
    fn to(url: &str, deployment: Deployment, addresses: &[&str]) -> Result<Vec<SocketAddr>, FetchError> {
        let destination = parse(url, deployment)?;
        let resolved = addresses.iter().map(|address| address.parse().unwrap()).collect();
        destination.checked(destination.address().map_or(resolved, |address| vec![address]))
    }

    #[test]
    fn reg_06_only_https_and_plain_http_on_loopback_for_a_loopback_server() {
        for bad in [
            "",
            "keys",
            "//app.example/keys",
            "http://app.example/keys",
            "ftp://app.example/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:6379/_x",
            "data:application/json,{}",
            "https://",
            "https://user@app.example/",
            "https://user:pw@app.example/",
            "unix:/var/run/docker.sock",
        ] {
            for deployment in [Deployment::Public, Deployment::Loopback] {
                assert_eq!(parse(bad, deployment).unwrap_err(), FetchError::Url, "{bad}");
            }
        }
        assert_eq!(parse("http://127.0.0.1:9/keys", Deployment::Public).unwrap_err(), FetchError::Url);
        assert!(parse("http://127.0.0.1:9/keys", Deployment::Loopback).unwrap().tls.is_none());
        assert!(parse("https://app.example/keys", Deployment::Public).unwrap().tls.is_some());
    }

    #[test]
    fn reg_10_a_url_that_names_an_address_is_refused_in_each_of_its_spellings() {
        for url in [
            "https://169.254.169.254/latest/meta-data/",
            "https://[::ffff:169.254.169.254]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://0xa9fea9fe/",
            "https://2852039166/",
            "https://0251.0376.0251.0376/",
            "https://127.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::]/",
            "https://10.0.0.1:8443/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://１２７.0.0.1/",
            "https://127.0.0.1./",
            "https://127.0.0.1%2e/",
        ] {
            assert_eq!(to(url, Deployment::Public, &[]).unwrap_err(), FetchError::Address, "{url}");
        }
        assert!(to("https://93.184.216.34/", Deployment::Public, &[]).is_ok());
    }

    #[test]
    fn reg_10_a_name_that_leads_inside_is_refused_even_if_it_leads_outside_too() {
        let url = "https://app.example/keys";
        for addresses in [
            &["127.0.0.1"][..],
            &["169.254.169.254"],
            &["::1"],
            &["93.184.216.34", "10.0.0.1"],
            &["2606:2800:220:1::1", "::ffff:127.0.0.1"],
            &["fe80::1"],
        ] {
            for deployment in [Deployment::Public, Deployment::Loopback] {
                assert_eq!(to(url, deployment, addresses).unwrap_err(), FetchError::Address, "{addresses:?}");
            }
        }
        assert_eq!(to(url, Deployment::Public, &[]).unwrap_err(), FetchError::Name);
        let outside = to(url, Deployment::Public, &["93.184.216.34", "2606:2800:220:1::1"]).unwrap();
        assert_eq!(
            outside,
            ["93.184.216.34:443".parse().unwrap(), "[2606:2800:220:1::1]:443".parse().unwrap()]
        );
        // `localhost` is this host only where the service is, too.
        assert_eq!(
            to("https://localhost/", Deployment::Public, &["127.0.0.1"]).unwrap_err(),
            FetchError::Address
        );
    }

    #[test]
    fn what_is_called_loopback_leads_to_loopback_and_nowhere_else() {
        let url = "http://localhost:9000/keys";
        assert!(to(url, Deployment::Loopback, &["127.0.0.1", "::1"]).is_ok());
        assert_eq!(to(url, Deployment::Loopback, &["93.184.216.34"]).unwrap_err(), FetchError::Address);
        assert_eq!(
            to(url, Deployment::Loopback, &["127.0.0.1", "10.0.0.1"]).unwrap_err(),
            FetchError::Address
        );
    }

    #[test]
    fn the_operator_may_name_a_machine_of_their_own_network_but_not_plain_http() {
        let inside = |url| Destination::parse(url, Deployment::Public, Reach::Anywhere);
        assert!(
            inside("https://login.internal/").unwrap().checked(vec!["10.0.0.1".parse().unwrap()]).is_ok()
        );
        assert_eq!(inside("http://login.internal/").unwrap_err(), FetchError::Url);
    }

    #[test]
    fn what_is_sent_is_what_the_url_says_without_its_fragment() {
        let at = |url| parse(url, Deployment::Public).unwrap();
        let plain = at("https://App.Example:443/a/../keys?x=1#secret");
        assert_eq!(
            (plain.authority.as_str(), plain.target.as_str(), plain.port),
            ("app.example", "/keys?x=1", 443)
        );
        let odd = at("https://[2606:2800::1]:8443");
        assert_eq!(
            (odd.authority.as_str(), odd.target.as_str(), odd.port),
            ("[2606:2800::1]:8443", "/", 8443)
        );
        assert_eq!(format!("{:?}", at("https://app.example./").tls.unwrap()), "DnsName(\"app.example\")");
    }
}

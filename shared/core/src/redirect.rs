//! Redirect URIs: what may be registered, and when a request's URI is the registered one.
//!
//! A request's URI equals a registered one as a string (RFC 9700 §2.1; AUTHZ-05). The one exception: for native
//! apps the port of a plain-http loopback URI may vary (RFC 8252 §7.3; X-26). A [`RedirectUri`] exists only
//! after it was matched to the client: without one, nobody can be redirected.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url};

/// A redirect URI as the client registered it: the exact text, checked once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegisteredRedirectUri(Box<str>);

/// Why a URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// It is relative, or no URI.
    #[error("expected an absolute URI")]
    NotAbsolute,
    /// It has a fragment (RFC 6749 §3.1.2).
    #[error("expected a URI without a fragment")]
    Fragment,
    /// It holds a user name or password.
    #[error("expected a URI without user information")]
    UserInfo,
    /// Its host has a character that no host has.
    #[error("expected a host of letters, digits, dots and hyphens, or an IP address")]
    Host,
    /// It is of a private-use scheme, for which there are no hosts (RFC 8252 §7.1).
    #[error("expected one slash after a private-use scheme, such as com.example.app:/callback")]
    Authority,
    /// It holds a wildcard (REG-02).
    #[error("expected a fully specified URI, without *")]
    Wildcard,
    /// It is plain http elsewhere than on this machine (AUTHZ-35).
    #[error("expected https; http is for 127.0.0.1, [::1] and localhost only")]
    PlainHttp,
    /// Its scheme runs code or reads files in a browser, or is no private-use scheme (RFC 8252 §7.1).
    #[error(
        "expected https, http on loopback, or a private-use scheme with a dot, such as com.example.app:/callback"
    )]
    Scheme,
}

impl RegisteredRedirectUri {
    /// Checks a URI at registration.
    pub fn parse(text: &str) -> Result<Self, RegistrationError> {
        use RegistrationError as E;
        if text.bytes().any(|b| b <= b' ' || b == 0x7f || b == b'\\') || !text.is_ascii() {
            return Err(E::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| E::NotAbsolute)?;
        if text.contains('#') {
            return Err(E::Fragment);
        }
        if text.contains('*') {
            return Err(E::Wildcard);
        }
        match url.scheme() {
            _ if !url.username().is_empty() || url.password().is_some() => Err(E::UserInfo),
            "https" if !has_plain_host(&url) => Err(E::Host),
            "https" => Ok(()),
            "http" if is_loopback(&url) => Ok(()),
            "http" => Err(E::PlainHttp),
            // Nobody vouches for a host there, and people would read it as one.
            private if private.contains('.') && url.has_authority() => Err(E::Authority),
            private if private.contains('.') => Ok(()),
            _ => Err(E::Scheme),
        }?;
        Ok(Self(text.into()))
    }

    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `requested` is this URI: the same string or, where `port_may_vary`, the same but for the port of
    /// a plain-http loopback URI.
    fn matches(&self, requested: &str, port_may_vary: bool) -> bool {
        *self.0 == *requested
            || port_may_vary
                && without_loopback_port(&self.0)
                    .is_some_and(|registered| without_loopback_port(requested) == Some(registered))
    }
}

/// Whether a URL's host is of the characters that names on the internet have. WHATWG's rules let through `;`, `,` and quotes, which mean
/// something in a Content-Security-Policy.
fn has_plain_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Whether a URL's host is `localhost`, `127.0.0.1` or `[::1]`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// Splits a plain-http loopback URI around its port: (host, what follows). Textual, so that nothing but the port is
/// forgiven; a port that is no number leaves no match.
fn without_loopback_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
    let after = rest.strip_prefix(host)?;
    let (port, tail) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
    let digits = match port.strip_prefix(':') {
        Some(digits) => digits,
        None if port.is_empty() => return Some((host, tail)),
        None => return None,
    };
    let is_port = !digits.starts_with('+') && digits.parse::<u16>().is_ok_and(|number| number != 0);
    is_port.then_some((host, tail))
}

/// A URI that was matched to the client that asks: it may be redirected to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(Box<str>);

impl RedirectUri {
    /// Matches a request's `redirect_uri` against the registered ones; `native` lets a loopback port vary.
    pub fn matched(requested: &str, registered: &[RegisteredRedirectUri], native: bool) -> Option<Self> {
        registered.iter().any(|uri| uri.matches(requested, native)).then(|| Self(requested.into()))
    }

    /// The exact text of the request.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI with `pairs` added to the query it may already have (RFC 6749 §3.1.2, §4.1.2): never in the fragment.
    pub fn with_query<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{separator}{added}", self.0)
    }

    /// What a Content-Security-Policy names to allow this redirect: the origin, or the private-use scheme.
    pub fn csp_source(&self) -> String {
        match Url::parse(&self.0) {
            Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
            Ok(url) => format!("{}:", url.scheme()),
            Err(_) => "'none'".to_owned(),
        }
    }

    /// Where the user's data goes, for the consent page.
    pub fn recipient(&self) -> Recipient {
        match Url::parse(&self.0) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => {
                Recipient::Site(url.host_str().unwrap_or_default().to_owned())
            }
            Ok(url) => Recipient::App(url.scheme().to_owned()),
            Err(_) => Recipient::App(String::new()),
        }
    }
}

/// What receives an answer, by what is known of it and not by what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The site of this host: whoever has it has the name.
    Site(String),
    /// An app on the user's device that claims this private-use scheme. A host that such a URI may hold is nobody's.
    App(String),
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uris: &[&str]) -> Vec<RegisteredRedirectUri> {
        uris.iter().map(|uri| RegisteredRedirectUri::parse(uri).unwrap()).collect()
    }

    #[test]
    fn rfc9700_authz_35_what_may_be_registered() {
        use RegistrationError as E;
        for good in [
            "https://app.example/cb",
            "https://app.example/cb?keep=1",
            "http://127.0.0.1/cb",
            "http://[::1]:9000/cb",
            "http://localhost:8080/demo/app/",
            "com.example.app:/oauth2redirect",
            "com.example.app:cb",
            "https://my_app-2.xn--bcher-kva.example:8443/cb",
            "https://[2001:db8::1]/cb",
        ] {
            assert!(RegisteredRedirectUri::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://app.example/cb", E::PlainHttp),
            ("http://127.0.0.1.evil.example/cb", E::PlainHttp),
            ("http://localhost.evil.example/cb", E::PlainHttp),
            ("https://app.example/cb#x", E::Fragment),
            ("https://*.example/cb", E::Wildcard),
            ("https://user@app.example/cb", E::UserInfo),
            ("com.evil.grab://user@app.example/cb", E::UserInfo),
            ("com.evil.grab://mychart.hospital.example/cb", E::Authority),
            ("com.evil.grab://cb", E::Authority),
            ("com.evil.grab:///cb", E::Authority),
            ("https://a;sandbox.example/cb", E::Host),
            ("https://a,b.example/cb", E::Host),
            ("https://a'b.example/cb", E::Host),
            ("https://a%3Bb.example/cb", E::Host),
            ("https:///cb;x", E::Host),
            ("javascript:alert(1)", E::Scheme),
            ("data:text/html,x", E::Scheme),
            ("file:///etc/passwd", E::Scheme),
            ("/cb", E::NotAbsolute),
            ("", E::NotAbsolute),
            ("https://app.example/c b", E::NotAbsolute),
            ("https:\\\\app.example/cb", E::NotAbsolute),
        ] {
            assert_eq!(RegisteredRedirectUri::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn authz_05_a_redirect_uri_matches_as_a_string_only() {
        let known = registered(&["https://app.example/cb", "http://127.0.0.1:8000/cb"]);
        assert!(RedirectUri::matched("https://app.example/cb", &known, false).is_some());
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://APP.example/cb",
            "https://app.example:443/cb",
            "https://app.example/cb?x=1",
            "https://app.example/cb/more",
            "https://evil@app.example/cb",
            "https://app.example/",
            "https://app.example/cb#f",
            "http://127.0.0.1:8001/cb",
            "",
        ] {
            assert!(RedirectUri::matched(other, &known, false).is_none(), "{other}");
        }
    }

    #[test]
    fn rfc8252_7_3_sec_12_a_native_app_may_vary_the_port_on_loopback_and_nothing_else() {
        let known = registered(&["http://127.0.0.1/cb", "http://[::1]:1/cb", "https://app.example/cb"]);
        for same in ["http://127.0.0.1:51234/cb", "http://127.0.0.1/cb", "http://[::1]:65535/cb"] {
            assert!(RedirectUri::matched(same, &known, true).is_some(), "{same}");
        }
        for other in [
            "http://127.0.0.1:51234/other",
            "http://127.0.0.1:51234/cb/",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1evil/cb",
            "http://localhost:51234/cb",
            "https://127.0.0.1:51234/cb",
            "https://app.example:444/cb",
        ] {
            assert!(RedirectUri::matched(other, &known, true).is_none(), "{other}");
        }
        assert!(RedirectUri::matched("http://127.0.0.1:51234/cb", &known, false).is_none());
    }

    #[test]
    fn authz_16_the_query_that_was_there_is_kept() {
        let known = registered(&["https://a.example/cb", "https://a.example/cb?k=v", "com.example.app:/cb"]);
        let to = |uri| RedirectUri::matched(uri, &known, false).unwrap();
        let pairs = [("code", "c"), ("state", "a b&=")];
        assert_eq!(
            to("https://a.example/cb").with_query(pairs),
            "https://a.example/cb?code=c&state=a+b%26%3D"
        );
        assert_eq!(
            to("https://a.example/cb?k=v").with_query(pairs),
            "https://a.example/cb?k=v&code=c&state=a+b%26%3D"
        );
        assert_eq!(to("com.example.app:/cb").with_query(pairs), "com.example.app:/cb?code=c&state=a+b%26%3D");
    }

    #[test]
    fn the_content_security_policy_names_the_origin_or_the_scheme() {
        let known =
            registered(&["https://a.example:8443/cb", "com.example.app:/cb", "http://localhost:3000/cb"]);
        let source = |uri| RedirectUri::matched(uri, &known, false).unwrap().csp_source();
        assert_eq!(source("https://a.example:8443/cb"), "https://a.example:8443");
        assert_eq!(source("com.example.app:/cb"), "com.example.app:");
        assert_eq!(source("http://localhost:3000/cb"), "http://localhost:3000");
    }

    /// SEC-12: a URI of a private-use scheme that was registered when it could hold a host shows the scheme all the same.
    #[test]
    fn the_recipient_is_the_host_of_a_site_or_the_scheme_of_an_app_whatever_else_the_uri_says() {
        let of = |text: &str| RedirectUri(text.into()).recipient();
        assert_eq!(of("https://app.example:8443/cb"), Recipient::Site("app.example".to_owned()));
        assert_eq!(of("http://127.0.0.1:9000/cb"), Recipient::Site("127.0.0.1".to_owned()));
        for app in ["com.evil.grab:/cb", "com.evil.grab://mychart.hospital.example/cb"] {
            assert_eq!(of(app), Recipient::App("com.evil.grab".to_owned()));
        }
    }
}

//! Where the service is: the one public URL that every other address is made of.
//!
//! Issuer, FHIR base and endpoints come from configuration, never from a request's `Host` or forwarding headers
//! (SEC-21; RFC 8414 §6). The issuer is the URL itself; the FHIR base is `/fhir` under it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

use crate::client::metadata::Deployment;
use crate::redirect::is_loopback;

/// The URL under which the whole service is reached: scheme and authority, without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: Box<str>,
    fhir_base: Box<str>,
    loopback: bool,
}

/// A text that is no public URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected https://HOST, or http:// with localhost, 127.0.0.1 or [::1]; without a path, query or fragment"
)]
pub struct PublicUrlError;

impl PublicUrl {
    /// The issuer of tokens (RFC 8414 §2; OIDC Discovery §3): the public URL itself.
    pub fn issuer(&self) -> &str {
        &self.text
    }

    /// The FHIR base URL: the audience of access tokens, and what apps are configured with.
    pub fn fhir_base(&self) -> &str {
        &self.fhir_base
    }

    /// The absolute URL of a path that begins with a slash.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Whether it is plain http on a loopback host: cookies then have plain names, and a client's `jwks_uri` may be on
    /// loopback too.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// What client registration depends on.
    pub fn deployment(&self) -> Deployment {
        if self.loopback { Deployment::Loopback } else { Deployment::Public }
    }

    /// Whether `aud` (or `resource`, RFC 8707) names this FHIR server: scheme and host without regard to case, one slash
    /// at the end forgiven, all else exact (AUTHZ-11, AUTHZ-13).
    pub fn is_audience(&self, aud: &str) -> bool {
        let aud = aud.strip_suffix('/').unwrap_or(aud);
        let origin = self.text.len();
        let (Some(host), Some(path)) = (aud.get(..origin), aud.get(origin..)) else { return false };
        host.eq_ignore_ascii_case(&self.text) && self.fhir_base.get(origin..) == Some(path)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError)?;
        let loopback = match url.scheme() {
            "https" => false,
            "http" if is_loopback(&url) => true,
            _ => return Err(PublicUrlError),
        };
        let origin = url.origin().ascii_serialization();
        // Nothing but an origin, written as browsers write it (a default port is left out), is the same text again.
        if text.strip_suffix('/').unwrap_or(text) != origin {
            return Err(PublicUrlError);
        }
        Ok(Self { fhir_base: format!("{origin}/fhir").into(), text: origin.into(), loopback })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The origins of the EHRs that may embed the pages; none is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EhrOrigins(Vec<Url>);

/// A text that is no list of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected origins, separated by commas or spaces: https://HOST, or http:// with localhost, 127.0.0.1 or [::1]; without a path"
)]
pub struct EhrOriginsError;

impl EhrOrigins {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and the server's own, which embeds the pages of its demo.
    #[must_use]
    pub fn and(mut self, here: &PublicUrl) -> Self {
        self.0.extend(Url::parse(here.issuer()).ok().filter(|own| !self.0.contains(own)));
        self
    }

    /// As the sources of a Content-Security-Policy.
    pub fn as_sources(&self) -> String {
        let origins: Vec<String> = self.0.iter().map(|url| url.origin().ascii_serialization()).collect();
        origins.join(" ")
    }

    /// Whether one of them is, for all that can be told here, of another site than this server: another host.
    pub fn is_another_site(&self, here: &PublicUrl) -> bool {
        let own = Url::parse(here.issuer());
        own.is_ok_and(|own| self.0.iter().any(|url| (url.scheme(), url.host()) != (own.scheme(), own.host())))
    }
}

impl FromStr for EhrOrigins {
    type Err = EhrOriginsError;

    fn from_str(text: &str) -> Result<Self, EhrOriginsError> {
        let origins = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|origin| !origin.is_empty());
        let parsed = origins.map(|origin| {
            // A policy would take a star for any host.
            if origin.contains('*') {
                return Err(EhrOriginsError);
            }
            let url: PublicUrl = origin.parse().map_err(|_| EhrOriginsError)?;
            Url::parse(url.issuer()).map_err(|_| EhrOriginsError)
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    #[test]
    fn authz_28_ehrs_are_named_by_their_origins_and_nothing_else() {
        let read = |text: &str| text.parse::<EhrOrigins>();
        assert_eq!(read("").unwrap(), EhrOrigins::default());
        let two = read("https://ehr.example, http://localhost:9000").unwrap();
        assert_eq!(two.as_sources(), "https://ehr.example http://localhost:9000");
        for bad in [
            "*",
            "https://*.example",
            "ehr.example",
            "https://ehr.example/app",
            "http://ehr.example",
            "'self'",
        ] {
            assert_eq!(read(bad), Err(EhrOriginsError), "{bad}");
        }
        let here = url("https://smart.example");
        assert!(!read("https://smart.example:8443").unwrap().is_another_site(&here));
        assert!(read("https://smart.example https://ehr.example").unwrap().is_another_site(&here));
        assert!(!EhrOrigins::default().is_another_site(&here));
        let own = EhrOrigins::default().and(&here).and(&here);
        assert_eq!(own.as_sources(), "https://smart.example");
        assert!(!own.is_another_site(&here));
    }

    #[test]
    fn oidc_15_a_public_url_is_an_https_origin_or_http_on_loopback() {
        for (good, loopback) in [
            ("https://smart.example", false),
            ("https://smart.example/", false),
            ("https://smart.example:8443", false),
            ("http://localhost:8080", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:8080", true),
        ] {
            assert_eq!(url(good).is_loopback(), loopback, "{good}");
            assert_eq!(url(good).issuer(), good.trim_end_matches('/'));
        }
        for bad in [
            "",
            "smart.example",
            "http://smart.example",
            "http://127.0.0.1.evil.example",
            "https://smart.example/path",
            "https://smart.example?x",
            "https://smart.example#x",
            "https://user@smart.example",
            "https://Smart.example",
            "https://smart.example:443",
            "https://smart.example//",
            "ftp://smart.example",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(PublicUrlError), "{bad}");
        }
    }

    #[test]
    fn authz_11_and_13_the_audience_is_the_fhir_base_with_one_slash_forgiven() {
        let here = url("https://smart.example");
        for good in
            ["https://smart.example/fhir", "https://smart.example/fhir/", "HTTPS://Smart.Example/fhir"]
        {
            assert!(here.is_audience(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "https://smart.example",
            "https://smart.example/",
            "https://smart.example/FHIR",
            "https://smart.example/fhir//",
            "https://smart.example/fhir/Patient",
            "https://smart.example/fhir?x",
            "https://smart.example.evil/fhir",
            "http://smart.example/fhir",
            "https://smart.exämple/fhir",
        ] {
            assert!(!here.is_audience(bad), "{bad}");
        }
    }
}

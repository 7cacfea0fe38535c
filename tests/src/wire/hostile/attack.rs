//! Requests that are nearly right.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderName, HeaderValue, Request, Uri};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::scene::{Scene, Start};
use crate::harness::target::encode;

/// How a good request is spoiled.
#[derive(Clone, Debug)]
pub(super) struct Attack {
    start: prop::sample::Index,
    blows: Vec<Blow>,
}

#[derive(Clone, Debug)]
enum Blow {
    Value(prop::sample::Index, Nasty),
    Twice(prop::sample::Index),
    Without(prop::sample::Index),
    More(&'static str, Nasty),
    RawParameters(String),
    Method(&'static str),
    Path(&'static str),
    PathEnd(Nasty),
    Header(&'static str, Nasty),
    MediaType(&'static str),
    Body(Vec<u8>),
}

/// A text that somebody may not have thought of.
#[derive(Clone, Debug)]
enum Nasty {
    Known(&'static str),
    Any(String),
    Long(&'static str, usize),
}

impl Nasty {
    fn text(&self) -> String {
        match self {
            Self::Known(text) => (*text).to_owned(),
            Self::Any(text) => text.clone(),
            Self::Long(text, times) => text.repeat(*times),
        }
    }
}

const KNOWN: [&str; 44] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\u{fffd}",
    "é",
    "🙂",
    "\u{202e}",
    "\u{feff}",
    "\r\n",
    "\r\nSet-Cookie: a=b",
    "%",
    "%00",
    "%FF",
    "%2500",
    "../../etc/passwd",
    "..%2f",
    "//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "\"'><b>",
    "' OR 1=1 --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "-1",
    "0",
    "18446744073709551616",
    "1e308",
    "NaN",
    "null",
    "[]",
    "{}",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "patient/*.cruds",
    "system/*.*",
    "user/Observation.rs?code:in=x",
    "Patient/maria,Patient/lena",
    "\\,\\|\\$",
    "|||",
    "ge",
    "2024-02-30T25:61:61Z",
    "0000-00-00",
];

const NAMES: [&str; 43] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "aud",
    "resource",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "launch",
    "request",
    "request_uri",
    "form_token",
    "username",
    "password",
    "patient",
    "encounter",
    "after_date",
    "after_id",
    "q",
    "offset",
    "decision",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "_id",
    "_count",
    "_sort",
    "_include",
    "_has:Condition:patient:code",
    "subject:Patient.name",
    "date",
    "_lastUpdated",
    "_cursor",
    "",
];

const HEADERS: [&str; 16] = [
    "authorization",
    "cookie",
    "accept",
    "content-type",
    "origin",
    "host",
    "referer",
    "prefer",
    "if-none-match",
    "if-modified-since",
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
    "access-control-request-method",
    "accept-language",
    "x-http-method-override",
];

const MEDIA_TYPES: [&str; 8] = [
    "",
    "application/json",
    "application/fhir+json",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded;;;",
    "*/*",
];

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];

const PATHS: [&str; 24] = [
    "/",
    "//",
    "/fhir",
    "/fhir/",
    "/fhir//",
    "/fhir/%00",
    "/fhir/%FF",
    "/fhir/Patient/../Patient/lena",
    "/fhir/Patient/%2e%2e/x",
    "/fhir/Patient/maria/Observation",
    "/fhir/$export",
    "/fhir/Patient/$everything",
    "/fhir/_search",
    "/fhir/Patient/maria/_history/%",
    "/fhir/Patient/maria/_history/1/x",
    "/auth",
    "/auth/",
    "/auth/authorize/",
    "/auth/Token",
    "/auth/access",
    "/auth/launch/x",
    "/.well-known/",
    "/.well-known/jwks.json/",
    "/%61uth/token",
];

fn nasty() -> impl Strategy<Value = Nasty> {
    prop_oneof![
        4 => select(&KNOWN[..]).prop_map(Nasty::Known),
        2 => ".{0,40}".prop_map(Nasty::Any),
        1 => (select(&["x", "é", "%", "a b ", "patient/*.rs ", "[", "\\", "."][..]), select(&[70_usize, 300, 3_000, 20_000][..]))
            .prop_map(|(text, times)| Nasty::Long(text, times)),
    ]
}

fn blow() -> impl Strategy<Value = Blow> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => (index(), nasty()).prop_map(|(at, nasty)| Blow::Value(at, nasty)),
        2 => index().prop_map(Blow::Twice),
        2 => index().prop_map(Blow::Without),
        4 => (select(&NAMES[..]), nasty()).prop_map(|(name, nasty)| Blow::More(name, nasty)),
        2 => "[!-~]{0,30}".prop_map(Blow::RawParameters),
        1 => select(&METHODS[..]).prop_map(Blow::Method),
        1 => select(&PATHS[..]).prop_map(Blow::Path),
        1 => nasty().prop_map(Blow::PathEnd),
        3 => (select(&HEADERS[..]), nasty()).prop_map(|(name, nasty)| Blow::Header(name, nasty)),
        1 => select(&MEDIA_TYPES[..]).prop_map(Blow::MediaType),
        1 => option::of(vec(any::<u8>(), 0..300)).prop_map(|bytes| Blow::Body(bytes.unwrap_or_else(|| vec![b'a'; 200_000]))),
    ]
}

/// One to four blows at some request.
pub(super) fn attack() -> impl Strategy<Value = Attack> {
    (any::<prop::sample::Index>(), vec(blow(), 1..5)).prop_map(|(start, blows)| Attack { start, blows })
}

impl Attack {
    /// The request that is sent.
    pub(super) fn on(&self, scene: &Scene) -> Request<Bytes> {
        let mut start = self.start.get(&scene.starts).clone();
        let mut raw = String::new();
        let mut headers = Vec::new();
        let mut media_type = "application/x-www-form-urlencoded";
        let mut body = None;
        for blow in &self.blows {
            match blow {
                Blow::Value(at, nasty) if !start.pairs.is_empty() => {
                    let at = at.index(start.pairs.len());
                    start.pairs[at].1 = nasty.text();
                }
                Blow::Twice(at) if !start.pairs.is_empty() => {
                    let pair = at.get(&start.pairs).clone();
                    start.pairs.push(pair);
                }
                Blow::Without(at) if !start.pairs.is_empty() => {
                    start.pairs.remove(at.index(start.pairs.len()));
                }
                Blow::Value(..) | Blow::Twice(_) | Blow::Without(_) => {}
                Blow::More(name, nasty) => start.pairs.push(((*name).to_owned(), nasty.text())),
                Blow::RawParameters(text) => raw.push_str(text),
                Blow::Method(method) => start.method = method.parse().unwrap(),
                Blow::Path(path) => (*path).clone_into(&mut start.path),
                Blow::PathEnd(nasty) => start.path.push_str(&nasty.text()),
                Blow::Header(name, nasty) => headers.push((*name, nasty.text())),
                Blow::MediaType(other) => media_type = other,
                Blow::Body(bytes) => body = Some(bytes.clone()),
            }
        }
        assemble(start, &raw, headers, media_type, body)
    }
}

fn assemble(
    start: Start,
    raw: &str,
    headers: Vec<(&'static str, String)>,
    media_type: &str,
    body: Option<Vec<u8>>,
) -> Request<Bytes> {
    let parameters = format!("{}{raw}", encode(&start.pairs));
    let in_body = !matches!(start.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let query = if in_body { raw.to_owned() } else { parameters.clone() };
    let mut request = Request::new(Bytes::from(
        body.unwrap_or_else(|| if in_body { parameters.into() } else { Vec::new() }),
    ));
    *request.method_mut() = start.method;
    *request.uri_mut() = address(&start.path, &query);
    let mut put = |name: HeaderName, value: &str| {
        // What cannot stand in a header at all, no client could send.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            request.headers_mut().append(name, value);
        }
    };
    if !start.cookie.is_empty() {
        put(COOKIE, &start.cookie);
    }
    if !start.bearer.is_empty() {
        put(AUTHORIZATION, &format!("Bearer {}", start.bearer));
    }
    if in_body && !media_type.is_empty() {
        put(CONTENT_TYPE, media_type);
    }
    for (name, value) in headers {
        put(HeaderName::from_static(name), &value);
    }
    request
}

/// An address that HTTP can carry: what has no place in it is percent-encoded, and what is too long is cut.
fn address(path: &str, query: &str) -> Uri {
    let escape = |text: &str, keep: &[u8]| -> String {
        // Two of these, each byte in three characters, are within the 65,534 that an address may have.
        let bytes = text.bytes().take(10_000);
        bytes
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ if keep.contains(&byte) => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let path = escape(path, b"/%.-_~$:@!*'(),;=+&");
    let query = escape(query, b"%.-_~$:@!*'(),;=+&/?|");
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{path}{separator}{query}").parse().unwrap()
}

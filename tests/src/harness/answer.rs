//! What comes back, and what must be true of it whatever was asked: the form of errors, of tokens, of search results.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, WWW_AUTHENTICATE,
};
use http::response::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

/// The error codes that an app may get from the token endpoint (RFC 6749 §5.2; RFC 8707 §2).
const TOKEN_ERRORS: [&str; 12] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "temporarily_unavailable",
    "unsupported_token_type",
    "invalid_token",
    "insufficient_scope",
    "invalid_dpop_proof",
];

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Method and path of the request, for messages.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(asked: String, head: Parts, body: Bytes) -> Self {
        Self { asked, status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The value of a header that is sent once; empty if it is not sent.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "names are constants, and read better without a reference"
    )]
    pub(crate) fn header(&self, name: HeaderName) -> &str {
        let mut values = self.headers.get_all(&name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{}: {name} is sent twice", self.asked);
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {} {}", self.asked, self.status, self.text()))
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        self.is(200).json()
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION)
    }

    /// That nothing of this answer is kept (TOK-16, TOK-17).
    #[track_caller]
    pub(crate) fn is_kept_nowhere(&self) -> &Self {
        assert_eq!(self.header(CACHE_CONTROL), "no-store", "{}", self.asked);
        assert_eq!(self.header(PRAGMA), "no-cache", "{}", self.asked);
        self
    }

    /// That pages of every origin may read it, without credentials.
    #[track_caller]
    pub(crate) fn is_open_to_all_origins(&self) -> &Self {
        assert_eq!(self.header(ACCESS_CONTROL_ALLOW_ORIGIN), "*", "{}", self.asked);
        assert_eq!(self.header(http::header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "", "{}", self.asked);
        self
    }

    /// That it is an error of the token endpoint with this code, in the form of RFC 6749 §5.2. Returns what it says.
    #[track_caller]
    pub(crate) fn is_token_error(&self, status: u16, code: &str) -> String {
        let told = self.is(status).json();
        assert_eq!(told["error"], code, "{}: {told}", self.asked);
        assert!(TOKEN_ERRORS.contains(&code), "{code}");
        let description = told["error_description"].as_str().expect("error_description").to_owned();
        assert!(!description.is_empty() && is_error_text(&description), "{description}");
        assert_eq!(self.header(CONTENT_TYPE), "application/json");
        if status == 401 {
            assert!(!self.header(WWW_AUTHENTICATE).is_empty(), "a 401 without a challenge");
        }
        self.is_kept_nowhere().is_open_to_all_origins();
        description
    }

    /// That it is an `OperationOutcome` with this issue code, open to every origin. Returns its diagnostics.
    #[track_caller]
    pub(crate) fn is_outcome(&self, status: u16, code: &str) -> String {
        let outcome = self.is(status).json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{}", self.asked);
        let issue = &outcome["issue"][0];
        assert_eq!(issue["severity"], "error", "{outcome}");
        assert_eq!(issue["code"], code, "{}: {outcome}", self.asked);
        assert_eq!(self.header(CONTENT_TYPE), "application/fhir+json; charset=utf-8");
        self.is_open_to_all_origins();
        let diagnostics = issue["diagnostics"].as_str().unwrap_or_default().to_owned();
        assert!(!diagnostics.is_empty(), "{outcome}");
        diagnostics
    }

    /// The challenge for a token that is refused or missing (RFC 6750 §3): its `error`, empty if it has none.
    #[track_caller]
    pub(crate) fn bearer_challenge(&self) -> &str {
        let challenge = self.header(WWW_AUTHENTICATE);
        assert!(challenge.starts_with("Bearer "), "{}: {challenge:?}", self.asked);
        challenge
            .split_once("error=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map_or("", |(error, _)| error)
    }

    /// `Type/id` of the matches of a search, in their order.
    #[track_caller]
    pub(crate) fn found(&self) -> Vec<String> {
        let bundle = self.ok();
        assert_eq!(bundle["resourceType"], "Bundle", "{bundle}");
        assert_eq!(bundle["type"], "searchset");
        let Some(entries) = bundle.get("entry") else { return Vec::new() };
        let entries =
            entries.as_array().filter(|entries| !entries.is_empty()).expect("an array with entries");
        entries.iter().map(address_of_match).collect()
    }

    /// The ids of the matches of a search of one type.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<String> {
        let found = self.found().into_iter();
        found.map(|address| address.split_once('/').unwrap().1.to_owned()).collect()
    }

    /// The URL of a link of a Bundle.
    #[track_caller]
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let bundle = self.ok();
        let links = bundle["link"].as_array().expect("links");
        let link = links.iter().find(|link| link["relation"] == relation)?;
        Some(link["url"].as_str().unwrap().to_owned())
    }
}

/// `Type/id` of an entry, whose `fullUrl` says the same.
#[track_caller]
fn address_of_match(entry: &Value) -> String {
    let resource = &entry["resource"];
    let name = |field: &str| resource[field].as_str().unwrap();
    let address = format!("{}/{}", name("resourceType"), name("id"));
    let full_url = entry["fullUrl"].as_str().unwrap();
    assert!(full_url.starts_with("http") && full_url.ends_with(&format!("/fhir/{address}")), "{full_url}");
    assert_eq!(entry["search"]["mode"], "match");
    address
}

/// Whether a text has only the characters that RFC 6749 allows in `error_description`.
pub(crate) fn is_error_text(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

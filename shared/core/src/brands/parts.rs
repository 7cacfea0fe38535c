//! What brands are described with. Each is a type that only text fit to be published becomes: apps show it to people, and
//! people open its links.

use std::str::FromStr;

use serde_json::{Value, json};
use url::Url;

use super::country::Country;
use crate::text::is_readable;

/// An element, or why there is none though the provider was asked (BRANDS-11, BRANDS-18).
#[derive(Clone, Debug)]
pub(super) enum Told<T> {
    Given(T),
    Absent(AbsentReason),
}

/// The reasons of `data-absent-reason` that a Bundle of brands may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AbsentReason {
    AskedDeclined,
    AskedUnknown,
}

impl AbsentReason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AskedDeclined => "asked-declined",
            Self::AskedUnknown => "asked-unknown",
        }
    }
}

impl FromStr for AbsentReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known =
            [Self::AskedDeclined, Self::AskedUnknown].into_iter().find(|known| known.as_str() == text);
        known.ok_or("expected asked-declined or asked-unknown")
    }
}

/// A name or another short text in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words(String);

/// Characters: what fits a card.
const LONGEST_WORDS: usize = 200;

impl Words {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_readable(text, LONGEST_WORDS).then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("expected 1 to {LONGEST_WORDS} characters in one line, without spaces around them")
        })
    }
}

/// A text of some lines. FHIR has it as markdown, which apps turn into HTML: what could become a tag or a link there is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description(String);

const LONGEST_DESCRIPTION: usize = 2000;

impl Description {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = !text.contains(['<', '[', ']']);
        // As one line, which may be broken.
        let is_fit = is_plain && is_readable(&text.replace('\n', " "), LONGEST_DESCRIPTION);
        is_fit.then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("expected 1 to {LONGEST_DESCRIPTION} characters of plain text, without <, [ and ]")
        })
    }
}

/// The URL of a page or a picture: https, since people and apps open it (BRANDS-09 asks it of developers' pages).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Web(Url);

const LONGEST_URL: usize = 2000;

impl Web {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The identifier that SMART recommends for a brand with this website (BRANDS-10).
    pub(super) fn identifier(&self) -> Identifier {
        let origin = self.0.origin().ascii_serialization();
        let value = origin.replacen("https://www.", "https://", 1);
        Identifier { system: URI.to_owned(), value }
    }
}

impl FromStr for Web {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a URL: https://HOST, and a path perhaps";
        // The parser would pass over white space, and forgive a missing slash.
        let is_written_out = text.starts_with("https://") && text.len() <= LONGEST_URL;
        if !is_written_out || text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(expected);
        }
        let url = Url::parse(text).map_err(|_| expected)?;
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        if is_anonymous && url.host().is_some() { Ok(Self(url)) } else { Err(expected) }
    }
}

/// The system of identifiers that are URIs (FHIR R4 §"Identifier Registry").
const URI: &str = "urn:ietf:rfc:3986";

/// By what a brand is known elsewhere, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identifier {
    system: String,
    value: String,
}

impl Identifier {
    pub(super) fn new(system: &IdentifierSystem, value: &Words) -> Result<Self, &'static str> {
        let value = value.as_str();
        // What is said to be a URI is one that names something and runs nothing.
        let is_uri = || Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "https" | "urn"));
        if system.0 == URI && !is_uri() {
            return Err("expected https://HOST or urn:…, as the system says");
        }
        Ok(Self { system: system.0.clone(), value: value.to_owned() })
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "system": self.system, "value": self.value })
    }
}

/// `Identifier.system`: an absolute URI.
pub(super) struct IdentifierSystem(String);

impl FromStr for IdentifierSystem {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_uri = text.len() <= LONGEST_URL
            && text.bytes().all(|b| b.is_ascii_graphic())
            && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http" | "urn"));
        is_uri.then(|| Self(text.to_owned())).ok_or("expected a URI, such as http://hl7.org/fhir/sid/us-npi")
    }
}

/// Where a brand is; not all of it need be known.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) line: Vec<Words>,
    pub(super) city: Option<Words>,
    pub(super) state: Option<Words>,
    pub(super) postal_code: Option<Words>,
    pub(super) country: Option<Country>,
}

/// What people find at a brand: a code of the value set `user-access-category`, and how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Category {
    pub(super) code: &'static str,
    pub(super) display: &'static str,
}

const CATEGORIES: [Category; 7] = [
    Category { code: "prov", display: "Healthcare Provider" },
    Category { code: "ins", display: "Insurance Company" },
    Category { code: "laboratory", display: "Laboratory" },
    Category { code: "imaging", display: "Imaging Center" },
    Category { code: "pharmacy", display: "Pharmacy" },
    Category { code: "health-information-network", display: "Health Information Network" },
    Category { code: "health-data-aggregator", display: "Health Data Aggregator" },
];

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = CATEGORIES.into_iter().find(|known| known.code == text);
        known.ok_or_else(|| format!("expected one of {}", CATEGORIES.map(|known| known.code).join(", ")))
    }
}

/// `Endpoint.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) &'static str);

/// Without `entered-in-error`: whoever entered this one in error leaves the file out.
const STATUSES: [&str; 5] = ["active", "suspended", "error", "off", "test"];

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = STATUSES.into_iter().find(|known| *known == text);
        known.map(Self).ok_or_else(|| format!("expected one of {}", STATUSES.join(", ")))
    }
}

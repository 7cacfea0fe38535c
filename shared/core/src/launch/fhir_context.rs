//! `fhirContext`: what is in context besides patient and encounter (SMART 2.2 §"`fhirContext`"; CTX-08 to CTX-14).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::request::{LaunchRequestError, fault, text};
use crate::fhir::reference::Reference;
use crate::fhir::resource_type::ResourceType;
use crate::id::ResourceId;

/// One thing in context, named by reference, canonical URL or identifier, or by several of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FhirContextItem {
    /// `Type/id`, relative to the FHIR base (CTX-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// A canonical URL, perhaps with `|version` (CTX-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// A FHIR Identifier (CTX-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Map<String, Value>>,
    /// The type of the resource that is meant (CTX-12).
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// What it is in this context; `launch` if it is not said (CTX-13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// The one role that SMART itself defines: only it may be relative.
const LAUNCH: &str = "launch";

/// The members of a FHIR Identifier (R4).
const OF_AN_IDENTIFIER: [&str; 8] =
    ["id", "extension", "use", "type", "system", "value", "period", "assigner"];

impl FhirContextItem {
    /// Reads one; `at` is where it stands, for the error.
    pub(super) fn parse(value: &Value, at: &str) -> Result<Self, LaunchRequestError> {
        let wrong = |member: &str, expected: &str| Err(fault(&format!("{at}.{member}"), expected));
        let Value::Object(members) = value else { return Err(fault(at, "expected an object")) };
        for name in members.keys() {
            if !["reference", "canonical", "identifier", "type", "role"].contains(&name.as_str()) {
                return wrong(name, "unknown: expected reference, canonical, identifier, type or role");
            }
        }
        let member = |name| text(members.get(name), &format!("{at}.{name}"));
        let item = Self {
            reference: member("reference")?,
            canonical: member("canonical")?,
            identifier: match members.get("identifier") {
                None => None,
                Some(Value::Object(identifier)) if is_identifier(identifier) => Some(identifier.clone()),
                Some(_) => return wrong("identifier", "expected a FHIR Identifier with a value or a system"),
            },
            resource_type: member("type")?,
            role: member("role")?,
        };
        if item.reference.is_none() && item.canonical.is_none() && item.identifier.is_none() {
            return Err(fault(at, "expected a reference, a canonical or an identifier"));
        }
        if item.reference.is_some() && item.referred().is_none() {
            return wrong("reference", "expected a relative reference: Type/id");
        }
        if item.canonical.as_deref().is_some_and(|canonical| !is_canonical(canonical)) {
            return wrong("canonical", "expected an absolute URL, which may end in |version");
        }
        if item.resource_type.as_deref().is_some_and(|name| name.parse::<ResourceType>().is_err()) {
            return wrong("type", "expected a FHIR resource type");
        }
        if item.role.as_deref().is_some_and(|role| role != LAUNCH && !is_absolute_uri(role)) {
            return wrong("role", "expected an absolute URI, or launch");
        }
        let of_reference = item.referred().map(|(kind, _)| kind.as_str());
        if let (Some(of_reference), Some(said)) = (of_reference, item.resource_type.as_deref())
            && of_reference != said
        {
            return wrong("type", "expected the type of the reference");
        }
        // CTX-14: they have parameters of their own.
        let is_own = ["patient", "encounter"].into_iter().any(|own| item.is_of(own));
        if is_own && item.role.as_deref().is_none_or(|role| role == LAUNCH) {
            return Err(fault(
                at,
                "a Patient or an Encounter needs a role other than launch: the ones of the launch are patient and encounter",
            ));
        }
        Ok(item)
    }

    /// Whether it is of the type whose name is `name` in lower case, as `launch/TYPE` has it (CTX-15, CTX-16). Of what is named by a
    /// canonical URL or an identifier without a type, nobody knows.
    pub fn is_of(&self, name: &str) -> bool {
        let of_reference = self.referred().map(|(kind, _)| kind.as_str());
        let known = of_reference.or(self.resource_type.as_deref());
        known.is_some_and(|known| known.eq_ignore_ascii_case(name))
    }

    /// What the reference points to.
    pub fn referred(&self) -> Option<(ResourceType, ResourceId)> {
        let text = self.reference.as_deref().filter(|text| text.split('/').count() == 2)?;
        text.parse().ok().map(|reference: Reference| (reference.resource_type, reference.id))
    }
}

fn is_identifier(members: &Map<String, Value>) -> bool {
    let known = |name: &String| OF_AN_IDENTIFIER.contains(&name.trim_start_matches('_'));
    let has = |name| members.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    members.keys().all(known) && (has("value") || has("system"))
}

/// An absolute URI, and perhaps `|version`.
fn is_canonical(text: &str) -> bool {
    let (uri, version) = text.split_once('|').unwrap_or((text, ""));
    is_absolute_uri(uri) && !version.contains(char::is_whitespace)
}

/// Of the characters that a URI may have (RFC 3986 §2), of which the parser lets others pass.
fn is_absolute_uri(text: &str) -> bool {
    let no_uri = |c: char| c.is_whitespace() || "|<>\"{}\\^`".contains(c);
    Url::parse(text).is_ok() && !text.contains(no_uri)
}

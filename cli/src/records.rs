//! FHIR resources in files: where each one is, and what is wrong with one that cannot be stored.
//!
//! A `.json` file holds one resource or a Bundle ([`document`]); all others hold one resource a line ([`lines`]).

pub(crate) mod document;
pub(crate) mod lines;
mod references;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use smart_core::fhir::resource::ResourceError;

use crate::json::{Described, Fault, Source};

/// A resource that was read for a store.
pub(crate) trait Incoming: Sized + Send + 'static {
    /// Reads it.
    fn parse(text: Bytes) -> Result<Self, NotStored>;
}

/// Why a store takes no such resource.
pub(crate) enum NotStored {
    /// It is none.
    Resource(ResourceError),
    /// It is more than the store holds; says how much that is.
    #[cfg(feature = "aws")]
    TooMuch(String),
}

impl Incoming for smart_local::Incoming {
    fn parse(text: Bytes) -> Result<Self, NotStored> {
        Self::parse(text).map_err(NotStored::Resource)
    }
}

/// A resource in a file, not read yet.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file.
    pub(crate) file: Arc<str>,
    /// The line on which it begins.
    pub(crate) line: usize,
    /// Which entry of a Bundle it is, if it is in one.
    pub(crate) entry: Option<usize>,
    /// Its text.
    pub(crate) text: Bytes,
}

impl Found {
    /// Reads it for a store.
    pub(crate) fn read<R: Incoming>(&self) -> Result<R, Fault> {
        R::parse(self.text.clone()).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &NotStored) -> Fault {
        let source = Source::new(Arc::clone(&self.file), self.text.clone());
        let root = source.root().ok();
        let error = match error {
            NotStored::Resource(error) => error,
            #[cfg(feature = "aws")]
            NotStored::TooMuch(why) => {
                let field = self.entry.map_or_else(String::new, |entry| format!("entry[{entry}].resource"));
                return Fault { line: self.line, field, expected: why.clone(), file: source.name };
            }
        };
        let (field, expected) = match error {
            ResourceError::Json(error) => ("", format!("expected a JSON object: {}", Described(error))),
            ResourceError::ResourceType => {
                let given = root.and_then(|root| root.property("resourceType")?.string());
                let given =
                    given.map(|name| format!(", not {:?}", name.chars().take(64).collect::<String>()));
                ("resourceType", format!("expected a resource type of FHIR R4{}", given.unwrap_or_default()))
            }
            ResourceError::Id => ("id", "expected 1 to 64 letters, digits, '-' or '.'".to_owned()),
            ResourceError::Meta => ("meta", "expected an object".to_owned()),
            ResourceError::Credentials { .. } => ("", error.to_string()),
        };
        let within = match error {
            ResourceError::Json(error) => error.line().saturating_sub(1),
            _ => root.map_or(0, |root| root.lines_before(field)),
        };
        let field = match (self.entry, field) {
            (None, field) => field.to_owned(),
            (Some(entry), "") => format!("entry[{entry}].resource"),
            (Some(entry), field) => format!("entry[{entry}].resource.{field}"),
        };
        Fault { line: self.line + within, field, expected, file: source.name }
    }
}

/// Whether a file is a JSON document, by its name.
pub(crate) fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// `Type/id` of a resource's text, as far as it has both.
fn address(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "resourceType")]
        resource_type: Value,
        id: Value,
    }
    let head: Head = serde_json::from_str(text).ok()?;
    Some(format!("{}/{}", head.resource_type.as_str()?, head.id.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, entry: Option<usize>) -> String {
        let found =
            Found { file: "f".into(), line: 10, entry, text: Bytes::copy_from_slice(text.as_bytes()) };
        found.read::<smart_local::Incoming>().unwrap_err().to_string()
    }

    #[test]
    fn each_fault_names_its_line_and_field() {
        for (text, expected) in [
            ("{\"id\":\"a\"}", "f:10: resourceType: expected a resource type of FHIR R4"),
            (
                "{\"id\":\"a\",\n\"resourceType\":\"Foo\"}",
                "f:11: resourceType: expected a resource type of FHIR R4, not \"Foo\"",
            ),
            (
                "{\"resourceType\":\"Basic\",\n\n\"id\":\"a/b\"}",
                "f:12: id: expected 1 to 64 letters, digits, '-' or '.'",
            ),
            ("{\"resourceType\":\"Basic\",\"id\":\"a\",\n\"meta\":1}", "f:11: meta: expected an object"),
            (
                "{\"resourceType\":\"Endpoint\",\"id\":\"a\",\n\"header\":[\"Authorization: Bearer x\"]}",
                "f:10: `header` of Endpoint holds what another server takes for a password: load it without",
            ),
            (
                "{\"resourceType\":\"Basic\",\n\"id\":}",
                "f:11: expected a JSON object: expected value (column 6)",
            ),
            (
                "{\"resourceType\":\"Basic\",\"id\":\"a\",\"id\":\"b\"}",
                "f:10: expected a JSON object: a property appears twice (column 42)",
            ),
        ] {
            assert_eq!(told(text, None), expected, "{text}");
        }
        assert_eq!(
            told("{\"resourceType\":\"Basic\"}", Some(3)),
            "f:10: entry[3].resource.id: expected 1 to 64 letters, digits, '-' or '.'"
        );
    }

    #[test]
    fn documents_by_name() {
        for (name, expected) in [("a.json", true), ("a.JSON", true), ("a.ndjson", false), ("json", false)] {
            assert_eq!(is_document(Path::new(name)), expected, "{name}");
        }
    }
}

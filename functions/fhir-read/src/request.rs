//! Which interaction a request asks for (FHIR R4 `http`).
//!
//! Everything else that FHIR knows (writes, histories, operations, compartments, system-wide searches) is refused by
//! name until each has its own per-resource check.

use std::borrow::Cow;

use http::Method;
use smart_core::fhir::resource_type::ResourceType;
use smart_core::id::ResourceId;
use smart_core::text::percent_decode;

use crate::error::FhirError;

/// What this function does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    /// `GET /fhir/metadata`.
    Metadata,
    /// `GET /fhir/{Type}/{id}`, and of the current version `…/_history/{version}`.
    Read(Asked),
    /// `GET /fhir/{Type}`, `POST /fhir/{Type}/_search`.
    Search(ResourceType),
}

/// The address of a resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) resource_type: ResourceType,
    pub(crate) id: ResourceId,
    /// The version, for a vread.
    pub(crate) version: Option<String>,
}

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";

impl Interaction {
    /// Reads method and path. Percent-encoding is undone once, in each segment by itself (FHIR-12).
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, FhirError> {
        let path = path.strip_prefix("/fhir").unwrap_or(path);
        let segments: Option<Vec<Cow<'_, str>>> = path.split('/').skip(1).map(percent_decode).collect();
        let segments = segments.ok_or(FhirError::UnknownPath)?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let get = |interaction| match *method {
            Method::GET | Method::HEAD => Ok(interaction),
            _ => Err(FhirError::Method { allow: GET }),
        };
        match segments.as_slice() {
            [] | [""] if *method == Method::POST => Err(FhirError::NotSupported("batch and transaction")),
            [] | ["" | "_search"] => Err(FhirError::NotSupported("search of all types at once")),
            ["metadata"] => get(Self::Metadata),
            ["_history"] => Err(FhirError::NotSupported("history")),
            [name, ..] if name.starts_with('$') => Err(FhirError::NotSupported("operations")),
            [name, rest @ ..] => {
                let resource_type = name.parse().map_err(|_| FhirError::UnknownType)?;
                Self::of_type(method, resource_type, rest)
            }
        }
    }

    fn of_type(method: &Method, resource_type: ResourceType, rest: &[&str]) -> Result<Self, FhirError> {
        let read = |id: &str, version: Option<&str>| match *method {
            Method::GET | Method::HEAD => {
                // An id of another form names nothing that exists (FHIR-13).
                let id = id.parse().map_err(|_| FhirError::NotFound)?;
                Ok(Self::Read(Asked { resource_type, id, version: version.map(str::to_owned) }))
            }
            _ => Err(FhirError::Method { allow: GET }),
        };
        match rest {
            [] | [""] => match *method {
                Method::GET | Method::HEAD => Ok(Self::Search(resource_type)),
                _ => Err(FhirError::Method { allow: GET }),
            },
            ["_search"] => match *method {
                Method::POST => Ok(Self::Search(resource_type)),
                _ => Err(FhirError::Method { allow: POST }),
            },
            ["_history"] | [_, "_history"] => Err(FhirError::NotSupported("history")),
            [.., name] if name.starts_with('$') => Err(FhirError::NotSupported("operations")),
            [id] => read(id, None),
            [id, "_history", version] => read(id, Some(version)),
            [_, name] if name.parse::<ResourceType>().is_ok() => {
                Err(FhirError::NotSupported("search in a compartment"))
            }
            _ => Err(FhirError::UnknownPath),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str) -> Result<String, String> {
        match Interaction::parse(&method.parse().unwrap(), path) {
            Ok(Interaction::Metadata) => Ok("metadata".to_owned()),
            Ok(Interaction::Search(resource_type)) => Ok(format!("search {resource_type}")),
            Ok(Interaction::Read(Asked { resource_type, id, version })) => {
                Ok(format!("read {resource_type}/{id} {}", version.unwrap_or_default()).trim_end().to_owned())
            }
            Err(error) => Err(format!("{} {error}", error.status().as_u16())),
        }
    }

    #[test]
    fn fhir_02_06_and_12_paths_and_methods() {
        for (method, path, expected) in [
            ("GET", "/fhir/metadata", "metadata"),
            ("HEAD", "/fhir/metadata", "metadata"),
            ("GET", "/fhir/Patient/a.B-1", "read Patient/a.B-1"),
            ("HEAD", "/fhir/Patient/a", "read Patient/a"),
            ("GET", "/fhir/Patient/%61", "read Patient/a"),
            ("GET", "/fhir/Patient/a/_history/2", "read Patient/a 2"),
            ("GET", "/fhir/Patient", "search Patient"),
            ("GET", "/fhir/Patient/", "search Patient"),
            ("POST", "/fhir/Patient/_search", "search Patient"),
        ] {
            assert_eq!(asked(method, path).as_deref(), Ok(expected), "{method} {path}");
        }
    }

    #[test]
    fn fhir_14_and_rs_20_all_else_is_refused_by_name() {
        for (method, path, expected) in [
            ("GET", "/fhir", "404 search of all types"),
            ("GET", "/fhir/", "404 search of all types"),
            ("POST", "/fhir", "404 batch"),
            ("POST", "/fhir/_search", "404 search of all types"),
            ("GET", "/fhir/_history", "404 history"),
            ("GET", "/fhir/$export", "404 operations"),
            ("POST", "/fhir/metadata", "405 "),
            ("GET", "/fhir/Foo", "404 no resource type"),
            ("GET", "/fhir/patient/a", "404 no resource type"),
            ("GET", "/fhir/Patient%2Fa", "404 no resource type"),
            ("GET", "/fhir/Patient/a%2Fb", "404 "),
            ("GET", "/fhir/Patient/a%252e", "404 "),
            ("GET", "/fhir/Patient/%FF", "404 "),
            ("GET", "/fhir/Patient/a%3Db", "404 "),
            ("GET", "/fhir/Patient/a=b%20", "404 "),
            ("GET", "/fhir/Patient/_x", "404 "),
            ("PUT", "/fhir/Patient/a", "405 "),
            ("PATCH", "/fhir/Patient/a", "405 "),
            ("DELETE", "/fhir/Patient/a", "405 "),
            ("POST", "/fhir/Patient", "405 "),
            ("GET", "/fhir/Patient/_search", "405 "),
            ("GET", "/fhir/Patient/_history", "404 history"),
            ("GET", "/fhir/Patient/a/_history", "404 history"),
            ("GET", "/fhir/Patient/a/$everything", "404 operations"),
            ("GET", "/fhir/Patient/$match", "404 operations"),
            ("GET", "/fhir/Patient/a/Observation", "404 search in a compartment"),
            ("GET", "/fhir/Patient/a/b", "404 "),
            ("GET", "/fhir//Patient", "404 "),
            ("GET", "/fhir/.well-known/smart-configuration", "404 "),
        ] {
            let answer = asked(method, path);
            assert!(
                answer.as_ref().is_err_and(|error| error.starts_with(expected)),
                "{method} {path}: {answer:?}"
            );
        }
    }
}

//! References between resources (FHIR R4 `references`).

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::id::{PatientId, ResourceId};

use super::resource_type::ResourceType;

/// A relative reference: `Type/id`. What points to another server, to a contained resource, or names an
/// identifier only is none (requirement COMP-08).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// `Type`
    pub resource_type: ResourceType,
    /// `id`
    pub id: ResourceId,
}

impl Reference {
    /// The reference in an element of type `Reference`, if it is a relative one.
    pub(crate) fn of(element: &Value) -> Option<Self> {
        element.get("reference")?.as_str()?.parse().ok()
    }

    /// The id of the Patient that it points to.
    pub(crate) fn into_patient(self) -> Option<PatientId> {
        (self.resource_type.as_str() == "Patient").then_some(self.id)
    }
}

/// What an element of type `Reference` says of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A resource here.
    Here(Reference),
    /// No Patient, wherever it is.
    NoPatient,
    /// It may be a Patient: one on another server, one known by an identifier or a name alone, or one inside the resource.
    Unknown,
}

impl Target {
    /// Reads an element. Its address says what it points to; where that says no type, `type` does. `contained` says of which
    /// type a resource is that is contained under an id.
    pub(crate) fn of<'a>(element: &Value, contained: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name: &str| element.get(name).and_then(Value::as_str);
        let address = text("reference").unwrap_or_default();
        if let Ok(here) = address.parse() {
            return Self::Here(here);
        }
        let named = match address.strip_prefix('#') {
            Some(id) => contained(id),
            None => type_in_url(address).or_else(|| text("type")),
        };
        match named.map(str::parse::<ResourceType>) {
            Some(Ok(known)) if known.as_str() != "Patient" => Self::NoPatient,
            _ => Self::Unknown,
        }
    }
}

/// `Type` of an absolute URL of a resource, `https://…/Type/id`, with or without a version (FHIR R4 `references`).
fn type_in_url(url: &str) -> Option<&str> {
    let path = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (path, _) = path.split_once("/_history/").unwrap_or((path, ""));
    let (before, id) = path.rsplit_once('/')?;
    let (_, resource_type) = before.rsplit_once('/')?;
    id.parse::<ResourceId>().ok().map(|_| resource_type)
}

/// A text that is no relative reference.
#[derive(Debug, PartialEq, Eq)]
pub struct NotRelative;

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

impl FromStr for Reference {
    type Err = NotRelative;

    /// `Type/id` or `Type/id/_history/version`, which is a version of the same resource.
    fn from_str(text: &str) -> Result<Self, NotRelative> {
        let mut parts = text.split('/');
        let resource_type = parts.next().and_then(|part| part.parse().ok()).ok_or(NotRelative)?;
        let id = parts.next().and_then(|part| part.parse().ok()).ok_or(NotRelative)?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Ok(Self { resource_type, id }),
            (Some("_history"), Some(version), None) if version.parse::<ResourceId>().is_ok() => {
                Ok(Self { resource_type, id })
            }
            _ => Err(NotRelative),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comp_08_what_is_not_told_to_be_no_patient_may_be_one() {
        let contained = |id: &str| match id {
            "ward" => Some("Location"),
            "p" => Some("Patient"),
            _ => None,
        };
        for (element, expected) in [
            (json!({"reference": "Practitioner/p"}), None),
            (json!({"reference": "https://elsewhere.example/fhir/Practitioner/p"}), Some(Target::NoPatient)),
            (json!({"reference": "http://a.example/Location/l/_history/3"}), Some(Target::NoPatient)),
            (json!({"reference": "#ward"}), Some(Target::NoPatient)),
            (json!({"reference": "urn:uuid:1", "type": "Device"}), Some(Target::NoPatient)),
            (json!({"identifier": {"value": "1"}, "type": "Practitioner"}), Some(Target::NoPatient)),
            (json!({"reference": "https://elsewhere.example/fhir/Patient/p"}), Some(Target::Unknown)),
            (
                json!({"reference": "https://elsewhere.example/fhir/Patient/p", "type": "Practitioner"}),
                Some(Target::Unknown),
            ),
            (
                json!({"reference": "https://elsewhere.example/Practitioner/p?x=Patient/a"}),
                Some(Target::Unknown),
            ),
            (json!({"reference": "https://elsewhere.example/p"}), Some(Target::Unknown)),
            (json!({"reference": "#p"}), Some(Target::Unknown)),
            (json!({"reference": "#nobody", "type": "Location"}), Some(Target::Unknown)),
            (json!({"reference": "urn:uuid:1"}), Some(Target::Unknown)),
            (json!({"identifier": {"value": "MRN-b"}, "type": "Patient"}), Some(Target::Unknown)),
            (json!({"identifier": {"value": "MRN-b"}}), Some(Target::Unknown)),
            (json!({"display": "Ben"}), Some(Target::Unknown)),
            (json!({"type": "http://example.org/StructureDefinition/x"}), Some(Target::Unknown)),
            (json!("Patient/b"), Some(Target::Unknown)),
            (json!(null), Some(Target::Unknown)),
        ] {
            let expected = expected
                .unwrap_or_else(|| Target::Here(element["reference"].as_str().unwrap().parse().unwrap()));
            assert_eq!(Target::of(&element, contained), expected, "{element}");
        }
    }

    #[test]
    fn comp_08_only_relative_references_point_anywhere() {
        for good in ["Patient/a", "Patient/a/_history/2"] {
            assert_eq!(good.parse::<Reference>().unwrap().into_patient(), "a".parse().ok(), "{good}");
        }
        assert_eq!("Group/a".parse::<Reference>().unwrap().into_patient(), None);
        for bad in [
            "#p",
            "urn:uuid:1",
            "https://elsewhere.example/fhir/Patient/a",
            "/Patient/a",
            "Patient",
            "Patient/",
            "a",
            "Patient/a/",
            "Patient/a/b",
            "patient/a",
            "Patient/a/_history",
            "Patient/a/_history/",
            "Patient?identifier=1",
        ] {
            assert_eq!(bad.parse::<Reference>(), Err(NotRelative), "{bad}");
        }
    }
}

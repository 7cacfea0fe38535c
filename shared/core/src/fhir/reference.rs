//! References between resources (FHIR R4 `references`).

use std::str::FromStr;

use serde_json::Value;

use crate::id::{PatientId, ResourceId};

use super::resource_type::ResourceType;

/// A relative reference: `Type/id`. What points to another server, to a contained resource, or names an
/// identifier only is none (requirement COMP-08).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) resource_type: ResourceType,
    pub(crate) id: ResourceId,
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

/// A text that is no relative reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotRelative;

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
    use super::*;

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

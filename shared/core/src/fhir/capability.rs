//! The `CapabilityStatement`: what this server does, told from the very tables that do it (FHIR R4
//! `capabilitystatement`; requirements CAPST-01 to CAPST-09).

use serde_json::{Value, json};

use super::FHIR_VERSION;
use super::resource_type::ResourceType;
use super::search::{MAX_COUNT, parameters};
use crate::discovery::CAPABILITIES;

/// What the statement says of this installation.
#[derive(Clone, Debug)]
pub struct Capability<'a> {
    /// The FHIR base URL, without a slash at its end.
    pub base: &'a str,
    /// The version of the software.
    pub version: &'a str,
    /// The day of this statement, `YYYY-MM-DD`: it changes with the software.
    pub date: &'a str,
    /// The authorization server, as discovery tells it.
    pub oauth: OAuthUris<'a>,
}

/// The URLs of the extension `oauth-uris` (SMART App Launch 1.0.0 "Declaring support"; kept for older clients).
#[derive(Clone, Copy, Debug)]
pub struct OAuthUris<'a> {
    /// The authorization endpoint.
    pub authorize: &'a str,
    /// The token endpoint.
    pub token: &'a str,
    /// The introspection endpoint, where it works.
    pub introspect: Option<&'a str>,
    /// The revocation endpoint, where it works.
    pub revoke: Option<&'a str>,
    /// The page where users see and end what they granted, where it works.
    pub manage: Option<&'a str>,
}

impl OAuthUris<'_> {
    const EXTENSION: &'static str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

    fn extension(&self) -> Value {
        let all = [
            ("authorize", Some(self.authorize)),
            ("token", Some(self.token)),
            ("introspect", self.introspect),
            ("revoke", self.revoke),
            ("manage", self.manage),
        ];
        let uris: Vec<_> = all
            .into_iter()
            .filter_map(|(name, url)| url.map(|url| json!({"url": name, "valueUri": url})))
            .collect();
        json!({"url": Self::EXTENSION, "extension": uris})
    }
}

/// What SMART 1 says here, and SMART 2 in its configuration: one extension for each capability (SMART App Launch 1.0.0 "Conformance").
fn capabilities() -> impl Iterator<Item = Value> {
    const EXTENSION: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities";
    CAPABILITIES.iter().map(|capability| json!({"url": EXTENSION, "valueCode": capability}))
}

const SECURITY: &str = "SMART App Launch 2.2. Each request but /metadata needs a Bearer access token whose scopes \
    allow the interaction (r: read and vread; s: search) on the type. Errors are OperationOutcomes: 400 for a \
    parameter that is wrong or not supported, 401 without a valid token, 403 where the scopes do not reach, 404 for \
    what does not exist or is outside the patients that may be seen.";

impl Capability<'_> {
    /// The statement as a resource.
    pub fn statement(&self) -> Value {
        let resources: Vec<_> = ResourceType::all().map(resource).collect();
        let service = json!({
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                "code": "SMART-on-FHIR",
                "display": "SMART-on-FHIR",
            }],
            "text": "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
        });
        json!({
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": self.date,
            "kind": "instance",
            "software": {"name": "smart-on-lambda", "version": self.version},
            "implementation": {"description": "SMART on FHIR R4 read API", "url": self.base},
            "fhirVersion": FHIR_VERSION,
            "format": ["application/fhir+json", "json"],
            "rest": [{
                "mode": "server",
                "documentation": format!(
                    "Reads and searches. An unknown search parameter or a modifier is refused with 400 by name; with \
                     `Prefer: handling=lenient` an unknown parameter is ignored. A page has at most {MAX_COUNT} matches; \
                     `_sort=date` and `-date` sort the types that have the parameter `date`."
                ),
                "security": {
                    "extension": std::iter::once(self.oauth.extension()).chain(capabilities()).collect::<Vec<_>>(),
                    "cors": true,
                    "service": [service],
                    "description": SECURITY,
                },
                "resource": resources,
            }],
        })
    }
}

fn resource(resource_type: ResourceType) -> Value {
    let search: Vec<_> = parameters(resource_type)
        .into_iter()
        .map(|parameter| json!({"name": parameter.name, "type": parameter.kind}))
        .collect();
    json!({
        "type": resource_type.as_str(),
        "interaction": [{"code": "read"}, vread(), {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": false,
        "updateCreate": false,
        "conditionalRead": "full-support",
        "searchParam": search,
    })
}

fn vread() -> Value {
    json!({"code": "vread", "documentation": "The current version; older ones are not kept."})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Value {
        let oauth = OAuthUris {
            authorize: "https://x/auth/authorize",
            token: "https://x/auth/token",
            introspect: None,
            revoke: None,
            manage: None,
        };
        Capability { base: "https://x/fhir", version: "1", date: "2026-11-24", oauth }.statement()
    }

    #[test]
    fn capst_01_and_08_what_every_statement_says() {
        let statement = statement();
        for (pointer, expected) in [
            ("/status", "active"),
            ("/date", "2026-11-24"),
            ("/kind", "instance"),
            ("/fhirVersion", "4.0.1"),
            ("/format/0", "application/fhir+json"),
            ("/rest/0/mode", "server"),
            ("/implementation/url", "https://x/fhir"),
            ("/software/version", "1"),
        ] {
            assert_eq!(statement.pointer(pointer), Some(&expected.into()), "{pointer}");
        }
    }

    #[test]
    fn capst_03_and_04_the_security_section() {
        let statement = statement();
        let security = statement.pointer("/rest/0/security").unwrap();
        assert_eq!(
            security.pointer("/extension/0"),
            Some(&json!({
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [
                    {"url": "authorize", "valueUri": "https://x/auth/authorize"},
                    {"url": "token", "valueUri": "https://x/auth/token"},
                ],
            }))
        );
        assert_eq!(security.pointer("/cors"), Some(&true.into()));
        assert_eq!(security.pointer("/service/0/coding/0/code"), Some(&"SMART-on-FHIR".into()));
        let description = security.pointer("/description").unwrap().as_str().unwrap();
        assert!(["400", "401", "403", "404"].iter().all(|status| description.contains(status)));
    }

    #[test]
    fn capst_02_types_and_searches_are_those_of_the_table() {
        let statement = statement();
        let resources = statement.pointer("/rest/0/resource").unwrap().as_array().unwrap();
        assert_eq!(resources.len(), ResourceType::all().count());
        let names = |resource_type: &str| -> Vec<String> {
            let resource = resources.iter().find(|resource| resource["type"] == resource_type).unwrap();
            let params = resource["searchParam"].as_array().unwrap();
            params.iter().map(|param| param["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            names("Observation"),
            ["_id", "_lastUpdated", "patient", "subject", "category", "code", "date", "status"]
        );
        assert_eq!(names("Condition"), ["_id", "_lastUpdated", "patient", "subject", "category", "code"]);
        assert_eq!(names("Organization"), ["_id", "_lastUpdated"]);
    }
}

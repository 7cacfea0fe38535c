//! The Bundle of brands, by SMART's profiles `user-access-brands-bundle`, `user-access-brand` and `user-access-endpoint`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::parts::{AbsentReason, Address, Category, Description, Identifier, Told, Web, Words};
use super::{Brand, Endpoint, File, Portal};
use crate::deployment::PublicUrl;
use crate::fhir::FHIR_VERSION;

/// The one endpoint: this FHIR API. Another provider's are in another provider's Bundle (BRANDS-14).
const ENDPOINT_ID: &str = "r4";

const PROFILES: &str = "http://hl7.org/fhir/smart-app-launch/StructureDefinition";
const EXTENSIONS: &str = "http://hl7.org/fhir/StructureDefinition";
const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem";

impl File {
    /// The Bundle as the service at `here` serves it.
    pub(super) fn bundle(&self, here: &PublicUrl) -> Value {
        let entry = |resource: Value| {
            let text = |name| resource.get(name).and_then(Value::as_str).unwrap_or_default();
            // Below the Bundle's own name and not below the FHIR base: its Organizations are others.
            let url = here.endpoint(&format!("/brands/{}/{}", text("resourceType"), text("id")));
            json!({ "fullUrl": url, "resource": resource })
        };
        let endpoint = self.endpoint.resource(here, self.last_updated);
        let brands = self.brands.iter().map(|brand| brand.resource(self.last_updated));
        let entries: Vec<Value> = std::iter::once(endpoint).chain(brands).map(entry).collect();
        json!({
            "resourceType": "Bundle",
            "meta": meta("user-access-brands-bundle", self.last_updated),
            "type": "collection",
            "timestamp": self.last_updated.to_string(),
            "entry": entries,
        })
    }
}

impl Endpoint {
    fn resource(&self, here: &PublicUrl, last_updated: Timestamp) -> Value {
        let contact = self.contacts.iter().map(|url| json!({ "system": "url", "value": url.as_str() }));
        without_empty(json!({
            "resourceType": "Endpoint",
            "id": ENDPOINT_ID,
            "meta": meta("user-access-endpoint", last_updated),
            "extension": [{ "url": format!("{EXTENSIONS}/endpoint-fhir-version"), "valueCode": FHIR_VERSION }],
            "status": self.status.0,
            "connectionType": coding("endpoint-connection-type", "hl7-fhir-rest"),
            "name": self.name.as_ref().map(Words::as_str),
            "contact": contact.collect::<Vec<_>>(),
            // R4 demands one, and a FHIR API has none in particular.
            "payloadType": [{ "coding": [coding("endpoint-payload-type", "none")] }],
            "address": here.fhir_base(),
        }))
    }
}

impl Brand {
    fn resource(&self, last_updated: Timestamp) -> Value {
        let portals = self.portals.iter().map(Portal::extension);
        let part_of = self.part_of.as_ref().map(|id| json!({ "reference": format!("Organization/{id}") }));
        // A brand that is part of another and has no portal of its own: the other one provides the access.
        let has_access = self.part_of.is_none() || !self.portals.is_empty();
        let endpoints: Vec<Value> = has_access.then(endpoint).into_iter().collect();
        without_empty(json!({
            "resourceType": "Organization",
            "id": self.id.as_str(),
            "meta": meta("user-access-brand", self.last_updated.unwrap_or(last_updated)),
            "extension": self.looks().into_iter().chain(portals).collect::<Vec<_>>(),
            "identifier": self.identifiers.iter().map(Identifier::to_json).collect::<Vec<_>>(),
            "active": true,
            "type": self.categories.iter().copied().map(Category::to_json).collect::<Vec<_>>(),
            "name": self.name.as_str(),
            "alias": self.aliases.iter().map(Words::as_str).collect::<Vec<_>>(),
            "telecom": [told("value", &self.website, Web::as_str, json!({ "system": "url" }))],
            "address": self.addresses.iter().map(Address::to_json).collect::<Vec<_>>(),
            "partOf": part_of,
            "endpoint": endpoints,
        }))
    }

    /// The extension `organization-brand`.
    fn looks(&self) -> Option<Value> {
        let parts =
            [link("brandLogo", self.logo.as_ref()), link("brandLogoLicense", self.logo_license.as_ref())];
        let parts: Vec<Value> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| extension("organization-brand", &parts))
    }
}

impl Portal {
    /// The extension `organization-portal`; its endpoint is among the brand's (uab-1).
    fn extension(&self) -> Value {
        let name = |name| told("valueString", name, Words::as_str, json!({ "url": "portalName" }));
        let url = |url| told("valueUrl", url, Web::as_str, json!({ "url": "portalUrl" }));
        let description =
            |text: &Description| json!({ "url": "portalDescription", "valueMarkdown": text.as_str() });
        let parts = [
            self.name.as_ref().map(name),
            self.description.as_ref().map(description),
            self.url.as_ref().map(url),
            link("portalLogo", self.logo.as_ref()),
            link("portalLogoLicense", self.logo_license.as_ref()),
            Some(json!({ "url": "portalEndpoint", "valueReference": endpoint() })),
        ];
        let parts: Vec<Value> = parts.into_iter().flatten().collect();
        extension("organization-portal", &parts)
    }
}

impl Category {
    fn to_json(self) -> Value {
        let mut coding = coding("organization-type", self.code);
        set(&mut coding, "display", self.display.into());
        json!({ "coding": [coding] })
    }
}

impl Address {
    fn to_json(&self) -> Value {
        json!({
            "line": self.line.iter().map(Words::as_str).collect::<Vec<_>>(),
            "city": self.city.as_ref().map(Words::as_str),
            "state": self.state.as_ref().map(Words::as_str),
            "postalCode": self.postal_code.as_ref().map(Words::as_str),
            "country": self.country.as_ref().map(ToString::to_string),
        })
    }
}

fn meta(profile: &str, last_updated: Timestamp) -> Value {
    json!({ "lastUpdated": last_updated.to_string(), "profile": [format!("{PROFILES}/{profile}")] })
}

fn coding(system: &str, code: &str) -> Value {
    json!({ "system": format!("{TERMINOLOGY}/{system}"), "code": code })
}

fn endpoint() -> Value {
    json!({ "reference": format!("Endpoint/{ENDPOINT_ID}") })
}

fn extension(name: &str, parts: &[Value]) -> Value {
    json!({ "url": format!("{EXTENSIONS}/{name}"), "extension": parts })
}

fn link(name: &str, url: Option<&Web>) -> Option<Value> {
    url.map(|url| json!({ "url": name, "valueUrl": url.as_str() }))
}

/// `element` with a primitive in it or, where the provider was asked and gave none, with the reason (FHIR R4 §"JSON representation
/// of primitive elements").
fn told<T>(name: &str, value: &Told<T>, as_str: fn(&T) -> &str, mut element: Value) -> Value {
    match value {
        Told::Given(value) => set(&mut element, name, as_str(value).into()),
        Told::Absent(reason) => {
            let url = format!("{EXTENSIONS}/data-absent-reason");
            let why = json!({ "extension": [{ "url": url, "valueCode": AbsentReason::as_str(*reason) }] });
            set(&mut element, &format!("_{name}"), why);
        }
    }
    element
}

fn set(element: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = element {
        members.insert(name.to_owned(), value);
    }
}

/// FHIR JSON has neither null nor an array or object without anything in it.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, without_empty(value)));
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_empty).collect()),
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

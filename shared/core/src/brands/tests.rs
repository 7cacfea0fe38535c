//! What is published of a file (`published`), what is refused of it (`refused`), and the profiles, said once more (`profiles`).

mod profiles;
mod published;
mod refused;

use serde_json::{Value, json};

use super::*;

fn here() -> PublicUrl {
    "https://smart.example".parse().unwrap()
}

fn read(file: &Value) -> Result<UserAccessBrands, Vec<String>> {
    UserAccessBrands::read(&file.to_string(), &here())
}

#[track_caller]
fn bundle(file: &Value) -> Value {
    let brands = read(file).unwrap_or_else(|faults| panic!("{faults:#?}"));
    profiles::hold(brands.bundle());
    brands.bundle().clone()
}

/// As little as can be said.
fn least() -> Value {
    json!({
        "lastUpdated": "2026-01-31T12:00:00Z",
        "endpoint": { "contact": ["https://developers.example.org"] },
        "brand": [{ "id": "health", "name": "Example Health", "website": "https://www.example.org" }],
    })
}

/// All that can be said, once at least.
fn most() -> Value {
    json!({
        "lastUpdated": "2026-01-31T12:00:00.5+01:00",
        "endpoint": {
            "name": "Example Health, FHIR R4", "status": "test",
            "contact": ["https://developers.example.org/apps", "https://example.org/help#api"],
        },
        "brand": [{
            "id": "health", "lastUpdated": "2025-06-01T00:00:00Z", "name": "Example Health",
            "website": "https://www.example.org/for/patients",
            "identifier": [
                { "system": "urn:ietf:rfc:3986", "value": "https://example.org" },
                { "system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893" },
            ],
            "type": ["prov", "laboratory"], "alias": ["Example Hospital", "St. Elsewhere’s"],
            "address": [
                { "line": ["1 Main Street", "Floor 2"], "city": "Portland", "state": "ME", "postalCode": "04101", "country": "US" },
                { "postalCode": "04103" },
            ],
            "logo": "https://www.example.org/logo.svg", "logoLicense": "https://www.example.org/logo.html",
            "portal": [
                {
                    "name": "MyExample", "url": "https://my.example.org", "description": "For adults.\nAsk at the desk.",
                    "logo": "https://my.example.org/logo.png", "logoLicense": "https://my.example.org/logo.html",
                },
                { "name": { "dataAbsentReason": "asked-unknown" }, "url": { "dataAbsentReason": "asked-declined" } },
            ],
        }, {
            "id": "clinic", "name": "Example Clinic", "website": { "dataAbsentReason": "asked-declined" },
            "identifier": [{ "system": "https://registry.example.org/clinics", "value": "7" }],
            "partOf": "health",
        }, {
            "id": "labs", "name": "Example Labs", "website": "https://labs.example.org", "type": ["laboratory"],
            "partOf": "health", "portal": [{ "name": "Results" }],
        }],
    })
}

/// `file` with another value at a JSON Pointer, or with a new member there.
fn with(mut file: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match file.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) => match name.parse::<usize>() {
            Ok(i) => items[i] = value,
            Err(_) => items.push(value),
        },
        other => panic!("{other}"),
    }
    file
}

fn without(mut file: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    file.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    file
}

//! The three profiles of SMART 2.2, their elements and constraint, written down from the `StructureDefinition`s and not from our code.

use serde_json::Value;

/// Of every Bundle that is published.
#[track_caller]
pub(super) fn hold(bundle: &Value) {
    assert_eq!((text(bundle, "/resourceType"), text(bundle, "/type")), ("Bundle", "collection"));
    assert!(
        is_instant(text(bundle, "/timestamp")) && is_instant(text(bundle, "/meta/lastUpdated")),
        "{bundle}"
    );
    nothing_is_empty(bundle);
    let entries = bundle["entry"].as_array().unwrap();
    let mut urls: Vec<&str> = entries.iter().map(|entry| text(entry, "/fullUrl")).collect();
    let mut endpoints = Vec::new();
    let mut referenced = Vec::new();
    for entry in entries {
        let resource = &entry["resource"];
        let reference = format!("{}/{}", text(resource, "/resourceType"), text(resource, "/id"));
        assert!(text(entry, "/fullUrl").starts_with("https://"));
        assert!(text(entry, "/fullUrl").ends_with(&format!("/{reference}")));
        assert!(is_instant(text(resource, "/meta/lastUpdated")));
        match text(resource, "/resourceType") {
            "Endpoint" => {
                an_endpoint_holds(resource);
                endpoints.push(reference);
            }
            "Organization" => referenced.extend(a_brand_holds(resource, bundle)),
            other => panic!("{other}"),
        }
    }
    for endpoint in &endpoints {
        assert!(referenced.contains(&endpoint.as_str()), "no brand references {endpoint}");
    }
    assert!(referenced.iter().all(|reference| endpoints.iter().any(|endpoint| endpoint == reference)));
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), entries.len(), "bdl-7");
}

/// `user-access-endpoint`.
fn an_endpoint_holds(endpoint: &Value) {
    assert!(
        ["active", "suspended", "error", "off", "entered-in-error", "test"]
            .contains(&text(endpoint, "/status"))
    );
    assert_eq!(
        text(endpoint, "/connectionType/system"),
        "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
    );
    assert_eq!(text(endpoint, "/connectionType/code"), "hl7-fhir-rest");
    let versions = extensions(endpoint, "endpoint-fhir-version");
    assert!(!versions.is_empty() && versions.iter().all(|version| text(version, "/valueCode") == "4.0.1"));
    let contacts = endpoint["contact"].as_array().unwrap();
    let is_page = |contact: &Value| {
        text(contact, "/system") == "url" && text(contact, "/value").starts_with("https://")
    };
    assert!(!contacts.is_empty() && contacts.iter().all(is_page));
    assert_eq!(endpoint["payloadType"].as_array().unwrap().len(), 1);
    assert_eq!(text(endpoint, "/payloadType/0/coding/0/code"), "none");
    assert!(text(endpoint, "/address").ends_with("/fhir"));
}

/// `user-access-brand`; which endpoints it references.
fn a_brand_holds<'a>(brand: &'a Value, bundle: &Value) -> Vec<&'a str> {
    assert!(!text(brand, "/name").is_empty());
    assert_eq!(brand["telecom"].as_array().unwrap().len(), 1);
    assert_eq!(text(brand, "/telecom/0/system"), "url");
    value_or_reason(&brand["telecom"][0], "value");
    let categories = [
        "prov",
        "ins",
        "laboratory",
        "imaging",
        "pharmacy",
        "health-information-network",
        "health-data-aggregator",
    ];
    for category in brand["type"].as_array().into_iter().flatten() {
        assert_eq!(
            text(category, "/coding/0/system"),
            "http://terminology.hl7.org/CodeSystem/organization-type"
        );
        assert!(categories.contains(&text(category, "/coding/0/code")));
    }
    if let Some(parent) = brand.pointer("/partOf/reference") {
        let of = |entry: &&Value| {
            format!("Organization/{}", text(entry, "/resource/id")) == parent.as_str().unwrap()
        };
        let parent = bundle["entry"].as_array().unwrap().iter().find(of).expect("its parent");
        assert!(parent.pointer("/resource/partOf").is_none(), "a hierarchy of more than two");
    }
    let references: Vec<&str> = brand["endpoint"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|endpoint| text(endpoint, "/reference"))
        .collect();
    for portal in extensions(brand, "organization-portal") {
        for part in portal["extension"].as_array().unwrap() {
            match text(part, "/url") {
                "portalName" => value_or_reason(part, "valueString"),
                "portalUrl" => value_or_reason(part, "valueUrl"),
                "portalDescription" => assert!(part["valueMarkdown"].is_string()),
                "portalLogo" | "portalLogoLicense" => assert!(part["valueUrl"].is_string()),
                // uab-1
                "portalEndpoint" => assert!(references.contains(&text(part, "/valueReference/reference"))),
                other => panic!("{other}"),
            }
        }
    }
    for looks in extensions(brand, "organization-brand") {
        for part in looks["extension"].as_array().unwrap() {
            assert!(
                ["brandLogo", "brandLogoLicense"].contains(&text(part, "/url"))
                    && part["valueUrl"].is_string()
            );
        }
    }
    references
}

/// A primitive, or one of the two reasons for its absence, and never both.
fn value_or_reason(element: &Value, name: &str) {
    let reason = &element[format!("_{name}")];
    assert!(element[name].is_string() != reason.is_object(), "{element}");
    if reason.is_object() {
        let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
        assert_eq!(text(reason, "/extension/0/url"), url);
        assert!(["asked-declined", "asked-unknown"].contains(&text(reason, "/extension/0/valueCode")));
    }
}

fn extensions<'a>(resource: &'a Value, name: &str) -> Vec<&'a Value> {
    let url = format!("http://hl7.org/fhir/StructureDefinition/{name}");
    resource["extension"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|extension| text(extension, "/url") == url)
        .collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn is_instant(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok() && text.contains('T') && text.ends_with('Z')
}

/// FHIR JSON has no empty array, object or text, and no null.
fn nothing_is_empty(value: &Value) {
    match value {
        Value::Object(members) => {
            assert!(!members.is_empty());
            members.values().for_each(nothing_is_empty);
        }
        Value::Array(items) => {
            assert!(!items.is_empty());
            items.iter().for_each(nothing_is_empty);
        }
        Value::String(text) => assert!(!text.is_empty()),
        other => assert!(!other.is_null()),
    }
}

//! The Bundle.

use super::*;

fn resource<'a>(bundle: &'a Value, id: &str) -> &'a Value {
    let mut resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    resources.find(|resource| resource["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn brands_07_and_09_of_the_least_that_can_be_said_comes_a_whole_bundle() {
    insta::assert_json_snapshot!(bundle(&least()), @r#"
    {
      "entry": [
        {
          "fullUrl": "https://smart.example/brands/Endpoint/r4",
          "resource": {
            "address": "https://smart.example/fhir",
            "connectionType": {
              "code": "hl7-fhir-rest",
              "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
            },
            "contact": [
              {
                "system": "url",
                "value": "https://developers.example.org/"
              }
            ],
            "extension": [
              {
                "url": "http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version",
                "valueCode": "4.0.1"
              }
            ],
            "id": "r4",
            "meta": {
              "lastUpdated": "2026-01-31T12:00:00Z",
              "profile": [
                "http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-endpoint"
              ]
            },
            "payloadType": [
              {
                "coding": [
                  {
                    "code": "none",
                    "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type"
                  }
                ]
              }
            ],
            "resourceType": "Endpoint",
            "status": "active"
          }
        },
        {
          "fullUrl": "https://smart.example/brands/Organization/health",
          "resource": {
            "active": true,
            "endpoint": [
              {
                "reference": "Endpoint/r4"
              }
            ],
            "id": "health",
            "identifier": [
              {
                "system": "urn:ietf:rfc:3986",
                "value": "https://example.org"
              }
            ],
            "meta": {
              "lastUpdated": "2026-01-31T12:00:00Z",
              "profile": [
                "http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-brand"
              ]
            },
            "name": "Example Health",
            "resourceType": "Organization",
            "telecom": [
              {
                "system": "url",
                "value": "https://www.example.org/"
              }
            ]
          }
        }
      ],
      "meta": {
        "lastUpdated": "2026-01-31T12:00:00Z",
        "profile": [
          "http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-brands-bundle"
        ]
      },
      "resourceType": "Bundle",
      "timestamp": "2026-01-31T12:00:00Z",
      "type": "collection"
    }
    "#);
}

/// BRANDS-08, BRANDS-10, BRANDS-12: each element that must be supported is told by the provider, in the provider's own words.
#[test]
#[expect(clippy::too_many_lines, reason = "all of it is shown")]
fn brands_12_all_that_can_be_said_is_published() {
    let bundle = bundle(&most());
    let endpoint = resource(&bundle, "r4");
    assert_eq!((&endpoint["status"], &endpoint["name"]), (&json!("test"), &json!("Example Health, FHIR R4")));
    let contact = ["https://developers.example.org/apps", "https://example.org/help#api"];
    assert_eq!(endpoint["contact"], json!(contact.map(|url| json!({ "system": "url", "value": url }))));
    insta::assert_json_snapshot!(resource(&bundle, "health"), @r#"
    {
      "active": true,
      "address": [
        {
          "city": "Portland",
          "country": "US",
          "line": [
            "1 Main Street",
            "Floor 2"
          ],
          "postalCode": "04101",
          "state": "ME"
        },
        {
          "postalCode": "04103"
        }
      ],
      "alias": [
        "Example Hospital",
        "St. Elsewhere’s"
      ],
      "endpoint": [
        {
          "reference": "Endpoint/r4"
        }
      ],
      "extension": [
        {
          "extension": [
            {
              "url": "brandLogo",
              "valueUrl": "https://www.example.org/logo.svg"
            },
            {
              "url": "brandLogoLicense",
              "valueUrl": "https://www.example.org/logo.html"
            }
          ],
          "url": "http://hl7.org/fhir/StructureDefinition/organization-brand"
        },
        {
          "extension": [
            {
              "url": "portalName",
              "valueString": "MyExample"
            },
            {
              "url": "portalDescription",
              "valueMarkdown": "For adults.\nAsk at the desk."
            },
            {
              "url": "portalUrl",
              "valueUrl": "https://my.example.org/"
            },
            {
              "url": "portalLogo",
              "valueUrl": "https://my.example.org/logo.png"
            },
            {
              "url": "portalLogoLicense",
              "valueUrl": "https://my.example.org/logo.html"
            },
            {
              "url": "portalEndpoint",
              "valueReference": {
                "reference": "Endpoint/r4"
              }
            }
          ],
          "url": "http://hl7.org/fhir/StructureDefinition/organization-portal"
        },
        {
          "extension": [
            {
              "_valueString": {
                "extension": [
                  {
                    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                    "valueCode": "asked-unknown"
                  }
                ]
              },
              "url": "portalName"
            },
            {
              "_valueUrl": {
                "extension": [
                  {
                    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                    "valueCode": "asked-declined"
                  }
                ]
              },
              "url": "portalUrl"
            },
            {
              "url": "portalEndpoint",
              "valueReference": {
                "reference": "Endpoint/r4"
              }
            }
          ],
          "url": "http://hl7.org/fhir/StructureDefinition/organization-portal"
        }
      ],
      "id": "health",
      "identifier": [
        {
          "system": "urn:ietf:rfc:3986",
          "value": "https://example.org"
        },
        {
          "system": "http://hl7.org/fhir/sid/us-npi",
          "value": "1234567893"
        }
      ],
      "meta": {
        "lastUpdated": "2025-06-01T00:00:00Z",
        "profile": [
          "http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-brand"
        ]
      },
      "name": "Example Health",
      "resourceType": "Organization",
      "telecom": [
        {
          "system": "url",
          "value": "https://www.example.org/for/patients"
        }
      ],
      "type": [
        {
          "coding": [
            {
              "code": "prov",
              "display": "Healthcare Provider",
              "system": "http://terminology.hl7.org/CodeSystem/organization-type"
            }
          ]
        },
        {
          "coding": [
            {
              "code": "laboratory",
              "display": "Laboratory",
              "system": "http://terminology.hl7.org/CodeSystem/organization-type"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn brands_01_a_collection_with_the_instant_of_its_last_change() {
    let bundle = bundle(&most());
    assert_eq!(bundle["type"], "collection");
    assert_eq!(bundle["timestamp"], "2026-01-31T11:00:00.5Z");
    assert_eq!(bundle["meta"]["lastUpdated"], bundle["timestamp"]);
}

#[test]
fn brands_02_a_brand_may_say_when_it_changed_last() {
    let bundle = bundle(&most());
    assert_eq!(resource(&bundle, "health")["meta"]["lastUpdated"], "2025-06-01T00:00:00Z");
    for id in ["clinic", "labs", "r4"] {
        assert_eq!(resource(&bundle, id)["meta"]["lastUpdated"], bundle["timestamp"], "{id}");
    }
}

/// BRANDS-06, BRANDS-08, BRANDS-17
#[test]
fn brands_06_and_17_the_primary_brand_has_the_endpoint_and_others_hang_below_it() {
    let bundle = bundle(&most());
    let endpoint = json!([{ "reference": "Endpoint/r4" }]);
    assert_eq!(resource(&bundle, "health")["endpoint"], endpoint);
    // Its access is the parent's.
    assert_eq!(resource(&bundle, "clinic").get("endpoint"), None);
    // It has a portal of its own.
    assert_eq!(resource(&bundle, "labs")["endpoint"], endpoint);
    for id in ["clinic", "labs"] {
        assert_eq!(resource(&bundle, id)["partOf"], json!({ "reference": "Organization/health" }));
    }
}

#[test]
fn brands_10_without_identifiers_the_recommended_one_is_made_of_the_website() {
    for (website, identifier) in [
        ("https://www.childrens.example/", "https://childrens.example"),
        ("https://childrens.example/a/b?c=d#e", "https://childrens.example"),
        ("https://www2.childrens.example", "https://www2.childrens.example"),
        ("https://WWW.Childrens.example:8443/", "https://childrens.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        let brands = read(&with(least(), "/brand/0/website", website.into())).unwrap();
        let expected = json!({ "system": "urn:ietf:rfc:3986", "value": identifier });
        assert_eq!(brands.identifier(), &expected, "{website}");
        assert_eq!(resource(brands.bundle(), "health")["identifier"], json!([expected]));
    }
}

/// BRANDS-10, BRANDS-13
#[test]
fn brands_13_the_identifier_of_the_primary_brand_is_that_of_one_organization() {
    for file in [least(), most()] {
        let brands = read(&file).unwrap();
        let identifiers = brands.bundle()["entry"].as_array().unwrap().iter().flat_map(|entry| {
            let identifiers = entry["resource"]["identifier"].as_array();
            identifiers.into_iter().flatten().map(|known| (&entry["resource"]["id"], known))
        });
        let matching: Vec<_> = identifiers.filter(|(_, known)| *known == brands.identifier()).collect();
        assert!(matches!(matching[..], [(id, _)] if id == "health"), "{matching:?}");
        assert!(brands.identifier()["system"].is_string() && brands.identifier()["value"].is_string());
    }
}

/// BRANDS-14, BRANDS-15
#[test]
fn brands_14_the_only_endpoint_is_this_fhir_api() {
    let bundle = bundle(&most());
    let endpoints = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let addresses: Vec<_> = endpoints.filter_map(|resource| resource["address"].as_str()).collect();
    assert_eq!(addresses, [here().fhir_base()]);
}

/// BRANDS-11, BRANDS-18
#[test]
fn brands_18_what_the_provider_was_asked_and_did_not_tell_has_a_reason() {
    for reason in ["asked-declined", "asked-unknown"] {
        let absent = json!({ "dataAbsentReason": reason });
        let file = with(most(), "/brand/0/website", absent.clone());
        let file = with(file, "/brand/0/portal/0/name", absent.clone());
        let bundle = bundle(&with(file, "/brand/0/portal/0/url", absent));
        let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
        let why = json!({ "extension": [{ "url": url, "valueCode": reason }] });
        let brand = resource(&bundle, "health");
        assert_eq!(brand["telecom"], json!([{ "system": "url", "_value": why }]));
        let portal = &brand["extension"][1]["extension"];
        assert_eq!(portal[0], json!({ "url": "portalName", "_valueString": why }));
        assert_eq!(portal[2], json!({ "url": "portalUrl", "_valueUrl": why }));
    }
}

#[test]
fn an_empty_list_says_nothing() {
    let mut file = least();
    for list in ["identifier", "type", "alias", "address", "portal"] {
        file = with(file, &format!("/brand/0/{list}"), json!([]));
    }
    assert_eq!(bundle(&file), bundle(&least()));
}

#[test]
fn the_address_is_that_of_the_service_also_on_loopback() {
    let here: PublicUrl = "http://localhost:8080".parse().unwrap();
    let brands = UserAccessBrands::read(&least().to_string(), &here).unwrap();
    assert_eq!(resource(brands.bundle(), "r4")["address"], "http://localhost:8080/fhir");
}

//! Whose a resource is (FHIR R4 `CompartmentDefinition/patient`), and when it happened.

use serde_json::json;

use super::*;

fn resource(value: &Value) -> Resource {
    Resource::parse(value.to_string().as_bytes()).unwrap()
}

fn patients(ids: &[&str]) -> Belonging {
    Belonging::Patients(ids.iter().map(|id| id.parse().unwrap()).collect())
}

fn to(reference: &str) -> Value {
    json!({"reference": reference})
}

#[test]
fn comp_01_to_08_whose_a_resource_is() {
    let (a, b) = (to("Patient/a"), to("Patient/b"));
    for (requirement, mut value, expected) in [
        ("COMP-01", json!({"resourceType": "Patient", "link": [{"other": b}]}), patients(&["x"])),
        ("COMP-01", json!({"resourceType": "Observation", "subject": a}), patients(&["a"])),
        (
            "COMP-01",
            json!({"resourceType": "Appointment", "participant": [{"actor": a}, {"actor": to("Practitioner/p")}, {"actor": b}]}),
            patients(&["a", "b"]),
        ),
        (
            "COMP-02",
            json!({"resourceType": "Condition", "subject": b, "asserter": a, "recorder": a}),
            patients(&["b"]),
        ),
        (
            "COMP-02",
            json!({"resourceType": "Observation", "subject": to("Group/g"), "performer": [a]}),
            Belonging::Nobody,
        ),
        (
            "COMP-02",
            json!({"resourceType": "Observation", "performer": [a], "focus": [a]}),
            Belonging::Nobody,
        ),
        (
            "COMP-02",
            json!({"resourceType": "Coverage", "beneficiary": b, "subscriber": a, "payor": [a]}),
            patients(&["b"]),
        ),
        (
            "COMP-02",
            json!({"resourceType": "AuditEvent", "agent": [{"who": a}], "entity": [{"what": b}]}),
            patients(&["b"]),
        ),
        ("COMP-03", json!({"resourceType": "Device", "patient": a}), patients(&["a"])),
        ("COMP-03", json!({"resourceType": "Device"}), Belonging::Nobody),
        ("COMP-04", json!({"resourceType": "Provenance", "target": [a]}), patients(&["a"])),
        (
            "COMP-04",
            json!({"resourceType": "Provenance", "target": [a, to("Observation/o")]}),
            Belonging::Nobody,
        ),
        ("COMP-04", json!({"resourceType": "Provenance", "target": []}), Belonging::Nobody),
        ("COMP-05", json!({"resourceType": "Practitioner"}), Belonging::Shared),
        ("COMP-05", json!({"resourceType": "Medication"}), Belonging::Shared),
        ("COMP-06", json!({"resourceType": "Group", "member": [{"entity": a}]}), Belonging::Nobody),
        ("COMP-06", json!({"resourceType": "Person", "link": [{"target": a}]}), Belonging::Nobody),
        ("COMP-06", json!({"resourceType": "RelatedPerson", "patient": a}), patients(&["a"])),
        ("COMP-07", json!({"resourceType": "Binary", "contentType": "text/plain"}), Belonging::Nobody),
        ("COMP-07", json!({"resourceType": "Binary", "securityContext": a}), patients(&["a"])),
        (
            "COMP-07",
            json!({"resourceType": "Binary", "securityContext": to("DocumentReference/d")}),
            Belonging::Nobody,
        ),
        (
            "COMP-07",
            json!({"resourceType": "List", "subject": to("#p"), "contained": [{"resourceType": "Patient", "id": "p"}]}),
            Belonging::Nobody,
        ),
        (
            "COMP-08",
            json!({"resourceType": "Observation", "subject": to("https://elsewhere.example/Patient/a")}),
            Belonging::Nobody,
        ),
        (
            "COMP-08",
            json!({"resourceType": "Observation", "subject": {"identifier": {"value": "a"}, "type": "Patient"}}),
            Belonging::Nobody,
        ),
        ("", json!({"resourceType": "Observation", "subject": [a]}), patients(&["a"])),
        ("", json!({"resourceType": "Observation", "subject": "Patient/a"}), Belonging::Nobody),
        ("", json!({"resourceType": "Bundle", "entry": [{"resource": {"subject": a}}]}), Belonging::Nobody),
    ] {
        value["id"] = "x".into();
        assert_eq!(resource(&value).belonging(), expected, "{requirement}: {value}");
    }
}

/// The types of the R4 compartment that stay without an owner here, each for its reason.
/// COMP-04, COMP-07: what follows others is whose they all are, as its store says; without a word of the store it is nobody's.
#[test]
fn comp_04_and_07_what_follows_others_is_whose_they_all_are() {
    let provenance = |targets: &[&str]| {
        let targets: Vec<_> = targets.iter().map(|target| to(target)).collect();
        resource(&json!({"resourceType": "Provenance", "id": "x", "target": targets}))
    };
    let set = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<BTreeSet<PatientId>>();
    let owners = BTreeMap::from([
        ("Observation/of-a".parse().unwrap(), set(&["a"])),
        ("Condition/of-a".parse().unwrap(), set(&["a"])),
        ("Observation/of-b".parse().unwrap(), set(&["b"])),
        ("Observation/nobodys".parse().unwrap(), set(&[])),
    ]);
    for (targets, expected, waits) in [
        (&["Observation/of-a"][..], patients(&["a"]), false),
        (&["Observation/of-a/_history/2", "Condition/of-a"], patients(&["a"]), false),
        (&["Observation/of-a", "Practitioner/p"], patients(&["a"]), false),
        (&["Observation/of-a", "Observation/of-b"], patients(&["a", "b"]), false),
        (&["Observation/of-a", "Patient/b"], patients(&["a", "b"]), false),
        (&["Observation/of-a", "Observation/nobodys"], Belonging::Nobody, false),
        (&["Observation/of-a", "Observation/unknown"], Belonging::Nobody, true),
    ] {
        let provenance = provenance(targets);
        let Ownership::Follows(followed) = provenance.ownership() else { panic!("{targets:?}") };
        let belonging = followed.belonging(&owners);
        assert_eq!((&belonging, followed.waits(&owners)), (&expected, waits), "{targets:?}");
        assert_eq!(provenance.belonging(), Belonging::Nobody, "{targets:?}");
        assert_eq!(provenance.owned_by(belonging.into_patients()).belonging(), expected, "{targets:?}");
    }
    for nobodys in [
        &["Observation/of-a", "Group/g"][..],
        &["Observation/of-a", "Provenance/y"],
        &["Observation/of-a", "https://elsewhere.example/fhir/Observation/of-b"],
        &["Practitioner/p"],
        &[],
    ] {
        let provenance = provenance(nobodys);
        assert_eq!(provenance.ownership(), Ownership::Said(Belonging::Nobody), "{nobodys:?}");
        // Nor does it help that a store says otherwise.
        assert_eq!(provenance.owned_by(set(&["a"])).belonging(), Belonging::Nobody, "{nobodys:?}");
    }
    let binary = json!({"resourceType": "Binary", "id": "x", "securityContext": to("DocumentReference/d")});
    assert!(matches!(resource(&binary).ownership(), Ownership::Follows(_)));
}

#[test]
fn comp_01_every_type_of_the_compartment_has_an_owner() {
    let closed = ["Group", "Person", "Schedule"];
    for name in [
        "Account",
        "AdverseEvent",
        "AllergyIntolerance",
        "Appointment",
        "AppointmentResponse",
        "AuditEvent",
        "Basic",
        "BodyStructure",
        "CarePlan",
        "CareTeam",
        "ChargeItem",
        "Claim",
        "ClaimResponse",
        "ClinicalImpression",
        "Communication",
        "CommunicationRequest",
        "Composition",
        "Condition",
        "Consent",
        "Coverage",
        "CoverageEligibilityRequest",
        "CoverageEligibilityResponse",
        "DetectedIssue",
        "DeviceRequest",
        "DeviceUseStatement",
        "DiagnosticReport",
        "DocumentManifest",
        "DocumentReference",
        "Encounter",
        "EnrollmentRequest",
        "EpisodeOfCare",
        "ExplanationOfBenefit",
        "FamilyMemberHistory",
        "Flag",
        "Goal",
        "Group",
        "ImagingStudy",
        "Immunization",
        "ImmunizationEvaluation",
        "ImmunizationRecommendation",
        "Invoice",
        "List",
        "MeasureReport",
        "Media",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "MolecularSequence",
        "NutritionOrder",
        "Observation",
        "Patient",
        "Person",
        "Procedure",
        "Provenance",
        "QuestionnaireResponse",
        "RelatedPerson",
        "RequestGroup",
        "ResearchSubject",
        "RiskAssessment",
        "Schedule",
        "ServiceRequest",
        "Specimen",
        "SupplyDelivery",
        "SupplyRequest",
        "Task",
        "VisionPrescription",
    ] {
        let owner = name.parse::<ResourceType>().unwrap().definition().owner;
        assert_eq!(owner == Owner::Nobody, closed.contains(&name), "{name}");
        assert_ne!(owner, Owner::Shared, "{name}");
    }
}

/// A resource whose element at `path` is a list of these.
fn with(resource_type: ResourceType, path: &str, elements: &[Value]) -> Resource {
    let mut value = json!({
        "resourceType": resource_type.as_str(), "id": "x", "contained": [{"resourceType": "Patient", "id": "b"}],
    });
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    value[head] = match rest {
        Some(rest) => elements.iter().map(|element| json!({rest: element})).collect(),
        None => elements.into(),
    };
    resource(&value)
}

/// Of every type that may have several owners: one who could be another patient closes it.
#[test]
fn comp_08_a_resource_is_not_one_patients_where_another_may_be_meant() {
    let of_several = ResourceType::all().filter_map(|resource_type| match resource_type.definition().owner {
        Owner::Of(path) | Owner::Follows(path) => Some((resource_type, path)),
        Owner::Itself | Owner::Shared | Owner::Nobody => None,
    });
    for (resource_type, path) in of_several {
        let beside = |element: Value| with(resource_type, path, &[to("Patient/a"), element]).belonging();
        assert_eq!(beside(to("Patient/b")), patients(&["a", "b"]), "{resource_type}");
        for hostile in [
            to("https://smart.example/fhir/Patient/b"),
            to("https://elsewhere.example/fhir/Patient/b/_history/1"),
            to("urn:uuid:1"),
            to("#b"),
            to("Patient?identifier=MRN-b"),
            json!({"type": "Patient", "identifier": {"value": "MRN-b"}}),
            json!({"identifier": {"value": "MRN-b"}}),
            json!({"display": "Ben"}),
        ] {
            assert_eq!(beside(hostile.clone()), Belonging::Nobody, "{resource_type}: {hostile}");
        }
        if resource_type.definition().owner == Owner::Of(path) {
            for other in
                [to("Practitioner/p"), to("https://elsewhere.example/Location/l"), json!({"type": "Device"})]
            {
                assert_eq!(beside(other.clone()), patients(&["a"]), "{resource_type}: {other}");
            }
        }
    }
}

#[test]
fn every_element_that_a_rule_names_is_read() {
    let is_read = |name: &str| READ_ELEMENTS.binary_search(&name).is_ok();
    assert!(READ_ELEMENTS.is_sorted());
    for definition in ResourceType::all().map(ResourceType::definition) {
        let owner = match definition.owner {
            Owner::Of(path) | Owner::Follows(path) => Some(path),
            Owner::Itself | Owner::Shared | Owner::Nobody => None,
        };
        for path in definition.parameters.iter().map(|parameter| parameter.path).chain(owner) {
            for head in path.split('|').map(|path| path.split('.').next().unwrap()) {
                match head.strip_suffix("[x]") {
                    Some(stem) => {
                        let forms = super::super::path::DATE_FORMS;
                        assert!(forms.iter().all(|form| is_read(&format!("{stem}{form}"))), "{path}");
                    }
                    None => assert!(is_read(head), "{path}"),
                }
            }
        }
    }
    for name in [
        "resourceType",
        "id",
        "meta",
        "contained",
        "header",
        "channel",
        "name",
        "identifier",
        "birthDate",
        "gender",
    ] {
        assert!(is_read(name), "{name}");
    }
}

#[test]
fn the_sort_date_is_the_start_of_the_parameter_date() {
    for (value, expected) in [
        (
            json!({"resourceType": "Observation", "effectiveDateTime": "2019-03"}),
            "2019-03-01T00:00:00.000000000Z",
        ),
        (
            json!({"resourceType": "Observation", "effectivePeriod": {"start": "2019-03-01T01:00:00+02:00"}}),
            "2019-02-28T23:00:00.000000000Z",
        ),
        (json!({"resourceType": "Observation", "effectivePeriod": {"end": "2019"}}), ""),
        (json!({"resourceType": "Observation", "issued": "2019-03-01T00:00:00Z"}), ""),
        (json!({"resourceType": "Immunization", "occurrenceString": "2019"}), ""),
        (
            json!({"resourceType": "MedicationRequest", "dosageInstruction": [{"timing": {"event": ["2020", "2019"]}}]}),
            "2019-01-01T00:00:00.000000000Z",
        ),
        (json!({"resourceType": "Condition", "recordedDate": "2019"}), ""),
        (
            json!({"resourceType": "DocumentReference", "date": "2019-03-01T00:00:00.5Z"}),
            "2019-03-01T00:00:00.500000000Z",
        ),
        (json!({"resourceType": "Encounter", "period": {"start": "soon"}}), ""),
    ] {
        let mut value = value;
        value["id"] = "x".into();
        assert_eq!(resource(&value).sort_date(), expected, "{value}");
    }
}

#[test]
fn the_summary_of_a_patient_prefers_the_official_name_and_the_record_number() {
    let patient = resource(&json!({
        "resourceType": "Patient", "id": "a", "birthDate": "1980-02", "gender": "female",
        "name": [
            {"use": "old", "family": "Old"},
            {"use": "usual", "text": "Mia"},
            {"use": "official", "family": "Álvarez", "given": ["María", "Luz"]},
        ],
        "identifier": [
            {"system": "urn:other", "value": "1"},
            {"type": {"coding": [{"code": "MR"}]}, "value": "mrn-7"},
            {"system": "urn:none"},
        ],
    }));
    assert_eq!(
        patient.summary(),
        Some(PatientSummary {
            id: "a".parse().unwrap(),
            name: "María Luz Álvarez".to_owned(),
            birth_date: Some("1980-02".to_owned()),
            gender: Some("female".to_owned()),
            identifiers: vec!["mrn-7".to_owned(), "1".to_owned()],
        })
    );
    let bare =
        resource(&json!({"resourceType": "Patient", "id": "a", "name": "x", "identifier": 1})).summary();
    assert_eq!(bare.unwrap().name, "a");
    assert_eq!(resource(&json!({"resourceType": "Basic", "id": "a"})).summary(), None);
}

/// COMP-05: what is shared leaves whole, so a password of another server must not get in.
#[test]
fn comp_05_a_resource_with_another_servers_password_is_refused() {
    let secret = "Authorization: Bearer partner";
    let endpoint = json!({"resourceType": "Endpoint", "id": "e", "header": [secret]});
    for refused in [
        endpoint.clone(),
        json!({"resourceType": "Subscription", "id": "s", "channel": {"header": [secret]}}),
        json!({"resourceType": "Organization", "id": "o", "contained": [endpoint]}),
    ] {
        let error = Resource::parse(refused.to_string().as_bytes()).unwrap_err();
        assert!(matches!(error, ResourceError::Credentials { .. }), "{refused}");
        let told = error.to_string();
        assert!(told.contains("header` of ") && !told.contains("partner"), "{told}");
    }
    for accepted in [
        json!({"resourceType": "Endpoint", "id": "e", "address": "https://partner.example"}),
        json!({"resourceType": "Endpoint", "id": "e", "header": []}),
        json!({"resourceType": "Subscription", "id": "s", "channel": {"type": "message"}}),
    ] {
        assert!(Resource::parse(accepted.to_string().as_bytes()).is_ok(), "{accepted}");
    }
}

#[test]
fn what_is_no_resource_is_refused() {
    for (text, expected) in [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("{}", "`resourceType`"),
        (r#"{"resourceType":"Foo","id":"a"}"#, "`resourceType`"),
        (r#"{"resourceType":1,"id":"a"}"#, "`resourceType`"),
        (r#"{"resourceType":"Basic"}"#, "`id`"),
        (r#"{"resourceType":"Basic","id":"a/b"}"#, "`id`"),
        (r#"{"resourceType":"Basic","id":"a","id":"b"}"#, "twice"),
        (
            r#"{"resourceType":"Observation","id":"a","subject":{"reference":"Patient/a","reference":"Patient/b"}}"#,
            "twice",
        ),
    ] {
        let error = Resource::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

//! Nothing of another patient leaves: every type, every route.

use serde_json::{Value, json};
use smart_core::fhir::resource_type::ResourceType;

use super::world::{World, clinic};
use super::{BASE, function, get, post_search};

const MARK: &str = "of-another-patient";

/// A resource of each type that points at patient b by every element that R4 could make it belong by.
fn of_b(resource_type: ResourceType) -> Value {
    let b = json!({"reference": "Patient/b"});
    json!({
        "resourceType": resource_type.as_str(), "id": "secret", "text": {"div": MARK}, "status": MARK,
        "subject": b, "patient": b, "beneficiary": b, "candidate": b, "individual": b, "for": b, "deliverTo": b,
        "securityContext": b, "actor": b, "target": [b], "participant": [{"actor": b}], "entity": [{"what": b}],
        // Membership by these would show it to a (COMP-02, COMP-06).
        "performer": [{"reference": "Patient/a"}], "asserter": {"reference": "Patient/a"},
        "author": [{"reference": "Patient/a"}], "recipient": [{"reference": "Patient/a"}],
        "member": [{"entity": {"reference": "Patient/a"}}], "link": [{"target": {"reference": "Patient/a"}, "other": {"reference": "Patient/a"}}],
        "agent": [{"who": {"reference": "Patient/a"}}], "focus": [{"reference": "Patient/a"}],
    })
}

fn shared() -> Vec<&'static str> {
    vec![
        "CodeSystem",
        "Endpoint",
        "HealthcareService",
        "Location",
        "Medication",
        "MedicationKnowledge",
        "Organization",
        "OrganizationAffiliation",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "Substance",
        "ValueSet",
    ]
}

async fn assert_hidden(world: &World, user: &str, scopes: &str, context: Option<&str>) {
    let bearer = world.token(user, scopes, context);
    let function = function(world);
    for resource_type in ResourceType::all().filter(|name| !shared().contains(&name.as_str())) {
        for request in [
            get(&format!("/fhir/{resource_type}/secret")),
            get(&format!("/fhir/{resource_type}/secret/_history/3")),
            get(&format!("/fhir/{resource_type}/secret")).header("if-none-match", "W/\"3\""),
            get(&format!("/fhir/{resource_type}")),
            get(&format!("/fhir/{resource_type}?_id=secret")),
            get(&format!("/fhir/{resource_type}?_lastUpdated=ge2000")),
            get(&format!("/fhir/{resource_type}?_summary=count")),
            get(&format!("/fhir/{resource_type}?patient=b")).header("prefer", "handling=lenient"),
            get(&format!("/fhir/{resource_type}?subject=Patient/b")).header("prefer", "handling=lenient"),
            post_search(resource_type.as_str(), "_id=secret"),
            get(&format!("/fhir/Patient/b/{resource_type}")),
        ] {
            let answer = request.by(&bearer).send_to(&function).await;
            let text = String::from_utf8(answer.bytes.clone()).unwrap();
            assert!(!text.contains(MARK), "{resource_type} by {user} with {scopes}");
            let hidden = match answer.status.as_u16() {
                200 => answer.json()["total"] == 0,
                status => status == 404,
            };
            assert!(hidden, "{resource_type} by {user} with {scopes}: {text}");
        }
    }
}

#[tokio::test]
async fn rs_14_and_comp_01_to_08_nothing_of_another_patient_leaves() {
    let world = World::default();
    for resource_type in ResourceType::all() {
        world.put(&of_b(resource_type));
    }
    let only = |id: &str| smart_core::user::PatientAccess::Only([id.parse().unwrap()].into());
    world.register("clinician", "Practitioner/p", &smart_core::user::PatientAccess::All);
    world.register("anna", "Patient/a", &only("a"));
    world.register("nurse", "Practitioner/q", &only("a"));
    assert_hidden(&world, "clinician", "patient/*.rs", Some("a")).await;
    assert_hidden(&world, "anna", "patient/*.rs user/*.rs", Some("a")).await;
    assert_hidden(&world, "nurse", "user/*.rs openid fhirUser", None).await;
}

/// USC-10: the same world seen by who may: the test above cannot pass for want of data.
#[tokio::test]
async fn the_same_resources_are_found_by_who_may_see_them() {
    let world = World::default();
    world.register("clinician", "Practitioner/p", &smart_core::user::PatientAccess::All);
    let bearer = world.token("clinician", "user/*.rs", None);
    let function = function(&world);
    for resource_type in ResourceType::all() {
        world.put(&of_b(resource_type));
        let read = get(&format!("/fhir/{resource_type}/secret")).by(&bearer).send_to(&function).await;
        assert!(
            read.status == 200 && String::from_utf8(read.bytes).unwrap().contains(MARK),
            "{resource_type}"
        );
        let found = get(&format!("/fhir/{resource_type}")).by(&bearer).send_to(&function).await.found();
        assert_eq!(found, [format!("{resource_type}/secret")]);
    }
}

#[tokio::test]
async fn a_resource_of_two_patients_needs_both() {
    let world = clinic();
    let anna = world.token("anna", "patient/*.rs user/*.rs", Some("a"));
    get("/fhir/Appointment/both").by(&anna).send(&world).await.is_outcome(404, "not-found");
    assert!(get("/fhir/Appointment?patient=a").by(&anna).send(&world).await.found().is_empty());
    let clinician = world.token("clinician", "user/*.rs", None);
    assert_eq!(
        get("/fhir/Appointment?patient=a").by(&clinician).send(&world).await.found(),
        ["Appointment/both"]
    );
}

/// Who else is meant cannot be told from a reference that is not relative, so the resource is nobody's.
#[tokio::test]
async fn comp_08_a_resource_of_several_patients_opens_to_none_where_others_are_named_from_afar() {
    let world = clinic();
    let a = json!({"reference": "Patient/a"});
    for (id, other) in [
        ("here", json!({"reference": format!("{BASE}/Patient/b")})),
        ("elsewhere", json!({"reference": "https://elsewhere.example/fhir/Patient/b"})),
        ("identifier", json!({"type": "Patient", "identifier": {"value": "MRN-b"}})),
    ] {
        world.put(&json!({"resourceType": "Appointment", "id": id, "participant": [{"actor": a}, {"actor": other}]}));
        world.put(&json!({"resourceType": "Account", "id": id, "subject": [a, other]}));
        world.put(&json!({"resourceType": "AuditEvent", "id": id, "entity": [{"what": a}, {"what": other}]}));
    }
    let anna = world.token("anna", "patient/*.rs user/*.rs", Some("a"));
    for resource_type in ["Appointment", "Account", "AuditEvent"] {
        for id in ["here", "elsewhere", "identifier"] {
            let answer = get(&format!("/fhir/{resource_type}/{id}")).by(&anna).send(&world).await;
            answer.is_outcome(404, "not-found");
        }
        let found = get(&format!("/fhir/{resource_type}")).by(&anna).send(&world).await.found();
        assert!(found.is_empty(), "{resource_type}: {found:?}");
    }
}

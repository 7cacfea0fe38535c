//! SMART App Launch 2.2, "Task Profile for Requesting SMART App Launch": not offered. A Task that asks for a launch is kept for nobody
//! to act on, and its profiles are not promised.

use http::Method;
use serde_json::json;

use crate::harness::{Choices, SmartApp};

#[tokio::test]
async fn tasks_that_ask_for_a_launch_are_not_promised_and_are_refused() {
    let app = SmartApp::on_wire("web").await;
    let statement = app.target.get("/fhir/metadata").send().await.ok();
    assert!(!statement.to_string().contains("smart-app-launch/StructureDefinition/task-"), "{statement}");

    let tokens = app.launch("patient/*.cruds user/*.cruds", &Choices::of("maria")).await;
    for code in ["launch-app-ehr", "launch-app-standalone"] {
        let task = json!({
            "resourceType": "Task", "status": "requested", "intent": "proposal", "for": { "reference": "Patient/maria" },
            "code": { "coding": [{ "system": "http://hl7.org/fhir/smart-app-launch/CodeSystem/smart-codes", "code": code }] },
            "input": [{
                "type": { "coding": [{ "system": "http://hl7.org/fhir/smart-app-launch/CodeSystem/smart-codes", "code": "smartonfhir-application" }] },
                "valueUrl": "https://app.example/launch",
            }],
        });
        let call = app.target.call(Method::POST, "/fhir/Task").bearer(&tokens.access_token);
        let call = call.header(http::header::CONTENT_TYPE, "application/fhir+json").body(task.to_string());
        call.send().await.is_outcome(405, "not-supported");
    }
}

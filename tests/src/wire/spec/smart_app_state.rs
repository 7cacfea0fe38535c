//! SMART App Launch 2.2, "Persisting App State": not offered, so it is nowhere listed, and whoever tries it is refused.

use http::Method;
use serde_json::json;

use crate::harness::{Choices, SmartApp};

#[tokio::test]
async fn app_state_is_not_listed_and_is_refused() {
    let app = SmartApp::on_wire("web").await;
    let capabilities = app.metadata["capabilities"].as_array().unwrap();
    assert!(!capabilities.contains(&json!("smart-app-state")));
    for endpoint in ["smart_app_state_endpoint", "associated_endpoints"] {
        assert_eq!(app.metadata.get(endpoint), None, "{endpoint}");
    }

    // Whatever the scopes of the app say, there is nothing that writes.
    let tokens = app.launch("openid fhirUser patient/*.cruds user/*.cruds", &Choices::of("maria")).await;
    let state = json!({
        "resourceType": "Basic", "subject": { "reference": format!("{}/Patient/maria", app.fhir_base()) },
        "code": { "coding": [{ "system": "https://app.example", "code": "preferences" }] },
    });
    for (method, path) in [(Method::POST, "Basic"), (Method::PUT, "Basic/x"), (Method::DELETE, "Basic/x")] {
        let call = app.target.call(method.clone(), &format!("/fhir/{path}")).bearer(&tokens.access_token);
        let call = call
            .header(http::header::CONTENT_TYPE, "application/fhir+json")
            .header(http::header::IF_MATCH, "W/\"1\"");
        call.body(state.to_string()).send().await.is_outcome(405, "not-supported");
    }
    // And nothing was kept.
    assert!(app.read(&tokens, "Basic?patient=Patient/maria").await.ids().is_empty());
}

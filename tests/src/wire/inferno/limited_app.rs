//! `g10_smart_limited_app`: the user ticks off what the app may not see; `g10_smart_granular_scope_selection`: the user grants
//! categories in place of a type.

use super::{TYPES, launched, resource_access, scopes, step};
use crate::harness::{Choices, SmartApp};

/// What the user leaves ticked: the kit's default.
const EXPECTED: [&str; 3] = ["Patient", "Condition", "Observation"];

/// ONC-05, ONC-17, USC-11: just that is granted, and searches of the other types are refused.
#[tokio::test]
async fn g10_smart_limited_app() {
    let app = SmartApp::on_wire("inferno").await;
    let refused: Vec<String> = TYPES
        .iter()
        .filter(|name| !EXPECTED.contains(name))
        .map(|name| format!("patient/{name}.rs"))
        .collect();
    let choices = refused.iter().fold(Choices::of("maria"), |choices, scope| choices.untick(scope));
    let all = scopes("launch/patient openid fhirUser offline_access", "patient", "rs");
    let tokens = launched(&app, &all, &choices).await;
    step("g10_limited_scope_grant", async {
        for name in TYPES {
            let is_granted = tokens.scopes().contains(&&*format!("patient/{name}.rs"));
            assert_eq!(is_granted, EXPECTED.contains(&name), "{name}: {}", tokens.scope);
        }
    })
    .await;
    let expected = |name: &str| EXPECTED.contains(&name);
    step("g10_restricted_resource_type_access", resource_access(&app, &tokens, expected)).await;
}

/// ONC-05, AUTHZ-23: types are asked for, categories are granted, and Patient whole.
#[tokio::test]
async fn g10_smart_granular_scope_selection() {
    let app = SmartApp::on_wire("inferno").await;
    let laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    let problems = "patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item";
    let choices = Choices::of("maria").tick(laboratory).tick(problems);
    let choices = choices.untick("patient/Observation.rs").untick("patient/Condition.rs");
    let asked = "launch/patient openid fhirUser offline_access patient/Condition.rs patient/Observation.rs patient/Patient.rs";
    let tokens = launched(&app, asked, &choices).await;
    step("g10_smart_granular_scope_selection", async {
        let scopes = tokens.scopes();
        for name in ["Condition", "Observation"] {
            assert!(!scopes.contains(&&*format!("patient/{name}.rs")), "{}", tokens.scope);
            assert!(
                scopes.iter().any(|scope| scope.starts_with(&format!("patient/{name}.rs?"))),
                "{}",
                tokens.scope
            );
        }
        assert!(scopes.contains(&"patient/Patient.rs"));
    })
    .await;
    assert_eq!(app.read(&tokens, "Condition?patient=maria").await.ids(), ["maria-diabetes"]);
}

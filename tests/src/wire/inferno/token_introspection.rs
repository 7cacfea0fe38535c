//! `g10_token_introspection_stu2_2`: the tokens of a launch, asked about by the app and by a resource server.

use super::{launched, step};
use crate::harness::{Choices, SmartApp};

/// ONC-11, USC-02, INTRO-01, INTRO-03, INTRO-04, INTRO-05, INTRO-06, INTRO-07, INTRO-08, INTRO-16. What is told of a live token is what
/// the app was told; of a token that is none, nothing.
#[tokio::test]
async fn smart_token_introspection() {
    let app = SmartApp::on_wire("inferno").await;
    let scope = "launch/patient openid fhirUser offline_access patient/Patient.rs";
    let tokens = launched(&app, scope, &Choices::of("maria")).await;
    let server = app.as_client("introspector").await;
    for asking in [&app, &server] {
        let told = step("smart_token_introspection_request_group", async {
            asking.is_inactive("invalid_token_value").await;
            asking.introspected(&tokens.access_token).await
        })
        .await;
        step("smart_token_introspection_response_group", async {
            assert_eq!(told["active"], true);
            assert_eq!(told["client_id"], "inferno");
            let mut scopes: Vec<_> = told["scope"].as_str().expect("scope").split(' ').collect();
            scopes.sort_unstable();
            assert_eq!(scopes, tokens.scopes());
            assert!(told["exp"].as_u64().expect("exp") + 600 >= app.now().as_unix());
            assert_eq!(told["patient"], "maria");
            let claims = app.verified(tokens.id_token.as_deref().expect("id_token")).await;
            for name in ["iss", "sub", "fhirUser"] {
                assert_eq!(told[name], claims[name], "{name}");
            }
        })
        .await;
    }
}

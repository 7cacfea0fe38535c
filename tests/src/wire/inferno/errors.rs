//! The groups of launches that must fail.

use super::{scopes, step};
use crate::harness::smart_app::{Asked, TokenCall, basic};
use crate::harness::world::clients::INFERNO_SECRET;
use crate::harness::{Browser, Choices, SmartApp};

fn request(app: &SmartApp) -> Asked {
    app.request(&scopes("launch/patient openid fhirUser offline_access", "patient", "read"))
}

async fn code(app: &SmartApp, asked: &Asked) -> String {
    app.code(&mut Browser::new(&app.target), asked, &Choices::of("maria")).await
}

/// ONC-07, AUTHZ-10. The app is not sent a code for the FHIR server of somebody else.
#[tokio::test]
async fn g10_smart_invalid_aud() {
    let app = SmartApp::on_wire("inferno").await;
    step("g10_smart_invalid_aud", async {
        let asked = request(&app).set("aud", "https://inferno.healthit.gov/invalid_aud");
        let answer = app.ask(&asked).await;
        let (error, _) = asked.error_in(answer.location());
        assert_eq!(error, "invalid_request");
        assert!(!answer.location().contains("code="));
    })
    .await;
}

/// ONC-07. A code that is none is 400; the code of a client that is none 400 or 401.
#[tokio::test]
async fn g10_smart_invalid_token_request_stu2() {
    let app = SmartApp::on_wire("inferno").await;
    step("g10_smart_invalid_token_request_stu2_2", async {
        let asked = request(&app);
        let code = code(&app, &asked).await;
        app.exchange(&asked, "BAD_CODE").send().await.is_token_error(400, "invalid_grant");
        let as_nobody = basic("BAD_CLIENT_ID", INFERNO_SECRET);
        let answer = app.exchange(&asked, &code).authorization(&as_nobody).send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
    })
    .await;
}

/// ONC-07, PKCE-09. 400 or 401, each with a launch of its own.
#[tokio::test]
async fn g10_smart_invalid_pkce_code_verifier_group() {
    /// Where the tokens are asked for with a changed verifier.
    async fn is_refused(app: &SmartApp, change: impl FnOnce(TokenCall, &Asked) -> TokenCall) {
        let asked = request(app);
        let code = code(app, &asked).await;
        let answer = change(app.exchange(&asked, &code), &asked).send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
    }
    let app = SmartApp::on_wire("inferno").await;
    step("smart_no_verifier_token_request", is_refused(&app, |call, _| call.without("code_verifier"))).await;
    step("smart_blank_verifier_token_request", is_refused(&app, |call, _| call.set("code_verifier", "")))
        .await;
    let incorrect = "5e1b3f44-93a1-4c3d-9d5e-4f10a6f1c001-5e1b3f44-93a1-4c3d-9d5e-4f10a6f1c002";
    step(
        "smart_bad_code_verifier_token_request",
        is_refused(&app, |call, _| call.set("code_verifier", incorrect)),
    )
    .await;
    step(
        "smart_plain_code_verifier_token_request",
        is_refused(&app, |call, asked| call.set("code_verifier", asked.get("code_challenge"))),
    )
    .await;
}

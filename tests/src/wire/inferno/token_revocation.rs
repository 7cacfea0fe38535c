//! `g10_token_revocation`: what a patient takes back is taken back within an hour. Here at once, by each of the ways there are: on the
//! page of apps, and by the app that the patient signs out of. The kit asks for the first by attestation.

use http::Method;

use super::{launched, launched_in, step};
use crate::harness::{Browser, Choices, SmartApp, Tokens};

const SCOPE: &str = "launch/patient openid fhirUser offline_access patient/Patient.rs";

/// The patient cannot be read any more, and the refresh fails. The kit gives these tests no ids of their own.
async fn has_ended(app: &SmartApp, tokens: &Tokens, patient: &str) {
    step("g10_token_revocation", async {
        let read = app.read(tokens, &format!("Patient/{patient}")).await;
        assert!([401, 403, 404].contains(&read.status), "{}", read.status);
        let refresh = app.refresh(tokens).send().await;
        assert!([400, 401].contains(&refresh.status), "{}", refresh.status);
    })
    .await;
}

/// ONC-10, REVOKE-09: a caregiver, for the patient, presses the button of that app.
#[tokio::test]
async fn g10_token_revocation_by_the_patient() {
    let app = SmartApp::on_wire("inferno").await;
    let mut browser = Browser::new(&app.target);
    let (asked, choices) = (app.request(SCOPE), Choices::of("paul").patient("lena"));
    let tokens = launched_in(&app, &mut browser, &Method::GET, &asked, &choices).await;
    app.read(&tokens, "Patient/lena").await.is(200);
    let page = browser.open(app.endpoint("management_endpoint")).await.page();
    let grant = tokens.claims()["grant"].as_str().unwrap().to_owned();
    let of_this_app = |(name, value): &(String, String)| name == "grant" && *value == grant;
    let ends = |form: &&crate::harness::page::Form| {
        form.has("grant") && form.pressing("decision", "revoke").iter().any(of_this_app)
    };
    let form = page.forms.iter().find(ends).expect("the app is on the page").clone();
    browser.press(&page, &form, "decision", "revoke").await.page();
    has_ended(&app, &tokens, "lena").await;
}

/// REVOKE-01, REVOKE-05: the app gives its token back.
#[tokio::test]
async fn g10_token_revocation_by_the_app() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, SCOPE, &Choices::of("maria")).await;
    app.read(&tokens, "Patient/maria").await.is(200);
    app.revokes(tokens.refresh_token.as_deref().unwrap()).await;
    has_ended(&app, &tokens, "maria").await;
}

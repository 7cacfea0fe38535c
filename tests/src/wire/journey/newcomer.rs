//! Nora is new, and nobody's record is linked to her account yet.

use crate::harness::smart_app::consent_form;
use crate::harness::{Browser, Choices, SmartApp};

/// LAUNCH-11, AUTHZ-25: she is told so, and goes back to the app, which hears that there is no access.
#[tokio::test]
async fn nora_has_no_patients_yet() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("openid fhirUser launch/patient patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let told = browser.sign_in(&page, "nora").await.page();
    assert_eq!((told.status, &*told.heading), (200, "No record is linked to your account"));
    assert!(told.find_form("patient").is_none());
    let left = browser.press(&told, &told.form("decision"), "decision", "deny").await.left();
    assert_eq!(asked.error_in(&left).0, "access_denied");
}

/// Where no patient is needed, an account is enough.
#[tokio::test]
async fn nora_can_sign_in_to_an_app_all_the_same() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("openid fhirUser user/Practitioner.rs", &Choices::of("nora")).await;
    assert_eq!(tokens.patient, None);
    app.read(&tokens, "Practitioner/nora").await.is(200);
}

/// She has another account, and signs in with that one instead: the app's request is still there.
#[tokio::test]
async fn nora_signs_in_with_her_other_account() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("launch/patient patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let told = browser.sign_in(&page, "nora").await.page();
    let sign_out = told.forms.iter().find(|form| form.action.path() == "/auth/sign-out").unwrap().clone();
    let gone = browser.send(&told, &sign_out, &sign_out.entering()).await.page();
    assert_eq!(gone.heading, "You are signed out");
    let page = browser.open(told.url.as_str()).await.page();
    assert_eq!(page.heading, "Sign in");
    let consent = browser.sign_in(&page, "maria").await.page();
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient.as_deref(), Some("maria"));
}

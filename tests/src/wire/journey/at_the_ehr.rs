//! Clara works in her EHR, which opens the app for one patient after another.

use serde_json::json;

use crate::harness::smart_app::{consent_form, walk};
use crate::harness::{Browser, Choices, Ehr, SmartApp};

const SCOPE: &str = "openid fhirUser launch offline_access patient/*.rs";

/// LAUNCH-02, LAUNCH-03, LAUNCH-11, LAUNCH-14, CTX-20: she signs in once; each window has its own patient, and keeps that patient for as long as it is
/// open. When she signs out, the next one asks who she is.
#[tokio::test]
async fn clara_opens_one_patient_after_another() {
    let app = SmartApp::on_wire("web").await;
    let ehr = Ehr::of(&app.target).await;
    let mut browser = Browser::new(&app.target);
    let opened = |patient: &str| {
        ehr.opens(
            "web",
            json!({ "patient": patient, "encounter": format!("{patient}-visit"), "user": "Practitioner/clara" }),
        )
    };

    // Maria comes first. Clara signs in, and sees whose record she shares.
    let marias = app.launched(SCOPE, &opened("maria").await);
    let page = browser.open(&app.url_of(&marias)).await.page();
    let consent = browser.sign_in(&page, "clara").await.page();
    assert_eq!(consent.heading, "Share Maria Álvarez’s health data with Web App?");
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let maria = app.tokens(&app.exchange(&marias, &marias.code_in(&left)).send().await);

    // Then Lena, without another sign-in, by an app that sends its request as a form (AUTHZ-02).
    let lenas = app.launched(SCOPE, &opened("lena").await);
    let authorize = url::Url::parse(app.endpoint("authorization_endpoint")).unwrap();
    let body = crate::harness::target::encode(&lenas.parameters);
    let sent = browser.ask(http::Method::POST, &authorize, body).await;
    let shown = browser.open(sent.is(303).location()).await;
    let left = walk(&mut browser, shown, &Choices::of("clara")).await;
    let lena = app.tokens(&app.exchange(&lenas, &lenas.code_in(&left)).send().await);

    // Maria's window is still Maria's, and after a refresh, too.
    let maria = app.tokens(&app.refresh(&maria).send().await);
    for (tokens, patient, other) in [(&maria, "maria", "lena"), (&lena, "lena", "maria")] {
        assert_eq!(tokens.json["patient"], patient);
        assert_eq!(tokens.json["encounter"], format!("{patient}-visit"));
        assert_eq!(app.read(tokens, &format!("Patient/{patient}")).await.ok()["id"], patient);
        app.read(tokens, &format!("Patient/{other}")).await.is(404);
    }

    // She goes home. What is opened then asks who is there.
    let page = browser.open("/auth/sign-out").await.page();
    browser.press(&page, &page.form("form_token"), "", "").await.page();
    let toms = app.launched(SCOPE, &ehr.opens("web", json!({ "patient": "tom" })).await);
    assert_eq!(browser.open(&app.url_of(&toms)).await.page().heading, "Sign in");
}

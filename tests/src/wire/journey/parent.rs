//! Paul has two children, and shares the record of one at a time.

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, SmartApp};

/// LAUNCH-13, LAUNCH-14, OIDC-05: each grant is for the child that was chosen.
#[tokio::test]
async fn paul_shares_the_record_of_one_child_at_a_time() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "paul").await.page();
    let children: Vec<_> = picker.form("patient").buttons.iter().map(|button| button.text.clone()).collect();
    assert!(children[0].starts_with("Lena Berg Born 2015-02-03"), "{children:?}");
    assert!(children[1].starts_with("Tom Berg Born 2018-11-30"), "{children:?}");

    let consent = browser.press(&picker, &picker.form("patient"), "patient", "lena").await.page();
    assert_eq!(consent.heading, "Share Lena Berg’s health data with Web App?");
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let lena = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    let tom = app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("paul").patient("tom")).await;

    assert_eq!((lena.patient.as_deref(), tom.patient.as_deref()), (Some("lena"), Some("tom")));
    assert_eq!(app.read(&lena, "Patient").await.ids(), ["lena"]);
    assert_eq!(app.read(&tom, "Patient").await.ids(), ["tom"]);
    app.read(&lena, "Observation/tom-height-2024").await.is_outcome(404, "not-found");
    app.read(&tom, "Observation/lena-bp-2024").await.is_outcome(404, "not-found");
    for tokens in [&lena, &tom] {
        let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
        assert_eq!(claims["fhirUser"], format!("{}/RelatedPerson/paul", app.fhir_base()));
        let again = app.tokens(&app.refresh(tokens).send().await);
        assert_eq!(again.patient, tokens.patient);
    }
}

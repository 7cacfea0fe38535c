//! Maria shares her own record with an app, and comes back to it.

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form, walk};
use crate::harness::world::records::MARIAS_OBSERVATIONS;
use crate::harness::{Browser, Choices, SmartApp};

/// LAUNCH-08, LAUNCH-13, AUTHZ-16, TOK-07, OIDC-04, RS-01: from the app to her data.
#[tokio::test]
async fn maria_shares_her_record_with_an_app() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);

    // The app sends her here, and she is asked who she is.
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    assert_eq!(page.heading, "Sign in");
    assert!(page.text.contains("Web App"), "{}", page.text);

    // She has one record, her own, so that the next page asks what to share of it.
    let consent = browser.sign_in(&page, "maria").await.page();
    assert_eq!(consent.heading, "Share your health data with Web App?");
    for words in ["Maria Álvarez", "1984-07-19", "MRN-1001", "Signed in as"] {
        assert!(consent.text.contains(words), "{words}: {}", consent.text);
    }
    let form = consent_form(&consent);
    let ticked: Vec<_> =
        form.checkboxes("scope").into_iter().filter(|(_, ticked)| *ticked).map(|(scope, _)| scope).collect();
    assert_eq!(ticked, ["patient/*.rs", "offline_access"]);

    // She allows it, and the app has what it asked for.
    let code = asked.code_in(&browser.press(&consent, &form, "decision", "allow").await.left());
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert_eq!(claims["fhirUser"], format!("{}/Patient/maria", app.fhir_base()));
    let patient = app.read(&tokens, &format!("Patient/{}", tokens.patient.as_deref().unwrap())).await.ok();
    assert_eq!(patient["name"][0]["family"], "Álvarez");
    assert_eq!(app.read(&tokens, "Observation?patient=maria&_sort=date").await.ids(), MARIAS_OBSERVATIONS);

    // Later the app comes for more on its own.
    let later = app.tokens(&app.refresh(&tokens).send().await);
    assert_eq!(app.read(&later, "Condition?patient=maria").await.ids().len(), 3);

    // When she opens the app again, she is still signed in, and is asked again what to share.
    let asked = app.request(ALL_OF_MARIA);
    let consent = browser.open(&app.url_of(&asked)).await.page();
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let again = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(again.claims()["sub"], tokens.claims()["sub"]);
    // The one grant has nothing to do with the other.
    assert_ne!(again.claims()["grant"], tokens.claims()["grant"]);
    app.read(&later, "Patient/maria").await.is(200);
}

/// AUTHZ-09, CAP-20: an app of the days of SMART 1 gets along.
#[tokio::test]
async fn an_app_of_the_days_of_smart_1_gets_along() {
    let app = SmartApp::on_wire("basic").await;
    // It found the endpoints in the capability statement.
    let statement = app.target.get(&format!("{}/metadata", app.fhir_base())).send().await.ok();
    let uris = &statement["rest"][0]["security"]["extension"][0]["extension"];
    assert_eq!(uris[0]["valueUri"], app.endpoint("authorization_endpoint"));
    let asked = app.request("launch/patient openid profile patient/Patient.read patient/Observation.read");
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&asked)).await;
    let code = asked.code_in(&walk(&mut browser, page, &Choices::of("maria")).await);
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    assert_eq!(
        tokens.scopes(),
        ["launch/patient", "openid", "patient/Observation.read", "patient/Patient.read", "profile"]
    );
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert_eq!(claims["profile"], format!("{}/Patient/maria", app.fhir_base()));
    app.read(&tokens, "Patient/maria").await.is(200);
}

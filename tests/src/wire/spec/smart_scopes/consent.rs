//! "Scopes for requesting clinical data": what the user makes of a request.

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::world::records::MARIAS_VITAL_SIGNS;
use crate::harness::{Browser, Choices, SmartApp};

/// AUTHZ-22, USC-04: the user may leave out each resource scope, and `offline_access`.
#[tokio::test]
async fn authz_22_each_scope_can_be_left_out() {
    let app = SmartApp::on_wire("web").await;
    let scope = "openid offline_access patient/Patient.rs patient/Observation.rs patient/Condition.rs";
    let choices = Choices::of("maria").untick("patient/Observation.rs").untick("offline_access");
    let tokens = app.launch(scope, &choices).await;
    assert_eq!(tokens.scopes(), ["openid", "patient/Condition.rs", "patient/Patient.rs"]);
    assert_eq!(tokens.refresh_token, None);
    app.read(&tokens, "Observation").await.is_outcome(403, "forbidden");
    app.read(&tokens, "Condition").await.is(200);
}

/// AUTHZ-23: the categories of US Core are offered where a whole type is asked for, and replace it when they are chosen.
#[tokio::test]
async fn authz_23_categories_are_offered_in_place_of_a_type() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("patient/Observation.rs patient/Condition.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    let form = consent_form(&consent);
    let offered = form.checkboxes("scope");
    let category = |resource_type: &str, token: &str| format!("patient/{resource_type}.rs?category={token}");
    let observation = |code: &str| {
        category("Observation", &format!("http://terminology.hl7.org/CodeSystem/observation-category|{code}"))
    };
    let condition = |code: &str| {
        category("Condition", &format!("http://terminology.hl7.org/CodeSystem/condition-category|{code}"))
    };
    for required in [
        observation("laboratory"),
        observation("social-history"),
        observation("survey"),
        observation("vital-signs"),
        category("Observation", "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh"),
        condition("encounter-diagnosis"),
        condition("problem-list-item"),
        category("Condition", "http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern"),
    ] {
        assert!(offered.contains(&(&*required, false)), "{required} is not offered: {offered:?}");
    }
    assert!(offered.contains(&("patient/Observation.rs", true)));
    let (vital_signs, problems) = (observation("vital-signs"), condition("problem-list-item"));
    let form = form.tick("scope", &vital_signs, true).tick("scope", &problems, true);
    let code = asked.code_in(&browser.press(&consent, &form, "decision", "allow").await.left());
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    let mut expected = [&*vital_signs, &*problems];
    expected.sort_unstable();
    assert_eq!(tokens.scopes(), expected);
    assert_eq!(app.read(&tokens, "Observation").await.ids(), MARIAS_VITAL_SIGNS);
    assert_eq!(app.read(&tokens, "Condition").await.ids(), ["maria-diabetes"]);
}

/// AUTHZ-21, SCOPE-13: what was not asked for is not granted, whatever a form says.
#[tokio::test]
async fn scope_13_a_forged_form_grants_no_more_than_was_asked() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("patient/Observation.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    let form = consent_form(&consent);
    let mut pairs = form.pressing("decision", "allow");
    for more in [
        "user/*.rs",
        "patient/*.rs",
        "patient/Observation.cruds",
        "offline_access",
        "openid",
        "patient/Condition.rs",
    ] {
        pairs.push(("scope".to_owned(), more.to_owned()));
    }
    let code = asked.code_in(&browser.send(&consent, &form, &pairs).await.left());
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    assert_eq!(tokens.scope, "patient/Observation.rs");
    assert_eq!(tokens.refresh_token, None);
}

/// AUTHZ-24, AUTHZ-26: the page says in plain words what each scope opens and how long, before any of it is shared.
#[tokio::test]
async fn authz_24_26_the_page_says_what_is_asked_for() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page =
        browser.open(&app.url_of(&app.request(&format!("{ALL_OF_MARIA} user/Observation.rs")))).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    let form = consent_form(&consent);
    assert!(form.checkboxes("scope").contains(&("offline_access", true)));
    for words in ["Web App", "app.example", "Maria Álvarez", "180 days", "14 days", "now and in the future"]
    {
        let said = consent.text.contains(words);
        // A browser app's access lasts two weeks from use to use, and not half a year.
        assert_eq!(said, words != "180 days", "{words}: {}", consent.text);
    }
    for jargon in ["patient/", "offline_access", ".rs", "scope"] {
        assert!(!consent.text.contains(jargon), "{jargon}: {}", consent.text);
    }
}

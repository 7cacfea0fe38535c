//! Clara looks for one of many patients.

use crate::harness::page::Page;
use crate::harness::smart_app::{consent_form, walk};
use crate::harness::world::records::WALKERS;
use crate::harness::{Browser, Choices, SmartApp};

/// The patients that a page offers.
fn offered(page: &Page) -> Vec<String> {
    let form = page.find_form("patient");
    form.map(|form| form.buttons.iter().map(|button| button.value.clone()).collect()).unwrap_or_default()
}

/// LAUNCH-08, LAUNCH-13: pages of patients, and a search that finds them by what one knows of them.
#[tokio::test]
async fn clara_finds_a_patient_among_many() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("openid fhirUser launch/patient patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let first = browser.sign_in(&page, "clara").await.page();
    assert_eq!(first.heading, "Choose a patient");

    // There are more than fit on a page, by name; the pages have each of them once.
    assert_eq!(offered(&first).len(), 20);
    let next = first.links.iter().find(|link| link.text == "More patients").unwrap();
    let second = browser.open(next.url.as_str()).await.page();
    assert_eq!(offered(&second).len(), 4 + WALKERS - 20);
    let mut all = [offered(&first), offered(&second)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4 + WALKERS);
    let previous = second.links.iter().find(|link| link.text == "Previous patients").unwrap();
    assert_eq!(offered(&browser.open(previous.url.as_str()).await.page()), offered(&first));

    // She searches, by part of a name without its accent, by birth date, by record number.
    let mut page = second;
    for (text, found) in [
        ("alvarez", &["maria"][..]),
        ("ÁLV mar", &["maria"]),
        ("berg", &["lena", "tom"]),
        ("2018-11-30", &["tom"]),
        ("mrn-2001", &["lena"]),
        ("nobody of this name", &[]),
        ("<script>alert(1)</script>", &[]),
        ("%", &[]),
    ] {
        let form = page.form("q").fill("q", text);
        page = browser.send(&page, &form, &form.entering()).await.page();
        assert_eq!(offered(&page), found, "{text}");
        assert_eq!(page.form("q").value("q"), text);
        assert_eq!(page.text.contains("None of your patients match"), found.is_empty(), "{}", page.text);
    }

    // She finds Tom, and gives the app his record.
    let form = page.form("q").fill("q", "Tom Berg");
    let found = browser.send(&page, &form, &form.entering()).await.page();
    let consent = browser.press(&found, &found.form("patient"), "patient", "tom").await.page();
    assert_eq!(consent.heading, "Share Tom Berg’s health data with Web App?");
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient.as_deref(), Some("tom"));
    assert_eq!(app.read(&tokens, "Condition").await.ids(), ["tom-cough"]);
    app.read(&tokens, "Patient/maria").await.is_outcome(404, "not-found");
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert_eq!(claims["fhirUser"], format!("{}/Practitioner/clara", app.fhir_base()));
}

/// SCOPE-09, AUTHZ-26: an app for clinicians, without a patient in context; the page says how far it reaches.
#[tokio::test]
async fn clara_lets_an_app_see_all_her_patients() {
    let app = SmartApp::on_wire("basic").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("openid fhirUser user/Patient.rs user/Observation.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "clara").await.page();
    assert_eq!(consent.heading, "Share the records of all patients you may see with Server App?");
    assert!(consent.text.contains("More than one record."), "{}", consent.text);
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient, None);
    assert_eq!(app.read(&tokens, "Patient?_summary=count").await.ok()["total"], 4 + WALKERS);
    app.read(&tokens, "Patient/lena").await.is(200);
    app.read(&tokens, "Condition/lena-flu").await.is_outcome(403, "forbidden");
}

/// LAUNCH-11: as long as no patient was chosen, there is no way around the picker.
#[tokio::test]
async fn the_picker_cannot_be_passed_over() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("patient/Patient.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "clara").await.page();
    let consent = format!("/auth/consent?{}", picker.url.query().unwrap());
    let again = browser.open(&consent).await.page();
    assert_eq!(again.heading, "Choose a patient");
    let shown = browser.press(&again, &again.form("patient"), "patient", "maria").await;
    let left = walk(&mut browser, shown, &Choices::of("clara")).await;
    assert_eq!(
        app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await).patient.as_deref(),
        Some("maria")
    );
}

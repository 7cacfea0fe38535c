//! Two windows of one browser.

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, SmartApp};

/// AUTHZ-27: two apps ask at the same time, and each gets the answer to its own question.
#[tokio::test]
async fn two_apps_ask_at_the_same_time() {
    let app = SmartApp::on_wire("web").await;
    let other = app.as_client("basic").await;
    let mut browser = Browser::new(&app.target);
    let first = app.request("patient/Observation.rs");
    let second = other.request("patient/Condition.rs");
    let page = browser.open(&app.url_of(&first)).await.page();
    let one = browser.sign_in(&page, "maria").await.page();
    let two = browser.open(&other.url_of(&second)).await.page();
    // The second answer comes first, and neither form will do for the other.
    let crossed = consent_form(&two).forge("request", consent_form(&one).value("request"));
    assert_eq!(browser.press(&two, &crossed, "decision", "allow").await.page().status, 403);
    let second_code =
        second.code_in(&browser.press(&two, &consent_form(&two), "decision", "allow").await.left());
    let first_code =
        first.code_in(&browser.press(&one, &consent_form(&one), "decision", "allow").await.left());
    let tokens = app.tokens(&app.exchange(&first, &first_code).send().await);
    assert_eq!(tokens.scope, "patient/Observation.rs");
    let tokens = other.tokens(&other.exchange(&second, &second_code).send().await);
    assert_eq!(tokens.scope, "patient/Condition.rs");
}

/// AUTHZ-27, LAUNCH-13: a decision is for what the page showed: who changes the patient in another window, is asked again.
#[tokio::test]
async fn another_patient_is_chosen_in_another_window() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "paul").await.page();
    let lena = browser.press(&picker, &picker.form("patient"), "patient", "lena").await.page();
    let tom = browser.press(&picker, &picker.form("patient"), "patient", "tom").await.page();
    assert_eq!(tom.heading, "Share Tom Berg’s health data with Web App?");
    // The page that still shows Lena shares nothing, least of all Tom's record.
    let stale = browser.press(&lena, &consent_form(&lena), "decision", "allow").await.page();
    assert_eq!((stale.status, &*stale.heading), (403, "This page is out of date"));
    let left = browser.press(&tom, &consent_form(&tom), "decision", "allow").await.left();
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient.as_deref(), Some("tom"));
}

/// SEC-10: two windows at the sign-in page. The second goes on with the session of the first, as the same user.
#[tokio::test]
async fn two_windows_at_the_sign_in_page() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let (first, second) = (app.request(ALL_OF_MARIA), app.request(ALL_OF_MARIA));
    let one = browser.open(&app.url_of(&first)).await.page();
    let two = browser.open(&app.url_of(&second)).await.page();
    let consent = browser.sign_in(&one, "maria").await.page();
    let session = browser.cookies().to_vec();
    // Somebody else has to begin anew there; nobody's session is changed under them.
    let stale = browser.sign_in(&two, "paul").await.page();
    assert_eq!((stale.status, &*stale.heading), (403, "This page is out of date"));
    let other = browser.sign_in(&two, "maria").await.page();
    assert_eq!(other.heading, "Share your health data with Web App?");
    assert_eq!(browser.cookies(), session);
    second.code_in(&browser.press(&other, &consent_form(&other), "decision", "allow").await.left());
    first.code_in(&browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
}

/// SEC-10: who signs out in one window decides nothing in the other, until they sign in again.
#[tokio::test]
async fn signing_out_in_one_window_ends_the_other() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    let page = browser.open("/auth/sign-out").await.page();
    assert_eq!(page.heading, "Sign out?");
    let form = page.forms.first().unwrap().clone();
    let gone = browser.send(&page, &form, &form.entering()).await.page();
    assert_eq!(gone.heading, "You are signed out");
    let [cookie] = browser.cookies() else { panic!("{:?}", browser.cookies()) };
    assert!(cookie.value.starts_with("o."), "no session is left: {cookie:?}");
    let refused = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
    assert_eq!(refused.status, 403);
    let page = browser.open(consent.url.as_str()).await.page();
    assert_eq!(page.heading, "Sign in");
    let consent = browser.sign_in(&page, "maria").await.page();
    asked.code_in(&browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
    // Signing out when nobody is signed in is no error.
    let mut nobody = Browser::new(&app.target);
    assert_eq!(nobody.open("/auth/sign-out").await.page().heading, "You are signed out");
}

/// SEC-10, AUTHZ-27: a session that was there before the app asked is not what a new sign-in is, whoever is named; and who has no
/// session here has no way around the form's token.
#[tokio::test]
async fn a_form_without_its_token_is_no_way_around_a_new_sign_in() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    app.launch_in(&mut browser, ALL_OF_MARIA, &crate::harness::Choices::of("maria")).await;
    // Times are in whole seconds: in the second of the sign-in itself it would count.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let asked = app.request(ALL_OF_MARIA).set("prompt", "login");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let form = page.form("password").fill("username", "maria").forge("form_token", "x");
    let refused = browser.send(&page, &form, &form.entering()).await.page();
    assert_eq!((refused.status, &*refused.heading), (403, "This page is out of date"));
    let refused = Browser::new(&app.target).send(&page, &form, &form.entering()).await.page();
    assert_eq!(refused.status, 403);
    let consent = browser.sign_in(&page, "maria").await.page();
    asked.code_in(&browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
}

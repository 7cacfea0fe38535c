//! RFC 6749 §10.2, RFC 8252 §8.6, OIDC Core §3.1.2.1 and §3.1.2.4: when the user need not be asked again, and what makes the page
//! come again (AUTHZ-21, AUTHZ-26, AUTHZ-33).

use serde_json::json;

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, Ehr, SmartApp, Tokens};

/// Whether a request is answered without a page; then the tokens are good.
async fn is_silent(app: &SmartApp, browser: &mut Browser, scope: &str, prompt: &str) -> bool {
    let asked = app.request(scope).set("prompt", prompt);
    match browser.open(&app.url_of(&asked)).await {
        crate::harness::Shown::Page(page) => {
            consent_form(&page);
            false
        }
        crate::harness::Shown::Left(url) => {
            let answer = app.exchange(&asked, &asked.code_in(&url)).send().await;
            let tokens = app.tokens(&answer);
            app.read(&tokens, "Patient/maria").await.is(200);
            true
        }
    }
}

/// What `prompt=none` is told.
async fn told(app: &SmartApp, browser: &mut Browser, scope: &str) -> String {
    let asked = app.request(scope).set("prompt", "none");
    asked.error_in(&browser.open(&app.url_of(&asked)).await.left()).0
}

async fn ends_all(app: &SmartApp, browser: &mut Browser) {
    let page = browser.open(app.endpoint("management_endpoint")).await.page();
    let forms: Vec<_> = page.forms.iter().filter(|form| form.has("grant")).cloned().collect();
    for form in forms {
        browser.press(&page, &form, "decision", "revoke").await.page();
    }
}

/// AUTHZ-26, AUTHZ-33: the same again, or less, is not asked again; more is, and so is what was taken back.
#[tokio::test]
async fn authz_33_what_was_granted_is_remembered_until_it_is_taken_back() {
    let app = SmartApp::on_wire("trusted").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    assert!(consent.text.contains("without asking you again"), "{}", consent.text);
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);

    let less = "openid launch/patient patient/Patient.rs";
    for scope in [ALL_OF_MARIA, less] {
        for prompt in ["", "none"] {
            assert!(is_silent(&app, &mut browser, scope, prompt).await, "{scope} {prompt}");
        }
    }
    // More is asked for, and the page says what is new.
    let more = "openid fhirUser launch/patient patient/*.rs user/Goal.rs";
    assert!(!is_silent(&app, &mut browser, more, "").await);
    assert_eq!(told(&app, &mut browser, more).await, "consent_required");
    let page = browser.open(&app.url_of(&app.request(more))).await.page();
    assert!(page.text.contains("It asks for more now"), "{}", page.text);
    assert_eq!(page.text.matches(" New ").count(), 2, "the one scope, and the sentence: {}", page.text);
    // The app may always wish to have the user asked.
    assert!(!is_silent(&app, &mut browser, ALL_OF_MARIA, "consent").await);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA).set("prompt", "consent"))).await.page();
    assert!(page.text.contains("It asks for nothing new."), "{}", page.text);

    ends_all(&app, &mut browser).await;
    assert!(!is_silent(&app, &mut browser, less, "").await);
    assert_eq!(told(&app, &mut browser, less).await, "consent_required");
}

/// AUTHZ-22: who left something out is asked for it again; `offline_access` is one such thing.
#[tokio::test]
async fn authz_22_what_was_refused_is_not_remembered_as_granted() {
    let app = SmartApp::on_wire("trusted").await;
    let mut browser = Browser::new(&app.target);
    let choices = Choices::of("maria").untick("offline_access");
    app.launch_in(&mut browser, ALL_OF_MARIA, &choices).await;
    assert!(!is_silent(&app, &mut browser, ALL_OF_MARIA, "").await);
    assert!(is_silent(&app, &mut browser, "openid fhirUser launch/patient patient/*.rs", "none").await);
}

/// AUTHZ-21: of one person, for one patient, by one app.
#[tokio::test]
async fn authz_21_it_is_remembered_for_one_user_one_patient_and_one_client() {
    let app = SmartApp::on_wire("trusted").await;
    let mut paul = Browser::new(&app.target);
    let scope = "launch/patient offline_access patient/Patient.rs";
    app.launch_in(&mut paul, scope, &Choices::of("paul").patient("lena")).await;
    // He is asked for whom, and then no more.
    let picker = paul.open(&app.url_of(&app.request(scope))).await.page();
    let chosen = paul.press(&picker, &picker.form("patient"), "patient", "lena").await;
    chosen.left();
    let picker = paul.open(&app.url_of(&app.request(scope))).await.page();
    let consent = paul.press(&picker, &picker.form("patient"), "patient", "tom").await.page();
    assert_eq!(consent.heading, "Share Tom Berg’s health data with Trusted App?");
    assert_eq!(told(&app, &mut paul, scope).await, "interaction_required");
    let asked = app.request(scope).set("prompt", "consent");
    let picker = paul.open(&app.url_of(&asked)).await.page();
    let consent = paul.press(&picker, &picker.form("patient"), "patient", "lena").await.page();
    consent_form(&consent);

    // Another person at the same browser, and another app.
    let asked = app.request(scope).set("prompt", "login");
    let page = paul.open(&app.url_of(&asked)).await.page();
    consent_form(&paul.sign_in(&page, "maria").await.page());
    let mut maria = Browser::new(&app.target);
    app.launch_in(&mut maria, scope, &Choices::of("maria")).await;
    let basic = app.as_client("basic").await;
    basic.launch_in(&mut maria, scope, &Choices::of("maria")).await;
    assert!(is_silent(&app, &mut maria, scope, "none").await);
    // Not where the client is not registered for it, however often it was granted.
    for other in [basic, app.as_client("web").await, app.as_client("native").await] {
        other.launch_in(&mut maria, scope, &Choices::of("maria")).await;
        assert!(!is_silent(&other, &mut maria, scope, "").await, "{}", other.client_id);
        assert_eq!(told(&other, &mut maria, scope).await, "consent_required", "{}", other.client_id);
    }
}

/// AUTHZ-26: who opens an app from the EHR again is told what it has of this patient already; of another patient, all is new.
#[tokio::test]
async fn authz_26_a_launch_tells_what_was_granted_for_its_patient_before() {
    let app = SmartApp::on_wire("web").await;
    let ehr = Ehr::of(&app.target).await;
    let scope = "openid fhirUser launch offline_access patient/*.rs";
    let mut clara = Browser::new(&app.target);
    let mut consent_for = async |patient: &str| {
        let asked = app.launched(scope, &ehr.opens("web", json!({ "patient": patient })).await);
        let shown = clara.open(&app.url_of(&asked)).await.page();
        let consent = match shown.find_form("password") {
            Some(_) => clara.sign_in(&shown, "clara").await.page(),
            None => shown,
        };
        let left = clara.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
        app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
        consent
    };
    consent_for("maria").await;
    let again = consent_for("maria").await;
    assert!(again.text.contains("It asks for nothing new."), "{}", again.text);
    let other = consent_for("lena").await;
    assert_eq!(other.heading, "Share Lena Berg’s health data with Web App?");
    assert!(other.text.contains("It asks for more now"), "{}", other.text);
    assert_eq!(other.text.matches(" New ").count(), 2, "her record, and the sentence: {}", other.text);
}

/// AUTHZ-26: what was granted to an EHR's launch answers the next one of the same patient, whatever else the EHR says; each launch
/// is used up by it. Another patient is asked about, and so are more scopes, and what the app has without an EHR is no launch.
#[tokio::test]
async fn authz_26_a_launch_is_remembered_for_its_patient() {
    let app = SmartApp::on_wire("trusted").await;
    let ehr = Ehr::of(&app.target).await;
    let scope = "launch offline_access patient/Patient.rs patient/Encounter.rs";
    let mut clara = Browser::new(&app.target);
    let alone = format!("launch/patient {scope}");
    app.launch_in(&mut clara, &alone, &Choices::of("clara").patient("maria")).await;

    let asked = app.launched(scope, &ehr.opens("trusted", json!({ "patient": "maria" })).await);
    let page = clara.open(&app.url_of(&asked)).await.page();
    assert!(page.text.contains("without asking you again"), "{}", page.text);
    let left = clara.press(&page, &consent_form(&page), "decision", "allow").await.left();
    app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);

    let visit = json!({ "encounter": "maria-visit", "intent": "reconcile-medications" });
    for (prompt, context) in [("", json!({ "patient": "maria" })), ("none", visit)] {
        let launch = ehr.opens("trusted", context.clone()).await;
        let asked = app.launched(scope, &launch).set("prompt", prompt);
        let code = asked.code_in(&clara.open(&app.url_of(&asked)).await.left());
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        assert_eq!(tokens.json.get("encounter"), context.get("encounter"));
        app.read(&tokens, "Patient/maria").await.is(200);
        let again = app.launched(scope, &launch);
        let (_, description) = again.error_in(&clara.open(&app.url_of(&again)).await.left());
        assert!(description.starts_with("launch was used before"), "{description}");
    }
    let more = format!("{scope} patient/Goal.rs");
    for (scope, patient) in [(scope, "lena"), (&more, "maria")] {
        let launch = ehr.opens("trusted", json!({ "patient": patient })).await;
        let asked = app.launched(scope, &launch);
        let told = asked.clone().set("prompt", "none");
        let (error, _) = told.error_in(&clara.open(&app.url_of(&told)).await.left());
        assert_eq!(error, "consent_required", "{scope} {patient}");
        consent_form(&clara.open(&app.url_of(&asked)).await.page());
    }
}

/// AUTHZ-26: the page promises to remember only what it does: which visit a standalone app is told is chosen each time.
#[tokio::test]
async fn authz_26_nothing_is_promised_where_the_user_chooses_each_time() {
    let app = SmartApp::on_wire("trusted").await;
    let mut maria = Browser::new(&app.target);
    let page = maria.open(&app.url_of(&app.request("launch/encounter patient/Patient.rs"))).await.page();
    let visits = maria.sign_in(&page, "maria").await.page();
    let consent = maria.press(&visits, &visits.form("encounter"), "encounter", "maria-visit").await.page();
    consent_form(&consent);
    assert!(!consent.text.contains("without asking you again"), "{}", consent.text);
}

/// AUTHZ-33: a remembered consent is no sign-in.
#[tokio::test]
async fn authz_33_who_is_not_signed_in_is_asked_to() {
    let app = SmartApp::on_wire("trusted").await;
    let tokens: Tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    let mut browser = Browser::new(&app.target);
    assert_eq!(told(&app, &mut browser, ALL_OF_MARIA).await, "login_required");
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    // Signed in, she is not asked again: it is the same person.
    asked.code_in(&browser.sign_in(&page, "maria").await.left());
    app.read(&tokens, "Patient/maria").await.is(200);
}

//! SMART App Launch 2.2, "App Launch: Launch and Authorization" and "Scopes and Launch Context": the standalone launch.

use serde_json::json;

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form, walk};
use crate::harness::{Browser, Choices, SmartApp};

/// LAUNCH-08, LAUNCH-09, CTX-01, CTX-02, CAP-07, CAP-16, TOK-15: `launch/patient` gives a patient, as the bare id of a resource
/// that the app can read.
#[tokio::test]
async fn launch_09_launch_patient_gives_a_patient() {
    let app = SmartApp::on_wire("web").await;
    let choices = Choices::of("paul").patient("tom");
    let tokens = app.launch("launch/patient patient/Patient.rs", &choices).await;
    assert_eq!(tokens.json["patient"], "tom");
    assert_eq!(app.read(&tokens, "Patient/tom").await.ok()["id"], "tom");
    // The context comes without any access, too.
    let tokens = app.launch("launch/patient openid", &choices).await;
    assert_eq!(tokens.json["patient"], "tom");
    app.read(&tokens, "Patient/tom").await.is_outcome(403, "forbidden");
}

/// LAUNCH-11, LAUNCH-12: `patient/` scopes bring a patient with them, whether or not the context was asked for.
#[tokio::test]
async fn launch_11_patient_scopes_bring_a_patient() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("patient/Patient.rs", &Choices::of("paul").patient("lena")).await;
    assert_eq!(tokens.json["patient"], "lena");
    assert_eq!(tokens.scope, "patient/Patient.rs");
    app.read(&tokens, "Patient/lena").await.is(200);
}

/// LAUNCH-13: who has one patient is not asked; who has several chooses among them, and among no others.
#[tokio::test]
async fn launch_13_users_choose_among_their_own_patients() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "paul").await.page();
    let form = picker.form("patient");
    let offered: Vec<_> = form.buttons.iter().map(|button| (&*button.name, &*button.value)).collect();
    assert_eq!(offered, [("patient", "lena"), ("patient", "tom")]);
    for other in ["maria", "nobody", "lena,tom", "../lena", "LENA"] {
        let mut pairs = form.pressing("patient", "lena");
        pairs.last_mut().unwrap().1 = other.to_owned();
        let refused = browser.send(&picker, &form, &pairs).await.page();
        assert!([400, 403].contains(&refused.status), "{other}: {}", refused.status);
        assert!(!refused.text.contains("Álvarez"));
    }
    let consent = browser.press(&picker, &form, "patient", "tom").await;
    let code = asked.code_in(&walk(&mut browser, consent, &Choices::of("paul")).await);
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    assert_eq!(tokens.json["patient"], "tom");

    // Maria has one.
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    consent_form(&browser.sign_in(&page, "maria").await.page());
}

/// AUTHZ-10 to AUTHZ-13: `aud` is the FHIR base, with or without a slash; `resource` says the same.
#[tokio::test]
async fn authz_10_to_13_aud_is_the_fhir_base() {
    let app = SmartApp::on_wire("web").await;
    let base = app.fhir_base().to_owned();
    let mut browser = Browser::new(&app.target);
    let upper = base.replacen("http", "HTTP", 1);
    for aud in [&base, &format!("{base}/"), &upper] {
        let asked = app.request(ALL_OF_MARIA).set("aud", aud);
        app.code(&mut browser, &asked, &Choices::of("maria")).await;
    }
    let resource = app.request(ALL_OF_MARIA).without("aud").set("resource", &base);
    app.code(&mut browser, &resource, &Choices::of("maria")).await;
    let both = app.request(ALL_OF_MARIA).set("resource", &base);
    app.code(&mut browser, &both, &Choices::of("maria")).await;
    for wrong in [
        "https://inferno.healthit.gov/invalid_aud",
        app.target.url().issuer(),
        &format!("{base}//"),
        &format!("{base}/Patient"),
        &format!("{base}?x=1"),
        &base.to_ascii_uppercase(),
        "fhir",
        "*",
    ] {
        let asked = app.request(ALL_OF_MARIA).set("aud", wrong);
        let left = app.authorize(&mut browser, &asked, &Choices::of("maria")).await;
        let (error, description) = asked.error_in(&left);
        assert_eq!(error, "invalid_request", "{wrong}");
        assert!(description.contains("aud"), "{description}");
        let asked = asked.set("aud", &base).set("resource", wrong);
        let (error, _) = asked.error_in(app.ask(&asked).await.is(303).location());
        assert_eq!(error, "invalid_target", "{wrong}");
    }
    let asked = app.request(ALL_OF_MARIA).without("aud");
    assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_request");
}

/// CTX-04: nothing around a standalone app shows the patient, so the app must, and is told so by a boolean.
#[tokio::test]
async fn ctx_04_the_app_must_show_whose_record_it_is() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    assert_eq!(tokens.json["need_patient_banner"], json!(true));
    let tokens = app.launch("openid user/*.rs", &Choices::of("clara")).await;
    assert_eq!(tokens.json.get("need_patient_banner"), None);
    assert_eq!(tokens.json.get("patient"), None);
}

/// CTX-16: names of types in capitals are none; without an EHR, context of other types is not granted, since nobody chooses it here.
#[tokio::test]
async fn ctx_16_other_context_is_not_granted() {
    let app = SmartApp::on_wire("web").await;
    let scope = "launch/Patient launch/Encounter launch/imagingstudy launch/patient openid";
    let tokens = app.launch(scope, &Choices::of("maria")).await;
    assert_eq!(tokens.scopes(), ["launch/patient", "openid"]);
    for member in ["encounter", "fhirContext", "intent", "tenant", "smart_style_url"] {
        assert_eq!(tokens.json.get(member), None, "{member}");
    }
}

/// CTX-17: no roles are known here; who names one gets the context that there is.
#[tokio::test]
async fn ctx_17_an_unknown_role_gets_the_context_that_there_is() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("launch/patient?role=https://x.example/role", &Choices::of("maria")).await;
    assert_eq!((tokens.json["patient"].as_str(), tokens.json.get("fhirContext")), (Some("maria"), None));
}

/// CTX-18, TOK-07: whatever stands in the answer is a name that a document defines.
#[tokio::test]
async fn ctx_18_members_have_names_that_are_defined() {
    let (_, tokens) = SmartApp::with_tokens("web").await;
    let defined = [
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "id_token",
        "refresh_token",
        "patient",
        "need_patient_banner",
    ];
    for name in tokens.json.as_object().unwrap().keys() {
        assert!(defined.contains(&&**name) || name.starts_with("__") || name.contains("://"), "{name}");
    }
}

/// AUTHZ-21, REFR-24: who was disabled cannot sign in, and hears what anybody hears.
#[tokio::test]
async fn authz_21_a_disabled_user_is_nobody() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let mut said = Vec::new();
    for (username, password) in [
        ("dora", crate::harness::world::users::PASSWORD),
        ("dora", "wrong"),
        ("nobody", crate::harness::world::users::PASSWORD),
        ("maria", "wrong"),
        ("maria", ""),
        ("MARIA", crate::harness::world::users::PASSWORD),
        ("nora", crate::harness::world::users::FREDS_PASSWORD),
    ] {
        let again = browser.sign_in_with(&page, username, password).await.page();
        assert_eq!(again.status, 401, "{username}");
        assert_eq!(again.form("password").value("username"), username);
        assert_eq!(again.form("password").value("password"), "");
        said.push(again.text);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

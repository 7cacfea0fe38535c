//! Maria does not want to share all that an app asks for, or nothing at all.

use crate::harness::smart_app::consent_form;
use crate::harness::world::records::MARIAS_LABORATORY;
use crate::harness::{Browser, Choices, SmartApp};

/// AUTHZ-17, AUTHZ-25: she says no; the app hears it, and can ask again.
#[tokio::test]
async fn maria_says_no_and_changes_her_mind() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("patient/*.rs");
    let left = app.authorize(&mut browser, &asked, &Choices::of("maria").deny()).await;
    let (error, description) = asked.error_in(&left);
    assert_eq!((&*error, &*description), ("access_denied", "the user did not give access"));
    app.launch_in(&mut browser, "patient/*.rs", &Choices::of("maria")).await;
}

/// AUTHZ-22, AUTHZ-24: no lasting access, and not everything.
#[tokio::test]
async fn maria_leaves_some_of_it_out() {
    let app = SmartApp::on_wire("web").await;
    let scope = "openid offline_access patient/Patient.rs patient/Condition.rs patient/Observation.rs";
    let choices = Choices::of("maria").untick("offline_access").untick("patient/Condition.rs");
    let tokens = app.launch(scope, &choices).await;
    assert_eq!(tokens.scopes(), ["openid", "patient/Observation.rs", "patient/Patient.rs"]);
    assert_eq!(tokens.refresh_token, None);
    app.read(&tokens, "Condition?patient=maria").await.is_outcome(403, "forbidden");
    app.read(&tokens, "Observation?patient=maria").await.is(200);
}

/// AUTHZ-23: of a type only one kind; of everything only some types.
#[tokio::test]
async fn maria_shares_some_kinds_only() {
    let app = SmartApp::on_wire("web").await;
    let laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    let tokens = app.launch("patient/Observation.rs", &Choices::of("maria").tick(laboratory)).await;
    assert_eq!(tokens.scope, laboratory);
    assert_eq!(app.read(&tokens, "Observation?patient=maria").await.ids(), MARIAS_LABORATORY);

    let choices = Choices::of("maria").tick("patient/Immunization.rs").tick("patient/Patient.rs");
    let tokens = app.launch("launch/patient patient/*.rs", &choices).await;
    assert_eq!(tokens.scopes(), ["launch/patient", "patient/Immunization.rs", "patient/Patient.rs"]);
    app.read(&tokens, "Immunization").await.is(200);
    app.read(&tokens, "Observation").await.is_outcome(403, "forbidden");
}

/// SCOPE-12, AUTHZ-25: if nothing is left, that is a no.
#[tokio::test]
async fn maria_leaves_nothing() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request("patient/Observation.rs offline_access");
    let choices = Choices::of("maria").untick("patient/Observation.rs").untick("offline_access");
    let left = app.authorize(&mut Browser::new(&app.target), &asked, &choices).await;
    assert_eq!(asked.error_in(&left).0, "access_denied");
}

/// CODE-03, AUTHZ-27: the answer counts once; Back and Reload change nothing.
#[tokio::test]
async fn maria_presses_allow_twice() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await.page();
    let form = consent_form(&consent);
    let left = browser.press(&consent, &form, "decision", "allow").await.left();
    for decision in ["allow", "deny"] {
        let told = browser.press(&consent, &form, "decision", decision).await.page();
        assert_eq!((told.status, &*told.heading), (409, "This was answered already"));
    }
    let reloaded = browser.open(consent.url.as_str()).await.page();
    assert_eq!(reloaded.status, 409);
    app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
}

/// AUTHZ-27: a request that is not there, any more or at all, shows a page, and shares nothing.
#[tokio::test]
async fn a_request_that_is_gone_is_told() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    browser.open(&app.url_of(&app.request("openid"))).await.page();
    for path in ["/auth/login", "/auth/patient", "/auth/consent"] {
        for query in
            ["", "?request=", "?request=x", "?request=sar_AAAAAAAAAAAAAAAAAAAAAA", "?request=a&request=b"]
        {
            let page = browser.open(&format!("{path}{query}")).await.page();
            assert_eq!(
                (page.status, &*page.heading),
                (400, "This sign-in is no longer open"),
                "{path}{query}"
            );
        }
    }
}

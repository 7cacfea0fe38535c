//! RFC 9700, Best Current Practice for OAuth 2.0 Security.

use http::Method;
use http::header::{HOST, SET_COOKIE};

use crate::harness::browser::Cookie;
use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, Shown, SmartApp};

/// SEC-03 (§4.11), AUTHZ-06: nothing that is sent along moves the user elsewhere.
#[tokio::test]
async fn sec_03_nobody_is_redirected_to_where_a_request_says() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked =
        app.request(ALL_OF_MARIA).set("return_to", "https://evil.example/").set("next", "//evil.example/");
    let page = browser.open(&app.url_of(&asked)).await.page();
    for (name, value) in [
        ("return_to", "https://evil.example/"),
        ("redirect_uri", "https://evil.example/"),
        ("request", "//evil.example"),
    ] {
        for path in ["/auth/login", "/auth/patient", "/auth/consent", "/auth/sign-out"] {
            let url = format!("{path}?{}", crate::harness::target::encode(&[(name, value)]));
            if let Shown::Left(url) = browser.open(&url).await {
                panic!("sent to {url}");
            }
        }
    }
    let mut pairs = page
        .form("password")
        .fill("username", "maria")
        .fill("password", crate::harness::world::users::PASSWORD)
        .entering();
    pairs.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    let consent = browser.send(&page, &page.form("password"), &pairs).await.page();
    let form = consent_form(&consent);
    let mut pairs = form.pressing("decision", "allow");
    pairs.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    asked.code_in(&browser.send(&consent, &form, &pairs).await.left());
}

/// SEC-10 (§4.7): who signs in gets a new session; a cookie that was planted before is worth nothing.
#[tokio::test]
async fn sec_10_a_planted_cookie_does_not_become_a_session() {
    let app = SmartApp::on_wire("web").await;
    // An attacker takes a cookie from the sign-in page …
    let mut attacker = Browser::new(&app.target);
    attacker.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let planted: Cookie = attacker.cookies()[0].clone();
    // … plants it in a victim's browser, and the victim signs in there.
    let mut victim = Browser::new(&app.target);
    victim.plant(planted.clone());
    let page = victim.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    assert_eq!(victim.cookies(), std::slice::from_ref(&planted));
    victim.sign_in(&page, "maria").await.page();
    assert_eq!(victim.cookies().len(), 1);
    assert_ne!(victim.cookies()[0].value, planted.value);
    // The attacker's browser is still nobody's.
    let page = attacker.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    assert!(page.find_form("password").is_some(), "{}", page.heading);
    // Nor is a cookie that calls itself signed in.
    let mut forger = Browser::new(&app.target);
    for prefix in ["s.", "s"] {
        let value = planted.value.replacen("a.", prefix, 1);
        forger.plant(Cookie { value, ..planted.clone() });
        let page = forger.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
        assert!(page.find_form("password").is_some(), "{}", page.heading);
    }
}

/// SEC-10: a second sign-in in the same browser ends the session before it.
#[tokio::test]
async fn sec_10_signing_in_again_ends_the_session_before() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let before = browser.cookies()[0].clone();
    let asked = app.request(ALL_OF_MARIA).set("prompt", "login");
    app.code(&mut browser, &asked, &Choices::of("paul").patient("tom")).await;
    let mut thief = Browser::new(&app.target);
    thief.plant(before);
    let page = thief.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    assert!(page.find_form("password").is_some(), "{}", page.heading);
}

/// SEC-10: the cookie is for this host, is not for scripts, and does not come with requests that other sites make.
#[tokio::test]
async fn sec_10_the_cookie_says_what_browsers_need() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let [cookie] = browser.cookies() else { panic!("{:?}", browser.cookies()) };
    assert!(cookie.http_only);
    assert_eq!((&*cookie.path, &*cookie.same_site), ("/", "Lax"));
    // 256 bits, as base64url.
    assert!(cookie.value.len() >= 43);
    // `__Host-` and `Secure` where there is TLS: the browser of these tests insists on it.
    assert_eq!(cookie.secure, app.target.url().issuer().starts_with("https:"));
}

/// SEC-21: neither `Host` nor a forwarding header decides an address.
#[tokio::test]
async fn sec_21_addresses_come_from_configuration() {
    let app = SmartApp::on_wire("web").await;
    let issuer = app.target.url().issuer();
    for path in
        ["/fhir/.well-known/smart-configuration", "/.well-known/openid-configuration", "/fhir/metadata"]
    {
        let plain = app.target.get(path).send().await.text();
        let forged =
            app.target.get(path).header(HOST, "evil.example").header("x-forwarded-host", "evil.example");
        let forged =
            forged.header("x-forwarded-proto", "https").header("forwarded", "host=evil.example;proto=https");
        assert_eq!(forged.send().await.text(), plain);
        assert!(plain.contains(issuer));
    }
    let asked = app.request(ALL_OF_MARIA);
    let call = app
        .target
        .get(&app.url_of(&asked))
        .header(HOST, "evil.example")
        .header("x-forwarded-host", "evil.example");
    let answer = call.send().await;
    assert!(!answer.is(200).text().contains("evil.example"));
    assert!(!answer.header(SET_COOKIE).contains("evil.example"));
    let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    let forged = app.fhir(&tokens, "Observation?_count=1").header(HOST, "evil.example");
    let bundle = forged.header("x-forwarded-host", "evil.example").send().await;
    assert!(!bundle.is(200).text().contains("evil.example"));
}

/// AUTHZ-27 (§4.7): a form counts in the browser that got it, and as it was.
#[tokio::test]
async fn authz_27_forms_are_tied_to_their_browser() {
    let app = SmartApp::on_wire("web").await;
    let mut victim = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let consent = {
        let page = victim.open(&app.url_of(&asked)).await.page();
        victim.sign_in(&page, "maria").await.page()
    };
    let mut attacker = Browser::new(&app.target);
    let theirs = {
        let page = attacker.open(&app.url_of(&app.request("user/*.rs"))).await.page();
        attacker.sign_in(&page, "paul").await.page()
    };
    let form = consent_form(&consent);
    let foreign = consent_form(&theirs).value("form_token").to_owned();
    for forged in [
        form.clone().without("form_token"),
        form.clone().forge("form_token", ""),
        form.clone().forge("form_token", &foreign),
    ] {
        for decision in ["allow", "deny"] {
            let page = victim.press(&consent, &forged, "decision", decision).await.page();
            assert_eq!(page.status, 403, "{}", page.text);
        }
    }
    // A good form in another browser is nothing either.
    let shown = attacker.press(&consent, &form, "decision", "allow").await.page();
    assert_eq!(shown.status, 400, "{}", shown.text);
    let shown = Browser::new(&app.target).press(&consent, &form, "decision", "allow").await.page();
    assert_eq!(shown.status, 403, "{}", shown.text);
    // The victim is where they were.
    asked.code_in(&victim.press(&consent, &form, "decision", "allow").await.left());
}

/// AUTHZ-27: the sign-in form, the picker and the sign-out, too.
#[tokio::test]
async fn authz_27_every_form_that_changes_something_needs_its_token() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let form = page
        .form("password")
        .fill("username", "paul")
        .fill("password", crate::harness::world::users::PASSWORD);
    let refused = browser.send(&page, &form, &form.clone().without("form_token").entering()).await.page();
    assert_eq!(refused.status, 403);
    let picker = browser.send(&page, &form, &form.entering()).await.page();
    let form = picker.form("patient");
    let refused =
        browser.press(&picker, &form.clone().forge("form_token", "x"), "patient", "lena").await.page();
    assert_eq!(refused.status, 403);
    let sign_out = picker.forms.iter().find(|form| form.action.path() == "/auth/sign-out").unwrap().clone();
    let refused =
        browser.send(&picker, &sign_out, &sign_out.clone().forge("form_token", "x").entering()).await.page();
    assert_eq!(refused.status, 403);
    // By GET nothing changes.
    let url = format!("/auth/consent?{}&decision=allow", picker.url.query().unwrap());
    browser.open(&url).await.page();
    browser.open("/auth/sign-out").await.page();
    let picker = browser.open(picker.url.as_str()).await.page();
    assert!(picker.find_form("patient").is_some(), "{}", picker.heading);
}

/// AUTHZ-29 (§4.12): the answer to a form is a redirect by which nothing is sent on.
#[tokio::test]
async fn authz_29_forms_are_answered_with_303() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let form = page
        .form("password")
        .fill("username", "maria")
        .fill("password", crate::harness::world::users::PASSWORD);
    let body = crate::harness::target::encode(&form.entering());
    let answer = browser.ask(Method::POST, &form.action, body).await;
    answer.is(303).is_kept_nowhere();
    assert_eq!(answer.header(http::header::REFERRER_POLICY), "no-referrer");
    assert!(answer.body.is_empty());
}

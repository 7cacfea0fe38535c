//! SMART App Launch 2.2, "Launch App: EHR Launch" and "Launch context": an EHR opens the app.

use http::Method;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use serde_json::{Value, json};

use crate::harness::smart_app::{basic, consent_form, walk};
use crate::harness::world::clients::{BASIC_SECRET, EHR_SECRET, SERVER_LAUNCH, WEB_LAUNCH};
use crate::harness::{Browser, Choices, Ehr, SmartApp, Target, Tokens};

const SCOPE: &str = "openid fhirUser launch offline_access patient/*.rs";

/// All that an EHR can say of a context.
fn full() -> Value {
    json!({
        "patient": "maria", "encounter": "maria-visit", "intent": "reconcile-medications", "need_patient_banner": false,
        "smart_style_url": "https://ehr.example/style-7.json", "tenant": "clinic-1",
        "fhirContext": [
            { "reference": "DocumentReference/maria-note" },
            { "reference": "Patient/lena", "role": "https://ehr.example/roles/child" },
            { "canonical": "https://ehr.example/Questionnaire/q|2.1", "type": "Questionnaire", "role": "launch" },
            { "identifier": { "system": "https://ehr.example/acc", "value": "A-1" }, "type": "ServiceRequest" },
        ],
    })
}

async fn app_and_ehr(client_id: &'static str) -> (SmartApp, Ehr) {
    let app = SmartApp::on_wire(client_id).await;
    let ehr = Ehr::of(&app.target).await;
    (app, ehr)
}

/// The whole way of an app that the EHR opened.
async fn tokens(app: &SmartApp, scope: &str, launch: &str, user: &str) -> Tokens {
    let asked = app.launched(scope, launch);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of(user)).await;
    app.tokens(&app.exchange(&asked, &code).send().await)
}

/// LAUNCH-01 to LAUNCH-05: the EHR gets the app's own launch URL, with `iss`, `launch` and what the URL had.
#[tokio::test]
async fn launch_01_to_05_the_ehr_gets_the_url_to_open() {
    let (app, ehr) = app_and_ehr("web").await;
    for (client, url) in [("web", WEB_LAUNCH), ("es384", SERVER_LAUNCH)] {
        let made = ehr.asks(client, json!({})).await.is(201).json();
        let separator = if url.contains('?') { '&' } else { '?' };
        let base = form_urlencoded::byte_serialize(app.fhir_base().as_bytes()).collect::<String>();
        let launch = made["launch"].as_str().unwrap();
        assert_eq!(made["launch_url"], format!("{url}{separator}iss={base}&launch={launch}"));
        // LAUNCH-04: 256 random bits.
        assert!(launch.starts_with("sal_") && launch.len() == 47, "{launch}");
    }
    let one = ehr.opens("web", json!({})).await;
    assert_ne!(one, ehr.opens("web", json!({})).await);
}

/// CTX-01 to CTX-11, CTX-13, CTX-20, TOK-15, CAP-06, CAP-13 to CAP-15: each thing that the EHR says arrives as it was said, and
/// again with each refresh.
#[tokio::test]
async fn ctx_01_to_20_the_app_is_told_what_the_ehr_said_and_again_at_each_refresh() {
    for client in ["web", "es384"] {
        let (app, ehr) = app_and_ehr(client).await;
        let launch = ehr.opens(client, full()).await;
        let first = tokens(&app, SCOPE, &launch, "clara").await;
        assert_eq!(first.scopes(), ["fhirUser", "launch", "offline_access", "openid", "patient/*.rs"]);
        let again = app.tokens(&app.refresh(&first).send().await);
        for tokens in [&first, &again, &app.tokens(&app.refresh(&again).send().await)] {
            for (member, said) in full().as_object().unwrap() {
                assert_eq!(&tokens.json[member], said, "{member}");
            }
        }
        // CTX-02, CTX-03: what they name can be read, and is the patient's.
        assert_eq!(app.read(&first, "Patient/maria").await.ok()["id"], "maria");
        let visit = app.read(&first, "Encounter/maria-visit").await.ok();
        assert_eq!(visit["subject"]["reference"], "Patient/maria");
        // INTRO-05: whoever asks about the token is told the same.
        let told = app.as_client("introspector").await.introspected(&first.access_token).await;
        for (member, said) in full().as_object().unwrap() {
            assert_eq!(&told[member], said, "{member}");
        }
        // Being in fhirContext opens nothing.
        app.read(&first, "Patient/lena").await.is(404);
    }
}

/// CTX-04, CTX-06, CTX-19, ONC-04: an EHR that says the patient alone has the banner shown and the style told, whatever the
/// scopes are; the style is JSON that anybody may read.
#[tokio::test]
async fn ctx_04_06_and_19_banner_and_style_come_with_every_launch() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "patient": "lena", "encounter": "lena-visit" })).await;
    let tokens = tokens(&app, "openid fhirUser launch user/*.rs", &launch, "clara").await;
    assert_eq!(tokens.json["patient"], "lena");
    assert_eq!(tokens.json["encounter"], "lena-visit");
    assert_eq!(tokens.json["need_patient_banner"], json!(true));
    for absent in ["fhirContext", "intent", "tenant"] {
        assert_eq!(tokens.json.get(absent), None, "{absent}");
    }
    // A context does not narrow what `user/` scopes open.
    app.read(&tokens, "Patient/maria").await.is(200);
    let style = tokens.json["smart_style_url"].as_str().unwrap();
    let answer = app.target.get(style).send().await;
    answer.is_open_to_all_origins();
    assert_eq!(answer.header(CONTENT_TYPE), "application/json");
    for name in ["color_background", "color_text", "dim_font_size", "font_family_body"] {
        assert!(answer.ok()[name].is_string(), "{name}");
    }
}

/// CAP-18, REFR-18: online access, asked for in an EHR launch, is a refresh token as long as the user is signed in.
#[tokio::test]
async fn cap_18_an_ehr_launch_gives_online_access_until_the_user_signs_out() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "patient": "maria" })).await;
    let asked = app.launched("launch online_access patient/*.rs", &launch);
    let mut browser = Browser::new(&app.target);
    let code = app.code(&mut browser, &asked, &Choices::of("clara")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    assert_eq!(tokens.scopes(), ["launch", "online_access", "patient/*.rs"]);
    let next = app.tokens(&app.refresh(&tokens).send().await);
    let page = browser.open("/auth/sign-out").await.page();
    let form = page.forms.first().unwrap().clone();
    browser.send(&page, &form, &form.entering()).await.page();
    app.refresh(&next).send().await.is_token_error(400, "invalid_grant");
}

/// CTX-03: whose encounter it is, is in context too.
#[tokio::test]
async fn ctx_03_an_encounter_brings_its_patient() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "encounter": "maria-visit" })).await;
    let tokens = tokens(&app, SCOPE, &launch, "clara").await;
    assert_eq!(
        (tokens.json["patient"].as_str(), tokens.json["encounter"].as_str()),
        (Some("maria"), Some("maria-visit"))
    );
}

/// LAUNCH-10, LAUNCH-12, CTX-21: `launch/*` scopes are hints in an EHR launch. What there is is told and its scope echoed; what the EHR did not
/// say is not asked for, but the patient whom `patient/` scopes need.
#[tokio::test]
async fn launch_10_and_12_launch_scopes_are_hints() {
    let (app, ehr) = app_and_ehr("web").await;
    let hints = "launch launch/patient launch/encounter patient/*.rs";
    let launch = ehr.opens("web", json!({ "patient": "maria" })).await;
    let without = tokens(&app, hints, &launch, "clara").await;
    assert_eq!(without.scopes(), ["launch", "launch/patient", "patient/*.rs"]);
    assert_eq!((without.patient.as_deref(), without.json.get("encounter")), (Some("maria"), None));
    let launch = ehr.opens("web", json!({ "encounter": "maria-visit" })).await;
    assert_eq!(tokens(&app, hints, &launch, "clara").await.scope, hints);

    let launch = ehr.opens("web", json!({ "tenant": "t" })).await;
    let asked = app.launched(hints, &launch);
    let choices = Choices::of("paul").patient("tom");
    let code = app.code(&mut Browser::new(&app.target), &asked, &choices).await;
    let chosen = app.tokens(&app.exchange(&asked, &code).send().await);
    assert_eq!((chosen.json["patient"].as_str(), chosen.json["tenant"].as_str()), (Some("tom"), Some("t")));
    assert_eq!(chosen.json["need_patient_banner"], json!(true));
    let launch = ehr.opens("web", json!({})).await;
    let nobody = tokens(&app, "openid launch user/*.rs", &launch, "clara").await;
    assert_eq!((nobody.json.get("patient"), nobody.json.get("need_patient_banner")), (None, None));
}

/// CTX-15, CTX-17, CTX-21, CTX-22: context of other types is in `fhirContext`, several of a type, and nowhere else; the scope is echoed that it
/// answers, at each refresh and introspection too, with the role that was asked for; one that it does not answer is left out.
#[tokio::test]
async fn ctx_15_to_22_other_context_is_granted_where_the_ehr_says_it() {
    let (app, ehr) = app_and_ehr("web").await;
    let said = json!([
        { "reference": "ImagingStudy/123" },
        { "reference": "ImagingStudy/124", "role": "https://ehr.example/roles/prior" },
    ]);
    let launch = ehr.opens("web", json!({ "patient": "maria", "fhirContext": said })).await;
    let kept = "launch launch/imagingstudy launch/imagingstudy?role=https://ehr.example/roles/other offline_access patient/*.rs";
    let asked = app.launched(&format!("{kept} launch/servicerequest launch/Imagingstudy"), &launch);
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "clara").await.page();
    assert!(consent.text.contains("Know what else is open"), "{}", consent.text);
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let first = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    let again = app.tokens(&app.refresh(&first).send().await);
    for tokens in [&first, &again] {
        assert_eq!((tokens.scope.as_str(), &tokens.json["fhirContext"]), (kept, &said));
        assert_eq!(tokens.json.get("imagingstudy"), None, "it is no member of its own");
    }
    let told = app.as_client("introspector").await.introspected(&again.access_token).await;
    assert_eq!((told["scope"].as_str(), &told["fhirContext"]), (Some(kept), &said));

    // Named by an identifier; and a launch that says nothing of it.
    let order = json!([{ "identifier": { "value": "A-1" }, "type": "ServiceRequest" }]);
    let scope = "launch launch/imagingstudy launch/servicerequest patient/*.rs";
    for (fhir_context, granted) in
        [(order, "launch launch/servicerequest patient/*.rs"), (json!([]), "launch patient/*.rs")]
    {
        let context = json!({ "patient": "maria", "fhirContext": fhir_context });
        let launch = ehr.opens("web", context).await;
        assert_eq!(tokens(&app, scope, &launch, "clara").await.scope, granted);
    }
}

/// LAUNCH-04, LAUNCH-06, AUTHZ-14: a launch that is unknown, another app's or used gives no code, and the app is told which it is.
#[tokio::test]
async fn launch_06_a_launch_that_is_none_of_the_apps_gives_no_code() {
    let (app, ehr) = app_and_ehr("web").await;
    let used = ehr.opens("web", json!({ "patient": "maria" })).await;
    tokens(&app, SCOPE, &used, "maria").await;
    let foreign = ehr.opens("es384", json!({ "patient": "maria" })).await;
    let unknown = format!("sal_{}", "A".repeat(43));
    let mut browser = Browser::new(&app.target);
    for _ in 0..2 {
        for (launch, told) in [
            (&used, "launch was used before"),
            (&foreign, "launch was made for another client"),
            (&unknown, "launch is unknown here"),
            (&"handle".to_owned(), "launch is unknown here"),
            (&format!("{used}x"), "launch is unknown here"),
        ] {
            let asked = app.launched(SCOPE, launch);
            let left = browser.open(&app.url_of(&asked)).await.left();
            let (error, description) = asked.error_in(&left);
            assert_eq!(error, "invalid_request");
            assert!(description.starts_with(told), "{description}");
        }
        // Once more as somebody who is signed in.
        app.code(&mut browser, &app.request("openid"), &Choices::of("maria")).await;
    }
    // Nor has looking at it used the other app's launch up.
    tokens(&app.as_client("es384").await, SCOPE, &foreign, "maria").await;
}

/// LAUNCH-07: a launch without the scope is ignored, and left as it is; the scope without a launch is left out.
#[tokio::test]
async fn launch_07_the_scope_and_the_parameter_count_together() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "patient": "lena" })).await;
    let ignored = tokens(&app, "launch/patient patient/*.rs", &launch, "maria").await;
    assert_eq!((ignored.patient.as_deref(), ignored.json.get("smart_style_url")), (Some("maria"), None));
    let alone = app.launch("launch launch/patient patient/*.rs", &Choices::of("maria")).await;
    assert_eq!(alone.scopes(), ["launch/patient", "patient/*.rs"]);
    assert_eq!(tokens(&app, SCOPE, &launch, "clara").await.patient.as_deref(), Some("lena"));
}

/// LAUNCH-04: pages that are loaded again, an app that is started over, and a user who says no first burn nothing; the code does.
#[tokio::test]
async fn launch_04_only_a_code_uses_a_launch_up() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "patient": "maria" })).await;
    let mut browser = Browser::new(&app.target);
    let asked = app.launched(SCOPE, &launch);
    for _ in 0..3 {
        browser.open(&app.url_of(&asked)).await.page();
    }
    let left = app.authorize(&mut browser, &asked, &Choices::of("maria").deny()).await;
    assert_eq!(asked.error_in(&left).0, "access_denied");

    // Two windows at once: the one that is answered first has it.
    let (one, two) = (app.launched(SCOPE, &launch), app.launched(SCOPE, &launch));
    let first = browser.open(&app.url_of(&one)).await.page();
    let second = browser.open(&app.url_of(&two)).await.page();
    let left = browser.press(&second, &consent_form(&second), "decision", "allow").await.left();
    let code = two.code_in(&left);
    let left = browser.press(&first, &consent_form(&first), "decision", "allow").await.left();
    let (error, description) = one.error_in(&left);
    assert_eq!(error, "invalid_request");
    assert!(description.starts_with("launch was used before"), "{description}");
    assert_eq!(app.tokens(&app.exchange(&two, &code).send().await).patient.as_deref(), Some("maria"));
    // What was refused is over, whatever is pressed.
    let again = browser.press(&first, &consent_form(&first), "decision", "allow").await.page();
    assert_eq!(again.status, 409);
}

/// LAUNCH-14: the patient is the launch's. No form and no parameter of the user or the app changes it.
#[tokio::test]
async fn launch_14_the_patient_of_a_launch_cannot_be_changed() {
    let (app, ehr) = app_and_ehr("web").await;
    let launch = ehr.opens("web", json!({ "patient": "lena" })).await;
    let asked =
        app.launched("launch launch/patient launch/encounter patient/*.rs", &launch).set("patient", "tom");
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "paul").await.page();
    assert_eq!(consent.heading, "Share Lena Berg’s health data with Web App?");
    let form = consent_form(&consent);
    let request = form.value("request");
    // The picker is not for this one, nor is that of visits.
    for picker in ["patient", "encounter"] {
        let there = browser.open(&format!("/auth/{picker}?request={request}")).await.page();
        assert_eq!(there.heading, consent.heading, "{picker}");
    }
    // A form of the picker, forged with a token that this browser was given for this request.
    let other = browser.open(&app.url_of(&app.request("launch/patient patient/*.rs"))).await.page();
    let mut pairs = other.form("patient").pressing("patient", "tom");
    for (name, value) in &mut pairs {
        if name == "request" {
            request.clone_into(value);
        }
    }
    let forged = browser.send(&other, &other.form("patient"), &pairs).await.page();
    assert_eq!(forged.status, 403, "its token is of another request");
    let left = browser.press(&consent, &form, "decision", "allow").await.left();
    let call = app.exchange(&asked, &asked.code_in(&left)).set("patient", "tom").set("launch", &launch);
    assert_eq!(app.tokens(&call.send().await).patient.as_deref(), Some("lena"));
}

/// LAUNCH-04: a launch for a named user is that user's. If they are signed in here they are not asked again; anybody else is asked
/// who they are.
#[tokio::test]
async fn launch_04_a_launch_for_a_user_is_theirs() {
    let (app, ehr) = app_and_ehr("web").await;
    let claras = json!({ "patient": "maria", "user": "Practitioner/clara" });

    // Clara is here already.
    let mut browser = Browser::new(&app.target);
    app.code(&mut browser, &app.request("openid"), &Choices::of("clara")).await;
    let asked = app.launched(SCOPE, &ehr.opens("web", claras.clone()).await);
    let page = browser.open(&app.url_of(&asked)).await.page();
    assert_eq!(page.heading, "Share Maria Álvarez’s health data with Web App?");

    // Maria is, and the launch is Clara's.
    let mut browser = Browser::new(&app.target);
    app.code(&mut browser, &app.request("openid"), &Choices::of("maria")).await;
    let asked = app.launched(SCOPE, &ehr.opens("web", claras).await);
    let page = browser.open(&app.url_of(&asked)).await.page();
    assert_eq!(page.heading, "Sign in");
    let again = browser.sign_in(&page, "maria").await.page();
    assert_eq!((again.status, &*again.heading), (401, "Sign in"));
    assert!(again.text.contains("started for somebody else"), "{}", again.text);
    let request = again.form("password").value("request").to_owned();
    assert_eq!(browser.open(&format!("/auth/consent?request={request}")).await.page().heading, "Sign in");
    let consent = browser.sign_in(&again, "clara").await;
    let left = walk(&mut browser, consent, &Choices::of("clara")).await;
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert!(claims["fhirUser"].as_str().unwrap().ends_with("/Practitioner/clara"), "{claims}");
}

/// LAUNCH-13: whom the user may not see, no launch opens, and the page does not say who it is.
#[tokio::test]
async fn launch_13_a_launch_opens_no_patient_whom_the_user_may_not_see() {
    let (app, ehr) = app_and_ehr("web").await;
    for (user, patient) in [("maria", "lena"), ("paul", "maria"), ("nora", "tom")] {
        let asked = app.launched(SCOPE, &ehr.opens("web", json!({ "patient": patient })).await);
        let mut browser = Browser::new(&app.target);
        let page = browser.open(&app.url_of(&asked)).await.page();
        let page = browser.sign_in(&page, user).await.page();
        assert_eq!(page.heading, "You may not open this record", "{user}");
        for name in ["Lena", "Álvarez", "Tom"] {
            assert!(user == "maria" && name == "Álvarez" || !page.text.contains(name), "{}", page.text);
        }
        let form = page.form("decision");
        // The form cannot be made to say yes.
        let mut pairs = form.pressing("decision", "deny");
        "allow".clone_into(&mut pairs.last_mut().unwrap().1);
        let forged = browser.send(&page, &form, &pairs).await.page();
        assert_eq!(forged.status, 403);
        let left = browser.press(&page, &form, "decision", "deny").await.left();
        assert_eq!(asked.error_in(&left).0, "access_denied");
    }
}

/// RFC 6750, LAUNCH-04: launches are made by the client that may, with a token of its own, and by nobody else.
#[tokio::test]
async fn launch_04_only_an_ehr_makes_launches() {
    let app = SmartApp::on_wire("web").await;
    let users = app.launch("openid patient/*.rs", &Choices::of("maria")).await;
    let body = json!({ "client_id": "web" }).to_string();
    let call = |authorization: &str| {
        let call = app.target.call(Method::POST, "/auth/launch").header(CONTENT_TYPE, "application/json");
        let call = if authorization.is_empty() { call } else { call.header("authorization", authorization) };
        call.body(body.clone()).send()
    };
    for nobody in ["", &basic("ehr", EHR_SECRET), &basic("basic", BASIC_SECRET), "Token x"] {
        assert_eq!(call(nobody).await.is(401).bearer_challenge(), "", "{nobody}");
    }
    for bad in ["Bearer garbage", "Bearer ", "Bearer a b", &format!("Bearer {}", users.id_token.unwrap())] {
        assert_eq!(call(bad).await.is(401).bearer_challenge(), "invalid_token", "{bad}");
    }
    let answer = call(&format!("Bearer {}", users.access_token)).await;
    assert_eq!(answer.is(403).bearer_challenge(), "insufficient_scope");
    assert_eq!(answer.json()["error"], "insufficient_scope");

    // A token that was given back.
    let ehr = Ehr::of(&app.target).await;
    ehr.opens("web", json!({})).await;
    app.as_client("ehr").await.revocation(ehr.token()).send().await.is(200);
    assert_eq!(ehr.asks("web", json!({})).await.is(401).bearer_challenge(), "invalid_token");

    if app.target.app().is_none() {
        return;
    }
    for (changes, status) in [
        (json!({ "scope": "system/*.rs" }), 403),
        (json!({ "scope": "__launch.created __launch" }), 403),
        // Registered for something else, whatever the token says.
        (json!({ "client_id": "backend", "sub": "backend" }), 403),
        (json!({ "client_id": "nobody", "sub": "nobody" }), 401),
        (json!({ "client_id": "disabled", "sub": "disabled" }), 401),
        (json!({ "sub": "somebody" }), 401),
        (json!({ "aud": "https://elsewhere.example/fhir" }), 401),
        (json!({ "iss": "https://elsewhere.example" }), 401),
        (json!({ "exp": 1 }), 401),
        (json!({ "patient": "maria" }), 401),
    ] {
        let answer = Ehr::saying(&app.target, changes.clone()).await.asks("web", json!({})).await;
        assert_eq!(answer.status, status, "{changes}: {}", answer.text());
    }
}

/// CTX-09 to CTX-14, CTX-18: what an EHR says is read in full, and what is wrong is refused by its name.
#[tokio::test]
async fn ctx_09_to_18_what_is_wrong_with_a_launch_is_said() {
    let (app, ehr) = app_and_ehr("web").await;
    let cases = [
        (json!({ "client_id": "nobody" }), "client_id: "),
        (json!({ "client_id": "disabled" }), "client_id: "),
        (json!({ "client_id": "backend" }), "client_id: expected an app with users"),
        (json!({ "client_id": "native" }), "client_id: expected an app with a launch URL"),
        (json!({ "patient": "maria" }), "client_id: missing"),
        (json!({ "client_id": "web", "patient": "nobody" }), "patient: there is no such Patient"),
        (json!({ "client_id": "web", "patient": "Patient/maria" }), "patient: expected the bare id"),
        (json!({ "client_id": "web", "encounter": "nothing" }), "encounter: there is no such Encounter"),
        (json!({ "client_id": "web", "encounter": "maria-flu" }), "encounter: there is no such Encounter"),
        (
            json!({ "client_id": "web", "patient": "lena", "encounter": "maria-visit" }),
            "encounter: it is an Encounter of another",
        ),
        (json!({ "client_id": "web", "paitent": "maria" }), "paitent: unknown"),
        (json!({ "client_id": "web", "need_patient_banner": "yes" }), "need_patient_banner: "),
        (
            json!({ "client_id": "web", "fhirContext": [{ "reference": "Patient/maria" }] }),
            "fhirContext[0]: ",
        ),
        (
            json!({ "client_id": "web", "fhirContext": [{ "reference": "Patient/nobody", "role": "urn:a:b" }] }),
            "fhirContext: a Patient or Encounter",
        ),
        (json!([]), "the body: "),
    ];
    for (body, told) in cases {
        let answer = ehr.call(&body).send().await;
        let said = answer.is(400).is_kept_nowhere().json();
        assert_eq!(said["error"], "invalid_request", "{body}");
        let description = said["error_description"].as_str().unwrap();
        assert!(description.starts_with(told), "{body}: {description}");
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let call = app.target.call(Method::POST, "/auth/launch").header(CONTENT_TYPE, media_type);
        assert_eq!(call.body("{}").send().await.status, 401, "who asks comes first");
        let call = app.target.call(Method::POST, "/auth/launch").header(CONTENT_TYPE, media_type);
        let answer = call.bearer(ehr.token()).body(r#"{"client_id":"web"}"#).send().await;
        let said = answer.is(415).is_kept_nowhere().json();
        assert_eq!(said["error_description"], "send the launch as application/json", "{media_type}");
    }
    let long = json!({ "client_id": "web", "intent": "x".repeat(20_000) });
    ehr.call(&long).send().await.is(413);
}

/// CAP-03, CAP-05, CAP-06, CAP-13 to CAP-16, DISC-19: what is offered is listed.
#[tokio::test]
async fn cap_03_and_05_the_capability_sets_of_ehr_launches_are_listed() {
    let app = SmartApp::on_wire("web").await;
    for name in [
        "launch-ehr",
        "context-ehr-patient",
        "context-ehr-encounter",
        "context-standalone-encounter",
        "context-banner",
        "context-style",
    ] {
        assert!(app.metadata["capabilities"].as_array().unwrap().contains(&name.into()), "{name}");
    }
    for scope in ["launch", "launch/patient", "launch/encounter"] {
        assert!(app.metadata["scopes_supported"].as_array().unwrap().contains(&scope.into()), "{scope}");
    }
}

/// LAUNCH-08, LAUNCH-09, CTX-03, CAP-16: a standalone app that asks for an encounter gets one of the patient's, by choice.
#[tokio::test]
async fn launch_09_launch_encounter_gives_an_encounter() {
    let app = SmartApp::on_wire("web").await;
    let choices = Choices::of("paul").patient("lena").encounter("lena-visit");
    let first = app.launch("launch/encounter offline_access patient/*.rs", &choices).await;
    assert_eq!(first.scopes(), ["launch/encounter", "offline_access", "patient/*.rs"]);
    for tokens in [&first, &app.tokens(&app.refresh(&first).send().await)] {
        assert_eq!(
            (tokens.json["patient"].as_str(), tokens.json["encounter"].as_str()),
            (Some("lena"), Some("lena-visit"))
        );
    }
    assert_eq!(app.read(&first, "Encounter/lena-visit").await.ok()["id"], "lena-visit");
    // Who has one patient chooses the encounter alone; the context needs no access.
    let tokens = app.launch("openid launch/encounter", &Choices::of("maria").encounter("maria-visit")).await;
    assert_eq!(tokens.json["encounter"], "maria-visit");
}

/// LAUNCH-13, CTX-03: an encounter of somebody else, or of nobody, is not chosen; another patient has other encounters.
#[tokio::test]
async fn ctx_03_encounters_are_chosen_among_those_of_the_patient() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request("launch/encounter patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "paul").await.page();
    let visits = browser.press(&picker, &picker.form("patient"), "patient", "lena").await.page();
    assert_eq!(visits.heading, "Choose a visit");
    assert!(visits.text.contains("Lena Berg") && visits.text.contains("29 February 2024"), "{}", visits.text);
    let form = visits.form("encounter");
    let offered: Vec<_> = form.buttons.iter().map(|button| &*button.value).collect();
    assert_eq!(offered, ["lena-visit"]);
    for other in ["maria-visit", "nothing", "lena-flu", "Encounter/lena-visit", ""] {
        let mut pairs = form.pressing("encounter", "lena-visit");
        pairs.last_mut().unwrap().1 = other.to_owned();
        let refused = browser.send(&visits, &form, &pairs).await.page();
        assert!([400, 403].contains(&refused.status), "{other}: {}", refused.status);
    }
    // No way around the step.
    let request = form.value("request").to_owned();
    let consent = browser.open(&format!("/auth/consent?request={request}")).await.page();
    assert_eq!(consent.heading, "Choose a visit");

    // Tom has none: he can be left for another patient, or the app can.
    let other = visits.links.iter().find(|link| link.text == "Choose another patient").unwrap();
    let picker = browser.open(other.url.as_str()).await.page();
    let none = browser.press(&picker, &picker.form("patient"), "patient", "tom").await.page();
    assert_eq!(none.heading, "There is no visit to choose");
    // The page of Lena's visits is still open in another window: its visit is not Tom's.
    let late = browser.press(&visits, &form, "encounter", "lena-visit").await.page();
    assert_eq!(late.status, 403);
    let picker = browser.open(other.url.as_str()).await.page();
    let visits = browser.press(&picker, &picker.form("patient"), "patient", "lena").await.page();
    let consent = browser.press(&visits, &visits.form("encounter"), "encounter", "lena-visit").await;
    let left = walk(&mut browser, consent, &Choices::of("paul")).await;
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.json["encounter"], "lena-visit");

    let mut browser = Browser::new(&app.target);
    let asked = app.request("launch/encounter patient/*.rs");
    let page = browser.open(&app.url_of(&asked)).await.page();
    let none = browser.sign_in(&page, "fred").await.page();
    assert_eq!(none.heading, "There is no visit to choose");
    assert!(none.links.is_empty(), "he has no other patient");
    let left = browser.press(&none, &none.form("decision"), "decision", "deny").await.left();
    assert_eq!(asked.error_in(&left).0, "access_denied");
}

/// AUTHZ-28: unless EHRs are configured, nobody may embed what an EHR launch shows.
#[tokio::test]
async fn authz_28_without_ehrs_in_the_configuration_nothing_is_embedded() {
    let target = Target::wire().await;
    let app = SmartApp::new(&target, "web").await;
    let launch = Ehr::of(&target).await.opens("web", json!({ "patient": "maria" })).await;
    let answer = app.ask(&app.launched(SCOPE, &launch)).await;
    assert!(answer.header(CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
    assert_eq!(answer.header(X_FRAME_OPTIONS), "DENY");
}

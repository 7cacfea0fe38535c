//! OpenID Connect Core 1.0, as SMART's `sso-openid-connect` uses it.

use serde_json::json;

use crate::harness::keys::jwt_parts;
use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, Shown, SmartApp};

/// OIDC-01 to OIDC-06, OIDC-10 to OIDC-12, OIDC-16, OIDC-19, TOK-13, CAP-12: for each kind of client an ID token that a library
/// verifies, with the user's resource.
#[tokio::test]
async fn oidc_10_an_id_token_says_who_signed_in() {
    let app = SmartApp::on_wire("web").await;
    for client_id in ["web", "native", "basic", "es384"] {
        let app = app.as_client(client_id).await;
        let asked = app.request("openid fhirUser");
        let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        // Issuer, audience, expiry, RS256 and the published key are the library's to check.
        let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
        assert_eq!(claims["nonce"], json!(asked.nonce));
        assert_eq!(claims["fhirUser"], json!(format!("{}/Patient/maria", app.fhir_base())));
        let sub = claims["sub"].as_str().unwrap();
        assert!((1..=255).contains(&sub.len()) && sub.is_ascii(), "{sub}");
        let members: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["aud", "auth_time", "exp", "fhirUser", "iat", "iss", "nonce", "sub"]);
    }
}

/// OIDC-05, OIDC-09: `fhirUser` is a user's resource, and its holder can read it, whatever else the scopes say.
#[tokio::test]
async fn oidc_09_fhir_user_can_be_read() {
    let app = SmartApp::on_wire("web").await;
    for (user, resource) in [
        ("maria", "Patient/maria"),
        ("clara", "Practitioner/clara"),
        ("paul", "RelatedPerson/paul"),
        ("nora", "Practitioner/nora"),
    ] {
        let tokens = app.launch("openid fhirUser", &Choices::of(user)).await;
        let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
        let url = claims["fhirUser"].as_str().unwrap().to_owned();
        assert_eq!(url, format!("{}/{resource}", app.fhir_base()));
        let answer = app.target.get(&url).bearer(&tokens.access_token).send().await;
        assert_eq!(
            format!(
                "{}/{}",
                answer.ok()["resourceType"].as_str().unwrap(),
                answer.ok()["id"].as_str().unwrap()
            ),
            resource
        );
        answer.is_open_to_all_origins();
        app.read(&tokens, "Patient/lena").await.is_outcome(403, "forbidden");
    }
    // Not without the scope.
    let tokens = app.launch("openid", &Choices::of("clara")).await;
    app.read(&tokens, "Practitioner/clara").await.is_outcome(403, "forbidden");
}

/// OIDC-04, SCOPE-31: no ID token without `openid`, no `fhirUser` without its scope, and none without `openid`.
#[tokio::test]
async fn scope_31_fhir_user_needs_openid() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("fhirUser profile patient/*.rs", &Choices::of("maria")).await;
    assert_eq!((tokens.id_token, &*tokens.scope), (None, "patient/*.rs"));
    let tokens = app.launch("openid", &Choices::of("maria")).await;
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert_eq!((claims.get("fhirUser"), claims.get("profile"), claims.get("name")), (None, None, None));
}

/// OIDC-19: `profile` is the same URL, as SMART 1 had it, and the name.
#[tokio::test]
async fn oidc_19_profile_is_the_same_url() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("openid fhirUser profile", &Choices::of("maria")).await;
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    assert_eq!(claims["profile"], claims["fhirUser"]);
    assert_eq!(claims["name"], "Maria Álvarez");
    assert_eq!(claims.get("at_hash"), None);
}

/// OIDC-11, AUTHZ-33: no nonce unless one was sent, and then byte for byte.
#[tokio::test]
async fn oidc_11_the_nonce_comes_back() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    for nonce in [None, Some("n-0S6_WzA2Mj"), Some("ü \"quoted\" & more")] {
        let asked = match nonce {
            Some(nonce) => app.request("openid").set("nonce", nonce),
            None => app.request("openid").without("nonce"),
        };
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
        assert_eq!(claims.get("nonce"), nonce.map(|nonce| json!(nonce)).as_ref());
    }
}

/// OIDC-18: a refresh brings an ID token of the same person and sign-in, without the nonce.
#[tokio::test]
async fn oidc_18_a_refresh_brings_an_id_token_of_the_same_sign_in() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let first = app.verified(tokens.id_token.as_deref().unwrap()).await;
    let again = app.tokens(&app.refresh(&tokens).send().await);
    let second = app.verified(again.id_token.as_deref().unwrap()).await;
    for member in ["iss", "sub", "aud", "auth_time", "fhirUser"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    assert_eq!(second.get("nonce"), None);
}

/// OIDC-03, OIDC-12, OIDC-13: RS256, by a key that is named and published.
#[tokio::test]
async fn oidc_03_id_tokens_are_signed_with_rs256() {
    let (app, tokens) = SmartApp::with_tokens("rs384").await;
    let (header, _) = jwt_parts(tokens.id_token.as_deref().unwrap());
    assert_eq!(header["alg"], "RS256");
    let keys = app.target.get(app.endpoint("jwks_uri")).send().await.ok();
    let published = keys["keys"].as_array().unwrap().iter().filter(|key| key["kid"] == header["kid"]).count();
    assert_eq!(published, 1);
}

/// AUTHZ-33 (§3.1.2.6): `prompt=none` shows no page, whatever would be needed.
#[tokio::test]
async fn authz_33_prompt_none_shows_no_page() {
    let app = SmartApp::on_wire("web").await;
    let silent = || app.request(ALL_OF_MARIA).set("prompt", "none");
    let mut browser = Browser::new(&app.target);
    let asked = silent();
    let left = browser.open(&app.url_of(&asked)).await.left();
    assert_eq!(asked.error_in(&left).0, "login_required");
    app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let asked = silent();
    let left = browser.open(&app.url_of(&asked)).await.left();
    assert_eq!(asked.error_in(&left).0, "consent_required");
    let asked = silent().set("max_age", "0").set("prompt", "none login");
    assert_eq!(asked.error_in(&browser.open(&app.url_of(&asked)).await.left()).0, "invalid_request");
}

/// AUTHZ-33 (§3.1.2.1): `prompt=login` asks for the password although somebody is signed in; `auth_time` says when.
#[tokio::test]
async fn authz_33_prompt_login_asks_again() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let consent = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    consent_form(&consent);
    for prompt in ["login", "login consent", "select_account"] {
        let asked = app.request(ALL_OF_MARIA).set("prompt", prompt);
        let page = browser.open(&app.url_of(&asked)).await.page();
        assert!(page.find_form("password").is_some(), "{prompt}: {}", page.heading);
        let consent = browser.sign_in(&page, "maria").await.page();
        asked.code_in(&browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
    }
    // Consent is asked for each time in any case; what is not known is not in the way.
    for prompt in ["consent", "", "create"] {
        let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA).set("prompt", prompt))).await.page();
        consent_form(&page);
    }
}

/// AUTHZ-33, OIDC-11, OIDC-20: `max_age` asks for a younger sign-in; what is no number is an error of the app.
#[tokio::test]
async fn oidc_11_max_age_asks_for_a_younger_sign_in() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    for (max_age, asks) in [("3600", false), ("100000000000", false)] {
        let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA).set("max_age", max_age))).await.page();
        assert_eq!(page.find_form("password").is_some(), asks, "{max_age}");
    }
    for wrong in ["-1", "soon", "1.5", "99999999999999999999999"] {
        let asked = app.request(ALL_OF_MARIA).set("max_age", wrong);
        assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_request");
    }
    // Whoever comes to sign in is young enough.
    let asked = app.request("openid").set("max_age", "0").set("prompt", "login");
    let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    let claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
    let auth_time = claims["auth_time"].as_u64().unwrap();
    assert!(auth_time.abs_diff(app.now().as_unix()) <= 5, "{claims}");
}

/// AUTHZ-33: `login_hint` is written into the form, as text.
#[tokio::test]
async fn authz_33_login_hint_is_written_into_the_form() {
    let app = SmartApp::on_wire("web").await;
    for hint in ["maria", "\"><script>alert(1)</script>", "Ü & Söhne"] {
        let page = Browser::new(&app.target)
            .open(&app.url_of(&app.request("openid").set("login_hint", hint)))
            .await
            .page();
        assert_eq!(page.form("password").value("username"), hint);
    }
}

/// AUTHZ-33 (§6, §7.2.1): request objects and registration in the request are refused by their own names; what is
/// merely optional is ignored.
#[tokio::test]
async fn authz_33_what_is_not_supported_is_said() {
    let app = SmartApp::on_wire("web").await;
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        let asked = app.request("openid").set(name, "https://app.example/request.jwt");
        assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, error);
    }
    let mut asked = app.request("openid");
    for (name, value) in [
        ("claims", "{\"id_token\":{\"email\":null}}"),
        ("acr_values", "urn:x"),
        ("id_token_hint", "a.b.c"),
        ("display", "popup"),
        ("ui_locales", "de"),
    ] {
        asked = asked.set(name, value);
    }
    match Browser::new(&app.target).open(&app.url_of(&asked)).await {
        Shown::Page(page) => assert!(page.find_form("password").is_some()),
        Shown::Left(url) => panic!("{url}"),
    }
}

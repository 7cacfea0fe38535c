//! §3.2, §4.1.3, §5: the token endpoint.

use http::Method;
use http::header::{ALLOW, CONTENT_TYPE};

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::target::encode;
use crate::harness::{Browser, Choices, SmartApp};

/// TOK-01: forms by POST, and nothing else.
#[tokio::test]
async fn tok_01_requests_are_forms_by_post() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", asked.get("redirect_uri")),
        ("code_verifier", &asked.verifier),
        ("client_id", "web"),
    ];
    let endpoint = app.endpoint("token_endpoint");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let call =
            app.target.call(method, endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = call.body(encode(&form)).send().await;
        assert!(answer.is(405).header(ALLOW).contains("POST"), "{}", answer.header(ALLOW));
    }
    let json = serde_json::Value::from_iter(form).to_string();
    for (media_type, body) in [
        ("application/json", json),
        ("text/plain", encode(&form)),
        ("multipart/form-data; boundary=x", encode(&form)),
        ("", encode(&form)),
    ] {
        let call = app.target.call(Method::POST, endpoint).header(CONTENT_TYPE, media_type).body(body);
        let told = call.send().await.is_token_error(400, "invalid_request");
        assert!(told.contains("application/x-www-form-urlencoded"), "{told}");
    }
    // None of it used up the code.
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// TOK-02, SEC-02: `grant_type` is one of those that are supported; it is looked at before the client is.
#[tokio::test]
async fn tok_02_grant_type_is_required_and_known() {
    let app = SmartApp::on_wire("web").await;
    for unknown in [
        "not_a_grant_type",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "AUTHORIZATION_CODE",
    ] {
        let call = app.token_call(&[("grant_type", unknown), ("username", "maria"), ("password", "x")]);
        call.clone().send().await.is_token_error(400, "unsupported_grant_type");
        call.set("client_id", "nobody").send().await.is_token_error(400, "unsupported_grant_type");
    }
    for missing in [app.token_call(&[]), app.token_call(&[("grant_type", "")])] {
        let told = missing.send().await.is_token_error(400, "invalid_request");
        assert!(told.contains("grant_type"), "{told}");
    }
}

/// TOK-03, PKCE-09: each parameter of the exchange is required; what was incomplete does not use up the code.
#[tokio::test]
async fn tok_03_code_redirect_uri_and_code_verifier_are_required() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    for name in ["code", "redirect_uri", "code_verifier"] {
        for incomplete in
            [app.exchange(&asked, &code).without(name), app.exchange(&asked, &code).set(name, "")]
        {
            let told = incomplete.send().await.is_token_error(400, "invalid_request");
            assert!(told.contains(name), "{told}");
        }
    }
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// TOK-24: what is no code of this server is `invalid_grant`, exactly 400, and nothing is said of why.
#[tokio::test]
async fn tok_24_an_unknown_code_is_an_invalid_grant() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let refresh_token = tokens.refresh_token.clone().unwrap();
    let as_code = refresh_token.replacen("srt_", "sac_", 1);
    for code in [
        "BAD_CODE",
        "sac_",
        &"A".repeat(68),
        &format!("sac_{}", "A".repeat(64)),
        &refresh_token,
        &tokens.access_token,
    ] {
        app.exchange(&asked, code).send().await.is_token_error(400, "invalid_grant");
    }
    app.read(&tokens, "Patient/maria").await.is(200);
    // Whoever holds the refresh token and calls it a code shows a secret of that grant: it leaked.
    app.exchange(&asked, &as_code).send().await.is_token_error(400, "invalid_grant");
}

/// TOK-26: one way to authenticate, each parameter once, nothing in the URL.
#[tokio::test]
async fn tok_26_credentials_are_sent_once_and_not_in_the_url() {
    let app = SmartApp::on_wire("basic").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let exchange = || app.exchange(&asked, &code);
    let both = exchange().set("client_id", "basic").set("client_secret", "x");
    both.send().await.is_token_error(400, "invalid_request");
    let with_assertion = exchange().set("client_assertion", "a.b.c").set("client_assertion_type", "x");
    with_assertion.send().await.is_token_error(400, "invalid_request");
    for name in ["grant_type", "code", "redirect_uri", "code_verifier", "unknown"] {
        let twice = exchange().set("unknown", "1").add(name, "1");
        let told = twice.send().await.is_token_error(400, "invalid_request");
        assert!(told.contains(name), "{told}");
    }
    for name in ["client_id", "client_secret", "code", "code_verifier", "refresh_token"] {
        let url = format!("{}?{name}=secret-in-the-url", app.endpoint("token_endpoint"));
        let call = app.target.post(&url, &[("grant_type", "authorization_code")]);
        let told = call.send().await.is_token_error(400, "invalid_request");
        assert!(told.contains(name) && !told.contains("secret-in-the-url"), "{told}");
    }
    app.tokens(&exchange().send().await);
}

/// TOK-23, TOK-16, TOK-17, TOK-28: every error has the form of §5.2, is not kept, and can be read by pages of any origin.
#[tokio::test]
async fn tok_23_errors_say_what_to_mend() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    // `is_token_error` holds it to all of these.
    app.exchange(&asked, "sac_x").without("client_id").send().await.is_token_error(401, "invalid_client");
    let too_long = app.exchange(&asked, "sac_x").set("unknown", &"x".repeat(200_000));
    too_long.send().await.is_token_error(400, "invalid_request");
    let endpoint = app.endpoint("token_endpoint");
    for mangled in ["grant_type=%FF", "grant_type=authorization_code&code=%00", "code=a%00b"] {
        let call = app.target.call(Method::POST, endpoint);
        let call = call.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(mangled);
        call.send().await.is_token_error(400, "invalid_request");
    }
}

/// TOK-30: each client may do what it registered for.
#[tokio::test]
async fn tok_30_a_grant_that_was_not_registered_is_unauthorized() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let refresh_token = tokens.refresh_token.clone().unwrap();
    let brief = app.as_client("brief").await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
    brief.token_call(&refresh).send().await.is_token_error(400, "unauthorized_client");
    let backend = app.as_client("backend").await;
    backend.token_call(&refresh).send().await.is_token_error(400, "unauthorized_client");
    for client in ["web", "basic", "es384"] {
        let app = app.as_client(client).await;
        app.credentials("patient/*.rs").send().await.is_token_error(400, "unauthorized_client");
    }
    app.tokens(&app.refresh(&tokens).send().await);
}

/// TOK-27, TOK-28: pages of any origin may call it, by a simple POST and after a preflight.
#[tokio::test]
async fn tok_27_browser_apps_may_call_it() {
    let app = SmartApp::on_wire("web").await;
    let endpoint = app.endpoint("token_endpoint");
    let preflight = app.target.call(Method::OPTIONS, endpoint).header("origin", "https://app.example");
    let preflight = preflight.header("access-control-request-method", "POST");
    let answer =
        preflight.header("access-control-request-headers", "authorization,content-type").send().await;
    answer.is(204).is_open_to_all_origins();
    let allowed = |name: &'static str| answer.headers[name].to_str().unwrap().to_ascii_lowercase();
    assert!(allowed("access-control-allow-methods").contains("post"));
    for header in ["authorization", "content-type", "accept"] {
        assert!(allowed("access-control-allow-headers").contains(header), "{header}");
    }
}

/// TOK-07, TOK-08, TOK-09, TOK-10, TOK-11, TOK-13, TOK-14, TOK-15, TOK-16, TOK-17, TOK-18, TOK-19, TOK-21, TOK-22, CAP-09, CAP-10, CAP-11:
/// what every success has, for each kind of client.
#[tokio::test]
async fn tok_07_a_success_has_all_that_is_promised() {
    let app = SmartApp::on_wire("web").await;
    for client_id in ["web", "native", "basic", "post", "es384", "rs384"] {
        let app = app.as_client(client_id).await;
        // `launch` holds the answer to the rest.
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        assert_eq!(
            tokens.scopes(),
            ["fhirUser", "launch/patient", "offline_access", "openid", "patient/*.rs"]
        );
        assert_eq!(tokens.expires_in, 900);
        assert!(tokens.id_token.is_some() && tokens.refresh_token.is_some());
        let members: Vec<_> = tokens.json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members,
            [
                "access_token",
                "expires_in",
                "id_token",
                "need_patient_banner",
                "patient",
                "refresh_token",
                "scope",
                "token_type"
            ]
        );
    }
}

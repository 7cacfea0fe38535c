//! §3.1 and §4.1: the authorization endpoint.

use http::Method;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, LOCATION};

use crate::harness::page::Page;
use crate::harness::smart_app::{Asked, walk};
use crate::harness::target::encode;
use crate::harness::world::clients::{NATIVE_SCHEME, WEB_REDIRECT, WEB_REDIRECT_WITH_QUERY};
use crate::harness::{Browser, Choices, SmartApp};

const SCOPE: &str = "launch/patient patient/*.rs";

/// The page of a request that nobody is redirected for.
async fn shown(app: &SmartApp, asked: &Asked) -> Page {
    let answer = app.ask(asked).await;
    assert!(!answer.headers.contains_key(LOCATION), "redirected to {}", answer.location());
    Page::read(app.url_of(asked).parse().unwrap(), answer.is(400))
}

/// The error and its description that a request is redirected with.
async fn refused(app: &SmartApp, asked: &Asked) -> (String, String) {
    asked.error_in(app.ask(asked).await.is(303).location())
}

/// AUTHZ-01, AUTHZ-02, AUTHZ-16, CAP-08: by query or by form, the same.
#[tokio::test]
async fn authz_01_02_a_request_comes_by_get_or_by_post() {
    let app = SmartApp::on_wire("web").await;
    let endpoint = app.endpoint("authorization_endpoint").parse().unwrap();
    let by_get = app.request(SCOPE);
    let by_post = app.request(SCOPE);
    let [mut first, mut second] = [(); 2].map(|()| Browser::new(&app.target));
    let get_page = first.open(&app.url_of(&by_get)).await.page();
    let answer = second.ask(Method::POST, &endpoint, encode(&by_post.parameters)).await;
    let post_page = Page::read(endpoint, answer.is(200));
    assert_eq!((&get_page.title, &get_page.text), (&post_page.title, &post_page.text));
    for (asked, page, mut browser) in [(by_get, get_page, first), (by_post, post_page, second)] {
        let shown = browser.sign_in(&page, "maria").await;
        let code = asked.code_in(&walk(&mut browser, shown, &Choices::of("maria")).await);
        app.tokens(&app.exchange(&asked, &code).send().await);
    }
}

/// AUTHZ-03, AUTHZ-37, SEC-02: there is no implicit and no hybrid flow.
#[tokio::test]
async fn authz_03_response_type_is_code() {
    let app = SmartApp::on_wire("web").await;
    for other in ["token", "id_token", "code token", "code id_token", "CODE", "none", "password"] {
        let (error, _) = refused(&app, &app.request(SCOPE).set("response_type", other)).await;
        assert_eq!(error, "unsupported_response_type", "{other}");
    }
    for missing in [app.request(SCOPE).without("response_type"), app.request(SCOPE).set("response_type", "")]
    {
        let (error, description) = refused(&app, &missing).await;
        assert_eq!(error, "invalid_request");
        assert!(description.contains("response_type"), "{description}");
    }
    let (error, _) = refused(&app, &app.request(SCOPE).set("response_mode", "fragment")).await;
    assert_eq!(error, "invalid_request");
}

/// AUTHZ-04: a client that is not known here gets no redirect, and the user is told which parameter it is.
#[tokio::test]
async fn authz_04_an_unknown_client_is_shown_to_the_user() {
    let app = SmartApp::on_wire("web").await;
    for asked in [
        app.request(SCOPE).set("client_id", "nobody"),
        app.request(SCOPE).set("client_id", "disabled"),
        app.request(SCOPE).set("client_id", "WEB"),
        app.request(SCOPE).set("client_id", "web "),
        app.request(SCOPE).set("client_id", ""),
        app.request(SCOPE).without("client_id"),
        app.request(SCOPE).add("client_id", "native"),
        app.request(SCOPE).add("client_id", "web"),
    ] {
        let page = shown(&app, &asked).await;
        assert!(page.text.contains("client_id"), "{}", page.text);
        assert!(!page.text.contains("app.example"), "{}", page.text);
    }
}

/// AUTHZ-05, AUTHZ-06, SEC-03: a redirect URI is one of the registered strings, or nobody is redirected.
#[tokio::test]
async fn authz_05_06_a_redirect_uri_matches_as_a_string_only() {
    let app = SmartApp::on_wire("web").await;
    let near_misses = [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://app.example/callback/../callback",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example:444/callback",
        "https://user@app.example/callback",
        "https://app.example@evil.example/callback",
        "https://app.example.evil.example/callback",
        "https://evil.example/callback",
        "https://app.example/callbac%6B",
        "https://app.example/other",
        "https://app.example/other?x=%20&tenant=7",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "javascript:alert(1)",
        "https://app.example/callback https://evil.example/",
        "",
    ];
    let twice = app.request(SCOPE).add("redirect_uri", "https://evil.example/");
    let missing = app.request(SCOPE).without("redirect_uri");
    let others = near_misses.map(|uri| app.request(SCOPE).set("redirect_uri", uri));
    for asked in others.into_iter().chain([twice, missing]) {
        let page = shown(&app, &asked).await;
        assert!(page.text.contains("redirect_uri"), "{}", page.text);
        assert!(!page.text.contains("evil.example"), "{}", page.text);
    }
}

/// AUTHZ-16: the query that a redirect URI has is kept, and the answer comes after it.
#[tokio::test]
async fn authz_16_a_redirect_uri_keeps_its_query() {
    let app = SmartApp::on_wire("web").await.with_redirect_uri(WEB_REDIRECT_WITH_QUERY);
    let asked = app.request(SCOPE);
    let left = app.authorize(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    assert!(left.starts_with(&format!("{WEB_REDIRECT_WITH_QUERY}&code=")), "{left}");
    let code = asked.code_in(&left);
    app.tokens(&app.exchange(&asked, &code).send().await);
    let (error, _) = refused(&app, &app.request(SCOPE).without("code_challenge")).await;
    assert_eq!(error, "invalid_request");
}

/// AUTHZ-05, AUTHZ-35, SEC-12 (RFC 8252 §7): the port of a native app's loopback URI may vary, and nothing else.
#[tokio::test]
async fn authz_35_a_native_app_is_sent_back_to_any_port_of_loopback_or_to_its_own_scheme() {
    let app = SmartApp::on_wire("native").await;
    for good in [
        "http://127.0.0.1:49152/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        NATIVE_SCHEME,
    ] {
        let app = app.clone().with_redirect_uri(good);
        let asked = app.request(SCOPE);
        let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        app.tokens(&app.exchange(&asked, &code).send().await);
    }
    for bad in [
        "http://localhost:49152/callback",
        "http://127.0.0.2:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/callback/",
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1:70000/callback",
        "com.example.app:/other",
        "com.example.app://callback",
        "com.example.evil:/callback",
    ] {
        shown(&app, &app.request(SCOPE).set("redirect_uri", bad)).await;
    }
    // For whoever is no native app, the port does not vary either.
    let web = app.as_client("web").await;
    shown(&web, &web.request(SCOPE).set("redirect_uri", "http://127.0.0.1:49152/callback")).await;
}

/// AUTHZ-07: without a scope nothing is granted, and there is no default.
#[tokio::test]
async fn authz_07_a_scope_is_required() {
    let app = SmartApp::on_wire("web").await;
    for asked in
        [app.request(SCOPE).without("scope"), app.request(""), app.request(" "), app.request("nonsense")]
    {
        let (error, description) = refused(&app, &asked).await;
        assert_eq!(error, "invalid_scope", "{description}");
    }
}

/// AUTHZ-08: `state` comes back byte for byte, on success and on error.
#[tokio::test]
async fn authz_08_state_comes_back_byte_for_byte() {
    let app = SmartApp::on_wire("web").await;
    let long = "x".repeat(500);
    for state in ["a+b %&=~#?/", "%41%2B%", "\"<script>\\'", "Zürich – 東京 🙂", "  surrounded  ", &long]
    {
        // `code_in` and `error_in` compare it.
        let asked = app.request(SCOPE).set("state", state);
        app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        refused(&app, &asked.set("aud", "https://elsewhere.example/fhir")).await;
    }
}

/// AUTHZ-09: a request without `state` is refused, and no empty one is sent.
#[tokio::test]
async fn authz_09_a_request_without_state_is_refused() {
    let app = SmartApp::on_wire("web").await;
    let too_long = app.request(SCOPE).set("state", &"x".repeat(5_000));
    for asked in [app.request(SCOPE).without("state"), app.request(SCOPE).set("state", "")] {
        let answer = app.ask(&asked).await;
        let left = answer.is(303).location();
        assert!(left.starts_with(&format!("{WEB_REDIRECT}?error=invalid_request&")), "{left}");
        assert!(!left.contains("state="), "{left}");
        let (_, description) = asked.error_in(left);
        assert!(description.contains("state"), "{description}");
    }
    // One that cannot be kept is not returned in part.
    let answer = app.ask(&too_long).await;
    assert!(answer.is(303).location().contains("error=invalid_request"));
    assert!(!answer.location().contains("state="), "{}", answer.location());
}

/// AUTHZ-20: given twice is an error, empty is absent, unknown is ignored.
#[tokio::test]
async fn authz_20_parameters_are_given_once() {
    let app = SmartApp::on_wire("web").await;
    for name in
        ["response_type", "scope", "aud", "code_challenge", "code_challenge_method", "nonce", "unknown"]
    {
        let asked = app.request(SCOPE).set("unknown", "1");
        let value = asked.get(name).to_owned();
        let (error, description) = refused(&app, &asked.add(name, &value)).await;
        assert_eq!(error, "invalid_request");
        assert!(description.contains(name), "{description}");
    }
    // Which of two states would be meant?
    let answer = app.ask(&app.request(SCOPE).add("state", "other")).await;
    assert!(answer.is(303).location().contains("error=invalid_request"));
    assert!(!answer.location().contains("state="), "{}", answer.location());
    let asked = app.request(SCOPE).set("unknown", "1").set("prompt", "").set("max_age", "").set("launch", "");
    app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
}

/// AUTHZ-17, TOK-30: a client that is not registered for codes is told so.
#[tokio::test]
async fn authz_17_a_client_without_this_grant_is_unauthorized() {
    let app = SmartApp::on_wire("backend").await;
    let (error, _) = refused(&app, &app.request("system/*.rs")).await;
    assert_eq!(error, "unauthorized_client");
}

/// AUTHZ-17, AUTHZ-25: the user may say no, at every page that asks.
#[tokio::test]
async fn authz_25_a_refusal_is_access_denied() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(SCOPE);
    let left = app.authorize(&mut Browser::new(&app.target), &asked, &Choices::of("maria").deny()).await;
    assert_eq!(asked.error_in(&left).0, "access_denied");

    let asked = app.request(SCOPE);
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&page, "paul").await.page();
    let left = browser.press(&picker, &picker.form("decision"), "decision", "deny").await.left();
    assert_eq!(asked.error_in(&left).0, "access_denied");
}

/// AUTHZ-30: no page of another origin may read anything here.
#[tokio::test]
async fn authz_30_there_is_no_cors_here() {
    let app = SmartApp::on_wire("web").await;
    for path in [
        "/auth/authorize",
        "/auth/login",
        "/auth/callback",
        "/auth/patient",
        "/auth/consent",
        "/auth/sign-out",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let preflight = app.target.call(method, path).header("origin", "https://app.example");
            let answer = preflight.header("access-control-request-method", "POST").send().await;
            assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN), "", "{}", answer.asked);
            assert!(answer.status >= 200 && answer.status != 204, "{}: {}", answer.asked, answer.status);
        }
    }
}

/// AUTHZ-34: a hundred granular scopes by POST, and URLs of 8 kB and more by GET.
#[tokio::test]
async fn authz_34_long_requests_are_accepted() {
    let app = SmartApp::on_wire("web").await;
    let many = |n: usize| {
        let code = |i| format!("patient/Observation.rs?code=http://loinc.org|long-code-to-fill-the-line-{i}");
        (0..n).map(code).collect::<Vec<_>>().join(" ")
    };
    let by_get = app.request(&many(110));
    assert!(app.url_of(&by_get).len() > 8 * 1024);
    app.code(&mut Browser::new(&app.target), &by_get, &Choices::of("maria")).await;

    let by_post = app.request(&many(400)).set("unknown", &"x".repeat(30_000));
    let body = encode(&by_post.parameters);
    assert!(body.len() > 64 * 1024, "{}", body.len());
    let mut browser = Browser::new(&app.target);
    let endpoint: url::Url = app.endpoint("authorization_endpoint").parse().unwrap();
    let answer = browser.ask(Method::POST, &endpoint, body).await;
    let page = Page::read(endpoint, answer.is(200));
    let shown = browser.sign_in(&page, "maria").await;
    let code = by_post.code_in(&walk(&mut browser, shown, &Choices::of("maria")).await);
    let tokens = app.tokens(&app.exchange(&by_post, &code).send().await);
    assert_eq!(tokens.scopes().len(), 400);
    app.read(&tokens, "Observation?code=http://loinc.org|long-code-to-fill-the-line-7").await.is(200);
}

/// AUTHZ-36: the endpoint has no fragment; other methods are refused, HEAD too, since a request begins something.
#[tokio::test]
async fn authz_36_the_endpoint_answers_get_and_post() {
    let app = SmartApp::on_wire("web").await;
    let endpoint = app.endpoint("authorization_endpoint");
    assert!(!endpoint.contains('#'));
    let url = app.url_of(&app.request(SCOPE));
    for method in [Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = app.target.call(method, &url).send().await;
        assert_eq!(answer.is(405).header(ALLOW), "GET, POST");
    }
}

//! Addresses of pages are in histories, on shared screens and in the logs of proxies. Whoever opens one in a browser of their own must not
//! come to answer for the person whose app asked: that app would be handed a code of somebody else's record, with the right `state`, and
//! redeem it with the right verifier (RFC 9700 §4.5, session swapping past `state` and PKCE).

use http::Method;
use url::Url;

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, SmartApp};

/// Where the address of an authorization in progress can be opened.
const PAGES: [&str; 4] = ["login", "patient", "encounter", "consent"];

/// AUTHZ-21, AUTHZ-27, SEC-10: in another browser, signed in there or not, an address leads to a page that says so, a form is refused, and
/// whoever began goes on as if nothing had been.
#[tokio::test]
async fn authz_27_an_authorization_goes_on_in_the_browser_that_began_it_and_in_no_other() {
    let app = SmartApp::on_wire("web").await;
    let mut hers = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let sign_in = hers.open(&app.url_of(&asked)).await.page();
    let request = sign_in.form("password").value("request").to_owned();
    let (mut his, mut nobodys) = (Browser::new(&app.target), Browser::new(&app.target));
    app.launch_in(&mut his, "openid patient/*.rs", &Choices::of("fred")).await;

    // Before she has signed in, and after.
    for signed_in in [false, true] {
        for page in PAGES {
            let address = format!("/auth/{page}?request={request}");
            let shown = his.open(&address).await.page();
            assert_eq!((shown.status, &*shown.heading), (400, "This sign-in is no longer open"), "{page}");
            let shown = nobodys.open(&address).await.page();
            assert_eq!((shown.status, &*shown.heading), (403, "You cannot continue here"), "{page}");
            assert!(nobodys.cookies().is_empty(), "nothing begins there");
        }
        if !signed_in {
            hers.sign_in(&sign_in, "maria").await.page();
        }
    }
    // Nor by a form of theirs about what she began: its token is of another request.
    let own = his.open(&app.url_of(&app.request("openid patient/*.rs"))).await.page();
    let form = consent_form(&own).forge("request", &request);
    let refused = his.press(&own, &form, "decision", "allow").await.page();
    assert_eq!(refused.status, 400, "{}", refused.text);
    let sign_in = Url::parse(&format!("{}/auth/login", app.issuer())).unwrap();
    let sent = format!("request={request}&username=fred&password=x&form_token=x");
    assert_eq!(his.ask(Method::POST, &sign_in, sent.clone()).await.status, 400);
    assert_eq!(nobodys.ask(Method::POST, &sign_in, sent).await.status, 403);

    let consent = hers.open(&format!("/auth/consent?request={request}")).await.page();
    assert_eq!(consent.heading, "Share your health data with Web App?");
    let left = hers.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient.as_deref(), Some("maria"));
}

/// AUTHZ-02: what is asked by POST begins in a browser too, also where its first request brings no cookie.
#[tokio::test]
async fn authz_02_what_is_asked_by_post_is_of_one_browser_too() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let url = Url::parse(&app.url_of(&asked)).unwrap();
    let (mut hers, mut another) = (Browser::new(&app.target), Browser::new(&app.target));
    let mut endpoint = url.clone();
    endpoint.set_query(None);
    let answer = hers.ask(Method::POST, &endpoint, url.query().unwrap().to_owned()).await;
    let sign_in = crate::harness::page::Page::read(endpoint, &answer);
    let request = sign_in.form("password").value("request").to_owned();
    assert_eq!(another.open(&format!("/auth/login?request={request}")).await.page().status, 403);
    let consent = hers.sign_in(&sign_in, "maria").await.page();
    asked.code_in(&hers.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
}

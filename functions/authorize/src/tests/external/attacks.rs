//! What is tried against a sign-in elsewhere. In each case there is a page that says so, and nobody is signed in.

use serde_json::{Value, json};

use super::idp::query_of;
use super::visitor::{NOW, Visitor};
use super::{A, ASK, B, Clinic};

/// Where a browser is sent back to that began at A, whose person signed in.
async fn begun(clinic: &mut Clinic) -> String {
    clinic.visitor = clinic.visitor.other();
    assert_eq!(clinic.visitor.get(ASK).await, 303);
    clinic.a.signs_in(&clinic.visitor.location)
}

/// That the page says who could not be relied on, that nobody is signed in, and how to go on; and nothing of what was said (SEC-09).
#[track_caller]
fn is_a_clear_page(visitor: &Visitor, title: &str) {
    let page = &visitor.page;
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
    assert!(page.contains("You are not signed in") && page.contains(">Try again</a>"), "{page}");
    assert!(!page.contains("person-7") && !page.contains("another-client"), "{page}");
}

const DID_NOT_WORK: &str = "Signing in with Hospital A did not work";

async fn chosen(visitor: &mut Visitor, provider: &str) {
    assert_eq!(visitor.get(ASK).await, 200);
    assert_eq!(visitor.post("/auth/login", &[("provider", provider)]).await, 303);
}

fn claim(name: &'static str, value: Value) -> impl Fn(&mut Value) + Send + 'static {
    move |claims| match &value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value.clone(),
    }
}

#[tokio::test]
async fn oidc_core_3_1_3_7_an_id_token_that_is_not_the_answer_signs_nobody_in() {
    let mut clinic = Clinic::with_a().await;
    let now = NOW.as_unix();
    for (name, value) in [
        ("iss", json!(B)),
        ("iss", json!("https://a.example/realm/")),
        ("aud", json!("another-client")),
        ("aud", json!(["smart-at-a", "another-client"])),
        ("azp", json!("another-client")),
        ("exp", json!(now - 61)),
        ("iat", json!(now + 61)),
        ("iat", json!(now - 3600)),
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("nonce", Value::Null),
        ("sub", Value::Null),
        ("auth_time", json!(now + 3600)),
    ] {
        let back = begun(&mut clinic).await;
        clinic.a.claims(claim(name, value.clone()));
        let status = clinic.visitor.get(&back).await.as_u16();
        let (expected, title) =
            if name == "auth_time" { (403, "You need to sign in again") } else { (502, DID_NOT_WORK) };
        assert_eq!(status, expected, "{name}: {value}");
        is_a_clear_page(&clinic.visitor, title);
        assert!(!clinic.visitor.is_signed_in() && !clinic.somebody_signed_in(), "{name}: {value}");
    }
    clinic.a.state().change_claims = None;
    let back = begun(&mut clinic).await;
    assert_eq!(clinic.visitor.get(&back).await, 303, "the same without a change");
}

#[tokio::test]
async fn rfc8725_3_1_neither_none_nor_a_public_key_as_a_secret_signs_anybody_in() {
    let mut clinic = Clinic::with_a().await;
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES256", "kid": "another" }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "crit": ["x"] }),
    ] {
        let back = begun(&mut clinic).await;
        let changes = header.clone();
        clinic.a.header(move |header| {
            for (name, value) in changes.as_object().unwrap() {
                header[name] = value.clone();
            }
        });
        assert_eq!(clinic.visitor.get(&back).await, 502, "{header}");
        is_a_clear_page(&clinic.visitor, DID_NOT_WORK);
        assert!(!clinic.visitor.is_signed_in() && !clinic.somebody_signed_in(), "{header}");
    }
}

#[tokio::test]
async fn rfc9700_4_7_1_a_state_is_used_once() {
    let mut clinic = Clinic::with_a().await;
    let back = begun(&mut clinic).await;
    let mut thief = clinic.visitor.clone();
    assert_eq!(clinic.visitor.get(&back).await, 303);
    clinic.store.asked();
    // In the same browser, whose cookie is another one since.
    let signed_in = clinic.visitor.cookie.clone();
    assert_eq!(clinic.visitor.get(&back).await, 403);
    assert_eq!(clinic.visitor.cookie, signed_in, "and stays signed in");
    // With the cookie of before, and with another code.
    for again in [back.clone(), back.replace("code-0", "code-1")] {
        assert_eq!(thief.get(&again).await, 409);
        assert!(thief.page.contains("This sign-in was used already"));
    }
    assert!(!thief.is_signed_in() && !clinic.somebody_signed_in());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rfc9700_4_7_1_of_fifty_at_once_one_is_signed_in() {
    let mut clinic = Clinic::with_a().await;
    let back = begun(&mut clinic).await;
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (mut visitor, back) = (clinic.visitor.clone(), back.clone());
            tokio::spawn(async move { visitor.get(&back).await.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in tries {
        statuses.push(one.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(
        clinic.a.asked().iter().filter(|path| *path == "/token").count(),
        1,
        "the code is redeemed once"
    );
}

#[tokio::test]
async fn rfc6749_10_12_a_state_of_another_browser_signs_nobody_in() {
    let mut clinic = Clinic::with_a().await;
    let attackers = begun(&mut clinic).await;
    // Login CSRF: the victim is sent to where the attacker was to come back.
    let mut victim = clinic.visitor.other();
    assert_eq!(victim.get(&attackers).await, 403);
    assert!(victim.cookie.is_empty(), "a browser without a cookie");
    assert_eq!(victim.get(ASK).await, 303);
    let anonymous = victim.cookie.clone();
    let code = query_of(&attackers).1["code"].clone();
    let own = query_of(&victim.location).1["state"].clone();
    assert_eq!(victim.get(&attackers).await, 403);
    // The attacker's code with the victim's own state: PKCE and nonce are the attacker's.
    let mixed = format!("/auth/callback?code={code}&state={own}&iss={A}");
    assert_eq!(victim.get(&mixed).await, 400, "{}", victim.page);
    assert!(victim.page.contains("This sign-in has expired"));
    assert_eq!(victim.cookie, anonymous);
    assert!(!clinic.somebody_signed_in());
    assert_eq!(clinic.visitor.get("/auth/callback").await, 403);
    for state in ["", "x", &"A".repeat(2000)] {
        assert_eq!(clinic.visitor.get(&format!("/auth/callback?code=c&state={state}")).await, 403, "{state}");
    }
}

/// Two sign-ins that began in one browser, one on the way to an app and one on the way to the page of apps, are two: neither
/// brings anybody where the other leads.
#[tokio::test]
async fn rfc9700_4_5_a_code_does_not_lead_where_another_sign_in_does() {
    let mut clinic = Clinic::with_a().await;
    let to_app = begun(&mut clinic).await;
    assert_eq!(clinic.visitor.get("/auth/access").await, 303);
    let to_access = clinic.a.signs_in(&clinic.visitor.location);
    let ([app, access], before) = ([query_of(&to_app).1, query_of(&to_access).1], clinic.visitor.clone());
    for (code, state) in [(&app, &access), (&access, &app)] {
        let mixed = format!("/auth/callback?code={}&state={}&iss={A}", code["code"], state["state"]);
        assert_eq!(clinic.visitor.get(&mixed).await, 400, "{}", clinic.visitor.page);
        assert!(clinic.visitor.page.contains("This sign-in has expired"));
        assert_eq!(clinic.visitor.cookie, before.cookie);
    }
    assert!(!clinic.somebody_signed_in());
    // The codes that were tried are used up, and so are the states.
    for back in [to_app, to_access] {
        assert_eq!(clinic.visitor.get(&back).await, 409);
    }
}

/// SEC-04: what is asked of an answer on the way to an app is asked of one on the way to the page of apps.
#[tokio::test]
async fn rfc9700_4_4_the_way_to_the_page_of_apps_is_held_to_the_same() {
    let mut clinic = Clinic::new().await;
    for (bad, status) in [("", 502), (&format!("&iss={B}"), 502), (&format!("&iss={A}&iss={A}"), 400)] {
        assert_eq!(clinic.visitor.get("/auth/access").await, 200);
        assert_eq!(clinic.visitor.post("/auth/login", &[("provider", "a")]).await, 303);
        let back = clinic.a.signs_in(&clinic.visitor.location);
        let bare = back.split("&iss=").next().unwrap();
        assert_eq!(clinic.visitor.get(&format!("{bare}{bad}")).await.as_u16(), status, "{bad}");
        is_a_clear_page(&clinic.visitor, DID_NOT_WORK);
    }
    assert!(!clinic.a.asked().contains(&"/token".to_owned()) && !clinic.somebody_signed_in());
    let mut clinic = Clinic::with_a().await;
    assert_eq!(clinic.visitor.get("/auth/access").await, 303);
    let back = clinic.a.signs_in(&clinic.visitor.location);
    let mut thief = clinic.visitor.clone();
    assert_eq!(clinic.visitor.get(&back).await, 303);
    clinic.store.asked();
    assert_eq!(thief.get(&back).await, 409, "once");
    assert!(!thief.is_signed_in() && !clinic.somebody_signed_in());
}

/// SEC-04: mix-up.
#[tokio::test]
async fn rfc9700_4_4_an_answer_of_another_provider_is_not_sent_on() {
    let mut clinic = Clinic::new().await;
    // A is evil: it sends the browser on to B, under B's client and with the state that was meant for A.
    chosen(&mut clinic.visitor, "a").await;
    let (_, asked) = query_of(&clinic.visitor.location);
    let mut forwarded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &asked {
        forwarded.append_pair(name, if name == "client_id" { "smart-at-b" } else { value });
    }
    let back = clinic.b.signs_in(&format!("{B}/authorize?{}", forwarded.finish()));
    clinic.a.asked();
    assert_eq!(clinic.visitor.get(&back).await, 502);
    is_a_clear_page(&clinic.visitor, DID_NOT_WORK);
    assert!(!clinic.somebody_signed_in());
    assert!(!clinic.a.asked().contains(&"/token".to_owned()), "B's code never reaches A");

    // RFC 9207 §2.4: an answer that does not say whose it is, of a provider that would, is none either; nor is one that says it twice.
    for bad in ["", "&iss=", &format!("&iss={B}"), &format!("&iss={A}/"), &format!("&iss={A}&iss={A}")] {
        chosen(&mut clinic.visitor, "a").await;
        let back = clinic.a.signs_in(&clinic.visitor.location);
        let bare = back.split("&iss=").next().unwrap();
        let status = clinic.visitor.get(&format!("{bare}{bad}")).await.as_u16();
        assert!([502, 400].contains(&status), "{bad}: {status}");
        is_a_clear_page(&clinic.visitor, DID_NOT_WORK);
    }
    assert!(!clinic.somebody_signed_in());
}

/// SEC-04: mix-up.
#[tokio::test]
async fn rfc9700_4_4_where_answers_do_not_name_their_issuer_the_id_token_does() {
    let mut clinic = Clinic::new().await;
    for idp in [&clinic.a, &clinic.b] {
        idp.state().metadata["authorization_response_iss_parameter_supported"] = json!(false);
    }
    chosen(&mut clinic.visitor, "a").await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert!(!back.contains("iss="));
    clinic.a.claims(claim("iss", json!(B)));
    assert_eq!(clinic.visitor.get(&back).await, 502);
    is_a_clear_page(&clinic.visitor, DID_NOT_WORK);
    assert!(!clinic.somebody_signed_in());
    clinic.a.state().change_claims = None;
    chosen(&mut clinic.visitor, "a").await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
}

#[tokio::test]
async fn a_sign_in_takes_no_longer_than_an_authorization() {
    let mut clinic = Clinic::with_a().await;
    let back = begun(&mut clinic).await;
    clinic.visitor.wait(900);
    assert_eq!(clinic.visitor.get(&back).await, 403);
    assert!(clinic.visitor.page.contains("did not begin in this browser"));
    assert!(!clinic.somebody_signed_in());
}

#[tokio::test]
async fn rfc9110_9_3_2_a_head_request_uses_nothing_up() {
    let mut clinic = Clinic::with_a().await;
    let back = begun(&mut clinic).await;
    assert_eq!(clinic.visitor.head(&back).await, 405);
    assert_eq!(clinic.visitor.get(&back).await, 303);
}

#[tokio::test]
async fn a_provider_says_no_and_its_words_are_not_repeated() {
    let mut clinic = Clinic::with_a().await;
    for (error, status) in [("access_denied", 403), ("server_error", 502), ("%3Cscript%3E", 502)] {
        let back = begun(&mut clinic).await;
        let (_, said) = query_of(&back);
        let path = format!(
            "/auth/callback?error={error}&error_description=%3Cb%3EPwned%3C%2Fb%3E&state={}&iss={A}",
            said["state"]
        );
        assert_eq!(clinic.visitor.get(&path).await.as_u16(), status, "{error}");
        assert!(!clinic.visitor.page.contains("Pwned") && !clinic.visitor.page.contains("script"));
        assert!(!clinic.somebody_signed_in());
        // The same authorization can be tried again.
        assert_eq!(clinic.visitor.click("Try again").await, 303);
        let back = clinic.a.signs_in(&clinic.visitor.location);
        assert_eq!(clinic.visitor.get(&back).await, 303);
        clinic.store.asked();
    }
    let back = begun(&mut clinic).await;
    let (_, said) = query_of(&back);
    let empty = format!("/auth/callback?error=&code=&state={}&iss={A}", said["state"]);
    assert_eq!(clinic.visitor.get(&empty).await, 400);
}

//! The ways to sign in: which page comes first, and where it leads.

use serde_json::json;

use super::idp::query_of;
use super::{A, ASK, B, Clinic, described};

#[tokio::test]
async fn oidc_core_3_1_2_one_provider_is_gone_to_at_once_and_nothing_is_stored_but_the_request() {
    let mut clinic = Clinic::with_a().await;
    assert_eq!(clinic.visitor.get(ASK).await, 303);
    assert_eq!(clinic.store.asked(), "begin, client");
    assert!(clinic.visitor.cookie.contains("=a."), "the browser has a cookie before it goes");
    let (there, asked) = query_of(&clinic.visitor.location);
    assert_eq!(there, format!("{A}/authorize"));
    assert_eq!(asked["redirect_uri"], "https://smart.example/auth/callback");
    for (name, value) in
        [("response_type", "code"), ("client_id", "smart-at-a"), ("code_challenge_method", "S256")]
    {
        assert_eq!(asked[name], value);
    }
    assert!(!asked.contains_key("prompt") && !asked.contains_key("max_age"));

    let back = clinic.a.signs_in(&clinic.visitor.location);
    let before = clinic.visitor.cookie.clone();
    assert_eq!(clinic.visitor.get(&back).await, 303, "{}", clinic.visitor.page);
    assert_eq!(clinic.store.asked(), "first_use, grant, patients, sign_in, start_session, user");
    assert!(clinic.visitor.is_signed_in() && clinic.visitor.cookie != before, "a session has a new cookie");
    assert_eq!(clinic.a.asked(), ["/.well-known/openid-configuration", "/token", "/keys"]);
    assert_eq!(clinic.visitor.follow().await, 200);
    assert!(clinic.visitor.page.contains("Dr. Ines Moreau") && clinic.visitor.page.contains("amina"));
    // From then on it is a session as any other, and the provider is not asked.
    clinic.store.asked();
    assert_eq!(clinic.visitor.get(ASK).await, 303);
    assert!(clinic.visitor.location.starts_with("/auth/patient?"));
    assert!(clinic.a.asked().is_empty());
}

#[tokio::test]
async fn several_providers_are_chosen_from_by_a_form() {
    let mut clinic = Clinic::new().await;
    assert_eq!(clinic.visitor.get(ASK).await, 200);
    let page = &clinic.visitor.page;
    assert!(
        page.contains("name=\"provider\" value=\"a\">Hospital A<")
            && page.contains("value=\"b\">Practice B<")
    );
    assert!(!page.contains("value=\"local\"") && !page.contains("name=\"password\""));
    // Browsers hold the whole way of a form against the policy of its page.
    assert!(clinic.visitor.policy.ends_with("form-action 'self' https:"), "{}", clinic.visitor.policy);
    assert_eq!(clinic.visitor.post("/auth/login", &[("provider", "b")]).await, 303);
    assert!(clinic.visitor.location.starts_with(&format!("{B}/authorize?")));
    assert!(clinic.a.asked().is_empty(), "who was not chosen is not asked");
    for provider in ["c", "", "local", "A"] {
        assert_eq!(clinic.visitor.get(ASK).await, 200);
        assert_eq!(clinic.visitor.post("/auth/login", &[("provider", provider)]).await, 400, "{provider}");
    }
}

#[tokio::test]
async fn passwords_are_one_way_among_others_or_none() {
    let mut clinic = Clinic::with(described(), true).await;
    assert_eq!(clinic.visitor.get(ASK).await, 200);
    assert!(clinic.visitor.page.contains("value=\"local\""));
    assert_eq!(clinic.visitor.post("/auth/login", &[("provider", "local")]).await, 303);
    assert_eq!(clinic.visitor.follow().await, 200);
    assert!(clinic.visitor.page.contains("name=\"password\""));
    assert!(
        clinic.visitor.policy.ends_with("form-action 'self'"),
        "a page that asks for a password is strict"
    );

    // Where there are none, a form for them is not read, and a user of a provider has no password that fits.
    let mut clinic = Clinic::new().await;
    clinic.visitor.get(ASK).await;
    let typed = [("username", "ines"), ("password", "x")];
    assert_eq!(clinic.visitor.post("/auth/login", &typed).await, 400);
    let mut clinic = Clinic::with(described(), true).await;
    clinic.visitor.get(&format!("{ASK}&login_hint=ines")).await;
    clinic.visitor.post("/auth/login", &[("provider", "local")]).await;
    clinic.visitor.follow().await;
    assert!(clinic.visitor.page.contains("value=\"ines\""), "the hint is kept");
    let name = super::ines().username.to_string();
    for password in ["", "x", "person-7"] {
        assert_eq!(
            clinic.visitor.post("/auth/login", &[("username", &name), ("password", password)]).await,
            401
        );
    }
    assert!(!clinic.visitor.is_signed_in());
}

/// REVOKE-09: whoever signs in elsewhere gets to their page of apps without an app, and is held to the same.
#[tokio::test]
async fn the_page_of_apps_is_reached_by_a_provider_too() {
    let mut clinic = Clinic::with_a().await;
    assert_eq!(clinic.visitor.get("/auth/access").await, 303, "the one provider is gone to at once");
    let (there, asked) = query_of(&clinic.visitor.location);
    assert_eq!(there, format!("{A}/authorize"));
    assert!(!asked["state"].contains("access"), "the state says nothing");
    let back = clinic.a.signs_in(&clinic.visitor.location);
    let mut thief = clinic.visitor.other();
    assert_eq!(thief.get(&back).await, 403, "another browser's");
    assert_eq!(clinic.visitor.get(&back).await, 303, "{}", clinic.visitor.page);
    assert_eq!(clinic.visitor.location, "/auth/access");
    assert!(clinic.visitor.is_signed_in());
    assert_eq!(clinic.visitor.follow().await, 200);
    assert!(
        clinic.visitor.page.contains("No app has access") && clinic.visitor.page.contains("Dr. Ines Moreau")
    );
    assert_eq!(clinic.visitor.get(&back).await, 403, "its browser has another cookie now");

    // Where there are several, they are shown there as well; what fails leads back to that page.
    let mut clinic = Clinic::new().await;
    assert_eq!(clinic.visitor.get("/auth/access").await, 200);
    assert!(clinic.visitor.page.contains("see which apps have access"), "{}", clinic.visitor.page);
    assert_eq!(clinic.visitor.post("/auth/login", &[("provider", "a")]).await, 303);
    let back = clinic.a.signs_in(&clinic.visitor.location);
    clinic.a.claims(|claims| claims["nonce"] = json!("another"));
    assert_eq!(clinic.visitor.get(&back).await, 502);
    assert!(!clinic.visitor.is_signed_in() && clinic.visitor.page.contains("/auth/login?to=access"));
    let mut clinic = Clinic::with(described(), true).await;
    assert_eq!(clinic.visitor.get("/auth/access").await, 200);
    assert_eq!(clinic.visitor.post("/auth/login", &[("provider", "local")]).await, 303);
    assert_eq!(clinic.visitor.follow().await, 200);
    assert!(
        clinic.visitor.page.contains("name=\"password\"") && clinic.visitor.page.contains("value=\"access\"")
    );
}

#[tokio::test]
async fn a_page_for_a_loopback_provider_lets_its_form_end_there() {
    let loopback = json!({ "id": "op", "name": "Test", "issuer": "http://localhost:9/op", "client_id": "c" });
    let text = json!([loopback]).to_string();
    let read = |deployment| smart_core::external::read_providers(&text, deployment, |_| true, "");
    let providers = read(smart_core::client::metadata::Deployment::Loopback).unwrap();
    assert_eq!(providers[0].loopback_origin().as_deref(), Some("http://localhost:9"));
    assert!(read(smart_core::client::metadata::Deployment::Public).is_err());
}

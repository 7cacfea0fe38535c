//! SMART 2.2 "Backend Services" and RFC 6749 §4.4: tokens of a client alone (BACK rows).

use std::time::Duration;

use serde_json::json;
use smart_core::token::{AccessTokenError, Expected, verify_access_token};

use super::world::{FHIR_BASE, ISSUER, SECRET, World};
use super::{NOW, ask};

#[tokio::test]
async fn back_07_to_10_and_17_the_answer_is_a_short_lived_token_of_the_client_and_nothing_else() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let answer = world.credentials("system/Patient.rs system/Observation.r").send(&world).await;
    let told = answer.tokens().as_object().unwrap();
    let members: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!(told["expires_in"], 300);
    assert_eq!(told["scope"], "system/Patient.rs system/Observation.r");

    let claims = world.access(&answer, NOW).await;
    assert_eq!((claims.sub.as_str(), claims.client_id.as_str()), ("backend", "backend"));
    assert_eq!((claims.grant, claims.patient), (None, None));
    assert_eq!((&*claims.iss, &*claims.aud), (ISSUER, FHIR_BASE));
    assert_eq!((claims.iat, claims.exp), (NOW, NOW + Duration::from_mins(5)));
    assert_eq!(claims.scope.unwrap().to_string(), "system/Patient.rs system/Observation.r");
    let other = world.credentials("system/Patient.rs").send(&world).await;
    assert_ne!(claims.jti, world.access(&other, NOW).await.jti);

    let expected = Expected { issuer: ISSUER.to_owned(), audience: FHIR_BASE.to_owned() };
    let late = verify_access_token(
        &answer.text("access_token"),
        &world.keys.published().await,
        &expected,
        NOW + Duration::from_mins(5),
    );
    assert_eq!(late.unwrap_err(), AccessTokenError::Expired);
}

#[tokio::test]
async fn back_04_to_06_the_registration_is_the_most_that_is_granted() {
    let world = World::new().await;
    world.register_backend("system/Patient.rs system/Observation.rs openid patient/*.rs").await;
    for (asked, granted) in [
        ("system/*.rs", "system/Patient.rs system/Observation.rs"),
        ("system/*.read", "system/Patient.read system/Observation.read"),
        ("system/Patient.cruds", "system/Patient.rs"),
        ("system/Observation.rs?category=x|laboratory", "system/Observation.rs?category=x|laboratory"),
        ("system/Patient.r openid offline_access", "system/Patient.r"),
    ] {
        let answer = world.credentials(asked).send(&world).await;
        assert_eq!(answer.tokens()["scope"], granted, "{asked}");
        assert_eq!(world.access(&answer, NOW).await.scope.unwrap().to_string(), granted);
    }
    for refused in [
        "system/Condition.rs",
        "system/Patient.c",
        "patient/*.rs",
        "user/*.rs",
        "openid",
        "system/Patient.rs patient/*.rs",
        "system/Observation.rs?code:in=x",
        "__launch.create",
        "system/Patient.sr",
        "nonsense",
    ] {
        world.credentials(refused).send(&world).await.is_error(400, "invalid_scope");
    }
}

#[tokio::test]
async fn back_01_and_11_each_of_the_four_parameters_is_required() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let good = || world.credentials("system/*.rs");
    good().without("scope").send(&world).await.is_error(400, "invalid_request");
    good().with("scope", "").send(&world).await.is_error(400, "invalid_request");
    good().without("grant_type").send(&world).await.is_error(400, "invalid_request");
    good().with("grant_type", "client_credential").send(&world).await.is_error(400, "unsupported_grant_type");
    good().without("client_assertion_type").send(&world).await.is_error(401, "invalid_client");
    good().with("client_assertion_type", "jwt-bearer").send(&world).await.is_error(401, "invalid_client");
    good().without("client_assertion").send(&world).await.is_error(401, "invalid_client");
    good().with("client_assertion", "a.b.c").send(&world).await.is_error(401, "invalid_client");
    good().and("scope", "system/*.r").send(&world).await.is_error(400, "invalid_request");
    good().with("resource", "https://other.example").send(&world).await.is_error(400, "invalid_target");
    // An assertion is used once (ASYM-13).
    let once = good();
    once.clone().send(&world).await.tokens();
    once.send(&world).await.is_error(401, "invalid_client");
    good().with("client_id", "backend").with("resource", FHIR_BASE).send(&world).await.tokens();
    good().with("client_id", "jwt").send(&world).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn back_01_and_rfc6749_4_4_it_is_for_clients_with_keys_that_are_registered_for_it() {
    let world = World::new().await;
    let asked = |scope| ask(&[("grant_type", "client_credentials"), ("scope", scope)]);
    world.register(json!({
        "client_id": "ehr", "client_secret": SECRET, "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "system/*.rs __launch.create __token.introspect",
    })).await;
    // No records for a shared secret; the extensions are for whoever has them registered.
    asked("system/*.rs").basic("ehr", SECRET).send(&world).await.is_error(400, "invalid_scope");
    let answer = asked("__launch.create").basic("ehr", SECRET).send(&world).await;
    assert_eq!(answer.tokens()["scope"], "__launch.create");
    assert_eq!(answer.json["expires_in"], 300);
    // Registered for users only, or public.
    world.proved(asked("system/*.rs"), "jwt").send(&world).await.is_error(400, "unauthorized_client");
    asked("patient/*.rs").basic("basic", SECRET).send(&world).await.is_error(400, "unauthorized_client");
    asked("patient/*.rs").by("web").send(&world).await.is_error(400, "unauthorized_client");
    asked("system/*.rs").send(&world).await.is_error(401, "invalid_client");
    // A client that was registered before public ones were refused gets nothing either.
    world
        .change_client("web", |client| {
            client.grant_types.insert(smart_core::client::GrantType::ClientCredentials);
            client.scope = "system/*.rs __launch.create".parse().unwrap();
        })
        .await;
    for scope in ["system/*.rs", "__launch.create"] {
        asked(scope).by("web").send(&world).await.is_error(400, "unauthorized_client");
    }
}

#[tokio::test]
async fn back_06_launch_create_is_granted_to_no_user() {
    let world = World::new().await;
    world.register_backend("system/*.rs __launch.create").await;
    let answer = world.credentials("__launch.create").send(&world).await;
    assert_eq!(answer.tokens()["scope"], "__launch.create");
    let client = smart_core::client::metadata::parse(
        &json!({
            "client_id": "x", "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"],
            "scope": "openid __launch.create __token.introspect system/*.rs",
        }),
        smart_core::client::metadata::Deployment::Public,
    )
    .unwrap();
    let asked = "openid __launch.create __token.introspect system/*.rs".parse().unwrap();
    assert_eq!(smart_core::authorization::grantable(&asked, &client).to_string(), "openid");
}

#[tokio::test]
async fn back_03_a_disabled_client_gets_nothing_at_once() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let function = world.function();
    world.credentials("system/*.rs").send_to(&function).await.tokens();
    world.change_client("backend", |client| client.disabled = true).await;
    world.credentials("system/*.rs").send_to(&function).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn tok_22_a_list_that_is_too_long_for_a_token_is_refused() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let long: Vec<String> = (0..60)
        .map(|n| format!("system/Observation.rs?category=http://example.org/categories|{n}"))
        .collect();
    world.credentials(&long.join(" ")).send(&world).await.is_error(400, "invalid_scope");
    world.credentials(&long[..20].join(" ")).send(&world).await.tokens();
}

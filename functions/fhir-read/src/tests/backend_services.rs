//! Tokens that stand on a client alone (SMART 2.2 §"Backend Services"; BACK-12, BACK-15, BACK-17, BACK-18).

use std::sync::atomic::Ordering;
use std::time::Duration;

use smart_core::token::AccessTokenClaims;

use super::tokens::{Bearer, signed};
use super::world::{World, clinic};
use super::{BASE, LABORATORY, NOW, encode, get, post_search};

fn claims(scopes: &str) -> AccessTokenClaims {
    AccessTokenClaims {
        iss: "https://smart.example".to_owned(),
        aud: BASE.to_owned(),
        sub: "backend".parse().unwrap(),
        client_id: "backend".parse().unwrap(),
        exp: NOW + Duration::from_mins(5),
        iat: NOW,
        jti: format!("jti of {scopes}"),
        scope: Some(scopes.parse().unwrap()),
        grant: None,
        patient: None,
        cnf: None,
    }
}

fn bearer_of(claims: AccessTokenClaims) -> Bearer {
    let grant = smart_core::secret::Digest::of(b"none").into();
    Bearer { token: signed("at+jwt", &claims), grant, claims }
}

pub(super) fn bearer(scopes: &str) -> Bearer {
    bearer_of(claims(scopes))
}

/// The clinic, with a client alone that may have this.
fn clinic_with(registered: &str) -> World {
    let world = clinic();
    world.register_backend(registered);
    world
}

async fn status(world: &World, path: &str, scopes: &str) -> u16 {
    get(path).by(&bearer(scopes)).send(world).await.status.as_u16()
}

#[tokio::test]
async fn back_12_system_scopes_open_the_records_of_all_patients_and_what_is_nobodys() {
    let world = clinic_with("system/*.rs");
    for path in [
        "/fhir/Patient/a",
        "/fhir/Patient/b",
        "/fhir/Appointment/both",
        "/fhir/Group/g",
        "/fhir/Practitioner/p",
    ] {
        for scopes in ["system/*.rs", "system/*.read"] {
            assert_eq!(status(&world, path, scopes).await, 200, "{path} with {scopes}");
        }
    }
    let all = get("/fhir/Patient").by(&bearer("system/*.rs")).send(&world).await;
    assert_eq!(all.found(), ["Patient/a", "Patient/b"]);
    let posted = post_search("Observation", "").by(&bearer("system/Observation.rs")).send(&world).await;
    assert_eq!(posted.found().len(), 8);
}

#[tokio::test]
async fn back_12_and_back_15_what_the_scopes_do_not_cover_is_403() {
    let world = clinic_with("system/*.rs");
    for (path, scopes) in [
        ("/fhir/Patient/a", "system/Observation.rs"),
        ("/fhir/Patient/nobody", "system/Observation.rs"),
        ("/fhir/Patient", "system/Observation.rs"),
        ("/fhir/Patient/a", "system/Patient.s"),
        // BACK-18: reading does not open searching.
        ("/fhir/Patient", "system/*.r"),
        ("/fhir/Patient/a", "__token.introspect"),
    ] {
        let world = if scopes.starts_with("__") { clinic_with(scopes) } else { world.clone() };
        let answer = get(path).by(&bearer(scopes)).send(&world).await;
        answer.is_outcome(403, "forbidden");
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.contains("insufficient_scope") && challenge.contains("scope=\"system/Patient."),
            "{challenge}"
        );
    }
    assert_eq!(status(&world, "/fhir/Patient/a", "system/*.r").await, 200);
    assert_eq!(status(&world, "/fhir/Patient/nobody", "system/*.r").await, 404);
}

#[tokio::test]
async fn scope_15_a_granular_system_scope_opens_what_it_names_of_everybody() {
    let world = clinic_with("system/*.rs");
    let scope = format!("system/Observation.rs?category={LABORATORY}");
    let mut found = get("/fhir/Observation").by(&bearer(&scope)).send(&world).await.found();
    found.sort();
    assert_eq!(found, ["Observation/a-o0", "Observation/a-o2", "Observation/b-o0", "Observation/b-o2"]);
    assert_eq!(status(&world, "/fhir/Observation/b-o1", &scope).await, 404);
    let path = format!("/fhir/Observation?category={}", encode("vital-signs"));
    assert_eq!(get(&path).by(&bearer(&scope)).send(&world).await.found(), [""; 0]);
}

#[tokio::test]
async fn rs_18_patient_and_user_scopes_open_nothing_without_a_user() {
    let world = clinic_with("system/*.rs patient/*.rs user/*.rs");
    for scopes in ["patient/*.rs", "user/*.rs", "openid fhirUser", "patient/*.rs system/*.rs", ""] {
        get("/fhir/Patient/a").by(&bearer(scopes)).send(&world).await.is_outcome(401, "expired");
    }
    // Nor do system scopes with one.
    let user = world.token("clinician", "system/*.rs", Some("a"));
    get("/fhir/Patient/a").by(&user).send(&world).await.is_outcome(403, "forbidden");
}

#[tokio::test]
async fn back_03_what_the_client_is_registered_for_now_counts() {
    let world = clinic_with("system/Patient.rs");
    // The registration was narrowed since: what is left of the token holds.
    assert_eq!(status(&world, "/fhir/Patient/a", "system/*.rs").await, 200);
    assert_eq!(status(&world, "/fhir/Observation/a-o0", "system/*.rs").await, 403);
    get("/fhir/Patient/a").by(&bearer("system/Condition.rs")).send(&world).await.is_outcome(401, "expired");
    world.change_client_named("backend", |client| client.grant_types.clear());
    get("/fhir/Patient/a").by(&bearer("system/*.rs")).send(&world).await.is_outcome(401, "expired");
    world.register_backend("system/*.rs");
    world.change_client_named("backend", |client| {
        client.authentication = smart_core::client::ClientAuthentication::None;
    });
    get("/fhir/Patient/a").by(&bearer("system/*.rs")).send(&world).await.is_outcome(401, "expired");
}

#[tokio::test]
async fn rfc9068_2_2_a_token_without_a_grant_that_is_not_its_clients_is_none() {
    let world = clinic_with("system/*.rs");
    let good = || claims("system/*.rs");
    for (name, claims) in [
        ("of a user", AccessTokenClaims { sub: "sub-clinician".parse().unwrap(), ..good() }),
        ("of another client", AccessTokenClaims { client_id: "app".parse().unwrap(), ..good() }),
        (
            "of a client with users",
            AccessTokenClaims { client_id: "app".parse().unwrap(), sub: "app".parse().unwrap(), ..good() },
        ),
        (
            "of a client that is unknown",
            AccessTokenClaims { client_id: "x".parse().unwrap(), sub: "x".parse().unwrap(), ..good() },
        ),
        ("for a patient", AccessTokenClaims { patient: Some(super::patient("a")), ..good() }),
        ("without scopes", AccessTokenClaims { scope: None, ..good() }),
        ("that has expired", AccessTokenClaims { exp: NOW, ..good() }),
    ] {
        let answer = get("/fhir/Patient/a").by(&bearer_of(claims)).send(&world).await;
        assert_eq!(answer.status, 401, "a token {name}");
        answer.is_outcome(401, "expired");
    }
}

#[tokio::test]
async fn revoke_10_a_revoked_token_stops_at_once_also_where_its_client_is_remembered() {
    let world = clinic_with("system/*.rs");
    let function = super::function(&world);
    let (token, other) = (bearer("system/*.rs"), bearer("system/Patient.rs"));
    let paths = ["/fhir/Patient/a", "/fhir/Patient", "/fhir/Patient?foo=1", "/fhir/Basic/x", "/fhir/Basic"];
    for path in paths {
        assert_ne!(get(path).by(&token).send_to(&function).await.status, 401);
    }
    world.0.revoked.lock().unwrap().push(token.claims.name());
    for path in paths {
        get(path).by(&token).send_to(&function).await.is_outcome(401, "expired");
        get(path).by(&token).send(&world).await.is_outcome(401, "expired");
    }
    assert_eq!(get("/fhir/Patient/a").by(&other).send_to(&function).await.status, 200);
}

#[tokio::test]
async fn a_disabled_client_alone_stops_within_a_minute() {
    let world = clinic_with("system/*.rs");
    let at = super::function_at(&world);
    let token = bearer("system/*.rs");
    let paths = ["/fhir/Patient/a", "/fhir/Patient"];
    for path in paths {
        assert_eq!(get(path).by(&token).send_to(&at(0)).await.status, 200);
    }
    world.change_client_named("backend", |client| client.disabled = true);
    for path in paths {
        assert_eq!(get(path).by(&token).send_to(&at(59)).await.status, 200);
    }
    for path in paths {
        get(path).by(&token).send_to(&at(60)).await.is_outcome(401, "expired");
    }
}

#[tokio::test]
async fn a_read_and_a_page_cost_one_call_beside_the_look_for_a_revocation() {
    let world = clinic_with("system/*.rs");
    let token = bearer("system/*.rs");
    get("/fhir/Patient/a").by(&token).send(&world).await;
    get("/fhir/Observation?patient=a").by(&token).send(&world).await;
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    let inner = &world.0;
    assert_eq!((count(&inner.reads), count(&inner.queries)), (1, 1));
    assert_eq!((count(&inner.revocation_reads), count(&inner.grant_reads)), (2, 0));
    // A token of a user is looked up at its grant alone.
    get("/fhir/Patient/a").by(&world.token("clinician", "user/*.rs", None)).send(&world).await;
    assert_eq!((count(&inner.revocation_reads), count(&inner.grant_reads)), (2, 1));
}

#[tokio::test]
async fn a_store_that_cannot_say_whether_it_was_revoked_opens_nothing() {
    let world = clinic_with("system/*.rs");
    let function = super::function(&world);
    let token = bearer("system/*.rs");
    get("/fhir/Patient").by(&token).send_to(&function).await;
    world.0.broken.store(true, Ordering::Relaxed);
    for path in ["/fhir/Patient/a", "/fhir/Patient"] {
        get(path).by(&token).send_to(&function).await.is_outcome(503, "transient");
    }
}

//! RFC 6750, Bearer Token Usage; RFC 9068 as far as a resource server sees it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use smart_core::user::PatientAccess;

use super::tokens::signed;
use super::world::clinic;
use super::{NOW, call, get, patient};

const SCOPES: &str = "patient/*.rs";

#[tokio::test]
async fn rs_01_and_03_a_token_opens_what_it_was_given_for() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = get("/fhir/Patient/a")
            .header("authorization", &format!("{scheme} {}", bearer.token))
            .send(&world)
            .await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn rs_05_without_a_token_the_challenge_names_no_error() {
    let world = clinic();
    for (path, header) in [
        ("/fhir/Patient/a", None),
        ("/fhir/Patient", None),
        ("/fhir/Patient/unknown", None),
        ("/fhir/Patient/a", Some("Basic YTpi")),
        ("/fhir/Patient/a", Some("Negotiate")),
        ("/fhir/Patient/a", Some("")),
    ] {
        let request = get(path);
        let answer = match header {
            Some(value) => request.header("authorization", value).send(&world).await,
            None => request.send(&world).await,
        };
        answer.is_outcome(401, "login");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"https://smart.example/fhir\"");
    }
}

#[tokio::test]
async fn rs_04_and_08_a_token_in_the_query_is_not_accepted() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    for path in ["/fhir/Patient/a", "/fhir/Patient"] {
        let path = format!("{path}?access_token={}", bearer.token);
        get(&path).send(&world).await.is_outcome(401, "login");
        let twice = get(&path).by(&bearer).send(&world).await;
        twice.is_outcome(400, "invalid");
        assert!(twice.header("www-authenticate").contains("error=\"invalid_request\""));
    }
    let twice = get("/fhir/Patient/a").by(&bearer).by(&bearer).send(&world).await;
    twice.is_outcome(400, "invalid");
    let form = super::post_search("Patient", &format!("access_token={}", bearer.token));
    form.send(&world).await.is_outcome(401, "login");
}

/// SEC-05: a token of somebody else, or for somebody else, opens nothing.
#[tokio::test]
async fn rs_02_06_and_15_what_does_not_fit_is_an_invalid_token() {
    let world = clinic();
    world.register("other", "Practitioner/q", &PatientAccess::All);
    let other = world.token("other", SCOPES, Some("a")).grant;
    let bearer = world.token("clinician", SCOPES, Some("a"));
    let token = |change: &dyn Fn(&mut smart_core::token::AccessTokenClaims)| {
        world.token_with("clinician", SCOPES, Some("a"), |claims| change(claims)).token
    };
    for (what, token) in [
        ("expired", token(&|claims| claims.exp = NOW)),
        ("of another issuer", token(&|claims| claims.iss = "https://other.example".to_owned())),
        ("for another audience", token(&|claims| claims.aud = "https://other.example/fhir".to_owned())),
        ("of no grant", token(&|claims| claims.grant = Some(smart_core::secret::Digest::of(b"none").into()))),
        ("of no grant at all", token(&|claims| claims.grant = None)),
        ("of another's grant", token(&|claims| claims.grant = Some(other.clone()))),
        ("of another client", token(&|claims| claims.client_id = "else".parse().unwrap())),
        ("for another patient", token(&|claims| claims.patient = Some(patient("b")))),
        ("for no patient", token(&|claims| claims.patient = None)),
        ("of another user", token(&|claims| claims.sub = "sub-other".parse().unwrap())),
        ("an ID token, or any other kind", signed("JWT", &bearer.claims)),
        ("changed", bearer.token.replace('.', ".e")),
        ("signed by nobody", bearer.token.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("no token", "x".to_owned()),
        ("two words", "a b".to_owned()),
        ("empty", String::new()),
        ("not ASCII", "tökén".to_owned()),
    ] {
        for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Patient/unknown"] {
            let answer = get(path).header("authorization", &format!("Bearer {token}")).send(&world).await;
            assert_eq!(answer.status, 401, "{what}");
            if what != "not ASCII" {
                answer.is_outcome(401, "expired");
                assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn rs_06_revocation_works_at_once() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    assert_eq!(get("/fhir/Patient/a").by(&bearer).send(&world).await.status, 200);
    world.0.grants.lock().unwrap().remove(&bearer.grant);
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        get(path).by(&bearer).send(&world).await.is_outcome(401, "expired");
    }
}

#[tokio::test]
async fn a_disabled_client_or_user_opens_nothing() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    world.change_client(|client| client.disabled = true);
    get("/fhir/Patient/a").by(&bearer).send(&world).await.is_outcome(401, "expired");
    world.change_client(|client| client.disabled = false);
    world.change_user("clinician", |user| user.disabled = true);
    get("/fhir/Patient/a").by(&bearer).send(&world).await.is_outcome(401, "expired");
    world.change_user("clinician", |user| {
        user.disabled = false;
        user.sub = "another-person".parse().unwrap();
    });
    get("/fhir/Patient/a").by(&bearer).send(&world).await.is_outcome(401, "expired");
    world.0.users.lock().unwrap().clear();
    get("/fhir/Patient/a").by(&bearer).send(&world).await.is_outcome(401, "expired");
    world.0.clients.lock().unwrap().clear();
    get("/fhir/Patient/a").by(&bearer).send(&world).await.is_outcome(401, "expired");
}

#[tokio::test]
async fn a_patient_whom_the_user_lost_is_out_of_reach() {
    let world = clinic();
    let bearer = world.token("nurse", SCOPES, Some("a"));
    assert_eq!(get("/fhir/Patient/a").by(&bearer).send(&world).await.status, 200);
    world.change_user("nurse", |user| user.patients = PatientAccess::Only([patient("b")].into()));
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Patient/b"] {
        get(path).by(&bearer).send(&world).await.is_outcome(403, "forbidden");
    }
}

#[tokio::test]
async fn rs_07_insufficient_scope_says_so() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/Observation.r", Some("a"));
    for (path, scope) in [
        ("/fhir/Condition/a-c", "patient/Condition.r"),
        ("/fhir/Condition/unknown", "patient/Condition.r"),
        ("/fhir/Observation?patient=a", "patient/Observation.s"),
    ] {
        let answer = get(path).by(&bearer).send(&world).await;
        answer.is_outcome(403, "forbidden");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains(&format!("scope=\"{scope}\"")), "{challenge}");
    }
    // Without a patient in context a patient's scope would open nothing.
    let bearer = world.token("clinician", "user/Observation.r", None);
    let answer = get("/fhir/Condition/a-c").by(&bearer).send(&world).await;
    assert!(answer.header("www-authenticate").contains("scope=\"user/Condition.r\""));
}

#[tokio::test]
async fn rs_10_preflight_and_metadata_need_no_token() {
    let world = clinic();
    for path in
        ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Observation/_search", "/fhir/metadata", "/fhir/Foo"]
    {
        let answer = call("OPTIONS", path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .send(&world)
            .await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-headers").contains("Authorization"));
    }
    assert_eq!(get("/fhir/metadata").send(&world).await.status, 200);
}

#[tokio::test]
async fn rs_11_every_answer_is_open_to_browsers() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    for request in [
        get("/fhir/Patient/a").by(&bearer),
        get("/fhir/Patient/a"),
        get("/fhir/Foo"),
        get("/fhir/Patient/zzz").by(&bearer),
        get("/fhir/Observation?foo=1").by(&bearer),
        call("DELETE", "/fhir/Patient/a").by(&bearer),
    ] {
        let answer = request.send(&world).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        for exposed in ["ETag", "Location", "Content-Location", "Last-Modified", "WWW-Authenticate"] {
            assert!(answer.header("access-control-expose-headers").contains(exposed));
        }
    }
}

#[tokio::test]
async fn a_store_that_cannot_answer_is_503_with_a_time_to_come_back() {
    let world = clinic();
    let bearer = world.token("clinician", SCOPES, Some("a"));
    world.0.broken.store(true, Ordering::Relaxed);
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        let answer = get(path).by(&bearer).send(&world).await;
        answer.is_outcome(503, "transient");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.diagnostics().contains("on purpose"));
    }
}

#[tokio::test]
async fn a_read_and_a_page_of_a_search_cost_one_call_beside_the_grant() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs user/*.rs", Some("a"));
    get("/fhir/Patient/a").by(&bearer).send(&world).await;
    get("/fhir/Observation?patient=a").by(&bearer).send(&world).await;
    get("/fhir/Observation?_id=a-o1").by(&bearer).send(&world).await;
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    assert_eq!((count(&world.0.reads), count(&world.0.queries), count(&world.0.grant_reads)), (1, 1, 3));
    assert_eq!(count(&world.0.batches), 1);
}

#[tokio::test]
async fn an_expired_token_is_told_as_expired() {
    let world = clinic();
    let bearer =
        world.token_with("clinician", SCOPES, Some("a"), |claims| claims.exp = NOW - Duration::from_secs(1));
    let answer = get("/fhir/Patient/a").by(&bearer).send(&world).await;
    assert!(answer.diagnostics().contains("expired"));
}

/// As above, at a function that remembers client and user and so begins before it has read the grant.
#[tokio::test]
async fn rs_06_a_warm_function_believes_no_grant_that_has_ended() {
    let world = clinic();
    let function = super::function(&world);
    let bearer = world.token("clinician", SCOPES, Some("a"));
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Observation?foo=1", "/fhir/Basic/x"] {
        get(path).by(&bearer).send_to(&function).await;
    }
    let wider = world.token_with("clinician", SCOPES, Some("a"), |claims| {
        claims.scope = Some("user/*.rs".parse().unwrap());
    });
    let ended = world.token_with("clinician", SCOPES, Some("a"), |claims| {
        claims.grant = Some(smart_core::secret::Digest::of(b"none").into());
    });
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Observation?foo=1", "/fhir/Basic/x"] {
        get(path).by(&wider).send_to(&function).await.is_outcome(401, "expired");
        get(path).by(&ended).send_to(&function).await.is_outcome(401, "expired");
    }
    world.0.grants.lock().unwrap().clear();
    for path in ["/fhir/Patient/a", "/fhir/Observation", "/fhir/Observation?foo=1", "/fhir/Basic/x"] {
        get(path).by(&bearer).send_to(&function).await.is_outcome(401, "expired");
    }
}

#[tokio::test]
async fn a_disabled_client_or_user_stops_within_a_minute() {
    let world = clinic();
    let at = super::function_at(&world);
    let bearer = world.token("clinician", SCOPES, Some("a"));
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        assert_eq!(get(path).by(&bearer).send_to(&at(0)).await.status, 200);
    }
    world.change_user("clinician", |user| user.disabled = true);
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        assert_eq!(get(path).by(&bearer).send_to(&at(59)).await.status, 200);
    }
    for path in ["/fhir/Patient/a", "/fhir/Observation"] {
        get(path).by(&bearer).send_to(&at(60)).await.is_outcome(401, "expired");
    }
}

/// REFR-24: what was granted before the password was changed opens nothing a minute later; what is granted since opens at once, though
/// the record of before is remembered.
#[tokio::test]
async fn refr_24_other_credentials_stop_tokens_within_a_minute_and_new_tokens_work_at_once() {
    let world = clinic();
    let at = super::function_at(&world);
    let before = world.token("clinician", SCOPES, Some("a"));
    let paths = ["/fhir/Patient/a", "/fhir/Observation"];
    for path in paths {
        assert_eq!(get(path).by(&before).send_to(&at(0)).await.status, 200);
    }
    world.change_user("clinician", |user| user.credentials = 1.into());
    let since = world.token("clinician", "patient/*.rs user/*.rs", Some("b"));
    for path in ["/fhir/Patient/b", "/fhir/Observation"] {
        assert_eq!(get(path).by(&since).send_to(&at(59)).await.status, 200, "{path}");
    }
    for second in [60, 61] {
        for path in paths {
            get(path).by(&before).send_to(&at(second)).await.is_outcome(401, "expired");
            assert_eq!(get("/fhir/Observation").by(&since).send_to(&at(second)).await.status, 200);
        }
    }
}

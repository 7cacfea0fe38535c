//! SMART App Launch 2.2, scopes: what they open over HTTP.

use super::world::clinic;
use super::{LABORATORY, encode, get, post_search};

#[tokio::test]
async fn scope_05_letters_open_reading_and_searching_apart() {
    let world = clinic();
    for (scopes, read, search) in [
        ("patient/Observation.r", 200, 403),
        ("patient/Observation.s", 403, 200),
        ("patient/Observation.rs", 200, 200),
        ("patient/Observation.read", 200, 200),
        ("patient/Observation.cud", 403, 403),
        ("patient/Observation.write", 403, 403),
        ("patient/Observation.*", 200, 200),
        ("patient/Condition.rs", 403, 403),
        ("user/Observation.rs", 200, 200),
        ("system/Observation.rs", 403, 403),
        ("openid fhirUser", 403, 403),
        ("launch/patient", 403, 403),
    ] {
        let bearer = world.token("clinician", scopes, Some("a"));
        let status = async |path| get(path).by(&bearer).send(&world).await.status.as_u16();
        assert_eq!(status("/fhir/Observation/a-o0").await, read, "{scopes}");
        assert_eq!(status("/fhir/Observation/a-o0/_history/3").await, read, "{scopes}");
        assert_eq!(status("/fhir/Observation?patient=a").await, search, "{scopes}");
        let post = post_search("Observation", "patient=a").by(&bearer).send(&world).await;
        assert_eq!(post.status.as_u16(), search, "{scopes}");
    }
}

#[tokio::test]
async fn scope_15_to_18_granular_scopes() {
    let world = clinic();
    let bearer =
        world.token("clinician", &format!("patient/Observation.rs?category={LABORATORY}"), Some("a"));
    assert_eq!(get("/fhir/Observation/a-o0").by(&bearer).send(&world).await.status, 200);
    for (query, expected) in [
        ("", vec!["Observation/a-o2", "Observation/a-o0"]),
        ("?patient=a", vec!["Observation/a-o2", "Observation/a-o0"]),
        ("?category=vital-signs", vec![]),
        ("?category=laboratory,vital-signs", vec!["Observation/a-o2", "Observation/a-o0"]),
        ("?date=2020", vec!["Observation/a-o0"]),
        ("?_id=a-o1", vec![]),
        ("?_id=a-o0", vec!["Observation/a-o0"]),
    ] {
        let answer = get(&format!("/fhir/Observation{query}")).by(&bearer).send(&world).await;
        assert_eq!(answer.found(), expected, "{query}");
        assert_eq!(answer.json()["total"], expected.len(), "{query}");
    }
}

/// RS-12, X-19, SCOPE-16, FHIR-23: of a type that is granted in part, what is not open is told like what does not exist, to the
/// byte: of the own patient or another, of another category or the right one.
#[tokio::test]
async fn rs_12_a_granular_scope_tells_nothing_of_what_else_exists() {
    let world = clinic();
    let scopes = format!("patient/Observation.rs?category={LABORATORY}");
    let bearer = world.token("clinician", &scopes, Some("a"));
    let mut answers = Vec::new();
    for id in ["a-o1", "b-o0", "b-o1", "unknown"] {
        for path in [format!("/fhir/Observation/{id}"), format!("/fhir/Observation/{id}/_history/3")] {
            let answer = get(&path).by(&bearer).header("if-none-match", "*").send(&world).await;
            answer.is_outcome(404, "not-found");
            answers.push((answer.headers, answer.bytes));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The scope itself is told: a type without one is refused as such.
    get("/fhir/Condition/a-c").by(&bearer).send(&world).await.is_outcome(403, "forbidden");
}

/// TOK-22: a list too long for a header is left out of the token, and its grant alone says what it may do.
#[tokio::test]
async fn tok_22_a_token_that_says_no_scopes_opens_what_its_grant_says_now() {
    let world = clinic();
    let function = super::function(&world);
    let many: Vec<String> =
        (0..200).map(|n| format!("patient/Observation.rs?category=http://example.org|c{n}")).collect();
    let long = format!("{} patient/Observation.rs?category={LABORATORY} patient/Patient.r", many.join(" "));
    let bearer = world.token_with("clinician", &long, Some("a"), |claims| claims.scope = None);
    assert!(bearer.token.len() < 2_000, "{} bytes", bearer.token.len());
    // Of a function that has just started, and of one that remembers client and user and so could begin early.
    for attempt in ["cold", "warm"] {
        let answer = get("/fhir/Observation").by(&bearer).send_to(&function).await;
        assert_eq!(answer.found(), ["Observation/a-o2", "Observation/a-o0"], "{attempt}");
        assert_eq!(get("/fhir/Patient/a").by(&bearer).send_to(&function).await.status, 200, "{attempt}");
        get("/fhir/Observation/a-o1").by(&bearer).send_to(&function).await.is_outcome(404, "not-found");
        get("/fhir/Condition").by(&bearer).send_to(&function).await.is_outcome(403, "forbidden");
        get("/fhir/Observation/b-o0").by(&bearer).send_to(&function).await.is_outcome(404, "not-found");
    }
    // Nothing is remembered of what the grant said before.
    world.change_grant(&bearer.grant, "patient/Condition.rs");
    get("/fhir/Observation").by(&bearer).send_to(&function).await.is_outcome(403, "forbidden");
    get("/fhir/Patient/a").by(&bearer).send_to(&function).await.is_outcome(403, "forbidden");
    assert_eq!(get("/fhir/Condition").by(&bearer).send_to(&function).await.found(), ["Condition/a-c"]);
    world.0.grants.lock().unwrap().clear();
    for path in ["/fhir/Condition", "/fhir/Condition/a-c"] {
        get(path).by(&bearer).send_to(&function).await.is_outcome(401, "expired");
    }
}

/// TOK-22, the other way round: a token that says scopes never opens more than they say, nor more than its grant.
#[tokio::test]
async fn tok_22_a_token_that_says_scopes_opens_no_more_than_they_say() {
    let world = clinic();
    let narrow = |scopes: &'static str| {
        world.token_with("clinician", "patient/*.rs", Some("a"), move |claims| {
            claims.scope = Some(scopes.parse().unwrap());
        })
    };
    let (one, none) = (narrow("patient/Observation.rs"), narrow(""));
    assert_eq!(get("/fhir/Observation/a-o0").by(&one).send(&world).await.status, 200);
    get("/fhir/Condition/a-c").by(&one).send(&world).await.is_outcome(403, "forbidden");
    for path in ["/fhir/Observation/a-o0", "/fhir/Observation", "/fhir/Condition"] {
        get(path).by(&none).send(&world).await.is_outcome(403, "forbidden");
    }
    world.change_grant(&one.grant, "patient/Observation.r");
    get("/fhir/Observation/a-o0").by(&one).send(&world).await.is_outcome(401, "expired");
}

#[tokio::test]
async fn scope_19_a_wider_scope_is_not_narrowed_by_a_granular_one() {
    let world = clinic();
    let scopes = "patient/Observation.rs patient/Observation.rs?category=survey";
    let bearer = world.token("clinician", scopes, Some("a"));
    assert_eq!(get("/fhir/Observation").by(&bearer).send(&world).await.found().len(), 4);
}

#[tokio::test]
async fn rs_13_and_14_patient_scopes_stay_with_the_patient_and_user_scopes_do_not() {
    let world = clinic();
    let patient = world.token("clinician", "patient/*.rs", Some("a"));
    for query in ["?patient=b", "?patient=Patient/b", "?subject=Patient/b", "?_id=b-o0"] {
        let answer = get(&format!("/fhir/Observation{query}")).by(&patient).send(&world).await;
        assert!(answer.found().is_empty(), "{query}");
    }
    let both = world.token("clinician", "patient/*.rs user/*.rs", Some("a"));
    assert_eq!(get("/fhir/Observation?patient=b").by(&both).send(&world).await.found().len(), 4);
    assert_eq!(get("/fhir/Observation").by(&both).send(&world).await.found().len(), 8);
    let nurse = world.token("nurse", "user/*.rs", None);
    assert_eq!(get("/fhir/Observation").by(&nurse).send(&world).await.found().len(), 4);
    get("/fhir/Observation/b-o0").by(&nurse).send(&world).await.is_outcome(404, "not-found");
}

#[tokio::test]
async fn rs_18_patient_scopes_without_a_patient_open_nothing() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", None);
    for path in ["/fhir/Observation", "/fhir/Patient/a", "/fhir/Organization/o", "/fhir/Patient/unknown"] {
        get(path).by(&bearer).send(&world).await.is_outcome(403, "forbidden");
    }
}

#[tokio::test]
async fn comp_10_the_patients_that_a_search_finds_are_those_in_reach() {
    let world = clinic();
    for (user, scopes, expected) in [
        ("clinician", "patient/Patient.rs", vec!["Patient/a"]),
        ("clinician", "user/Patient.rs", vec!["Patient/a", "Patient/b"]),
        ("nurse", "user/Patient.rs", vec!["Patient/a"]),
    ] {
        let bearer = world.token(user, scopes, Some("a"));
        assert_eq!(get("/fhir/Patient").by(&bearer).send(&world).await.found(), expected, "{user} {scopes}");
    }
}

#[tokio::test]
async fn comp_05_shared_types_are_readable_under_patient_scopes() {
    let world = clinic();
    let bearer = world.token("anna", "patient/Organization.rs patient/Practitioner.r", Some("a"));
    assert_eq!(get("/fhir/Organization").by(&bearer).send(&world).await.found(), ["Organization/o"]);
    assert_eq!(get("/fhir/Practitioner/q").by(&bearer).send(&world).await.status, 200);
    get("/fhir/Practitioner").by(&bearer).send(&world).await.is_outcome(403, "forbidden");
}

#[tokio::test]
async fn oidc_09_the_users_own_resource_can_be_read() {
    let world = clinic();
    let clinician =
        world.token("clinician", "openid fhirUser launch/patient patient/Observation.rs", Some("a"));
    let answer = get("/fhir/Practitioner/p").by(&clinician).send(&world).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"));
    for path in ["/fhir/Practitioner/q", "/fhir/Practitioner/unknown", "/fhir/Practitioner?_id=p"] {
        get(path).by(&clinician).send(&world).await.is_outcome(403, "forbidden");
    }
    let without = world.token("clinician", "patient/Observation.rs", Some("a"));
    get("/fhir/Practitioner/p").by(&without).send(&world).await.is_outcome(403, "forbidden");
    let anna = world.token("anna", "openid fhirUser", None);
    assert_eq!(get("/fhir/Patient/a").by(&anna).send(&world).await.status, 200);
    get("/fhir/Patient/b").by(&anna).send(&world).await.is_outcome(403, "forbidden");
}

#[tokio::test]
async fn rs_12_and_x_18_a_type_without_scope_is_403_whatever_exists() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/Observation.rs", Some("a"));
    let mut bodies = Vec::new();
    for path in ["/fhir/Condition/a-c", "/fhir/Condition/b-c", "/fhir/Condition/unknown"] {
        let answer = get(path).by(&bearer).send(&world).await;
        answer.is_outcome(403, "forbidden");
        bodies.push(answer.bytes);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    for query in ["", "?patient=a", "?foo=1", "?_id=a-c"] {
        get(&format!("/fhir/Condition{query}")).by(&bearer).send(&world).await.is_outcome(403, "forbidden");
    }
}

#[tokio::test]
async fn srch_14_separators_in_values_work_raw_and_encoded() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for value in [LABORATORY.to_owned(), encode(LABORATORY), LABORATORY.replace('|', "%7C")] {
        let answer = get(&format!("/fhir/Observation?category={value}")).by(&bearer).send(&world).await;
        assert_eq!(answer.found().len(), 2, "{value}");
    }
}

//! Which of the scopes that are asked for can be granted, and how many may be asked for.

use super::*;

#[test]
fn authz_34_a_hundred_granular_scopes_are_kept() {
    let scopes: Vec<String> =
        (0..100).map(|n| format!("patient/Observation.rs?category=http://example.org/codes|c{n}")).collect();
    assert_eq!(granted(&scopes.join(" ")), scopes.join(" "));
    // As clients send them: form-encoded, a plus for each space.
    let asked = read(&with("scope", Some(&scopes.join(" ")))).unwrap();
    assert_eq!(asked.request.scopes.len(), 100);
    assert!(asked.request.scopes.is_granular());
}

#[test]
fn scope_03_04_12_20_28_30_31_each_scope_is_granted_in_its_own_spelling_or_not_at_all() {
    for (asked, expected) in [
        // SMART 1 asked is SMART 1 answered, as far as it can be read here.
        ("patient/*.read", "patient/*.read"),
        ("patient/Observation.read user/Patient.read", "patient/Observation.read user/Patient.read"),
        ("patient/Observation.*", "patient/Observation.read"),
        ("patient/Observation.rs", "patient/Observation.rs"),
        // Nothing is written here.
        ("patient/Observation.cruds", "patient/Observation.rs"),
        ("patient/Observation.write openid", "openid"),
        ("patient/Observation.cud openid", "openid"),
        ("patient/Observation.r", "patient/Observation.r"),
        // Unsupported, unenforceable, unknown, malformed: left out, never widened.
        ("openid system/*.rs", "openid"),
        ("openid __test https://example.org/scope email phone", "openid"),
        ("openid launch/encounter launch/imagingstudy", "openid"),
        ("openid patient/Nonsense.rs", "openid"),
        ("openid patient/Observation.sr patient/Observation. patient/observation.rs", "openid"),
        ("openid patient/Observation.rs?code:in=http://x", "openid"),
        ("openid patient/Observation.rs?patient.birthdate=1990", "openid"),
        ("openid patient/Observation.rs?_filter=x", "openid"),
        ("openid patient/*.rs?category=a|b", "openid"),
        ("openid PATIENT/Observation.rs OpenID", "openid"),
        // Order and repetition mean nothing.
        ("  openid   openid  patient/*.rs openid ", "openid patient/*.rs"),
        // Who the user is is told in an ID token, or not at all.
        ("fhirUser profile patient/*.rs", "patient/*.rs"),
        ("profile openid", "profile openid"),
        ("fhirUser openid", "fhirUser openid"),
    ] {
        assert_eq!(granted(asked), expected, "{asked}");
    }
}

#[test]
fn scope_30_nothing_is_granted_beyond_the_registration() {
    let narrow = client_with(&json!({ "scope": "openid patient/Observation.rs patient/Condition.r" }));
    let granted = |scope: &str| grantable(&scope.parse().unwrap(), &narrow).to_string();
    assert_eq!(granted("patient/*.rs"), "patient/Observation.rs patient/Condition.r");
    assert_eq!(granted("patient/*.read"), "patient/Observation.read patient/Condition.r");
    assert_eq!(granted("user/*.rs offline_access launch/patient openid fhirUser"), "openid");
    assert_eq!(
        granted("patient/Observation.rs?category=a|b patient/Patient.rs"),
        "patient/Observation.rs?category=a|b"
    );
}

#[test]
fn scope_12_a_request_that_can_be_granted_nothing_is_told_why() {
    for (scope, why) in [
        ("patient/Observation.sr", "expected letters of cruds in this order"),
        ("email", "it is not a known kind of scope"),
        ("système/*.rs", "it has a character that is not allowed"),
        ("fhirUser", "nothing that is asked for is registered for this client and supported here"),
        ("system/*.rs", "nothing that is asked for is registered"),
        ("patient/*.cud", "nothing that is asked for is registered"),
    ] {
        let error = redirected(read(&with("scope", Some(scope)))).error;
        assert_eq!(error.error, ErrorCode::InvalidScope, "{scope}");
        assert!(error.error_description.contains(why), "{scope}: {}", error.error_description);
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(error.error_description.bytes().all(allowed), "{scope}: AUTHZ-19");
    }
}

/// What anybody may send is kept from the first request on, and asked of each resource by whoever reads: so it is small, or refused with
/// the bound, in whatever way it is large.
#[test]
fn scopes_beyond_the_bounds_are_refused_with_the_bound_and_those_within_are_granted() {
    let ask = |scope: &str| read(&with("scope", Some(scope)));
    let codes = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let of = |values: &str| format!("openid patient/Observation.rs?code={values}");
    let types = "patient/Observation.rs patient/Condition.rs ".repeat(800);
    for (scope, why) in [
        (of(&codes(201)), "a constraint of Observation has more than 200 values"),
        (of(&format!("{}&status=final", codes(18_000))), "scope is longer than 32768 bytes"),
        (of(&"x".repeat(257)), "a constraint of Observation has a value longer than 256 bytes"),
        (
            of("a%E2%80%AEb"),
            "a constraint of Observation has a character that is not seen or that turns others",
        ),
        (
            of("a%E2%80%8Bb"),
            "a constraint of Observation has a character that is not seen or that turns others",
        ),
        (types, "scope is longer than 32768 bytes"),
    ] {
        let error = redirected(ask(&scope)).error;
        assert_eq!((error.error, error.error_description.as_str()), (ErrorCode::InvalidScope, why));
    }
    for scope in [of(&codes(200)), of(&"x".repeat(256)), of("a%5C,b%20c")] {
        assert_eq!(ask(&scope).unwrap().request.scopes.to_string(), scope);
    }
}

/// Each scope that is asked is answered under each constraint that is registered: the product is bounded, not only its factors.
#[test]
fn what_many_registered_constraints_make_of_many_asked_is_bounded_too() {
    let granular = |param: &str, count: usize| {
        (0..count).map(|n| format!("patient/Observation.rs?{param}={n}")).collect::<Vec<_>>().join(" ")
    };
    let ask = |registered: &str, asked: &str| {
        let client = client_with(&json!({ "scope": registered }));
        AuthorizationRequest::parse(&with("scope", Some(asked)), Some(&client), &here())
    };
    let long = format!("patient/Observation.rs?code={}", "x".repeat(250));
    for (asked, why) in [
        (granular("code", 200), "what is asked would be granted as more than 1024 scopes"),
        (long, "what would be granted is longer than 32768 bytes"),
    ] {
        let error = redirected(ask(&granular("category", 200), &asked)).error;
        assert_eq!((error.error, error.error_description.as_str()), (ErrorCode::InvalidScope, why));
    }
    let granted = ask(&granular("category", 100), &granular("code", 2)).unwrap().request.scopes;
    assert_eq!(granted.len(), 200);
    // What every app may ask for, of one that is registered for each type by itself.
    let each =
        ResourceType::all().map(|name| format!("patient/{name}.r patient/{name}.s")).collect::<Vec<_>>();
    assert!(ask(&each.join(" "), "patient/*.rs").is_ok());
}

#[test]
fn refr_19_at_most_one_kind_of_refresh_and_only_for_who_may_refresh() {
    let once = client_with(&json!({ "grant_types": ["authorization_code"] }));
    let online = client_with(&json!({ "scope": "openid online_access patient/*.rs" }));
    for (client, asked, expected) in [
        (client(), "openid offline_access online_access", "openid offline_access"),
        (client(), "openid online_access offline_access", "openid offline_access"),
        (client(), "openid online_access", "openid online_access"),
        (client(), "openid", "openid"),
        (once, "openid offline_access online_access", "openid"),
        (online, "openid offline_access online_access", "openid online_access"),
    ] {
        assert_eq!(grantable(&asked.parse().unwrap(), &client).to_string(), expected, "{asked}");
    }
}

#[test]
fn rs_19_system_scopes_stand_beside_no_users_scopes() {
    for scope in ["system/*.rs user/*.rs", "patient/Patient.rs openid system/Patient.rs"] {
        assert_eq!(redirected(read(&with("scope", Some(scope)))).error.error, ErrorCode::InvalidScope);
    }
    assert!(
        !read(&with("scope", Some("openid system/*.rs"))).unwrap().request.scopes.has_level(Level::System)
    );
}

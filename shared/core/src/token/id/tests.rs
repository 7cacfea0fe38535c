//! The claims of ID tokens.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::launch::LaunchContext;
use crate::scope::Scopes;
use crate::token::ID_LIFETIME;
use crate::user::Credentials;

const NOW: Instant = Instant::from_unix(1_800_000_000);
const ISSUER: &str = "https://smart.example";
const BASE: &str = "https://smart.example/fhir";

fn owner(fhir_user: &str) -> Owner {
    Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: fhir_user.parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(NOW - Duration::from_secs(100)),
    }
}

fn granted(scopes: &str) -> Granted {
    Granted {
        scopes: scopes.parse().unwrap(),
        context: LaunchContext::standalone(Some("a".parse().unwrap())),
        name: None,
        nonce: None,
    }
}

/// The claims as they are sent.
fn sent(owner: &Owner, granted: &Granted, now: Instant) -> Option<Value> {
    let claims = IdTokenClaims::of(owner, granted, &"app".parse().unwrap(), ISSUER, BASE, now)?;
    Some(serde_json::to_value(claims).unwrap())
}

fn said(scopes: &str) -> Value {
    sent(&owner("Practitioner/p1"), &granted(scopes), NOW).unwrap()
}

#[test]
fn oidc_04_06_10_and_19_the_claims_for_openid_and_fhir_user() {
    assert_eq!(
        said("openid fhirUser patient/*.rs"),
        json!({
            "iss": ISSUER, "sub": "sub-maria", "aud": "app", "exp": NOW.as_unix() + ID_LIFETIME.as_secs(),
            "iat": NOW.as_unix(), "auth_time": NOW.as_unix() - 100, "fhirUser": "https://smart.example/fhir/Practitioner/p1",
        })
    );
}

#[test]
fn oidc_05_and_06_fhir_user_is_an_absolute_url_of_a_type_that_may_be_a_user() {
    for user in ["Patient/a", "Practitioner/p1", "RelatedPerson/r.1", "Person/x-2"] {
        let claims = sent(&owner(user), &granted("openid fhirUser"), NOW).unwrap();
        assert_eq!(claims["fhirUser"], format!("{BASE}/{user}"));
    }
    // clients in the field refuse it.
    assert!("PractitionerRole/p1".parse::<crate::user::FhirUser>().is_err());
}

#[test]
fn tok_13_there_is_an_id_token_if_openid_was_granted_and_only_then() {
    for scopes in ["fhirUser profile patient/*.rs", "", "patient/*.rs offline_access"] {
        assert_eq!(sent(&owner("Patient/a"), &granted(scopes), NOW), None, "{scopes}");
    }
    assert_eq!(said("openid").get("fhirUser"), None);
    assert_eq!(said("openid").get("profile"), None);
}

#[test]
fn oidc_11_the_nonce_is_copied_when_it_was_sent() {
    let nonce = "n-0S6_WzA2Mj \"é".to_owned();
    let granted = Granted { nonce: Some(nonce.clone()), ..granted("openid") };
    assert_eq!(sent(&owner("Patient/a"), &granted, NOW).unwrap()["nonce"], nonce);
    assert_eq!(said("openid").get("nonce"), None);
    // One audience: no `azp` is due.
    assert_eq!(said("openid").get("azp"), None);
}

#[test]
fn oidc_18_later_it_is_the_same_user_who_signed_in_at_the_same_time() {
    let later = NOW + Duration::from_hours(24);
    let (first, second) = (
        said("openid fhirUser"),
        sent(&owner("Practitioner/p1"), &granted("openid fhirUser"), later).unwrap(),
    );
    for same in ["iss", "sub", "aud", "auth_time", "fhirUser"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert_eq!(second["iat"], later.as_unix());
    assert_eq!(second["exp"], later.as_unix() + ID_LIFETIME.as_secs());
}

#[test]
fn oidc_11_when_the_user_signed_in_is_said_if_it_is_known() {
    let undated = Owner { auth_time: None, ..owner("Patient/a") };
    assert_eq!(sent(&undated, &granted("openid"), NOW).unwrap().get("auth_time"), None);
    assert_eq!(said("openid")["auth_time"], NOW.as_unix() - 100);
}

#[test]
fn oidc_19_and_x_23_no_at_hash_and_profile_says_what_fhir_user_says() {
    let granted = Granted { name: Some("Maria Álvarez".to_owned()), ..granted("openid profile") };
    let claims = sent(&owner("Patient/a"), &granted, NOW).unwrap();
    assert_eq!(claims["profile"], "https://smart.example/fhir/Patient/a");
    assert_eq!((claims.get("fhirUser"), claims.get("at_hash")), (None, None));
    assert_eq!(claims["name"], "Maria Álvarez");
    // Nothing of the record: neither the patient in context nor the scopes.
    let names: Scopes = "openid profile".parse().unwrap();
    assert_eq!(granted.scopes, names);
    assert!(claims.get("patient").is_none() && claims.get("scope").is_none());
}

//! Who the person is that a provider brings, and what the app wanted of their sign-in.

use std::time::Duration;

use serde_json::json;
use smart_core::launch::{Launch, Situation};
use smart_core::ports::{Grants as _, Launches as _, Users as _};
use smart_core::secret::{LaunchHandle, Op};
use smart_core::user::{External, PatientAccess, User};

use super::idp::query_of;
use super::visitor::NOW;
use super::{A, ASK, B, Clinic, ines};

/// Ines's colleague, whom nobody registered, by B's word.
fn said() -> serde_json::Value {
    json!({ "sub": "jun", "name": "Dr. Jun Abe", "fhir": "Practitioner/abe", "patients": ["amina", "bruno"] })
}

fn jun() -> External {
    External { issuer: B.to_owned(), subject: "jun".to_owned(), by_claims: true, vouched_until: None }
}

async fn stored(clinic: &Clinic) -> Option<User> {
    clinic.store.store.user(&jun().username()).await.unwrap()
}

async fn signs_in_at_b(clinic: &mut Clinic) -> http::StatusCode {
    clinic.visitor = clinic.visitor.other();
    clinic.visitor.get(ASK).await;
    let back = clinic.b.signs_in(&clinic.visitor.location);
    clinic.visitor.get(&back).await
}

#[tokio::test]
async fn oidc_core_5_7_claims_make_a_user_and_make_it_anew_at_each_sign_in() {
    let mut clinic = Clinic::with_b().await;
    clinic.b.state().person = said();
    assert_eq!(signs_in_at_b(&mut clinic).await, 303, "{}", clinic.visitor.page);
    assert_eq!(
        clinic.store.asked(),
        "begin, client, enrol, first_use, grant, patients, sign_in, start_session"
    );
    let first = stored(&clinic).await.unwrap();
    assert_eq!(
        (first.name.as_str(), first.fhir_user.to_string().as_str()),
        ("Dr. Jun Abe", "Practitioner/abe")
    );
    assert!(first.patients.includes(&"bruno".parse().unwrap()));
    clinic.visitor.follow().await;
    assert!(clinic.visitor.page.contains("amina") && clinic.visitor.page.contains("bruno"));

    // What the provider says next counts from then on, also at a refresh, which asks this record.
    clinic.b.state().person["patients"] = json!("amina");
    clinic.visitor.wait(3_600);
    let now = clinic.visitor.now().as_unix();
    clinic.b.claims(move |claims| (claims["iat"], claims["exp"]) = (json!(now), json!(now + 300)));
    assert_eq!(signs_in_at_b(&mut clinic).await, 303);
    let second = stored(&clinic).await.unwrap();
    assert_eq!(second.patients, PatientAccess::Only(["amina".parse().unwrap()].into()));
    assert_eq!(second.sub, first.sub);
    let until = |user: &User| user.external.as_ref().unwrap().vouched_until.unwrap();
    assert_eq!(until(&first), NOW + Duration::from_hours(7 * 24), "as this provider is described");
    assert_eq!(until(&second), until(&first) + Duration::from_hours(1), "and anew at each sign-in");
    assert!(clinic.visitor.location.starts_with("/auth/consent?"), "the one patient is not asked for");
}

#[tokio::test]
async fn who_is_not_registered_and_has_no_claims_is_nobody() {
    let mut clinic = Clinic::with_a().await;
    for subject in ["person-8", "Person-7", "person-7 ", "ines", "oidc:x"] {
        clinic.visitor = clinic.visitor.other();
        clinic.visitor.get(ASK).await;
        clinic.a.state().person["sub"] = json!(subject);
        let back = clinic.a.signs_in(&clinic.visitor.location);
        assert_eq!(clinic.visitor.get(&back).await, 403, "{subject}");
        assert!(clinic.visitor.page.contains("There is no account for you here"));
        assert!(!clinic.visitor.is_signed_in() && !clinic.somebody_signed_in());
    }
    // A person of that subject at another provider is somebody else.
    let mut clinic = Clinic::with_b().await;
    clinic.b.state().person = json!({ "sub": "person-7" });
    assert_eq!(signs_in_at_b(&mut clinic).await, 403);
    for (name, value) in [("fhir", json!("Device/x")), ("patients", json!([7])), ("fhir", json!(null))] {
        clinic.b.state().person = said();
        clinic.b.state().person[name] = value;
        assert_eq!(signs_in_at_b(&mut clinic).await, 403, "{name}");
        assert!(!clinic.somebody_signed_in());
    }
    assert_eq!(stored(&clinic).await, None, "nobody was made of claims that are not understood");
}

#[tokio::test]
async fn who_is_nobody_may_take_another_account_although_the_provider_knows_them() {
    let mut clinic = Clinic::new().await;
    clinic.a.state().person["sub"] = json!("person-8");
    clinic.visitor.get(ASK).await;
    clinic.visitor.post("/auth/login", &[("provider", "a")]).await;
    assert!(!query_of(&clinic.visitor.location).1.contains_key("prompt"));
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 403);
    let page = clinic.visitor.clone();
    assert_eq!(clinic.visitor.click("Sign in with another account").await, 303);
    let (there, asked) = query_of(&clinic.visitor.location);
    assert_eq!((there, asked["prompt"].as_str()), (format!("{A}/authorize").as_str(), "login"));
    // The app did not ask for it, so a provider that does not comply is not held to it.
    clinic.a.state().person["sub"] = json!("person-7");
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
    clinic.visitor = page;
    assert_eq!(clinic.visitor.click("Try again").await, 200, "and all ways are open");
}

#[tokio::test]
async fn who_signs_out_here_is_not_signed_in_again_without_being_asked() {
    let mut clinic = Clinic::with_a().await;
    clinic.visitor.get(ASK).await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
    assert_eq!(clinic.visitor.get("/auth/sign-out").await, 200);
    assert_eq!(clinic.visitor.sign_out().await, 200);
    assert!(!clinic.visitor.is_signed_in());
    for _ in 0..2 {
        assert_eq!(clinic.visitor.get(ASK).await, 303);
        assert_eq!(query_of(&clinic.visitor.location).1["prompt"], "login");
    }
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
    assert!(clinic.visitor.is_signed_in());
}

#[tokio::test]
async fn who_is_disabled_stays_so_and_what_the_operator_registered_is_the_operators() {
    let mut clinic = Clinic::with_a().await;
    clinic.store.store.disable_user(&ines().username).await.unwrap();
    clinic.visitor.get(ASK).await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 403);
    assert!(!clinic.somebody_signed_in());

    let mut clinic = Clinic::with_b().await;
    clinic.b.state().person = said();
    assert_eq!(signs_in_at_b(&mut clinic).await, 303);
    clinic.store.store.disable_user(&jun().username()).await.unwrap();
    clinic.store.asked();
    assert_eq!(signs_in_at_b(&mut clinic).await, 403);
    assert!(!clinic.somebody_signed_in());
    assert!(stored(&clinic).await.unwrap().disabled);

    // Registered by the operator, claims change nothing, and their lack takes nothing away.
    let mut clinic = Clinic::with_b().await;
    let external = External { by_claims: false, ..jun() };
    let registered = User { username: external.username(), external: Some(external), ..ines() };
    clinic.store.store.put_user(registered.clone()).await.unwrap();
    for person in [said(), json!({ "sub": "jun" })] {
        clinic.b.state().person = person;
        assert_eq!(signs_in_at_b(&mut clinic).await, 303);
        assert_eq!(stored(&clinic).await, Some(registered.clone()));
    }
    // Of whom claims made somebody once, they have to say so each time.
    let mut clinic = Clinic::with_b().await;
    clinic.b.state().person = said();
    assert_eq!(signs_in_at_b(&mut clinic).await, 303);
    clinic.b.state().person = json!({ "sub": "jun" });
    clinic.store.asked();
    assert_eq!(signs_in_at_b(&mut clinic).await, 403);
    assert!(!clinic.somebody_signed_in());
}

#[tokio::test]
async fn oidc_11_max_age_prompt_and_login_hint_are_passed_on_and_held_to() {
    let now = NOW.as_unix();
    for (wanted, auth_time, status) in [
        ("", json!(now - 9000), 303),
        ("&prompt=login", json!(now), 303),
        ("&prompt=login", json!(now - 9000), 403),
        ("&prompt=login", json!(null), 403),
        ("&prompt=login&max_age=600", json!(now), 303),
        ("&prompt=select_account", json!(now - 9000), 403),
        ("&max_age=600", json!(now - 500), 303),
        ("&max_age=600", json!(now - 700), 403),
        ("&max_age=600", json!(null), 403),
        ("&max_age=0", json!(now), 303),
    ] {
        let mut clinic = Clinic::with_a().await;
        clinic.visitor.get(&format!("{ASK}{wanted}&login_hint=ines%40a.example")).await;
        let (_, asked) = query_of(&clinic.visitor.location);
        assert_eq!(asked["login_hint"], "ines@a.example");
        assert_eq!(asked.get("prompt").map(String::as_str), wanted.starts_with("&prompt").then_some("login"));
        // So that the provider has to say when: a new sign-in alone would have to be believed.
        let max_age = wanted.split_once("max_age=").map(|(_, age)| age);
        let max_age = max_age.or(wanted.starts_with("&prompt").then_some("0"));
        assert_eq!(asked.get("max_age").map(String::as_str), max_age);
        let said = auth_time.clone();
        clinic.a.claims(move |claims| match &said {
            serde_json::Value::Null => drop(claims.as_object_mut().unwrap().remove("auth_time")),
            at => claims["auth_time"] = at.clone(),
        });
        let back = clinic.a.signs_in(&clinic.visitor.location);
        assert_eq!(
            clinic.visitor.get(&back).await.as_u16(),
            status,
            "{wanted} {auth_time}: {}",
            clinic.visitor.page
        );
        if status == 403 {
            assert!(
                clinic.visitor.page.contains("You need to sign in again") && !clinic.somebody_signed_in()
            );
            continue;
        }
        // The app is told when the user proved who they are, not when they came by.
        let (_, request) = query_of(&clinic.visitor.location);
        let id = clinic.visitor.grant_of(&request["request"]);
        let grant = clinic.store.store.grant(&id, NOW).await.unwrap().unwrap();
        assert_eq!(json!(grant.known().unwrap().owner.auth_time), auth_time);
    }
}

#[tokio::test]
async fn oidc_core_3_1_2_1_a_sign_in_that_was_long_ago_at_the_provider_is_so_here() {
    let mut clinic = Clinic::with_a().await;
    clinic.a.claims(|claims| claims["auth_time"] = json!(NOW.as_unix() - 9000));
    clinic.visitor.get(ASK).await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
    assert_eq!(clinic.visitor.get(&format!("{ASK}&max_age=600")).await, 303);
    assert!(
        clinic.visitor.location.starts_with(A),
        "the session is too old for that: {}",
        clinic.visitor.location
    );
    assert_eq!(clinic.visitor.get(&format!("{ASK}&max_age=10000")).await, 303);
    assert!(clinic.visitor.location.starts_with("/auth/patient"));
}

/// OIDC-11: when somebody signed in is never made up. Where the provider does not say, their session is good, but for no `max_age`: they
/// are sent there again, and what it says then counts.
#[tokio::test]
async fn oidc_11_a_sign_in_of_which_nobody_says_when_is_lately_enough_for_nothing() {
    let mut clinic = Clinic::with_a().await;
    clinic.a.claims(|claims| drop(claims.as_object_mut().unwrap().remove("auth_time")));
    clinic.visitor.get(ASK).await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 303);
    let (_, request) = query_of(&clinic.visitor.location);
    let id = clinic.visitor.grant_of(&request["request"]);
    let grant = clinic.store.store.grant(&id, NOW).await.unwrap().unwrap();
    assert_eq!(grant.known().unwrap().owner.auth_time, None);
    clinic.visitor.get(ASK).await;
    assert!(clinic.visitor.location.starts_with("/auth/patient"), "{}", clinic.visitor.location);

    for silent in [true, false] {
        assert_eq!(clinic.visitor.get(&format!("{ASK}&max_age=86400")).await, 303);
        let (there, asked) = query_of(&clinic.visitor.location);
        assert_eq!((there, asked["max_age"].as_str()), (format!("{A}/authorize").as_str(), "86400"));
        if !silent {
            clinic.a.claims(|_| {});
        }
        let back = clinic.a.signs_in(&clinic.visitor.location);
        let status = clinic.visitor.get(&back).await;
        assert_eq!(status.as_u16(), if silent { 403 } else { 303 }, "{}", clinic.visitor.page);
        assert_eq!(clinic.visitor.page.contains("You need to sign in again"), silent);
    }
    clinic.visitor.get(&format!("{ASK}&max_age=86400")).await;
    assert!(clinic.visitor.location.starts_with("/auth/patient"), "{}", clinic.visitor.location);
}

#[tokio::test]
async fn launch_04_who_signs_in_elsewhere_must_be_whom_the_ehr_started_the_app_for() {
    for (user, status) in [("Practitioner/moreau", 303), ("Practitioner/somebody-else", 403)] {
        let mut clinic = Clinic::with_a().await;
        let handle = LaunchHandle::new([9; 32]);
        let context = serde_json::from_value(json!({ "patient": "amina" })).unwrap();
        let situation = Situation { user: user.parse().ok(), context };
        let launch = Launch::new(&handle, "app".parse().unwrap(), situation, Op::new([1; 32]), NOW);
        clinic.store.store.create_launch(&launch).await.unwrap();
        let ask = ASK.replace("launch%2Fpatient", "launch");
        assert_eq!(clinic.visitor.get(&format!("{ask}&launch={}", handle.reveal())).await, 303);
        let back = clinic.a.signs_in(&clinic.visitor.location);
        assert_eq!(clinic.visitor.get(&back).await.as_u16(), status, "{user}: {}", clinic.visitor.page);
        if status == 403 {
            assert!(clinic.visitor.page.contains("The app was started for somebody else"));
            assert!(!clinic.visitor.is_signed_in() && !clinic.somebody_signed_in());
        }
    }
}

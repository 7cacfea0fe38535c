use std::time::Duration;

use super::*;
use crate::grant::{Granted, Owner, Refresh, RefreshPolicy, Stage};
use crate::launch::LaunchContext;
use crate::secret::{Digest, Handle, Op};
use crate::user::Credentials;

const LABORATORY: &str =
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

fn session(name: &str) -> SessionId {
    Digest::of(name.as_bytes()).into()
}

fn patient(id: &str) -> PatientId {
    id.parse().unwrap()
}

/// An active grant of the client `app`, made at second 10, that lasts until second 100.
fn grant(scopes: &str, of: Option<&str>, until: Until) -> Grant {
    let owner = Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(at(0)),
    };
    let granted = Granted {
        scopes: scopes.parse().unwrap(),
        context: LaunchContext::standalone(of.map(patient)),
        name: None,
        nonce: None,
    };
    let refresh = Refresh {
        policy: RefreshPolicy { slides: Duration::from_secs(90), until },
        current: Digest::of(b"token"),
        expires_at: at(100),
        ends_at: at(100),
        key: None,
        previous: None,
    };
    let active =
        Active { owner, granted, since: Some(at(10)), redeemed: None, code: None, refresh: Some(refresh) };
    Grant {
        begun_at: Instant::from_unix(0),
        id: Handle::new([7; 16]).grant_id(),
        client_id: "app".parse().unwrap(),
        expires_at: at(1_000),
        last_op: Op::new([1; 32]),
        stage: Stage::Active(active),
    }
}

fn answers(grants: &[Grant], asked: &str, of: Option<&str>) -> bool {
    let before = Before::of(grants, &"app".parse().unwrap(), &session("here"), at(50));
    before.answers(&asked.parse().unwrap(), of.map(patient).as_ref())
}

#[test]
fn authz_26_the_same_or_less_for_the_same_patient_was_granted_before_and_nothing_else() {
    let before =
        [grant("openid launch/patient offline_access patient/Observation.rs", Some("a"), Until::Forever)];
    for (asked, of, expected) in [
        ("openid launch/patient offline_access patient/Observation.rs", Some("a"), true),
        ("patient/Observation.rs", Some("a"), true),
        ("patient/Observation.read", Some("a"), true),
        (LABORATORY, Some("a"), true),
        ("openid", None, true),
        ("openid", Some("a"), true),
        // What an EHR opens tells the app the patient, whatever the scopes are (CTX-19).
        ("openid", Some("b"), false),
        // More, or another's.
        ("patient/Observation.rs", Some("b"), false),
        ("patient/Observation.rs", None, false),
        ("patient/Observation.rs patient/Condition.rs", Some("a"), false),
        ("patient/Observation.cruds", Some("a"), false),
        ("patient/*.rs", Some("a"), false),
        ("user/Observation.rs", None, false),
        ("openid fhirUser", None, false),
        ("patient/Observation.rs online_access", Some("a"), false),
    ] {
        assert_eq!(answers(&before, asked, of), expected, "{asked} {of:?}");
    }
    let granular = [grant(LABORATORY, Some("a"), Until::Forever)];
    assert!(answers(&granular, LABORATORY, Some("a")));
    assert!(!answers(&granular, "patient/Observation.rs", Some("a")));
}

#[test]
fn authz_26_two_answers_are_not_put_together() {
    let before = [
        grant("patient/Observation.rs", Some("a"), Until::Forever),
        grant("patient/Condition.rs", Some("a"), Until::Forever),
    ];
    assert!(!answers(&before, "patient/Observation.rs patient/Condition.rs", Some("a")));
    let before = Before::of(&before, &"app".parse().unwrap(), &session("here"), at(50));
    for (scope, of, expected) in [
        ("patient/Observation.rs", "a", true),
        ("patient/Condition.rs", "a", true),
        ("patient/Condition.rs", "b", false),
        ("patient/Goal.rs", "a", false),
        ("offline_access", "a", false),
    ] {
        assert_eq!(before.has(&scope.parse().unwrap(), Some(&patient(of))), expected, "{scope} {of}");
    }
    assert_eq!(before.since(), Some(at(10)));
}

#[test]
fn authz_26_what_has_ended_is_not_remembered() {
    let asked = "patient/Observation.rs";
    let of = |grant: Grant, client: &str, here: &str, second| {
        let grants = [grant];
        let before = Before::of(&grants, &client.parse().unwrap(), &session(here), at(second));
        before.answers(&asked.parse().unwrap(), Some(&patient("a")))
    };
    let stands = || grant(asked, Some("a"), Until::Forever);
    assert!(of(stands(), "app", "here", 99));
    assert!(!of(stands(), "app", "here", 100), "its refresh token has expired, though the grant is there");
    assert!(!of(stands(), "other", "here", 50));
    let revoked = stands().revoke(
        crate::grant::RevocationReason::ByUser,
        crate::ports::Step { now: at(50), op: Op::new([2; 32]) },
    );
    assert!(!of(revoked.unwrap(), "app", "here", 50));
    let online = || grant(asked, Some("a"), Until::SessionEnds { session: session("here"), at: at(100) });
    assert!(of(online(), "app", "here", 50));
    assert!(!of(online(), "app", "elsewhere", 50));
}

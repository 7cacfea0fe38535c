//! What can be told without a table: the form of the expressions, and that what begins is read as it was written.

use std::time::Duration;

use smart_core::grant::{Granted, Known, Owner, RefreshPolicy, Request, Until};
use smart_core::launch::LaunchContext;
use smart_core::pkce::CodeVerifier;
use smart_core::redirect::{RedirectUri, RegisteredRedirectUri};
use smart_core::secret::{Handle, Op, Salt};
use smart_core::user::Credentials;

use super::*;
use crate::state::check_expression;

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

fn step() -> Step {
    Step { now: at(0), op: Op::new([1; 32]) }
}

fn owner() -> Owner {
    Owner {
        user: "maria o'neil#1".parse().unwrap(),
        sub: "sub".parse().unwrap(),
        fhir_user: "Practitioner/p1".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(at(0)),
    }
}

fn requested() -> Grant {
    let registered = [RegisteredRedirectUri::parse("https://app.example/cb?a=\"b\"").unwrap()];
    let verifier: CodeVerifier = "v".repeat(43).parse().unwrap();
    let request = Request {
        redirect_uri: RedirectUri::matched("https://app.example/cb?a=\"b\"", &registered, false).unwrap(),
        state: "a \"state\" \u{1f512}".to_owned(),
        scopes: "launch/patient openid patient/*.rs".parse().unwrap(),
        challenge: verifier.challenge(),
        nonce: Some("n".to_owned()),
        dpop_jkt: None,
        sign_in: smart_core::grant::SignInWish::default(),
        launch: None,
        always_ask: false,
    };
    Grant::begin(Handle::new([7; 16]).grant_id(), "app".parse().unwrap(), request, Op::new([1; 32]), at(0))
}

fn known(patient: Option<&str>) -> Grant {
    let sign_in = SignIn {
        session: Digest::of(b"session").into(),
        owner: owner(),
        patient: patient.map(|id| id.parse().unwrap()),
    };
    requested().sign_in(&sign_in, Step { now: at(1), op: Op::new([2; 32]) }).unwrap()
}

#[test]
fn what_begins_is_read_as_it_was_written() {
    for grant in [requested(), known(None), known(Some("a"))] {
        let item = row::item_of(&grant).unwrap();
        assert_eq!(grant_of(&grant.id, &item).unwrap(), grant);
        assert!(!item.has("list"), "nothing is in a list before it is active");
    }
    let denied = known(None).deny(&Digest::of(b"session").into(), step()).unwrap();
    assert!(row::item_of(&denied).is_none());
}

#[test]
fn each_expression_uses_what_it_is_given_and_demands_a_living_item() {
    let id = requested().id;
    let session: SessionId = Digest::of(b"session").into();
    let Stage::Known(Known { request, .. }) = known(None).stage else { panic!("known") };
    let sign_in = |patient: Option<&str>| SignIn {
        session: session.clone(),
        owner: owner(),
        patient: patient.map(|id| id.parse().unwrap()),
    };
    let issue = |nonce: Option<&str>, refresh| CodeIssue {
        session: session.clone(),
        seen: Op::new([2; 32]),
        code: Digest::of(b"code"),
        granted: Granted {
            scopes: request.scopes.clone(),
            context: LaunchContext::standalone(Some("a".parse().unwrap())),
            name: None,
            nonce: nonce.map(str::to_owned),
        },
        refresh,
    };
    let policy = |until| Some(RefreshPolicy { slides: Duration::from_secs(9), until });
    let redemption = Redemption {
        client_id: "app".parse().unwrap(),
        code: Digest::of(b"code"),
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: request.challenge,
        refresh: Digest::of(b"refresh"),
        key: None,
        refresh_key: None,
        access_lifetime: Duration::from_mins(15),
    };
    let rotation = Rotation {
        client_id: "app".parse().unwrap(),
        presented: Digest::of(b"refresh"),
        successor: Digest::of(b"next"),
        salt: Salt::new([3; 32]),
        retry: Duration::from_secs(30),
        key: None,
        access_lifetime: Duration::from_mins(15),
    };
    let choice = EncounterChoice {
        session: session.clone(),
        patient: "a".parse().unwrap(),
        encounter: "e".parse().unwrap(),
    };
    let ends = Until::SessionEnds { session: session.clone(), at: at(9) };
    for update in [
        steps::sign_in(&id, &sign_in(None), step()),
        steps::sign_in(&id, &sign_in(Some("a")), step()),
        steps::choose_patient(&id, &session, &"a".parse().unwrap(), step()),
        steps::choose_encounter(&id, &choice, step()),
        steps::issue_code(&id, &issue(None, None), step()),
        steps::issue_code(&id, &issue(Some("n"), policy(Until::Forever)), step()),
        steps::issue_code(&id, &issue(None, policy(Until::After(Duration::from_secs(9)))), step()),
        steps::issue_code(&id, &issue(None, policy(ends)), step()),
        steps::deny(&id, &session, step()),
        steps::redeem(&id, &redemption, step()),
        steps::unredeem(&id, Op::new([4; 32]), step()),
        steps::refresh(&id, &rotation, step()),
        steps::extend_retry(&id, &rotation.presented, at(600), step()),
        steps::revoke(&id, RevocationReason::ByUser, step()),
        steps::revoke_by_client(&id, &"growth-chart".parse().unwrap(), step()),
        steps::revoke_own(&id, &owner(), RevocationReason::ByUser, step()),
    ] {
        assert_eq!(update.key, format!("grant#{id}"));
        check_expression(&update);
    }
}

#[test]
fn an_item_of_a_later_program_is_not_taken_for_anything() {
    let grant = requested();
    let item = row::item_of(&grant).unwrap().with("stage", crate::item::text("suspended"));
    let unavailable = grant_of(&grant.id, &item).unwrap_err();
    assert!(unavailable.reason.contains("`stage`"), "{unavailable}");
}

//! The machine: each stage against each step, the conditions of each step, and random lives of a grant.

mod keys;
mod lives;
mod refresh;
mod steps;

use std::fmt;

use super::*;
use crate::pkce::CodeVerifier;
use crate::ports::Step;
use crate::redirect::RegisteredRedirectUri;
use crate::secret::{Handle, Salt};
use crate::user::Credentials;

const ACCESS: Duration = crate::token::ACCESS_LIFETIME;
const RETRY: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);
const REDIRECT_URI: &str = "https://app.example/cb";

/// What the grants of these tests are begun with, and end with, unless a test says more.
const SESSION: u64 = 1;
const CODE: u64 = 2;
const TOKEN: u64 = 3;

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

fn digest(n: u64) -> Digest {
    Digest::of(&n.to_be_bytes())
}

fn op(n: u64) -> Op {
    Op::new(*digest(n).as_bytes())
}

/// A write of its own name at an instant.
fn step(n: u64, second: u64) -> Step {
    Step { now: at(second), op: op(n) }
}

fn session(n: u64) -> SessionId {
    digest(n).into()
}

fn challenge(letter: &str) -> CodeChallenge {
    letter.repeat(43).parse::<CodeVerifier>().unwrap().challenge()
}

fn request() -> Request {
    let registered = [RegisteredRedirectUri::parse(REDIRECT_URI).unwrap()];
    Request {
        redirect_uri: RedirectUri::matched(REDIRECT_URI, &registered, false).unwrap(),
        state: "a b&=+~".to_owned(),
        scopes: "openid patient/*.rs offline_access".parse().unwrap(),
        challenge: challenge("v"),
        nonce: Some("n-1".to_owned()),
        dpop_jkt: None,
        sign_in: SignInWish::default(),
        launch: None,
        always_ask: false,
    }
}

fn owner() -> Owner {
    Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(at(0)),
    }
}

fn granted() -> Granted {
    Granted {
        scopes: "openid patient/Observation.rs offline_access".parse().unwrap(),
        context: LaunchContext::standalone(Some("a".parse().unwrap())),
        name: None,
        nonce: Some("n-1".to_owned()),
    }
}

fn offline() -> RefreshPolicy {
    RefreshPolicy { slides: 180 * DAY, until: Until::Forever }
}

fn sign_in(n: u64) -> SignIn {
    SignIn { session: session(n), owner: owner(), patient: None }
}

fn issue(seen: Op) -> CodeIssue {
    CodeIssue {
        session: session(SESSION),
        seen,
        code: digest(CODE),
        granted: granted(),
        refresh: Some(offline()),
    }
}

fn redemption() -> Redemption {
    Redemption {
        client_id: "app".parse().unwrap(),
        code: digest(CODE),
        redirect_uri: REDIRECT_URI.to_owned(),
        challenge: challenge("v"),
        refresh: digest(TOKEN),
        key: None,
        refresh_key: None,
        access_lifetime: ACCESS,
    }
}

/// A rotation of the token `presented` to the token `successor`.
fn rotation(presented: u64, successor: u64) -> Rotation {
    Rotation {
        client_id: "app".parse().unwrap(),
        presented: digest(presented),
        successor: digest(successor),
        salt: salt(successor),
        retry: RETRY,
        key: None,
        access_lifetime: ACCESS,
    }
}

fn salt(n: u64) -> Salt {
    Salt::new(*digest(n).as_bytes())
}

fn requested() -> Grant {
    let id = Handle::new([7; 16]).grant_id();
    Grant::begin(id, "app".parse().unwrap(), request(), op(100), at(0))
}

fn known() -> Grant {
    requested().sign_in(&sign_in(SESSION), step(101, 1)).unwrap()
}

fn coded() -> Grant {
    known().issue_code(&issue(op(101)), step(102, 2)).unwrap()
}

/// Redeemed at second 3.
fn active() -> Grant {
    coded().redeem(&redemption(), step(103, 3)).unwrap()
}

fn without_refresh() -> Grant {
    let once = CodeIssue { refresh: None, ..issue(op(101)) };
    known().issue_code(&once, step(102, 2)).unwrap().redeem(&redemption(), step(103, 3)).unwrap()
}

fn revoked() -> Grant {
    active().revoke(RevocationReason::ByUser, step(104, 4)).unwrap()
}

/// That a step gives the grant as it was: nothing is to be written.
#[track_caller]
fn same<E: fmt::Debug>(found: Result<Grant, E>, before: &Grant) {
    assert_eq!(&found.unwrap(), before);
}

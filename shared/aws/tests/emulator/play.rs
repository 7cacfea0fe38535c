//! One step, taken on the table and by core side by side.

use std::time::Duration;

use smart_aws::StateTable;
use smart_core::grant::{
    EncounterChoice, Grant, Redemption, RefreshPolicy, Refusal, RevocationReason, Rotation, Until,
};
use smart_core::ports::{Authorizations as _, Grants as _, Redemptions as _, Step, Stopped, UserGrants as _};
use smart_core::secret::Op;

use crate::sample::{
    at, begun_for, bytes, digest, id, issue, key, policy, redemption, rotation, session, sign_in, step,
};

/// A step with its parts: zero is mostly the right one.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    SignIn {
        session: u64,
        patient: Option<&'static str>,
    },
    ChoosePatient {
        session: u64,
        patient: &'static str,
    },
    ChooseEncounter {
        session: u64,
        patient: &'static str,
    },
    IssueCode {
        session: u64,
        seen_now: bool,
        policy: u8,
    },
    Deny {
        session: u64,
    },
    Redeem {
        code: u64,
        client: &'static str,
        uri: usize,
        verified: u64,
        access: Duration,
        /// The key that is proved, and whether the refresh token is bound to it.
        key: (u8, bool),
    },
    Unredeem {
        made: bool,
    },
    /// The token so many before the current one.
    Refresh {
        back: u64,
        client: &'static str,
        access: Duration,
        retry: u64,
        key: u8,
    },
    ExtendRetry {
        back: u64,
        by: u64,
    },
    Revoke,
    RevokeByClient {
        client: &'static str,
    },
    /// By the user of this name and, for the namesake, another `sub`.
    RevokeOwn {
        user: &'static str,
        namesake: bool,
    },
}

/// What core and the store say of a step.
#[derive(Debug, PartialEq)]
enum Said {
    Grant(Result<Box<Grant>, Refusal>),
    Repeated(bool),
    Done(bool),
}

/// Core, applied to a grant in memory, and the number of its current refresh token.
struct Model {
    grant: Option<Grant>,
    token: u64,
}

impl Model {
    fn step(&mut self, transition: impl FnOnce(Grant) -> Result<Grant, Refusal>) -> Said {
        let Some(grant) = self.grant.clone() else { return Said::Grant(Err(Refusal::Absent)) };
        let made = transition(grant);
        if let Ok(made) = &made {
            self.grant = Some(made.clone());
        }
        Said::Grant(made.map(Box::new))
    }

    fn change(&mut self, change: impl FnOnce(Grant) -> Option<Grant>) -> Said {
        let changed = self.grant.clone().and_then(change);
        let done = changed.is_some();
        self.grant = changed.or(self.grant.take());
        Said::Done(done)
    }
}

fn said(outcome: Result<Grant, Stopped>) -> Said {
    match outcome {
        Ok(grant) => Said::Grant(Ok(Box::new(grant))),
        Err(Stopped::Refused(refusal)) => Said::Grant(Err(refusal)),
        Err(Stopped::Unavailable(unavailable)) => panic!("{unavailable}"),
    }
}

fn refresh_policy(kind: u8) -> Option<RefreshPolicy> {
    match kind {
        0 => None,
        1 => Some(policy(Until::Forever)),
        2 => Some(policy(Until::After(Duration::from_secs(50)))),
        _ => Some(policy(Until::SessionEnds { session: session(0), at: at(40) })),
    }
}

fn choice(of: u64, patient: &str) -> EncounterChoice {
    let (patient, encounter) = (patient.parse().unwrap(), "visit".parse().unwrap());
    EncounterChoice { session: session(of), patient, encounter }
}

/// Takes one step on both sides.
#[expect(clippy::too_many_lines, reason = "one arm a step: apart, they would say less")]
async fn take(store: &StateTable, model: &mut Model, n: u64, action: &Action, step: Step) -> (Said, Said) {
    let id = id(n);
    match *action {
        Action::SignIn { session, patient } => {
            let sign_in = sign_in(session, "maria", patient);
            (
                said(store.sign_in(&id, &sign_in, step).await),
                model.step(|grant| grant.sign_in(&sign_in, step)),
            )
        }
        Action::ChoosePatient { session: of, patient } => {
            let (of, patient) = (session(of), patient.parse().unwrap());
            (
                said(store.choose_patient(&id, &of, &patient, step).await),
                model.step(|grant| grant.choose_patient(&of, &patient, step)),
            )
        }
        Action::ChooseEncounter { session, patient } => {
            let choice = choice(session, patient);
            let found = said(store.choose_encounter(&id, &choice, step).await);
            (found, model.step(|grant| grant.choose_encounter(&choice, step)))
        }
        Action::IssueCode { session, seen_now, policy } => {
            let current = model.grant.as_ref().map_or(step.op, |grant| grant.last_op);
            let seen = if seen_now { current } else { Op::new(bytes(9)) };
            let issue = issue(session, seen, refresh_policy(policy));
            (
                said(store.issue_code(&id, &issue, step).await),
                model.step(|grant| grant.issue_code(&issue, step)),
            )
        }
        Action::Deny { session: of } => {
            let of = session(of);
            (said(store.deny(&id, &of, step).await), model.step(|grant| grant.deny(&of, step)))
        }
        Action::Redeem { code, client, uri, verified, access, key: (number, binds) } => {
            let redemption = Redemption {
                key: key(number),
                refresh_key: key(number).filter(|_| binds),
                ..redemption(code, client, uri, verified, access)
            };
            let redeemed = store.redeem(&id, &redemption, step).await.map(|redeemed| redeemed.grant);
            (said(redeemed), model.step(|grant| grant.redeem(&redemption, step)))
        }
        Action::Unredeem { made } => {
            let Some(grant) = model.grant.clone() else { return (Said::Done(false), Said::Done(false)) };
            let op = if made { grant.last_op } else { Op::new(bytes(9)) };
            let done = store.unredeem(&id, op, step).await.unwrap();
            (Said::Done(done), model.change(|grant| grant.unredeem(op, step)))
        }
        Action::Refresh { back, client, access, retry, key: number } => {
            let presented = model.token - back.min(model.token);
            let rotation = Rotation {
                access_lifetime: access,
                retry: Duration::from_secs(retry),
                key: key(number),
                ..rotation(presented, presented + 1, client)
            };
            let refreshed = store.refresh(&id, &rotation, step).await;
            let expected =
                model.grant.clone().ok_or(Refusal::Absent).and_then(|grant| grant.refresh(&rotation, step));
            if let (Ok(refreshed), Ok(expected)) = (&refreshed, &expected) {
                assert_eq!((refreshed.salt, refreshed.repeated), (expected.salt, expected.repeated));
                assert_eq!(refreshed.grant, expected.grant);
                if expected.repeated {
                    return (Said::Repeated(refreshed.repeated), Said::Repeated(expected.repeated));
                }
            }
            let expected = expected.map(|refreshed| refreshed.grant);
            model.token += u64::from(expected.is_ok() && back == 0);
            (said(refreshed.map(|refreshed| refreshed.grant)), model.step(|_| expected))
        }
        Action::ExtendRetry { back, by } => {
            let (presented, until) =
                (digest(model.token - back.min(model.token)), step.now + Duration::from_secs(by));
            let done = store.extend_retry(&id, &presented, until, step).await.unwrap();
            // Where the window is that long already, nothing is written: not even the name of the step.
            let expected = model.change(|grant| {
                let extended = grant.clone().extend_retry(&presented, until, step)?;
                Some(if extended.stage == grant.stage { grant } else { extended })
            });
            (Said::Done(done), expected)
        }
        Action::Revoke => {
            let reason = RevocationReason::ByUser;
            let done = store.revoke(&id, reason, step).await.unwrap();
            let there = model.grant.as_ref().is_some_and(|grant| grant.is_alive(step.now));
            model.change(|grant| grant.revoke(reason, step));
            (Said::Done(done), Said::Done(there))
        }
        Action::RevokeByClient { client } => {
            let client = client.parse().unwrap();
            let revoked = match store.revoke_by_client(&id, &client, step).await {
                Ok(()) => Said::Done(true),
                Err(stopped) => said(Err(stopped)),
            };
            let expected = model.step(|grant| {
                let ended = grant.clone().revoke_by_client(&client, step)?;
                Ok(ended.unwrap_or(grant))
            });
            (revoked, if matches!(expected, Said::Grant(Ok(_))) { Said::Done(true) } else { expected })
        }
        Action::RevokeOwn { user, namesake } => {
            let reason = RevocationReason::ByUser;
            let mut owner = sign_in(0, user, None).owner;
            if namesake {
                owner.sub = format!("{}x", owner.sub).parse().unwrap();
            }
            let done = store.revoke_own(&id, &owner, reason, step).await.unwrap();
            (Said::Done(done), model.change(|grant| grant.revoke_own(&owner, reason, step)))
        }
    }
}

/// Takes steps on a grant of its own, bound to a key, each under a numbered name at a second, and holds the store to what core says: of the step, and
/// of the grant after it. Returns what each step came to.
pub(crate) async fn play(store: &StateTable, n: u64, bound: u8, steps: &[(Action, u64, u64)]) -> Vec<String> {
    let begun = begun_for(n, bound);
    store.begin(&begun).await.unwrap();
    let mut model = Model { grant: Some(begun), token: 100 };
    let mut cases = Vec::new();
    for (i, (action, op, second)) in steps.iter().enumerate() {
        let step = step(*op, *second);
        let (found, expected) = take(store, &mut model, n, action, step).await;
        assert_eq!(found, expected, "step {i} of {steps:?}");
        cases.push(named(action, &found));
        let stored = store.grant(&id(n), step.now).await.unwrap();
        let living = model.grant.clone().filter(|grant| grant.is_alive(step.now));
        assert_eq!(stored, living, "after step {i} of {steps:?}");
    }
    cases
}

/// The step and what became of it.
fn named(action: &Action, said: &Said) -> String {
    let action = format!("{action:?}");
    let step = action.split(' ').next().unwrap_or_default();
    match said {
        Said::Grant(Ok(_)) => format!("{step} made"),
        Said::Grant(Err(refusal)) => format!("{step} {refusal:?}"),
        Said::Repeated(_) => format!("{step} repeated"),
        Said::Done(done) => format!("{step} {done}"),
    }
}

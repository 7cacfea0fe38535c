//! Random lives of a grant, held against what must be true of every one.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Something that somebody tries.
#[derive(Clone, Debug)]
enum Act {
    SignIn {
        session: u64,
    },
    Choose {
        session: u64,
        patient: &'static str,
    },
    Issue {
        session: u64,
        stale: bool,
    },
    Deny {
        session: u64,
    },
    Encounter {
        patient: &'static str,
    },
    Redeem {
        code: u64,
        client: &'static str,
        uri: &'static str,
        verifier: &'static str,
    },
    /// Takes back the redemption that was made last, or one by another name.
    Unredeem {
        foreign: bool,
    },
    /// Presents the token that was handed out so many before the last one.
    Refresh {
        back: usize,
        client: &'static str,
    },
    Extend {
        back: usize,
    },
    Revoke,
}

/// One act, so many seconds after the one before; perhaps by the name of the one before, as a retry is.
#[derive(Clone, Debug)]
struct Move {
    wait: u64,
    same_name: bool,
    act: Act,
}

/// Mostly what fits.
fn mostly(right: &'static str, wrong: &'static str) -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![9 => Just(right), 1 => Just(wrong)]
}

fn act() -> impl Strategy<Value = Act> {
    let session = || prop_oneof![9 => Just(SESSION), 1 => Just(9_u64)];
    let code = prop_oneof![9 => Just(CODE), 1 => Just(99_u64)];
    let back = || prop_oneof![6 => Just(0_usize), 3 => Just(1_usize), 1 => 2..5_usize];
    let client = || mostly("app", "other");
    prop_oneof![
        2 => session().prop_map(|session| Act::SignIn { session }),
        1 => (session(), select(vec!["a", "b"])).prop_map(|(session, patient)| Act::Choose { session, patient }),
        1 => select(vec!["a", "b"]).prop_map(|patient| Act::Encounter { patient }),
        2 => (session(), prop::bool::weighted(0.1)).prop_map(|(session, stale)| Act::Issue { session, stale }),
        1 => session().prop_map(|session| Act::Deny { session }),
        3 => (code, client(), mostly(REDIRECT_URI, "https://app.example/"), mostly("v", "w"))
            .prop_map(|(code, client, uri, verifier)| Act::Redeem { code, client, uri, verifier }),
        2 => prop::bool::weighted(0.2).prop_map(|foreign| Act::Unredeem { foreign }),
        8 => (back(), client()).prop_map(|(back, client)| Act::Refresh { back, client }),
        1 => back().prop_map(|back| Act::Extend { back }),
        1 => Just(Act::Revoke),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let wait = prop_oneof![8 => 0..3_u64, 2 => 25..35_u64, 1 => 55..65_u64, 1 => 800..1_000_u64, 1 => 3_000..20_000_u64];
    let one = (wait, prop::bool::weighted(0.2), act());
    prop::collection::vec(one.prop_map(|(wait, same_name, act)| Move { wait, same_name, act }), 1..40)
}

fn policy() -> impl Strategy<Value = Option<RefreshPolicy>> {
    let until_session = Until::SessionEnds { session: session(SESSION), at: at(9_000) };
    select(vec![
        None,
        Some(offline()),
        Some(RefreshPolicy { slides: Duration::from_secs(2_000), until: Until::Forever }),
        Some(RefreshPolicy { slides: DAY, until: Until::After(Duration::from_secs(5_000)) }),
        Some(RefreshPolicy { slides: DAY, until: until_session }),
    ])
}

/// A grant, and what the world outside knows of it.
struct World {
    grant: Grant,
    policy: Option<RefreshPolicy>,
    now: u64,
    /// The name of the last write that was tried.
    name: u64,
    names: u64,
    /// The redemption that stands.
    redeemed: Option<Op>,
    /// The refresh tokens that were handed out, the current one last.
    tokens: Vec<u64>,
    /// Whether a retry of the token before the last was promised, and until when.
    retry_until: Instant,
}

impl World {
    fn new(begun: Grant, policy: Option<RefreshPolicy>) -> Self {
        let grant = begun;
        let (redeemed, tokens) = match &grant.stage {
            Stage::Active(_) => (Some(op(103)), vec![TOKEN]),
            _ => (None, Vec::new()),
        };
        Self { grant, policy, now: 3, name: 1_000, names: 1_000, redeemed, tokens, retry_until: at(0) }
    }

    fn step(&self) -> Step {
        step(self.name, self.now)
    }

    fn token(&self, back: usize) -> u64 {
        let last = self.tokens.len().saturating_sub(1);
        last.checked_sub(back).and_then(|i| self.tokens.get(i)).copied().unwrap_or(98)
    }

    fn take(&mut self, a_move: &Move) {
        self.now += a_move.wait;
        if !a_move.same_name {
            self.names += 1;
            self.name = self.names;
        }
        let before = self.grant.clone();
        let after = match &a_move.act {
            Act::SignIn { session } => before.clone().sign_in(&sign_in(*session), self.step()).ok(),
            Act::Choose { session: by, patient } => {
                before.clone().choose_patient(&session(*by), &patient.parse().unwrap(), self.step()).ok()
            }
            Act::Encounter { patient } => {
                let (patient, encounter) = (patient.parse().unwrap(), "e".parse().unwrap());
                let choice = EncounterChoice { session: session(SESSION), patient, encounter };
                before.clone().choose_encounter(&choice, self.step()).ok()
            }
            Act::Issue { session: by, stale } => {
                let seen = if *stale { op(0) } else { before.last_op };
                let refresh = self.policy.clone();
                let issue = CodeIssue { session: session(*by), refresh, ..issue(seen) };
                before.clone().issue_code(&issue, self.step()).ok()
            }
            Act::Deny { session: by } => before.clone().deny(&session(*by), self.step()).ok(),
            Act::Redeem { code, client, uri, verifier } => self.redeem(*code, client, uri, verifier),
            Act::Unredeem { foreign } => self.unredeem(*foreign),
            Act::Refresh { back, client } => self.refresh(*back, client),
            Act::Extend { back } => {
                let until = at(self.now + 60);
                let presented = digest(self.token(*back));
                let after = before.clone().extend_retry(&presented, until, self.step());
                if after.is_some() {
                    assert_eq!(presented, digest(self.token(1)), "only the token before the current one");
                    self.retry_until = self.retry_until.max(until);
                }
                after
            }
            Act::Revoke => {
                let after = before.clone().revoke(RevocationReason::ByUser, self.step());
                let open = before.is_alive(at(self.now)) && !matches!(before.stage, Stage::Revoked(_));
                assert_eq!(after.is_some(), open, "whatever has not ended can be ended");
                after
            }
        };
        if let Some(after) = after {
            self.hold(&before, &after, &a_move.act);
            self.grant = after;
        }
    }

    /// A code is redeemed once by one name, with everything right, unless it was given back.
    fn redeem(&mut self, code: u64, client: &str, uri: &str, verifier: &str) -> Option<Grant> {
        let before = self.grant.clone();
        self.names += 1;
        let token = self.names;
        let redemption = Redemption {
            client_id: client.parse().unwrap(),
            code: digest(code),
            redirect_uri: uri.to_owned(),
            challenge: challenge(verifier),
            refresh: digest(token),
            key: None,
            refresh_key: None,
            access_lifetime: ACCESS,
        };
        let fits = (code, client, uri, verifier) == (CODE, "app", REDIRECT_URI, "v");
        let step = self.step();
        match before.clone().redeem(&redemption, step) {
            Ok(after) if after == before => {
                assert_eq!(self.redeemed, Some(step.op), "only the redemption that stands is answered again");
                Some(after)
            }
            Ok(after) => {
                assert!(fits && self.redeemed.is_none(), "a code is redeemed by whom it was given to, once");
                assert!(after.active().is_some() && after.expires_at >= step.now + ACCESS);
                self.redeemed = Some(step.op);
                self.tokens = if self.policy.is_some() { vec![token] } else { Vec::new() };
                Some(after)
            }
            Err(refusal) => {
                let good = matches!(before.stage, Stage::Coded(_)) && before.is_alive(step.now);
                assert!(!(good && fits), "a good code is good: {refusal}");
                let used = before.is_alive(step.now) && before.active().is_some() && code == CODE;
                assert_eq!(refusal == Refusal::Replayed, used && client == "app");
                None
            }
        }
    }

    fn unredeem(&mut self, foreign: bool) -> Option<Grant> {
        let before = self.grant.clone();
        let name = if foreign { op(0) } else { self.redeemed.unwrap_or(op(0)) };
        let after = before.clone().unredeem(name, self.step())?;
        if after != before {
            assert_eq!(Some(name), self.redeemed, "only the redemption that stands is taken back");
            assert_eq!(before.last_op, name, "only if nothing has happened since");
            self.redeemed = None;
            self.tokens.clear();
        }
        Some(after)
    }

    /// The current token is replaced, the one before gets the same successor for a while, and no other gets anything.
    fn refresh(&mut self, back: usize, client: &str) -> Option<Grant> {
        let before = self.grant.clone();
        self.names += 1;
        let next = self.names;
        let presented = self.token(back);
        let rotation = Rotation { client_id: client.parse().unwrap(), ..rotation(presented, next) };
        let step = self.step();
        let (current, previous) = (self.token(0), self.token(1));
        let refresh = before.active().and_then(|active| active.refresh.as_ref());
        let lives = before.is_alive(step.now)
            && refresh.is_some_and(|refresh| {
                !refresh.expires_at.has_passed(step.now) && !refresh.ends_at.has_passed(step.now)
            });
        match before.clone().refresh(&rotation, step) {
            Ok(Refreshed { grant: after, salt: said, repeated }) => {
                assert!(
                    lives && client == "app",
                    "a token that has ended gives nothing, nor does another client's"
                );
                if after == before {
                    assert_eq!((presented, said), (previous, salt(current)), "the same single successor");
                    let own = before.last_op == step.op;
                    assert_eq!(repeated, !own);
                    assert!(own || !self.retry_until.has_passed(step.now), "within the window");
                } else {
                    assert_eq!((presented, said, repeated), (current, salt(next), false));
                    assert!(after.expires_at >= step.now + ACCESS);
                    self.tokens.push(next);
                    self.retry_until = step.now + RETRY;
                }
                Some(after)
            }
            Err(refusal) => {
                assert!(
                    !(lives && presented == current && client == "app"),
                    "a good token is good: {refusal}"
                );
                assert!(refusal != Refusal::Replayed || client == "app", "another client ends nothing");
                None
            }
        }
    }

    /// What is true of every step, whatever it was.
    fn hold(&self, before: &Grant, after: &Grant, act: &Act) {
        assert!(before.is_alive(at(self.now)), "an expired grant is refused everything");
        assert_eq!((&after.id, &after.client_id), (&before.id, &before.client_id));
        if matches!(before.stage, Stage::Revoked(_)) {
            assert_eq!(after, before, "revoked is final");
        }
        let back = matches!(act, Act::Unredeem { .. }) && (rank(before), rank(after)) == (3, 2);
        assert!(rank(after) >= rank(before) || back, "no way back but one");
        if let (Some((owner, granted)), Some((owner_after, granted_after))) = (terms(before), terms(after)) {
            assert_eq!(owner_after, owner, "an owner stays");
            assert_eq!(granted_after.scopes, granted.scopes, "what was granted stays");
            assert_eq!(granted_after.context, granted.context, "the context stays");
            assert_eq!(granted_after.name, granted.name);
            assert!(granted_after.nonce.is_none() || granted_after.nonce == granted.nonce);
        }
        let ends =
            |grant: &Grant| grant.active().and_then(|active| active.refresh.as_ref()).map(|r| r.ends_at);
        if let (Some(end), Some(end_after)) = (ends(before), ends(after)) {
            assert_eq!(end_after, end, "the end of a refresh token is not moved");
        }
        if after != before {
            assert_eq!(after.last_op, op(self.name), "a write bears its name");
        }
        let stored = serde_json::to_string(after).unwrap();
        assert_eq!(serde_json::from_str::<Grant>(&stored).unwrap(), *after);
    }
}

fn rank(grant: &Grant) -> u8 {
    match grant.stage {
        Stage::Requested(_) => 0,
        Stage::Known(_) => 1,
        Stage::Coded(_) => 2,
        Stage::Active(_) => 3,
        Stage::Revoked(_) => 4,
    }
}

/// Whose it is and what it opens, once that is decided.
fn terms(grant: &Grant) -> Option<(&Owner, &Granted)> {
    match &grant.stage {
        Stage::Coded(Coded { owner, granted, .. }) | Stage::Active(Active { owner, granted, .. }) => {
            Some((owner, granted))
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn code_03_05_refr_14_15_16_every_life_of_a_grant_keeps_the_rules(
        begun in 0..4_u8, policy in policy(), moves in moves()
    ) {
        let coded = || {
            let issue = CodeIssue { refresh: policy.clone(), ..issue(op(101)) };
            known().issue_code(&issue, step(102, 2)).unwrap()
        };
        let begun = match begun {
            0 => requested(),
            1 => known(),
            2 => coded(),
            _ => coded().redeem(&redemption(), step(103, 3)).unwrap(),
        };
        let mut world = World::new(begun, policy);
        if world.policy.is_none() {
            world.tokens.clear();
        }
        for a_move in &moves {
            world.take(a_move);
        }
    }
}

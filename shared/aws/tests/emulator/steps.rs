//! Each condition says what core says: steps right and wrong, in time and late, made on the table and by core's own transitions side by
//! side.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use smart_aws::emulator;
use smart_core::grant::CODE_LIFETIME;

use crate::play::{Action, play};
use crate::sample::{ACCESS, SLIDES};

fn mostly<T: Clone + std::fmt::Debug + 'static>(right: T, wrong: T) -> impl Strategy<Value = T> {
    prop_oneof![6 => Just(right), 1 => Just(wrong)]
}

/// Mostly `right`, or another of the last tokens.
fn back(right: u64) -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(right), 2 => 0..3_u64]
}

/// None, or the first of two.
fn key() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1), 2 => Just(0), 1 => Just(2)]
}

fn action() -> impl Strategy<Value = Action> {
    // Long enough to outlive the refresh token, and short enough not to.
    let access = || prop_oneof![4 => Just(ACCESS), 1 => Just(SLIDES + SLIDES), 1 => Just(Duration::ZERO)];
    let patient = || prop_oneof![Just("a"), Just("b")];
    prop_oneof![
        6 => (mostly(0, 1), proptest::option::of(patient()))
            .prop_map(|(session, patient)| Action::SignIn { session, patient }),
        3 => (mostly(0, 1), patient()).prop_map(|(session, patient)| Action::ChoosePatient { session, patient }),
        2 => (mostly(0, 1), patient()).prop_map(|(session, patient)| Action::ChooseEncounter { session, patient }),
        6 => (mostly(0, 1), mostly(true, false), 0..4_u8)
            .prop_map(|(session, seen_now, policy)| Action::IssueCode { session, seen_now, policy }),
        1 => mostly(0, 1).prop_map(|session| Action::Deny { session }),
        8 => (mostly(0, 1), mostly("growth-chart", "other"), mostly(0, 1), mostly(0, 1), access(), (key(), any::<bool>()))
            .prop_map(|(code, client, uri, verified, access, key)| Action::Redeem { code, client, uri, verified, access, key }),
        2 => mostly(true, false).prop_map(|made| Action::Unredeem { made }),
        9 => (back(0), mostly("growth-chart", "other"), access(), prop_oneof![4 => Just(30_u64), 1 => Just(0)], key())
            .prop_map(|(back, client, access, retry, key)| Action::Refresh { back, client, access, retry, key }),
        3 => (back(1), prop_oneof![Just(0_u64), Just(600)])
            .prop_map(|(back, by)| Action::ExtendRetry { back, by }),
        1 => Just(Action::Revoke),
        1 => mostly("growth-chart", "other").prop_map(|client| Action::RevokeByClient { client }),
        1 => (mostly("maria", "peter"), mostly(false, true)).prop_map(|(user, namesake)| Action::RevokeOwn { user, namesake }),
    ]
}

/// How long after the step before it.
fn wait() -> impl Strategy<Value = u64> {
    prop_oneof![
        24 => Just(0_u64),
        6 => Just(1),
        3 => Just(20),
        1 => Just(CODE_LIFETIME.as_secs()),
        1 => Just(SLIDES.as_secs() - 1),
    ]
}

fn redeem_as(client: &'static str, code: u64) -> Action {
    Action::Redeem { code, client, uri: 0, verified: 0, access: ACCESS, key: (1, false) }
}

fn redeem(access: Duration) -> Action {
    Action::Redeem { code: 0, client: "growth-chart", uri: 0, verified: 0, access, key: (1, false) }
}

fn refresh(back: u64) -> Action {
    Action::Refresh { back, client: "growth-chart", access: ACCESS, retry: 30, key: 1 }
}

/// The right steps up to a stage.
fn beginning(stage: u8, policy: u8) -> Vec<Action> {
    let right = [
        Action::SignIn { session: 0, patient: Some("a") },
        Action::IssueCode { session: 0, seen_now: true, policy },
        redeem(ACCESS),
        refresh(0),
        refresh(0),
    ];
    right.into_iter().take(stage.into()).collect()
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// The same steps each time, that are known to come to every case.
#[test]
fn chosen_steps_go_as_core_says() {
    let seen = run(TestRunner::new_with_rng(config(400), TestRng::deterministic_rng(RngAlgorithm::ChaCha)));
    // A run that never came to a case has proved nothing of it.
    for case in CASES {
        assert!(seen.contains_key(case), "no `{case}` among {seen:#?}");
    }
}

/// Others each time.
#[test]
fn random_steps_go_as_core_says() {
    run(TestRunner::new(config(100)));
}

/// Takes steps on grants of their own, and says how often each step met which case.
fn run(mut runner: TestRunner) -> BTreeMap<String, u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(emulator::state()).unwrap();
    let grants = Cell::new(0);
    let seen = RefCell::new(BTreeMap::<String, u32>::new());
    let actions = proptest::collection::vec((action(), 0..6_u64, wait()), 1..16);
    runner
        .run(&(0..6_u8, 0..4_u8, 0..2_u8, actions), |(stage, policy, bound, actions)| {
            let n = grants.replace(grants.get() + 1);
            let mut second = 1;
            // The names of the right steps are used once; the random ones share six.
            let right = beginning(stage, policy).into_iter().zip(10..).map(|(action, op)| (action, op, 0));
            let steps = right.chain(actions).map(|(action, op, wait)| {
                second += wait;
                (action, op, second)
            });
            let steps: Vec<_> = steps.collect();
            for case in runtime.block_on(play(&store, n, bound, &steps)) {
                *seen.borrow_mut().entry(case).or_default() += 1;
            }
            Ok(())
        })
        .unwrap();
    seen.into_inner()
}

/// What the chosen steps must have met.
const CASES: [&str; 32] = [
    "SignIn made",
    "SignIn Stage",
    "ChoosePatient made",
    "ChoosePatient Session",
    "ChooseEncounter made",
    "ChooseEncounter Changed",
    "IssueCode made",
    "IssueCode Session",
    "IssueCode Absent",
    "Deny made",
    "Redeem made",
    "Redeem Absent",
    "Redeem Client",
    "Redeem RedirectUri",
    "Redeem Verifier",
    "Redeem Key",
    "Redeem Replayed",
    "Unredeem true",
    "Unredeem false",
    "Refresh made",
    "Refresh repeated",
    "Refresh Replayed",
    "Refresh Key",
    "Refresh RefreshExpired",
    "ExtendRetry true",
    "ExtendRetry false",
    "Revoke true",
    "Revoke false",
    "RevokeByClient true",
    "RevokeByClient Client",
    "RevokeOwn true",
    "RevokeOwn false",
];

/// What chance seldom comes to.
#[tokio::test]
async fn rare_cases_go_as_core_says() {
    let store = emulator::state().await.unwrap();
    let slides = SLIDES.as_secs();
    let sign_in = |patient| Action::SignIn { session: 0, patient };
    let choose = |patient| Action::ChoosePatient { session: 0, patient };
    let visit = |patient| Action::ChooseEncounter { session: 0, patient };
    let active = |policy: u8, access: Duration| {
        let mut steps: Vec<_> =
            beginning(2, policy).into_iter().zip(10..).map(|(action, op)| (action, op, 1)).collect();
        steps.push((redeem(access), 12, 2));
        steps
    };
    let with = |policy: u8, access: Duration, more: &[(Action, u64, u64)]| {
        let mut steps = active(policy, access);
        steps.extend_from_slice(more);
        steps
    };
    let table = [
        // Two steps of one name, and the first of them seen again: what the second chose stays.
        (vec![(sign_in(Some("a")), 1, 1), (choose("b"), 1, 1), (sign_in(Some("a")), 1, 1)], "SignIn made"),
        (
            vec![(sign_in(None), 1, 1), (choose("b"), 2, 1), (visit("b"), 2, 1), (choose("b"), 2, 1)],
            "ChoosePatient made",
        ),
        (
            vec![(sign_in(Some("a")), 1, 1), (visit("a"), 2, 1), (choose("b"), 3, 1), (visit("a"), 4, 1)],
            "ChooseEncounter Changed",
        ),
        // Access tokens that outlive the refresh token keep the grant, and not the refresh token.
        (with(1, SLIDES * 2, &[(refresh(0), 20, 2 + slides)]), "Refresh RefreshExpired"),
        (with(2, SLIDES * 2, &[(refresh(0), 20, 52)]), "Refresh RefreshExpired"),
        (with(3, ACCESS, &[(refresh(0), 20, 40)]), "Refresh RefreshExpired"),
        // A clock that is behind the one that redeemed.
        (with(0, ACCESS, &[(refresh(0), 20, 1)]), "Refresh Absent"),
        (with(1, ACCESS, &[(refresh(0), 20, 1)]), "Refresh made"),
        // Expired, and not yet removed.
        (with(1, ACCESS, &[(Action::Revoke, 20, 2 + slides)]), "Revoke false"),
        (with(1, ACCESS, &[(Action::Revoke, 20, 1 + slides)]), "Revoke true"),
        (with(0, ACCESS, &[(Action::Revoke, 20, 2 + ACCESS.as_secs())]), "Revoke false"),
        (
            with(1, ACCESS, &[(Action::RevokeByClient { client: "growth-chart" }, 20, 2 + slides)]),
            "RevokeByClient Absent",
        ),
        (
            with(
                1,
                ACCESS,
                &[(Action::Revoke, 20, 3), (Action::RevokeByClient { client: "growth-chart" }, 21, 4)],
            ),
            "RevokeByClient true",
        ),
        (
            with(1, ACCESS, &[(Action::Revoke, 20, 3), (Action::RevokeByClient { client: "other" }, 21, 4)]),
            "RevokeByClient Client",
        ),
        (with(1, ACCESS, &[(Action::Unredeem { made: true }, 20, 2 + slides)]), "Unredeem false"),
        (
            with(
                1,
                ACCESS,
                &[(refresh(0), 20, 3), (Action::ExtendRetry { back: 1, by: 600 }, 21, 3 + slides)],
            ),
            "ExtendRetry false",
        ),
        // Taken back and redeemed anew, under each policy.
        (
            with(0, ACCESS, &[(Action::Unredeem { made: true }, 20, 3), (redeem(ACCESS), 21, 4)]),
            "Redeem made",
        ),
        (
            with(2, ACCESS, &[(Action::Unredeem { made: true }, 20, 3), (redeem(ACCESS), 21, 9)]),
            "Redeem made",
        ),
        (
            with(3, ACCESS, &[(Action::Unredeem { made: true }, 20, 3), (redeem(ACCESS), 21, 9)]),
            "Redeem made",
        ),
        // Taken back, it has the code's own expiry again.
        (
            with(1, ACCESS, &[(Action::Unredeem { made: true }, 20, 3), (redeem(ACCESS), 21, 61)]),
            "Redeem Absent",
        ),
        // The window's last second, and the first after it.
        (with(1, ACCESS, &[(refresh(0), 20, 3), (refresh(1), 21, 32)]), "Refresh repeated"),
        (with(1, ACCESS, &[(refresh(0), 20, 3), (refresh(1), 21, 33)]), "Refresh Replayed"),
        // A used code, before the first refresh and after it: of its own client, of another, and made up.
        (with(1, ACCESS, &[(redeem_as("growth-chart", 0), 20, 3)]), "Redeem Replayed"),
        (with(1, ACCESS, &[(refresh(0), 20, 3), (redeem_as("growth-chart", 0), 21, 4)]), "Redeem Replayed"),
        (with(1, ACCESS, &[(refresh(0), 20, 3), (redeem_as("other", 0), 21, 4)]), "Redeem Client"),
        (with(1, ACCESS, &[(refresh(0), 20, 3), (redeem_as("growth-chart", 1), 21, 4)]), "Redeem Absent"),
        (with(1, ACCESS, &[(refresh(0), 20, 3), (Action::Unredeem { made: true }, 21, 4)]), "Unredeem false"),
        // Our own refresh, seen again however late.
        (with(1, ACCESS, &[(refresh(0), 20, 3), (refresh(1), 20, 300)]), "Refresh made"),
    ];
    for ((steps, expected), n) in table.iter().zip(0..) {
        let cases = play(&store, n, 0, steps).await;
        assert_eq!(cases.last().map(String::as_str), Some(*expected), "{steps:?}");
    }
}

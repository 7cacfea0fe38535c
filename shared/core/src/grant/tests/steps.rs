//! From the request to an active grant, the way back, and the end.

use super::*;

/// A step by its name, with everything right about it.
type Named = (&'static str, fn(Grant, Step) -> Result<Grant, Refusal>);

const STEPS: [Named; 7] = [
    ("sign_in", |grant, step| grant.sign_in(&sign_in(SESSION), step)),
    ("choose_patient", |grant, step| grant.choose_patient(&session(SESSION), &"b".parse().unwrap(), step)),
    ("choose_encounter", |grant, step| grant.choose_encounter(&choice(SESSION, "b", "e"), step)),
    ("issue_code", |grant, step| {
        let seen = grant.last_op;
        grant.issue_code(&issue(seen), step)
    }),
    ("deny", |grant, step| grant.deny(&session(SESSION), step)),
    ("redeem", |grant, step| grant.redeem(&redemption(), step)),
    ("refresh", |grant, step| grant.refresh(&rotation(TOKEN, 4), step).map(|refreshed| refreshed.grant)),
];

/// A stage by its name, a grant that is there, and what that says to each step of [`STEPS`].
type Answers = (&'static str, fn() -> Grant, [Result<(), Refusal>; 7]);

/// What each stage says to each step of [`STEPS`].
const STAGES: [Answers; 6] = {
    use Refusal as R;
    const OK: Result<(), Refusal> = Ok(());
    const STAGE: Result<(), Refusal> = Err(R::Stage);
    const REPLAYED: Result<(), Refusal> = Err(R::Replayed);
    [
        ("requested", requested, [OK, STAGE, STAGE, STAGE, STAGE, STAGE, STAGE]),
        ("known", known, [OK, OK, Err(R::Changed), OK, OK, STAGE, STAGE]),
        ("coded", coded, [STAGE, STAGE, STAGE, STAGE, STAGE, OK, STAGE]),
        ("active", active, [STAGE, STAGE, STAGE, STAGE, STAGE, REPLAYED, OK]),
        (
            "active without refresh",
            without_refresh,
            [STAGE, STAGE, STAGE, STAGE, STAGE, REPLAYED, Err(R::Absent)],
        ),
        ("revoked", revoked, [Err(R::Revoked); 7]),
    ]
};

#[test]
fn each_stage_lets_its_own_steps_through_and_no_others() {
    for (stage, grant, expected) in STAGES {
        for ((name, take), expected) in STEPS.into_iter().zip(expected) {
            assert_eq!(take(grant(), step(200, 5)).map(drop), expected, "{name} of a grant that is {stage}");
        }
    }
}

#[test]
fn sec_22_code_01_an_expired_grant_is_absent_to_every_step() {
    for (stage, grant, expected) in STAGES {
        let last = grant().expires_at - Duration::from_secs(1);
        for ((name, take), expected) in STEPS.into_iter().zip(expected) {
            let step = |now| Step { now, op: op(200) };
            assert_eq!(take(grant(), step(last)).map(drop), expected, "{name}, {stage}: the last second");
            let late = take(grant(), step(last + Duration::from_secs(1)));
            assert_eq!(late, Err(Refusal::Absent), "{name}, {stage}: expired");
        }
        // Nor is the name of the last write a way in.
        let own = Step { now: grant().expires_at, op: grant().last_op };
        for (name, take) in STEPS {
            assert_eq!(take(grant(), own), Err(Refusal::Absent), "{name}, {stage}: by its own name");
        }
        assert_eq!(grant().revoke(RevocationReason::ByUser, own), None, "{stage}");
        assert_eq!(grant().unredeem(op(103), own), None, "{stage}");
        assert_eq!(grant().extend_retry(&digest(TOKEN), at(900), own), None, "{stage}");
    }
}

#[test]
fn a_step_that_bears_the_name_of_the_last_write_is_that_write_seen_twice() {
    let known = known();
    same(known.clone().sign_in(&sign_in(SESSION), step(101, 9)), &known);
    let chosen = known.choose_patient(&session(SESSION), &"b".parse().unwrap(), step(110, 2)).unwrap();
    same(chosen.clone().choose_patient(&session(SESSION), &"b".parse().unwrap(), step(110, 9)), &chosen);
    let coded = chosen.clone().issue_code(&issue(op(110)), step(111, 3)).unwrap();
    same(coded.clone().issue_code(&issue(op(110)), step(111, 9)), &coded);
    let active = coded.clone().redeem(&redemption(), step(112, 4)).unwrap();
    same(active.clone().redeem(&redemption(), step(112, 9)), &active);
    let back = active.unredeem(op(112), step(113, 5)).unwrap();
    assert_eq!(back.clone().unredeem(op(112), step(113, 9)), Some(back));
    let denied = chosen.deny(&session(SESSION), step(114, 3)).unwrap();
    same(denied.clone().deny(&session(SESSION), step(114, 9)), &denied);
}

#[test]
fn a_request_that_takes_two_steps_may_name_both_alike() {
    let one = |second| step(150, second);
    let known = requested().sign_in(&sign_in(SESSION), one(1)).unwrap();
    let chosen = known.choose_patient(&session(SESSION), &"b".parse().unwrap(), one(1)).unwrap();
    assert_eq!(chosen.known().unwrap().patient, Some("b".parse().unwrap()));
    let coded = chosen.issue_code(&issue(op(150)), one(2)).unwrap();
    // A redemption gives an active grant, whatever its name, and its way back is no redemption.
    let active = coded.redeem(&redemption(), one(3)).unwrap();
    assert!(active.active().is_some());
    let back = active.unredeem(op(150), one(4)).unwrap();
    assert!(matches!(back.stage, Stage::Coded(_)));
    assert!(back.redeem(&redemption(), one(5)).unwrap().active().is_some());
}

#[test]
fn each_step_says_what_it_made_and_when_that_expires() {
    let grant = requested();
    assert_eq!((grant.expires_at, grant.last_op), (at(IN_PROGRESS.as_secs()), op(100)));
    assert_eq!(grant.request(), Some(&request()));
    assert_eq!((grant.known(), grant.active()), (None, None));

    let grant = known();
    let Known { request: asked, session: signed_in, owner: who, patient, encounter } = grant.known().unwrap();
    assert_eq!((asked, signed_in, who, patient), (&request(), &session(SESSION), &owner(), &None));
    assert_eq!(encounter, &None);
    assert_eq!((grant.expires_at, grant.last_op), (at(IN_PROGRESS.as_secs()), op(101)));

    // CODE-01, CODE-02, PKCE-13: short-lived, and bound to what was asked.
    let grant = coded();
    assert_eq!((grant.expires_at, grant.last_op), (at(2) + CODE_LIFETIME, op(102)));
    assert_eq!(CODE_LIFETIME.as_secs(), 60);
    let Stage::Coded(Coded { owner: who, granted: what, code, refresh }) = &grant.stage else {
        panic!("coded")
    };
    assert_eq!((who, what, refresh.as_ref()), (&owner(), &granted(), Some(&offline())));
    assert_eq!((code.digest, code.challenge), (digest(CODE), request().challenge));
    assert_eq!((code.redirect_uri.as_str(), code.expires_at), (REDIRECT_URI, grant.expires_at));
    assert_eq!((grant.known(), grant.request(), grant.active()), (None, None, None));

    let grant = active();
    assert_eq!((grant.expires_at, grant.last_op), (at(3) + 180 * DAY, op(103)));
    let active = grant.active().unwrap();
    assert_eq!((&active.owner, &active.granted), (&owner(), &granted()));
    let refresh = active.refresh.as_ref().unwrap();
    assert_eq!((refresh.current, refresh.previous), (digest(TOKEN), None));

    // CODE-05: without a refresh token it is remembered as long as its access token lives.
    assert_eq!(without_refresh().expires_at, at(3) + ACCESS);
    assert_eq!(without_refresh().active().unwrap().refresh, None);
}

#[test]
fn who_signs_in_anew_chooses_anew() {
    let chosen = known().choose_patient(&session(SESSION), &"b".parse().unwrap(), step(110, 2)).unwrap();
    assert_eq!(chosen.known().unwrap().patient, Some("b".parse().unwrap()));
    let again = chosen.sign_in(&sign_in(9), step(111, 3)).unwrap();
    assert_eq!((&again.known().unwrap().session, &again.known().unwrap().patient), (&session(9), &None));
    // The session before has lost it.
    assert_eq!(again.deny(&session(SESSION), step(112, 4)), Err(Refusal::Session));
    let only = SignIn { patient: Some("a".parse().unwrap()), ..sign_in(SESSION) };
    let with_patient = requested().sign_in(&only, step(101, 1)).unwrap();
    assert_eq!(with_patient.known().unwrap().patient, Some("a".parse().unwrap()));
}

fn choice(by: u64, patient: &str, encounter: &str) -> EncounterChoice {
    EncounterChoice {
        session: session(by),
        patient: patient.parse().unwrap(),
        encounter: encounter.parse().unwrap(),
    }
}

#[test]
fn ctx_03_an_encounter_is_chosen_of_the_patient_who_was_chosen_and_goes_with_that_patient() {
    let known = || known().choose_patient(&session(SESSION), &"b".parse().unwrap(), step(110, 2)).unwrap();
    let chosen = known().choose_encounter(&choice(SESSION, "b", "e"), step(111, 3)).unwrap();
    assert_eq!(chosen.known().unwrap().encounter, Some("e".parse().unwrap()));
    same(chosen.clone().choose_encounter(&choice(SESSION, "b", "e"), step(111, 9)), &chosen);
    assert_eq!(known().choose_encounter(&choice(SESSION, "a", "e"), step(111, 3)), Err(Refusal::Changed));
    assert_eq!(known().choose_encounter(&choice(9, "b", "e"), step(111, 3)), Err(Refusal::Session));
    let anew = chosen.clone().choose_patient(&session(SESSION), &"a".parse().unwrap(), step(112, 4)).unwrap();
    assert_eq!(anew.known().unwrap().encounter, None);
    let signed_in = chosen.sign_in(&sign_in(9), step(113, 5)).unwrap();
    assert_eq!(signed_in.known().unwrap().encounter, None);
}

#[test]
fn launch_14_the_patient_of_a_launch_comes_before_any_that_is_chosen() {
    let context = LaunchContext { patient: "a".parse().ok(), ..LaunchContext::default() };
    let launched = Launched { id: digest(1).into(), user: None, context };
    let asked = Request { launch: Some(Box::new(launched)), ..request() };
    let begun = Grant::begin(digest(1).into(), "app".parse().unwrap(), asked, op(100), at(0));
    let known = begun.sign_in(&sign_in(SESSION), step(101, 1)).unwrap();
    let chosen = known.choose_patient(&session(SESSION), &"b".parse().unwrap(), step(102, 2)).unwrap();
    assert_eq!(chosen.known().unwrap().patient_in_context().unwrap().as_str(), "a");
}

#[test]
fn authz_27_a_consent_is_given_by_the_session_that_signed_in_to_what_it_was_shown() {
    let foreign = CodeIssue { session: session(9), ..issue(op(101)) };
    assert_eq!(known().issue_code(&foreign, step(102, 2)), Err(Refusal::Session));
    assert_eq!(
        known().choose_patient(&session(9), &"b".parse().unwrap(), step(102, 2)),
        Err(Refusal::Session)
    );
    assert_eq!(known().deny(&session(9), step(102, 2)), Err(Refusal::Session));
    // Another patient was chosen, or somebody signed in, after the page was shown.
    let chosen = known().choose_patient(&session(SESSION), &"b".parse().unwrap(), step(110, 2)).unwrap();
    assert_eq!(chosen.issue_code(&issue(op(101)), step(102, 3)), Err(Refusal::Changed));
    let again = known().sign_in(&sign_in(SESSION), step(111, 2)).unwrap();
    assert_eq!(again.issue_code(&issue(op(101)), step(102, 3)), Err(Refusal::Changed));
    // To whom it does not belong, nothing is said of changes.
    let again = known().sign_in(&sign_in(9), step(111, 2)).unwrap();
    assert_eq!(again.issue_code(&issue(op(101)), step(102, 3)), Err(Refusal::Session));
}

#[test]
fn authz_25_a_denied_grant_is_revoked_and_keeps_nothing() {
    let denied = known().deny(&session(SESSION), step(102, 2)).unwrap();
    let revocation = Revocation { reason: RevocationReason::Denied, at: at(2) };
    assert_eq!(denied.stage, Stage::Revoked(revocation));
    assert_eq!((denied.id.clone(), denied.client_id.clone()), (known().id, known().client_id));
    assert!(!serde_json::to_string(&denied).unwrap().contains("maria"));
}

#[test]
fn code_02_08_pkce_09_11_whatever_does_not_fit_the_code_is_refused() {
    let table = [
        (Redemption { client_id: "other".parse().unwrap(), ..redemption() }, Refusal::Client),
        (
            Redemption { redirect_uri: "https://app.example/cb/".to_owned(), ..redemption() },
            Refusal::RedirectUri,
        ),
        (Redemption { redirect_uri: String::new(), ..redemption() }, Refusal::RedirectUri),
        (Redemption { challenge: challenge("w"), ..redemption() }, Refusal::Verifier),
        // A code of this grant that is not its code: made up by who knows the handle.
        (Redemption { code: digest(99), ..redemption() }, Refusal::Absent),
        (
            Redemption { code: digest(99), client_id: "other".parse().unwrap(), ..redemption() },
            Refusal::Absent,
        ),
    ];
    for (redemption, expected) in table {
        assert_eq!(coded().redeem(&redemption, step(200, 3)), Err(expected), "{redemption:?}");
    }
}

/// CODE-04: what ends the grant is the very code that was used, shown by the very client that used it, and nothing that others can make.
#[test]
fn code_03_and_04_a_used_code_is_a_replay_by_its_own_client_and_no_other_secret_or_client_ends_a_grant() {
    let of = |client: &str, code| Redemption {
        client_id: client.parse().unwrap(),
        code: digest(code),
        ..redemption()
    };
    let refreshed = active().refresh(&rotation(TOKEN, 4), step(200, 5)).unwrap().grant;
    for grant in [active(), without_refresh(), refreshed] {
        for (client, code, expected) in [
            ("app", CODE, Refusal::Replayed),
            ("other", CODE, Refusal::Client),
            ("app", 99, Refusal::Absent),
            ("other", 99, Refusal::Absent),
        ] {
            assert_eq!(
                grant.clone().redeem(&of(client, code), step(201, 6)),
                Err(expected),
                "{client} {code}"
            );
        }
    }
    assert_eq!(revoked().redeem(&redemption(), step(201, 6)), Err(Refusal::Revoked));
}

#[test]
fn a_redemption_whose_tokens_were_not_signed_is_taken_back_if_nothing_has_happened_since() {
    let back = active().unredeem(op(103), step(200, 4)).unwrap();
    let Grant { stage, expires_at, .. } = coded();
    assert_eq!((&back.stage, back.expires_at, back.last_op), (&stage, expires_at, op(200)));
    // The code is good once more, and once only.
    let again = back.clone().redeem(&redemption(), step(201, 5)).unwrap();
    assert_eq!(again.unredeem(op(103), step(202, 6)), None);
    assert_eq!(back.unredeem(op(103), step(202, 6)), None);
    // By no other name, and not after a refresh, a revocation, or anything else.
    assert_eq!(active().unredeem(op(99), step(200, 4)), None);
    let refreshed = active().refresh(&rotation(TOKEN, 4), step(201, 5)).unwrap().grant;
    assert_eq!(refreshed.clone().unredeem(op(103), step(202, 6)), None);
    assert_eq!(refreshed.unredeem(op(201), step(202, 6)), None);
    assert_eq!(revoked().unredeem(op(103), step(202, 6)), None);
    assert_eq!(revoked().unredeem(op(104), step(202, 6)), None);
    for grant in [requested(), known(), coded()] {
        let last = grant.last_op;
        assert_eq!(grant.unredeem(last, step(200, 4)), None);
    }
    // Back too late, it is an expired code.
    let late = active().unredeem(op(103), step(200, 62)).unwrap();
    assert_eq!(late.redeem(&redemption(), step(201, 62)), Err(Refusal::Absent));
}

#[test]
fn refr_24_revoking_ends_whatever_stage_and_forgets_whose_it_was() {
    for grant in [requested(), known(), coded(), active(), without_refresh()] {
        let ended = grant.clone().revoke(RevocationReason::ByOperator, step(200, 5)).unwrap();
        let revocation = Revocation { reason: RevocationReason::ByOperator, at: at(5) };
        assert_eq!(ended.stage, Stage::Revoked(revocation));
        // It stays as long as its access tokens may live.
        assert_eq!((ended.expires_at, ended.last_op), (grant.expires_at, op(200)));
        assert_eq!(ended.active(), None);
        assert!(!serde_json::to_string(&ended).unwrap().contains("maria"));
        // The first reason stays.
        assert_eq!(ended.revoke(RevocationReason::ByUser, step(201, 6)), None);
    }
}

#[test]
fn revoke_09_a_user_ends_their_own_active_grant_and_no_other() {
    let by_user = RevocationReason::ByUser;
    let ended = active().revoke_own(&owner(), by_user, step(200, 5)).unwrap();
    assert_eq!(ended.stage, Stage::Revoked(Revocation { reason: by_user, at: at(5) }));
    // However often the same user signed in; but a name may be given to somebody else.
    let later = Owner { auth_time: Some(at(4)), ..owner() };
    assert!(active().revoke_own(&later, by_user, step(200, 5)).is_some());
    let stranger = Owner { user: "peter".parse().unwrap(), sub: "sub-peter".parse().unwrap(), ..owner() };
    let namesake = Owner { sub: "sub-new".parse().unwrap(), ..owner() };
    let renamed = Owner { user: "maria2".parse().unwrap(), ..owner() };
    for other in [stranger, namesake, renamed] {
        assert_eq!(active().revoke_own(&other, by_user, step(200, 5)), None, "{other:?}");
    }
    for early in [requested(), known(), coded(), revoked()] {
        assert_eq!(early.revoke_own(&owner(), by_user, step(200, 5)), None);
    }
    let expires_at = active().expires_at;
    let late = Step { now: expires_at, op: op(200) };
    assert_eq!(active().revoke_own(&owner(), by_user, late), None);
}

#[test]
fn revoke_11_a_grant_says_since_when_it_stands_and_when_it_was_last_used() {
    let of = |grant: &Grant| {
        let active = grant.active().unwrap();
        (active.since, active.last_used(), grant.lasts_until())
    };
    assert_eq!(of(&active()), (Some(at(3)), Some(at(3)), at(3) + 180 * DAY));
    let refreshed = active().refresh(&rotation(TOKEN, 4), step(200, 500)).unwrap().grant;
    assert_eq!(of(&refreshed), (Some(at(3)), Some(at(500)), at(500) + 180 * DAY));
    assert_eq!(of(&without_refresh()), (Some(at(3)), Some(at(3)), at(3) + ACCESS));
    // Taken back and redeemed anew: its life begins anew.
    let again =
        active().unredeem(op(103), step(200, 5)).unwrap().redeem(&redemption(), step(201, 9)).unwrap();
    assert_eq!(of(&again).0, Some(at(9)));
    // As an earlier version stored it.
    let mut stored = serde_json::to_value(active()).unwrap();
    stored["stage"]["active"].as_object_mut().unwrap().remove("since").unwrap();
    let old: Grant = serde_json::from_value(stored).unwrap();
    assert_eq!(of(&old), (None, Some(at(3)), at(3) + 180 * DAY));
}

#[test]
fn code_07_refr_25_a_stored_grant_reads_back_is_small_and_holds_no_secret() {
    use crate::secret::Secret;
    let secret = Secret::new([9; 32]);
    let refreshed = active().refresh(&rotation(TOKEN, 4), step(200, 5)).unwrap().grant;
    let ends_with_session = RefreshPolicy {
        slides: DAY,
        until: Until::SessionEnds { session: session(SESSION), at: at(43_200) },
    };
    let online = CodeIssue { code: secret.digest(), refresh: Some(ends_with_session), ..issue(op(101)) };
    let online = known().issue_code(&online, step(102, 2)).unwrap();
    for grant in [requested(), known(), coded(), active(), refreshed, without_refresh(), revoked(), online] {
        let stored = serde_json::to_string(&grant).unwrap();
        assert_eq!(serde_json::from_str::<Grant>(&stored).unwrap(), grant);
        assert!(stored.len() < 1_024, "{} bytes: {stored}", stored.len());
        assert!(!stored.contains(&secret.reveal()));
        assert!(!format!("{grant:?}").contains(&secret.reveal()));
    }
}

#[test]
fn revoke_03_a_client_revokes_its_own_grant_and_no_other() {
    let (own, other): (ClientId, ClientId) = (active().client_id, "other".parse().unwrap());
    for (stage, grant, _) in STAGES {
        let by = |client: &ClientId, second| grant().revoke_by_client(client, step(200, second));
        assert_eq!(by(&other, 5), Err(Refusal::Client), "{stage}");
        let ended = by(&own, 5).unwrap();
        match stage {
            "revoked" => assert_eq!(ended, None),
            _ => assert_eq!(ended, grant().revoke(RevocationReason::ByClient, step(200, 5)), "{stage}"),
        }
        let late = Step { now: grant().expires_at, op: op(200) };
        for client in [&own, &other] {
            assert_eq!(grant().revoke_by_client(client, late), Err(Refusal::Absent), "{stage}");
        }
    }
}

//! From the request to the code: the steps that the user takes at the pages.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use smart_core::grant::{
    CODE_LIFETIME, CodeIssue, EncounterChoice, Grant, Granted, IN_PROGRESS, Known, Owner, Redemption,
    RefreshPolicy, Refusal, Request, RevocationReason, SignIn, Stage, Until,
};
use smart_core::id::{ClientId, GrantId, PatientId, SessionId};
use smart_core::launch::LaunchContext;
use smart_core::pkce::CodeVerifier;
use smart_core::ports::{Step, Stopped};
use smart_core::redirect::{RedirectUri, RegisteredRedirectUri};
use smart_core::secret::{Handle, Op, Secret};
use smart_core::token::ACCESS_LIFETIME;

use super::{Store, at, bytes, digest, step, together};

/// Numbers from here on are the samples' own; those of [`step`] are smaller.
const OWN: u64 = 1 << 50;

const REDIRECT_URI: &str = "https://app.example/cb";

/// Everything about one grant that does not come out of the store; the same for the same number.
#[derive(Clone, Copy)]
pub(crate) struct Sample(u64);

impl Sample {
    pub(crate) fn new(n: u64) -> Self {
        Self(n)
    }

    fn own(self, kind: u64) -> [u8; 32] {
        bytes(OWN + 8 * self.0 + kind)
    }

    pub(crate) fn id(self) -> GrantId {
        let random = self.own(0);
        let (first, _) = random.split_at(16);
        Handle::new(first.try_into().unwrap()).grant_id()
    }

    /// The secret of its code.
    pub(crate) fn code(self) -> Secret {
        Secret::new(self.own(1))
    }

    /// The secret of its first refresh token.
    pub(crate) fn refresh_token(self) -> Secret {
        Secret::new(self.own(2))
    }

    /// The session that signs in.
    pub(crate) fn session(self) -> SessionId {
        Secret::new(self.own(3)).session_id()
    }

    /// The name of the write that begins it.
    fn begun(self) -> Op {
        Op::new(self.own(4))
    }

    /// As an app asks for it.
    pub(crate) fn requested(self) -> Grant {
        Grant::begin(self.id(), app(), request(), self.begun(), at(0))
    }

    /// As it begins where a session is at hand: the user and the patient are known.
    pub(crate) fn grant(self) -> Grant {
        let known = Known {
            request: request(),
            session: self.session(),
            owner: owner(),
            patient: Some(patient("a")),
            encounter: None,
        };
        Grant { stage: Stage::Known(known), ..self.requested() }
    }
}

pub(crate) fn app() -> ClientId {
    "app".parse().unwrap()
}

pub(crate) fn patient(id: &str) -> PatientId {
    id.parse().unwrap()
}

fn request() -> Request {
    let registered = [RegisteredRedirectUri::parse(REDIRECT_URI).unwrap()];
    Request {
        redirect_uri: RedirectUri::matched(REDIRECT_URI, &registered, false).unwrap(),
        state: "a b&=+~".to_owned(),
        scopes: "openid patient/*.rs offline_access".parse().unwrap(),
        challenge: verifier("v").challenge(),
        nonce: Some("n-1".to_owned()),
        dpop_jkt: None,
        sign_in: smart_core::grant::SignInWish::default(),
        launch: None,
        always_ask: false,
    }
}

pub(crate) fn verifier(letter: &str) -> CodeVerifier {
    letter.repeat(43).parse().unwrap()
}

pub(crate) fn owner() -> Owner {
    Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Practitioner/p1".parse().unwrap(),
        credentials: 3.into(),
        auth_time: Some(at(0)),
    }
}

pub(crate) fn granted() -> Granted {
    Granted {
        scopes: "openid patient/Observation.rs offline_access".parse().unwrap(),
        context: LaunchContext::standalone(Some(patient("a"))),
        name: None,
        nonce: Some("n-1".to_owned()),
    }
}

pub(crate) fn sign_in(sample: Sample) -> SignIn {
    SignIn { session: sample.session(), owner: owner(), patient: None }
}

/// A consent to the sample as it begins with a session, with a refresh token that slides 180 days.
pub(crate) fn issue(sample: Sample) -> CodeIssue {
    CodeIssue {
        session: sample.session(),
        seen: sample.begun(),
        code: sample.code().digest(),
        granted: granted(),
        refresh: Some(RefreshPolicy { slides: Duration::from_hours(180 * 24), until: Until::Forever }),
    }
}

/// A redemption with everything right.
pub(crate) fn redemption(sample: Sample) -> Redemption {
    Redemption {
        client_id: app(),
        code: sample.code().digest(),
        redirect_uri: REDIRECT_URI.to_owned(),
        challenge: verifier("v").challenge(),
        refresh: sample.refresh_token().digest(),
        key: None,
        refresh_key: None,
        access_lifetime: ACCESS_LIFETIME,
    }
}

/// Why a step was refused.
#[track_caller]
pub(crate) fn refusal<T: Debug>(found: Result<T, Stopped>) -> Refusal {
    match found {
        Err(Stopped::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// The sample, begun at second 0 with a session.
async fn begun<S: Store>(store: &S, n: u64) -> Sample {
    let sample = Sample::new(n);
    store.begin(&sample.grant()).await.unwrap();
    sample
}

/// The sample, its code issued at second 1.
pub(crate) async fn coded<S: Store>(store: &S, n: u64) -> Sample {
    let sample = begun(store, n).await;
    store.issue_code(&sample.id(), &issue(sample), step(1_000, 1)).await.unwrap();
    sample
}

/// Each step of the pages, with everything right, and what came of it.
async fn page_steps<S: Store>(
    store: &S,
    sample: Sample,
    step: Step,
) -> [(&'static str, Result<Grant, Stopped>); 5] {
    let (id, session) = (sample.id(), sample.session());
    [
        ("choose_patient", store.choose_patient(&id, &session, &patient("b"), step).await),
        ("choose_encounter", store.choose_encounter(&id, &choice(&session, "b"), step).await),
        ("issue_code", store.issue_code(&id, &issue(sample), step).await),
        ("deny", store.deny(&id, &session, step).await),
        ("sign_in", store.sign_in(&id, &sign_in(sample), step).await),
    ]
}

/// An encounter of that patient.
fn choice(session: &SessionId, of: &str) -> EncounterChoice {
    EncounterChoice { session: session.clone(), patient: patient(of), encounter: "e".parse().unwrap() }
}

/// Request, sign-in, patient, encounter, consent: each step gives the grant as it is then stored.
pub(crate) async fn a_grant_goes_from_the_request_to_the_code<S: Store>(store: Arc<S>) {
    let sample = Sample::new(1);
    let id = sample.id();
    let stored = async || store.grant(&id, at(10)).await.unwrap();
    store.begin(&sample.requested()).await.unwrap();
    assert_eq!(stored().await, Some(sample.requested()));

    let signed_in = store.sign_in(&id, &sign_in(sample), step(1, 1)).await.unwrap();
    let known = signed_in.known().unwrap();
    assert_eq!((&known.session, &known.owner, &known.patient), (&sample.session(), &owner(), &None));
    assert_eq!(stored().await, Some(signed_in));

    let chosen = store.choose_patient(&id, &sample.session(), &patient("b"), step(2, 2)).await.unwrap();
    assert_eq!(chosen.known().unwrap().patient, Some(patient("b")));
    assert_eq!(stored().await, Some(chosen.clone()));

    // CTX-03: one of the patient who was chosen, and of no other.
    let found = store.choose_encounter(&id, &choice(&sample.session(), "a"), step(4, 2)).await;
    assert_eq!(refusal(found), Refusal::Changed);
    let chosen = store.choose_encounter(&id, &choice(&sample.session(), "b"), step(5, 2)).await.unwrap();
    assert_eq!(chosen.known().unwrap().encounter, Some(patient("e")));
    assert_eq!(stored().await, Some(chosen.clone()));
    let anew = store.choose_patient(&id, &sample.session(), &patient("a"), step(6, 2)).await.unwrap();
    assert_eq!(anew.known().unwrap().encounter, None, "another patient has other encounters");
    let chosen = store.choose_encounter(&id, &choice(&sample.session(), "a"), step(7, 2)).await.unwrap();

    let shown = CodeIssue { seen: chosen.last_op, ..issue(sample) };
    let coded = store.issue_code(&id, &shown, step(3, 3)).await.unwrap();
    let Stage::Coded(code) = &coded.stage else { panic!("{coded:?}") };
    assert_eq!((&code.owner, &code.granted), (&owner(), &granted()));
    assert_eq!(coded.expires_at, at(3) + CODE_LIFETIME);
    assert_eq!(stored().await, Some(coded));
}

/// A grant begins once: its own write seen twice is no error, and another one never replaces it.
pub(crate) async fn a_grant_never_begins_over_another<S: Store>(store: Arc<S>) {
    let sample = Sample::new(1);
    store.begin(&sample.requested()).await.unwrap();
    store.begin(&sample.requested()).await.unwrap();
    let other = Grant { last_op: Op::new(bytes(1)), ..sample.grant() };
    store.begin(&other).await.unwrap_err();
    assert_eq!(store.grant(&sample.id(), at(0)).await.unwrap(), Some(sample.requested()));
    // What was ended is not begun again.
    assert!(store.revoke(&sample.id(), RevocationReason::ByUser, step(2, 1)).await.unwrap());
    store.begin(&sample.requested()).await.unwrap_err();
    let ended = store.grant(&sample.id(), at(1)).await.unwrap().unwrap();
    assert!(matches!(ended.stage, Stage::Revoked(_)), "{ended:?}");
}

/// A step that is not due, at each stage, changes nothing.
pub(crate) async fn a_step_at_the_wrong_stage_is_refused<S: Store>(store: Arc<S>) {
    let requested = Sample::new(1);
    store.begin(&requested.requested()).await.unwrap();
    let coded = coded(&*store, 2).await;
    let active = self::coded(&*store, 3).await;
    store.redeem(&active.id(), &redemption(active), step(1_001, 2)).await.unwrap();
    let revoked = begun(&*store, 4).await;
    store.revoke(&revoked.id(), RevocationReason::ByUser, step(1_002, 2)).await.unwrap();
    for (sample, expected, steps) in [
        (requested, Refusal::Stage, 3),
        (coded, Refusal::Stage, 4),
        (active, Refusal::Stage, 4),
        (revoked, Refusal::Revoked, 4),
    ] {
        let before = store.grant(&sample.id(), at(3)).await.unwrap();
        // The first three: to sign in is due at a request.
        for (name, found) in page_steps(&*store, sample, step(9, 3)).await.into_iter().take(steps) {
            assert_eq!(refusal(found), expected, "{name}, {before:?}");
        }
        if steps == 4 {
            assert_eq!(store.grant(&sample.id(), at(3)).await.unwrap(), before);
        }
    }
}

/// AUTHZ-27: only the session that signed in goes on; others change nothing.
pub(crate) async fn another_session_is_refused<S: Store>(store: Arc<S>) {
    let sample = begun(&*store, 1).await;
    let (id, other) = (sample.id(), Sample::new(2).session());
    let foreign = CodeIssue { session: other.clone(), ..issue(sample) };
    for found in [
        store.choose_patient(&id, &other, &patient("b"), step(1, 1)).await,
        store.choose_encounter(&id, &choice(&other, "a"), step(4, 1)).await,
        store.issue_code(&id, &foreign, step(2, 1)).await,
        store.deny(&id, &other, step(3, 1)).await,
    ] {
        assert_eq!(refusal(found), Refusal::Session);
    }
    assert_eq!(store.grant(&id, at(1)).await.unwrap(), Some(sample.grant()));
    store.issue_code(&id, &issue(sample), step(4, 2)).await.unwrap();
}

/// A grant is absent from the second on at which it expires, though nobody has removed it.
pub(crate) async fn an_expired_grant_is_absent_without_being_removed<S: Store>(store: Arc<S>) {
    let end = IN_PROGRESS.as_secs();
    let sample = begun(&*store, 1).await;
    for (name, found) in page_steps(&*store, sample, step(1, end)).await {
        assert_eq!(refusal(found), Refusal::Absent, "{name}");
    }
    assert!(!store.revoke(&sample.id(), RevocationReason::ByUser, step(2, end)).await.unwrap());
    assert_eq!(store.grant(&sample.id(), at(end)).await.unwrap(), None);
    // In its last second it is as it was.
    assert_eq!(store.grant(&sample.id(), at(end - 1)).await.unwrap(), Some(sample.grant()));
    store.choose_patient(&sample.id(), &sample.session(), &patient("b"), step(3, end - 1)).await.unwrap();
}

/// An absent grant is refused in every step, and none of them makes it.
pub(crate) async fn an_absent_grant_is_refused_and_never_made<S: Store>(store: Arc<S>) {
    let sample = Sample::new(1);
    for (name, found) in page_steps(&*store, sample, step(1, 1)).await {
        assert_eq!(refusal(found), Refusal::Absent, "{name}");
    }
    assert!(!store.revoke(&sample.id(), RevocationReason::ByUser, step(2, 1)).await.unwrap());
    assert_eq!(store.grant(&sample.id(), at(1)).await.unwrap(), None);
}

/// AUTHZ-27: what is consented to is what was shown; a write that came between is told.
pub(crate) async fn a_consent_to_what_has_changed_is_refused<S: Store>(store: Arc<S>) {
    let sample = begun(&*store, 1).await;
    let id = sample.id();
    let chosen = store.choose_patient(&id, &sample.session(), &patient("b"), step(1, 1)).await.unwrap();
    assert_eq!(refusal(store.issue_code(&id, &issue(sample), step(2, 2)).await), Refusal::Changed);
    assert_eq!(store.grant(&id, at(2)).await.unwrap(), Some(chosen.clone()));
    let shown = CodeIssue { seen: chosen.last_op, ..issue(sample) };
    store.issue_code(&id, &shown, step(3, 3)).await.unwrap();
}

/// AUTHZ-25: a refusal ends the grant.
pub(crate) async fn a_denied_grant_is_revoked<S: Store>(store: Arc<S>) {
    let sample = begun(&*store, 1).await;
    let denied = store.deny(&sample.id(), &sample.session(), step(1, 1)).await.unwrap();
    let Stage::Revoked(revocation) = &denied.stage else { panic!("{denied:?}") };
    assert_eq!((revocation.reason, revocation.at), (RevocationReason::Denied, at(1)));
    assert_eq!(store.grant(&sample.id(), at(1)).await.unwrap(), Some(denied));
    let late = store.issue_code(&sample.id(), &issue(sample), step(2, 2)).await;
    assert_eq!(refusal(late), Refusal::Revoked);
}

/// A step whose answer was lost is seen again by its own name: it gives what it gave, and is made once.
pub(crate) async fn a_repeated_step_is_the_same_step<S: Store>(store: Arc<S>) {
    let sample = Sample::new(1);
    let (id, session) = (sample.id(), sample.session());
    store.begin(&sample.requested()).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(store.sign_in(&id, &sign_in(sample), step(1, 1)).await.unwrap());
    }
    for _ in 0..2 {
        seen.push(store.choose_patient(&id, &session, &patient("b"), step(2, 2)).await.unwrap());
    }
    let shown = CodeIssue { seen: seen[3].last_op, ..issue(sample) };
    for _ in 0..2 {
        seen.push(store.issue_code(&id, &shown, step(3, 3)).await.unwrap());
    }
    for pair in seen.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
    let denied = begun(&*store, 2).await;
    let first = store.deny(&denied.id(), &denied.session(), step(4, 4)).await.unwrap();
    assert_eq!(store.deny(&denied.id(), &denied.session(), step(4, 4)).await.unwrap(), first);
}

/// Of many consents at once one issues the code, whatever else comes at the same time.
pub(crate) async fn one_consent_issues_the_code<S: Store>(store: Arc<S>) {
    let sample = begun(&*store, 1).await;
    let found = together(50, |i| {
        let store = Arc::clone(&store);
        async move {
            let code = CodeIssue { code: digest(i), ..issue(sample) };
            store.issue_code(&sample.id(), &code, step(i, 1)).await
        }
    })
    .await;
    let (issued, refused): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    assert_eq!((issued.len(), refused.len()), (1, 49));
    for found in refused {
        assert_eq!(refusal(found), Refusal::Stage);
    }
    let issued = issued.into_iter().next().unwrap().unwrap();
    assert_eq!(store.grant(&sample.id(), at(1)).await.unwrap(), Some(issued));
}

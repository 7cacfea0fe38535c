//! Ports that are down where a test wants it: the embedded store and the software key, with a switch at each operation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use smart_core::client::Client;
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary, Record, RecordPage, RecordQuery};
use smart_core::grant::{
    CodeIssue, EncounterChoice, Grant, Owner, Redemption, Refreshed, RevocationReason, Rotation, SignIn,
};
use smart_core::id::{ClientId, EncounterId, GrantId, LaunchId, PatientId, ResourceId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::jose::{PublicJwk, SigningKey};
use smart_core::launch::Launch;
use smart_core::ports::{
    Attempts, Authorizations, Clients, Enrolments, Grants, Launches, Patients, PublicKeys, Records, Redeemed,
    Redemptions, Replay, Revocations, RevokedTokens, Sessions, SignIns, Signer, Step, Stopped, Throttle,
    Unavailable, UserGrants, Users,
};
use smart_core::secret::{Digest, Op};
use smart_core::session::Session;
use smart_core::user::User;
use smart_local::{LocalStore, SoftwareKey};

use crate::harness::app::signing_key;

/// The ports.
#[derive(Clone)]
pub(super) struct Faults {
    pub(super) store: Arc<LocalStore>,
    key: Arc<SoftwareKey>,
    switches: Arc<Mutex<Switches>>,
}

/// An operation by its name, and which call of it within a request.
type Call = (&'static str, usize);

#[derive(Default)]
struct Switches {
    down: Down,
    /// How often each operation was called in this request.
    called: BTreeMap<&'static str, usize>,
    /// The calls that were down once.
    had: BTreeSet<Call>,
    /// The operation that was down in this request.
    failed: Option<&'static str>,
    /// All operations that were down once, in this test.
    ever: BTreeSet<&'static str>,
}

/// What is down.
#[derive(Clone, Copy, Default)]
enum Down {
    #[default]
    Nothing,
    Everything,
    /// These do nothing.
    These(&'static [&'static str]),
    /// This one does what it is asked, and nobody hears of it.
    Answer(&'static str),
    /// This one is down every other time.
    EveryOther(&'static str),
    /// In each request one more, until each one that it needs was down once.
    EachInTurn,
}

impl Faults {
    pub(super) async fn new() -> Self {
        let store = Arc::new(LocalStore::in_memory().await.unwrap());
        Self { store, key: signing_key(), switches: Arc::default() }
    }

    fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap()
    }

    fn set(&self, down: Down) {
        let mut switches = self.switches();
        *switches = Switches { down, ever: std::mem::take(&mut switches.ever), ..Switches::default() };
    }

    /// From now on everything works.
    pub(super) fn mend(&self) {
        self.set(Down::Nothing);
    }

    pub(super) fn everything_is_down(&self) {
        self.set(Down::Everything);
    }

    pub(super) fn are_down(&self, operations: &'static [&'static str]) {
        self.set(Down::These(operations));
    }

    pub(super) fn loses_the_answer_of(&self, operation: &'static str) {
        self.set(Down::Answer(operation));
    }

    pub(super) fn is_down_every_other_time(&self, operation: &'static str) {
        self.set(Down::EveryOther(operation));
    }

    pub(super) fn each_is_down_in_turn(&self) {
        self.set(Down::EachInTurn);
    }

    /// The next request begins.
    pub(super) fn begin_request(&self) {
        let mut switches = self.switches();
        switches.called.clear();
        switches.failed = None;
    }

    /// What was down in this request.
    pub(super) fn failed(&self) -> Option<&'static str> {
        self.switches().failed
    }

    /// All that was down in this test, by name.
    pub(super) fn ever(&self) -> Vec<&'static str> {
        self.switches().ever.iter().copied().collect()
    }

    fn is_up(&self, operation: &'static str) -> Result<(), Unavailable> {
        let mut switches = self.switches();
        let call = switches.called.entry(operation).or_default();
        *call += 1;
        let call = (operation, *call);
        let down = match switches.down {
            Down::Nothing | Down::Answer(_) => false,
            Down::Everything => true,
            Down::These(operations) => operations.contains(&operation),
            Down::EveryOther(one) => one == operation && call.1 % 2 == 1,
            Down::EachInTurn => switches.failed.is_none() && switches.had.insert(call),
        };
        if down { Err(switches.fail(operation)) } else { Ok(()) }
    }

    fn is_heard(&self, operation: &'static str) -> Result<(), Unavailable> {
        let mut switches = self.switches();
        match switches.down {
            Down::Answer(lost) if lost == operation => Err(switches.fail(operation)),
            _ => Ok(()),
        }
    }
}

impl Switches {
    fn fail(&mut self, operation: &'static str) -> Unavailable {
        self.failed = Some(operation);
        self.ever.insert(operation);
        let retry_after = Duration::from_secs(3);
        Unavailable { port: "test", reason: format!("{operation} is down on purpose"), retry_after }
    }
}

macro_rules! switched {
    ($($port:ident on $inner:ident { $(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $out:ty;)* })*) => {
        $(impl $port for Faults {
            $(async fn $name(&self $(, $arg: $ty)*) -> $out {
                self.is_up(stringify!($name))?;
                let done = self.$inner.$name($($arg),*).await?;
                self.is_heard(stringify!($name))?;
                Ok(done)
            })*
        })*
    };
}

switched! {
    Clients on store { fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable>; }
    Users on store { fn user(&self, username: &Username) -> Result<Option<User>, Unavailable>; }
    Enrolments on store { fn enrol(&self, said: &User) -> Result<User, Unavailable>; }
    Sessions on store { fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable>; }
    SignIns on store {
        fn start_session(&self, session: &Session) -> Result<(), Unavailable>;
        fn touch_session(&self, id: &SessionId, idle_expires_at: Instant, now: Instant) -> Result<(), Unavailable>;
        fn end_session(&self, id: &SessionId) -> Result<(), Unavailable>;
    }
    Throttle on store {
        fn count_attempt(&self, key: &Digest, window: Duration, now: Instant) -> Result<Attempts, Unavailable>;
        fn forget_attempts(&self, key: &Digest) -> Result<(), Unavailable>;
    }
    Grants on store { fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable>; }
    Authorizations on store {
        fn begin(&self, grant: &Grant) -> Result<(), Unavailable>;
        fn sign_in(&self, id: &GrantId, sign_in: &SignIn, step: Step) -> Result<Grant, Stopped>;
        fn choose_patient(&self, id: &GrantId, session: &SessionId, patient: &PatientId, step: Step) -> Result<Grant, Stopped>;
        fn choose_encounter(&self, id: &GrantId, choice: &EncounterChoice, step: Step) -> Result<Grant, Stopped>;
        fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped>;
        fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped>;
    }
    Redemptions on store {
        fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped>;
        fn unredeem(&self, id: &GrantId, redeemed: Op, step: Step) -> Result<bool, Unavailable>;
        fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped>;
        fn extend_retry(&self, id: &GrantId, presented: &Digest, retry_until: Instant, step: Step) -> Result<bool, Unavailable>;
        fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
        fn revoke_by_client(&self, id: &GrantId, client_id: &ClientId, step: Step) -> Result<(), Stopped>;
    }
    RevokedTokens on store { fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable>; }
    Revocations on store { fn revoke_token(&self, token: &Digest, until: Instant) -> Result<(), Unavailable>; }
    UserGrants on store {
        fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable>;
        fn revoke_own(&self, id: &GrantId, owner: &Owner, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
    }
    Replay on store { fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable>; }
    Launches on store {
        fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable>;
        fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable>;
        fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable>;
    }
    Patients on store {
        fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable>;
        fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable>;
        fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable>;
        fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable>;
    }
    Records on store {
        fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable>;
        fn records_by_id(&self, resource_type: &str, ids: &[ResourceId]) -> Result<Vec<(ResourceId, Record)>, Unavailable>;
        fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable>;
    }
    PublicKeys on key { fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable>; }
}

impl Signer for Faults {
    async fn access_token_key(&self) -> Result<SigningKey, Unavailable> {
        self.is_up("access_token_key")?;
        self.key.access_token_key().await
    }

    async fn id_token_key(&self) -> Result<SigningKey, Unavailable> {
        self.is_up("id_token_key")?;
        self.key.id_token_key().await
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.is_up("sign")?;
        self.key.sign(key, input).await
    }
}

//! What the functions need of the world: one small trait per capability.
//!
//! A function's bounds name just the ports it uses; its Cargo dependencies and its permissions are other
//! spellings of that list. Two adapters implement them: an embedded database with a software key, and
//! DynamoDB with KMS. Absence is `Option`; what a step of a grant refuses is a [`Stopped::Refused`]; an
//! adapter that cannot answer is [`Unavailable`], and whoever asked fails closed.
//!
//! Every operation that must happen once is its own check: one conditional write, never a read before a write.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::client::Client;
use crate::client::key_set::{KeySet, NotFetched};
use crate::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use crate::fhir::record::{PatientPage, PatientQuery, PatientSummary, Record, RecordPage, RecordQuery};
use crate::grant::{
    CodeIssue, EncounterChoice, Grant, Owner, Redemption, Refreshed, Refusal, RevocationReason, Rotation,
    SignIn,
};
use crate::id::{ClientId, EncounterId, GrantId, LaunchId, PatientId, ResourceId, SessionId, Username};
use crate::instant::Instant;
use crate::jose::{PublicJwk, SigningKey};
use crate::launch::Launch;
use crate::secret::{Digest, Op};
use crate::session::Session;
use crate::user::User;

/// An adapter could not answer: throttled, unreachable, or the outcome of a write stayed unknown. The caller answers
/// 503 with `Retry-After`, and nothing is decided.
#[derive(Clone, Debug, Error)]
#[error("{port} is unavailable: {reason}")]
pub struct Unavailable {
    /// Which port: `grants`, `signer` …
    pub port: &'static str,
    /// What happened, for the log: no secrets, no personal data.
    pub reason: String,
    /// When to come back.
    pub retry_after: Duration,
}

impl Unavailable {
    /// What `port` reports, with a retry after one second.
    pub fn new(port: &'static str, reason: impl Into<String>) -> Self {
        Self { port, reason: reason.into(), retry_after: Duration::from_secs(1) }
    }
}

/// Why a step of a grant was not made.
#[derive(Debug, Error)]
pub enum Stopped {
    /// The grant is not in a state, or not in the hands, for this step. Nothing was written.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The one instant and the one name of a write: the same on each attempt of it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The instant of the request.
    pub now: Instant,
    /// The random name of this write.
    pub op: Op,
}

/// Registered clients, to be read.
pub trait Clients: Send + Sync {
    /// The client, disabled ones too.
    fn client(&self, id: &ClientId) -> impl Future<Output = Result<Option<Client>, Unavailable>> + Send;
}

/// Clients, to be registered by programs: new ones, and no others.
pub trait Registrations: Send + Sync {
    /// Stores a new client, whose id begins with [`ID_PREFIX`](crate::client::registration::ID_PREFIX), and says whether it is stored:
    /// not over another one of its id. One conditional write; the same client again is the same registration.
    fn register_client(&self, client: &Client) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Users, to be read.
pub trait Users: Send + Sync {
    /// The user of that name, disabled ones too.
    fn user(&self, username: &Username) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;
}

/// Users whom an identity provider vouches for, to be written as it describes them: the function that signs them in may write
/// no others.
pub trait Enrolments: Users {
    /// Stores what becomes of the user when a provider's claims say `said` ([`User::enrolled`]), decided against the record
    /// as it is at the write, and returns it. Writes nothing if it is as it was.
    fn enrol(&self, said: &User) -> impl Future<Output = Result<User, Unavailable>> + Send;
}

/// Browser sessions, to be read.
pub trait Sessions: Send + Sync {
    /// The session, unless it has ended by `now`.
    fn session(
        &self,
        id: &SessionId,
        now: Instant,
    ) -> impl Future<Output = Result<Option<Session>, Unavailable>> + Send;
}

/// Browser sessions, to be started and ended.
pub trait SignIns: Sessions {
    /// Stores a new session.
    fn start_session(&self, session: &Session) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Moves the idle expiry of a session that has not ended; an ended one stays ended.
    fn touch_session(
        &self,
        id: &SessionId,
        idle_expires_at: Instant,
        now: Instant,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Ends a session; ending an absent one is no error.
    fn end_session(&self, id: &SessionId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Counters of attempts, so that passwords cannot be guessed at leisure (SEC-18).
pub trait Throttle: Send + Sync {
    /// Counts an attempt under `key` in one write, and returns how many there have been in the current window,
    /// this one included, and when that window ends. A window begins with its first attempt and lasts `window`.
    fn count_attempt(
        &self,
        key: &Digest,
        window: Duration,
        now: Instant,
    ) -> impl Future<Output = Result<Attempts, Unavailable>> + Send;

    /// Forgets the attempts under `key`: a success.
    fn forget_attempts(&self, key: &Digest) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// What [`Throttle::count_attempt`] counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// How many in this window, the present one included.
    pub count: u32,
    /// When the window ends.
    pub window_ends: Instant,
}

/// Grants, to be read.
pub trait Grants: Send + Sync {
    /// The grant as it stands (a consistent read), unless it has expired by `now`.
    fn grant(
        &self,
        id: &GrantId,
        now: Instant,
    ) -> impl Future<Output = Result<Option<Grant>, Unavailable>> + Send;
}

/// The steps of a grant that the user takes at the pages.
pub trait Authorizations: Grants {
    /// Stores a grant in the state `requested` or, with a session at hand, `known`; never over another.
    fn begin(&self, grant: &Grant) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// requested or known → known: who signed in. See [`Grant::sign_in`].
    fn sign_in(
        &self,
        id: &GrantId,
        sign_in: &SignIn,
        step: Step,
    ) -> impl Future<Output = Result<Grant, Stopped>> + Send;

    /// known → known: the patient whose record is shared. See [`Grant::choose_patient`].
    fn choose_patient(
        &self,
        id: &GrantId,
        session: &SessionId,
        patient: &PatientId,
        step: Step,
    ) -> impl Future<Output = Result<Grant, Stopped>> + Send;

    /// known → known: the encounter in context. See [`Grant::choose_encounter`].
    fn choose_encounter(
        &self,
        id: &GrantId,
        choice: &EncounterChoice,
        step: Step,
    ) -> impl Future<Output = Result<Grant, Stopped>> + Send;

    /// known → coded: what was consented to. See [`Grant::issue_code`].
    fn issue_code(
        &self,
        id: &GrantId,
        issue: &CodeIssue,
        step: Step,
    ) -> impl Future<Output = Result<Grant, Stopped>> + Send;

    /// known → revoked: the user refused. See [`Grant::deny`].
    fn deny(
        &self,
        id: &GrantId,
        session: &SessionId,
        step: Step,
    ) -> impl Future<Output = Result<Grant, Stopped>> + Send;
}

/// What users see of their own grants, and end.
pub trait UserGrants: Send + Sync {
    /// The grants of a user that are active at `now`, as they stand; in no order that means anything, and at most
    /// [`MOST_OWN_GRANTS`]. One that was redeemed a moment ago may be missing.
    fn own_grants(
        &self,
        owner: &Owner,
        now: Instant,
    ) -> impl Future<Output = Result<Vec<Grant>, Unavailable>> + Send;

    /// active → revoked, if it is this user's. Says whether it was: one answer for a grant that is another's, that is not
    /// active any more, and that never was. See [`Grant::revoke_own`].
    fn revoke_own(
        &self,
        id: &GrantId,
        owner: &Owner,
        reason: RevocationReason,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// How many of a user's grants are looked at: as many as a page could ever show.
pub const MOST_OWN_GRANTS: usize = 1_000;

/// The steps of a grant that an app takes at the token endpoint.
pub trait Redemptions: Send + Sync {
    /// coded → active, once. See [`Grant::redeem`].
    fn redeem(
        &self,
        id: &GrantId,
        redemption: &Redemption,
        step: Step,
    ) -> impl Future<Output = Result<Redeemed, Stopped>> + Send;

    /// active → coded, the way back of the redemption of that name, whose tokens went to nobody: only if it was made, and nothing was
    /// written since. Says whether it was written.
    fn unredeem(
        &self,
        id: &GrantId,
        redeemed: Op,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// active → active with the next refresh token, or the same next one again. See [`Grant::refresh`].
    fn refresh(
        &self,
        id: &GrantId,
        rotation: &Rotation,
        step: Step,
    ) -> impl Future<Output = Result<Refreshed, Stopped>> + Send;

    /// After a refresh whose tokens could not be signed: lets `presented` be repeated until `retry_until`, if its successor is
    /// still the current token. Says whether it was written.
    fn extend_retry(
        &self,
        id: &GrantId,
        presented: &Digest,
        retry_until: Instant,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// any → revoked; an absent grant stays absent. Says whether there was one.
    fn revoke(
        &self,
        id: &GrantId,
        reason: RevocationReason,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// any → revoked, by the client that it belongs to; one that was revoked before stays so. See
    /// [`Grant::revoke_by_client`].
    fn revoke_by_client(
        &self,
        id: &GrantId,
        client_id: &ClientId,
        step: Step,
    ) -> impl Future<Output = Result<(), Stopped>> + Send;
}

/// The witness that a code was consumed: only a store makes one, and issuing tokens demands it.
#[derive(Debug)]
pub struct Redeemed {
    /// The grant as it stands now: active.
    pub grant: Grant,
    /// The name of the write that consumed the code.
    pub op: Op,
}

/// Launches that EHRs made (LAUNCH-04).
pub trait Launches: Send + Sync {
    /// Stores a new launch; never over another.
    fn create_launch(&self, launch: &Launch) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The launch as it stands (a consistent read), expired or used ones too while they are remembered.
    fn launch(&self, id: &LaunchId) -> impl Future<Output = Result<Option<Launch>, Unavailable>> + Send;

    /// Uses a launch up for the one grant that it will lead to a code for, in one conditional write, and says whether it is
    /// that grant's. See [`Launch::use_up`].
    fn use_launch(
        &self,
        id: &LaunchId,
        grant: &GrantId,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// What was used once and never again: the `jti` of client assertions (ASYM-13, ASYM-14).
pub trait Replay: Send + Sync {
    /// Remembers `key` until `expires_at`, and says whether it is the first use. One conditional write.
    fn first_use(
        &self,
        key: &Digest,
        expires_at: Instant,
        step: Step,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Access tokens that were revoked and stand on no grant that could end, to be looked up.
pub trait RevokedTokens: Send + Sync {
    /// Whether the token of that name was revoked (a consistent read).
    fn is_revoked(
        &self,
        token: &Digest,
        now: Instant,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// The same, to be revoked.
pub trait Revocations: RevokedTokens {
    /// Remembers the token of that name as revoked until `until`, when it will have expired. One write; to be made again is no
    /// error.
    fn revoke_token(
        &self,
        token: &Digest,
        until: Instant,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// The key sets that clients publish (ASYM-18 to ASYM-21).
pub trait ClientKeySets: Send + Sync {
    /// The set at `uri`, as it was published no longer ago than it said that it may be kept; asked for again if it has no
    /// key named `kid`, but not more than once a minute, however short it may be kept: until then an empty one. Whoever waits for
    /// the same set shares one fetch; whoever finds a key in a set that may be kept waits for none.
    fn key_set(
        &self,
        uri: &str,
        kid: &str,
        now: Instant,
    ) -> impl Future<Output = Result<Arc<KeySet>, NotFetched>> + Send;
}

/// The keys that sign, by name: their private parts stay where they are.
pub trait Signer: Send + Sync {
    /// The key that signs access tokens. While it cannot be used none does in its place.
    fn access_token_key(&self) -> impl Future<Output = Result<SigningKey, Unavailable>> + Send;

    /// The key that signs ID tokens: RSA (OIDC Core §15.1 requires RS256).
    fn id_token_key(&self) -> impl Future<Output = Result<SigningKey, Unavailable>> + Send;

    /// Signs `input` (`base64url(header).base64url(claims)`) with `key`: the raw JOSE signature (RFC 7518 §3).
    fn sign(
        &self,
        key: &SigningKey,
        input: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, Unavailable>> + Send;
}

/// The public halves of all keys that sign or lately signed.
pub trait PublicKeys: Send + Sync {
    /// The keys, the current one first, without those that can be used no more.
    fn public_keys(&self) -> impl Future<Output = Result<Vec<PublicJwk>, Unavailable>> + Send;
}

/// The little that the pages see of patients: for the picker and for launch contexts.
pub trait Patients: Send + Sync {
    /// The patient's name and birth date, if there is such a Patient.
    fn patient(
        &self,
        id: &PatientId,
    ) -> impl Future<Output = Result<Option<PatientSummary>, Unavailable>> + Send;

    /// A page of the patients that match, by name.
    fn patients(&self, query: &PatientQuery)
    -> impl Future<Output = Result<PatientPage, Unavailable>> + Send;

    /// Whose encounter it is, and when, if there is such an Encounter of a Patient.
    fn encounter(
        &self,
        id: &EncounterId,
    ) -> impl Future<Output = Result<Option<EncounterSummary>, Unavailable>> + Send;

    /// A page of a patient's encounters, the newest first. A page may be short and still have a next.
    fn encounters(
        &self,
        query: &EncounterQuery,
    ) -> impl Future<Output = Result<EncounterPage, Unavailable>> + Send;
}

/// FHIR resources, to be read. Says nothing of who may see them: each one that leaves is decided in
/// [`crate::fhir::access`].
pub trait Records: Send + Sync {
    /// The resource at `Type/id`.
    fn record(
        &self,
        resource_type: &str,
        id: &ResourceId,
    ) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// Those resources of a type that there are, of the named ones (some hundred at most), in no order.
    fn records_by_id(
        &self,
        resource_type: &str,
        ids: &[ResourceId],
    ) -> impl Future<Output = Result<Vec<(ResourceId, Record)>, Unavailable>> + Send;

    /// A page of the resources of one type, in order of clinical date. A page may be short and still have a next.
    fn records(&self, query: &RecordQuery) -> impl Future<Output = Result<RecordPage, Unavailable>> + Send;
}

macro_rules! forward {
    ($($port:ident { $(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $out:ty;)* })*) => {
        $(impl<T: $port> $port for Arc<T> {
            $(
                fn $name(&self $(, $arg: $ty)*) -> impl Future<Output = $out> + Send {
                    T::$name(self $(, $arg)*)
                }
            )*
        })*
    };
}

// A function holds its adapter behind an `Arc`; the port is the same.
forward! {
    Clients { fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable>; }
    Registrations { fn register_client(&self, client: &Client) -> Result<bool, Unavailable>; }
    Users { fn user(&self, username: &Username) -> Result<Option<User>, Unavailable>; }
    Enrolments { fn enrol(&self, said: &User) -> Result<User, Unavailable>; }
    PublicKeys { fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable>; }
    Sessions { fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable>; }
    SignIns {
        fn start_session(&self, session: &Session) -> Result<(), Unavailable>;
        fn touch_session(&self, id: &SessionId, idle_expires_at: Instant, now: Instant) -> Result<(), Unavailable>;
        fn end_session(&self, id: &SessionId) -> Result<(), Unavailable>;
    }
    Throttle {
        fn count_attempt(&self, key: &Digest, window: Duration, now: Instant) -> Result<Attempts, Unavailable>;
        fn forget_attempts(&self, key: &Digest) -> Result<(), Unavailable>;
    }
    Grants { fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable>; }
    Authorizations {
        fn begin(&self, grant: &Grant) -> Result<(), Unavailable>;
        fn sign_in(&self, id: &GrantId, sign_in: &SignIn, step: Step) -> Result<Grant, Stopped>;
        fn choose_patient(&self, id: &GrantId, session: &SessionId, patient: &PatientId, step: Step) -> Result<Grant, Stopped>;
        fn choose_encounter(&self, id: &GrantId, choice: &EncounterChoice, step: Step) -> Result<Grant, Stopped>;
        fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped>;
        fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped>;
    }
    UserGrants {
        fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable>;
        fn revoke_own(&self, id: &GrantId, owner: &Owner, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
    }
    Redemptions {
        fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped>;
        fn unredeem(&self, id: &GrantId, redeemed: Op, step: Step) -> Result<bool, Unavailable>;
        fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped>;
        fn extend_retry(&self, id: &GrantId, presented: &Digest, retry_until: Instant, step: Step) -> Result<bool, Unavailable>;
        fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
        fn revoke_by_client(&self, id: &GrantId, client_id: &ClientId, step: Step) -> Result<(), Stopped>;
    }
    Launches {
        fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable>;
        fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable>;
        fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable>;
    }
    RevokedTokens { fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable>; }
    Revocations { fn revoke_token(&self, token: &Digest, until: Instant) -> Result<(), Unavailable>; }
    Replay { fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable>; }
    ClientKeySets { fn key_set(&self, uri: &str, kid: &str, now: Instant) -> Result<Arc<KeySet>, NotFetched>; }
    Patients {
        fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable>;
        fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable>;
        fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable>;
        fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable>;
    }
    Records {
        fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable>;
        fn records_by_id(&self, resource_type: &str, ids: &[ResourceId]) -> Result<Vec<(ResourceId, Record)>, Unavailable>;
        fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable>;
    }
}

impl<T: Signer> Signer for Arc<T> {
    fn access_token_key(&self) -> impl Future<Output = Result<SigningKey, Unavailable>> + Send {
        T::access_token_key(self)
    }

    fn id_token_key(&self) -> impl Future<Output = Result<SigningKey, Unavailable>> + Send {
        T::id_token_key(self)
    }

    fn sign(
        &self,
        key: &SigningKey,
        input: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, Unavailable>> + Send {
        T::sign(self, key, input)
    }
}

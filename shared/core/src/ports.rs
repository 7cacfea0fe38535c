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
use crate::fhir::record::{PatientPage, PatientQuery, PatientSummary, Record, RecordPage, RecordQuery};
use crate::grant::{CodeIssue, Grant, Redemption, Refreshed, Refusal, RevocationReason, Rotation, SignIn};
use crate::id::{ClientId, GrantId, PatientId, ResourceId, SessionId, Username};
use crate::instant::Instant;
use crate::jose::{PublicJwk, SigningKey};
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

/// Users, to be read.
pub trait Users: Send + Sync {
    /// The user of that name, disabled ones too.
    fn user(&self, username: &Username) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;
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

/// The steps of a grant that an app takes at the token endpoint.
pub trait Redemptions: Send + Sync {
    /// coded → active, once. See [`Grant::redeem`].
    fn redeem(
        &self,
        id: &GrantId,
        redemption: &Redemption,
        step: Step,
    ) -> impl Future<Output = Result<Redeemed, Stopped>> + Send;

    /// active → coded, the way back of a redemption whose tokens could not be signed: only if nothing was written
    /// since. Says whether it was written.
    fn unredeem(
        &self,
        redeemed: &Redeemed,
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
}

/// The witness that a code was consumed: only a store makes one, and issuing tokens demands it.
#[derive(Debug)]
pub struct Redeemed {
    /// The grant as it stands now: active.
    pub grant: Grant,
    /// The name of the write that consumed the code.
    pub op: Op,
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

/// The key sets that clients publish (ASYM-18 to ASYM-21).
pub trait ClientKeySets: Send + Sync {
    /// The set at `uri`, as it was published no longer ago than it said that it may be kept; asked for again if it has no
    /// key named `kid`, but not more than once a minute. Whoever waits for the same set shares one fetch.
    fn key_set(
        &self,
        uri: &str,
        kid: &str,
        now: Instant,
    ) -> impl Future<Output = Result<Arc<KeySet>, NotFetched>> + Send;
}

/// The keys that sign, by name: their private parts stay where they are.
pub trait Signer: Send + Sync {
    /// The key that signs access tokens.
    fn access_token_key(&self) -> &SigningKey;

    /// The key that signs ID tokens: RSA (OIDC Core §15.1 requires RS256).
    fn id_token_key(&self) -> &SigningKey;

    /// Signs `input` (`base64url(header).base64url(claims)`) with `key`: the raw JOSE signature (RFC 7518 §3).
    fn sign(
        &self,
        key: &SigningKey,
        input: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, Unavailable>> + Send;
}

/// The public halves of all keys that sign or lately signed.
pub trait PublicKeys: Send + Sync {
    /// The keys, the current one first.
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
    Users { fn user(&self, username: &Username) -> Result<Option<User>, Unavailable>; }
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
        fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped>;
        fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped>;
    }
    Redemptions {
        fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped>;
        fn unredeem(&self, redeemed: &Redeemed, step: Step) -> Result<bool, Unavailable>;
        fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped>;
        fn extend_retry(&self, id: &GrantId, presented: &Digest, retry_until: Instant, step: Step) -> Result<bool, Unavailable>;
        fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
    }
    Replay { fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable>; }
    ClientKeySets { fn key_set(&self, uri: &str, kid: &str, now: Instant) -> Result<Arc<KeySet>, NotFetched>; }
    Patients {
        fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable>;
        fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable>;
    }
    Records {
        fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable>;
        fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable>;
    }
}

impl<T: Signer> Signer for Arc<T> {
    fn access_token_key(&self) -> &SigningKey {
        T::access_token_key(self)
    }

    fn id_token_key(&self) -> &SigningKey {
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

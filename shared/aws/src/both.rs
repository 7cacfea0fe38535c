//! Both tables as one store, for the functions that need both; and the connections to them, made before the first request.
//!
//! What a function cannot see is decided by the ports that it asks for, and by its permissions.

use std::time::Duration;

use smart_core::client::Client;
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary, Record, RecordPage, RecordQuery};
use smart_core::grant::{CodeIssue, EncounterChoice, Grant, Owner, RevocationReason, SignIn};
use smart_core::id::{ClientId, EncounterId, GrantId, LaunchId, PatientId, ResourceId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::launch::Launch;
use smart_core::ports::{
    Attempts, Authorizations, Clients, Enrolments, Grants, Launches, Patients, Records, Replay,
    RevokedTokens, Sessions, SignIns, Step, Stopped, Throttle, Unavailable, UserGrants, Users,
};
use smart_core::secret::Digest;
use smart_core::session::Session;
use smart_core::user::User;

use crate::{RecordsTable, StateTable};

/// An id that nothing has: reading it costs the smallest unit, and proves the way there.
const NOTHING: &str = "-";

/// Both tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Authorization state.
    pub state: StateTable,
    /// FHIR resources.
    pub records: RecordsTable,
}

impl StateTable {
    /// Opens the connection, by one read of nothing. If it fails, that is logged, and each request finds out for itself.
    pub async fn connect(&self) {
        if let Ok(id) = NOTHING.parse()
            && let Err(error) = self.client(&id).await
        {
            tracing::warn!(%error, "not connected at start");
        }
    }
}

impl RecordsTable {
    /// Opens the connection, by one read of nothing. If it fails, that is logged, and each request finds out for itself.
    pub async fn connect(&self) {
        if let Ok(id) = NOTHING.parse()
            && let Err(error) = self.record("Patient", &id).await
        {
            tracing::warn!(%error, "not connected at start");
        }
    }
}

macro_rules! forward {
    ($($port:ident to $table:ident { $(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $out:ty;)* })*) => {
        $(impl $port for Tables {
            $(
                async fn $name(&self $(, $arg: $ty)*) -> $out {
                    self.$table.$name($($arg),*).await
                }
            )*
        })*
    };
}

forward! {
    Clients to state { fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable>; }
    Users to state { fn user(&self, username: &Username) -> Result<Option<User>, Unavailable>; }
    Enrolments to state { fn enrol(&self, said: &User) -> Result<User, Unavailable>; }
    Replay to state { fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable>; }
    Sessions to state { fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable>; }
    SignIns to state {
        fn start_session(&self, session: &Session) -> Result<(), Unavailable>;
        fn touch_session(&self, id: &SessionId, idle_expires_at: Instant, now: Instant) -> Result<(), Unavailable>;
        fn end_session(&self, id: &SessionId) -> Result<(), Unavailable>;
    }
    Throttle to state {
        fn count_attempt(&self, key: &Digest, window: Duration, now: Instant) -> Result<Attempts, Unavailable>;
        fn forget_attempts(&self, key: &Digest) -> Result<(), Unavailable>;
    }
    Grants to state { fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable>; }
    Authorizations to state {
        fn begin(&self, grant: &Grant) -> Result<(), Unavailable>;
        fn sign_in(&self, id: &GrantId, sign_in: &SignIn, step: Step) -> Result<Grant, Stopped>;
        fn choose_patient(&self, id: &GrantId, session: &SessionId, patient: &PatientId, step: Step) -> Result<Grant, Stopped>;
        fn choose_encounter(&self, id: &GrantId, choice: &EncounterChoice, step: Step) -> Result<Grant, Stopped>;
        fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped>;
        fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped>;
    }
    Launches to state {
        fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable>;
        fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable>;
        fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable>;
    }
    RevokedTokens to state { fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable>; }
    UserGrants to state {
        fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable>;
        fn revoke_own(&self, id: &GrantId, owner: &Owner, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
    }
    Patients to records {
        fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable>;
        fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable>;
        fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable>;
        fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable>;
    }
    Records to records {
        fn record(&self, resource_type: &str, id: &ResourceId) -> Result<Option<Record>, Unavailable>;
        fn records_by_id(&self, resource_type: &str, ids: &[ResourceId]) -> Result<Vec<(ResourceId, Record)>, Unavailable>;
        fn records(&self, query: &RecordQuery) -> Result<RecordPage, Unavailable>;
    }
}

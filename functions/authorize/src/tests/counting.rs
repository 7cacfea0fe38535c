//! A store that counts what it is asked, by the name of the operation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smart_core::client::Client;
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary};
use smart_core::grant::{CodeIssue, EncounterChoice, Grant, Owner, RevocationReason, SignIn};
use smart_core::id::{ClientId, EncounterId, GrantId, LaunchId, PatientId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::launch::Launch;
use smart_core::ports::{
    Attempts, Authorizations, Clients, Enrolments, Grants, Launches, Patients, Replay, RevokedTokens,
    Sessions, SignIns, Step, Stopped, Throttle, Unavailable, UserGrants, Users,
};
use smart_core::secret::Digest;
use smart_core::session::Session;
use smart_core::user::User;
use smart_local::LocalStore;

/// The embedded store, and what was asked of it since it was last looked at.
#[derive(Clone)]
pub(super) struct Counting {
    pub(super) store: Arc<LocalStore>,
    asked: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Counting {
    pub(super) fn new(store: LocalStore) -> Self {
        Self { store: Arc::new(store), asked: Arc::default() }
    }

    /// What was asked since the last call: `begin, client 2, session`.
    pub(super) fn asked(&self) -> String {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let told = asked.iter().map(|(name, count)| match count {
            1 => (*name).to_owned(),
            count => format!("{name} {count}"),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn count(&self, name: &'static str) {
        *self.asked.lock().unwrap().entry(name).or_default() += 1;
    }
}

macro_rules! counted {
    ($($port:ident { $(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $out:ty;)* })*) => {
        $(impl $port for Counting {
            $(async fn $name(&self $(, $arg: $ty)*) -> $out {
                self.count(stringify!($name));
                self.store.$name($($arg),*).await
            })*
        })*
    };
}

counted! {
    Clients { fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable>; }
    Users { fn user(&self, username: &Username) -> Result<Option<User>, Unavailable>; }
    Enrolments { fn enrol(&self, said: &User) -> Result<User, Unavailable>; }
    Replay { fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable>; }
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
    Launches {
        fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable>;
        fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable>;
        fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable>;
    }
    RevokedTokens { fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable>; }
    UserGrants {
        fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable>;
        fn revoke_own(&self, id: &GrantId, owner: &Owner, reason: RevocationReason, step: Step) -> Result<bool, Unavailable>;
    }
    Patients {
        fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable>;
        fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable>;
        fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable>;
        fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable>;
    }
}

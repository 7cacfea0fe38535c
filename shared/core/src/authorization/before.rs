//! What a user granted to an app before, and whether that answers what it asks now (AUTHZ-26; OIDC Core §3.1.2.4).
//!
//! Nothing is stored for it: a consent is remembered as long as a grant stands that came of it, so that whoever takes the
//! access back is asked again.

#[cfg(test)]
mod tests;

use super::needs_patient;
use crate::grant::{Active, Grant, Until};
use crate::id::{ClientId, PatientId, SessionId};
use crate::instant::Instant;
use crate::scope::{Level, Scope, Scopes};

/// The grants that an app can still use for a user.
#[derive(Clone, Debug)]
pub struct Before<'a>(Vec<&'a Active>);

impl<'a> Before<'a> {
    /// Of a user's own grants, those of this client that stand at `now`. One that ends with a session counts in that session
    /// alone: whether another has ended cannot be seen from here.
    pub fn of(grants: &'a [Grant], client_id: &ClientId, session: &SessionId, now: Instant) -> Self {
        let stands = |grant: &&Grant| {
            grant.client_id == *client_id && grant.is_alive(now) && !grant.lasts_until().has_passed(now)
        };
        let counts_here =
            |active: &&Active| match active.refresh.as_ref().map(|refresh| &refresh.policy.until) {
                Some(Until::SessionEnds { session: of, .. }) => of == session,
                _ => true,
            };
        Self(grants.iter().filter(stands).filter_map(Grant::active).filter(counts_here).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Since when, as far as is known.
    pub fn since(&self) -> Option<Instant> {
        self.0.iter().filter_map(|active| active.since).min()
    }

    /// Whether the app has this scope already, `patient/` scopes for this patient.
    pub fn has(&self, scope: &Scope, patient: Option<&PatientId>) -> bool {
        let of_patient = scope.as_resource().is_some_and(|resource| resource.level == Level::Patient);
        let theirs =
            self.0.iter().filter(|active| !of_patient || active.granted.context.patient.as_ref() == patient);
        let before: Scopes = theirs.flat_map(|active| &active.granted.scopes).cloned().collect();
        Scopes::from_iter([scope.clone()]).is_within(&before)
    }

    /// Whether one of them holds all that is asked, for the same patient where one is in context: what is asked again was
    /// consented to in one answer, and nothing is put together that never was.
    pub fn answers(&self, asked: &Scopes, patient: Option<&PatientId>) -> bool {
        let for_them = |active: &&&Active| match patient {
            Some(_) => active.granted.context.patient.as_ref() == patient,
            None => !needs_patient(asked),
        };
        self.0.iter().filter(for_them).any(|active| asked.is_within(&active.granted.scopes))
    }
}

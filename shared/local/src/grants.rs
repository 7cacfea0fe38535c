//! Grants: each step is core's transition, applied to the stored grant inside the write transaction.
//!
//! The transition holds all conditions (state, client, digest, expiry); here is only that it sees what is stored and
//! that its result, and nothing else, replaces it. No step creates a grant: an absent one is refused.
//!
//! A grant that already carries the name of our write is our own success seen twice: it is answered as it was the
//! first time, and nothing is written.

#[cfg(test)]
mod tests;

use redb::{ReadableTable as _, TableDefinition};
use smart_core::grant::{
    CodeIssue, EncounterChoice, Grant, Owner, Redemption, Refreshed, Refusal, RevocationReason, Rotation,
    SignIn,
};
use smart_core::id::{ClientId, GrantId, PatientId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Grants, MOST_OWN_GRANTS, Redeemed, Redemptions, Step, Stopped, Unavailable, UserGrants,
};
use smart_core::secret::{Digest, Op};

use crate::LocalStore;
use crate::error::Failure;
use crate::sweep::{self, Expires, Kind};
use crate::tables::{Aggregates, Writing};

pub(crate) const GRANTS: Aggregates<GrantId, Grant> = Aggregates::new("grants");

/// (username, grant): a user's active grants, and no others.
const ACTIVE: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("active_grants");

const PORT: &str = "grants";

impl Expires for Grant {
    fn gone_at(&self) -> Instant {
        self.expires_at
    }
}

/// Makes the tables, if there are none.
pub(crate) fn create(writing: &Writing<'_>) -> Result<(), Failure> {
    GRANTS.create(writing)?;
    writing.change(ACTIVE).map(drop)
}

/// Takes a grant that was removed out of its user's list, if it was there.
pub(crate) fn forget(writing: &Writing<'_>, grant: &Grant) -> Result<(), Failure> {
    if let Some(user) = user_of(grant) {
        writing.change(ACTIVE)?.remove((user.as_str(), grant.id.as_str()))?;
    }
    Ok(())
}

/// Whose list a grant is in: it is active.
fn user_of(grant: &Grant) -> Option<&Username> {
    grant.active().map(|active| &active.owner.user)
}

/// Stores what a step gave in place of what it was given, and keeps the users' lists; nothing, if it is the same.
fn replace(writing: &Writing<'_>, before: &Grant, after: &Grant) -> Result<(), Failure> {
    if before == after {
        return Ok(());
    }
    writing.put(GRANTS, &after.id, after)?;
    match (user_of(before), user_of(after)) {
        (None, Some(user)) => {
            writing.change(ACTIVE)?.insert((user.as_str(), after.id.as_str()), ())?;
            Ok(())
        }
        (Some(_), None) => forget(writing, before),
        _ => Ok(()),
    }
}

/// What a step gives: the grant that replaces the stored one, and perhaps something to say of it.
trait Outcome {
    fn grant(&self) -> &Grant;
}

impl Outcome for Grant {
    fn grant(&self) -> &Grant {
        self
    }
}

impl Outcome for Refreshed {
    fn grant(&self) -> &Grant {
        &self.grant
    }
}

impl LocalStore {
    /// The grants of a user that are active at `now`, in the order of their names.
    pub fn active_grants(&self, user: &Username, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        self.engine.read(PORT, |snapshot| {
            let mut grants = Vec::new();
            for entry in snapshot.table(ACTIVE)?.range((user.as_str(), "")..)? {
                let (key, ()) = entry.map(|(key, value)| (key, value.value()))?;
                let (owner, id) = key.value();
                if owner != user.as_str() {
                    break;
                }
                let Ok(id) = id.parse() else { continue };
                grants.extend(snapshot.get(GRANTS, &id)?.filter(|grant| grant.is_alive(now)));
            }
            Ok(grants)
        })
    }

    /// All users' grants that are active at `now`, in the order of the users' names: for the operator.
    pub fn all_active_grants(&self, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        self.engine.read(PORT, |snapshot| {
            let mut grants = Vec::new();
            for entry in snapshot.table(ACTIVE)?.iter()? {
                let (key, _) = entry?;
                let Ok(id) = key.value().1.parse() else { continue };
                grants.extend(snapshot.get(GRANTS, &id)?.filter(|grant| grant.is_alive(now)));
            }
            Ok(grants)
        })
    }

    /// Makes one step: the stored grant is replaced by what `transition` makes of it, or stays as it is.
    async fn step<T, F>(&self, id: &GrantId, transition: F) -> Result<T, Stopped>
    where
        T: Outcome + Send + 'static,
        F: FnOnce(Grant) -> Result<T, Refusal> + Send + 'static,
    {
        let id = id.clone();
        let made = self
            .engine
            .write(PORT, move |writing| {
                let Some(before) = writing.get(GRANTS, &id)? else { return Ok(Err(Refusal::Absent)) };
                let made = transition(before.clone());
                if let Ok(made) = &made {
                    replace(writing, &before, made.grant())?;
                }
                Ok(made)
            })
            .await?;
        Ok(made?)
    }

    /// Makes a change that has nothing to say but whether it was made.
    async fn change<F>(&self, id: &GrantId, change: F) -> Result<bool, Unavailable>
    where
        F: FnOnce(Grant) -> Option<Grant> + Send + 'static,
    {
        let changed = self.step(id, move |grant| change(grant).ok_or(Refusal::Stage)).await;
        match changed {
            Ok(_) => Ok(true),
            Err(Stopped::Refused(_)) => Ok(false),
            Err(Stopped::Unavailable(unavailable)) => Err(unavailable),
        }
    }
}

impl Grants for LocalStore {
    async fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable> {
        let grant = self.engine.read(PORT, |snapshot| snapshot.get(GRANTS, id))?;
        Ok(grant.filter(|grant| grant.is_alive(now)))
    }
}

impl Authorizations for LocalStore {
    /// Two handles of 128 random bits are never the same. If they were, the second grant is not stored, whatever became of
    /// the first: its app is told to try again, and draws another handle.
    async fn begin(&self, grant: &Grant) -> Result<(), Unavailable> {
        let grant = grant.clone();
        let begun = self
            .engine
            .write(PORT, move |writing| {
                if let Some(stored) = writing.get(GRANTS, &grant.id)? {
                    return Ok(stored.last_op == grant.last_op);
                }
                writing.put(GRANTS, &grant.id, &grant)?;
                sweep::enter(writing, grant.gone_at(), Kind::Grant, grant.id.as_str())?;
                Ok(true)
            })
            .await?;
        if begun { Ok(()) } else { Err(Unavailable::new(PORT, "there is another grant of this name")) }
    }

    async fn sign_in(&self, id: &GrantId, sign_in: &SignIn, step: Step) -> Result<Grant, Stopped> {
        let sign_in = sign_in.clone();
        self.step(id, move |grant| grant.sign_in(&sign_in, step)).await
    }

    async fn choose_patient(
        &self,
        id: &GrantId,
        session: &SessionId,
        patient: &PatientId,
        step: Step,
    ) -> Result<Grant, Stopped> {
        let (session, patient) = (session.clone(), patient.clone());
        self.step(id, move |grant| grant.choose_patient(&session, &patient, step)).await
    }

    async fn choose_encounter(
        &self,
        id: &GrantId,
        choice: &EncounterChoice,
        step: Step,
    ) -> Result<Grant, Stopped> {
        let choice = choice.clone();
        self.step(id, move |grant| grant.choose_encounter(&choice, step)).await
    }

    async fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped> {
        let issue = issue.clone();
        self.step(id, move |grant| grant.issue_code(&issue, step)).await
    }

    async fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped> {
        let session = session.clone();
        self.step(id, move |grant| grant.deny(&session, step)).await
    }
}

impl UserGrants for LocalStore {
    async fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        let mut grants = self.active_grants(&owner.user, now)?;
        // A name may have been another user's before.
        grants.retain(|grant| grant.is_active_of(owner));
        grants.truncate(MOST_OWN_GRANTS);
        Ok(grants)
    }

    async fn revoke_own(
        &self,
        id: &GrantId,
        owner: &Owner,
        reason: RevocationReason,
        step: Step,
    ) -> Result<bool, Unavailable> {
        let owner = owner.clone();
        self.change(id, move |grant| grant.revoke_own(&owner, reason, step)).await
    }
}

impl Redemptions for LocalStore {
    async fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped> {
        let redemption = redemption.clone();
        let grant = self.step(id, move |grant| grant.redeem(&redemption, step)).await?;
        Ok(Redeemed { grant, op: step.op })
    }

    async fn unredeem(&self, id: &GrantId, redeemed: Op, step: Step) -> Result<bool, Unavailable> {
        self.change(id, move |grant| grant.unredeem(redeemed, step)).await
    }

    async fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped> {
        let rotation = rotation.clone();
        self.step(id, move |grant| grant.refresh(&rotation, step)).await
    }

    async fn extend_retry(
        &self,
        id: &GrantId,
        presented: &Digest,
        retry_until: Instant,
        step: Step,
    ) -> Result<bool, Unavailable> {
        let presented = *presented;
        self.change(id, move |grant| grant.extend_retry(&presented, retry_until, step)).await
    }

    async fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable> {
        let id = id.clone();
        self.engine
            .write(PORT, move |writing| {
                let stored = writing.get(GRANTS, &id)?.filter(|grant| grant.is_alive(step.now));
                let Some(before) = stored else { return Ok(false) };
                if let Some(after) = before.clone().revoke(reason, step) {
                    replace(writing, &before, &after)?;
                }
                Ok(true)
            })
            .await
    }

    async fn revoke_by_client(&self, id: &GrantId, client_id: &ClientId, step: Step) -> Result<(), Stopped> {
        let client_id = client_id.clone();
        let revoked = move |grant: Grant| {
            let ended = grant.clone().revoke_by_client(&client_id, step)?;
            // One that was revoked before stays as it is.
            Ok(ended.unwrap_or(grant))
        };
        self.step(id, revoked).await.map(drop)
    }
}

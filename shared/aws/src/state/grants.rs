//! Grants: one item each, moved by one conditional update a step.
//!
//! * The condition holds just where core's transition would make the step ([`steps`]); what the update writes is what the
//!   transition gives ([`row`]).
//! * Where the condition fails, the answer brings the item that it met, and core's own transition says what to make of it: the exact
//!   refusal, or our own success seen twice (the item bears the name of our write), or a refresh that is answered again. Nothing
//!   is written then.
//! * Where it stays open whether the write was made (no answer in time, a lost connection, an error after some attempts), one consistent
//!   read looks for the name of our write. If it is not there, nothing is decided: the answer is 503.
//!
//! A user's active grants are in the index [`LISTS`]: redeeming puts a grant there, and revoking takes it out, in
//! the same write.

mod row;
mod steps;
#[cfg(test)]
mod tests;

use smart_core::grant::{
    CodeIssue, EncounterChoice, Grant, Owner, Redemption, Refreshed, Refusal, RevocationReason, Rotation,
    SignIn, Stage,
};
use smart_core::id::{ClientId, GrantId, PatientId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Grants, MOST_OWN_GRANTS, Redeemed, Redemptions, Step, Stopped, Unavailable, UserGrants,
};
use smart_core::secret::{Digest, Op};

use super::StateTable;
use crate::item::{Item, KEY};
use crate::table::{Condition, Failed, Update};
use crate::tables::LISTS;

const PORT: &str = "grants";

fn grant_of(id: &GrantId, item: &Item) -> Result<Grant, Unavailable> {
    row::grant_of(id, item).map_err(|error| error.at(PORT))
}

/// Whether the item was made by the write of that name.
fn is_made_by(item: &Item, step: Step) -> bool {
    row::last_op_of(item).is_ok_and(|op| op == step.op)
}

/// The condition and core disagree: nothing may be decided on what either of them says.
fn contradiction() -> Unavailable {
    Unavailable::new(PORT, "a step was refused that core would make")
}

impl StateTable {
    /// The grants of a user that are active at `now`, in the order of their names. One that was redeemed a moment ago may be
    /// missing; one that was revoked is not there.
    pub async fn active_grants(&self, user: &Username, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        self.listed_grants(user, None, now).await
    }

    /// Those of the first `most` in the list.
    async fn listed_grants(
        &self,
        user: &Username,
        most: Option<usize>,
        now: Instant,
    ) -> Result<Vec<Grant>, Unavailable> {
        let mut grants = self.active(&self.list(PORT, &row::list_of(user), most).await?, now)?;
        grants.retain(|grant| grant.active().is_some_and(|active| active.owner.user == *user));
        Ok(grants)
    }

    /// All users' grants that are active at `now`, in the order of their names. Reads the whole index, which holds keys only: for the
    /// operator.
    pub async fn all_active_grants(&self, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        let keys = self.table.scan_keys(PORT, LISTS, row::LISTS_BEGIN).await?;
        let mut items = self.table.get_all(PORT, &keys, true, None).await?;
        items.sort_by(|a, b| a.text(KEY).ok().cmp(&b.text(KEY).ok()));
        self.active(&items, now)
    }

    /// Those of the items that are active grants.
    fn active(&self, items: &[Item], now: Instant) -> Result<Vec<Grant>, Unavailable> {
        let mut grants = Vec::with_capacity(items.len());
        for item in items {
            let id =
                item.text(KEY).ok().and_then(|key| key.strip_prefix("grant#")).and_then(|id| id.parse().ok());
            let Some(id) = id else { continue };
            let grant = grant_of(&id, item)?;
            if grant.active().is_some() && grant.is_alive(now) && self.counts(grant.begun_at) {
                grants.push(grant);
            }
        }
        Ok(grants)
    }

    /// Makes one step. `made` says what it gave; `transition` is core's, for what the condition refused.
    async fn step<T>(
        &self,
        id: &GrantId,
        update: Update,
        step: Step,
        made: impl FnOnce(Grant) -> T,
        transition: impl Fn(Grant) -> Result<T, Refusal>,
    ) -> Result<T, Stopped>
    where
        T: Outcome,
    {
        let key = update.key.clone();
        match self.table.update(PORT, self.guarded(update, row::BEGUN_AT)).await {
            Ok(item) => Ok(made(grant_of(id, &item)?)),
            Err(Failed::Condition(None)) => Err(Refusal::Absent.into()),
            Err(Failed::Condition(Some(item))) => self.judge(id, &item, transition),
            Err(Failed::Unknown(unavailable)) => match self.table.look(PORT, &key).await {
                Ok(Some(item)) if is_made_by(&item, step) => self.judge(id, &item, transition),
                _ => Err(unavailable.into()),
            },
        }
    }

    /// Makes a change that has nothing to say but whether it was made.
    async fn change(
        &self,
        id: &GrantId,
        update: Update,
        step: Step,
        change: impl Fn(Grant) -> Option<Grant>,
    ) -> Result<bool, Unavailable> {
        let changed =
            self.step(id, update, step, |grant| grant, |grant| change(grant).ok_or(Refusal::Stage)).await;
        match changed {
            Ok(_) => Ok(true),
            Err(Stopped::Refused(_)) => Ok(false),
            Err(Stopped::Unavailable(unavailable)) => Err(unavailable),
        }
    }

    /// What core says of a grant that is not to be written.
    fn judge<T: Outcome>(
        &self,
        id: &GrantId,
        item: &Item,
        transition: impl Fn(Grant) -> Result<T, Refusal>,
    ) -> Result<T, Stopped> {
        let grant = grant_of(id, item)?;
        if !self.counts(grant.begun_at) {
            return Err(Refusal::Absent.into());
        }
        let outcome = transition(grant.clone())?;
        if *outcome.grant() == grant { Ok(outcome) } else { Err(contradiction().into()) }
    }
}

/// What a step gives: the grant as it stands, and perhaps something to say of it.
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

impl Grants for StateTable {
    async fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable> {
        let Some(item) = self.table.get(PORT, &row::key(id), true).await? else { return Ok(None) };
        Ok(Some(grant_of(id, &item)?).filter(|grant| grant.is_alive(now) && self.counts(grant.begun_at)))
    }
}

impl Authorizations for StateTable {
    /// Two handles of 128 random bits are never the same. If they were, the second grant is not stored, whatever became of
    /// the first: its app is told to try again, and draws another handle.
    async fn begin(&self, grant: &Grant) -> Result<(), Unavailable> {
        let begun =
            row::item_of(grant).ok_or_else(|| Unavailable::new(PORT, "a grant begins before its code"))?;
        let is_ours = |item: &Item| row::last_op_of(item).is_ok_and(|op| op == grant.last_op);
        if self.table.put_once(PORT, begun, Condition::absent(), is_ours).await? {
            Ok(())
        } else {
            Err(Unavailable::new(PORT, "there is another grant of this name"))
        }
    }

    async fn sign_in(&self, id: &GrantId, sign_in: &SignIn, step: Step) -> Result<Grant, Stopped> {
        let update = steps::sign_in(id, sign_in, step);
        self.step(id, update, step, |grant| grant, |grant| grant.sign_in(sign_in, step)).await
    }

    async fn choose_patient(
        &self,
        id: &GrantId,
        session: &SessionId,
        patient: &PatientId,
        step: Step,
    ) -> Result<Grant, Stopped> {
        let update = steps::choose_patient(id, session, patient, step);
        self.step(id, update, step, |grant| grant, |grant| grant.choose_patient(session, patient, step)).await
    }

    async fn choose_encounter(
        &self,
        id: &GrantId,
        choice: &EncounterChoice,
        step: Step,
    ) -> Result<Grant, Stopped> {
        let update = steps::choose_encounter(id, choice, step);
        self.step(id, update, step, |grant| grant, |grant| grant.choose_encounter(choice, step)).await
    }

    async fn issue_code(&self, id: &GrantId, issue: &CodeIssue, step: Step) -> Result<Grant, Stopped> {
        let update = steps::issue_code(id, issue, step);
        self.step(id, update, step, |grant| grant, |grant| grant.issue_code(issue, step)).await
    }

    async fn deny(&self, id: &GrantId, session: &SessionId, step: Step) -> Result<Grant, Stopped> {
        let update = steps::deny(id, session, step);
        self.step(id, update, step, |grant| grant, |grant| grant.deny(session, step)).await
    }
}

impl UserGrants for StateTable {
    /// One query of the index, and the items in hundreds.
    async fn own_grants(&self, owner: &Owner, now: Instant) -> Result<Vec<Grant>, Unavailable> {
        let mut grants = self.listed_grants(&owner.user, Some(MOST_OWN_GRANTS), now).await?;
        // A name may have been another user's before.
        grants.retain(|grant| grant.is_active_of(owner));
        Ok(grants)
    }

    async fn revoke_own(
        &self,
        id: &GrantId,
        owner: &Owner,
        reason: RevocationReason,
        step: Step,
    ) -> Result<bool, Unavailable> {
        let update = steps::revoke_own(id, owner, reason, step);
        self.change(id, update, step, |grant| grant.revoke_own(owner, reason, step)).await
    }
}

impl Redemptions for StateTable {
    async fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped> {
        let update = steps::redeem(id, redemption, step);
        let grant =
            self.step(id, update, step, |grant| grant, |grant| grant.redeem(redemption, step)).await?;
        Ok(Redeemed { grant, op: step.op })
    }

    async fn unredeem(&self, id: &GrantId, redeemed: Op, step: Step) -> Result<bool, Unavailable> {
        let update = steps::unredeem(id, redeemed, step);
        self.change(id, update, step, |grant| grant.unredeem(redeemed, step)).await
    }

    async fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped> {
        let update = steps::refresh(id, rotation, step);
        let made = |grant| Refreshed { grant, salt: rotation.salt, repeated: false };
        self.step(id, update, step, made, |grant| grant.refresh(rotation, step)).await
    }

    async fn extend_retry(
        &self,
        id: &GrantId,
        presented: &Digest,
        retry_until: Instant,
        step: Step,
    ) -> Result<bool, Unavailable> {
        let update = steps::extend_retry(id, presented, retry_until, step);
        // A window that is long enough already stays as it is, under the name that it has.
        let change = |grant: Grant| {
            let extended = grant.clone().extend_retry(presented, retry_until, step)?;
            Some(if extended.stage == grant.stage { grant } else { extended })
        };
        self.change(id, update, step, change).await
    }

    async fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable> {
        let key = row::key(id);
        match self.table.update(PORT, self.guarded(steps::revoke(id, reason, step), row::BEGUN_AT)).await {
            Ok(_) => Ok(true),
            Err(Failed::Condition(None)) => Ok(false),
            // Revoked before, or expired.
            Err(Failed::Condition(Some(item))) => {
                let grant = grant_of(id, &item)?;
                if !self.counts(grant.begun_at) {
                    return Ok(false);
                }
                match grant.clone().revoke(reason, step) {
                    None => Ok(grant.is_alive(step.now)),
                    Some(_) => Err(contradiction()),
                }
            }
            // It is revoked, or not: who did it does not matter.
            Err(Failed::Unknown(unavailable)) => match self.table.look(PORT, &key).await {
                Ok(None) => Ok(false),
                Ok(Some(item)) => {
                    let grant = grant_of(id, &item)?;
                    let alive = grant.is_alive(step.now) && self.counts(grant.begun_at);
                    let done = !alive || matches!(grant.stage, Stage::Revoked(_));
                    if done { Ok(alive) } else { Err(unavailable) }
                }
                Err(_) => Err(unavailable),
            },
        }
    }

    async fn revoke_by_client(&self, id: &GrantId, client_id: &ClientId, step: Step) -> Result<(), Stopped> {
        let update = steps::revoke_by_client(id, client_id, step);
        // One that was revoked before stays as it is.
        let transition = |grant: Grant| {
            let ended = grant.clone().revoke_by_client(client_id, step)?;
            Ok(ended.unwrap_or(grant))
        };
        self.step(id, update, step, |grant| grant, transition).await.map(drop)
    }
}

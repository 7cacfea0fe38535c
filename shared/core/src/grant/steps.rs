//! The steps from a request to an active grant, the way back, and the end.

use std::time::Duration;

use super::{
    Active, Code, Coded, Grant, Granted, Known, Owner, Refresh, RefreshPolicy, Refusal, Revocation,
    RevocationReason, Stage,
};
use crate::id::{ClientId, EncounterId, PatientId, SessionId};
use crate::jose::KeyId;
use crate::pkce::CodeChallenge;
use crate::ports::Step;
use crate::secret::{Digest, Op};

/// Who signed in, and for whom.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The new session.
    pub session: SessionId,
    /// The user.
    pub owner: Owner,
    /// The patient, where the user has just one.
    pub patient: Option<PatientId>,
}

/// An encounter, and what must still hold when it is chosen.
#[derive(Clone, Debug)]
pub struct EncounterChoice {
    /// The session that chooses.
    pub session: SessionId,
    /// The patient whose encounter it was found to be.
    pub patient: PatientId,
    /// The encounter.
    pub encounter: EncounterId,
}

/// A consent, and the code that answers it.
#[derive(Clone, Debug)]
pub struct CodeIssue {
    /// The session that consents.
    pub session: SessionId,
    /// The name of the write before: what was consented to is what was shown.
    pub seen: Op,
    /// The digest of the code's secret.
    pub code: Digest,
    /// What was consented to.
    pub granted: Granted,
    /// Whether and how long it can be refreshed.
    pub refresh: Option<RefreshPolicy>,
}

/// What an app shows to redeem a code.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The client that authenticated.
    pub client_id: ClientId,
    /// The digest of the code's secret.
    pub code: Digest,
    /// The redirect URI that it says it was sent to.
    pub redirect_uri: String,
    /// The challenge that its verifier answers.
    pub challenge: CodeChallenge,
    /// The digest of the refresh token's secret that will be handed out, if one will be.
    pub refresh: Digest,
    /// The key that it proves to have (RFC 9449 §5).
    pub key: Option<KeyId>,
    /// The key that the refresh token is bound to from then on: that of a public client (DPOP-04).
    pub refresh_key: Option<KeyId>,
    /// How long access tokens live: as long as the grant must be remembered.
    pub access_lifetime: Duration,
}

impl Grant {
    /// requested or known → known. Who signs in anew chooses anew.
    pub fn sign_in(self, sign_in: &SignIn, step: Step) -> Result<Self, Refusal> {
        let signed_in =
            |stage: &Stage| matches!(stage, Stage::Known(known) if known.session == sign_in.session);
        if self.is_made_by(step, signed_in)? {
            return Ok(self);
        }
        let request = match self.stage {
            Stage::Requested(request) | Stage::Known(Known { request, .. }) => request,
            other => return Err(other.refusal()),
        };
        let SignIn { session, owner, patient } = sign_in.clone();
        let stage = Stage::Known(Known { request, session, owner, patient, encounter: None });
        Ok(Self { stage, last_op: step.op, ..self })
    }

    /// known → known: the patient whose record is shared. Whether the user may see that patient was asked before. An encounter
    /// that was chosen before may be another patient's, and is chosen anew.
    pub fn choose_patient(
        self,
        session: &SessionId,
        patient: &PatientId,
        step: Step,
    ) -> Result<Self, Refusal> {
        let chosen =
            |stage: &Stage| matches!(stage, Stage::Known(known) if known.patient.as_ref() == Some(patient));
        if self.is_made_by(step, chosen)? {
            return Ok(self);
        }
        let known = self.stage.known_to(session)?;
        let stage = Stage::Known(Known { patient: Some(patient.clone()), encounter: None, ..known });
        Ok(Self { stage, last_op: step.op, ..self })
    }

    /// known → known: the encounter in context. Whether it is one of `patient` was asked before, so that must still be the
    /// patient who was chosen.
    pub fn choose_encounter(self, choice: &EncounterChoice, step: Step) -> Result<Self, Refusal> {
        let chosen = |stage: &Stage| matches!(stage, Stage::Known(known) if known.encounter.as_ref() == Some(&choice.encounter));
        if self.is_made_by(step, chosen)? {
            return Ok(self);
        }
        let known = self.stage.known_to(&choice.session)?;
        if known.patient.as_ref() != Some(&choice.patient) {
            return Err(Refusal::Changed);
        }
        let stage = Stage::Known(Known { encounter: Some(choice.encounter.clone()), ..known });
        Ok(Self { stage, last_op: step.op, ..self })
    }

    /// known → coded: the user consented to what was shown.
    pub fn issue_code(self, issue: &CodeIssue, step: Step) -> Result<Self, Refusal> {
        let issued = |stage: &Stage| matches!(stage, Stage::Coded(coded) if coded.code.digest == issue.code);
        if self.is_made_by(step, issued)? {
            return Ok(self);
        }
        let seen = self.last_op;
        let known = self.stage.known_to(&issue.session)?;
        if seen != issue.seen {
            return Err(Refusal::Changed);
        }
        let expires_at = step.now + super::CODE_LIFETIME;
        let code = Code {
            digest: issue.code,
            redirect_uri: known.request.redirect_uri,
            challenge: known.request.challenge,
            dpop_jkt: known.request.dpop_jkt,
            expires_at,
        };
        let coded = Coded {
            owner: known.owner,
            granted: issue.granted.clone(),
            code,
            refresh: issue.refresh.clone(),
        };
        Ok(Self { stage: Stage::Coded(coded), expires_at, last_op: step.op, ..self })
    }

    /// known → revoked: the user refused.
    pub fn deny(self, session: &SessionId, step: Step) -> Result<Self, Refusal> {
        if self.is_made_by(step, |stage| matches!(stage, Stage::Revoked(_)))? {
            return Ok(self);
        }
        let Self { id, client_id, begun_at, expires_at, .. } = self;
        self.stage.known_to(session)?;
        let stage = Stage::Revoked(Revocation { reason: RevocationReason::Denied, at: step.now });
        Ok(Self { id, client_id, begun_at, expires_at, last_op: step.op, stage })
    }

    /// coded → active, once. The code of what is active already, shown by its own client, is a replay. A secret that never was the
    /// code's is no code, whoever made it up; and whatever else does not fit leaves the code as it is.
    pub fn redeem(self, redemption: &Redemption, step: Step) -> Result<Self, Refusal> {
        let redeemed = |stage: &Stage| match stage {
            Stage::Active(active) => active.code.as_ref().is_some_and(|code| code.digest == redemption.code),
            _ => false,
        };
        if self.is_made_by(step, redeemed)? {
            return Ok(self);
        }
        let coded = match self.stage {
            Stage::Coded(coded) => coded,
            Stage::Active(Active { redeemed, .. }) => {
                let is_its_own = self.client_id == redemption.client_id;
                return Err(match redeemed {
                    Some(code) if code == redemption.code && is_its_own => Refusal::Replayed,
                    Some(code) if code == redemption.code => Refusal::Client,
                    _ => Refusal::Absent,
                });
            }
            other => return Err(other.refusal()),
        };
        if coded.code.digest != redemption.code {
            return Err(Refusal::Absent);
        }
        if self.client_id != redemption.client_id {
            return Err(Refusal::Client);
        }
        if coded.code.redirect_uri.as_str() != redemption.redirect_uri {
            return Err(Refusal::RedirectUri);
        }
        if coded.code.challenge != redemption.challenge {
            return Err(Refusal::Verifier);
        }
        if coded.code.dpop_jkt.is_some() && coded.code.dpop_jkt != redemption.key {
            return Err(Refusal::Key);
        }
        let refresh = coded.refresh.map(|policy| Refresh {
            key: redemption.refresh_key.clone(),
            ..Refresh::first(policy, redemption.refresh, step.now)
        });
        let lasts = refresh.as_ref().map_or(Duration::ZERO, |refresh| refresh.policy.slides);
        let active = Active {
            owner: coded.owner,
            granted: coded.granted,
            since: Some(step.now),
            redeemed: Some(coded.code.digest),
            code: Some(coded.code),
            refresh,
        };
        Ok(Self {
            stage: Stage::Active(active),
            expires_at: step.now + lasts.max(redemption.access_lifetime),
            last_op: step.op,
            ..self
        })
    }

    /// active → coded: the tokens of the redemption named `op` could not be signed, and nothing has happened since. `None`
    /// if something has, or the grant has expired.
    pub fn unredeem(self, op: Op, step: Step) -> Option<Self> {
        if self.is_made_by(step, |stage| matches!(stage, Stage::Coded(_))).ok()? {
            return Some(self);
        }
        match self.stage {
            Stage::Active(Active { owner, granted, code: Some(code), refresh, .. }) if self.last_op == op => {
                let expires_at = code.expires_at;
                let coded = Coded { owner, granted, code, refresh: refresh.map(|refresh| refresh.policy) };
                Some(Self { stage: Stage::Coded(coded), expires_at, last_op: step.op, ..self })
            }
            _ => None,
        }
    }

    /// any → revoked. It stays as long as its access tokens may live. `None` if it was revoked before, or has expired.
    pub fn revoke(self, reason: RevocationReason, step: Step) -> Option<Self> {
        if matches!(self.stage, Stage::Revoked(_)) || !self.is_alive(step.now) {
            return None;
        }
        let stage = Stage::Revoked(Revocation { reason, at: step.now });
        Some(Self { stage, last_op: step.op, ..self })
    }

    /// any → revoked, by the client that it belongs to and no other (RFC 7009 §2.1; REVOKE-03). `None` if it was revoked before.
    pub fn revoke_by_client(self, client_id: &ClientId, step: Step) -> Result<Option<Self>, Refusal> {
        if !self.is_alive(step.now) {
            return Err(Refusal::Absent);
        }
        if self.client_id != *client_id {
            return Err(Refusal::Client);
        }
        Ok(self.revoke(RevocationReason::ByClient, step))
    }

    /// active → revoked, by its own user. `None` if it is not active, or another user's: whoever asks cannot tell which.
    pub fn revoke_own(self, owner: &Owner, reason: RevocationReason, step: Step) -> Option<Self> {
        if self.is_made_by(step, |stage| matches!(stage, Stage::Revoked(_))).ok()? {
            return Some(self);
        }
        if self.is_active_of(owner) { self.revoke(reason, step) } else { None }
    }

    /// Whether this very step made it: it bears the step's name, and is what the step leads to; a request that takes two
    /// steps may name both alike. An expired grant is refused whoever made it.
    pub(super) fn is_made_by(
        &self,
        step: Step,
        result: impl FnOnce(&Stage) -> bool,
    ) -> Result<bool, Refusal> {
        if self.is_alive(step.now) {
            Ok(self.last_op == step.op && result(&self.stage))
        } else {
            Err(Refusal::Absent)
        }
    }
}

impl Stage {
    /// Why a step that is due at another stage is refused.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Revoked(_) => Refusal::Revoked,
            _ => Refusal::Stage,
        }
    }

    fn known_to(self, session: &SessionId) -> Result<Known, Refusal> {
        match self {
            Self::Known(known) if known.session == *session => Ok(known),
            Self::Known(_) => Err(Refusal::Session),
            other => Err(other.refusal()),
        }
    }
}

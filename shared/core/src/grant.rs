//! The grant: one state machine, from an authorization request to the last refresh (design: one grant, one item).
//!
//! ```text
//!             sign in, choose        consent            redeem (PKCE, client,          refresh: rotate
//!  requested ────────────────▶ known ───────▶ coded ───────────────────────▶ active ──────────────────┐
//!      │ expires                               │   redirect_uri, not expired)   ▲ └───────────────────────┘
//!      ▼                                       │ code seen again                │ reuse of an older token, user or client
//!   (gone)                                     └────────────────▶ revoked ◀─────┘ revokes
//! ```
//!
//! Each step consumes the grant as it is stored and gives the grant that replaces it, or the one reason why not. All
//! conditions of a step are here: a store applies it inside the one write, and adds nothing. A grant that has expired is as
//! good as absent, in every step.
//!
//! Each write has a random name ([`Op`]), the same on each attempt of it: a grant that carries the name of our step is our
//! own success seen twice, and is given again as it is.

mod refresh;
mod steps;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{ClientId, EncounterId, GrantId, PatientId, SessionId, Subject, Username};
use crate::instant::Instant;
use crate::jose::KeyId;
use crate::launch::{LaunchContext, Launched};
use crate::pkce::CodeChallenge;
use crate::redirect::RedirectUri;
use crate::scope::Scopes;
use crate::secret::{Digest, Op};
use crate::user::{Credentials, FhirUser, User};

pub use self::refresh::{Previous, Refresh, RefreshPolicy, Refreshed, Rotation, Until};
pub use self::steps::{CodeIssue, EncounterChoice, Redemption, SignIn};

/// How long an authorization may take from the request to the consent.
pub const IN_PROGRESS: Duration = Duration::from_mins(15);

/// How long a code lives (CODE-01).
pub const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// A grant, at one stage of its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The name under which it is stored, and which access tokens and logs show.
    pub id: GrantId,
    /// The client that asked, and the only one that gets anything.
    pub client_id: ClientId,
    /// When the app asked: what a store that was restored from a backup tells its older grants by.
    #[serde(default = "long_ago")]
    pub begun_at: Instant,
    /// From then on it is as good as absent.
    pub expires_at: Instant,
    /// The name of the write that made it what it is.
    pub last_op: Op,
    /// Where in its life it is.
    pub stage: Stage,
}

/// When grants began that were stored without saying when.
const fn long_ago() -> Instant {
    Instant::from_unix(0)
}

/// Where in its life a grant is, and what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// An app asked; nobody has signed in.
    Requested(Request),
    /// It is known who signed in, and perhaps for which patient.
    Known(Known),
    /// The user consented, and a code is out.
    Coded(Coded),
    /// The code was redeemed: access tokens of this grant open what was granted.
    Active(Active),
    /// It opens nothing any more.
    Revoked(Revocation),
}

/// What the app asked for: kept until a code is issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where the answer goes: matched to the client.
    pub redirect_uri: RedirectUri,
    /// Returned with the answer, byte for byte.
    pub state: String,
    /// The most that may be granted: asked for, registered, and supported.
    pub scopes: Scopes,
    /// What the code's redeemer must know the verifier of.
    pub challenge: CodeChallenge,
    /// Copied into the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The key that the code's redeemer must prove to have (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<KeyId>,
    /// How the app wants the user to sign in.
    #[serde(default, skip_serializing_if = "SignInWish::is_none")]
    pub sign_in: SignInWish,
    /// The EHR's launch that it came with, as the EHR made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<Box<Launched>>,
    /// The app wants the user to be asked, whatever was granted before: `prompt=consent` (OIDC Core §3.1.2.1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always_ask: bool,
}

/// How an app wants the user to sign in (OIDC Core §3.1.2.1): passed on to an identity provider, whose answer is held to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInWish {
    /// Anew, although they may be signed in: `prompt`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// How many seconds ago at most: `max_age`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// As whom, perhaps: `login_hint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
}

impl SignInWish {
    /// Whether the app said nothing of it.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A request whose user is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What was asked.
    pub request: Request,
    /// The browser session that signed in: the only one that may go on.
    pub session: SessionId,
    /// Who signed in.
    pub owner: Owner,
    /// The patient that was chosen here. What an EHR's launch names comes first: see [`Known::patient_in_context`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The encounter that was chosen here: one of that patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EncounterId>,
}

impl Known {
    /// The patient in context: the launch's, which nobody can change here (LAUNCH-14), or the one that was chosen.
    pub fn patient_in_context(&self) -> Option<&PatientId> {
        self.request.launched_patient().or(self.patient.as_ref())
    }
}

impl Request {
    /// The patient that the EHR's launch names.
    pub fn launched_patient(&self) -> Option<&PatientId> {
        self.launch.as_ref().and_then(|launch| launch.context.patient.as_ref())
    }
}

/// Whose grant it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The name of the user.
    pub user: Username,
    /// The user's `sub`: names may be given anew, a `sub` never is.
    pub sub: Subject,
    /// The resource that stands for the user.
    #[serde(rename = "fhirUser")]
    pub fhir_user: FhirUser,
    /// Which credentials they signed in with.
    #[serde(default, skip_serializing_if = "Credentials::are_first")]
    pub credentials: Credentials,
    /// When the user signed in (OIDC Core §2), if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Instant>,
}

impl Owner {
    /// Whether this user still stands by what was granted: the same person, not disabled, and without later credentials than those
    /// that they signed in with (REFR-24).
    pub fn is_still(&self, user: &User) -> bool {
        self.sub == user.sub && self.credentials >= user.credentials && !user.disabled
    }

    /// Whether both are the same person, however often they signed in: by the name, under which grants are listed, and by the
    /// `sub`, since a name may have been another's before.
    pub fn is_same_user(&self, other: &Self) -> bool {
        self.user == other.user && self.sub == other.sub
    }
}

/// What the user consented to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// What access tokens may be issued for.
    pub scopes: Scopes,
    /// In which context.
    #[serde(flatten)]
    pub context: LaunchContext,
    /// The user's full name, where `profile` was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Copied into the ID token of the code exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// A grant whose code is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// Who consented.
    pub owner: Owner,
    /// To what.
    pub granted: Granted,
    /// What the code's redeemer must show.
    pub code: Code,
    /// Whether a refresh token comes with the access token, and how long it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshPolicy>,
}

/// What a code is bound to (CODE-02, CODE-08, PKCE-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The digest of its secret.
    pub digest: Digest,
    /// The redirect URI that it was sent to.
    pub redirect_uri: RedirectUri,
    /// The challenge.
    pub challenge: CodeChallenge,
    /// The key that its redeemer must prove to have, if the app named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<KeyId>,
    /// When it expires.
    pub expires_at: Instant,
}

/// A grant that access tokens stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// Whose it is.
    pub owner: Owner,
    /// What it opens.
    pub granted: Granted,
    /// When the code was redeemed; of grants that an earlier version stored, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// The digest of the code that was redeemed: whoever shows that code again replays it. Of grants that an earlier version
    /// stored, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed: Option<Digest>,
    /// The code that was redeemed, until the first refresh: the way back if its tokens cannot be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The refresh token, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
}

/// The end of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: Instant,
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The user refused.
    Denied,
    /// Its code was seen again (CODE-04).
    CodeReplayed,
    /// An older refresh token was seen again (REFR-15).
    RefreshReplayed,
    /// The user may no longer see the patient, is disabled, was not vouched for lately or is another one (REFR-24).
    UserChanged,
    /// The client is disabled, or was changed so that it may not have this (REFR-24).
    ClientChanged,
    /// It was bound to a session that has ended (REFR-18).
    SessionEnded,
    /// The client said that it needs it no longer (RFC 7009).
    ByClient,
    /// The user took it back (REVOKE-09).
    ByUser,
    /// The operator ended it.
    ByOperator,
}

/// Why a step of a grant is not made. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such grant, or it has expired.
    #[error("there is no such grant, or it has expired")]
    Absent,
    /// It is at another stage: the step was made already, or is not due.
    #[error("the grant is at another stage")]
    Stage,
    /// It was revoked.
    #[error("the grant was revoked")]
    Revoked,
    /// Another session signed in.
    #[error("the grant belongs to another session")]
    Session,
    /// It is not as it was when the user was asked.
    #[error("the grant has changed since it was shown")]
    Changed,
    /// It belongs to another client.
    #[error("the grant belongs to another client")]
    Client,
    /// Another redirect URI was authorized (CODE-08).
    #[error("the redirect URI is not the one of the authorization request")]
    RedirectUri,
    /// The verifier does not answer the challenge (PKCE-09).
    #[error("the verifier does not answer the challenge")]
    Verifier,
    /// The key is not the one that it is bound to (RFC 9449 §5, §10).
    #[error("the key that is proved is not the one that it is bound to")]
    Key,
    /// The refresh token has expired.
    #[error("the refresh token has expired")]
    RefreshExpired,
    /// Its own client presents a code that was redeemed, or a refresh token that was replaced: it leaked, and the grant is to be
    /// revoked. Another client has no part in the grant, and cannot end it.
    #[error("a used code or an older refresh token was presented")]
    Replayed,
}

impl Active {
    /// When the app last came for tokens: its last refresh, or the redemption of its code. What it read since then leaves no
    /// trace here.
    pub fn last_used(&self) -> Option<Instant> {
        match &self.refresh {
            Some(refresh) => Some(refresh.expires_at - refresh.policy.slides),
            None => self.since,
        }
    }
}

impl Grant {
    /// A new grant: requested, by an app that was found to be who it says.
    pub fn begin(id: GrantId, client_id: ClientId, request: Request, op: Op, now: Instant) -> Self {
        let stage = Stage::Requested(request);
        Self { id, client_id, begun_at: now, expires_at: now + IN_PROGRESS, last_op: op, stage }
    }

    /// Whether it has not expired.
    pub fn is_alive(&self, now: Instant) -> bool {
        !self.expires_at.has_passed(now)
    }

    /// What it opens, if its code was redeemed and it was not revoked.
    pub fn active(&self) -> Option<&Active> {
        match &self.stage {
            Stage::Active(active) => Some(active),
            _ => None,
        }
    }

    /// Whether it is active, and this user's.
    pub fn is_active_of(&self, owner: &Owner) -> bool {
        self.active().is_some_and(|active| active.owner.is_same_user(owner))
    }

    /// Until when the app can come for tokens without the user, if it is not used before; without a refresh token, until when
    /// its access token opens anything.
    pub fn lasts_until(&self) -> Instant {
        match self.active().and_then(|active| active.refresh.as_ref()) {
            Some(refresh) => refresh.expires_at.min(refresh.ends_at),
            None => self.expires_at,
        }
    }

    /// What was asked and by whom it is answered, between sign-in and consent.
    pub fn known(&self) -> Option<&Known> {
        match &self.stage {
            Stage::Known(known) => Some(known),
            _ => None,
        }
    }

    /// What was asked, while nothing has been decided.
    pub fn request(&self) -> Option<&Request> {
        match &self.stage {
            Stage::Requested(request) | Stage::Known(Known { request, .. }) => Some(request),
            _ => None,
        }
    }
}

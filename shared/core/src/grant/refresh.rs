//! The refresh token of a grant: rotated at each use, repeatable for a moment, and never twice (RFC 6749 §6, RFC 9700
//! §4.14; REFR rows).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Active, Grant, Granted, Refusal, Stage};
use crate::client::Client;
use crate::id::{ClientId, SessionId};
use crate::instant::Instant;
use crate::jose::KeyId;
use crate::ports::Step;
use crate::scope::{Scope, Scopes};
use crate::secret::{Digest, Salt};
use crate::session::{self, Session};

/// How long a refresh token lasts: decided at consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshPolicy {
    /// How long without a use; each use begins anew (REFR-22).
    pub slides: Duration,
    /// When it ends however often it is used.
    pub until: Until,
}

/// The end of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// There is none.
    Forever,
    /// So long after the code was redeemed: for apps in a browser (SEC-11).
    After(Duration),
    /// With the session that consented: `online_access` (REFR-18).
    SessionEnds {
        /// The session, which may end earlier.
        session: SessionId,
        /// When it ends at the latest.
        at: Instant,
    },
}

/// The refresh token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// How long it lasts.
    pub policy: RefreshPolicy,
    /// The digest of the current secret.
    pub current: Digest,
    /// When it expires unless it is used.
    pub expires_at: Instant,
    /// When it ends in any case.
    pub ends_at: Instant,
    /// The key that whoever presents it must prove to have, if it is bound to one (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The token before, as long as its successor is unused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// The token before the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The digest of its secret.
    pub digest: Digest,
    /// What the current secret was derived from it with.
    pub salt: Salt,
    /// Until when a repeat is taken for a lost answer.
    pub retry_until: Instant,
}

/// What an app shows to refresh, and what will follow.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The client that authenticated.
    pub client_id: ClientId,
    /// The digest of the secret that it presents.
    pub presented: Digest,
    /// The digest of the secret that follows.
    pub successor: Digest,
    /// What that was derived with.
    pub salt: Salt,
    /// The key that it proves to have.
    pub key: Option<KeyId>,
    /// How long the presented token may be repeated.
    pub retry: Duration,
    /// How long access tokens live.
    pub access_lifetime: Duration,
}

/// A refresh that was made, or was made before and is answered again.
#[derive(Debug)]
pub struct Refreshed {
    /// The grant as it stands.
    pub grant: Grant,
    /// What the successor is derived from the presented secret with.
    pub salt: Salt,
    /// Whether it was made before: nothing was written.
    pub repeated: bool,
}

/// Offline access of a client that can keep a secret, or is installed on a device (REFR-21).
const OFFLINE: Duration = Duration::from_hours(180 * 24);
/// Offline access of an app in a browser, from use to use …
const BROWSER: Duration = Duration::from_hours(14 * 24);
/// … and in all (X-10; SEC-11).
const BROWSER_AT_MOST: Duration = Duration::from_hours(90 * 24);

impl RefreshPolicy {
    /// How long a refresh token of `client` lasts, if `scopes` give one (TOK-14, REFR-19): `offline_access` outlives the
    /// session, `online_access` ends with it.
    pub fn of(client: &Client, scopes: &Scopes, session: &Session) -> Option<Self> {
        if scopes.contains(&Scope::OfflineAccess) {
            return Some(if client.is_browser_app() {
                Self { slides: BROWSER, until: Until::After(BROWSER_AT_MOST) }
            } else {
                Self { slides: OFFLINE, until: Until::Forever }
            });
        }
        scopes.contains(&Scope::OnlineAccess).then(|| Self {
            slides: session::LIFETIME,
            until: Until::SessionEnds { session: session.id.clone(), at: session.expires_at },
        })
    }
}

impl Refresh {
    /// Until when a token is good that has this digest, if it is at `now`: the current one, or the one before as long as it may
    /// be repeated (INTRO-12).
    pub fn good_until(&self, presented: &Digest, now: Instant) -> Option<Instant> {
        let expires_at = self.expires_at.min(self.ends_at);
        let until = match self.previous {
            _ if self.current == *presented => expires_at,
            Some(previous) if previous.digest == *presented => expires_at.min(previous.retry_until),
            _ => return None,
        };
        (!until.has_passed(now)).then_some(until)
    }

    /// The first refresh token of a grant.
    pub(super) fn first(policy: RefreshPolicy, current: Digest, now: Instant) -> Self {
        let ends_at = match &policy.until {
            Until::Forever => Instant::NEVER,
            Until::After(span) => now + *span,
            Until::SessionEnds { at, .. } => *at,
        };
        Self { expires_at: now + policy.slides, ends_at, policy, current, key: None, previous: None }
    }
}

impl Grant {
    /// active → active. The current token is replaced. The one before, repeated within its window while its successor is
    /// unused, is a lost answer, and gets the same successor. Any other that its own client presents is a replay: older tokens are
    /// not kept to be told from what never was one.
    pub fn refresh(self, rotation: &Rotation, step: Step) -> Result<Refreshed, Refusal> {
        let made = self.is_made_by(step, |stage| matches!(stage, Stage::Active(_)))?;
        let Stage::Active(Active { owner, granted, since, redeemed, refresh: Some(refresh), .. }) =
            &self.stage
        else {
            return Err(match self.stage {
                // There never was a refresh token.
                Stage::Active(_) => Refusal::Absent,
                other => other.refusal(),
            });
        };
        if self.client_id != rotation.client_id {
            return Err(Refusal::Client);
        }
        let repeatable = refresh.previous.filter(|previous| {
            previous.digest == rotation.presented && (made || !previous.retry_until.has_passed(step.now))
        });
        if refresh.current != rotation.presented && repeatable.is_none() {
            return Err(Refusal::Replayed);
        }
        if refresh.key.is_some() && refresh.key != rotation.key {
            return Err(Refusal::Key);
        }
        if refresh.expires_at.has_passed(step.now) || refresh.ends_at.has_passed(step.now) {
            return Err(Refusal::RefreshExpired);
        }
        if let Some(previous) = repeatable {
            return Ok(Refreshed { salt: previous.salt, repeated: !made, grant: self });
        }
        let slides = refresh.policy.slides;
        let next = Refresh {
            current: rotation.successor,
            expires_at: step.now + slides,
            previous: Some(Previous {
                digest: rotation.presented,
                salt: rotation.salt,
                retry_until: step.now + rotation.retry,
            }),
            ..refresh.clone()
        };
        // The nonce answers one authorization request: it belongs to the tokens of the code alone (OIDC Core §12.2).
        let granted = Granted { nonce: None, ..granted.clone() };
        let active = Active {
            owner: owner.clone(),
            granted,
            since: *since,
            redeemed: *redeemed,
            code: None,
            refresh: Some(next),
        };
        let grant = Self {
            stage: Stage::Active(active),
            expires_at: step.now + slides.max(rotation.access_lifetime),
            last_op: step.op,
            ..self
        };
        Ok(Refreshed { grant, salt: rotation.salt, repeated: false })
    }

    /// active → active: the tokens of a refresh could not be signed, so `presented` may be repeated for longer. `None` if its
    /// successor was used, or the grant has ended.
    pub fn extend_retry(self, presented: &Digest, retry_until: Instant, step: Step) -> Option<Self> {
        if !self.is_alive(step.now) {
            return None;
        }
        let Stage::Active(mut active) = self.stage else { return None };
        let previous = active.refresh.as_mut()?.previous.as_mut()?;
        if previous.digest != *presented {
            return None;
        }
        previous.retry_until = previous.retry_until.max(retry_until);
        Some(Self { stage: Stage::Active(active), last_op: step.op, ..self })
    }
}

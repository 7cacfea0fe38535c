//! The browser session at the pages: proves who sits there, and nothing to an app.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, Username};
use crate::instant::Instant;
use crate::user::{Credentials, User};

/// How long a session lives at most.
pub const LIFETIME: Duration = Duration::from_hours(12);

/// How long a session lives without a page being opened.
pub const IDLE: Duration = Duration::from_hours(1);

/// How stale the idle expiry may become before it is written again.
const TOUCH_AFTER: Duration = Duration::from_mins(5);

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of the cookie's secret.
    pub id: SessionId,
    /// Who signed in.
    pub user: Username,
    /// With which credentials.
    #[serde(default, skip_serializing_if = "Credentials::are_first")]
    pub credentials: Credentials,
    /// When they proved who they are, for `auth_time` and `max_age` (OIDC Core §2); `None` if the identity provider that brought them does
    /// not say, and then nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Instant>,
    /// When it ends unless a page is opened before.
    pub idle_expires_at: Instant,
    /// When it ends in any case.
    pub expires_at: Instant,
}

impl Session {
    /// A session that starts now, of somebody who has just signed in.
    pub fn start(id: SessionId, user: Username, credentials: Credentials, now: Instant) -> Self {
        let (idle_expires_at, expires_at) = (now + IDLE, now + LIFETIME);
        Self { id, user, credentials, auth_time: Some(now), idle_expires_at, expires_at }
    }

    /// Whether it is this user's: not disabled, and without later credentials than those that they signed in with (REFR-24).
    pub fn is_of(&self, user: &User) -> bool {
        self.user == user.username && self.credentials >= user.credentials && !user.disabled
    }

    /// When it started.
    pub fn begun_at(&self) -> Instant {
        self.expires_at - LIFETIME
    }

    /// Whether the user is known to have signed in at `then` or since.
    pub fn is_signed_in_since(&self, then: Instant) -> bool {
        self.auth_time.is_some_and(|at| at >= then)
    }

    /// Whether it has not ended.
    pub fn is_alive(&self, now: Instant) -> bool {
        !self.idle_expires_at.has_passed(now) && !self.expires_at.has_passed(now)
    }

    /// Whether it is time to write a new idle expiry: not at every page, to save a write.
    pub fn wants_touch(&self, now: Instant) -> bool {
        self.is_alive(now) && self.idle_expires_at + TOUCH_AFTER < now + IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn session() -> Session {
        let id = Secret::new([1; 32]).session_id();
        Session::start(id, "maria".parse().unwrap(), Credentials::default(), Instant::from_unix(1_000_000))
    }

    #[test]
    fn a_session_ends_after_an_idle_hour() {
        let start = Instant::from_unix(1_000_000);
        assert!(session().is_alive(start + IDLE - Duration::from_secs(1)));
        assert!(!session().is_alive(start + IDLE));
    }

    #[test]
    fn a_session_ends_after_twelve_hours_however_busy() {
        let busy = Session { idle_expires_at: Instant::NEVER, ..session() };
        assert!(busy.is_alive(busy.begun_at() + LIFETIME - Duration::from_secs(1)));
        assert!(!busy.is_alive(busy.begun_at() + LIFETIME));
    }

    #[test]
    fn the_idle_expiry_is_written_again_only_when_it_has_become_stale() {
        let start = session().begun_at();
        assert!(!session().wants_touch(start + Duration::from_mins(1)));
        assert!(session().wants_touch(start + Duration::from_secs(301)));
        assert!(!session().wants_touch(start + IDLE));
    }
}

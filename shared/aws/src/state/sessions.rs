//! Browser sessions.

use smart_core::id::SessionId;
use smart_core::instant::Instant;
use smart_core::ports::{Sessions, SignIns, Unavailable};
use smart_core::session::Session;
use smart_core::user::Credentials;

use super::StateTable;
use crate::item::{Item, Unreadable, instant, number, text};
use crate::table::{Failed, Update};

const PORT: &str = "sessions";

/// The attribute that says when a session started.
const BEGUN_AT: &str = "begun_at";

fn key(id: &SessionId) -> String {
    format!("session#{id}")
}

fn item_of(session: &Session) -> Item {
    let credentials = Some(session.credentials).filter(|credentials| !credentials.are_first());
    Item::new(key(&session.id))
        .with("user", text(session.user.as_str()))
        .with_some("credentials", credentials.map(|credentials| number(credentials.number().into())))
        .with(BEGUN_AT, instant(session.begun_at()))
        .with_some("auth_time", session.auth_time.map(instant))
        .with("idle_expires_at", instant(session.idle_expires_at))
        .with("expires_at", instant(session.expires_at))
}

fn session_of(id: &SessionId, item: &Item) -> Result<Session, Unreadable> {
    Ok(Session {
        id: id.clone(),
        user: item.parsed("user")?,
        credentials: item.optional("credentials", credentials_of)?.unwrap_or_default(),
        auth_time: item.optional("auth_time", Item::instant)?,
        idle_expires_at: item.instant("idle_expires_at")?,
        expires_at: item.instant("expires_at")?,
    })
}

fn credentials_of(item: &Item, attribute: &'static str) -> Result<Credentials, Unreadable> {
    let number = u32::try_from(item.number(attribute)?).map_err(|_| Unreadable { attribute })?;
    Ok(number.into())
}

fn touch(id: &SessionId, idle_expires_at: Instant, now: Instant) -> Update {
    Update {
        key: key(id),
        change: "SET #idle_expires_at = :idle".to_owned(),
        condition: "#idle_expires_at > :now AND #expires_at > :now".to_owned(),
        values: vec![(":idle", instant(idle_expires_at)), (":now", instant(now))],
    }
}

impl Sessions for StateTable {
    async fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable> {
        let Some(item) = self.table.get(PORT, &key(id), true).await? else { return Ok(None) };
        let session = session_of(id, &item).map_err(|error| error.at(PORT))?;
        Ok(Some(session).filter(|session| session.is_alive(now) && self.counts(session.begun_at())))
    }
}

impl SignIns for StateTable {
    /// Its name is the digest of 256 random bits: there is no other one to be stored over, and to be stored twice is as good
    /// as once.
    async fn start_session(&self, session: &Session) -> Result<(), Unavailable> {
        match self.table.put(PORT, item_of(session), None).await {
            Ok(()) => Ok(()),
            Err(Failed::Unknown(unavailable)) => Err(unavailable),
            Err(Failed::Condition(_)) => Err(Unavailable::new(PORT, "PutItem: a condition that was not set")),
        }
    }

    async fn touch_session(
        &self,
        id: &SessionId,
        idle_expires_at: Instant,
        now: Instant,
    ) -> Result<(), Unavailable> {
        match self.table.update(PORT, self.guarded(touch(id, idle_expires_at, now), BEGUN_AT)).await {
            Ok(_) | Err(Failed::Condition(_)) => Ok(()),
            Err(Failed::Unknown(unavailable)) => Err(unavailable),
        }
    }

    async fn end_session(&self, id: &SessionId) -> Result<(), Unavailable> {
        self.table.delete(PORT, &key(id)).await
    }
}

#[cfg(test)]
mod tests {
    use smart_core::secret::Secret;

    use super::*;

    #[test]
    fn a_session_is_read_as_it_was_written() {
        let id = Secret::new([1; 32]).session_id();
        let (user, now) = ("maria o'neil".parse().unwrap(), Instant::from_unix(1_800_000_000));
        let session = Session::start(id.clone(), user, Credentials::default(), now);
        let undated = Session { auth_time: None, ..session.clone() };
        let later = [1, u32::MAX].map(|number| Session { credentials: number.into(), ..session.clone() });
        for session in [session, undated].into_iter().chain(later) {
            assert_eq!(session_of(&id, &item_of(&session)), Ok(session));
        }
    }

    #[test]
    fn the_expression_uses_what_it_is_given() {
        crate::state::check_expression(&touch(
            &Secret::new([1; 32]).session_id(),
            Instant::NEVER,
            Instant::NEVER,
        ));
    }
}

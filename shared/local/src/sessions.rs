//! Browser sessions.

use smart_core::id::SessionId;
use smart_core::instant::Instant;
use smart_core::ports::{Sessions, SignIns, Unavailable};
use smart_core::session::Session;

use crate::LocalStore;
use crate::sweep::{self, Expires, Kind};
use crate::tables::Aggregates;

pub(crate) const SESSIONS: Aggregates<SessionId, Session> = Aggregates::new("sessions");
const PORT: &str = "sessions";

impl Expires for Session {
    fn gone_at(&self) -> Instant {
        self.idle_expires_at.min(self.expires_at)
    }
}

impl Sessions for LocalStore {
    async fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable> {
        let session = self.engine.read(PORT, |snapshot| snapshot.get(SESSIONS, id))?;
        Ok(session.filter(|session| session.is_alive(now)))
    }
}

impl SignIns for LocalStore {
    async fn start_session(&self, session: &Session) -> Result<(), Unavailable> {
        let session = session.clone();
        self.engine
            .write(PORT, move |writing| {
                writing.put(SESSIONS, &session.id, &session)?;
                sweep::enter(writing, session.gone_at(), Kind::Session, session.id.as_str())
            })
            .await
    }

    async fn touch_session(
        &self,
        id: &SessionId,
        idle_expires_at: Instant,
        now: Instant,
    ) -> Result<(), Unavailable> {
        let id = id.clone();
        self.engine
            .write(PORT, move |writing| match writing.get(SESSIONS, &id)? {
                Some(session) if session.is_alive(now) => {
                    writing.put(SESSIONS, &id, &Session { idle_expires_at, ..session })
                }
                _ => Ok(()),
            })
            .await
    }

    async fn end_session(&self, id: &SessionId) -> Result<(), Unavailable> {
        let id = id.clone();
        self.engine
            .write(PORT, move |writing| match writing.get(SESSIONS, &id)? {
                Some(_) => writing.remove(SESSIONS, &id),
                None => Ok(()),
            })
            .await
    }
}

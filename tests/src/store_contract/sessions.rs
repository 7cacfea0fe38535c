//! Browser sessions.

use std::sync::Arc;

use smart_core::id::SessionId;
use smart_core::session::{IDLE, LIFETIME, Session};
use smart_core::user::Credentials;

use super::{Store, at, digest};

fn session(n: u64) -> Session {
    Session::start(SessionId::from(digest(n)), "maria".parse().unwrap(), Credentials::default(), at(0))
}

/// REFR-24: it names the credentials that somebody signed in with.
pub(crate) async fn refr_24_a_session_names_the_credentials_that_it_was_begun_with<S: Store>(store: Arc<S>) {
    for (n, number) in [(1, 0), (2, 1), (3, u32::MAX)] {
        let session = Session { credentials: number.into(), ..session(n) };
        store.start_session(&session).await.unwrap();
        store.touch_session(&session.id, at(IDLE.as_secs() + 60), at(60)).await.unwrap();
        let stored = store.session(&session.id, at(60)).await.unwrap().unwrap();
        assert_eq!(stored.credentials, session.credentials);
    }
}

/// A session is there until its idle expiry, without anybody removing it.
pub(crate) async fn a_session_ends_without_being_removed<S: Store>(store: Arc<S>) {
    let session = session(1);
    store.start_session(&session).await.unwrap();
    let last = at(IDLE.as_secs() - 1);
    assert_eq!(store.session(&session.id, last).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session(&session.id, at(IDLE.as_secs())).await.unwrap(), None);
    assert_eq!(store.session(&SessionId::from(digest(2)), at(0)).await.unwrap(), None);
    // OIDC-11: of one whose provider does not say when the user signed in, nobody makes it up.
    let undated = Session { id: SessionId::from(digest(4)), auth_time: None, ..session };
    store.start_session(&undated).await.unwrap();
    assert_eq!(store.session(&undated.id, last).await.unwrap(), Some(undated));
}

/// Touching prolongs a living session, up to its end, and never wakes one that has ended or was never there.
pub(crate) async fn touching_never_wakes_a_session<S: Store>(store: Arc<S>) {
    let session = session(1);
    let idle = IDLE.as_secs();
    store.start_session(&session).await.unwrap();
    store.touch_session(&session.id, at(2 * idle), at(idle - 1)).await.unwrap();
    assert!(store.session(&session.id, at(2 * idle - 1)).await.unwrap().is_some());
    store.touch_session(&session.id, at(9 * idle), at(2 * idle)).await.unwrap();
    assert!(store.session(&session.id, at(2 * idle)).await.unwrap().is_none());

    let absent = SessionId::from(digest(2));
    store.touch_session(&absent, at(idle), at(0)).await.unwrap();
    assert!(store.session(&absent, at(0)).await.unwrap().is_none());

    let busy = Session { id: SessionId::from(digest(3)), idle_expires_at: at(99 * idle), ..session };
    store.start_session(&busy).await.unwrap();
    assert!(store.session(&busy.id, at(LIFETIME.as_secs())).await.unwrap().is_none());
}

/// An ended session is gone at once; ending it again is no error.
pub(crate) async fn an_ended_session_stays_ended<S: Store>(store: Arc<S>) {
    let session = session(1);
    store.start_session(&session).await.unwrap();
    for _ in 0..2 {
        store.end_session(&session.id).await.unwrap();
        store.touch_session(&session.id, at(60), at(1)).await.unwrap();
        assert_eq!(store.session(&session.id, at(1)).await.unwrap(), None);
    }
}

//! A store that notes what it is asked, and is unavailable where a test wants it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use smart_core::client::Client;
use smart_core::grant::{Grant, Redemption, Refreshed, RevocationReason, Rotation};
use smart_core::id::{ClientId, GrantId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::ports::{
    Clients, Grants, Redeemed, Redemptions, Replay, Revocations, RevokedTokens, Sessions, Step, Stopped,
    Unavailable, Users,
};
use smart_core::secret::{Digest, Op};
use smart_core::session::Session;
use smart_core::user::User;
use smart_local::LocalStore;
use tokio::sync::RwLock;

/// The embedded store, watched.
pub(super) struct Watched {
    pub(super) inner: LocalStore,
    calls: Mutex<BTreeMap<&'static str, usize>>,
    broken: Mutex<Vec<&'static str>>,
    /// What is done, and told as unknown.
    unanswered: Mutex<Option<&'static str>>,
    users: Mutex<Known>,
    /// Whoever writes here keeps the store from beginning anything.
    pub(super) gate: RwLock<()>,
}

/// What is known of users.
#[derive(Clone, Default)]
enum Known {
    #[default]
    WhatIsStored,
    This(Option<Box<User>>),
}

impl Watched {
    pub(super) fn new(inner: LocalStore) -> Self {
        Self {
            inner,
            calls: Mutex::default(),
            broken: Mutex::default(),
            unanswered: Mutex::default(),
            users: Mutex::default(),
            gate: RwLock::default(),
        }
    }

    /// From now on this operation is unavailable.
    pub(super) fn break_down(&self, operation: &'static str) {
        self.broken.lock().unwrap().push(operation);
    }

    /// From now on this operation is made, and nobody learns of it.
    pub(super) fn lose_answers(&self, operation: &'static str) {
        *self.unanswered.lock().unwrap() = Some(operation);
    }

    /// From now on everything works.
    pub(super) fn mend(&self) {
        *self.unanswered.lock().unwrap() = None;
        self.broken.lock().unwrap().clear();
    }

    /// From now on this is what is known of whatever user is asked for.
    pub(super) fn answer_with_user(&self, user: Option<User>) {
        *self.users.lock().unwrap() = Known::This(user.map(Box::new));
    }

    /// What was asked since this was asked before, and how often.
    pub(super) fn calls(&self) -> Vec<(&'static str, usize)> {
        std::mem::take(&mut *self.calls.lock().unwrap()).into_iter().collect()
    }

    async fn note(&self, operation: &'static str) -> Result<(), Unavailable> {
        drop(self.gate.read().await);
        *self.calls.lock().unwrap().entry(operation).or_default() += 1;
        if self.broken.lock().unwrap().contains(&operation) {
            return Err(Unavailable::new("store", "broken on purpose"));
        }
        Ok(())
    }
}

impl Clients for Watched {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable> {
        self.note("client").await?;
        self.inner.client(id).await
    }
}

impl Users for Watched {
    async fn user(&self, username: &Username) -> Result<Option<User>, Unavailable> {
        self.note("user").await?;
        let known = self.users.lock().unwrap().clone();
        match known {
            Known::This(user) => Ok(user.map(|user| *user)),
            Known::WhatIsStored => self.inner.user(username).await,
        }
    }
}

impl Sessions for Watched {
    async fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>, Unavailable> {
        self.note("session").await?;
        self.inner.session(id, now).await
    }
}

impl Grants for Watched {
    async fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Unavailable> {
        self.note("grant").await?;
        self.inner.grant(id, now).await
    }
}

impl Redemptions for Watched {
    async fn redeem(&self, id: &GrantId, redemption: &Redemption, step: Step) -> Result<Redeemed, Stopped> {
        self.note("redeem").await?;
        let redeemed = self.inner.redeem(id, redemption, step).await;
        if *self.unanswered.lock().unwrap() == Some("redeem") {
            return Err(Unavailable::new("store", "unknown on purpose").into());
        }
        redeemed
    }

    async fn unredeem(&self, id: &GrantId, redeemed: Op, step: Step) -> Result<bool, Unavailable> {
        self.note("unredeem").await?;
        self.inner.unredeem(id, redeemed, step).await
    }

    async fn refresh(&self, id: &GrantId, rotation: &Rotation, step: Step) -> Result<Refreshed, Stopped> {
        self.note("refresh").await?;
        self.inner.refresh(id, rotation, step).await
    }

    async fn extend_retry(
        &self,
        id: &GrantId,
        presented: &Digest,
        retry_until: Instant,
        step: Step,
    ) -> Result<bool, Unavailable> {
        self.note("extend_retry").await?;
        self.inner.extend_retry(id, presented, retry_until, step).await
    }

    async fn revoke(&self, id: &GrantId, reason: RevocationReason, step: Step) -> Result<bool, Unavailable> {
        self.note("revoke").await?;
        self.inner.revoke(id, reason, step).await
    }

    async fn revoke_by_client(&self, id: &GrantId, client_id: &ClientId, step: Step) -> Result<(), Stopped> {
        self.note("revoke_by_client").await?;
        self.inner.revoke_by_client(id, client_id, step).await
    }
}

impl RevokedTokens for Watched {
    async fn is_revoked(&self, token: &Digest, now: Instant) -> Result<bool, Unavailable> {
        self.note("is_revoked").await?;
        self.inner.is_revoked(token, now).await
    }
}

impl Revocations for Watched {
    async fn revoke_token(&self, token: &Digest, until: Instant) -> Result<(), Unavailable> {
        self.note("revoke_token").await?;
        self.inner.revoke_token(token, until).await
    }
}

impl Replay for Watched {
    async fn first_use(&self, key: &Digest, expires_at: Instant, step: Step) -> Result<bool, Unavailable> {
        self.note("first_use").await?;
        self.inner.first_use(key, expires_at, step).await
    }
}

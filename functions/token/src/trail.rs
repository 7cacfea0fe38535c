//! What the audit log says: one line for each request and for each grant that ends, with the target `audit`.
//!
//! Clients and grants by name, what was asked and what came of it. Never a token, a code, a secret or an assertion: a
//! grant's name is the digest of a handle, and opens nothing (SEC-09).

use smart_core::client::{Client, GrantType};
use smart_core::grant::RevocationReason;
use smart_core::id::{ClientId, GrantId};
use smart_core::ports::Unavailable;
use tracing::{Level, debug, error, info, warn};

use crate::error::TokenError;
use crate::registration::RegisterError;

/// What is known of a request so far.
pub(crate) struct Trail {
    event: &'static str,
    client: Option<ClientId>,
    grant: Option<GrantId>,
    repeat: bool,
}

impl Trail {
    /// Of a request to an endpoint: `token`, `introspect`, `revoke`.
    pub(crate) fn of(event: &'static str) -> Self {
        Self { event, client: None, grant: None, repeat: false }
    }

    pub(crate) fn asks_for(&mut self, grant_type: GrantType) {
        self.event = grant_type.as_str();
    }

    /// Whom the request says that it comes from: a mere claim, until tokens are issued.
    pub(crate) fn comes_from(&mut self, client: &ClientId) {
        self.client = Some(client.clone());
    }

    pub(crate) fn is_about(&mut self, grant: &GrantId) {
        self.grant = Some(grant.clone());
    }

    /// A refresh that was answered before.
    pub(crate) fn is_a_repeat(&mut self) {
        self.repeat = true;
    }

    pub(crate) fn issued(&self) {
        let (event, client_id, grant) = self.names();
        info!(target: "audit", event, client_id, grant, repeat = self.repeat, outcome = "issued");
    }

    /// Something other than tokens came of it.
    pub(crate) fn done(&self, outcome: &'static str) {
        let (event, client_id, grant) = self.names();
        info!(target: "audit", event, client_id, grant, outcome);
    }

    /// As loudly as the error says; the words of what is the caller's own mistake may quote the request, and are left out.
    pub(crate) fn refused(&self, refused: &TokenError) {
        let (event, client_id, grant) = self.names();
        let (code, level) = refused.told();
        let outcome = code.as_str();
        let why = refused.why();
        match level {
            Level::ERROR => error!(target: "audit", event, client_id, grant, outcome, %why),
            Level::WARN => warn!(target: "audit", event, client_id, grant, outcome, %why),
            Level::INFO => info!(target: "audit", event, client_id, grant, outcome, %why),
            _ => debug!(target: "audit", event, client_id, grant, outcome),
        }
    }

    fn names(&self) -> (&'static str, Option<&str>, Option<&str>) {
        (self.event, self.client.as_ref().map(ClientId::as_str), self.grant.as_ref().map(GrantId::as_str))
    }
}

/// A grant has ended.
pub(crate) fn revoked(grant: &GrantId, reason: RevocationReason) {
    warn!(target: "audit", event = "revoke", grant = grant.as_str(), outcome = "revoked", why = ?reason);
}

/// A code whose tokens could not be signed can be redeemed again; or not, since something has happened in between.
pub(crate) fn given_back(grant: &GrantId, given_back: bool) {
    let outcome = if given_back { "given back" } else { "overtaken" };
    warn!(target: "audit", event = "unredeem", grant = grant.as_str(), outcome);
}

/// A refresh token whose successor nobody got can be presented again; or not, since something has happened in between.
pub(crate) fn kept_repeatable(grant: &GrantId, kept: bool) {
    let outcome = if kept { "repeatable" } else { "overtaken" };
    info!(target: "audit", event = "extend_retry", grant = grant.as_str(), outcome);
}

/// A program has registered a client.
pub(crate) fn registered(client: &Client) {
    let (client_id, authentication) = (client.client_id.as_str(), client.authentication.method());
    info!(target: "audit", event = "register", client_id, authentication, outcome = "registered");
}

/// A program may not, or cannot: whoever tries with a wrong token may be guessing. Words about the metadata may quote them.
pub(crate) fn not_registered(error: &RegisterError) {
    let outcome = error.told().as_str();
    match error {
        RegisterError::Unavailable(why) => error!(target: "audit", event = "register", outcome, %why),
        RegisterError::Token => warn!(target: "audit", event = "register", outcome, why = %error),
        _ => info!(target: "audit", event = "register", outcome),
    }
}

/// A write that a grant needed could not be made: an operator has to look.
pub(crate) fn alarm(alarm: &'static str, grant: &GrantId, why: &Unavailable) {
    error!(target: "audit", alarm, grant = grant.as_str(), %why, "a second write failed");
}

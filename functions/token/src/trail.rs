//! What the audit log says: one line for each request and for each grant that ends, with the target `audit`.
//!
//! By which client and grant, for which user and patient, what was asked and what came of it. Never a token, a code, a secret or an
//! assertion: a grant's name is the digest of a handle, and opens nothing (SEC-09).

use smart_core::client::{Client, GrantType};
use smart_core::grant::RevocationReason;
use smart_core::id::{ClientId, GrantId, PatientId, Subject};
use smart_core::ports::Unavailable;
use smart_core::scope::Scopes;
use tracing::field::{DisplayValue, display};
use tracing::{Level, error, info, warn};

use crate::error::TokenError;
use crate::registration::RegisterError;

/// What is known of a request so far.
pub(crate) struct Trail {
    event: &'static str,
    client: Option<ClientId>,
    grant: Option<GrantId>,
    opens: Option<Opens>,
    repeat: bool,
}

/// What tokens open, and to whom.
struct Opens {
    sub: Subject,
    patient: Option<PatientId>,
    scope: Scopes,
}

impl Trail {
    /// Of a request to an endpoint: `token`, `introspect`, `revoke`.
    pub(crate) fn of(event: &'static str) -> Self {
        Self { event, client: None, grant: None, opens: None, repeat: false }
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

    /// What the tokens that are about to be signed open: to whom, which patient's data, by which scopes.
    pub(crate) fn opens(&mut self, sub: &Subject, patient: Option<&PatientId>, scope: &Scopes) {
        self.opens = Some(Opens { sub: sub.clone(), patient: patient.cloned(), scope: scope.clone() });
    }

    /// A refresh that was answered before.
    pub(crate) fn is_a_repeat(&mut self) {
        self.repeat = true;
    }

    pub(crate) fn issued(&self) {
        let Names { event, client_id, grant, sub, patient, scope } = self.names();
        let repeat = self.repeat;
        info!(target: "audit", event, client_id, grant, sub, patient, scope, repeat, outcome = "issued");
    }

    /// Something other than tokens came of it.
    pub(crate) fn done(&self, outcome: &'static str) {
        let Names { event, client_id, grant, .. } = self.names();
        info!(target: "audit", event, client_id, grant, outcome);
    }

    /// As loudly as the error says, and always; the words of what is the caller's own mistake may quote the request, and are left out.
    pub(crate) fn refused(&self, refused: &TokenError) {
        let Names { event, client_id, grant, sub, patient, scope } = self.names();
        let (code, level) = refused.told();
        let outcome = code.as_str();
        let why = refused.why();
        match level {
            Level::ERROR => {
                error!(target: "audit", event, client_id, grant, sub, patient, scope, outcome, %why);
            }
            Level::WARN => warn!(target: "audit", event, client_id, grant, outcome, %why),
            Level::INFO => info!(target: "audit", event, client_id, grant, outcome, %why),
            _ => info!(target: "audit", event, client_id, grant, outcome),
        }
    }

    fn names(&self) -> Names<'_> {
        let opens = self.opens.as_ref();
        Names {
            event: self.event,
            client_id: self.client.as_ref().map(ClientId::as_str),
            grant: self.grant.as_ref().map(GrantId::as_str),
            sub: opens.map(|opens| opens.sub.as_str()),
            patient: opens.and_then(|opens| opens.patient.as_ref()).map(PatientId::as_str),
            scope: opens.map(|opens| display(&opens.scope)),
        }
    }
}

/// What a line calls them by.
struct Names<'a> {
    event: &'static str,
    client_id: Option<&'a str>,
    grant: Option<&'a str>,
    sub: Option<&'a str>,
    patient: Option<&'a str>,
    scope: Option<DisplayValue<&'a Scopes>>,
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

//! ID tokens (OpenID Connect Core §2; SMART 2.2 §"Scopes for requesting identity data"; OIDC rows).

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::grant::{Granted, Owner};
use crate::id::{ClientId, Subject};
use crate::instant::Instant;
use crate::scope::Scope;

/// What an ID token says. There is no `at_hash`, so that both tokens can be signed at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The user: unique, never given to another.
    pub sub: Subject,
    /// The client.
    pub aud: ClientId,
    /// When it expires.
    pub exp: Instant,
    /// When it was issued.
    pub iat: Instant,
    /// When the user signed in, if that is known; the same after a refresh (OIDC-18).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Instant>,
    /// The authorization request's, with the tokens of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The absolute URL of the resource that stands for the user (OIDC-06).
    #[serde(rename = "fhirUser", skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
    /// The same, as SMART 1 called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The user's full name, where `profile` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl IdTokenClaims {
    /// The `typ` of an ID token.
    pub const TYP: &str = "JWT";

    /// The claims for a grant, if `openid` was granted.
    pub fn of(
        owner: &Owner,
        granted: &Granted,
        client_id: &ClientId,
        issuer: &str,
        fhir_base: &str,
        now: Instant,
    ) -> Option<Self> {
        let has = |scope| granted.scopes.contains(&scope);
        if !has(Scope::OpenId) {
            return None;
        }
        let fhir_user = format!("{fhir_base}/{}", owner.fhir_user);
        Some(Self {
            iss: issuer.to_owned(),
            sub: owner.sub.clone(),
            aud: client_id.clone(),
            exp: now + super::ID_LIFETIME,
            iat: now,
            auth_time: owner.auth_time,
            nonce: granted.nonce.clone(),
            profile: has(Scope::Profile).then(|| fhir_user.clone()),
            fhir_user: has(Scope::FhirUser).then_some(fhir_user),
            name: granted.name.clone(),
        })
    }
}

//! What is told of a token to who may know (RFC 7662 §2.2; SMART 2.2 §"Token Introspection"; INTRO rows).

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{AccessTokenClaims, TokenType};
use crate::grant::{Active, Granted, Owner};
use crate::id::{ClientId, Subject};
use crate::instant::Instant;
use crate::launch::LaunchContext;
use crate::scope::{Scope, Scopes};

/// The answer: `{"active": false}` and nothing else, or what the token is good for.
#[derive(Clone, Debug, Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(flatten)]
    state: Option<TokenState>,
}

/// An active token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenState {
    /// The issuer; of the ID token too, if there was one (INTRO-06).
    pub iss: String,
    /// The user, as in the ID token; of a client alone, that client.
    pub sub: Subject,
    /// Whose token it is.
    pub client_id: ClientId,
    /// What it may do, as in the token response (INTRO-04).
    pub scope: Scopes,
    /// When it expires.
    pub exp: Instant,
    /// When it was issued: of access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Instant>,
    /// The one API that it opens: of access tokens. A refresh token opens none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// How it is presented: of access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// The URL of the resource that stands for the user, as in the ID token (INTRO-07).
    #[serde(rename = "fhirUser", skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
    /// The launch context, as in the token response (INTRO-05).
    #[serde(flatten)]
    pub context: LaunchContext,
}

impl Introspection {
    /// Of a token that is good for nothing, or is none, or is not for whoever asks: all the same (INTRO-08).
    pub const INACTIVE: Self = Self { active: false, state: None };
}

impl From<TokenState> for Introspection {
    fn from(state: TokenState) -> Self {
        Self { active: true, state: Some(state) }
    }
}

impl TokenState {
    /// Of an access token that stands on a client alone, and does what its client is still granted.
    pub fn alone(claims: AccessTokenClaims, scope: Scopes) -> Self {
        Self {
            iss: claims.iss,
            sub: claims.sub,
            client_id: claims.client_id,
            scope,
            exp: claims.exp,
            iat: Some(claims.iat),
            aud: Some(claims.aud),
            token_type: Some(TokenType::Bearer),
            fhir_user: None,
            context: LaunchContext::default(),
        }
    }

    /// Of an access token that stands on a grant; `owner` is whose that is, as they are now.
    pub fn granted(
        claims: AccessTokenClaims,
        scope: Scopes,
        owner: &Owner,
        active: &Active,
        fhir_base: &str,
    ) -> Self {
        let fhir_user = fhir_user(&scope, owner, fhir_base);
        Self { fhir_user, context: active.granted.context.clone(), ..Self::alone(claims, scope) }
    }

    /// Of a refresh token. It opens no API, and a resource server that asks what it was sent must not take it for a token that
    /// does: it has no `aud` and no `token_type`.
    pub fn refresh(
        issuer: &str,
        client_id: ClientId,
        owner: &Owner,
        granted: &Granted,
        exp: Instant,
        fhir_base: &str,
    ) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: owner.sub.clone(),
            client_id,
            scope: granted.scopes.clone(),
            exp,
            iat: None,
            aud: None,
            token_type: None,
            fhir_user: fhir_user(&granted.scopes, owner, fhir_base),
            context: granted.context.clone(),
        }
    }
}

/// What the ID token says of the user, if it does.
fn fhir_user(scopes: &Scopes, owner: &Owner, fhir_base: &str) -> Option<String> {
    let said = scopes.contains(&Scope::OpenId) && scopes.contains(&Scope::FhirUser);
    said.then(|| format!("{fhir_base}/{}", owner.fhir_user))
}

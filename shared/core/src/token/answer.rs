//! What the token endpoint answers (RFC 6749 §5.1; SMART 2.2 §"Obtain access token"; TOK-07 to TOK-15).

use serde::Serialize;

use crate::dpop::Confirmation;
use crate::launch::LaunchContext;
use crate::scope::Scopes;

/// A successful answer. Secrets are in here: it is written to the client, and nowhere else.
#[derive(Serialize)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: String,
    /// How it is presented.
    pub token_type: TokenType,
    /// In how many seconds it expires; always sent.
    pub expires_in: u64,
    /// What it may do; always sent (TOK-11).
    pub scope: Scopes,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The next refresh token, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The launch context, as members of the answer (TOK-15).
    #[serde(flatten)]
    pub context: LaunchContext,
}

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// RFC 6750.
    Bearer,
    /// With a proof of possession (RFC 9449 §5).
    DPoP,
}

impl TokenType {
    /// Of a token that is bound to this key, if it is to any.
    pub fn of(key: Option<&Confirmation>) -> Self {
        if key.is_some() { Self::DPoP } else { Self::Bearer }
    }
}

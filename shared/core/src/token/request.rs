//! Token requests: each flow reads its own parameters and no other's (RFC 6749 §4.1.3, §6, §2.3; TOK-01 to TOK-06).

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::client::GrantType;
use crate::oauth::Parameters;
use crate::pkce::{CodeVerifier, VerifierError};
use crate::scope::{ScopeError, Scopes};
use crate::secret::{AuthorizationCode, RefreshToken};

/// What a client asks for.
#[derive(Debug)]
pub enum TokenRequest {
    /// Tokens for a code.
    AuthorizationCode {
        /// The code; `None` if the text is no code of ours, which is just an unknown one.
        code: Option<AuthorizationCode>,
        /// Where it was sent to.
        redirect_uri: String,
        /// The secret that the app kept.
        code_verifier: CodeVerifier,
    },
    /// New tokens for a refresh token.
    RefreshToken {
        /// The token; `None` if the text is no refresh token of ours.
        refresh_token: Option<RefreshToken>,
        /// Less than was granted, for this access token alone.
        scope: Option<Scopes>,
    },
    /// A token without a user.
    ClientCredentials {
        /// What for; it must be said (BACK-01).
        scope: Scopes,
    },
}

/// A token request that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenRequestError {
    /// RFC 6749 §3.2.
    #[error("{0} is given more than once")]
    Repeated(String),
    /// A parameter is missing or empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// There is no such grant type (TOK-02).
    #[error("grant_type must be authorization_code, refresh_token or client_credentials")]
    GrantType,
    /// The verifier is none.
    #[error(transparent)]
    Verifier(#[from] VerifierError),
    /// The scope is malformed.
    #[error("{0}")]
    Scope(ScopeError),
}

impl TokenRequest {
    /// Reads the parameters of the flow that `grant_type` names.
    pub fn parse(parameters: &Parameters) -> Result<Self, TokenRequestError> {
        use TokenRequestError as E;
        if let Some(name) = parameters.repeated() {
            return Err(E::Repeated(name.chars().take(40).collect()));
        }
        let required = |name: &'static str| parameters.get(name).ok_or(E::Missing(name));
        match required("grant_type")? {
            "authorization_code" => Ok(Self::AuthorizationCode {
                code: required("code")?.parse().ok(),
                redirect_uri: required("redirect_uri")?.to_owned(),
                code_verifier: required("code_verifier")?.parse()?,
            }),
            "refresh_token" => Ok(Self::RefreshToken {
                refresh_token: required("refresh_token")?.parse().ok(),
                scope: parameters.get("scope").map(Scopes::parse).transpose().map_err(E::Scope)?,
            }),
            "client_credentials" => {
                Ok(Self::ClientCredentials { scope: Scopes::parse(required("scope")?).map_err(E::Scope)? })
            }
            _ => Err(E::GrantType),
        }
    }

    /// The grant type that is asked for.
    pub fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
        }
    }
}

/// The token that a client asks about, or revokes (RFC 7662 §2.1, RFC 7009 §2.1). `token_type_hint` is passed over: each kind of
/// token is known by its form (REVOKE-07).
pub fn token_of(parameters: &Parameters) -> Result<&str, TokenRequestError> {
    match parameters.repeated() {
        Some(name) => Err(TokenRequestError::Repeated(name.chars().take(40).collect())),
        None => parameters.get("token").ok_or(TokenRequestError::Missing("token")),
    }
}

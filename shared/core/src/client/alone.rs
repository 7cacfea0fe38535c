//! What a client is granted that stands alone: no user is asked, so its registration decides (RFC 6749 §4.4; SMART 2.2
//! §"Backend Services"; BACK-03 to BACK-06).
//!
//! It is decided when a token is asked for, and anew each time that the token is shown.

#[cfg(test)]
mod tests;

use thiserror::Error;

use super::{Client, ClientAuthentication, GrantType};
use crate::fhir::access::{enforceable, supported_alone};
use crate::scope::{Level, Scope, Scopes};

/// Why a client alone is granted nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AloneError {
    /// It is disabled, registered for other grants, or proves nothing (RFC 6749 §4.4: confidential clients alone).
    #[error("client_credentials is for clients that are registered for it and authenticate")]
    Registration,
    /// One token cannot be both: the one kind is authorized beforehand, the other by a user.
    #[error("system/ scopes cannot stand beside patient/ or user/ scopes")]
    Mixed,
    /// BACK-01.
    #[error("system/ scopes are granted only to clients that authenticate with private_key_jwt")]
    SharedSecret,
    /// BACK-05, BACK-06.
    #[error(
        "nothing that scope asks for is granted to this client without a user: ask for system/ scopes that it is registered for"
    )]
    Nothing,
}

impl Client {
    /// Of what is asked, what the client is registered for and this server honours without a user: `system/` scopes, in the
    /// spelling of the request, and the extensions that are for clients alone.
    pub fn granted_alone(&self, asked: &Scopes) -> Result<Scopes, AloneError> {
        if self.disabled || !self.may_use(GrantType::ClientCredentials) || !self.is_confidential() {
            return Err(AloneError::Registration);
        }
        if asked.mixes_system() {
            return Err(AloneError::Mixed);
        }
        let has_keys = matches!(self.authentication, ClientAuthentication::PrivateKeyJwt(_));
        if asked.has_level(Level::System) && !has_keys {
            return Err(AloneError::SharedSecret);
        }
        let mut granted = asked.intersection(&self.scope).intersection(&supported_alone());
        granted.retain(|scope| scope.as_resource().is_none_or(enforceable));
        if granted.is_empty() { Err(AloneError::Nothing) } else { Ok(granted) }
    }

    /// Whether it is granted this extension now, of a token that says these scopes.
    pub fn holds_alone(&self, said: &Scopes, extension: &str) -> bool {
        self.granted_alone(said)
            .is_ok_and(|granted| granted.iter().any(|scope| scope.is_extension(extension)))
    }
}

/// The extensions that only a client alone is granted.
pub fn extensions() -> [Scope; 2] {
    [Scope::LAUNCH_CREATE, Scope::TOKEN_INTROSPECT].map(|name| Scope::Extension(name.into()))
}

//! Identifiers: of clients, users, patients, grants. Each is a type of its own, so that none is passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// An OAuth `client_id` (RFC 6749 §2.2): 1 to 255 visible ASCII characters.
    ClientId
}
text_id! {
    /// What a user types to sign in: 1 to 128 characters without controls or surrounding white space.
    Username
}
text_id! {
    /// The logical id of a FHIR resource: `[A-Za-z0-9\-\.]{1,64}` (FHIR R4 datatypes, `id`).
    ResourceId
}
text_id! {
    /// The name under which a grant is stored, put into access tokens and logged: the base64url SHA-256 of its
    /// handle. Knowing it gives no way to present the grant's code or refresh token.
    GrantId
}
text_id! {
    /// The name under which a browser session is stored: the base64url SHA-256 of its cookie's secret.
    SessionId
}
text_id! {
    /// The name under which an EHR's launch is stored and logged: the base64url SHA-256 of what the app carries.
    LaunchId
}
text_id! {
    /// The OpenID Connect `sub` of a user: unique, never reassigned, at most 255 ASCII characters (OIDC Core §2).
    Subject
}

/// The id of a Patient resource.
pub type PatientId = ResourceId;

/// The id of an Encounter resource.
pub type EncounterId = ResourceId;

/// Why a text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}")]
pub struct IdError {
    expected: &'static str,
}

impl FromStr for ClientId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let well_formed = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(IdError { expected: "1 to 255 visible ASCII characters" })
        }
    }
}

impl FromStr for Username {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let well_formed = !text.is_empty()
            && text.chars().count() <= 128
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(IdError { expected: "1 to 128 characters, without control characters or surrounding spaces" })
        }
    }
}

impl FromStr for ResourceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let well_formed = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(IdError { expected: "1 to 64 letters, digits, '-' or '.'" })
        }
    }
}

impl FromStr for Subject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(IdError { expected: "1 to 255 visible ASCII characters" })
        }
    }
}

macro_rules! digest_id {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = IdError;

            /// 43 characters of unpadded base64url: a SHA-256 digest.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if crate::secret::Digest::from_str(text).is_ok() {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError { expected: "the 43 base64url characters of a SHA-256 digest" })
                }
            }
        }

        impl From<crate::secret::Digest> for $name {
            fn from(digest: crate::secret::Digest) -> Self {
                Self(digest.to_string().into())
            }
        }
    };
}

impl From<&ClientId> for Subject {
    /// The subject of what a client has without a user (RFC 9068 §2.2). Both are 1 to 255 visible ASCII characters.
    fn from(client_id: &ClientId) -> Self {
        Self(client_id.0.clone())
    }
}

impl From<crate::secret::Digest> for Subject {
    /// 43 characters of base64url.
    fn from(digest: crate::secret::Digest) -> Self {
        Self(digest.to_string().into())
    }
}

impl Username {
    /// The name of a user who signs in at an identity provider ([`crate::user::External`]).
    pub(crate) fn from_external(digest: crate::secret::Digest) -> Self {
        Self(format!("{}{digest}", crate::user::EXTERNAL_PREFIX).into())
    }
}

digest_id!(GrantId);
digest_id!(SessionId);
digest_id!(LaunchId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_ids_follow_the_fhir_datatype() {
        for good in ["a", "maria-alvarez", "A.1", &"x".repeat(64)] {
            assert!(good.parse::<ResourceId>().is_ok(), "{good}");
        }
        for bad in ["", "a/b", "a b", "é", "_x", &"x".repeat(65), "a\n"] {
            assert!(bad.parse::<ResourceId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn client_ids_are_visible_ascii() {
        assert!("https://app.example/client".parse::<ClientId>().is_ok());
        for bad in ["", "a b", "ä", "a\u{7f}", &"x".repeat(256)] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn usernames_have_no_hidden_characters() {
        assert!("maria o'neil".parse::<Username>().is_ok());
        for bad in ["", " a", "a ", "a\0b", &"x".repeat(129)] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_grant_id_is_a_digest() {
        assert!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".parse::<GrantId>().is_ok());
        assert!("47DEQpj8HBSa".parse::<GrantId>().is_err());
    }
}

//! Registered clients: who they are, how they prove it, what they may ask for.
//!
//! The wire form is RFC 7591 client metadata ([`metadata`]); what is kept is a [`Client`], whose parts cannot
//! contradict each other: an asymmetric client has keys, a symmetric one a secret, a public one neither (REG-08).

pub mod algorithms;
pub mod alone;
pub mod authentication;
pub mod key_set;
pub mod keys;
pub mod metadata;
mod protections;
pub mod registration;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::keys::AssertionKeys;
use crate::id::ClientId;
use crate::instant::Instant;
use crate::redirect::{RedirectUri, RegisteredRedirectUri};
use crate::scope::Scopes;
use crate::secret::Digest;

/// A registered client.
#[expect(clippy::struct_excessive_bools, reason = "they are client metadata, each by its registered name")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The `client_id`.
    pub client_id: ClientId,
    /// The name that users see; the id if none was given.
    pub client_name: String,
    /// Where users may be sent back to: exact strings.
    pub redirect_uris: Vec<RegisteredRedirectUri>,
    /// The grants it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// The most it may be granted.
    pub scope: Scopes,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Whether it runs on a server or in a browser, or is installed on a device.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// The app's launch URL, for launches from an EHR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The app's logo. Kept, not shown: the pages load nothing from third parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Whether it may introspect any token; every authenticated client may introspect its own.
    #[serde(default)]
    pub smart_introspect: bool,
    /// Whether it gets no tokens but those that are bound to a key of its own (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Whether a consent is remembered for it, as long as the access lasts: see [`Client::may_be_remembered`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub smart_remember_consent: bool,
    /// How long a refresh may be repeated after a lost answer.
    #[serde(default)]
    pub refresh_retry: RetryWindow,
    /// A disabled client gets no tokens, and its tokens open nothing.
    #[serde(default)]
    pub disabled: bool,
}

/// A grant type by its registered name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4, for Backend Services.
    ClientCredentials,
}

impl GrantType {
    /// Its registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client authenticates at the token endpoint: one way, recorded and enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// A public client: it sends its `client_id` and proves nothing.
    None,
    /// A shared secret, in the header or in the form.
    Secret {
        /// Where it is sent.
        method: SecretMethod,
        /// The SHA-256 of the secret.
        digest: Digest,
        /// The secret before it, for as long as both are good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<PreviousSecret>,
    },
    /// An assertion signed by one of its keys (RFC 7523; SMART 2.2 "Asymmetric Client Authentication").
    PrivateKeyJwt(AssertionKeys),
}

/// A secret that was replaced: good beside its successor for a while, so that a client changes it without an outage (SYM-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The SHA-256 of the secret.
    pub digest: Digest,
    /// When it ends.
    pub until: Instant,
}

impl PreviousSecret {
    fn is(&self, presented: &Digest, now: Instant) -> bool {
        self.digest == *presented && !self.until.has_passed(now)
    }
}

/// Where a shared secret is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretMethod {
    /// `Authorization: Basic` (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// `client_secret` in the form.
    ClientSecretPost,
}

impl ClientAuthentication {
    /// This, and until that instant the secret of `before` as well, where both are by a secret. One that is the same as before brings
    /// no end to the one before it.
    #[must_use]
    pub fn keeping(self, before: &Self, until: Instant) -> Self {
        match (self, before) {
            (Self::Secret { method, digest, .. }, Self::Secret { digest: known, previous, .. }) => {
                let replaced = PreviousSecret { digest: *known, until };
                let previous = if digest == *known { *previous } else { Some(replaced) };
                Self::Secret { method, digest, previous }
            }
            (other, _) => other,
        }
    }

    /// The secret before, if there is one that was to be kept.
    pub fn previous_secret(&self) -> Option<&PreviousSecret> {
        match self {
            Self::Secret { previous, .. } => previous.as_ref(),
            Self::None | Self::PrivateKeyJwt(_) => None,
        }
    }

    /// The registered name of the method (RFC 7591 §2).
    pub fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret { method: SecretMethod::ClientSecretBasic, .. } => "client_secret_basic",
            Self::Secret { method: SecretMethod::ClientSecretPost, .. } => "client_secret_post",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }
}

/// Where a client runs (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server or in a browser.
    #[default]
    Web,
    /// Installed on a device.
    Native,
}

/// How long a refresh may be repeated with the token before: 30 seconds unless registered otherwise, at most ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetryWindow(u16);

impl RetryWindow {
    /// The longest, which is also how long a refresh may be repeated after its tokens could not be signed.
    pub const LONGEST: Duration = Duration::from_mins(10);

    /// A window of `seconds`; `None` above ten minutes.
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        u16::try_from(seconds).ok().filter(|s| u64::from(*s) <= Self::LONGEST.as_secs()).map(Self)
    }

    /// Its length.
    pub fn length(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for RetryWindow {
    fn default() -> Self {
        Self(30)
    }
}

impl Client {
    /// Matches a request's `redirect_uri` to the registered ones.
    pub fn redirect_uri(&self, requested: &str) -> Option<RedirectUri> {
        RedirectUri::matched(requested, &self.redirect_uris, self.application_type == ApplicationType::Native)
    }

    /// Whether it may use a grant.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether it can keep a secret: it authenticates.
    pub fn is_confidential(&self) -> bool {
        self.authentication != ClientAuthentication::None
    }

    /// Whether a request that comes back to `redirect_uri` may be answered without asking the user again.
    ///
    /// Nobody who only says that they are this client may get a code in silence (RFC 6749 §10.2, RFC 8252 §8.6): it
    /// authenticates, or the code goes to an https address, which no other program can claim.
    pub fn may_be_remembered(&self, redirect_uri: &RedirectUri) -> bool {
        self.smart_remember_consent
            && (self.is_confidential() || redirect_uri.as_str().starts_with("https://"))
    }

    /// Whether it is an app in a browser, whose refresh tokens have an absolute end (X-10; SEC-11).
    pub fn is_browser_app(&self) -> bool {
        !self.is_confidential() && self.application_type == ApplicationType::Web
    }
}

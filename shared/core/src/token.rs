//! Tokens: what an app asks the token endpoint for, what it gets, and what a token must show to be believed.

mod access;
mod answer;
mod id;
mod introspection;
mod request;

use std::time::Duration;

pub use self::access::{
    AccessTokenClaims, AccessTokenError, Confirmed, Expected, LONGEST_SCOPE, Unconfirmed, verify_access_token,
};
pub use self::answer::{TokenAnswer, TokenType};
pub use self::id::IdTokenClaims;
pub use self::introspection::{Introspection, TokenState};
pub use self::request::{TokenRequest, TokenRequestError, token_of};

/// How long an access token lives (TOK-19).
pub const ACCESS_LIFETIME: Duration = Duration::from_mins(15);

/// How long an access token lives that stands on its client alone (BACK-08).
pub const CLIENT_ALONE_LIFETIME: Duration = Duration::from_mins(5);

/// How long an ID token lives.
pub const ID_LIFETIME: Duration = Duration::from_mins(5);

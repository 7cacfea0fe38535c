//! Sign-in at an identity provider: OpenID Connect from the other side (OIDC Core §3.1; OIDC Discovery §4; RFC 9207; RFC 9700 §2.1).
//!
//! What an operator says of a provider, what is asked of it, what of its answers is believed, and which user of ours they
//! name. Nothing is sent from here, and no time is read.
//!
//! | file | decides |
//! |---|---|
//! | `provider` | what the operator may say of a provider, and that all that is wrong with it is said at once |
//! | `settings` | the ways to sign in, as a program is told |
//! | `metadata` | whether a discovery document is the provider's, and what is used of it |
//! | `exchange` | the request that the browser carries there, and the one that redeems the code |
//! | `keys` | which key checks an ID token |
//! | `id_token` | whether an ID token is meant for us, now, in this browser |
//! | `web` | what is asked of the network |
//! | `claims` | whose record the claims name, and which patients they give |
//!
//! The crate `openidconnect` was looked at first. It reads the clock by itself, and it brings a second and a third implementation of
//! the primitives that aws-lc-rs has here, among them `rsa` with RUSTSEC-2023-0071, which `deny.toml` bans: 185 crates for what
//! the types of [`crate::jose`] and [`crate::pkce`] already do.

mod claims;
mod exchange;
mod id_token;
mod keys;
mod metadata;
mod provider;
mod settings;
#[cfg(test)]
mod tests;
mod web;

pub use self::claims::{ClaimFault, Person};
pub use self::exchange::{Asked, Authorization, Exchange, TokenFault, id_token_of};
pub use self::id_token::{Expected, IdToken, IdTokenFault};
pub use self::keys::{KeyFault, ProviderKeys};
pub use self::metadata::{Metadata, MetadataFault};
pub use self::provider::{
    ClaimNames, ClientAuthentication, Provider, ProviderId, SecretPlace, read_providers,
};
pub use self::settings::SignInSettings;
pub use self::web::{Answering, Published, Web, WebAnswer, WebError};

//! RFC 6749, The OAuth 2.0 Authorization Framework.

mod authorization_endpoint;
mod client_authentication;
mod codes;
mod refresh_tokens;
mod token_endpoint;

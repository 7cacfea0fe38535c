//! Pure SMART App Launch and OAuth 2 decisions.
//!
//! No I/O, no async runtime, no clock, no environment, no randomness: instants and random bytes are
//! arguments, and whatever must be stored or signed goes through a port ([`ports`]). The functions
//! (discovery, authorize, token, fhir-read) put these decisions behind HTTP; the adapters put the ports on
//! an embedded database or on AWS.
#![warn(missing_docs)]

pub mod authorization;
pub mod brands;
pub mod client;
pub mod deployment;
pub mod discovery;
pub mod dpop;
pub mod external;
pub mod fhir;
pub mod grant;
pub mod id;
pub mod instant;
pub mod jose;
pub mod launch;
pub mod oauth;
pub mod pkce;
pub mod ports;
pub mod redirect;
pub mod scope;
pub mod secret;
pub mod session;
pub mod text;
pub mod token;
pub mod user;

//! The flows, a file for each part of the documents. Each asks for what its item promises, and for what it must not give.

pub(crate) mod brands;
pub(crate) mod clients;
pub(crate) mod dpop;
pub(crate) mod ehr_launch;
pub(crate) mod identity;
pub(crate) mod introspection;
pub(crate) mod management;
pub(crate) mod openid;
pub(crate) mod other_endpoints;
pub(crate) mod pkce;
pub(crate) mod prompt;
pub(crate) mod published;
pub(crate) mod refresh;
pub(crate) mod registration;
pub(crate) mod requests;
pub(crate) mod revocation;
pub(crate) mod scopes;
pub(crate) mod standalone;

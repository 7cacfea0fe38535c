//! What every function shares at its HTTP edge.
//!
//! | module | decides |
//! |---|---|
//! | [`arrival`] | the one instant of a request |
//! | [`random`] | where random bytes come from |
//! | [`peer`] | whose address asks |
//! | [`presented`] | how an access token comes, and that whoever has it may use it |
//! | [`authorization`] | the one header that says who asks |
//! | [`body`] | what a posted body must be |
//! | [`form`] | what a posted form must be |
//! | [`response`] | the headers of JSON, pages and redirects; what is told while a port is unavailable |
//! | [`conditional`] | what a client has already |
//! | [`cors`] | what pages of other origins may read |
//! | [`fallback`] | what is told where there is nothing |
//! | [`hsts`] | that browsers come back by https |
//! | [`cached`] | what may be a minute old |
//! | [`observe`] | what is logged, and that a panic ends one request and not the server |
//! | `lambda` | how a function starts, and what a request of Lambda is (a feature) |
#![warn(missing_docs)]

pub mod arrival;
pub mod authorization;
pub mod body;
pub mod cached;
pub mod conditional;
pub mod cors;
pub mod fallback;
pub mod form;
pub mod hsts;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod observe;
pub mod peer;
pub mod presented;
pub mod random;
pub mod response;

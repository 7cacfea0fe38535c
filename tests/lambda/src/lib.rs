//! The functions as Lambda runs them: the very programs that are deployed, under a stand-in for the Runtime API.
//!
//! | file | is |
//! |---|---|
//! | `http` | as much HTTP/1.1 as a Runtime API and an AWS endpoint need |
//! | `runtime_api` | the stand-in: hands out events, takes answers, notes when |
//! | `function` | a program under it, and what it logs |
//! | `event` | a request as the HTTP API tells it (payload 2.0), and the answer |
//! | `endpoint` | an AWS that answers at once and knows nothing |
//! | `proxy` | what stands between a program and an AWS that knows more |
//! | `meter` | one that counts |
//! | `faults` | one that refuses, or is silent |
//! | `capacity` | what a call costs in DynamoDB's units |
//!
//! `tests/functions` holds the programs to their promises, beside an emulator of AWS; `bin/figures` times their start.

pub mod capacity;
pub mod endpoint;
pub mod event;
pub mod faults;
pub mod function;
mod http;
pub mod meter;
mod proxy;
pub mod runtime_api;

use std::time::Instant;

/// The time, to measure with.
#[expect(clippy::disallowed_methods, reason = "a duration is measured, and nothing decided by it")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

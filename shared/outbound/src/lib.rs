//! HTTPS to URLs that others name: the keys that clients publish, and identity providers.
//!
//! Whoever names a URL that a server fetches makes the server send requests (server-side request forgery): so each fetch
//! goes where it may go, and brings back little, soon (REG-10; RFC 9700; OWASP "Server-Side Request Forgery Prevention").
//!
//! | file | decides |
//! |---|---|
//! | `address` | which addresses are of the public internet |
//! | `destination` | what a URL names, and whether we go there at all |
//! | `connection` | one connection to an address that was looked at |
//! | `trust` | whom TLS believes: the host's roots, read at the first use |
//! | `fetch` | one request, one small JSON answer, in time |
//! | `freshness` | how long an answer may be kept |
//! | `key_sets` | clients' keys: kept as long as they are fresh, fetched once for all who wait |
//! | `web` | the port of sign-in at identity providers |
//!
//! Invariants: nothing is read, opened or connected before the first fetch; no redirect is followed, no proxy is asked, no connection is
//! kept; a name is resolved once, and the address that was looked at is the one that is connected to, so that a
//! second answer of its DNS server changes nothing.
#![warn(missing_docs)]

mod address;
mod connection;
mod destination;
mod fetch;
mod freshness;
mod key_sets;
#[cfg(test)]
mod tests;
mod trust;
mod web;

pub use self::destination::Reach;
pub use self::fetch::{Answer, FetchError, Outbound};
pub use self::key_sets::PublishedKeys;

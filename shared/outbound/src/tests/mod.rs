//! Fetches from servers on this host, which say what they like.

mod fetch;
mod key_sets;
mod names;
mod server;
mod tls;

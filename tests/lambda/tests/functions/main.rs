//! The four programs, as they are deployed, beside an emulator of AWS: what they promise as Lambda functions.
//!
//! What they promise over HTTP is held elsewhere, on the same Routers. Here it is how they start, what they log and count, and that
//! wiring, tables and keys make one service of them.

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod client_key;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod start;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod world;

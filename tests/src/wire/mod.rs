//! Over HTTP, without control of the time or of the store: what holds here holds for any deployment.
//!
//! * `spec`: a file for each document that the server follows; each test names the requirements that it proves.
//! * `journey`: whole stories of people and their apps.
//! * `matrix`: every route, every method, every credential.
//! * `hostile`: what nobody should send.
//! * `inferno`: a replica of the sequences of the official test kits.
//! * `capability_truth`: what the discovery documents say, tried item by item.

mod capability_truth;
mod hostile;
mod inferno;
mod journey;
mod matrix;
mod seed;
mod spec;

//! The ports on AWS: DynamoDB for what is stored, KMS for what signs. The only crate that names the AWS SDK.
//!
//! [`StateTable`] holds clients, users, sessions and grants; [`RecordsTable`] FHIR resources; [`KmsKeys`] signs. [`Sdk`] is
//! how AWS is reached, and [`config`] what the functions are told by their environment.
//!
//! Invariants:
//! * Every step of a grant is one conditional write whose condition is the check. Core decides, the condition is proved to say the
//!   same.
//! * A write whose outcome is unknown is looked for by its name, and is safe to repeat under it. A repeat by a new request is another
//!   write: what that one finds is the functions' business.
//! * What AWS does not answer, in time and whole, is [`Unavailable`](smart_core::ports::Unavailable): 503, never an answer.
//! * There is no clock and no randomness here but the SDK's, and that of a wait (`patience`).
#![warn(missing_docs)]

mod both;
mod calls;
pub mod config;
mod counted;
#[cfg(feature = "emulator")]
pub mod emulator;
mod item;
mod kms;
#[cfg(feature = "operator")]
pub mod operator;
mod package;
mod patience;
mod records;
mod sdk;
mod state;
mod table;
pub mod tables;

pub use self::both::Tables;
pub use self::kms::{KeyError, KmsKeys, KmsPublicKeys};
pub use self::records::{Imported, Incoming, NotStored, RecordsTable};
pub use self::sdk::{Sdk, SdkSetupError};
pub use self::state::{Put, StateTable};

//! The operator's side of a deployment: the stack by its name, and the rotation of its signing keys.
//!
//! [`Stack`] is what CloudFormation tells of a stack that was made from infra/template.yaml; [`rotation`] decides which step
//! comes next, and when. No function reaches this module.

mod credentials;
pub mod rotation;
mod stack;

pub use self::stack::{SlotKey, Stack, StackError};

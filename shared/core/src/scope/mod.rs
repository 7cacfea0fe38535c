//! SMART scopes: what a token may do, as text, as a value, and as an algebra.
//!
//! The text follows SMART 2.2 §"Scopes and Launch Context" inside RFC 6749 §3.3. One token is a [`Scope`], a
//! set of them is [`Scopes`], and the ones that open FHIR resources are [`ResourceScope`]s. Parsing is strict
//! and case-sensitive: what is not well-formed is no value of these types, so it can never grant anything.
//!
//! What this module decides:
//!
//! * **What a resource scope grants** is its level, type, letters and constraint. How it was written (v1
//!   `.read`, v2 `.rs`) is [`Syntax`]: kept for printing, without weight in any comparison of rights.
//! * **Order.** `a` is within `b` when everything that `a` allows, `b` allows too ([`Scopes::is_within`]). It
//!   is reflexive and transitive, and two sets that are within each other grant the same: their
//!   [`Scopes::shortest`] forms are equal but for spelling. Several scopes are a union, so the letters of one
//!   may be covered by several others together.
//! * **Levels never convert.** `user/` covers no `patient/` scope, nor the other way round.
//! * **Intersection narrows and keeps the asked-for spelling.** `a.intersection(&b)` reads "of what `a` asks,
//!   what `b` allows": the order and the syntax of `a`, the wildcard replaced by the named type, both
//!   constraints joined by AND. It is the largest set within both.
//! * **Syntax of answers.** v1 asked is v1 answered as long as a v1 word (`read`, `write`, `*`) says it. A
//!   constraint can only be said in v2, and a set that holds one is printed in v2 throughout.
//! * **Constraints are opaque pairs.** `param=value` narrows; more pairs narrow further. Neither the modifier
//!   in `code:in`, nor the chain in `patient.birthdate`, nor the comma (OR) in `category=a,b` is interpreted
//!   here: two pairs are equal or unrelated, so `category=a` is *not* within `category=a,b`. That errs
//!   towards refusing. Whether a pair can be enforced is decided where resources are matched; what cannot be
//!   enforced must not be granted.
//! * **Types are not looked up.** A type is a capital letter and letters after it; whether FHIR R4 has it is
//!   decided where resources are known.
//! * **What is not a resource scope** is compared as written, with one exception: who may ask for
//!   `launch/imagingstudy` may say for which role.

mod algebra;
mod constraint;
mod interactions;
mod narrowing;
mod parse;
#[cfg(test)]
mod properties;
mod resource;
mod scopes;
#[cfg(test)]
pub(crate) mod strategies;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::constraint::Constraint;
pub use self::interactions::Interactions;
pub use self::parse::{Reason, ScopeError};
pub use self::resource::{Level, ResourceScope, Syntax, TypePattern};
pub use self::scopes::Scopes;

/// One scope token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `patient/Observation.rs?category=…`: rights to FHIR resources.
    Resource(ResourceScope),
    /// `launch`: use the context of the EHR that launched the app.
    Launch,
    /// `launch/patient`, `launch/imagingstudy?role=…`: have the user choose a context before the app starts.
    LaunchContext {
        /// The FHIR type's name in lower case: `patient`, `encounter`, `imagingstudy`.
        resource_type: Box<str>,
        /// What the context is wanted for: a URI, or one of SMART's own relative names (`launch`).
        role: Option<Box<str>>,
    },
    /// `openid`: an ID token.
    OpenId,
    /// `fhirUser`: the user's own FHIR resource, named in the ID token.
    FhirUser,
    /// `profile`: the older name of what `fhirUser` asks for.
    Profile,
    /// `offline_access`: a refresh token that outlives the user's session.
    OfflineAccess,
    /// `online_access`: a refresh token that ends with the user's session.
    OnlineAccess,
    /// An absolute URI, or a name that begins with `__`: well-formed, and without meaning here.
    Extension(Box<str>),
}

impl Scope {
    /// The extension that lets an EHR make launch contexts; only a client alone is granted it.
    pub const LAUNCH_CREATE: &str = "__launch.create";

    /// The extension that lets a resource server introspect the tokens of every client (INTRO-10); only a client alone is
    /// granted it.
    pub const TOKEN_INTROSPECT: &str = "__token.introspect";

    /// The type of the context that it asks for, in lower case, if it is a `launch/TYPE`, with or without a role.
    pub fn context_type(&self) -> Option<&str> {
        match self {
            Self::LaunchContext { resource_type, .. } => Some(resource_type),
            _ => None,
        }
    }

    /// Whether it is `launch/NAME`, with or without a role.
    pub fn is_launch_of(&self, name: &str) -> bool {
        self.context_type() == Some(name)
    }

    /// Whether it is the extension of that name.
    pub fn is_extension(&self, name: &str) -> bool {
        matches!(self, Self::Extension(extension) if **extension == *name)
    }

    /// The resource scope, if it is one.
    pub fn as_resource(&self) -> Option<&ResourceScope> {
        match self {
            Self::Resource(resource) => Some(resource),
            _ => None,
        }
    }

    /// The scope as a URI, for places that need one (SMART 2.2 §"Scopes and Launch Context", URI
    /// representation).
    ///
    /// Scopes that `OpenID` Connect Core defines have its prefix, the others SMART's. An extension is its own
    /// name.
    pub fn to_uri(&self) -> String {
        match self {
            Self::OpenId | Self::Profile | Self::OfflineAccess => {
                format!("http://openid.net/specs/openid-connect-core-1_0#{self}")
            }
            Self::Extension(name) => name.to_string(),
            _ => format!("http://smarthealthit.org/fhir/scopes/{self}"),
        }
    }
}

impl From<ResourceScope> for Scope {
    fn from(resource: ResourceScope) -> Self {
        Self::Resource(resource)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(resource) => resource.fmt(f),
            Self::Launch => f.write_str("launch"),
            Self::LaunchContext { resource_type, role: None } => write!(f, "launch/{resource_type}"),
            Self::LaunchContext { resource_type, role: Some(role) } => {
                write!(f, "launch/{resource_type}?role={role}")
            }
            Self::OpenId => f.write_str("openid"),
            Self::FhirUser => f.write_str("fhirUser"),
            Self::Profile => f.write_str("profile"),
            Self::OfflineAccess => f.write_str("offline_access"),
            Self::OnlineAccess => f.write_str("online_access"),
            Self::Extension(name) => f.write_str(name),
        }
    }
}

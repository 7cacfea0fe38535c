//! From text to scopes: one token at a time, strictly (RFC 6749 §3.3; SMART 2.2 §"Scopes and Launch
//! Context").

use std::fmt;
use std::str::FromStr;

use super::constraint::is_scope_byte;
use super::{Constraint, Interactions, Level, ResourceScope, Scope, Scopes, Syntax, TypePattern};

/// A token that is no scope, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeError {
    /// The token as it came: any text at all.
    pub token: Box<str>,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a token is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No text: scopes are separated by exactly one space.
    #[error("scopes are separated by single spaces")]
    Empty,
    /// RFC 6749 §3.3 does not allow a character of it.
    #[error("it has a character that is not allowed in a scope")]
    Character,
    /// Nothing that SMART or `OpenID` Connect names, nor an extension.
    #[error("it is not a known kind of scope")]
    Unknown,
    /// The type of a resource scope.
    #[error("expected * or the name of a FHIR resource type after the slash")]
    ResourceType,
    /// What follows the dot of a resource scope.
    #[error("expected letters of cruds in this order after the dot, or read, write or *")]
    Interactions,
    /// What follows the `?` of a resource scope.
    #[error(
        "expected percent-encoded param=value pairs after the question mark, and letters of cruds before it"
    )]
    Constraint,
    /// The type of a `launch/` scope.
    #[error("expected the name of a FHIR resource type in lower case after launch/")]
    ContextType,
    /// The role of a `launch/` scope.
    #[error("expected one role, a URI, after the question mark")]
    Role,
    /// Well-formed, but beyond [`Scopes::MAX_ASKED`].
    #[error("a request may hold at most {} different scopes", Scopes::MAX_ASKED)]
    TooMany,
}

impl std::error::Error for ScopeError {}

/// Fit for an `error_description`: the beginning of the token, with a `?` for each character that RFC 6749
/// §4.1.2.1 does not allow there, and what was expected.
impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 80;
        f.write_str("scope '")?;
        for character in self.token.chars().take(SHOWN) {
            let shown = u8::try_from(character).is_ok_and(is_scope_byte);
            write!(f, "{}", if shown { character } else { '?' })?;
        }
        let ellipsis = if self.token.chars().nth(SHOWN).is_some() { "..." } else { "" };
        write!(f, "{ellipsis}': {}", self.reason)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    /// Reads one token.
    ///
    /// # Errors
    /// Whatever is not exactly a scope by the grammar. There is no best guess: `.sr` is not `.rs`.
    fn from_str(token: &str) -> Result<Self, ScopeError> {
        scope(token).map_err(|reason| ScopeError { token: token.into(), reason })
    }
}

fn scope(token: &str) -> Result<Scope, Reason> {
    if token.is_empty() {
        return Err(Reason::Empty);
    }
    if !token.bytes().all(is_scope_byte) {
        return Err(Reason::Character);
    }
    Ok(match token {
        "launch" => Scope::Launch,
        "openid" => Scope::OpenId,
        "fhirUser" => Scope::FhirUser,
        "profile" => Scope::Profile,
        "offline_access" => Scope::OfflineAccess,
        "online_access" => Scope::OnlineAccess,
        _ => match token.split_once('/') {
            Some(("patient", rest)) => resource(Level::Patient, rest)?.into(),
            Some(("user", rest)) => resource(Level::User, rest)?.into(),
            Some(("system", rest)) => resource(Level::System, rest)?.into(),
            Some(("launch", rest)) => launch_context(rest)?,
            _ if is_extension(token) => Scope::Extension(token.into()),
            _ => return Err(Reason::Unknown),
        },
    })
}

/// `Observation.rs?category=…`, behind the slash.
fn resource(level: Level, text: &str) -> Result<ResourceScope, Reason> {
    let (resource_type, text) = text.split_once('.').ok_or(Reason::Interactions)?;
    let resource_type = type_pattern(resource_type).ok_or(Reason::ResourceType)?;
    let scope = |interactions, constraint, syntax| ResourceScope {
        level,
        resource_type,
        interactions,
        constraint,
        syntax,
    };
    if let Some(interactions) = Interactions::from_v1(text) {
        return Ok(scope(interactions, Constraint::default(), Syntax::V1));
    }
    let (letters, constraint) = match text.split_once('?') {
        Some((letters, query)) => (letters, Constraint::parse(query)?),
        None => (text, Constraint::default()),
    };
    let interactions = Interactions::from_v2(letters).ok_or(Reason::Interactions)?;
    Ok(scope(interactions, constraint, Syntax::V2))
}

/// `*`, or a capital letter and letters after it, as all FHIR types are named.
fn type_pattern(text: &str) -> Option<TypePattern> {
    let is_name = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.len() > 1
        && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    match text {
        "*" => Some(TypePattern::Any),
        name => is_name.then(|| TypePattern::Type(name.into())),
    }
}

/// `imagingstudy?role=…`, behind the slash.
fn launch_context(text: &str) -> Result<Scope, Reason> {
    let (resource_type, role) = match text.split_once('?') {
        Some((resource_type, query)) => (resource_type, Some(role(query)?)),
        None => (text, None),
    };
    let is_name = !resource_type.is_empty() && resource_type.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_name {
        return Err(Reason::ContextType);
    }
    Ok(Scope::LaunchContext { resource_type: resource_type.into(), role })
}

/// `role=` and one URI. A `&` would begin a second parameter, and only one role can be asked for.
fn role(query: &str) -> Result<Box<str>, Reason> {
    query
        .strip_prefix("role=")
        .filter(|role| (*role == "launch" || is_absolute_uri(role)) && !role.contains('&'))
        .map(Into::into)
        .ok_or(Reason::Role)
}

fn is_extension(token: &str) -> bool {
    is_absolute_uri(token) || token.strip_prefix("__").is_some_and(|name| !name.is_empty())
}

/// A scheme, a colon, and something (RFC 3986 §3.1). What follows the scheme is compared, never used.
fn is_absolute_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
    })
}

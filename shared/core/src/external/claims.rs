//! Whose record a provider's claims name, and which patients they give: nobody is guessed, and what is not understood gives
//! nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;

use super::id_token::IdToken;
use super::provider::{ClaimNames, Provider};
use crate::deployment::PublicUrl;
use crate::id::PatientId;
use crate::instant::Instant;
use crate::user::{Credentials, External, FhirUser, NotEveryone, PatientAccess, User, new_subject};

/// How long a name that is shown may be, in characters.
const LONGEST_NAME: usize = 200;

/// Who signed in at a provider.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who they are there.
    pub external: External,
    /// The user that the claims make of them, with a `sub` for a new one, or why they make none; `None` if this provider is not
    /// trusted with it, and its people are registered.
    pub said: Option<Result<User, ClaimFault>>,
}

/// Why a provider's claims make no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimFault {
    /// The claim that names the resource is missing, or names none that a user may be.
    #[error("the claim for fhirUser is missing or names no user")]
    FhirUser,
    /// The claim that names the patients is something else.
    #[error("the claim for patients is no list of patients")]
    Patients,
    /// The claim that names the patients says all of them, of somebody who may not see all.
    #[error(transparent)]
    Everyone(#[from] NotEveryone),
}

impl Person {
    /// Reads what a provider says at `now`. `fresh` makes the `sub` of a user who is new here.
    pub fn of(token: &IdToken, provider: &Provider, here: &PublicUrl, fresh: [u8; 32], now: Instant) -> Self {
        let external = External {
            issuer: provider.issuer.clone(),
            subject: token.subject.clone(),
            by_claims: provider.claims.is_some(),
            vouched_until: provider.claims.as_ref().map(|names| now + names.lifetime),
        };
        let said = provider.claims.as_ref().map(|names| user(token, names, &external, here, fresh));
        Self { external, said }
    }
}

fn user(
    token: &IdToken,
    names: &ClaimNames,
    external: &External,
    here: &PublicUrl,
    fresh: [u8; 32],
) -> Result<User, ClaimFault> {
    let fhir_user = claim(token, &names.fhir_user).and_then(Value::as_str).ok_or(ClaimFault::FhirUser)?;
    let fhir_user: FhirUser = relative(fhir_user, here).parse().map_err(|_| ClaimFault::FhirUser)?;
    let patients = match names.patients.as_ref().and_then(|name| claim(token, name)) {
        Some(value) => patients(value, here)?.given_to(&fhir_user)?,
        None => PatientAccess::Only(BTreeSet::new()),
    };
    let name = claim(token, &names.name).and_then(Value::as_str).map(shown).filter(|name| !name.is_empty());
    Ok(User {
        username: external.username(),
        sub: new_subject(fresh),
        name: name.unwrap_or_else(|| fhir_user.to_string()),
        fhir_user,
        patients,
        password: None,
        external: Some(external.clone()),
        credentials: Credentials::default(),
        disabled: false,
    })
}

/// A claim by its name, or by a JSON Pointer.
fn claim<'a>(token: &'a IdToken, name: &str) -> Option<&'a Value> {
    match token.claims.get(name) {
        Some(value) => Some(value),
        None if name.starts_with('/') => {
            let (first, rest) = name.get(1..)?.split_once('/').map_or((name.get(1..)?, ""), |(f, r)| (f, r));
            let value = token.claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
            if rest.is_empty() { Some(value) } else { value.pointer(&format!("/{rest}")) }
        }
        None => None,
    }
}

/// `"*"`, one id, or a list of them, each bare or as `Patient/ID`. One that is no id spoils the list: a claim that is not
/// understood gives nothing.
fn patients(value: &Value, here: &PublicUrl) -> Result<PatientAccess, ClaimFault> {
    let one = |text: &str| {
        let text = relative(text, here);
        text.strip_prefix("Patient/").unwrap_or(text).parse::<PatientId>().map_err(|_| ClaimFault::Patients)
    };
    match value {
        Value::String(all) if all == "*" => Ok(PatientAccess::All),
        Value::String(listed) => {
            let ids = listed.split([' ', ',']).filter(|id| !id.is_empty());
            ids.map(one).collect::<Result<_, _>>().map(PatientAccess::Only)
        }
        Value::Array(ids) => {
            let ids = ids.iter().map(|id| id.as_str().ok_or(ClaimFault::Patients).and_then(one));
            ids.collect::<Result<_, _>>().map(PatientAccess::Only)
        }
        _ => Err(ClaimFault::Patients),
    }
}

/// A reference without our own base; one to another server stays absolute, and is none here.
fn relative<'a>(reference: &'a str, here: &PublicUrl) -> &'a str {
    let within = reference.strip_prefix(here.fhir_base()).and_then(|rest| rest.strip_prefix('/'));
    within.unwrap_or(reference)
}

/// A name as it may be shown: one line, not endless.
fn shown(name: &str) -> String {
    let one_line: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    one_line.trim().to_owned()
}

//! How much a request may ask for in scopes, and in which characters: more than any app that is known asks for, and little enough
//! that what is kept of it and computed with it stays small, whoever asks.
//!
//! A grant keeps the scopes from the request on, which anybody can send; a read asks them of each resource; and the consent page shows
//! a filter that it has no words for as it stands. So a request beyond the bounds is refused with the bound, before anything is stored.

use super::grantable;
use crate::client::Client;
use crate::fhir::search::MAX_VALUES;
use crate::fhir::search::token::split_escaped;
use crate::oauth::{ErrorCode, OAuthError};
use crate::scope::{ResourceScope, Scopes};
use crate::text::misleads;

/// How long `scope` may be, and what is granted of it, in bytes: 400 scopes with a long constraint each fit (AUTHZ-34).
const LONGEST_SCOPE: usize = 32 * 1_024;

/// How long one value of a constraint may be, in bytes: a URL, a bar and a code.
const LONGEST_VALUE: usize = 256;

/// How many scopes may come of it. Each that is asked is answered under each constraint that is registered for its type, so without a
/// bound a short request would have a long answer.
const MOST_ANSWERS: usize = 1_024;

/// What may be granted of what was asked, if both are within the bounds.
pub(super) fn within(text: &str, asked: &Scopes, client: &Client) -> Result<Scopes, OAuthError> {
    let invalid = |description: String| Err(OAuthError::new(ErrorCode::InvalidScope, description));
    if text.len() > LONGEST_SCOPE {
        return invalid(format!("scope is longer than {LONGEST_SCOPE} bytes"));
    }
    if let Some(fault) = asked.resources().find_map(fault) {
        return invalid(fault);
    }
    let answered_by = |one: &ResourceScope| {
        client.scope.resources().filter(|registered| one.intersection(registered).is_some()).count()
    };
    if asked.resources().map(answered_by).sum::<usize>() > MOST_ANSWERS {
        return invalid(format!("what is asked would be granted as more than {MOST_ANSWERS} scopes"));
    }
    let scopes = grantable(asked, client);
    if scopes.to_string().len() > LONGEST_SCOPE {
        return invalid(format!("what would be granted is longer than {LONGEST_SCOPE} bytes"));
    }
    Ok(scopes)
}

/// What is wrong with a constraint, if anything is.
fn fault(scope: &ResourceScope) -> Option<String> {
    let scope_type = &scope.resource_type;
    scope.constraint.iter().find_map(|(_, list)| {
        let values = split_escaped(list, ',');
        if values.len() > MAX_VALUES {
            Some(format!("a constraint of {scope_type} has more than {MAX_VALUES} values"))
        } else if values.iter().any(|value| value.len() > LONGEST_VALUE) {
            Some(format!("a constraint of {scope_type} has a value longer than {LONGEST_VALUE} bytes"))
        } else if list.contains(misleads) {
            Some(format!(
                "a constraint of {scope_type} has a character that is not seen or that turns others"
            ))
        } else {
            None
        }
    })
}

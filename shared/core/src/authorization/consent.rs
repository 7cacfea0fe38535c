//! What a user's answer on the consent page grants (AUTHZ-22, AUTHZ-23; SCOPE-12).

#[cfg(test)]
mod tests;

use crate::scope::{Level, Scope, Scopes};

/// Of what was asked, what the user left or chose: `ticked` says whether a checkbox with that value was sent.
///
/// * A resource scope is granted if it is ticked. If narrower scopes in its place are ticked, those are granted and the
///   wide one is not, whether or not it is still ticked (AUTHZ-23).
///   A narrower one that the app asked for besides is no choice in place of the wide one: its box is ticked anyway.
/// * `offline_access` and `online_access` are granted if they are ticked.
/// * Who the user is and which patient is in context cannot be taken out: that is what allowing means.
///
/// What was not asked for has no place here, whatever was sent: the answer is within `asked`.
pub fn consented(asked: &Scopes, ticked: impl Fn(&str) -> bool) -> Scopes {
    asked
        .iter()
        .flat_map(|scope| match scope {
            Scope::Resource(resource) => {
                let narrower: Vec<Scope> = resource
                    .narrowings()
                    .into_iter()
                    .map(Scope::from)
                    .filter(|narrowing| !asked.contains(narrowing) && ticked(&narrowing.to_string()))
                    .collect();
                let wide = narrower.is_empty() && ticked(&scope.to_string());
                if wide { vec![scope.clone()] } else { narrower }
            }
            Scope::OfflineAccess | Scope::OnlineAccess if !ticked(&scope.to_string()) => Vec::new(),
            other => vec![other.clone()],
        })
        .collect()
}

/// Whether a patient must be in context: one was asked for, or one of their encounters, or `patient/` scopes were (LAUNCH-11,
/// LAUNCH-12: what they need is inferred).
pub fn needs_patient(scopes: &Scopes) -> bool {
    scopes.has_level(Level::Patient)
        || needs_encounter(scopes)
        || scopes.iter().any(|scope| scope.is_launch_of("patient"))
}

/// Whether an encounter must be in context: one was asked for.
pub fn needs_encounter(scopes: &Scopes) -> bool {
    scopes.iter().any(|scope| scope.is_launch_of("encounter"))
}

//! The ways to sign in, as a program is told them: providers, and whether there are passwords besides.

use super::provider::{Provider, SecretPlace, read_providers};
use crate::client::metadata::Deployment;

/// Where people may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInSettings {
    /// The identity providers, in the order to show.
    pub providers: Vec<Provider>,
    /// Whether users of ours may sign in with a password.
    pub local_users: bool,
}

impl SignInSettings {
    /// Reads a JSON array of providers (none is no text) and `true` or `false`. Where there are providers, passwords are off
    /// unless they are asked for: they are for demonstrations.
    ///
    /// `allowed` says which places of secrets this program can read, and `places` names them. All that is wrong is told at
    /// once: the setting (`0` the providers, `1` the passwords) and what was expected.
    pub fn read(
        providers: Option<&str>,
        local_users: Option<&str>,
        deployment: Deployment,
        allowed: impl Fn(&SecretPlace) -> bool,
        places: &str,
    ) -> Result<Self, Vec<(usize, String)>> {
        let read = providers.map_or(Ok(Vec::new()), |text| read_providers(text, deployment, allowed, places));
        let has_providers = providers.is_some_and(|_| read.as_ref().map_or(true, |read| !read.is_empty()));
        let local_users = match local_users {
            None => Ok(!has_providers),
            Some("true") => Ok(true),
            Some("false") if has_providers => Ok(false),
            Some("false") => Err("expected true: there is no other way to sign in"),
            Some(_) => Err("expected true or false"),
        };
        match (read, local_users) {
            (Ok(providers), Ok(local_users)) => Ok(Self { providers, local_users }),
            (read, local_users) => {
                let providers = read.err().unwrap_or_default().into_iter().map(|fault| (0, fault));
                Err(providers.chain(local_users.err().map(|fault| (1, fault.to_owned()))).collect())
            }
        }
    }
}

//! Where the operator works: in the data folder of a server, or on a stack on AWS.
//!
//! A command asks for a place once and does not know which one it got. What only one of them has (key files, the steps of a
//! deployment) is told apart in the command.

use smart_core::client::Client;
use smart_core::client::metadata::Deployment;
use smart_core::grant::{Grant, RevocationReason};
use smart_core::id::{ClientId, GrantId, Username};
use smart_core::instant::Instant;
use smart_core::ports::{Clients as _, Grants as _, Redemptions as _, Step};
use smart_core::user::User;
use smart_local::{LocalStore, Put};

use crate::arguments;
#[cfg(feature = "aws")]
use crate::aws::Deployed;
use crate::failure::Failure;
use crate::store;

/// Where the operator works.
pub(crate) enum Place {
    /// A data folder.
    Folder(LocalStore),
    /// A stack.
    #[cfg(feature = "aws")]
    Stack(Box<Deployed>),
}

/// What is said where there is no AWS.
#[cfg(any(test, not(feature = "aws")))]
const WITHOUT_AWS: &str =
    "--aws: this smart was built without AWS: build one with it by `cargo install --path cli --features aws`";

impl Place {
    /// A place that is there.
    pub(crate) async fn open(place: &arguments::Place) -> Result<Self, Failure> {
        match &place.aws {
            Some(stack) => Self::stack(stack).await,
            None => Ok(Self::Folder(store::open(&place.data).await?)),
        }
    }

    /// A place to add something to; a data folder that is not there is made.
    pub(crate) async fn open_or_make(place: &arguments::Place) -> Result<Self, Failure> {
        match &place.aws {
            Some(stack) => Self::stack(stack).await,
            None => Ok(Self::Folder(store::open_or_make(&place.data).await?)),
        }
    }

    #[cfg(feature = "aws")]
    async fn stack(name: &str) -> Result<Self, Failure> {
        Ok(Self::Stack(Box::new(Deployed::find(name).await?)))
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "with AWS it asks for the stack")]
    async fn stack(_: &str) -> Result<Self, Failure> {
        Err(Failure::Refused(WITHOUT_AWS.to_owned()))
    }

    /// What registration depends on.
    pub(crate) fn deployment(&self) -> Result<Deployment, Failure> {
        match self {
            Self::Folder(store) => Ok(store::deployment(store)?),
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.deployment(),
        }
    }

    /// All clients, by id.
    pub(crate) async fn clients(&self) -> Result<Vec<Client>, Failure> {
        Ok(match self {
            Self::Folder(store) => store.clients()?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.clients().await?,
        })
    }

    /// The client of that id.
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Option<Client>, Failure> {
        Ok(match self {
            Self::Folder(store) => store.client(id).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.client(id).await?,
        })
    }

    /// Stores a client, over another one of its id.
    pub(crate) async fn put_client(&self, client: Client) -> Result<Put, Failure> {
        Ok(match self {
            Self::Folder(store) => store.put_client(client).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => crate::aws::put(stack.state()?.put_client(&client).await?),
        })
    }

    /// Disables a client, and says whether there is one of that id.
    pub(crate) async fn disable_client(&self, id: &ClientId) -> Result<bool, Failure> {
        Ok(match self {
            Self::Folder(store) => store.disable_client(id).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.disable_client(id).await?,
        })
    }

    /// All users, by name.
    pub(crate) async fn users(&self) -> Result<Vec<User>, Failure> {
        Ok(match self {
            Self::Folder(store) => store.users()?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.users().await?,
        })
    }

    /// Stores a user, over another one of that name, whose `sub` is kept.
    pub(crate) async fn put_user(&self, user: User) -> Result<Put, Failure> {
        Ok(match self {
            Self::Folder(store) => store.put_user(user).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => crate::aws::put(stack.state()?.put_user(&user).await?),
        })
    }

    /// Disables a user, and says whether there is one of that name.
    pub(crate) async fn disable_user(&self, username: &Username) -> Result<bool, Failure> {
        Ok(match self {
            Self::Folder(store) => store.disable_user(username).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.disable_user(username).await?,
        })
    }

    /// The grants that are in force, of one user or of all.
    pub(crate) async fn grants(&self, user: Option<&Username>, now: Instant) -> Result<Vec<Grant>, Failure> {
        Ok(match (self, user) {
            (Self::Folder(store), Some(user)) => store.active_grants(user, now)?,
            (Self::Folder(store), None) => store.all_active_grants(now)?,
            #[cfg(feature = "aws")]
            (Self::Stack(stack), Some(user)) => stack.state()?.active_grants(user, now).await?,
            #[cfg(feature = "aws")]
            (Self::Stack(stack), None) => stack.state()?.all_active_grants(now).await?,
        })
    }

    /// The grant of that id, at whatever stage, unless it has expired.
    pub(crate) async fn grant(&self, id: &GrantId, now: Instant) -> Result<Option<Grant>, Failure> {
        Ok(match self {
            Self::Folder(store) => store.grant(id, now).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.grant(id, now).await?,
        })
    }

    /// Ends a grant; says whether there is one.
    pub(crate) async fn revoke(&self, id: &GrantId, step: Step) -> Result<bool, Failure> {
        let reason = RevocationReason::ByOperator;
        Ok(match self {
            Self::Folder(store) => store.revoke(id, reason, step).await?,
            #[cfg(feature = "aws")]
            Self::Stack(stack) => stack.state()?.revoke(id, reason, step).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_aws_it_is_said_how_to_get_it() {
        let refused = Failure::Refused(WITHOUT_AWS.to_owned()).to_string();
        assert!(
            refused.contains("cargo install --path cli --features aws") && !refused.contains('\n'),
            "{refused}"
        );
    }
}

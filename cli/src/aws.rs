//! A stack on AWS, as the operator's commands see it.

use bytes::Bytes;
use smart_aws::operator::{Stack, StackError};
use smart_aws::{NotStored as TooMuch, RecordsTable, Sdk, StateTable};
use smart_core::client::metadata::Deployment;
use smart_core::deployment::PublicUrl;
use smart_local::Put;

use crate::failure::Failure;
use crate::records::{Incoming, NotStored};

/// A deployed stack.
pub(crate) struct Deployed {
    pub(crate) stack: Stack,
}

impl Deployed {
    /// The stack of that name, in the region and with the credentials that every AWS tool would take.
    pub(crate) async fn find(name: &str) -> Result<Self, Failure> {
        let sdk = Sdk::for_operator().await.map_err(|error| Failure::Refused(error.to_string()))?;
        let stack = Stack::find(sdk, name).await.map_err(|error| match error {
            StackError::Unavailable(unavailable) => Failure::from(unavailable),
            other => Failure::Refused(other.to_string()),
        })?;
        Ok(Self { stack })
    }

    /// Clients, users and grants.
    pub(crate) fn state(&self) -> Result<StateTable, Failure> {
        Ok(self.stack.state()?)
    }

    /// FHIR resources.
    pub(crate) fn records(&self) -> Result<RecordsTable, Failure> {
        Ok(self.stack.records()?)
    }

    /// What registration depends on.
    pub(crate) fn deployment(&self) -> Result<Deployment, Failure> {
        let url: Result<PublicUrl, _> = self.stack.issuer()?.parse();
        url.map(|url| url.deployment())
            .map_err(|error| Failure::Refused(format!("the stack's output Issuer: {error}")))
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Unfit { .. } => Self::Refused(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What putting something did.
pub(crate) fn put(put: smart_aws::Put) -> Put {
    match put {
        smart_aws::Put::Created => Put::Created,
        smart_aws::Put::Updated => Put::Updated,
        smart_aws::Put::Unchanged => Put::Unchanged,
    }
}

impl Incoming for smart_aws::Incoming {
    fn parse(text: Bytes) -> Result<Self, NotStored> {
        Self::parse(text).map_err(|error| match error {
            TooMuch::Resource(error) => NotStored::Resource(error),
            other => NotStored::TooMuch(other.to_string()),
        })
    }
}

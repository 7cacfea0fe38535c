//! A deployed stack, as CloudFormation tells of it.
//!
//! All that is needed of it are its outputs and parameters (infra/template.yaml). A change is an update with the template and the
//! parameters that are there, but for one parameter.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::primitives::DateTime;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack as Described, StackStatus};
use smart_core::instant::Instant;
use smart_core::jose::PublicJwk;
use smart_core::ports::Unavailable;
use thiserror::Error;

use super::credentials;
use super::rotation::{Slot, Slots, Standing};
use crate::calls::unavailable;
use crate::config;
use crate::kms::{self, KeyError};
use crate::{RecordsTable, Sdk, StateTable};

const PORT: &str = "stack";

/// For how many days a deletion can be taken back (`PendingWindowInDays` of the template).
const DELETED_AFTER_DAYS: i32 = 30;

/// How often it is asked whether an update is done.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Why the stack is of no use.
#[derive(Debug, Error)]
pub enum StackError {
    /// CloudFormation refused, in its own words.
    #[error("{call}: {code}: {message}")]
    Refused {
        /// What was asked of AWS.
        call: &'static str,
        /// The error's code.
        code: String,
        /// What AWS says of it.
        message: String,
    },
    /// There are no credentials, or they cannot be had.
    #[error("AWS: {0}")]
    NoCredentials(String),
    /// It is no stack of ours.
    #[error(
        "the stack {name} has no {missing}: expected one that was made from infra/template.yaml of this version"
    )]
    Unfit {
        /// The stack.
        name: String,
        /// The output or parameter.
        missing: &'static str,
    },
    /// Something is being done to it, or went wrong with it.
    #[error("the stack {name} is in the state {status}{}", if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    Unsettled {
        /// The stack.
        name: String,
        /// Its status.
        status: String,
        /// Why, as AWS says.
        reason: String,
    },
    /// A key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// AWS could not be asked.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A deployed stack.
#[derive(Debug)]
pub struct Stack {
    sdk: Sdk,
    client: Client,
    name: String,
    described: Described,
}

/// A key of a slot.
#[derive(Clone, Debug)]
pub struct SlotKey {
    /// The slot.
    pub slot: Slot,
    /// Whether it signs; else it is published only.
    pub signs: bool,
    /// Its ARN.
    pub arn: String,
    /// What is published of it; nothing of a key that is disabled.
    pub public: Option<PublicJwk>,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// The state that KMS tells, such as `Enabled`.
    pub state: String,
}

impl Stack {
    /// Asks for the stack of that name.
    pub async fn find(sdk: Sdk, name: &str) -> Result<Self, StackError> {
        let client = sdk.cloudformation();
        let described = describe(&client, name).await?;
        Ok(Self { sdk, client, name: name.to_owned(), described })
    }

    /// The issuer (`SMART_PUBLIC_URL` of its functions).
    pub fn issuer(&self) -> Result<&str, StackError> {
        self.output("Issuer")
    }

    /// The authorization state, as its functions see it.
    pub fn state(&self) -> Result<StateTable, StackError> {
        let table = StateTable::new(self.sdk.dynamodb(), self.output("AuthorizationTableName")?).patiently();
        Ok(table.refusing_before(self.parameter("NotBefore").and_then(config::not_before)))
    }

    /// The records.
    pub fn records(&self) -> Result<RecordsTable, StackError> {
        Ok(RecordsTable::new(self.sdk.dynamodb(), self.output("RecordsTableName")?).patiently())
    }

    /// Which slots hold a key.
    pub fn slots(&self) -> Result<Slots, StackError> {
        let slots = self.parameter("SigningKeys").and_then(|slots| slots.parse().ok());
        slots.ok_or_else(|| self.unfit("parameter SigningKeys"))
    }

    /// The keys in the slots, the one that signs first.
    pub async fn keys(&self) -> Result<Vec<SlotKey>, StackError> {
        let slots = self.slots()?;
        let mut keys = vec![self.key(slots.signing(), true).await?];
        if let Slots::Both(first) = slots {
            keys.push(self.key(first.other(), false).await?);
        }
        Ok(keys)
    }

    /// Where the rotation of these keys stands.
    pub fn standing(&self, keys: &[SlotKey]) -> Result<Standing, StackError> {
        let created = |slot| keys.iter().find(|key| key.slot == slot).and_then(|key| key.created_at);
        let changed = self.described.last_updated_time().or(self.described.creation_time());
        let changed_at = changed.and_then(|at| u64::try_from(at.secs()).ok()).map(Instant::from_unix);
        Ok(Standing {
            slots: self.slots()?,
            a_created_at: created(Slot::A),
            b_created_at: created(Slot::B),
            changed_at: changed_at.ok_or_else(|| self.unfit("time of its last change"))?,
        })
    }

    /// Gives the parameter `SigningKeys` another value; template and parameters stay as they are. Returns when it is done, which
    /// takes minutes.
    pub async fn set_slots(&mut self, slots: Slots) -> Result<(), StackError> {
        self.require_settled()?;
        let kept = self.described.parameters().iter().filter_map(Parameter::parameter_key);
        let mut parameters: Vec<Parameter> = kept
            .filter(|key| *key != "SigningKeys")
            .map(|key| Parameter::builder().parameter_key(key).use_previous_value(true).build())
            .collect();
        parameters.push(
            Parameter::builder().parameter_key("SigningKeys").parameter_value(slots.to_string()).build(),
        );
        let update = self
            .client
            .update_stack()
            .stack_name(&self.name)
            .use_previous_template(true)
            .set_parameters(Some(parameters))
            // The template makes roles, and SAM transforms it.
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityAutoExpand);
        update.send().await.map_err(|error| refused("UpdateStack", &error))?;
        loop {
            self.described = describe(&self.client, &self.name).await?;
            match self.described.stack_status() {
                // The next status is the last one: what was replaced is being removed.
                Some(StackStatus::UpdateComplete | StackStatus::UpdateCompleteCleanupInProgress) => break,
                Some(StackStatus::UpdateInProgress) => tokio::time::sleep(ASK_AGAIN).await,
                _ => return Err(self.unsettled()),
            }
        }
        if self.slots()? == slots { Ok(()) } else { Err(self.unsettled()) }
    }

    /// Has a key deleted that the stack does not use any more; says for how many days that can be taken back.
    pub async fn delete_key(&self, arn: &str) -> Result<i32, StackError> {
        let deletion = self.sdk.kms().schedule_key_deletion().key_id(arn);
        let deleted = deletion.pending_window_in_days(DELETED_AFTER_DAYS).send().await;
        deleted.map_err(|error| refused("ScheduleKeyDeletion", &error))?;
        Ok(DELETED_AFTER_DAYS)
    }

    async fn key(&self, slot: Slot, signs: bool) -> Result<SlotKey, StackError> {
        let output = match slot {
            Slot::A => "SigningKeyAArn",
            Slot::B => "SigningKeyBArn",
        };
        let arn = self.output(output)?.to_owned();
        let client = self.sdk.kms();
        let described = client.describe_key().key_id(&arn).send().await;
        let described = described.map_err(|error| refused("DescribeKey", &error))?.key_metadata;
        let state =
            described.as_ref().and_then(|key| key.key_state()).map_or("unknown", |state| state.as_str());
        let created = described.as_ref().and_then(|key| key.creation_date()).map(DateTime::secs);
        let public = if state == "Enabled" { Some(kms::public_key(client, &arn).await?) } else { None };
        Ok(SlotKey {
            slot,
            signs,
            state: state.to_owned(),
            created_at: created.and_then(|at| u64::try_from(at).ok()).map(Instant::from_unix),
            public,
            arn,
        })
    }

    /// An update that runs, or that went wrong, is to be looked at first.
    fn require_settled(&self) -> Result<(), StackError> {
        match self.described.stack_status() {
            Some(
                StackStatus::CreateComplete
                | StackStatus::UpdateComplete
                | StackStatus::UpdateRollbackComplete,
            ) => Ok(()),
            _ => Err(self.unsettled()),
        }
    }

    fn output(&self, name: &'static str) -> Result<&str, StackError> {
        let outputs = self.described.outputs();
        let found = outputs.iter().find(|output| output.output_key() == Some(name));
        found.and_then(|output| output.output_value()).ok_or_else(|| self.unfit(name))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let parameters = self.described.parameters();
        parameters.iter().find(|parameter| parameter.parameter_key() == Some(name))?.parameter_value()
    }

    fn unfit(&self, missing: &'static str) -> StackError {
        StackError::Unfit { name: self.name.clone(), missing }
    }

    fn unsettled(&self) -> StackError {
        StackError::Unsettled {
            name: self.name.clone(),
            status: self.described.stack_status().map_or("unknown", StackStatus::as_str).to_owned(),
            reason: self.described.stack_status_reason().unwrap_or_default().to_owned(),
        }
    }
}

async fn describe(client: &Client, name: &str) -> Result<Described, StackError> {
    let found = client.describe_stacks().stack_name(name).send().await;
    let found = found.map_err(|error| refused("DescribeStacks", &error))?;
    let first = found.stacks.unwrap_or_default().into_iter().next();
    first.ok_or_else(|| StackError::Unavailable(Unavailable::new(PORT, "DescribeStacks: an empty answer")))
}

/// What AWS says of a call of the operator's: its own words, which name the permission that is missing.
fn refused<E, R>(call: &'static str, error: &SdkError<E, R>) -> StackError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    if let Some(why) = credentials::missing(error) {
        return StackError::NoCredentials(why);
    }
    match error.as_service_error() {
        Some(answer) => StackError::Refused {
            call,
            code: answer.code().unwrap_or("an error without a code").to_owned(),
            message: answer.message().unwrap_or_default().to_owned(),
        },
        None => StackError::Unavailable(unavailable(PORT, call, error)),
    }
}

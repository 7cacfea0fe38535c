//! Tables and keys for tests, on an emulator that `AWS_ENDPOINT_URL` names (`tests/emulator/run` starts one). In production the
//! template makes them, with encryption, backups, deletion protection and permissions.

use aws_lc_rs::rand;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{self, KeyNames};
use crate::tables::{Index, RECORDS, STATE, Schema};
use crate::{KmsKeys, RecordsTable, Sdk, StateTable};

/// The SDK, pointed at the emulator.
///
/// # Errors
/// There is none: a test that needs one must not pass without, nor reach AWS.
pub async fn sdk() -> Result<Sdk, BoxError> {
    match config::variable("AWS_ENDPOINT_URL") {
        Some(_) => Ok(Sdk::from_environment().await?),
        None => Err("AWS_ENDPOINT_URL is not set: run the tests by tests/emulator/run".into()),
    }
}

/// A state table of its own.
pub async fn state() -> Result<StateTable, BoxError> {
    let client = sdk().await?.dynamodb();
    let name = make(&client, STATE).await?;
    Ok(StateTable::new(client, &name))
}

/// A records table of its own.
pub async fn records() -> Result<RecordsTable, BoxError> {
    let client = sdk().await?.dynamodb();
    let name = make(&client, RECORDS).await?;
    Ok(RecordsTable::new(client, &name))
}

/// Keys of their own, by KMS's names of their specs; the first signs.
pub async fn keys(specs: &[&str]) -> Result<KmsKeys, BoxError> {
    let client = sdk().await?.kms();
    let mut names = Vec::with_capacity(specs.len());
    for spec in specs {
        names.push(make_key(&client, KeySpec::from(*spec)).await?);
    }
    let names = KeyNames::parse(&names.join(",")).ok_or("no keys")?;
    Ok(KmsKeys::load(client, &names).await?)
}

/// Makes a key that signs, and says its id.
pub async fn make_key(client: &aws_sdk_kms::Client, spec: KeySpec) -> Result<String, BoxError> {
    let made = client.create_key().key_spec(spec).key_usage(KeyUsageType::SignVerify).send().await?;
    made.key_metadata.map(|key| key.key_id).ok_or_else(|| "KMS made a key without a name".into())
}

/// A stack that nobody else knows, with the outputs and parameters of the template and none of its functions; says its name.
#[cfg(feature = "operator")]
pub async fn stack(parameters: &[(&str, &str)]) -> Result<String, BoxError> {
    use aws_sdk_cloudformation::types::{Parameter, StackStatus};

    let client = sdk().await?.cloudformation();
    let name = new_name()?.replace('_', "-");
    let parameters = parameters.iter();
    let parameters = parameters
        .map(|(key, value)| Parameter::builder().parameter_key(*key).parameter_value(*value).build())
        .collect();
    let made = client.create_stack().stack_name(&name).template_body(include_str!("emulator/stack.json"));
    made.set_parameters(Some(parameters)).send().await?;
    loop {
        let stacks = client.describe_stacks().stack_name(&name).send().await?.stacks.unwrap_or_default();
        match stacks.first().and_then(|stack| stack.stack_status()) {
            Some(StackStatus::CreateComplete) => return Ok(name),
            Some(StackStatus::CreateInProgress) => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            other => return Err(format!("the stack was not made: {other:?}").into()),
        }
    }
}

fn new_name() -> Result<String, BoxError> {
    let mut random = [0; 12];
    rand::fill(&mut random)?;
    Ok(format!("test-{}", URL_SAFE_NO_PAD.encode(random)))
}

/// Makes a table that nobody else knows, waits until it is there, and says its name.
pub async fn make(client: &Client, schema: Schema) -> Result<String, BoxError> {
    let name = new_name()?;
    let mut texts = vec![schema.key];
    texts.extend(schema.indexes.iter().flat_map(|index| [index.hash, index.range]));
    texts.sort_unstable();
    texts.dedup();
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(texts.into_iter().map(definition).collect::<Result<_, _>>()?))
        .key_schema(key(schema.key, KeyType::Hash)?)
        .set_global_secondary_indexes(Some(schema.indexes.iter().map(index).collect::<Result<_, _>>()?))
        .send()
        .await?;
    loop {
        let table = client.describe_table().table_name(&name).send().await?.table;
        if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    if let Some(attribute) = schema.time_to_live {
        let lives = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build()?;
        client.update_time_to_live().table_name(&name).time_to_live_specification(lives).send().await?;
    }
    Ok(name)
}

fn definition(name: &str) -> Result<AttributeDefinition, BoxError> {
    Ok(AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()?)
}

fn key(name: &str, role: KeyType) -> Result<KeySchemaElement, BoxError> {
    Ok(KeySchemaElement::builder().attribute_name(name).key_type(role).build()?)
}

fn index(index: &Index) -> Result<GlobalSecondaryIndex, BoxError> {
    let projected = if index.whole { ProjectionType::All } else { ProjectionType::KeysOnly };
    Ok(GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .key_schema(key(index.hash, KeyType::Hash)?)
        .key_schema(key(index.range, KeyType::Range)?)
        .projection(Projection::builder().projection_type(projected).build())
        .build()?)
}

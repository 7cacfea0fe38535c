//! The authorize function on AWS: both tables, and the public halves of the keys, once an EHR asks.

use std::process::ExitCode;
use std::sync::Arc;

use smart_authorize::Settings;
use smart_aws::config::AuthorizeConfig;
use smart_aws::{KmsPublicKeys, RecordsTable, Sdk, StateTable, Tables};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(authorize()).await
}

async fn authorize() -> Result<Function, Fault> {
    let AuthorizeConfig { public_url, table, records_table, signing_keys, ehr_origins } =
        AuthorizeConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let dynamodb = sdk.dynamodb();
    let state = StateTable::new(dynamodb.clone(), table.as_str());
    let records = RecordsTable::new(dynamodb, records_table.as_str());
    let keys = KmsPublicKeys::new(sdk.kms(), signing_keys);
    state.connect().await;
    let settings = Settings { here: public_url.clone(), ehr_origins };
    let router = smart_authorize::router(Tables { state, records }, keys, settings);
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

//! The authorize function on AWS: both tables, and no key.

use std::process::ExitCode;
use std::sync::Arc;

use smart_aws::config::AuthorizeConfig;
use smart_aws::{RecordsTable, Sdk, StateTable, Tables};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(authorize()).await
}

async fn authorize() -> Result<Function, Fault> {
    let AuthorizeConfig { public_url, table, not_before, records_table } =
        AuthorizeConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let dynamodb = sdk.dynamodb();
    let state = StateTable::new(dynamodb.clone(), table.as_str()).refusing_before(not_before);
    let records = RecordsTable::new(dynamodb, records_table.as_str());
    state.connect().await;
    let router = smart_authorize::router(Tables { state, records }, public_url.clone());
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

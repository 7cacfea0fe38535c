//! The fhir-read function on AWS: both tables, and the public halves of the keys.

use std::process::ExitCode;
use std::sync::Arc;

use smart_aws::config::FhirReadConfig;
use smart_aws::{KmsPublicKeys, RecordsTable, Sdk, StateTable, Tables};
use smart_core::discovery::Offered;
use smart_fhir_read::Settings;
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(fhir_read()).await
}

async fn fhir_read() -> Result<Function, Fault> {
    let FhirReadConfig { public_url, table, not_before, records_table, signing_keys } =
        FhirReadConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let dynamodb = sdk.dynamodb();
    let state = StateTable::new(dynamodb.clone(), table.as_str()).refusing_before(not_before);
    let records = RecordsTable::new(dynamodb, records_table.as_str());
    // A read asks both tables at once: two connections.
    let keys = KmsPublicKeys::load(sdk.kms(), &signing_keys);
    let (keys, (), ()) = tokio::join!(keys, state.connect(), records.connect());
    let settings = Settings::new(&public_url, Offered::HERE);
    let router = smart_fhir_read::router(Tables { state, records }, keys?, &settings);
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

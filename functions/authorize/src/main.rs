//! The authorize function on AWS: both tables, the public halves of the keys, once an EHR asks, and the ways to sign in.

use std::process::ExitCode;
use std::sync::Arc;

use smart_authorize::{ClientSecret, Settings, SignInWays};
use smart_aws::config::AuthorizeConfig;
use smart_aws::{KmsPublicKeys, RecordsTable, Sdk, StateTable, Tables};
use smart_core::external::{SecretPlace, Web};
use smart_outbound::{Outbound, Reach};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(authorize()).await
}

async fn authorize() -> Result<Function, Fault> {
    let AuthorizeConfig { public_url, table, not_before, records_table, signing_keys, ehr_origins, sign_in } =
        AuthorizeConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let dynamodb = sdk.dynamodb();
    let state = StateTable::new(dynamodb.clone(), table.as_str()).refusing_before(not_before);
    let records = RecordsTable::new(dynamodb, records_table.as_str());
    let keys = KmsPublicKeys::new(sdk.kms(), &signing_keys);
    state.connect().await;
    let mut providers = Vec::new();
    for provider in sign_in.providers {
        let secret = match provider.authentication.secret() {
            Some(SecretPlace::SecretsManager(name)) => Some(ClientSecret::new(sdk.secret(name).await?)),
            _ => None,
        };
        providers.push((provider, secret));
    }
    let web: Arc<dyn Web> = Arc::new(Outbound::new(public_url.deployment(), Reach::Anywhere));
    let ways = SignInWays::new(providers, sign_in.local_users, &web, &public_url);
    let settings = Settings { here: public_url.clone(), ehr_origins };
    let router = smart_authorize::router_with(Tables { state, records }, keys, settings, ways);
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

//! The authorize function on AWS: both tables, no key, and the ways to sign in.

use std::process::ExitCode;
use std::sync::Arc;

use smart_authorize::{ClientSecret, SignInWays};
use smart_aws::config::AuthorizeConfig;
use smart_aws::{RecordsTable, Sdk, StateTable, Tables};
use smart_core::external::{SecretPlace, Web};
use smart_outbound::{Outbound, Reach};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(authorize()).await
}

async fn authorize() -> Result<Function, Fault> {
    let AuthorizeConfig { public_url, table, records_table, sign_in } = AuthorizeConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let dynamodb = sdk.dynamodb();
    let state = StateTable::new(dynamodb.clone(), table.as_str());
    let records = RecordsTable::new(dynamodb, records_table.as_str());
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
    let router = smart_authorize::router_with(Tables { state, records }, public_url.clone(), ways);
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

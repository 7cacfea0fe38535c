//! The token function on AWS: the state table, and the keys that sign.

use std::process::ExitCode;
use std::sync::Arc;

use smart_aws::config::TokenConfig;
use smart_aws::{KmsKeys, Sdk, StateTable};
use smart_outbound::{Outbound, PublishedKeys, Reach};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(token()).await
}

async fn token() -> Result<Function, Fault> {
    let TokenConfig { public_url, table, not_before, signing_keys, registration } =
        TokenConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let state = Arc::new(StateTable::new(sdk.dynamodb(), table.as_str()).refusing_before(not_before));
    let (keys, ()) = tokio::join!(KmsKeys::load(sdk.kms(), &signing_keys), state.connect());
    let key_sets = PublishedKeys::new(Outbound::new(public_url.deployment(), Reach::Public));
    let mut router = smart_token::router(Arc::clone(&state), keys?, key_sets, public_url.clone());
    if let Some(token) = registration {
        router = router.merge(smart_token::registration::router(state, token, public_url.clone()));
    }
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

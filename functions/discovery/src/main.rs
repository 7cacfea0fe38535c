//! The discovery function on AWS: of the keys in KMS it reads the public halves, and the brands from its own package.

use std::process::ExitCode;
use std::sync::Arc;

use smart_aws::config::DiscoveryConfig;
use smart_aws::{KmsPublicKeys, Sdk};
use smart_core::discovery::{Discovery, Offered};
use smart_web::lambda::{self, Fault, Function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(discovery()).await
}

async fn discovery() -> Result<Function, Fault> {
    let DiscoveryConfig { public_url, signing_keys, registration, brands } =
        DiscoveryConfig::from_environment()?;
    let sdk = Sdk::from_environment().await?;
    let keys = KmsPublicKeys::load(sdk.kms(), &signing_keys).await?;
    let discovery = Discovery::new(&public_url, Offered::HERE);
    let discovery = discovery.with_brands(brands.as_ref()).with_registration(registration);
    let router = smart_discovery::router(keys, discovery);
    Ok(Function { router, public_url, calls: Arc::new(move || sdk.calls()) })
}

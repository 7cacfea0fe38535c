//! The one place where the AWS SDK is put together.
//!
//! * **Lean**: no default features, since they bring a second, older TLS stack; TLS is rustls on aws-lc-rs, as everywhere here.
//!   Credentials come from where Lambda and containers have them, or from the profile files; not from SSO or a process.
//! * **Pinned**: the SDK's behaviour does not change under us with an update of the crate.
//! * **Bounded**: an attempt has two seconds, a call with all its attempts five, and a look for a write whose outcome is unknown two more. DynamoDB and KMS answer in milliseconds: what
//!   takes longer is lost, and asking again finds another machine. At most four attempts, with waits that double from 50 ms, drawn at
//!   random up to that (the SDK's standard mode), so that those who failed together do not come back together.
//! * **Roots**: AWS is trusted by Amazon's own roots, compiled in: they spare a cold start the reading of some 145 certificates,
//!   and no other authority can vouch for AWS. Whoever names an endpoint of their own (`AWS_ENDPOINT_URL…`) or a bundle
//!   (`AWS_CA_BUNDLE`) gets the host's roots, and the bundle's. So does an operator at a terminal, whose profile may name endpoints as well;
//!   a function that finds one there takes it for AWS.
//!
//! Regions, credentials and endpoints are read from the environment as every AWS SDK does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

use crate::config;
use crate::counted::Counted;

/// Amazon Root CA 1 to 4 and Starfield Services Root CA - G2: all roots of Amazon Trust Services
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &[u8] = include_bytes!("roots/amazon.pem");

/// The variables that point the SDK elsewhere than to AWS.
const ENDPOINTS: [&str; 5] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(2);
const CALL: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How long an attempt of the operator's import may take: ten megabytes over a slow line.
const PATIENT_ATTEMPT: Duration = Duration::from_mins(1);

/// Why AWS cannot be reached at all: one line for the operator.
#[derive(Debug, Error)]
pub enum SdkSetupError {
    /// `AWS_CA_BUNDLE` names a file that cannot be read.
    #[error("AWS_CA_BUNDLE: {}: {source}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `AWS_CA_BUNDLE` names a file without a usable certificate, or with one that is none.
    #[error("AWS_CA_BUNDLE: {}: expected a file of certificates in PEM form", path.display())]
    NoCertificates {
        /// The file.
        path: PathBuf,
    },
    /// There is no TLS to be had.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// A secret that is named cannot be had.
    #[error("the secret {name}: {why}")]
    Secret {
        /// Its name.
        name: String,
        /// Why: the service's own code.
        why: String,
    },
    /// Nothing says in which region the tables and keys are.
    #[error("no region: set AWS_REGION, or name one in the profile")]
    NoRegion,
}

/// What clients of AWS's services are made of.
#[derive(Clone, Debug)]
pub struct Sdk {
    config: SdkConfig,
    counted: Counted,
}

impl Sdk {
    /// Reads the environment. Nothing is sent yet.
    pub async fn from_environment() -> Result<Self, SdkSetupError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(CALL);
        Self::load(timeouts.build(), trust(config::variable, amazon)?).await
    }

    /// The same for a person at a terminal, far from the region and with all the time in the world.
    #[cfg(feature = "operator")]
    pub async fn for_operator() -> Result<Self, SdkSetupError> {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT * 5).operation_attempt_timeout(PATIENT_ATTEMPT);
        Self::load(timeouts.build(), trust(config::variable, TrustStore::default)?).await
    }

    async fn load(timeouts: TimeoutConfig, trust: TrustStore) -> Result<Self, SdkSetupError> {
        let context = TlsContext::builder().with_trust_store(trust).build();
        let context = context.map_err(|error| SdkSetupError::Tls(error.to_string()))?;
        let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context);
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(https.build_https())
            .timeout_config(timeouts)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_WAIT)
                    .with_max_backoff(LONGEST_WAIT),
            )
            .load()
            .await;
        if config.region().is_none() {
            return Err(SdkSetupError::NoRegion);
        }
        Ok(Self { config, counted: Counted::default() })
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        aws_sdk_dynamodb::Client::from_conf(config.interceptor(self.counted.clone()).build())
    }

    /// A client of KMS.
    pub fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::config::Builder::from(&self.config);
        aws_sdk_kms::Client::from_conf(config.interceptor(self.counted.clone()).build())
    }

    /// The secret that Secrets Manager keeps under a name or ARN: read once, at start.
    pub async fn secret(&self, name: &str) -> Result<String, SdkSetupError> {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        let client =
            aws_sdk_secretsmanager::Client::from_conf(config.interceptor(self.counted.clone()).build());
        let fault = |why: String| SdkSetupError::Secret { name: name.to_owned(), why };
        let answer = client.get_secret_value().secret_id(name).send().await.map_err(|error| {
            let service = error.as_service_error().and_then(|error| error.meta().code().map(str::to_owned));
            fault(service.unwrap_or_else(|| "no answer".to_owned()))
        })?;
        // As it is typed into the console, perhaps with a newline at its end.
        let secret = answer.secret_string().map(str::trim).filter(|secret| !secret.is_empty());
        secret.map(str::to_owned).ok_or_else(|| fault("it holds no text".to_owned()))
    }

    /// A client of CloudFormation.
    #[cfg(feature = "operator")]
    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.config)
    }

    /// How many calls the clients have made so far, each attempt counted.
    pub fn calls(&self) -> u64 {
        self.counted.calls()
    }

    /// What clients are made of, for one with something added.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

/// What a call of the operator's import is made with: it may take longer than a request.
pub(crate) fn patient() -> aws_sdk_dynamodb::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT * 5)
        .operation_attempt_timeout(PATIENT_ATTEMPT)
        .disable_operation_timeout();
    aws_sdk_dynamodb::Config::builder().timeout_config(timeouts.build())
}

/// What the read is made with that looks for a write whose outcome is unknown: the write may have had all the time of a call.
pub(crate) fn brief() -> aws_sdk_dynamodb::config::Builder {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(ATTEMPT);
    aws_sdk_dynamodb::Config::builder().timeout_config(timeouts.build())
}

/// Amazon's own roots alone.
fn amazon() -> TrustStore {
    TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
}

/// Whom to trust: where the environment says nothing of it, who is trusted `otherwise`.
fn trust(
    variable: impl Fn(&str) -> Option<String>,
    otherwise: impl FnOnce() -> TrustStore,
) -> Result<TrustStore, SdkSetupError> {
    if let Some(path) = variable("AWS_CA_BUNDLE") {
        return Ok(TrustStore::default().with_pem_certificate(bundle(Path::new(&path))?));
    }
    if ENDPOINTS.iter().any(|name| variable(name).is_some()) {
        return Ok(TrustStore::default());
    }
    Ok(otherwise())
}

/// Reads a bundle. The SDK takes certificates for granted and panics later: so they are tried here.
fn bundle(path: &Path) -> Result<Vec<u8>, SdkSetupError> {
    let pem = std::fs::read(path).map_err(|source| SdkSetupError::Bundle { path: path.into(), source })?;
    match certificates(&pem) {
        Some(count) if count > 0 => Ok(pem),
        _ => Err(SdkSetupError::NoCertificates { path: path.into() }),
    }
}

/// How many certificates there are; `None` if one of them is none.
fn certificates(pem: &[u8]) -> Option<usize> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.ok()?).ok()?;
    }
    Some(roots.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(set: &[(&str, &str)]) -> String {
        format!(
            "{:?}",
            trust(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()), amazon).unwrap()
        )
    }

    #[test]
    fn all_five_roots_of_amazon_are_there_and_can_be_used() {
        assert_eq!(certificates(AMAZON_ROOTS), Some(5));
    }

    #[test]
    fn aws_is_trusted_by_its_own_roots_and_others_by_the_hosts() {
        assert!(shown(&[]).contains("enable_native_roots: false"));
        // An operator's profile may name an endpoint, of which nothing is known here.
        let operators = trust(|_| None, TrustStore::default).unwrap();
        assert!(format!("{operators:?}").contains("enable_native_roots: true"));
        for name in ENDPOINTS {
            let own = shown(&[(name, "http://localhost:4566")]);
            assert!(own.contains("enable_native_roots: true") && own.contains("custom_certs: []"), "{name}");
        }
    }

    #[test]
    fn a_bundle_is_added_or_refused_by_name() {
        let roots = concat!(env!("CARGO_MANIFEST_DIR"), "/src/roots/amazon.pem");
        assert!(!shown(&[("AWS_CA_BUNDLE", roots)]).contains("custom_certs: []"));
        for (path, expected) in [
            ("/nowhere.pem", "/nowhere.pem: No such file"),
            (concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "expected a file of certificates"),
        ] {
            let refused =
                trust(|name| (name == "AWS_CA_BUNDLE").then(|| path.to_owned()), amazon).unwrap_err();
            assert!(refused.to_string().contains(expected), "{refused}");
        }
        assert_eq!(certificates(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None);
    }
}

//! An identity provider as this function knows it: its metadata, its keys, and what it answers.
//!
//! | | is used for | then |
//! |---|---|---|
//! | metadata | an hour | asked for anew; if that fails, used up to a day |
//! | keys | an hour | asked for anew, and at once for a key that is not known, but not more often than once a minute |
//! | a failure | ten seconds | so that a provider that is down does not hold every sign-in for as long as a connection may take |
//!
//! One request at a time asks; the others wait for what it finds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smart_core::client::metadata::Deployment;
use smart_core::external::{
    Authorization, Exchange, Expected, IdToken, IdTokenFault, KeyFault, Metadata, MetadataFault, Provider,
    ProviderKeys, TokenFault, Web, WebError, id_token_of,
};
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use thiserror::Error;
use tokio::sync::Mutex;

use super::ClientSecret;

const FRESH: Duration = Duration::from_hours(1);
const STALE: Duration = Duration::from_hours(24);
const KEYS_AGAIN: Duration = Duration::from_mins(1);
const FAILED: Duration = Duration::from_secs(10);

/// How long the way from a code to an ID token that was checked may take: a person waits, and a function is stopped after ten
/// seconds, in which there may be a request for metadata before.
const EXCHANGE: Duration = Duration::from_secs(5);

/// Why a provider brings nobody. Says nothing of the person.
#[derive(Clone, Debug, Error)]
pub(crate) enum RemoteFault {
    /// It does not answer.
    #[error("no answer: {0}")]
    Unreachable(#[from] WebError),
    /// It answers with an error of its own.
    #[error("its {0} answered with an error")]
    Failed(&'static str),
    /// What is found where its metadata should be is not its metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataFault),
    /// What is found where its keys should be are no keys.
    #[error("its keys are no JWK set")]
    Keys,
    /// Its token endpoint brings no ID token.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// Its ID token is not believed.
    #[error(transparent)]
    IdToken(#[from] IdTokenFault),
    /// Its secret is not there.
    #[error("its client secret is not known")]
    Secret,
}

/// A provider, and what is remembered of it.
pub(crate) struct Remote {
    provider: Provider,
    secret: Option<ClientSecret>,
    web: Arc<dyn Web>,
    deployment: Deployment,
    metadata: Mutex<Kept<Metadata>>,
    keys: Mutex<Kept<ProviderKeys>>,
}

/// What was fetched, and when; and the last failure since.
struct Kept<T> {
    value: Option<(Arc<T>, Instant)>,
    failure: Option<(RemoteFault, Instant)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: None, failure: None }
    }
}

impl<T> Kept<T> {
    /// What was fetched within `age`.
    fn within(&self, age: Duration, now: Instant) -> Option<Arc<T>> {
        let (value, at) = self.value.as_ref()?;
        (now.since(*at) < age).then(|| Arc::clone(value))
    }

    /// The failure that is not to be tried again yet.
    fn failing(&self, now: Instant) -> Option<RemoteFault> {
        let (fault, at) = self.failure.as_ref()?;
        (now.since(*at) < FAILED).then(|| fault.clone())
    }

    fn keep(&mut self, fetched: Result<T, RemoteFault>, now: Instant) -> Result<Arc<T>, RemoteFault> {
        match fetched {
            Ok(value) => {
                let value = Arc::new(value);
                *self = Self { value: Some((Arc::clone(&value), now)), failure: None };
                Ok(value)
            }
            Err(fault) => {
                self.failure = Some((fault.clone(), now));
                Err(fault)
            }
        }
    }
}

impl Remote {
    pub(super) fn new(
        provider: Provider,
        secret: Option<ClientSecret>,
        web: Arc<dyn Web>,
        deployment: Deployment,
    ) -> Self {
        Self { provider, secret, web, deployment, metadata: Mutex::default(), keys: Mutex::default() }
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The provider's metadata.
    pub(crate) async fn metadata(&self, now: Instant) -> Result<Arc<Metadata>, RemoteFault> {
        let mut kept = self.metadata.lock().await;
        if let Some(fresh) = kept.within(FRESH, now) {
            return Ok(fresh);
        }
        let fault = match kept.failing(now) {
            Some(fault) => fault,
            None => match kept.keep(self.fetch_metadata().await, now) {
                Ok(metadata) => return Ok(metadata),
                Err(fault) => fault,
            },
        };
        kept.within(STALE, now).ok_or(fault)
    }

    async fn fetch_metadata(&self) -> Result<Metadata, RemoteFault> {
        let document = self.get(&self.provider.metadata_url(), "metadata").await?;
        Ok(Metadata::read(&document, &self.provider, self.deployment)?)
    }

    async fn get(&self, url: &str, what: &'static str) -> Result<Value, RemoteFault> {
        let answer = self.web.get_json(url).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(RemoteFault::Failed(what)) }
    }

    /// The provider's keys; anew, if they lack one and were not fetched within the last minute.
    async fn keys(&self, now: Instant, lack_one: bool) -> Result<Arc<ProviderKeys>, RemoteFault> {
        let metadata = self.metadata(now).await?;
        let mut kept = self.keys.lock().await;
        if let Some(keys) = kept.within(if lack_one { KEYS_AGAIN } else { FRESH }, now) {
            return Ok(keys);
        }
        if let Some(fault) = kept.failing(now) {
            return Err(fault);
        }
        let fetched = self.get(&metadata.jwks_uri, "key set").await;
        let keys = fetched.and_then(|jwks| ProviderKeys::read(&jwks).ok_or(RemoteFault::Keys));
        kept.keep(keys, now)
    }

    /// Redeems a code, and checks the ID token that it brings.
    pub(super) async fn id_token(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &Digest,
        expected: &Expected<'_>,
    ) -> Result<IdToken, RemoteFault> {
        let exchange = async {
            let token = self.redeem(code, redirect_uri, verifier, expected.now).await?;
            self.check(&token, expected).await
        };
        let in_time = tokio::time::timeout(EXCHANGE, exchange).await;
        in_time.map_err(|_| WebError(format!("it takes longer than {} seconds", EXCHANGE.as_secs())))?
    }

    /// Redeems a code for an ID token that nobody has looked at yet.
    async fn redeem(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &Digest,
        now: Instant,
    ) -> Result<String, RemoteFault> {
        let metadata = self.metadata(now).await?;
        let secret = self.secret.as_ref().map(|secret| secret.0.as_str());
        let exchange = Exchange::new(&self.provider, secret, code, redirect_uri, verifier);
        let exchange = exchange.ok_or(RemoteFault::Secret)?;
        let authorization = exchange.authorization.as_ref().map(Authorization::reveal);
        let answer = self.web.post_form(&metadata.token_endpoint, &exchange.form, authorization).await?;
        Ok(id_token_of(answer.status, &answer.body)?.to_owned())
    }

    /// Checks an ID token. A key that is not known may be a new one (OIDC Core §10.1.1).
    async fn check(&self, token: &str, expected: &Expected<'_>) -> Result<IdToken, RemoteFault> {
        let keys = self.keys(expected.now, false).await?;
        match IdToken::check(token, &keys, expected) {
            Err(IdTokenFault::Key(KeyFault::Unknown)) => {
                let keys = self.keys(expected.now, true).await?;
                Ok(IdToken::check(token, &keys, expected)?)
            }
            checked => Ok(checked?),
        }
    }
}

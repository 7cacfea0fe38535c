//! An identity provider as this function knows it: its metadata, its keys, and what it answers.
//!
//! | | is asked for anew | is used |
//! |---|---|---|
//! | metadata | after an hour | for a day, if the provider does not answer |
//! | keys | after an hour, or half of the time that the provider lets them be kept; at once for a key that is not known, but not more often than once a minute | no longer than the provider lets them be kept, and no longer than a day; two hours, if it does not say |
//!
//! Who asks, and who waits, `kept` decides.

use std::sync::Arc;
use std::time::Duration;

use smart_core::client::metadata::Deployment;
use smart_core::external::{
    Authorization, Exchange, Expected, IdToken, IdTokenFault, KeyFault, Metadata, MetadataFault, Provider,
    ProviderKeys, TokenFault, Web, WebError, id_token_of,
};
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use thiserror::Error;

use super::ClientSecret;
use super::kept::{Kept, Life};

/// How soon what is published is asked for anew.
const ANEW: Duration = Duration::from_hours(1);

/// How long it is used at most: who withdraws a key is not to wait for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// How long keys are good of which the provider does not say how long.
const UNSAID: Duration = Duration::from_hours(2);

/// How long the way from a code to an ID token that was checked may take: a person waits, and a function is stopped after ten
/// seconds, in which there may be a request for metadata before.
const EXCHANGE: Duration = Duration::from_secs(5);

/// Why a provider brings nobody. Says nothing of the person.
#[derive(Clone, Debug, Error)]
pub(crate) enum RemoteFault {
    /// It does not answer.
    #[error("no answer: {0}")]
    Unreachable(#[from] WebError),
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
    metadata: Kept<Metadata>,
    keys: Kept<ProviderKeys>,
}

impl Remote {
    pub(super) fn new(
        provider: Provider,
        secret: Option<ClientSecret>,
        web: Arc<dyn Web>,
        deployment: Deployment,
    ) -> Self {
        Self { provider, secret, web, deployment, metadata: Kept::default(), keys: Kept::default() }
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The provider's metadata.
    pub(crate) async fn metadata(&self, now: Instant) -> Result<Arc<Metadata>, RemoteFault> {
        let ask = async {
            let published = self.web.get_json(&self.provider.metadata_url()).await?;
            let metadata = Metadata::read(&published.body, &self.provider, self.deployment)?;
            Ok((metadata, Life { anew: ANEW, good: LONGEST }))
        };
        self.metadata.get(now, false, ask).await
    }

    /// The provider's keys; anew, if they lack one and were not fetched within the last minute.
    async fn keys(&self, now: Instant, lack_one: bool) -> Result<Arc<ProviderKeys>, RemoteFault> {
        let ask = async {
            let metadata = self.metadata(now).await?;
            let published = self.web.get_json(&metadata.jwks_uri).await?;
            let keys = ProviderKeys::read(&published.body).ok_or(RemoteFault::Keys)?;
            let good = published.max_age.unwrap_or(UNSAID).min(LONGEST);
            Ok((keys, Life { anew: ANEW.min(good / 2), good }))
        };
        self.keys.get(now, lack_one, ask).await
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

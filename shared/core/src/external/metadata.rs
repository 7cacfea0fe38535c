//! A provider's metadata: whether it is that provider's, and the little that is used of it (OIDC Discovery §3, §4.3).

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::provider::{Provider, may_be_asked};
use crate::client::metadata::Deployment;

/// What is used of a discovery document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Where browsers are sent.
    pub authorization_endpoint: Url,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Whether answers name their issuer (RFC 9207 §3).
    pub names_issuer: bool,
}

/// Why a discovery document is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetadataFault {
    /// It is not a metadata document.
    #[error("the metadata lacks a member that it must have")]
    Form,
    /// It is somebody else's (OIDC Discovery §4.3: exactly the URL that was asked with).
    #[error("the metadata is of another issuer")]
    Issuer,
    /// One of its URLs is none that may be asked.
    #[error("an endpoint of the metadata is no https URL")]
    Endpoint,
}

impl Metadata {
    /// Reads the document that was found for `provider`.
    pub fn read(
        document: &Value,
        provider: &Provider,
        deployment: Deployment,
    ) -> Result<Self, MetadataFault> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            authorization_endpoint: String,
            token_endpoint: String,
            jwks_uri: String,
            #[serde(default)]
            authorization_response_iss_parameter_supported: bool,
        }
        let document = Document::deserialize(document).map_err(|_| MetadataFault::Form)?;
        if document.issuer != provider.issuer {
            return Err(MetadataFault::Issuer);
        }
        let endpoint = |text: &str| {
            let url = Url::parse(text).map_err(|_| MetadataFault::Endpoint)?;
            let good = may_be_asked(&url, deployment) && url.fragment().is_none();
            if good { Ok(url) } else { Err(MetadataFault::Endpoint) }
        };
        endpoint(&document.token_endpoint)?;
        endpoint(&document.jwks_uri)?;
        Ok(Self {
            authorization_endpoint: endpoint(&document.authorization_endpoint)?,
            token_endpoint: document.token_endpoint,
            jwks_uri: document.jwks_uri,
            names_issuer: document.authorization_response_iss_parameter_supported,
        })
    }
}

//! `GET /fhir/metadata`: the capability statement, written once at start (FHIR-01, CAPST rows).

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Response};
use smart_core::fhir::capability::{Capability, OAuthUris};
use smart_core::secret::Digest;

use crate::Settings;
use crate::negotiation::Format;
use crate::response::{Caching, Validators, ok};

/// When what the statement says last changed.
const DATE: &str = "2026-11-24";

/// The statement and its entity tag.
pub(crate) struct Metadata {
    body: Bytes,
    validators: Validators,
}

impl Metadata {
    pub(crate) fn new(settings: &Settings) -> Self {
        let statement = Capability {
            base: &settings.base,
            version: env!("CARGO_PKG_VERSION"),
            date: DATE,
            oauth: OAuthUris {
                authorize: &settings.authorization_endpoint,
                token: &settings.token_endpoint,
                introspect: settings.introspection_endpoint.as_deref(),
                revoke: settings.revocation_endpoint.as_deref(),
                manage: settings.management_endpoint.as_deref(),
            },
        };
        let body = Bytes::from(statement.statement().to_string());
        let etag = format!("W/\"{}\"", Digest::of(&body));
        Self { body, validators: Validators { etag, last_modified: None } }
    }

    pub(crate) fn respond(&self, asked: &HeaderMap, format: Format) -> Response<Body> {
        self.validators.apply(asked, Caching::Public, || ok(format, Caching::Public, self.body.clone()))
    }
}

//! The discovery function: SMART, OIDC and OAuth metadata, the public keys, the brands of who stands behind the records, and the style
//! of apps that an EHR launches.
//!
//! The documents are the same for everyone and change only with the configuration: they are written once, at
//! start, from what is configured and never from a request (SEC-21), and served from memory. Nobody is asked who they
//! are, and every origin may read them (DISC-05, DISC-06).

mod document;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;
use http::HeaderMap;
use serde_json::json;
use smart_core::discovery::Discovery;
use smart_core::launch::style;
use smart_core::ports::{PublicKeys, Unavailable};
use smart_web::cors::Cors;

use self::document::Document;

/// The routes; `keys` are read once, now.
pub async fn router<K: PublicKeys>(keys: &K, discovery: Discovery<'_>) -> Result<Router, Unavailable> {
    let keys = keys.public_keys().await?;
    let documents = [
        ("/fhir/.well-known/smart-configuration", Document::new(&discovery.smart_configuration())),
        ("/.well-known/openid-configuration", Document::new(&discovery.openid_configuration())),
        ("/.well-known/oauth-authorization-server", Document::new(&discovery.authorization_server())),
        ("/.well-known/jwks.json", Document::new(&json!({ "keys": keys }))),
        ("/auth/style/v1.json", Document::new(&style())),
    ];
    // Where none are published, there is nothing.
    let brands = discovery.brand_bundle().map(|bundle| ("/brands.json", Document::resource(bundle)));
    let router = documents.into_iter().chain(brands).fold(Router::new(), |router, (path, document)| {
        router.route(
            path,
            get(move |headers: HeaderMap| {
                let answer = document.answer(&headers);
                async move { answer }
            }),
        )
    });
    Ok(Cors::DISCOVERY.open(router))
}

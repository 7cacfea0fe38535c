//! The discovery function: SMART, OIDC and OAuth metadata, the public keys, and the style of apps that an EHR launches.
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
use serde_json::{Value, json};
use smart_core::discovery::Discovery;
use smart_core::launch::style;
use smart_core::ports::{PublicKeys, Unavailable};
use smart_web::cors::Cors;

use self::document::Document;

/// The routes; `keys` are read once, now.
pub async fn router<K: PublicKeys>(keys: &K, discovery: Discovery<'_>) -> Result<Router, Unavailable> {
    let keys = keys.public_keys().await?;
    let documents: [(&str, Value); 5] = [
        ("/fhir/.well-known/smart-configuration", discovery.smart_configuration()),
        ("/.well-known/openid-configuration", discovery.openid_configuration()),
        ("/.well-known/oauth-authorization-server", discovery.authorization_server()),
        ("/.well-known/jwks.json", json!({ "keys": keys })),
        ("/auth/style/v1.json", style()),
    ];
    let router = documents.into_iter().fold(Router::new(), |router, (path, content)| {
        let document = Document::new(&content);
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

//! The discovery function: SMART, OIDC and OAuth metadata, the public keys, the brands of who stands behind the records, and the style
//! of apps that an EHR launches.
//!
//! The documents are the same for everyone and change only with the configuration: they are written once, at
//! start, from what is configured and never from a request (SEC-21), and served from memory. The key set is asked for once a minute; while
//! it cannot be had, the others are served without it. Nobody is asked who they are, and every origin may read them (DISC-05, DISC-06).

mod document;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use http::HeaderMap;
use serde_json::json;
use smart_core::discovery::Discovery;
use smart_core::instant::Instant;
use smart_core::launch::style;
use smart_core::ports::{PublicKeys, Unavailable};
use smart_web::arrival::Arrival;
use smart_web::cached::Cached;
use smart_web::cors::Cors;
use smart_web::response;

use self::document::Document;

/// The routes.
pub fn router<K: PublicKeys + 'static>(keys: K, discovery: Discovery<'_>) -> Router {
    let documents = [
        ("/fhir/.well-known/smart-configuration", Document::new(&discovery.smart_configuration())),
        ("/.well-known/openid-configuration", Document::new(&discovery.openid_configuration())),
        ("/.well-known/oauth-authorization-server", Document::new(&discovery.authorization_server())),
        ("/auth/style/v1.json", Document::new(&style())),
    ];
    // Where none are published, there is nothing.
    let brands = discovery.brand_bundle().map(|bundle| ("/brands.json", Document::resource(bundle)));
    let key_set = Arc::new(KeySet { keys, document: Cached::new() });
    let published = get(move |Extension(Arrival(now)): Extension<Arrival>, headers: HeaderMap| async move {
        match key_set.document(now).await {
            Ok(document) => document.answer(&headers),
            Err(unavailable) => response::unavailable(&unavailable),
        }
    });
    let router = Router::new().route("/.well-known/jwks.json", published);
    let router = documents.into_iter().chain(brands).fold(router, |router, (path, document)| {
        router.route(
            path,
            get(move |headers: HeaderMap| {
                let answer = document.answer(&headers);
                async move { answer }
            }),
        )
    });
    Cors::DISCOVERY.open(router)
}

/// The keys that sign or lately signed, and what was written of them last.
struct KeySet<K> {
    keys: K,
    document: Cached<(), Document>,
}

impl<K: PublicKeys> KeySet<K> {
    /// RFC 7517 §5.
    async fn document(&self, now: Instant) -> Result<Document, Unavailable> {
        let written = async { Ok(Some(Document::new(&json!({ "keys": self.keys.public_keys().await? })))) };
        let document = self.document.get_or(&(), now, written).await?;
        document.ok_or_else(|| Unavailable::new("discovery", "no key set was written"))
    }
}

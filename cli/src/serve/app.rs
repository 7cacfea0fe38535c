//! The four functions as one application: each a Router that knows nothing of the others.

use std::sync::Arc;

use axum::Router;
use smart_authorize::SignInWays;
use smart_core::brands::UserAccessBrands;
use smart_core::client::registration::InitialAccessToken;
use smart_core::deployment::{EhrOrigins, PublicUrl};
use smart_core::discovery::{Discovery, Offered};
use smart_fhir_read::Settings;
use smart_local::{LocalStore, SoftwareKeys};
use smart_outbound::{Outbound, PublishedKeys, Reach};
use smart_web::{arrival, fallback, observe};

use super::{ehr, terminator};

/// What differs from one server to another.
pub(crate) struct Options {
    /// Which EHRs may embed the pages.
    pub(crate) ehr_origins: EhrOrigins,
    /// How people sign in.
    pub(crate) ways: SignInWays,
    /// Which token lets programs register clients; without one, none may.
    pub(crate) registration: Option<InitialAccessToken>,
    /// Who stands behind the records, if that is said.
    pub(crate) brands: Option<UserAccessBrands>,
    /// Whether the demo's app and EHR are served.
    pub(crate) has_demo: bool,
}

/// All routes of one port; those that are an option only where it is taken.
pub(crate) fn compose(
    store: &Arc<LocalStore>,
    keys: &Arc<SoftwareKeys>,
    url: &PublicUrl,
    options: Options,
) -> Router {
    let Options { ehr_origins, ways, registration, brands, has_demo } = options;
    // The demo's EHR is one.
    let ehr_origins = if has_demo { ehr_origins.and(url) } else { ehr_origins };
    let (store, keys) = (|| Arc::clone(store), || Arc::clone(keys));
    let key_sets = PublishedKeys::new(Outbound::new(url.deployment(), Reach::Public));
    let discovery = Discovery::new(url, Offered::HERE)
        .with_brands(brands.as_ref())
        .with_registration(registration.is_some());
    let mut app = smart_discovery::router(keys(), discovery)
        .merge(smart_authorize::router_with(
            store(),
            keys(),
            smart_authorize::Settings { here: url.clone(), ehr_origins },
            ways,
        ))
        .merge(smart_token::router(store(), keys(), key_sets, url.clone()))
        .merge(smart_fhir_read::router(store(), keys(), &Settings::new(url, Offered::HERE)));
    if let Some(token) = registration {
        app = app.merge(smart_token::registration::router(store(), token, url.clone()));
    }
    if has_demo {
        app = app.merge(smart_demo::router()).merge(ehr::router(store(), url.clone()));
    }
    // The instant and the log line come first: they belong to whatever is asked, also where there is nothing.
    let app = terminator::layer(fallback::answers(app), url);
    arrival::stamp(observe::layer(app), arrival::system_clock)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    /// SEC-19: every answer of the whole application, also where there is nothing.
    #[tokio::test]
    async fn sec_19_behind_a_tls_terminator_every_answer_says_hsts() {
        let store = Arc::new(LocalStore::in_memory().await.unwrap());
        let keys = Arc::new(SoftwareKeys::generate(arrival::system_clock).unwrap());
        let mut said = BTreeSet::new();
        for (url, expected) in [("https://smart.example", true), ("http://localhost:8080", false)] {
            let url: PublicUrl = url.parse().unwrap();
            let options = Options {
                ehr_origins: EhrOrigins::default(),
                ways: SignInWays::local(),
                registration: None,
                brands: None,
                has_demo: false,
            };
            let app = compose(&store, &keys, &url, options);
            for path in ["/fhir/metadata", "/auth/login", "/.well-known/jwks.json", "/auth/token", "/nowhere"]
            {
                let answer =
                    app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
                said.insert(answer.status().as_u16());
                assert_eq!(
                    answer.headers().contains_key("strict-transport-security"),
                    expected,
                    "{url:?} {path}"
                );
            }
        }
        assert!(said.len() > 2, "pages, documents and errors: {said:?}");
    }
}

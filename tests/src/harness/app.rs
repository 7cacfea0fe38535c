//! The four functions as one application, in memory, put together as `smart serve` does it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use smart_core::brands::UserAccessBrands;
use smart_core::client::registration::InitialAccessToken;
use smart_core::deployment::PublicUrl;
use smart_core::discovery::{Discovery, Offered};
use smart_core::instant::Instant;
use smart_core::ports::{PublicKeys, Signer};
use smart_fhir_read::Settings;
use smart_local::{LocalStore, SoftwareKey};
use smart_outbound::{Outbound, PublishedKeys, Reach};
use smart_web::{arrival, fallback, observe};

use super::world;

/// The application, and what a test inside its process may reach behind it.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) url: PublicUrl,
    pub(crate) store: Arc<LocalStore>,
    pub(crate) key: Arc<SoftwareKey>,
    /// The paths that are routed.
    pub(crate) paths: Vec<String>,
}

impl App {
    /// The application at `url`, with the whole world in its store, and `clock` for its time.
    pub(crate) async fn at(url: &str, clock: impl Fn() -> Instant + Clone + Send + Sync + 'static) -> Self {
        let store = Arc::new(LocalStore::in_memory().await.unwrap());
        Self::over(Arc::clone(&store), signing_key(), store, url, clock).await
    }

    /// The same, where whoever bears `token` registers clients.
    pub(crate) async fn registering(
        token: InitialAccessToken,
        url: &str,
        clock: impl Fn() -> Instant + Clone + Send + Sync + 'static,
    ) -> Self {
        let store = Arc::new(LocalStore::in_memory().await.unwrap());
        let here: PublicUrl = url.parse().unwrap();
        let registration = smart_token::registration::router(Arc::clone(&store), token, here);
        Self::with(Arc::clone(&store), signing_key(), store, url, clock, Some(registration)).await
    }

    /// The same over ports of a test's own, which stand on `store` and on the key of [`signing_key`].
    pub(crate) async fn over<S, K>(
        ports: S,
        keys: K,
        store: Arc<LocalStore>,
        url: &str,
        clock: impl Fn() -> Instant + Clone + Send + Sync + 'static,
    ) -> Self
    where
        S: smart_authorize::Store + smart_token::Store + smart_fhir_read::Store + Clone,
        K: Signer + PublicKeys + Clone + 'static,
    {
        Self::with(ports, keys, store, url, clock, None).await
    }

    /// The same with the endpoint that registers clients, where there is one.
    async fn with<S, K>(
        ports: S,
        keys: K,
        store: Arc<LocalStore>,
        url: &str,
        clock: impl Fn() -> Instant + Clone + Send + Sync + 'static,
        registration: Option<Router>,
    ) -> Self
    where
        S: smart_authorize::Store + smart_token::Store + smart_fhir_read::Store + Clone,
        K: Signer + PublicKeys + Clone + 'static,
    {
        let url: PublicUrl = url.parse().unwrap();
        world::load(&store, clock()).await;
        let key_sets = PublishedKeys::new(Outbound::new(url.deployment(), Reach::Public));
        let brands = UserAccessBrands::read(include_str!("brands.json"), &url).unwrap();
        let discovery = Discovery::new(&url, Offered::HERE)
            .with_brands(Some(&brands))
            .with_registration(registration.is_some());
        let functions = smart_discovery::router(keys.clone(), discovery)
            .merge(smart_authorize::router(ports.clone(), keys.clone(), url.clone()))
            .merge(smart_token::router(ports.clone(), keys.clone(), key_sets, url.clone()))
            .merge(smart_fhir_read::router(ports, keys, &Settings::new(&url, Offered::HERE)))
            .merge(registration.unwrap_or_default());
        let paths = paths_of(&functions);
        let router = arrival::stamp(observe::layer(fallback::answers(functions)), clock);
        Self { router, url, store, key: signing_key(), paths }
    }
}

/// The key that signs tokens: one for each process, since it takes a while to make.
pub(crate) fn signing_key() -> Arc<SoftwareKey> {
    static KEY: OnceLock<Arc<SoftwareKey>> = OnceLock::new();
    Arc::clone(KEY.get_or_init(|| Arc::new(SoftwareKey::generate().unwrap())))
}

/// The paths that a router knows. axum has no list of them but prints them for debugging; a release that prints them
/// otherwise fails the test that compares them with a table, and hides nothing.
fn paths_of(router: &Router) -> Vec<String> {
    let printed = format!("{router:?}");
    let (_, node) = printed.split_once("node: Node { paths: {").expect("axum prints the paths of a router");
    let (paths, _) = node.split_once("} }").unwrap();
    let mut paths: Vec<String> = paths.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    paths.sort();
    paths
}

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    /// 2 March 2026, ten o'clock.
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_772_445_600)))
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_unix(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

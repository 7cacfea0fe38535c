//! The four functions as one application: each a Router that knows nothing of the others.

use std::sync::Arc;

use axum::Router;
use smart_core::deployment::PublicUrl;
use smart_core::discovery::{Discovery, Offered};
use smart_fhir_read::Settings;
use smart_local::{LocalStore, SoftwareKeys};
use smart_web::{arrival, fallback, observe};

use crate::failure::Failure;

/// All routes of one port; those of the demo only where it is on.
pub(crate) async fn compose(
    store: &Arc<LocalStore>,
    keys: &Arc<SoftwareKeys>,
    url: &PublicUrl,
    has_demo: bool,
) -> Result<Router, Failure> {
    let (store, keys) = (|| Arc::clone(store), || Arc::clone(keys));
    let mut app = smart_discovery::router(&*keys(), Discovery::new(url, Offered::HERE))
        .await?
        .merge(smart_authorize::router(store(), url.clone()))
        .merge(smart_token::router(store(), keys(), url.clone()))
        .merge(smart_fhir_read::router(store(), keys(), &Settings::new(url, Offered::HERE)));
    if has_demo {
        app = app.merge(smart_demo::router());
    }
    // The instant and the log line come first: they belong to whatever is asked, also where there is nothing.
    Ok(arrival::stamp(observe::layer(fallback::answers(app)), arrival::system_clock))
}

//! The four functions as one application: each a Router that knows nothing of the others.

use std::sync::Arc;

use axum::Router;
use smart_authorize::SignInWays;
use smart_core::brands::UserAccessBrands;
use smart_core::deployment::{EhrOrigins, PublicUrl};
use smart_core::discovery::{Discovery, Offered};
use smart_fhir_read::Settings;
use smart_local::{LocalStore, SoftwareKeys};
use smart_outbound::{Outbound, PublishedKeys, Reach};
use smart_web::{arrival, fallback, observe};

use super::ehr;
use crate::failure::Failure;

/// All routes of one port; those of the demo only where it is on.
pub(crate) async fn compose(
    store: &Arc<LocalStore>,
    keys: &Arc<SoftwareKeys>,
    url: &PublicUrl,
    ehr_origins: &EhrOrigins,
    ways: SignInWays,
    brands: Option<&UserAccessBrands>,
    has_demo: bool,
) -> Result<Router, Failure> {
    // The demo's EHR is one.
    let ehr_origins = if has_demo { ehr_origins.clone().and(url) } else { ehr_origins.clone() };
    let (store, keys) = (|| Arc::clone(store), || Arc::clone(keys));
    let key_sets = PublishedKeys::new(Outbound::new(url.deployment(), Reach::Public));
    let discovery = Discovery::new(url, Offered::HERE).with_brands(brands);
    let mut app = smart_discovery::router(&*keys(), discovery)
        .await?
        .merge(smart_authorize::router_with(
            store(),
            keys(),
            smart_authorize::Settings { here: url.clone(), ehr_origins },
            ways,
        ))
        .merge(smart_token::router(store(), keys(), key_sets, url.clone()))
        .merge(smart_fhir_read::router(store(), keys(), &Settings::new(url, Offered::HERE)));
    if has_demo {
        app = app.merge(smart_demo::router()).merge(ehr::router(store(), url.clone()));
    }
    // The instant and the log line come first: they belong to whatever is asked, also where there is nothing.
    Ok(arrival::stamp(observe::layer(fallback::answers(app)), arrival::system_clock))
}

//! The four functions as one application: each a Router that knows nothing of the others.

use std::sync::Arc;

use axum::Router;
use smart_core::deployment::PublicUrl;
use smart_core::discovery::{Discovery, Offered};
use smart_local::{LocalStore, SoftwareKey};
use smart_web::{arrival, fallback, observe};

use crate::failure::Failure;

/// What works besides the authorization code flow. Discovery and the capability statement say the same.
const OFFERED: Offered = Offered { introspection: false, revocation: false, management: false };

/// All routes of one port; those of the demo only where it is on.
pub(crate) async fn compose(
    store: &Arc<LocalStore>,
    key: &Arc<SoftwareKey>,
    url: &PublicUrl,
    has_demo: bool,
) -> Result<Router, Failure> {
    let (store, key) = (|| Arc::clone(store), || Arc::clone(key));
    let mut app = smart_discovery::router(&*key(), Discovery::new(url, OFFERED))
        .await?
        .merge(smart_authorize::router(store(), url.clone()))
        .merge(smart_token::router(store(), key(), url.clone()))
        .merge(smart_fhir_read::router(store(), key(), &capability_statement(url)));
    if has_demo {
        app = app.merge(smart_demo::router());
    }
    // The instant and the log line come first: they belong to whatever is asked, also where there is nothing.
    Ok(arrival::stamp(observe::layer(fallback::answers(app)), arrival::system_clock))
}

fn capability_statement(url: &PublicUrl) -> smart_fhir_read::Settings {
    let offered = |works: bool, path| works.then(|| url.endpoint(path));
    smart_fhir_read::Settings {
        issuer: url.issuer().to_owned(),
        base: url.fhir_base().to_owned(),
        authorization_endpoint: url.endpoint("/auth/authorize"),
        token_endpoint: url.endpoint("/auth/token"),
        introspection_endpoint: offered(OFFERED.introspection, "/auth/introspect"),
        revocation_endpoint: offered(OFFERED.revocation, "/auth/revoke"),
        management_endpoint: offered(OFFERED.management, "/auth/access"),
    }
}

//! What follows from where the service is.

use smart_core::deployment::PublicUrl;
use smart_core::discovery::Offered;

use crate::Settings;

impl Settings {
    /// The settings of the service at `here`. Of what it offers, discovery says the same.
    pub fn new(here: &PublicUrl, works: Offered) -> Self {
        let offered = |works: bool, path| works.then(|| here.endpoint(path));
        let Offered { introspection, revocation, management } = works;
        Self {
            issuer: here.issuer().to_owned(),
            base: here.fhir_base().to_owned(),
            authorization_endpoint: here.endpoint("/auth/authorize"),
            token_endpoint: here.endpoint("/auth/token"),
            introspection_endpoint: offered(introspection, "/auth/introspect"),
            revocation_endpoint: offered(revocation, "/auth/revoke"),
            management_endpoint: offered(management, "/auth/access"),
        }
    }
}

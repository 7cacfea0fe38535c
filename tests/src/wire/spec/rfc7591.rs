//! RFC 7591, OAuth 2.0 Dynamic Client Registration: off, unless an operator turns it on. `crate::clock::registration` turns it on.

use http::Method;
use serde_json::Value;

use crate::harness::SmartApp;

/// DISC-14, REG-07: where programs register no clients, no document says so, and there is nothing to ask.
#[tokio::test]
async fn disc_14_there_is_no_registration_endpoint_unless_it_is_turned_on() {
    let app = SmartApp::on_wire("web").await;
    let issuer = app.target.url().issuer();
    assert_eq!(app.metadata.get("registration_endpoint"), None::<&Value>);
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let document = app.target.get(&format!("{issuer}/.well-known/{name}")).send().await.ok();
        assert_eq!(document.get("registration_endpoint"), None::<&Value>, "{name}");
    }
    let call = app.target.call(Method::POST, &format!("{issuer}/auth/register")).bearer("guessed");
    call.header("content-type", "application/json").body("{}").send().await.is(404);
}

//! The apps that are registered.
//!
//! | client | is |
//! |---|---|
//! | `web` | a public app in a browser; its second redirect URI has a query |
//! | `native` | a public app on a device: loopback and a private-use scheme |
//! | `basic`, `post` | confidential, by a secret in the header or in the form |
//! | `es384`, `rs384` | confidential, by an assertion |
//! | `rs256` | confidential, by an assertion of RS256, which is turned on for it alone |
//! | `published` | as `es384`, by a key that it publishes: a test has to listen there |
//! | `trusted` | confidential, and its consent is remembered |
//! | `brief` | may not refresh |
//! | `narrow` | is registered for two scopes |
//! | `disabled` | was disabled |
//! | `backend` | has no users: `client_credentials` |
//! | `inferno` | as the test kits of (g)(10) are registered: a secret that needs no encoding, and a launch URL |
//! | `introspector` | may introspect any token: as itself, and by a token with the scope for it |
//! | `ehr` | may make launches |

use serde_json::{Value, json};

use crate::harness::keys::ClientKeys;

/// The secrets of the symmetric clients. The one of `basic` needs form-encoding (SYM-02).
pub(crate) const BASIC_SECRET: &str = "tests-only%41+b:c d&e=f-7RkV0qPz";
pub(crate) const POST_SECRET: &str = "tests-only-u3Xw9LmQ2sTfYbN6";
pub(crate) const TRUSTED_SECRET: &str = "tests-only-Wd6Yc1TgZ9sKpRe2";
pub(crate) const INFERNO_SECRET: &str = "tests-only-Qz7Lk2Vw9XbTn4Rd";
pub(crate) const INTROSPECTOR_SECRET: &str = "tests-only-Jk5Hd8RzC1vMnPq4";
pub(crate) const EHR_SECRET: &str = "tests-only-Wp7Ex2BnK9cLrQz5";

/// Where an EHR opens the app `web`: with a query of its own. The apps `es384` and `trusted` have a plain one.
pub(crate) const WEB_LAUNCH: &str = "https://app.example/launch?site=7";
pub(crate) const SERVER_LAUNCH: &str = "https://server.example/launch";

/// Where apps are sent back to.
pub(crate) const WEB_REDIRECT: &str = "https://app.example/callback";
pub(crate) const WEB_REDIRECT_WITH_QUERY: &str = "https://app.example/other?tenant=7&x=%20";
pub(crate) const NATIVE_LOOPBACK: &str = "http://127.0.0.1/callback";
pub(crate) const NATIVE_SCHEME: &str = "com.example.app:/callback";
pub(crate) const SERVER_REDIRECT: &str = "https://server.example/callback";

/// All that a client with users can be registered for.
const EVERYTHING: &str = "openid fhirUser profile launch launch/patient launch/encounter launch/imagingstudy launch/servicerequest offline_access online_access \
                          patient/*.cruds user/*.cruds";

/// The two scopes of the client `narrow`.
pub(crate) const NARROW: &str = "launch/patient patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

/// A key of a kind that is not known here, and one that is known and not for signatures.
fn of_another_kind() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "okp", "use": "sig", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn for_encryption(keys: &ClientKeys) -> Value {
    let mut key = keys.rs384.jwk("enc");
    key["use"] = json!("enc");
    key
}

/// As `clients.json` has them.
pub(crate) fn all() -> Vec<Value> {
    let keys = ClientKeys::of_this_process();
    let jwks = |key: &crate::harness::keys::Key, kid: &str| json!({ "keys": [key.jwk(kid)] });
    vec![
        json!({
            "client_id": "web", "client_name": "Web App", "token_endpoint_auth_method": "none",
            "redirect_uris": [WEB_REDIRECT, WEB_REDIRECT_WITH_QUERY], "initiate_login_uri": WEB_LAUNCH,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "native", "client_name": "Native App", "token_endpoint_auth_method": "none",
            "application_type": "native", "redirect_uris": [NATIVE_LOOPBACK, NATIVE_SCHEME],
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "basic", "client_name": "Server App", "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": BASIC_SECRET, "redirect_uris": [SERVER_REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "post", "client_name": "Other Server App", "token_endpoint_auth_method": "client_secret_post",
            "client_secret": POST_SECRET, "redirect_uris": [SERVER_REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "es384", "client_name": "Asymmetric App", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [of_another_kind(), keys.es384.jwk("ec"), for_encryption(keys)] }, "redirect_uris": [SERVER_REDIRECT],
            "initiate_login_uri": SERVER_LAUNCH,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "rs384", "client_name": "RSA App", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": jwks(&keys.rs384, "rsa"), "redirect_uris": [SERVER_REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "rs256", "client_name": "Older RSA App", "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "RS256", "jwks": jwks(&keys.rs384, "rsa"),
            "redirect_uris": [SERVER_REDIRECT], "grant_types": ["authorization_code", "refresh_token"],
            "scope": EVERYTHING,
        }),
        json!({
            "client_id": "published", "client_name": "Publishing App", "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": keys.jwks_uri, "redirect_uris": [SERVER_REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "trusted", "client_name": "Trusted App", "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": TRUSTED_SECRET, "redirect_uris": [SERVER_REDIRECT], "smart_remember_consent": true,
            "initiate_login_uri": SERVER_LAUNCH,
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "brief", "client_name": "Brief App", "token_endpoint_auth_method": "none",
            "redirect_uris": [WEB_REDIRECT], "grant_types": ["authorization_code"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "narrow", "client_name": "Narrow App", "token_endpoint_auth_method": "none",
            "redirect_uris": [WEB_REDIRECT], "grant_types": ["authorization_code", "refresh_token"],
            "scope": NARROW,
        }),
        json!({
            "client_id": super::DISABLED_CLIENT, "client_name": "Old App", "token_endpoint_auth_method": "none",
            "redirect_uris": [WEB_REDIRECT], "grant_types": ["authorization_code"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "backend", "client_name": "Backend", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": jwks(&keys.es384, "ec"), "grant_types": ["client_credentials"], "scope": "system/*.rs",
            "redirect_uris": [SERVER_REDIRECT],
        }),
        json!({
            "client_id": "inferno", "client_name": "Inferno (replica)", "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": INFERNO_SECRET, "redirect_uris": [SERVER_REDIRECT],
            "initiate_login_uri": "https://server.example/launch",
            "grant_types": ["authorization_code", "refresh_token"], "scope": EVERYTHING,
        }),
        json!({
            "client_id": "introspector", "client_name": "Resource Server",
            "token_endpoint_auth_method": "client_secret_basic", "client_secret": INTROSPECTOR_SECRET,
            "grant_types": ["client_credentials"], "smart_introspect": true, "scope": "__token.introspect",
        }),
        json!({
            "client_id": "ehr", "client_name": "The EHR", "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": EHR_SECRET, "grant_types": ["client_credentials"], "scope": "__launch.create",
        }),
    ]
}

//! Pre-authorization, one request at a time.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::client::metadata::{self, Deployment};
use crate::scope::strategies;

const SECRET: &str = "Zk3vT1uQ8xYw5bN7rJ2mKd";
const LAB: &str = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

/// A client with keys that is registered for this scope.
fn backend(scope: &str) -> Client {
    let client = json!({
        "client_id": "backend", "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://backend.example/jwks", "grant_types": ["client_credentials"], "scope": scope,
    });
    metadata::parse(&client, Deployment::Public).unwrap()
}

fn with_secret(scope: &str) -> Client {
    let client = json!({
        "client_id": "ehr", "client_secret": SECRET, "grant_types": ["client_credentials"], "scope": scope,
    });
    metadata::parse(&client, Deployment::Public).unwrap()
}

fn granted(client: &Client, asked: &str) -> Result<String, AloneError> {
    client.granted_alone(&asked.parse().unwrap()).map(|scopes| scopes.to_string())
}

#[test]
fn back_04_and_back_05_the_request_restricts_the_registration_and_never_widens_it() {
    let lab = format!("system/Observation.rs?{LAB}");
    let table = [
        ("system/*.rs", "system/*.rs", "system/*.rs"),
        ("system/*.rs", "system/Patient.r", "system/Patient.r"),
        ("system/*.rs", &lab, &lab),
        ("system/Patient.rs system/Observation.rs", "system/*.rs", "system/Patient.rs system/Observation.rs"),
        ("system/Patient.rs", "system/Patient.rs system/Condition.rs", "system/Patient.rs"),
        (&lab, "system/Observation.rs", &lab),
        (&lab, "system/*.r", &lab.replace(".rs", ".r")),
        // What this server cannot do at all is not granted, whatever is registered.
        ("system/*.cruds", "system/*.cruds", "system/*.rs"),
        ("system/*.cruds", "system/Patient.c system/Patient.s", "system/Patient.s"),
        // v1 is answered in v1 (SCOPE-12).
        ("system/*.rs", "system/*.read", "system/*.read"),
        ("system/*.read", "system/Patient.rs", "system/Patient.rs"),
        ("system/*.*", "system/Patient.*", "system/Patient.read"),
        // What belongs to users is left out.
        (
            "system/*.rs openid offline_access launch",
            "openid system/*.rs offline_access launch",
            "system/*.rs",
        ),
    ];
    for (registered, asked, expected) in table {
        assert_eq!(granted(&backend(registered), asked).as_deref(), Ok(expected), "{asked} of {registered}");
    }
}

#[test]
fn back_06_what_was_not_agreed_on_is_refused() {
    use AloneError as E;
    let table = [
        ("system/Patient.rs", "system/Condition.rs", E::Nothing),
        ("system/Patient.r", "system/Patient.s", E::Nothing),
        ("system/*.cruds", "system/Patient.u", E::Nothing),
        ("system/*.rs", "patient/*.rs", E::Nothing),
        ("system/*.rs patient/*.rs user/*.rs", "patient/*.rs", E::Nothing),
        ("system/*.rs patient/*.rs user/*.rs", "user/*.rs", E::Nothing),
        ("system/*.rs patient/*.rs", "system/*.rs patient/*.rs", E::Mixed),
        ("system/*.rs", "openid fhirUser launch offline_access", E::Nothing),
        ("system/*.rs", "__launch.create", E::Nothing),
        ("system/*.rs __other", "__other", E::Nothing),
        // SCOPE-20: what cannot be enforced as it is written.
        ("system/*.rs", "system/Observation.rs?code:in=http://x.example/vs", E::Nothing),
        ("system/*.rs", "system/Nonsense.rs", E::Nothing),
        ("", "system/*.rs", E::Nothing),
    ];
    for (registered, asked, expected) in table {
        assert_eq!(granted(&backend(registered), asked), Err(expected), "{asked} of {registered}");
    }
}

#[test]
fn back_01_and_sym_05_a_shared_secret_gets_no_records_and_may_get_extensions() {
    let ehr = with_secret("system/*.rs __launch.create __token.introspect");
    assert_eq!(granted(&ehr, "system/*.rs"), Err(AloneError::SharedSecret));
    assert_eq!(granted(&ehr, "__launch.create system/Patient.r"), Err(AloneError::SharedSecret));
    assert_eq!(granted(&ehr, "__launch.create").as_deref(), Ok("__launch.create"));
    assert_eq!(
        granted(&backend("system/*.rs __token.introspect"), "__token.introspect system/*.rs").as_deref(),
        Ok("__token.introspect system/*.rs")
    );
}

#[test]
fn rfc6749_4_4_a_client_that_is_not_registered_for_it_or_proves_nothing_is_granted_nothing() {
    let client = backend("system/*.rs");
    let others = [
        Client {
            grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
            ..client.clone()
        },
        Client { authentication: ClientAuthentication::None, ..client.clone() },
        Client { disabled: true, ..client },
    ];
    for other in others {
        assert_eq!(granted(&other, "system/*.rs"), Err(AloneError::Registration), "{other:?}");
    }
}

#[test]
fn an_extension_is_held_as_long_as_it_is_registered() {
    let said: Scopes = "__token.introspect system/*.rs".parse().unwrap();
    let client = backend("system/*.rs __token.introspect");
    assert!(client.holds_alone(&said, Scope::TOKEN_INTROSPECT));
    assert!(!client.holds_alone(&said, Scope::LAUNCH_CREATE));
    assert!(!backend("system/*.rs").holds_alone(&said, Scope::TOKEN_INTROSPECT));
    assert!(!client.holds_alone(&"system/*.rs".parse().unwrap(), Scope::TOKEN_INTROSPECT));
    assert!(!Client { disabled: true, ..client }.holds_alone(&said, Scope::TOKEN_INTROSPECT));
}

proptest! {
    #[test]
    fn back_05_what_is_granted_is_within_what_was_asked_registered_and_can_be_done_without_a_user(
        asked in strategies::scopes(),
        registered in strategies::scopes(),
    ) {
        let client = Client { scope: registered, ..backend("") };
        if let Ok(granted) = client.granted_alone(&asked) {
            prop_assert!(!granted.is_empty());
            for wider in [&asked, &client.scope, &supported_alone()] {
                prop_assert!(granted.is_within(wider), "{granted} of {wider}");
            }
            prop_assert!(granted.resources().all(|scope| scope.level == Level::System && enforceable(scope)));
            // Asked again, as wherever the token is shown, it is the same.
            prop_assert_eq!(client.granted_alone(&granted), Ok(granted));
        }
    }
}

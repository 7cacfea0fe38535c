//! The metadata documents: SMART configuration, OpenID Provider metadata, OAuth authorization server metadata (SMART 2.2
//! §"Conformance"; OIDC Discovery §3; RFC 8414 §2; DISC, CAP rows).
//!
//! They are written from what is wired ([`Offered`]) and from the same tables that the functions decide by, so that nothing is
//! listed that does not work, and the three agree (DISC-29).

use serde_json::{Value, json};

use crate::authorization::identity_and_context;
use crate::brands::{BRANDS_PATH, UserAccessBrands};
use crate::client::GrantType;
use crate::client::algorithms::ASSERTION_ALGORITHMS;
use crate::deployment::PublicUrl;
use crate::dpop::PROOF_ALGORITHMS;
use crate::fhir::access::{supported, supported_alone};
use crate::jose::Algorithm;
use crate::scope::Scope;

/// What is wired besides the authorization code flow.
#[derive(Clone, Copy, Debug)]
pub struct Offered {
    /// RFC 7662.
    pub introspection: bool,
    /// RFC 7009.
    pub revocation: bool,
    /// The page where users see and end what they granted.
    pub management: bool,
}

impl Offered {
    /// What this version wires, wherever its functions run. Discovery and the capability statement go by it.
    pub const HERE: Self = Self { introspection: true, revocation: true, management: true };
}

/// Writes the documents.
#[derive(Clone, Copy, Debug)]
pub struct Discovery<'a> {
    here: &'a PublicUrl,
    offered: Offered,
    brands: Option<&'a UserAccessBrands>,
    registration: bool,
}

/// The SMART capabilities that work (CAP rows).
pub(crate) const CAPABILITIES: [&str; 19] = [
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "context-standalone-encounter",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
];

/// How confidential clients authenticate, by the registered names; public ones have `none` (RFC 7591 §2).
const CONFIDENTIAL: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

impl<'a> Discovery<'a> {
    /// The documents of the service at `here`.
    pub fn new(here: &'a PublicUrl, offered: Offered) -> Self {
        Self { here, offered, brands: None, registration: false }
    }

    /// The same, with the brands that the operator publishes, if there are any.
    #[must_use]
    pub fn with_brands(self, brands: Option<&'a UserAccessBrands>) -> Self {
        Self { brands, ..self }
    }

    /// The same, with whether programs register clients here (RFC 7591): off, unless an operator turns it on.
    #[must_use]
    pub fn with_registration(self, registration: bool) -> Self {
        Self { registration, ..self }
    }

    /// The Bundle of brands, for [`BRANDS_PATH`]; `None` where none are published.
    pub fn brand_bundle(&self) -> Option<&'a Value> {
        self.brands.map(UserAccessBrands::bundle)
    }

    /// `{fhir base}/.well-known/smart-configuration`.
    pub fn smart_configuration(&self) -> Value {
        let mut document = self.common();
        // SMART names the grant types of its two flows and three ways to authenticate, and no others (X-13, DISC-12).
        set(&mut document, "grant_types_supported", json!(["authorization_code", "client_credentials"]));
        set(&mut document, "token_endpoint_auth_methods_supported", json!(CONFIDENTIAL));
        set(&mut document, "capabilities", json!(CAPABILITIES));
        if self.offered.management {
            set(&mut document, "management_endpoint", self.here.endpoint("/auth/access").into());
        }
        if let Some(brands) = self.brands {
            set(&mut document, "user_access_brand_bundle", self.here.endpoint(BRANDS_PATH).into());
            // Needed where there are several (DISC-18), and good to know where there is one.
            set(&mut document, "user_access_brand_identifier", brands.identifier().clone());
        }
        document
    }

    /// `{issuer}/.well-known/openid-configuration`.
    pub fn openid_configuration(&self) -> Value {
        let mut document = self.authorization_server();
        set(&mut document, "subject_types_supported", json!(["public"]));
        set(&mut document, "id_token_signing_alg_values_supported", json!([Algorithm::RS256]));
        set(
            &mut document,
            "claims_supported",
            json!(["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "fhirUser", "profile", "name"]),
        );
        set(&mut document, "prompt_values_supported", json!(["none", "login", "consent", "select_account"]));
        set(&mut document, "claims_parameter_supported", false.into());
        set(&mut document, "request_parameter_supported", false.into());
        // Its default is true (OIDC Discovery §3).
        set(&mut document, "request_uri_parameter_supported", false.into());
        document
    }

    /// `{issuer}/.well-known/oauth-authorization-server` (SEC-01).
    pub fn authorization_server(&self) -> Value {
        let mut document = self.common();
        let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
        set(&mut document, "grant_types_supported", json!(grants.map(GrantType::as_str)));
        set(&mut document, "response_modes_supported", json!(["query"]));
        let methods: Vec<&str> = ["none"].into_iter().chain(CONFIDENTIAL).collect();
        set(&mut document, "token_endpoint_auth_methods_supported", json!(methods));
        // Clients that authenticate may ask about tokens, and so may who shows one (RFC 8414 §2; INTRO-10, INTRO-11).
        let may_ask: Vec<&str> = CONFIDENTIAL.into_iter().chain(["Bearer", "DPoP"]).collect();
        for (is_offered, endpoint, methods) in [
            (self.offered.introspection, "introspection_endpoint", may_ask),
            (self.offered.revocation, "revocation_endpoint", methods),
        ] {
            if is_offered {
                set(&mut document, &format!("{endpoint}_auth_methods_supported"), json!(methods));
                let algorithms = format!("{endpoint}_auth_signing_alg_values_supported");
                set(&mut document, &algorithms, json!(ASSERTION_ALGORITHMS));
            }
        }
        document
    }

    /// What all three say.
    fn common(&self) -> Value {
        let at = |path| self.here.endpoint(path);
        let mut document = json!({
            "issuer": self.here.issuer(),
            "jwks_uri": at("/.well-known/jwks.json"),
            "authorization_endpoint": at("/auth/authorize"),
            "token_endpoint": at("/auth/token"),
            "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": scopes(),
            "authorization_response_iss_parameter_supported": true,
            "dpop_signing_alg_values_supported": PROOF_ALGORITHMS,
        });
        for (is_offered, endpoint, path) in [
            (self.offered.introspection, "introspection_endpoint", "/auth/introspect"),
            (self.offered.revocation, "revocation_endpoint", "/auth/revoke"),
            (self.registration, "registration_endpoint", "/auth/register"),
        ] {
            if is_offered {
                set(&mut document, endpoint, at(path).into());
            }
        }
        document
    }
}

fn set(document: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = document {
        members.insert(name.to_owned(), value);
    }
}

/// Every scope that is listed can be granted to some client (DISC-19): identity and context, the wildcard of each level, the
/// types of US Core and their categories.
fn scopes() -> Vec<String> {
    let mut scopes: Vec<Scope> = identity_and_context().into();
    for wide in supported().resources().chain(supported_alone().resources()) {
        scopes.push(wide.clone().into());
        for of_type in wide.narrowings() {
            scopes.push(of_type.clone().into());
            scopes.extend(of_type.narrowings().into_iter().map(Scope::from));
        }
    }
    scopes.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::grantable;
    use crate::client::algorithms::AssertionAlgorithms;
    use crate::client::keys::{AssertionKeys, ClientKeys};
    use crate::client::metadata::{self, Deployment};
    use crate::client::{Client, ClientAuthentication};
    use crate::scope::Scopes;

    fn documents() -> [Value; 3] {
        documents_where(false)
    }

    fn documents_where(registration: bool) -> [Value; 3] {
        let here: PublicUrl = "https://smart.example".parse().unwrap();
        let offered = Offered { revocation: false, ..Offered::HERE };
        let discovery = Discovery::new(&here, offered).with_registration(registration);
        [discovery.smart_configuration(), discovery.openid_configuration(), discovery.authorization_server()]
    }

    #[test]
    fn disc_29_the_three_documents_agree_where_they_say_the_same() {
        let [smart, openid, oauth] = documents();
        for (name, value) in smart.as_object().unwrap() {
            for other in [&openid, &oauth] {
                let as_smart_has_it = ["grant_types_supported", "token_endpoint_auth_methods_supported"];
                if let Some(said) = other.get(name).filter(|_| !as_smart_has_it.contains(&name.as_str())) {
                    assert_eq!(said, value, "{name}");
                }
            }
        }
        assert_eq!(openid["issuer"], "https://smart.example");
        assert_eq!(smart["grant_types_supported"], json!(["authorization_code", "client_credentials"]));
        assert_eq!(
            oauth["grant_types_supported"],
            json!(["authorization_code", "refresh_token", "client_credentials"])
        );
    }

    #[test]
    fn disc_22_and_23_only_what_is_wired_is_listed() {
        let [smart, ..] = documents();
        assert_eq!(smart["introspection_endpoint"], "https://smart.example/auth/introspect");
        assert_eq!(smart["management_endpoint"], "https://smart.example/auth/access");
        for absent in ["revocation_endpoint", "registration_endpoint"] {
            assert!(smart.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn disc_14_the_registration_endpoint_is_listed_where_it_is_turned_on() {
        for document in documents_where(true) {
            assert_eq!(document["registration_endpoint"], "https://smart.example/auth/register");
        }
    }

    #[test]
    fn disc_19_every_scope_that_is_listed_can_be_granted() {
        let [smart, ..] = documents();
        let listed: Vec<&str> = smart["scopes_supported"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| scope.as_str().unwrap())
            .collect();
        assert!(listed.contains(&"patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"));
        let client = metadata::parse(
            &json!({
                "client_id": "all", "redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"], "scope": listed.join(" "),
            }),
            Deployment::Public,
        )
        .unwrap();
        let backend = Client {
            grant_types: [GrantType::ClientCredentials].into(),
            authentication: ClientAuthentication::PrivateKeyJwt(AssertionKeys {
                keys: ClientKeys::Uri(String::new()),
                algorithms: AssertionAlgorithms::default(),
            }),
            ..client.clone()
        };
        let (alone, by_users): (Vec<&str>, Vec<&str>) =
            listed.iter().partition(|scope| scope.starts_with("system/"));
        assert!(alone.contains(&"system/*.rs") && alone.contains(&"system/Patient.rs"));
        for scope in alone {
            let asked: Scopes = scope.parse().unwrap();
            assert_eq!(backend.granted_alone(&asked), Ok(asked));
        }
        for scope in by_users.iter().filter(|scope| **scope != "fhirUser" && **scope != "profile") {
            let asked = scope.parse().unwrap();
            assert!(
                grantable(&asked, &client).is_within(&asked) && !grantable(&asked, &client).is_empty(),
                "{scope}"
            );
        }
        let identity = "openid fhirUser profile".parse().unwrap();
        assert_eq!(grantable(&identity, &client), identity);
    }

    #[test]
    fn cap_02_to_05_all_four_capability_sets_are_complete() {
        let set = |names: &[&str]| names.iter().all(|name| CAPABILITIES.contains(name));
        assert!(set(&[
            "launch-standalone",
            "client-public",
            "context-standalone-patient",
            "permission-patient"
        ]));
        assert!(set(&[
            "launch-standalone",
            "client-confidential-symmetric",
            "permission-user",
            "permission-patient"
        ]));
        assert!(set(&["launch-ehr", "client-public", "context-ehr-patient", "permission-patient"]));
        assert!(set(&[
            "launch-ehr",
            "client-confidential-symmetric",
            "context-ehr-patient",
            "context-ehr-encounter",
            "permission-user",
            "permission-patient"
        ]));
    }
}

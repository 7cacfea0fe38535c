//! Client metadata as it is registered: RFC 7591 names, read strictly.
//!
//! Every name of the IANA registry "OAuth Dynamic Client Registration Metadata" is accepted, others are refused by
//! name; what we use is checked at once, so that a client that was accepted works, and what asks for a protection that is not
//! given is refused (`protections`). Each fault names the field and what was expected there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use super::algorithms::{AssertionAlgorithmError, AssertionAlgorithms};
use super::keys::{AssertionKeys, ClientKeys};
use super::{
    ApplicationType, Client, ClientAuthentication, GrantType, RetryWindow, SecretMethod, protections,
};
use crate::id::ClientId;
use crate::redirect::{RegisteredRedirectUri, is_loopback};
use crate::scope::Scopes;
use crate::secret::Digest;

/// Client metadata that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {expected}")]
pub struct MetadataError {
    /// The field, as a path: `redirect_uris[1]`.
    pub field: String,
    /// What was expected there.
    pub expected: String,
}

pub(super) fn fault(field: impl Into<String>, expected: impl Into<String>) -> MetadataError {
    MetadataError { field: field.into(), expected: expected.into() }
}

/// Where the service runs, as far as registration depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// Plain http on a loopback host: a `jwks_uri` on loopback may be plain http, too.
    Loopback,
    /// Anything else: https everywhere.
    Public,
}

/// The one algorithm of a client's assertions.
pub(super) const SIGNING_ALG: &str = "token_endpoint_auth_signing_alg";

/// Secrets shorter than this cannot hold 128 bits: 22 characters of base64url.
const SHORTEST_SECRET: usize = 22;

/// Reads one client's metadata.
pub fn parse(metadata: &Value, deployment: Deployment) -> Result<Client, MetadataError> {
    let fields = metadata.as_object().ok_or_else(|| fault("", "expected an object of client metadata"))?;
    if let Some(unknown) = fields.keys().find(|name| !is_registered(name)) {
        return Err(fault(unknown.as_str(), "no registered name of client metadata (RFC 7591)"));
    }
    protections::check(fields)?;
    let client_id: ClientId = text(fields, "client_id")?
        .ok_or_else(|| fault("client_id", "expected a string"))
        .and_then(|id| id.parse().map_err(|e| fault("client_id", format!("{e}"))))?;
    let grant_types = grant_types(fields)?;
    let redirect_uris = redirect_uris(fields, &grant_types)?;
    check_response_types(fields)?;
    let authentication = authentication(fields, deployment)?;
    if authentication == ClientAuthentication::None && grant_types.contains(&GrantType::ClientCredentials) {
        return Err(fault(
            "grant_types",
            "client_credentials is for clients that authenticate (RFC 6749 §4.4)",
        ));
    }
    Ok(Client {
        client_name: text(fields, "client_name")?
            .filter(|n| !n.is_empty())
            .unwrap_or(client_id.as_str())
            .to_owned(),
        scope: scope(fields)?,
        smart_remember_consent: remember_consent(fields, &authentication, &redirect_uris)?,
        authentication,
        application_type: application_type(fields)?,
        initiate_login_uri: web_url(fields, "initiate_login_uri")?,
        logo_uri: web_url(fields, "logo_uri")?,
        smart_introspect: boolean(fields, "smart_introspect")?,
        dpop_bound_access_tokens: boolean(fields, "dpop_bound_access_tokens")?,
        refresh_retry: refresh_retry(fields)?,
        disabled: false,
        grant_types,
        redirect_uris,
        client_id,
    })
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, MetadataError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(fault(name, "expected a string")),
    }
}

fn texts<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, MetadataError> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let items = value.as_array().ok_or_else(|| fault(name, "expected an array of strings"))?;
    items
        .iter()
        .enumerate()
        .map(|(i, item)| item.as_str().ok_or_else(|| fault(format!("{name}[{i}]"), "expected a string")))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn boolean(fields: &Map<String, Value>, name: &str) -> Result<bool, MetadataError> {
    match fields.get(name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(fault(name, "expected true or false")),
    }
}

fn grant_types(fields: &Map<String, Value>) -> Result<BTreeSet<GrantType>, MetadataError> {
    // RFC 7591 §2: `authorization_code` where none is named.
    let Some(names) = texts(fields, "grant_types")? else { return Ok([GrantType::AuthorizationCode].into()) };
    let known = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
    names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            known.into_iter().find(|grant| grant.as_str() == *name).ok_or_else(|| {
                fault(
                    format!("grant_types[{i}]"),
                    "expected authorization_code, refresh_token or client_credentials",
                )
            })
        })
        .collect()
}

fn redirect_uris(
    fields: &Map<String, Value>,
    grant_types: &BTreeSet<GrantType>,
) -> Result<Vec<RegisteredRedirectUri>, MetadataError> {
    let uris = texts(fields, "redirect_uris")?.unwrap_or_default();
    if uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(fault("redirect_uris", "expected at least one, for the grant authorization_code"));
    }
    uris.iter()
        .enumerate()
        .map(|(i, uri)| {
            RegisteredRedirectUri::parse(uri).map_err(|e| fault(format!("redirect_uris[{i}]"), e.to_string()))
        })
        .collect()
}

fn check_response_types(fields: &Map<String, Value>) -> Result<(), MetadataError> {
    let types = texts(fields, "response_types")?.unwrap_or_default();
    match types.iter().position(|name| *name != "code") {
        Some(i) => Err(fault(format!("response_types[{i}]"), "expected code: there is no implicit flow")),
        None => Ok(()),
    }
}

fn scope(fields: &Map<String, Value>) -> Result<Scopes, MetadataError> {
    match text(fields, "scope")? {
        None | Some("") => Ok(Scopes::default()),
        Some(scope) => Scopes::parse(scope).map_err(|e| fault("scope", e.to_string())),
    }
}

fn application_type(fields: &Map<String, Value>) -> Result<ApplicationType, MetadataError> {
    match text(fields, "application_type")? {
        None | Some("web") => Ok(ApplicationType::Web),
        Some("native") => Ok(ApplicationType::Native),
        Some(_) => Err(fault("application_type", "expected web or native")),
    }
}

fn refresh_retry(fields: &Map<String, Value>) -> Result<RetryWindow, MetadataError> {
    let name = "smart_refresh_retry_seconds";
    match fields.get(name) {
        None => Ok(RetryWindow::default()),
        Some(value) => value
            .as_u64()
            .and_then(RetryWindow::from_seconds)
            .ok_or_else(|| fault(name, "expected a whole number of seconds, at most 600")),
    }
}

/// `smart_remember_consent`: not for a public client that any program on the device could pass itself off as (RFC 8252 §8.6).
fn remember_consent(
    fields: &Map<String, Value>,
    authentication: &ClientAuthentication,
    redirect_uris: &[RegisteredRedirectUri],
) -> Result<bool, MetadataError> {
    let name = "smart_remember_consent";
    let remember = boolean(fields, name)?;
    let is_sure = *authentication != ClientAuthentication::None
        || redirect_uris.iter().all(|uri| uri.as_str().starts_with("https://"));
    if remember && !is_sure {
        let expected = "expected false, or https redirect_uris alone: a public client at any other could be somebody else";
        return Err(fault(name, expected));
    }
    Ok(remember)
}

fn web_url(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, MetadataError> {
    let Some(given) = text(fields, name)? else { return Ok(None) };
    match Url::parse(given) {
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
            Ok(Some(given.to_owned()))
        }
        _ => Err(fault(name, "expected an https URL; http is for loopback only")),
    }
}

fn authentication(
    fields: &Map<String, Value>,
    deployment: Deployment,
) -> Result<ClientAuthentication, MetadataError> {
    // RFC 7591 §2: `client_secret_basic` where none is named.
    let method = text(fields, "token_endpoint_auth_method")?.unwrap_or("client_secret_basic");
    let secret = text(fields, "client_secret")?;
    if method != "private_key_jwt" && text(fields, SIGNING_ALG)?.is_some() {
        return Err(fault(SIGNING_ALG, format!("a client of the method {method} signs no assertion")));
    }
    let has_keys = fields.contains_key("jwks") || fields.contains_key("jwks_uri");
    match method {
        "none" | "private_key_jwt" if secret.is_some() => {
            Err(fault("client_secret", format!("a client of the method {method} has no secret")))
        }
        "none" if has_keys => Err(fault("jwks", "a public client has no keys")),
        "none" => Ok(ClientAuthentication::None),
        "client_secret_basic" => secret_digest(secret, SecretMethod::ClientSecretBasic),
        "client_secret_post" => secret_digest(secret, SecretMethod::ClientSecretPost),
        "private_key_jwt" => assertion_keys(fields, deployment).map(ClientAuthentication::PrivateKeyJwt),
        _ => Err(fault(
            "token_endpoint_auth_method",
            "expected none, client_secret_basic, client_secret_post or private_key_jwt",
        )),
    }
}

fn secret_digest(secret: Option<&str>, method: SecretMethod) -> Result<ClientAuthentication, MetadataError> {
    match secret {
        Some(secret) if holds_128_bits(secret) => {
            Ok(ClientAuthentication::Secret { method, digest: Digest::of(secret.as_bytes()), previous: None })
        }
        _ => Err(fault(
            "client_secret",
            format!("expected a random secret of at least 128 bits ({SHORTEST_SECRET} characters or more)"),
        )),
    }
}

/// Whether a secret can hold 128 bits: long enough, and not one character over and over.
fn holds_128_bits(secret: &str) -> bool {
    let distinct = secret.chars().collect::<BTreeSet<_>>().len();
    secret.len() >= SHORTEST_SECRET && distinct >= 8 && !secret.chars().any(char::is_control)
}

fn assertion_keys(
    fields: &Map<String, Value>,
    deployment: Deployment,
) -> Result<AssertionKeys, MetadataError> {
    let algorithms = match text(fields, SIGNING_ALG)? {
        Some(name) => name.parse().map_err(|e: AssertionAlgorithmError| fault(SIGNING_ALG, e.to_string()))?,
        None => AssertionAlgorithms::default(),
    };
    Ok(AssertionKeys { keys: keys(fields, algorithms, deployment)?, algorithms })
}

fn keys(
    fields: &Map<String, Value>,
    algorithms: AssertionAlgorithms,
    deployment: Deployment,
) -> Result<ClientKeys, MetadataError> {
    match (fields.get("jwks"), text(fields, "jwks_uri")?) {
        (Some(_), Some(_)) => Err(fault("jwks_uri", "expected jwks or jwks_uri, not both (RFC 7591 §2)")),
        (Some(jwks), None) => {
            ClientKeys::inline(jwks, algorithms).map_err(|e| fault(format!("jwks{}", e.at), e.expected))
        }
        (None, Some(uri)) => match Url::parse(uri) {
            Ok(url) if url.scheme() == "https" => Ok(ClientKeys::Uri(uri.to_owned())),
            Ok(url) if url.scheme() == "http" && is_loopback(&url) && deployment == Deployment::Loopback => {
                Ok(ClientKeys::Uri(uri.to_owned()))
            }
            _ => Err(fault("jwks_uri", "expected an https URL")),
        },
        (None, None) => Err(fault("jwks", "expected jwks or jwks_uri, for the method private_key_jwt")),
    }
}

/// Whether a name is registered, in one language or in none (`client_name#de`, RFC 7591 §2.2), or is ours.
fn is_registered(name: &str) -> bool {
    let base = name.split_once('#').map_or(name, |(base, _)| base);
    OURS.contains(&base) || REGISTERED.binary_search(&base).is_ok()
}

/// Names of our own.
const OURS: [&str; 3] = ["smart_introspect", "smart_refresh_retry_seconds", "smart_remember_consent"];

/// The names of the IANA registry "OAuth Dynamic Client Registration Metadata", sorted.
const REGISTERED: [&str; 70] = [
    "application_type",
    "authorization_details_types",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "authorization_signed_response_alg",
    "backchannel_authentication_request_signing_alg",
    "backchannel_client_notification_endpoint",
    "backchannel_logout_session_required",
    "backchannel_logout_uri",
    "backchannel_token_delivery_mode",
    "backchannel_user_code_parameter",
    "claims_redirect_uris",
    "client_id",
    "client_id_issued_at",
    "client_name",
    "client_secret",
    "client_secret_expires_at",
    "client_uri",
    "contacts",
    "default_acr_values",
    "default_max_age",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "grant_types",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "id_token_signed_response_alg",
    "initiate_login_uri",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "introspection_signed_response_alg",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "nfv_token_encrypted_response_alg",
    "nfv_token_encrypted_response_enc",
    "nfv_token_signed_response_alg",
    "policy_uri",
    "post_logout_redirect_uris",
    "redirect_uris",
    "registration_access_token",
    "registration_client_uri",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "request_object_signing_alg",
    "request_uris",
    "require_auth_time",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "response_types",
    "scope",
    "sector_identifier_uri",
    "software_id",
    "software_statement",
    "software_version",
    "subject_type",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_email",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_uri",
    "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
    "use_mtls_endpoint_aliases",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "userinfo_signed_response_alg",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "Zk3vT1uQ8xYw5bN7rJ2mKd";

    fn public(extra: &Value) -> Value {
        let mut metadata = json!({
            "client_id": "app", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none"
        });
        for (name, value) in extra.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata
    }

    fn refused(extra: &Value) -> String {
        parse(&public(extra), Deployment::Public).unwrap_err().to_string()
    }

    #[test]
    fn the_table_of_names_is_sorted() {
        assert!(REGISTERED.is_sorted());
    }

    #[test]
    fn rfc7591_a_public_client_with_the_defaults() {
        let client = parse(&public(&json!({})), Deployment::Public).unwrap();
        assert_eq!(client.client_name, "app");
        assert_eq!(client.authentication, ClientAuthentication::None);
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode].into());
        assert_eq!(client.application_type, ApplicationType::Web);
        assert_eq!(client.refresh_retry.length().as_secs(), 30);
        assert!(client.is_browser_app());
    }

    #[test]
    fn rfc7591_registered_names_are_accepted_and_others_refused_by_name() {
        let known = public(&json!({
            "contacts": ["ops@app.example"], "tos_uri": "https://app.example/tos", "client_name#de": "Anwendung",
            "software_id": "x", "post_logout_redirect_uris": [], "smart_introspect": true
        }));
        assert!(parse(&known, Deployment::Public).unwrap().smart_introspect);
        assert_eq!(
            refused(&json!({ "redirect_urls": [] })),
            "redirect_urls: no registered name of client metadata (RFC 7591)"
        );
    }

    /// REG-02: among them redirect URIs that are missing, or not fixed and https.
    #[test]
    fn every_fault_names_its_field_and_what_was_expected() {
        let table = [
            (json!({ "client_id": 1 }), "client_id: expected a string"),
            (json!({ "client_id": "a b" }), "client_id: expected 1 to 255 visible ASCII characters"),
            (
                json!({ "redirect_uris": [] }),
                "redirect_uris: expected at least one, for the grant authorization_code",
            ),
            (
                json!({ "redirect_uris": ["https://a.example/cb", "http://a.example/cb"] }),
                "redirect_uris[1]: expected https; http is for 127.0.0.1, [::1] and localhost only",
            ),
            (json!({ "redirect_uris": "https://a.example" }), "redirect_uris: expected an array of strings"),
            (
                json!({ "grant_types": ["implicit"] }),
                "grant_types[0]: expected authorization_code, refresh_token or client_credentials",
            ),
            (
                json!({ "grant_types": ["authorization_code", "client_credentials"] }),
                "grant_types: client_credentials is for clients that authenticate (RFC 6749 §4.4)",
            ),
            (
                json!({ "response_types": ["token"] }),
                "response_types[0]: expected code: there is no implicit flow",
            ),
            (json!({ "client_secret": SECRET }), "client_secret: a client of the method none has no secret"),
            (json!({ "application_type": "desktop" }), "application_type: expected web or native"),
            (json!({ "smart_introspect": "yes" }), "smart_introspect: expected true or false"),
            (
                json!({ "smart_refresh_retry_seconds": 601 }),
                "smart_refresh_retry_seconds: expected a whole number of seconds, at most 600",
            ),
            (
                json!({ "initiate_login_uri": "ftp://a" }),
                "initiate_login_uri: expected an https URL; http is for loopback only",
            ),
        ];
        for (extra, expected) in table {
            assert_eq!(refused(&extra), expected);
        }
        assert_eq!(
            parse(&json!([]), Deployment::Public).unwrap_err().expected,
            "expected an object of client metadata"
        );
    }

    /// RFC 6749 §10.2, RFC 8252 §8.6: silence is for those whom nobody can pass themselves off as.
    #[test]
    fn sec_03_a_consent_is_remembered_only_for_a_client_that_is_known_for_sure() {
        let may = |extra: &Value, at: &str| {
            let client = parse(&public(extra), Deployment::Public).unwrap();
            client.may_be_remembered(&client.redirect_uri(at).unwrap())
        };
        let web = "https://app.example/cb";
        assert!(may(&json!({ "smart_remember_consent": true }), web));
        assert!(!may(&json!({}), web));
        let native = json!({
            "smart_remember_consent": true, "redirect_uris": ["https://app.example/cb", "com.example.app:/cb"],
            "application_type": "native",
        });
        assert!(
            refused(&native).starts_with("smart_remember_consent: expected false, or https redirect_uris")
        );
        let loopback = "http://127.0.0.1/cb";
        let mut confidential = json!({ "smart_remember_consent": true, "redirect_uris": [loopback] });
        assert!(refused(&confidential).starts_with("smart_remember_consent"));
        confidential["token_endpoint_auth_method"] = json!("client_secret_post");
        confidential["client_secret"] = json!(SECRET);
        assert!(may(&confidential, loopback));
        // Should a record ever say otherwise: the redirect URI of the request decides again.
        let mut changed =
            parse(&public(&json!({ "redirect_uris": [loopback] })), Deployment::Public).unwrap();
        changed.smart_remember_consent = true;
        assert!(!changed.may_be_remembered(&changed.redirect_uri(loopback).unwrap()));
    }

    #[test]
    fn sym_04_short_or_repetitive_secrets_are_refused() {
        for bad in ["", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Zk3vT1uQ8xYw5bN7rJ2mK"] {
            let client =
                public(&json!({ "token_endpoint_auth_method": "client_secret_basic", "client_secret": bad }));
            assert_eq!(parse(&client, Deployment::Public).unwrap_err().field, "client_secret", "{bad}");
        }
        let good =
            public(&json!({ "token_endpoint_auth_method": "client_secret_post", "client_secret": SECRET }));
        let client = parse(&good, Deployment::Public).unwrap();
        assert_eq!(client.authentication.method(), "client_secret_post");
        assert!(!serde_json::to_string(&client).unwrap().contains(SECRET));
        assert!(!format!("{client:?}").contains(SECRET));
    }

    #[test]
    fn reg_06_a_jwks_uri_is_https_except_on_loopback_for_a_loopback_server() {
        let keyed =
            |uri: &str| public(&json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri }));
        assert!(parse(&keyed("https://app.example/jwks"), Deployment::Public).is_ok());
        assert!(parse(&keyed("http://127.0.0.1:9000/jwks"), Deployment::Loopback).is_ok());
        for (uri, deployment) in [
            ("http://127.0.0.1:9000/jwks", Deployment::Public),
            ("http://app.example/jwks", Deployment::Loopback),
            ("file:///jwks", Deployment::Loopback),
        ] {
            assert_eq!(parse(&keyed(uri), deployment).unwrap_err().field, "jwks_uri", "{uri}");
        }
        let neither = public(&json!({ "token_endpoint_auth_method": "private_key_jwt" }));
        assert_eq!(parse(&neither, Deployment::Public).unwrap_err().field, "jwks");
    }
    #[test]
    fn asym_04_what_a_client_signs_with_is_registered_for_those_who_sign() {
        use crate::jose::Algorithm;
        use crate::jose::test_keys::TestKey;
        let keyed = |alg: Value| {
            let jwks = json!({ "keys": [TestKey::generate(Algorithm::RS256).jwk("k")] });
            let metadata = json!({
                "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks, "token_endpoint_auth_signing_alg": alg,
            });
            parse(&public(&metadata), Deployment::Public)
        };
        let client = keyed(json!("RS256")).unwrap();
        let stored = serde_json::to_value(&client).unwrap();
        assert_eq!(stored["authentication"]["private_key_jwt"]["token_endpoint_auth_signing_alg"], "RS256");
        assert_eq!(serde_json::from_value::<Client>(stored).unwrap(), client);
        // What says nothing is stored as it was before there was a choice.
        let mut unsaid = serde_json::to_value(keyed(Value::Null).unwrap()).unwrap();
        let keys = unsaid["authentication"]["private_key_jwt"].take();
        assert_eq!(keys.as_object().unwrap().keys().collect::<Vec<_>>(), ["inline"]);
        for (alg, expected) in [
            (
                json!("none"),
                "token_endpoint_auth_signing_alg: expected RS384 or ES384; for this client alone RS256 or ES256",
            ),
            (json!("HS256"), "token_endpoint_auth_signing_alg: expected RS384"),
            (json!(["RS256"]), "token_endpoint_auth_signing_alg: expected a string"),
            (json!("ES256"), "jwks.keys: expected at least one key that signs with ES256"),
        ] {
            let refused = keyed(alg).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
        }
        assert_eq!(
            refused(&json!({ "token_endpoint_auth_signing_alg": "RS384" })),
            "token_endpoint_auth_signing_alg: a client of the method none signs no assertion"
        );
    }
}

//! Registration by a program (RFC 7591 §3): what a stranger with an initial access token may register, and what is answered.
//!
//! The operator's own way ([`super::metadata`]) is strict about names and generous about rights. Here it is the other way
//! round: names that mean nothing here are ignored, as RFC 7591 §2 has it, and what gives rights without a user's consent
//! is the operator's to give: `client_credentials`, `system/` scopes, scopes of our own (`__…`), introspection of any token, consents
//! that are remembered, a longer window to repeat a refresh, assertions by RS256 or ES256. The `client_id` and the secret are made here and never taken.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::algorithms::ASSERTION_ALGORITHMS;
use super::keys::ClientKeys;
use super::metadata::{self, Deployment, MetadataError};
use super::{ApplicationType, Client, ClientAuthentication, GrantType, protections};
use crate::id::ClientId;
use crate::instant::Instant;
use crate::jose::Algorithm;
use crate::redirect::RegisteredRedirectUri;
use crate::secret::{Digest, Secret};
use crate::text::is_readable;

/// What the ids of clients begin with that a program registered: whoever registers so can be kept from writing any other client.
pub const ID_PREFIX: &str = "dyn-";

/// How many redirect URIs a client may register.
const MOST_URIS: usize = 20;

/// How long one URI may be, in bytes.
const LONGEST_URI: usize = 2_000;

/// How long a name may be, in characters: users read it.
const LONGEST_NAME: usize = 100;

/// How long `scope` may be, in bytes.
const LONGEST_SCOPE: usize = 8_000;

/// What may be said; the rest is ignored.
const UNDERSTOOD: [&str; 13] = [
    "application_type",
    "client_name",
    "dpop_bound_access_tokens",
    "grant_types",
    "initiate_login_uri",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "redirect_uris",
    "response_types",
    "scope",
    "token_endpoint_auth_method",
    metadata::SIGNING_ALG,
];

/// What only an operator registers.
const OPERATORS: [&str; 3] = ["smart_introspect", "smart_refresh_retry_seconds", "smart_remember_consent"];

/// The token that lets its bearer register clients (RFC 7591 §3, "initial access token"), as its SHA-256: what is configured
/// opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitialAccessToken(Digest);

impl InitialAccessToken {
    /// Whether this is the token. Compared in constant time.
    pub fn is(&self, presented: &str) -> bool {
        Digest::of(presented.as_bytes()) == self.0
    }
}

/// A text that is no SHA-256 of a token. Says nothing of the text, which may be the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected the SHA-256 of the initial access token: 64 hexadecimal digits")]
pub struct InitialAccessTokenError;

impl FromStr for InitialAccessToken {
    type Err = InitialAccessTokenError;

    /// 64 hexadecimal digits, as `sha256sum` writes them.
    fn from_str(text: &str) -> Result<Self, InitialAccessTokenError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InitialAccessTokenError)?;
        Ok(Self(bytes.into()))
    }
}

/// What is made for a new client: fresh random bytes.
#[derive(Clone, Debug)]
pub struct Made {
    /// What the `client_id` is made of, after [`ID_PREFIX`].
    pub id: [u8; 16],
    /// What the secret is, if it needs one.
    pub secret: Secret,
}

/// A client that is to be stored, and what is told once it is (RFC 7591 §3.2.1): the only time that its secret is seen.
pub struct Registration {
    /// The client.
    pub client: Client,
    /// The answer.
    pub answer: ClientInformation,
}

/// All that was registered, and what was made for it (RFC 7591 §3.2.1). There is no management of registrations (RFC 7592), so there
/// is no address for it. It holds the secret: it can be sent, and not be logged.
#[derive(Serialize)]
pub struct ClientInformation {
    client_id: ClientId,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// 0: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    client_name: String,
    application_type: ApplicationType,
    token_endpoint_auth_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<Algorithm>,
    grant_types: BTreeSet<GrantType>,
    response_types: &'static [&'static str],
    redirect_uris: Vec<RegisteredRedirectUri>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dpop_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiate_login_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
}

/// Why nothing is registered (RFC 7591 §3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// `invalid_redirect_uri`
    #[error(transparent)]
    RedirectUri(MetadataError),
    /// `invalid_client_metadata`
    #[error(transparent)]
    Metadata(MetadataError),
}

impl From<MetadataError> for RegistrationError {
    fn from(error: MetadataError) -> Self {
        if error.field.starts_with("redirect_uris") {
            Self::RedirectUri(error)
        } else {
            Self::Metadata(error)
        }
    }
}

/// Reads what was sent, at `now`.
pub fn register(
    sent: &Value,
    made: &Made,
    deployment: Deployment,
    now: Instant,
) -> Result<Registration, RegistrationError> {
    let sent =
        sent.as_object().ok_or_else(|| metadata::fault("", "expected an object of client metadata"))?;
    if let Some(name) = OPERATORS.into_iter().find(|name| sent.contains_key(*name)) {
        return Err(metadata::fault(name, "an operator registers this").into());
    }
    // What is ignored is what means nothing here, and not what somebody would rely on.
    protections::check(sent)?;
    let understood =
        sent.iter().filter(|(name, value)| UNDERSTOOD.contains(&name.as_str()) && !value.is_null());
    let mut fields: Map<String, Value> =
        understood.map(|(name, value)| (name.clone(), value.clone())).collect();
    check(&fields)?;
    fields.insert("client_id".to_owned(), format!("{ID_PREFIX}{}", hex::encode(made.id)).into());
    let has_secret = fields
        .get("token_endpoint_auth_method")
        .and_then(Value::as_str)
        .is_none_or(|method| method.starts_with("client_secret_"));
    if has_secret {
        fields.insert("client_secret".to_owned(), made.secret.reveal().into());
    }
    let client = metadata::parse(&fields.into(), deployment)?;
    let answer = ClientInformation::of(&client, has_secret.then_some(&made.secret), now);
    Ok(Registration { client, answer })
}

/// What is asked besides what every registration must be.
fn check(fields: &Map<String, Value>) -> Result<(), MetadataError> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let texts = |name: &str| {
        fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    };
    if texts("grant_types").any(|grant| grant == "client_credentials") {
        return Err(metadata::fault("grant_types", "client_credentials: an operator registers it"));
    }
    // Whoever registers a client may not lower what its assertions are worth.
    let is_everybodys = |name: &str| ASSERTION_ALGORITHMS.map(Algorithm::as_str).contains(&name);
    if text(metadata::SIGNING_ALG).is_some_and(|name| !is_everybodys(name)) {
        return Err(metadata::fault(
            metadata::SIGNING_ALG,
            "expected RS384 or ES384: an operator registers another",
        ));
    }
    // What is no text is told with all that is of the wrong kind.
    if fields.get("scope").is_none_or(|scope| scope == "") {
        return Err(metadata::fault("scope", "expected the scopes that the app will ask for"));
    }
    let scope = text("scope").unwrap_or_default();
    if scope.len() > LONGEST_SCOPE {
        return Err(metadata::fault("scope", format!("expected at most {LONGEST_SCOPE} bytes")));
    }
    if scope.split(' ').any(|scope| scope.starts_with("system/") || scope.starts_with("__")) {
        return Err(metadata::fault(
            "scope",
            "system/ scopes and those that begin with __: an operator registers them",
        ));
    }
    if texts("redirect_uris").count() > MOST_URIS {
        return Err(metadata::fault("redirect_uris", format!("expected at most {MOST_URIS}")));
    }
    let uris = texts("redirect_uris").map(|uri| ("redirect_uris", uri));
    let others = ["initiate_login_uri", "jwks_uri", "logo_uri"]
        .into_iter()
        .filter_map(|name| Some((name, text(name)?)));
    if let Some((name, _)) = uris.chain(others).find(|(_, uri)| uri.len() > LONGEST_URI) {
        return Err(metadata::fault(name, format!("expected at most {LONGEST_URI} bytes")));
    }
    match text("client_name") {
        Some(name) if !is_readable(name, LONGEST_NAME) => Err(metadata::fault(
            "client_name",
            format!("expected 1 to {LONGEST_NAME} characters on one line, all of them visible"),
        )),
        _ => Ok(()),
    }
}

impl ClientInformation {
    fn of(client: &Client, secret: Option<&Secret>, now: Instant) -> Self {
        let registered = match &client.authentication {
            ClientAuthentication::PrivateKeyJwt(registered) => Some(registered),
            ClientAuthentication::None | ClientAuthentication::Secret { .. } => None,
        };
        let (jwks, jwks_uri) = match registered.map(|registered| &registered.keys) {
            Some(ClientKeys::Inline(keys)) => (Some(json!({ "keys": keys })), None),
            Some(ClientKeys::Uri(uri)) => (None, Some(uri.clone())),
            None => (None, None),
        };
        let has_codes = client.grant_types.contains(&GrantType::AuthorizationCode);
        Self {
            client_id: client.client_id.clone(),
            client_id_issued_at: now.as_unix(),
            client_secret: secret.map(Secret::reveal),
            client_secret_expires_at: secret.map(|_| 0),
            client_name: client.client_name.clone(),
            application_type: client.application_type,
            token_endpoint_auth_method: client.authentication.method(),
            token_endpoint_auth_signing_alg: registered
                .and_then(|registered| registered.algorithms.registered()),
            grant_types: client.grant_types.clone(),
            response_types: if has_codes { &["code"] } else { &[] },
            redirect_uris: client.redirect_uris.clone(),
            scope: client.scope.to_string(),
            jwks,
            jwks_uri,
            dpop_bound_access_tokens: client.dpop_bound_access_tokens,
            initiate_login_uri: client.initiate_login_uri.clone(),
            logo_uri: client.logo_uri.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::test_keys::TestKey;

    const NOW: Instant = Instant::from_unix(1_800_000_000);

    fn app(changes: &Value) -> Value {
        let mut app = json!({
            "client_name": "Heart App", "redirect_uris": ["https://app.example/cb"],
            "token_endpoint_auth_method": "none", "scope": "launch/patient patient/*.rs",
        });
        for (name, value) in changes.as_object().unwrap() {
            app[name] = value.clone();
        }
        app
    }

    fn registered(sent: &Value) -> Result<Registration, RegistrationError> {
        let made = Made { id: [0xab; 16], secret: Secret::new(*Digest::of(b"random").as_bytes()) };
        register(sent, &made, Deployment::Public, NOW)
    }

    fn told(answer: &ClientInformation) -> Value {
        serde_json::to_value(answer).unwrap()
    }

    fn refused(changes: &Value) -> RegistrationError {
        registered(&app(changes)).err().unwrap_or_else(|| panic!("{changes} was registered"))
    }

    #[test]
    fn rfc7591_3_2_1_the_answer_has_all_that_was_registered_and_no_more() {
        let sent = app(&json!({
            "client_id": "mine", "client_secret": "mine", "contacts": ["a@app.example"], "software_statement": "x.y.z",
            "client_name#de": "Herz", "no_such_name": { "a": 1 }, "logo_uri": null, "registration_access_token": "t",
            "initiate_login_uri": "https://app.example/launch", "dpop_bound_access_tokens": true,
        }));
        let Registration { client, answer } = registered(&sent).unwrap();
        assert_eq!(
            told(&answer),
            json!({
                "client_id": "dyn-abababababababababababababababab", "client_id_issued_at": 1_800_000_000,
                "client_name": "Heart App", "application_type": "web", "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code"], "response_types": ["code"],
                "redirect_uris": ["https://app.example/cb"], "scope": "launch/patient patient/*.rs",
                "initiate_login_uri": "https://app.example/launch", "dpop_bound_access_tokens": true,
            })
        );
        assert_eq!(client.client_id.as_str(), "dyn-abababababababababababababababab");
        assert!(!client.smart_introspect && !client.disabled && !client.is_confidential());
    }

    #[test]
    fn rfc7591_3_2_1_a_secret_is_made_here_and_only_its_digest_is_kept() {
        for method in [json!("client_secret_basic"), json!("client_secret_post"), Value::Null] {
            let sent = app(
                &json!({ "token_endpoint_auth_method": method, "client_secret": "mine-mine-mine-mine-1" }),
            );
            let Registration { client, answer } = registered(&sent).unwrap();
            let answer = told(&answer);
            let secret = answer["client_secret"].as_str().unwrap();
            assert_eq!((secret.len(), &answer["client_secret_expires_at"]), (43, &json!(0)));
            let expected = method.as_str().unwrap_or("client_secret_basic");
            assert_eq!(
                (client.authentication.method(), answer["token_endpoint_auth_method"].as_str()),
                (expected, Some(expected))
            );
            assert!(matches!(client.authentication,
                ClientAuthentication::Secret { digest, .. } if digest == Digest::of(secret.as_bytes())));
            assert!(!serde_json::to_string(&client).unwrap().contains(secret));
        }
    }

    #[test]
    fn reg_11_apps_for_one_patient_and_for_many_are_registered() {
        for scope in ["launch/patient patient/*.rs offline_access", "openid fhirUser user/*.rs"] {
            let registered = registered(&app(&json!({ "scope": scope }))).unwrap();
            assert_eq!(registered.client.scope, scope.parse().unwrap());
        }
    }

    #[test]
    fn reg_03_keys_are_registered_by_value_and_by_url() {
        let keyed = |more: &Value| {
            let mut sent = app(&json!({ "token_endpoint_auth_method": "private_key_jwt" }));
            sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            registered(&sent).map(|registration| told(&registration.answer))
        };
        let jwks = json!({ "keys": [TestKey::generate(Algorithm::ES384).jwk("k")] });
        let by_value = keyed(&json!({ "jwks": jwks })).unwrap();
        assert_eq!(by_value["jwks"]["keys"][0]["kid"], "k");
        assert!(by_value.get("client_secret").is_none());
        let by_url = keyed(&json!({ "jwks_uri": "https://app.example/jwks" })).unwrap();
        assert_eq!(by_url["jwks_uri"], "https://app.example/jwks");
        for bad in [
            json!({}),
            json!({ "jwks": jwks, "jwks_uri": "https://app.example/jwks" }),
            json!({ "jwks": { "keys": [] } }),
            json!({ "jwks_uri": "http://app.example/jwks" }),
            json!({ "jwks_uri": "http://127.0.0.1:9000/jwks" }),
            json!({ "jwks_uri": "file:///etc/passwd" }),
        ] {
            assert!(matches!(keyed(&bad), Err(RegistrationError::Metadata(_))), "{bad}");
        }
    }

    #[test]
    fn asym_04_no_program_registers_a_weaker_algorithm() {
        let keyed = |alg: Value, of: Algorithm| {
            let sent = app(&json!({
                "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": alg,
                "jwks": { "keys": [TestKey::generate(of).jwk("k")] },
            }));
            registered(&sent).map(|registration| told(&registration.answer))
        };
        for alg in [Algorithm::RS384, Algorithm::ES384] {
            let answer = keyed(json!(alg), alg).unwrap();
            assert_eq!(answer["token_endpoint_auth_signing_alg"], alg.as_str());
        }
        let unsaid = keyed(Value::Null, Algorithm::ES384).unwrap();
        assert!(unsaid.get("token_endpoint_auth_signing_alg").is_none());
        for (alg, of) in [
            (json!("RS256"), Algorithm::RS256),
            (json!("ES256"), Algorithm::ES256),
            (json!("none"), Algorithm::RS384),
            (json!("HS256"), Algorithm::RS384),
            (json!(["RS256"]), Algorithm::RS256),
            (Value::Null, Algorithm::ES256),
        ] {
            let refused = keyed(alg.clone(), of).err();
            assert!(matches!(refused, Some(RegistrationError::Metadata(_))), "{alg}: {refused:?}");
        }
    }

    #[test]
    fn what_gives_rights_without_a_user_is_for_an_operator_to_register() {
        for (changes, told) in [
            (
                json!({ "grant_types": ["client_credentials"] }),
                "grant_types: client_credentials: an operator",
            ),
            (
                json!({ "grant_types": ["authorization_code", "client_credentials"] }),
                "grant_types: client_credentials",
            ),
            (json!({ "scope": "patient/*.rs system/*.rs" }), "scope: system/ scopes"),
            (json!({ "scope": "__launch.create" }), "scope: system/ scopes"),
            (json!({ "smart_introspect": true }), "smart_introspect: an operator"),
            (json!({ "smart_introspect": false }), "smart_introspect: an operator"),
            (json!({ "smart_refresh_retry_seconds": 600 }), "smart_refresh_retry_seconds: an operator"),
            (json!({ "smart_remember_consent": true }), "smart_remember_consent: an operator"),
        ] {
            let RegistrationError::Metadata(error) = refused(&changes) else { panic!("{changes}") };
            assert!(error.to_string().starts_with(told), "{error}");
        }
    }

    #[test]
    fn rfc7591_3_2_2_redirect_uris_have_a_code_of_their_own() {
        for uris in [
            json!([]),
            json!(["http://app.example/cb"]),
            json!(["https://app.example/cb", "https://app.example/*"]),
            json!(["https://app.example/cb#x"]),
            json!(["javascript:alert(1)"]),
            json!(["data:text/html,x"]),
            json!("https://app.example/cb"),
            json!([7]),
            json!(vec!["https://app.example/cb"; 21]),
            json!([format!("https://app.example/{}", "a".repeat(2_000))]),
        ] {
            let changes = json!({ "redirect_uris": uris });
            assert!(matches!(refused(&changes), RegistrationError::RedirectUri(_)), "{changes}");
        }
    }

    #[test]
    fn hostile_metadata_is_refused() {
        for changes in [
            json!({ "client_name": "a".repeat(101) }),
            json!({ "client_name": "Hospital\n\nIt is safe to continue" }),
            json!({ "client_name": "\u{202e}ppA traeH" }),
            json!({ "client_name": "Hos\u{200b}pital" }),
            json!({ "client_name": "\u{e0041}Hospital" }),
            json!({ "client_name": " Hospital" }),
            json!({ "client_name": ["Hospital"] }),
            json!({ "scope": null }),
            json!({ "scope": "" }),
            json!({ "scope": 7 }),
            json!({ "scope": "patient/*.rs ".repeat(700) }),
            json!({ "scope": "patient/*.rs\u{0}" }),
            json!({ "response_types": ["token"] }),
            json!({ "grant_types": ["implicit"] }),
            json!({ "grant_types": ["password"] }),
            json!({ "token_endpoint_auth_method": "tls_client_auth" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "token_endpoint_auth_method": 7 }),
            json!({ "logo_uri": "javascript:alert(1)" }),
            json!({ "initiate_login_uri": "http://app.example/launch" }),
            json!({ "initiate_login_uri": format!("https://app.example/{}", "a".repeat(2_000)) }),
            json!({ "jwks": { "keys": [] } }),
            json!({ "require_pushed_authorization_requests": true }),
            json!({ "tls_client_certificate_bound_access_tokens": true }),
            json!({ "id_token_signed_response_alg": "ES256" }),
        ] {
            assert!(matches!(refused(&changes), RegistrationError::Metadata(_)), "{changes}");
        }
        for bad in [json!([]), json!(null), json!("app"), json!({})] {
            assert!(registered(&bad).is_err(), "{bad}");
        }
        assert!(registered(&app(&json!({ "client_name": "Häuser & Söhne <b>™ 心" }))).is_ok());
    }

    #[test]
    fn the_initial_access_token_is_known_by_its_sha_256() {
        // printf %s correct-horse | sha256sum
        let right = "9dca666eb54730714630d1519264a7bf1eeaad00b8f2edc90d3ecbfad928d163".to_owned();
        for written in [right.clone(), right.to_ascii_uppercase()] {
            let token: InitialAccessToken = written.parse().unwrap();
            assert!(token.is("correct-horse"));
            for wrong in ["", "correct-horse ", "Correct-horse", &written] {
                assert!(!token.is(wrong), "{wrong}");
            }
        }
        for bad in ["", "abc", &right[1..], &format!("{right}0"), &right.replace('a', "g"), &"é".repeat(32)]
        {
            assert!(bad.parse::<InitialAccessToken>().is_err(), "{bad}");
        }
    }
}

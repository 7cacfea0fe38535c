//! The two requests of the code flow: the one that the browser carries to a provider, and the one that redeems its code (OIDC Core
//! §3.1.2.1, §3.1.3.1; RFC 7636 §4.3, §4.5).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use thiserror::Error;

use super::metadata::Metadata;
use super::provider::{ClientAuthentication, Provider};
use crate::grant::SignInWish;
use crate::pkce::CodeVerifier;
use crate::secret::Digest;

/// What a sign-in is bound to.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// Comes back as it is.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a Digest,
    /// The secret of the code's redemption: 43 characters of base64url.
    pub verifier: &'a Digest,
}

impl Asked<'_> {
    /// The address of the provider that the browser is sent to. What the app wants of the sign-in goes along.
    pub fn location(&self, provider: &Provider, metadata: &Metadata, wish: &SignInWish) -> String {
        let mut url = metadata.authorization_endpoint.clone();
        let challenge = Digest::of(self.verifier.to_string().as_bytes()).to_string();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &provider.client_id)
                .append_pair("redirect_uri", self.redirect_uri)
                .append_pair("scope", &provider.scope)
                .append_pair("state", self.state)
                .append_pair("nonce", &self.nonce.to_string())
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
            if wish.anew {
                query.append_pair("prompt", "login");
            }
            // Whoever is sent `max_age` must say when the user signed in (OIDC Core §2): `prompt=login` alone would have to be believed.
            if let Some(max_age) = wish.max_age.or(wish.anew.then_some(0)) {
                query.append_pair("max_age", &max_age.to_string());
            }
            if let Some(hint) = &wish.login_hint {
                query.append_pair("login_hint", hint);
            }
        }
        url.into()
    }
}

/// The value of an `Authorization` header. Redacted in `Debug`.
pub struct Authorization(String);

impl Authorization {
    /// The value: to be sent, never to be logged.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(…)")
    }
}

/// The redemption of a code: a form, and a header where the client has a secret that goes there.
pub struct Exchange {
    /// The form's fields. They hold secrets.
    pub form: Vec<(&'static str, String)>,
    /// The header.
    pub authorization: Option<Authorization>,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange(…)")
    }
}

impl Exchange {
    /// Redeems `code`. A provider that has a secret is never asked without it.
    pub fn new(
        provider: &Provider,
        secret: Option<&str>,
        code: &str,
        redirect_uri: &str,
        verifier: &Digest,
    ) -> Option<Self> {
        // What we send is what others must: 43 unreserved characters.
        verifier.to_string().parse::<CodeVerifier>().ok()?;
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
            ("code_verifier", verifier.to_string()),
        ];
        let mut authorization = None;
        match (&provider.authentication, secret) {
            (ClientAuthentication::None, _) => form.push(("client_id", provider.client_id.clone())),
            (ClientAuthentication::Post(_), Some(secret)) => {
                form.push(("client_id", provider.client_id.clone()));
                form.push(("client_secret", secret.to_owned()));
            }
            (ClientAuthentication::Basic(_), Some(secret)) => {
                // Form-encoded first (RFC 6749 §2.3.1).
                let encoded =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&provider.client_id), encoded(secret));
                authorization = Some(Authorization(format!("Basic {}", STANDARD.encode(pair))));
            }
            (_, None) => return None,
        }
        Some(Self { form, authorization })
    }
}

/// Why an answer of the token endpoint brings no ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenFault {
    /// It refused the code: it was used or has expired.
    #[error("the code was refused")]
    Code,
    /// It refused us.
    #[error("our client authentication was refused")]
    Client,
    /// It says something else.
    #[error("the token endpoint answered with an error")]
    Refused,
    /// There is no ID token in it.
    #[error("the token endpoint answered without an ID token")]
    Form,
}

/// The ID token of a token endpoint's answer (OIDC Core §3.1.3.3).
pub fn id_token_of(status: u16, answer: &Value) -> Result<&str, TokenFault> {
    if status == 200 {
        return answer.get("id_token").and_then(Value::as_str).ok_or(TokenFault::Form);
    }
    Err(match answer.get("error").and_then(Value::as_str) {
        Some("invalid_grant") => TokenFault::Code,
        Some("invalid_client" | "unauthorized_client") => TokenFault::Client,
        _ => TokenFault::Refused,
    })
}

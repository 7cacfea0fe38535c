//! The app: a public client with PKCE that finds its server by discovery, as `demo/seed/clients.json` registers it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::Outcome;
use crate::browser::Browser;
use crate::connection::{Answer, Asked, Connection, Site, encode};

const CLIENT: &str = "sample-native";
const REDIRECT_URI: &str = "http://127.0.0.1:4321/callback";

/// The same for all: here nobody is to be kept from guessing it.
const VERIFIER: &str = "a-code-verifier-for-measurements-and-nothing-else";

/// What is asked for: with `openid` two tokens are signed, without it one.
pub(crate) const WITH_ID_TOKEN: &str = "launch/patient openid fhirUser offline_access patient/*.rs";
pub(crate) const WITHOUT_ID_TOKEN: &str = "launch/patient offline_access patient/*.rs";

/// An app at home on a site.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) site: Site,
    authorization_endpoint: String,
    token_endpoint: String,
    /// Where the public keys are.
    pub(crate) jwks_uri: String,
}

/// What a code or a refresh token was changed for.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl App {
    pub(crate) async fn discover(site: Site) -> Outcome<Self> {
        let mut connection = Connection::open(site.address).await?;
        let answer = connection.ask(site.get("/fhir/.well-known/smart-configuration")?).await?;
        let found = json(&answer)?;
        Ok(Self {
            authorization_endpoint: text(&found, "authorization_endpoint")?,
            token_endpoint: text(&found, "token_endpoint")?,
            jwks_uri: text(&found, "jwks_uri")?,
            site,
        })
    }

    /// A code for these scopes, by way of the pages.
    pub(crate) async fn code(&self, browser: &mut Browser, scope: &str) -> Outcome<String> {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let asked = encode(&[
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("scope", scope),
            ("state", "a-state-for-measurements"),
            ("aud", &format!("{}/fhir", self.site.url)),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let answered =
            browser.visit(&format!("{}?{asked}", self.authorization_endpoint), REDIRECT_URI).await?;
        let url = Url::parse(&answered)?;
        let code = url.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.ok_or_else(|| format!("no code: {:?}", url.query()))?;
        Ok(code.into_owned())
    }

    /// The request that changes a code for tokens.
    pub(crate) fn exchange(&self, code: &str) -> Outcome<Asked> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        self.site.post(&self.token_endpoint, &form)
    }

    /// The request that changes a refresh token for tokens.
    pub(crate) fn refresh(&self, token: &str) -> Outcome<Asked> {
        let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)];
        self.site.post(&self.token_endpoint, &form)
    }
}

/// The tokens in an answer.
pub(crate) fn tokens(answer: &Answer) -> Outcome<Tokens> {
    let found = json(answer)?;
    Ok(Tokens { access: text(&found, "access_token")?, refresh: text(&found, "refresh_token")? })
}

fn text(found: &Value, name: &str) -> Outcome<String> {
    let value = found.get(name).and_then(Value::as_str);
    Ok(value.ok_or_else(|| format!("an answer without {name}"))?.to_owned())
}

/// The JSON of a success.
pub(crate) fn json(answer: &Answer) -> Outcome<Value> {
    if answer.status != StatusCode::OK {
        return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

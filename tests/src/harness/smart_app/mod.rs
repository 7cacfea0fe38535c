//! A SMART app: it knows the FHIR base URL and its own registration, and discovers the rest.
//!
//! [`SmartApp::request`] makes an authorization request, [`SmartApp::launch`] goes the whole way to tokens with somebody at a
//! browser; each parameter of each request can be changed on the way.
//!
//! | file | is |
//! |---|---|
//! | `asked` | an authorization request, and what its answer must be |
//! | `person` | what somebody does on the pages |
//! | `tokens` | requests to the token endpoint, client assertions, and what comes of them |

mod asked;
mod person;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use smart_core::instant::Instant;
use smart_web::arrival::system_clock;

pub(crate) use self::asked::Asked;
pub(crate) use self::person::{Choices, consent_form, decide, walk};
pub(crate) use self::tokens::{Assertion, TokenCall, Tokens, basic};
use super::app::Clock;
use super::keys::{ClientKeys, Key};
use super::target::{Call, Target, encode};
use super::world::clients;
use super::{Answer, Browser};

/// The value of `client_assertion_type`.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What most apps ask for.
pub(crate) const ALL_OF_MARIA: &str = "openid fhirUser offline_access launch/patient patient/*.rs";

/// An app.
#[derive(Clone)]
pub(crate) struct SmartApp {
    pub(crate) target: Target,
    /// The SMART configuration.
    pub(crate) metadata: Value,
    pub(crate) client_id: &'static str,
    pub(crate) redirect_uri: String,
    pub(crate) proof: Proof,
}

/// How an app proves who it is.
#[derive(Clone, Copy)]
pub(crate) enum Proof {
    None,
    Basic(&'static str),
    Post(&'static str),
    Assertion { key: &'static Key, kid: &'static str },
}

impl SmartApp {
    /// The client of this id in the world.
    pub(crate) async fn new(target: &Target, client_id: &'static str) -> Self {
        let keys = ClientKeys::of_this_process;
        let (redirect_uri, proof) = match client_id {
            "basic" => (clients::SERVER_REDIRECT, Proof::Basic(clients::BASIC_SECRET)),
            "trusted" => (clients::SERVER_REDIRECT, Proof::Basic(clients::TRUSTED_SECRET)),
            "post" => (clients::SERVER_REDIRECT, Proof::Post(clients::POST_SECRET)),
            "es384" | "published" | "backend" => {
                (clients::SERVER_REDIRECT, Proof::Assertion { key: &keys().es384, kid: "ec" })
            }
            "rs384" | "rs256" => {
                (clients::SERVER_REDIRECT, Proof::Assertion { key: &keys().rs384, kid: "rsa" })
            }
            "inferno" => (clients::SERVER_REDIRECT, Proof::Basic(clients::INFERNO_SECRET)),
            "introspector" => ("", Proof::Basic(clients::INTROSPECTOR_SECRET)),
            "ehr" => ("", Proof::Basic(clients::EHR_SECRET)),
            "native" => ("http://127.0.0.1:49152/callback", Proof::None),
            _ => (clients::WEB_REDIRECT, Proof::None),
        };
        let base = target.url().fhir_base();
        let metadata = target.get(&format!("{base}/.well-known/smart-configuration")).send().await.ok();
        Self { target: target.clone(), metadata, client_id, redirect_uri: redirect_uri.to_owned(), proof }
    }

    /// The client of this id, with a server of the suite `wire`.
    pub(crate) async fn on_wire(client_id: &'static str) -> Self {
        Self::new(&Target::wire().await, client_id).await
    }

    /// This client with tokens for everything of Maria's that it may ask for.
    pub(crate) async fn with_tokens(client_id: &'static str) -> (Self, Tokens) {
        let app = Self::on_wire(client_id).await;
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        (app, tokens)
    }

    /// The same app on the same server as another client.
    pub(crate) async fn as_client(&self, client_id: &'static str) -> Self {
        Self::new(&self.target, client_id).await
    }

    pub(crate) fn with_redirect_uri(mut self, redirect_uri: &str) -> Self {
        redirect_uri.clone_into(&mut self.redirect_uri);
        self
    }

    /// An address of the SMART configuration.
    #[track_caller]
    pub(crate) fn endpoint(&self, name: &str) -> &str {
        self.metadata[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.metadata))
    }

    pub(crate) fn fhir_base(&self) -> &str {
        self.target.url().fhir_base()
    }

    pub(crate) fn issuer(&self) -> &str {
        self.endpoint("issuer")
    }

    /// A complete, correct authorization request.
    pub(crate) fn request(&self, scope: &str) -> Asked {
        let (verifier, state, nonce) = (random_text(), random_text(), random_text());
        let challenge = challenge(&verifier);
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &state),
            ("aud", self.fhir_base()),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        Asked {
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            redirect_uri: self.redirect_uri.clone(),
            issuer: self.issuer().to_owned(),
            verifier,
            state,
            nonce,
        }
    }

    /// The URL that starts an authorization by GET.
    pub(crate) fn url_of(&self, asked: &Asked) -> String {
        format!("{}?{}", self.endpoint("authorization_endpoint"), encode(&asked.parameters))
    }

    /// Sends the request without a browser's cookies, and follows nothing.
    pub(crate) async fn ask(&self, asked: &Asked) -> Answer {
        self.target.get(&self.url_of(asked)).send().await
    }

    /// From a request to the redirect that leaves the server, whatever it says.
    pub(crate) async fn authorize(
        &self,
        browser: &mut Browser,
        asked: &Asked,
        choices: &Choices<'_>,
    ) -> String {
        let shown = browser.open(&self.url_of(asked)).await;
        walk(browser, shown, choices).await
    }

    /// From a request to a code.
    pub(crate) async fn code(&self, browser: &mut Browser, asked: &Asked, choices: &Choices<'_>) -> String {
        asked.code_in(&self.authorize(browser, asked, choices).await)
    }

    /// The whole way, in a browser that nobody used before: from a scope to tokens.
    pub(crate) async fn launch(&self, scope: &str, choices: &Choices<'_>) -> Tokens {
        self.launch_in(&mut Browser::new(&self.target), scope, choices).await
    }

    /// The whole way in this browser.
    pub(crate) async fn launch_in(
        &self,
        browser: &mut Browser,
        scope: &str,
        choices: &Choices<'_>,
    ) -> Tokens {
        let asked = self.request(scope);
        let code = self.code(browser, &asked, choices).await;
        let answer = self.exchange(&asked, &code).send().await;
        self.tokens(&answer)
    }

    /// A correct request for the tokens of a code.
    pub(crate) fn exchange(&self, asked: &Asked, code: &str) -> TokenCall {
        self.token_call(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &asked.redirect_uri),
            ("code_verifier", &asked.verifier),
        ])
    }

    /// A correct request for new tokens.
    pub(crate) fn refresh(&self, tokens: &Tokens) -> TokenCall {
        let token = tokens.refresh_token.as_deref().expect("a refresh token");
        self.token_call(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// A correct request for a token without a user.
    pub(crate) fn credentials(&self, scope: &str) -> TokenCall {
        self.token_call(&[("grant_type", "client_credentials"), ("scope", scope)])
    }

    /// A token without a user.
    pub(crate) async fn alone(&self, scope: &str) -> Tokens {
        self.tokens(&self.credentials(scope).send().await)
    }

    /// A question about a token.
    pub(crate) fn introspection(&self, token: &str) -> TokenCall {
        self.call_to("introspection_endpoint", &[("token", token)])
    }

    /// What is told of a token that is good.
    pub(crate) async fn introspected(&self, token: &str) -> Value {
        let answer = self.introspection(token).send().await;
        let told = answer.ok();
        assert_eq!(answer.header(CONTENT_TYPE), "application/json");
        answer.is_kept_nowhere().is_open_to_all_origins();
        assert_eq!(told["active"], true, "{told}");
        told
    }

    /// That a token is told to be good for nothing, and nothing else of it (INTRO-08).
    pub(crate) async fn is_inactive(&self, token: &str) {
        let answer = self.introspection(token).send().await;
        assert_eq!(answer.ok(), json!({ "active": false }));
        answer.is_kept_nowhere().is_open_to_all_origins();
    }

    /// A token that is needed no longer.
    pub(crate) fn revocation(&self, token: &str) -> TokenCall {
        self.call_to("revocation_endpoint", &[("token", token)])
    }

    /// That a token is revoked now, whether or not it was good.
    pub(crate) async fn revokes(&self, token: &str) {
        let answer = self.revocation(token).send().await;
        assert!(answer.ok().is_object());
        answer.is_kept_nowhere().is_open_to_all_origins();
    }

    /// A request to the token endpoint of this very app.
    pub(crate) fn token_call(&self, parameters: &[(&str, &str)]) -> TokenCall {
        self.call_to("token_endpoint", parameters)
    }

    /// A request of this very app to an endpoint that is for clients.
    fn call_to(&self, endpoint: &str, parameters: &[(&str, &str)]) -> TokenCall {
        let mut call = TokenCall {
            target: self.target.clone(),
            endpoint: self.endpoint(endpoint).to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            authorization: None,
        };
        match self.proof {
            Proof::None => call = call.set("client_id", self.client_id),
            Proof::Basic(secret) => call.authorization = Some(basic(self.client_id, secret)),
            Proof::Post(secret) => {
                call = call.set("client_id", self.client_id).set("client_secret", secret);
            }
            Proof::Assertion { .. } => {
                call = call
                    .set("client_assertion_type", JWT_BEARER)
                    .set("client_assertion", &self.assertion().sign());
            }
        }
        call
    }

    /// A correct client assertion.
    pub(crate) fn assertion(&self) -> Assertion {
        let Proof::Assertion { key, kid } = self.proof else { panic!("{} has no key", self.client_id) };
        let now = self.now().as_unix();
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.endpoint("token_endpoint"),
            "exp": now + 240, "jti": random_text(),
        });
        Assertion { header: json!({ "alg": key.algorithm(), "kid": kid, "typ": "JWT" }), claims, key }
    }

    /// The time by this app's clock, which is right.
    pub(crate) fn now(&self) -> Instant {
        self.target.now()
    }

    /// The tokens of a successful answer, which must be all that RFC 6749 §5.1 and SMART say (TOK-07, TOK-08, TOK-09,
    /// TOK-10, TOK-11, TOK-16, TOK-17, TOK-18, TOK-19, TOK-21).
    #[track_caller]
    #[expect(clippy::unused_self, reason = "it reads as what an app does")]
    pub(crate) fn tokens(&self, answer: &Answer) -> Tokens {
        let json = answer.ok();
        assert_eq!(answer.header(CONTENT_TYPE), "application/json");
        answer.is_kept_nowhere().is_open_to_all_origins();
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let tokens = Tokens {
            access_token: text("access_token").expect("access_token"),
            scope: text("scope").expect("scope"),
            expires_in: json["expires_in"].as_u64().expect("expires_in, as a number"),
            refresh_token: text("refresh_token"),
            id_token: text("id_token"),
            patient: text("patient"),
            json,
        };
        assert_eq!(tokens.json["token_type"], "Bearer");
        assert!(!tokens.scope.is_empty());
        assert!((1..=3600).contains(&tokens.expires_in), "{}", tokens.expires_in);
        let bare = tokens.access_token.trim_end_matches('=');
        let is_b64token = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        assert!(
            is_b64token && !bare.is_empty() && tokens.access_token.len() < 4096,
            "{}",
            tokens.access_token
        );
        tokens
    }

    /// A request to the FHIR API with a token; `path` is what follows the base and a slash.
    pub(crate) fn fhir(&self, tokens: &Tokens, path: &str) -> Call {
        let url = format!("{}/{path}", self.fhir_base());
        self.target.get(&url).bearer(&tokens.access_token)
    }

    pub(crate) async fn read(&self, tokens: &Tokens, path: &str) -> Answer {
        self.fhir(tokens, path).send().await
    }

    /// A search by POST.
    pub(crate) async fn post_search(
        &self,
        tokens: &Tokens,
        resource_type: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let url = format!("{}/{resource_type}/_search", self.fhir_base());
        self.target.post(&url, form).bearer(&tokens.access_token).send().await
    }

    /// The claims of an ID token, verified as an app must do it (OIDC Core §3.1.3.7), by a library.
    pub(crate) async fn verified(&self, id_token: &str) -> Value {
        let keys = self.target.get(self.endpoint("jwks_uri")).send().await.ok();
        let keys: JwkSet = serde_json::from_value(keys).unwrap();
        let header = jsonwebtoken::decode_header(id_token).unwrap();
        assert_eq!(header.alg, Algorithm::RS256);
        let key = keys.find(&header.kid.expect("kid")).expect("the key is published");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[self.issuer()]);
        validation.set_audience(&[self.client_id]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "iat"]);
        // The server's time may be a test's.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).unwrap();
        let claims: Value = jsonwebtoken::decode(id_token, &key, &validation).unwrap().claims;
        let now = self.now().as_unix();
        let instant = |name: &str| claims[name].as_u64().unwrap_or_else(|| panic!("{name} in {claims}"));
        assert!(instant("exp") > now && instant("iat") <= now + 1, "{claims} at {now}");
        claims
    }
}

impl Target {
    /// The time on this server, as far as a client can know it.
    pub(crate) fn now(&self) -> Instant {
        self.clock().map_or_else(system_clock, Clock::now)
    }
}

/// The S256 challenge of a verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// 43 characters that were never there before.
pub(crate) fn random_text() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let random: [u8; 16] = smart_web::random::bytes().unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    URL_SAFE_NO_PAD.encode(Sha256::digest([&random[..], &count.to_be_bytes()].concat()))
}

//! A SMART app: from an authorization request to data, with every parameter open to change.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::browser::{Browser, Way};
use crate::clock;
use crate::http::{Answer, Call};
use crate::keys::{Key, random_text};
use crate::outcome::{Step, Untrue, holds, refused};
use crate::scene::Scene;
use crate::seed::{Client, Proof, REDIRECT};

/// RFC 7523 §2.2.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An app.
#[derive(Clone, Copy)]
pub(crate) struct App<'s> {
    pub(crate) scene: &'s Scene,
    pub(crate) client: &'s Client,
}

/// An authorization request, to be changed.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) verifier: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    posts: bool,
}

impl Request {
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    /// By POST.
    pub(crate) fn by_post(mut self) -> Self {
        self.posts = true;
        self
    }
}

/// What the token endpoint gave.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) scope: String,
    /// The whole answer.
    pub(crate) json: Value,
}

impl Tokens {
    /// Whether exactly these scopes were granted.
    pub(crate) fn has_exactly(&self, scope: &str) -> bool {
        let sorted = |text: &str| {
            let mut scopes: Vec<String> = text.split(' ').map(str::to_owned).collect();
            scopes.sort();
            scopes
        };
        sorted(&self.scope) == sorted(scope)
    }

    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|granted| granted == scope)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }
}

impl<'s> App<'s> {
    /// A correct request.
    pub(crate) fn request(&self, scope: &str) -> Step<Request> {
        let (verifier, state, nonce) = (random_text()?, random_text()?, random_text()?);
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client.id),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", &state),
            ("aud", &self.scene.documents.fhir_base),
            ("code_challenge", &challenge(&verifier)),
            ("code_challenge_method", "S256"),
            ("nonce", &nonce),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Ok(Request { parameters, verifier, state, nonce, posts: false })
    }

    /// From a request to the redirect that leaves the server, whatever it says.
    pub(crate) async fn authorize(&self, browser: &mut Browser<'_>, request: &Request) -> Step<Way> {
        let endpoint = self.scene.endpoint("authorization_endpoint")?;
        let shown = browser.submit(request.posts, &endpoint, &request.parameters).await?;
        browser.walk(shown).await
    }

    /// From a request to a code: with the state that was sent, and the issuer (RFC 9207).
    pub(crate) async fn code(&self, browser: &mut Browser<'_>, request: &Request) -> Step<String> {
        let way = self.authorize(browser, request).await?;
        self.code_in(&way.to, request)
    }

    /// The code in a redirect.
    pub(crate) fn code_in(&self, to: &Url, request: &Request) -> Step<String> {
        let value = |name: &str| {
            to.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        holds(to.as_str().starts_with(REDIRECT), || {
            "the browser was sent to another place than the app".to_owned()
        })?;
        if let Some(error) = value("error") {
            let why = value("error_description").unwrap_or_default();
            return refused(format!("the app was told {error}: {why}"));
        }
        holds(value("state").as_ref() == Some(&request.state), || "another state came back".to_owned())?;
        let Some(code) = value("code") else { return refused("the redirect has no code in its query") };
        self.scene.http.keep_secret(&code);
        Ok(code)
    }

    /// The whole way, from a scope to tokens.
    pub(crate) async fn launch(&self, browser: &mut Browser<'_>, scope: &str) -> Step<Tokens> {
        let request = self.request(scope)?;
        self.launch_by(browser, &request).await
    }

    /// The whole way, from a request to tokens.
    pub(crate) async fn launch_by(&self, browser: &mut Browser<'_>, request: &Request) -> Step<Tokens> {
        let code = self.code(browser, request).await?;
        let answer = self.exchange(request, &code).await?;
        self.tokens(answer)
    }

    /// Asks for the tokens of a code.
    pub(crate) async fn exchange(&self, request: &Request, code: &str) -> Step<Answer> {
        self.token(&of_code(request, code)).await
    }

    /// Asks for new tokens.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Step<Answer> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// A request to the token endpoint, with this client's proof.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Step<Answer> {
        let endpoint = self.scene.endpoint("token_endpoint")?;
        self.proven(&endpoint, form)?.send().await
    }

    /// A POST of this client, with its proof.
    pub(crate) fn proven(&self, endpoint: &Url, form: &[(&str, &str)]) -> Step<Call<'s>> {
        let mut form: Vec<(&str, &str)> = form.to_vec();
        let assertion;
        let http = &self.scene.http;
        match &self.client.proof {
            Proof::None => form.push(("client_id", &self.client.id)),
            Proof::Basic(secret) => {
                return Ok(http.post(endpoint, &form).header(AUTHORIZATION, &basic(&self.client.id, secret)));
            }
            Proof::Post(secret) => {
                form.extend([("client_id", self.client.id.as_str()), ("client_secret", secret)]);
            }
            Proof::Key { .. } => {
                assertion = self.assertion(&json!({}))?;
                form.extend([
                    ("client_assertion_type", JWT_BEARER),
                    ("client_assertion", assertion.as_str()),
                ]);
            }
        }
        Ok(http.post(endpoint, &form))
    }

    /// A POST of this client, whose assertion its key signs by another algorithm than the one that it is registered for.
    pub(crate) fn proven_by(&self, algorithm: &str, endpoint: &Url, form: &[(&str, &str)]) -> Step<Call<'s>> {
        let header = json!({ "alg": algorithm, "kid": self.client.id, "typ": "JWT" });
        let assertion = self.assertion_by(self.key()?.1, &header, &json!({}))?;
        let proof = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
        Ok(self.scene.http.post(endpoint, &[form, &proof].concat()))
    }

    /// A client assertion with these claims in place of the usual ones.
    pub(crate) fn assertion(&self, changes: &Value) -> Step<String> {
        let (algorithm, key) = self.key()?;
        self.assertion_by(key, &json!({ "alg": algorithm, "kid": self.client.id, "typ": "JWT" }), changes)
    }

    /// The same by any key, with any header.
    pub(crate) fn assertion_by(&self, key: &Key, header: &Value, changes: &Value) -> Step<String> {
        let Some(signed) = key.sign(header, &self.claims(changes)?) else {
            return Err(Untrue::Unclear("an assertion cannot be signed".to_owned()));
        };
        self.scene.http.keep_secret(&signed);
        Ok(signed)
    }

    /// The client's key, and the algorithm that it is registered for.
    pub(crate) fn key(&self) -> Step<(&'static str, &'s Key)> {
        match &self.client.proof {
            Proof::Key { algorithm, key } => Ok((algorithm, key)),
            _ => refused(format!("{} has no key", self.client.id)),
        }
    }

    /// The claims of an assertion: five minutes are the limit.
    pub(crate) fn claims(&self, changes: &Value) -> Step<Value> {
        let mut claims = json!({
            "iss": self.client.id, "sub": self.client.id, "aud": self.scene.endpoint("token_endpoint")?.as_str(),
            "exp": clock::unix() + 240, "jti": random_text()?,
        });
        if let (Some(claims), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
            claims.extend(changes.clone());
        }
        Ok(claims)
    }

    /// The bearer tokens of an answer, which must be all that RFC 6749 §5.1 and SMART say.
    pub(crate) fn tokens(&self, answer: Answer) -> Step<Tokens> {
        self.tokens_of_type("Bearer", answer)
    }

    /// The same with another `token_type`.
    pub(crate) fn tokens_of_type(&self, token_type: &str, answer: Answer) -> Step<Tokens> {
        let answer = answer.is(200)?;
        let json = answer.json()?;
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        for secret in ["access_token", "refresh_token", "id_token"] {
            if let Some(secret) = text(secret) {
                self.scene.http.keep_secret(&secret);
            }
        }
        let (Some(access), Some(scope)) = (text("access_token"), text("scope")) else {
            return refused("the answer with tokens has no access_token, or no scope");
        };
        let is_of_type = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case(token_type));
        holds(is_of_type, || format!("token_type is not {token_type}"))?;
        let ends = json.get("expires_in").is_some_and(Value::is_u64);
        holds(ends, || "expires_in is not a number".to_owned())?;
        let is_kept_nowhere = answer.header("cache-control").contains("no-store");
        holds(is_kept_nowhere, || "tokens may be kept by a cache: Cache-Control is not no-store".to_owned())?;
        Ok(Tokens { access, scope, refresh: text("refresh_token"), json })
    }

    /// GET of the FHIR API with a token; `path` is what follows the base and a slash.
    pub(crate) async fn read(&self, tokens: &Tokens, path: &str) -> Step<Answer> {
        let url = self.scene.fhir(path)?;
        self.scene.http.get(&url).bearer(&tokens.access).accept("application/fhir+json").send().await
    }

    /// That a resource can be read.
    pub(crate) async fn can_read(&self, tokens: &Tokens, path: &str) -> Step {
        self.read(tokens, path).await?.is(200).map(drop)
    }

    /// That a resource cannot be read: forbidden, or as if it were not there.
    pub(crate) async fn cannot_read(&self, tokens: &Tokens, path: &str) -> Step {
        self.read(tokens, path).await?.one_of(&[403, 404]).map(drop)
    }

    /// That a token opens nothing any more.
    pub(crate) async fn is_dead(&self, tokens: &Tokens, path: &str) -> Step {
        self.read(tokens, path).await?.is(401).map(drop)
    }
}

/// What is sent to redeem a code.
pub(crate) fn of_code<'f>(request: &'f Request, code: &'f str) -> [(&'f str, &'f str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &request.verifier),
    ]
}

/// The S256 challenge of a verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// `Basic`, each part form-encoded before (RFC 6749 §2.3.1).
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", part(client_id), part(secret))))
}

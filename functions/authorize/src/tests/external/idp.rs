//! An identity provider in process: it keeps to OpenID Connect, unless a test tells it otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use smart_core::external::{Answering, Published, Web, WebAnswer, WebError};
use smart_core::secret::Digest;
use tokio::sync::Semaphore;

use super::visitor::NOW;

/// What a test changes of a claim set or a header.
type Change = Box<dyn Fn(&mut Value) + Send>;

pub(super) struct State {
    pub(super) issuer: &'static str,
    pub(super) metadata: Value,
    /// The one that signs is the last one.
    keys: Vec<(String, EcdsaKeyPair)>,
    pub(super) published: Value,
    /// Who is at the browser, and what is said of them.
    pub(super) person: Value,
    pub(super) change_claims: Option<Change>,
    pub(super) change_header: Option<Change>,
    /// Whatever else the token endpoint should say in the place of an ID token.
    pub(super) instead: Option<WebAnswer>,
    /// What is answered to a path, whatever is asked: `Err` is a network that fails.
    pub(super) faults: HashMap<&'static str, Result<WebAnswer, WebError>>,
    /// What is not answered before a permit is added, and how many wait for it.
    pub(super) slow: Option<(&'static str, Arc<Semaphore>)>,
    pub(super) waiting: usize,
    /// How long the keys may be kept.
    pub(super) max_age: Option<Duration>,
    /// The paths that were asked.
    pub(super) asked: Vec<String>,
    codes: HashMap<String, HashMap<String, String>>,
}

#[derive(Clone)]
pub(super) struct Idp(Arc<Mutex<State>>);

impl Idp {
    pub(super) fn new(issuer: &'static str) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"), "authorization_response_iss_parameter_supported": true,
        });
        let idp = Self(Arc::new(Mutex::new(State {
            issuer,
            metadata,
            keys: Vec::new(),
            published: json!({ "keys": [] }),
            person: json!({ "sub": "person-7", "auth_time": NOW.as_unix() }),
            change_claims: None,
            change_header: None,
            instead: None,
            faults: HashMap::new(),
            slow: None,
            waiting: 0,
            max_age: None,
            asked: Vec::new(),
            codes: HashMap::new(),
        })));
        idp.new_key("first");
        idp
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A new key that signs from now on, and is published beside those before.
    pub(super) fn new_key(&self, kid: &str) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let jwk =
            json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256", "x": x, "y": y });
        let mut state = self.state();
        state.published["keys"].as_array_mut().unwrap().push(jwk);
        state.keys.push((kid.to_owned(), pair));
    }

    pub(super) fn claims(&self, change: impl Fn(&mut Value) + Send + 'static) {
        self.state().change_claims = Some(Box::new(change));
    }

    pub(super) fn header(&self, change: impl Fn(&mut Value) + Send + 'static) {
        self.state().change_header = Some(Box::new(change));
    }

    /// What was asked since the last time, by path.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// The person signs in at the address that a browser was sent to: the address that it is sent back to.
    pub(super) fn signs_in(&self, location: &str) -> String {
        let (there, asked) = query_of(location);
        let mut state = self.state();
        assert_eq!(there, format!("{}/authorize", state.issuer));
        let code = format!("code-{}", state.codes.len());
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer.append_pair("code", &code).append_pair("state", &asked["state"]);
        if state.metadata["authorization_response_iss_parameter_supported"] == true {
            answer.append_pair("iss", state.issuer);
        }
        let back = format!("{}?{}", asked["redirect_uri"], answer.finish());
        state.codes.insert(code, asked);
        back
    }
}

/// An address without its query, and the query.
pub(super) fn query_of(location: &str) -> (&str, HashMap<String, String>) {
    let (there, query) = location.split_once('?').unwrap();
    (there, form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

impl State {
    fn answer(
        &mut self,
        path: &str,
        form: &[(&'static str, String)],
        header: Option<&str>,
    ) -> Result<WebAnswer, WebError> {
        self.asked.push(path.to_owned());
        if let Some(fault) = self.faults.get(path) {
            return fault.clone();
        }
        let body = match path {
            "/.well-known/openid-configuration" => self.metadata.clone(),
            "/keys" => self.published.clone(),
            "/token" => match self.token(form, header) {
                Ok(body) => body,
                Err(error) => return Ok(WebAnswer { status: 400, body: json!({ "error": error }) }),
            },
            other => panic!("nothing at {other}"),
        };
        Ok(WebAnswer { status: 200, body })
    }

    /// The token endpoint: client, code once, redirect URI and PKCE are checked as a provider checks them.
    fn token(
        &mut self,
        form: &[(&'static str, String)],
        header: Option<&str>,
    ) -> Result<Value, &'static str> {
        if let Some(instead) = &self.instead {
            return Ok(instead.body.clone());
        }
        let field = |name: &str| form.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        let asked = self.codes.remove(field("code").ok_or("invalid_request")?).ok_or("invalid_grant")?;
        let client = asked["client_id"].as_str();
        let basic =
            format!("Basic {}", STANDARD.encode(format!("{client}:{}", super::SECRET.replace(' ', "+"))));
        let authenticated = match header {
            Some(header) => header == basic,
            None => field("client_id") == Some(client) && client == "smart-at-b",
        };
        if !authenticated {
            return Err("invalid_client");
        }
        let challenge = Digest::of(field("code_verifier").unwrap_or_default().as_bytes()).to_string();
        if asked["code_challenge"] != challenge || field("redirect_uri") != Some(&asked["redirect_uri"]) {
            return Err("invalid_grant");
        }
        let mut claims = json!({
            "iss": self.issuer, "aud": client, "exp": NOW.as_unix() + 300, "iat": NOW.as_unix(), "nonce": asked["nonce"],
        });
        for (name, value) in self.person.as_object().unwrap() {
            claims[name] = value.clone();
        }
        if let Some(change) = &self.change_claims {
            change(&mut claims);
        }
        let (kid, key) = self.keys.last().unwrap();
        let mut header = json!({ "alg": "ES256", "kid": kid, "typ": "JWT" });
        if let Some(change) = &self.change_header {
            change(&mut header);
        }
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let input = format!("{header}.{claims}");
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        Ok(
            json!({ "token_type": "Bearer", "access_token": "x", "id_token": format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())) }),
        )
    }
}

/// What is reached by https.
pub(super) struct Network(Vec<Idp>);

impl Network {
    pub(super) fn of(idps: impl Into<Vec<Idp>>) -> Self {
        Self(idps.into())
    }

    /// The provider that is at a URL, and the path there.
    fn at(&self, url: &str) -> (&Idp, String) {
        let found =
            self.0.iter().find_map(|idp| Some((idp, url.strip_prefix(idp.state().issuer)?.to_owned())));
        found.unwrap_or_else(|| panic!("nobody at {url}"))
    }
}

impl Web for Network {
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a, Published> {
        Box::pin(async move {
            let (idp, path) = self.at(url);
            let slow = idp.state().slow.clone().filter(|(slow, _)| *slow == path);
            if let Some((_, gate)) = slow {
                idp.state().waiting += 1;
                gate.acquire().await.unwrap().forget();
                idp.state().waiting -= 1;
            }
            let mut idp = idp.state();
            let answer = idp.answer(&path, &[], None)?;
            if answer.status != 200 {
                return Err(WebError(format!("its status is {}", answer.status)));
            }
            Ok(Published { body: answer.body, max_age: idp.max_age })
        })
    }

    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a, WebAnswer> {
        Box::pin(async move {
            let (idp, path) = self.at(url);
            idp.state().answer(&path, form, authorization)
        })
    }
}

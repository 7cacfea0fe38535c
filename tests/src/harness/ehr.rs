//! An EHR: a client that may make launches, as the contract's page "Launch context" has it.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use smart_core::ports::Signer as _;
use url::Url;

use super::keys::signing_input;
use super::smart_app::random_text;
use super::target::{Call, Target};
use super::{Answer, SmartApp};

/// The client `ehr` with an access token.
pub(crate) struct Ehr {
    target: Target,
    token: String,
}

impl Ehr {
    /// The EHR of this server.
    pub(crate) async fn of(target: &Target) -> Self {
        let tokens = SmartApp::new(target, "ehr").await.alone("__launch.create").await;
        Self { target: target.clone(), token: tokens.access_token }
    }

    /// Its access token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The EHR whose token says something else, signed by the server's own key; for tests in its process.
    pub(crate) async fn saying(target: &Target, changes: Value) -> Self {
        Self { target: target.clone(), token: token(target, &changes).await }
    }

    pub(crate) fn call(&self, body: &Value) -> Call {
        self.raw(body.to_string())
    }

    /// A body as it is.
    pub(crate) fn raw(&self, body: impl Into<bytes::Bytes>) -> Call {
        let call = self.target.call(Method::POST, "/auth/launch").header(CONTENT_TYPE, "application/json");
        call.bearer(&self.token).body(body)
    }

    /// Asks for a launch of `client_id` in a context.
    pub(crate) async fn asks(&self, client_id: &str, context: Value) -> Answer {
        let mut body = context;
        body["client_id"] = client_id.into();
        self.call(&body).send().await
    }

    /// Makes a launch, and returns its handle. What is said besides must hold each time.
    pub(crate) async fn opens(&self, client_id: &str, context: Value) -> String {
        let answer = self.asks(client_id, context).await;
        let made = answer.is(201).is_kept_nowhere().json();
        let names: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["expires_in", "launch", "launch_url"]);
        assert_eq!(made["expires_in"], 300);
        let launch = made["launch"].as_str().unwrap().to_owned();
        // LAUNCH-02, LAUNCH-03: the app finds both in its URL.
        let url = Url::parse(made["launch_url"].as_str().unwrap()).unwrap();
        let pairs: Vec<_> = url.query_pairs().collect();
        let [.., (iss, base), (name, handle)] = pairs.as_slice() else { panic!("{url}") };
        assert_eq!((&**iss, &**base), ("iss", self.target.url().fhir_base()), "{url}");
        assert_eq!((&**name, &**handle), ("launch", &*launch), "{url}");
        launch
    }
}

impl SmartApp {
    /// Its request of an EHR's launch.
    pub(crate) fn launched(&self, scope: &str, launch: &str) -> super::smart_app::Asked {
        self.request(scope).add("launch", launch)
    }
}

/// Nearly a token of `client_credentials` for the client `ehr`.
async fn token(target: &Target, changes: &Value) -> String {
    let app = target.app().expect("a server of this process");
    let now = target.now().as_unix();
    let mut claims = json!({
        "iss": target.url().issuer(), "aud": target.url().fhir_base(), "sub": "ehr", "client_id": "ehr",
        "exp": now + 300, "iat": now, "jti": random_text(), "scope": "__launch.create",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let key = app.key.access_token_key().await.unwrap();
    let header = json!({ "typ": "at+jwt", "alg": key.alg, "kid": key.kid });
    let input = signing_input(&header, &claims);
    let signature = app.key.sign(&key, input.as_bytes()).await.unwrap();
    smart_core::jose::compact(&input, &signature)
}

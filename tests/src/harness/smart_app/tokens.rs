//! Requests to the token endpoint, client assertions, and what comes of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::harness::Answer;
use crate::harness::keys::{Key, jwt_parts};
use crate::harness::target::{Call, Target};

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) scope: String,
    pub(crate) expires_in: u64,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
    pub(crate) patient: Option<String>,
    /// The whole answer.
    pub(crate) json: Value,
}

impl Tokens {
    /// The scopes, sorted.
    pub(crate) fn scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<_> = self.scope.split(' ').collect();
        scopes.sort_unstable();
        scopes
    }

    /// The claims of the access token, which no app may look at.
    pub(crate) fn claims(&self) -> Value {
        jwt_parts(&self.access_token).1
    }
}

/// A request to the token endpoint, to be changed.
#[derive(Clone)]
pub(crate) struct TokenCall {
    pub(super) target: Target,
    pub(super) endpoint: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) authorization: Option<String>,
}

impl TokenCall {
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self.add(name, value)
    }

    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// With another `Authorization`; none if it is empty.
    pub(crate) fn authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned()).filter(|value| !value.is_empty());
        self
    }

    pub(crate) fn call(self) -> Call {
        let call = self.target.post(&self.endpoint, &self.parameters);
        match &self.authorization {
            Some(value) => call.header(AUTHORIZATION, value),
            None => call,
        }
    }

    pub(crate) async fn send(self) -> Answer {
        self.call().send().await
    }
}

/// A client assertion, to be changed before it is signed.
#[derive(Clone)]
pub(crate) struct Assertion {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(super) key: &'static Key,
}

impl Assertion {
    /// With another claim; `null` leaves it out.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        change(&mut self.claims, name, value.into());
        self
    }

    /// With another header parameter; `null` leaves it out.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        change(&mut self.header, name, value.into());
        self
    }

    pub(crate) fn sign(&self) -> String {
        self.key.sign(&self.header, &self.claims)
    }
}

fn change(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}

/// `Basic`, each part form-encoded before (RFC 6749 §2.3.1).
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", part(client_id), part(secret))))
}

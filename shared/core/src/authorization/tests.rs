//! Authorization requests: what is wrong with each parameter is shown or redirected, and how.

mod any_request;
mod context;
mod request;
mod scopes;
mod sign_in;

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::client::metadata::{self, Deployment};
use crate::fhir::resource_type::ResourceType;
use crate::launch::LaunchContext;
use crate::scope::Level;
use crate::user::Credentials;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://app.example/cb?keep=1";
const BASE: &str = "https://smart.example/fhir";
const SCOPE: &str = "launch/patient openid fhirUser offline_access patient/*.rs";
const REGISTERED: &str = "launch launch/patient openid fhirUser profile offline_access online_access \
    patient/*.cruds user/*.cruds system/*.rs __test";

fn here() -> PublicUrl {
    "https://smart.example".parse().unwrap()
}

fn client_with(changes: &Value) -> Client {
    let mut metadata = json!({
        "client_id": "app", "redirect_uris": [REDIRECT_URI, "https://app.example/other"],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
        "scope": REGISTERED,
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata::parse(&metadata, Deployment::Public).unwrap()
}

fn client() -> Client {
    client_with(&json!({}))
}

/// A request that can be answered.
const GOOD: [(&str, &str); 8] = [
    ("response_type", "code"),
    ("client_id", "app"),
    ("redirect_uri", REDIRECT_URI),
    ("scope", SCOPE),
    ("state", "s-1"),
    ("aud", BASE),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn encoded(pairs: &[(&str, &str)]) -> Parameters {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Parameters::parse(text.as_bytes()).unwrap()
}

/// The good request with one parameter changed; `None` leaves it out.
fn with(name: &str, value: Option<&str>) -> Parameters {
    let rest = GOOD.into_iter().filter(|(known, _)| *known != name);
    let pairs: Vec<_> = rest.chain(value.map(|value| (name, value))).collect();
    encoded(&pairs)
}

/// The good request with one parameter more.
fn and(name: &str, value: &str) -> Parameters {
    encoded(&[&GOOD[..], &[(name, value)]].concat())
}

fn read(parameters: &Parameters) -> Result<AuthorizationRequest, Refused> {
    AuthorizationRequest::parse(parameters, Some(&client()), &here())
}

fn redirected(found: Result<AuthorizationRequest, Refused>) -> ErrorAnswer {
    match found {
        Err(Refused::Redirected(answer)) => *answer,
        other => panic!("not redirected: {other:?}"),
    }
}

fn granted(scope: &str) -> String {
    read(&with("scope", Some(scope))).unwrap().request.scopes.to_string()
}

fn pairs_of(location: &str) -> Vec<(String, String)> {
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

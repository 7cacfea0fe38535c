//! The three discovery documents, and whether they say the same (DISC-29).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value};
use url::Url;

use crate::SetupError;
use crate::http::Http;

/// One of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Document {
    /// `{fhir base}/.well-known/smart-configuration` (SMART 2.2 "Conformance").
    Smart,
    /// `{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery).
    OpenId,
    /// `{issuer}/.well-known/oauth-authorization-server` (RFC 8414).
    OAuth,
}

impl Document {
    /// All.
    pub const ALL: [Self; 3] = [Self::Smart, Self::OpenId, Self::OAuth];

    /// The last part of its address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smart => "smart-configuration",
            Self::OpenId => "openid-configuration",
            Self::OAuth => "oauth-authorization-server",
        }
    }
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The FHIR base URL, without a slash at its end.
    pub fhir_base: String,
    /// In the order of [`Document::ALL`].
    pub of: [Map<String, Value>; 3],
}

/// What the SMART document may leave out of a list that the others have (X-13; RFC 7591 §2 names `none`, SMART does not).
const LEFT_OUT: [(&str, &str); 2] =
    [("grant_types_supported", "refresh_token"), ("token_endpoint_auth_methods_supported", "none")];

/// What only one of the documents defines, or two; everything else is in all three or in none.
const ELSEWHERE: [(&str, &[Document]); 14] = [
    ("capabilities", &[Document::Smart]),
    ("management_endpoint", &[Document::Smart]),
    ("user_access_brand_bundle", &[Document::Smart]),
    ("user_access_brand_identifier", &[Document::Smart]),
    ("associated_endpoints", &[Document::Smart]),
    ("response_modes_supported", &[Document::OpenId, Document::OAuth]),
    ("introspection_endpoint_auth_methods_supported", &[Document::OpenId, Document::OAuth]),
    ("introspection_endpoint_auth_signing_alg_values_supported", &[Document::OpenId, Document::OAuth]),
    ("revocation_endpoint_auth_methods_supported", &[Document::OpenId, Document::OAuth]),
    ("revocation_endpoint_auth_signing_alg_values_supported", &[Document::OpenId, Document::OAuth]),
    ("subject_types_supported", &[Document::OpenId]),
    ("id_token_signing_alg_values_supported", &[Document::OpenId]),
    ("claims_supported", &[Document::OpenId]),
    ("prompt_values_supported", &[Document::OpenId]),
];

/// The flags of OpenID Connect Discovery §3.
const OPENID_FLAGS: [&str; 3] =
    ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"];

impl Documents {
    /// Reads them. `base` is the FHIR base URL, or the public URL whose FHIR base is `/fhir` under it.
    pub(crate) async fn read(http: &Http, base: &Url) -> Result<Self, SetupError> {
        let given = base.as_str().trim_end_matches('/').to_owned();
        let below = format!("{given}/fhir");
        let (fhir_base, smart) = match get(http, &given, Document::Smart).await {
            Ok(smart) => (given, smart),
            Err(SetupError::Absent(_)) => {
                let smart = get(http, &below, Document::Smart).await?;
                (below, smart)
            }
            Err(error) => return Err(error),
        };
        // Without `issuer` it is looked for where the FHIR base is, so that a server that hides it is found out.
        let issuer = match smart.get("issuer").and_then(Value::as_str) {
            Some(issuer) => issuer.trim_end_matches('/').to_owned(),
            None => base.origin().ascii_serialization(),
        };
        let openid = get(http, &issuer, Document::OpenId).await?;
        let oauth = get(http, &issuer, Document::OAuth).await?;
        Ok(Self { fhir_base, of: [smart, openid, oauth] })
    }

    /// One of them.
    pub fn get(&self, document: Document) -> &Map<String, Value> {
        let [smart, openid, oauth] = &self.of;
        match document {
            Document::Smart => smart,
            Document::OpenId => openid,
            Document::OAuth => oauth,
        }
    }

    /// What is said in a field, by the first document that says anything.
    pub(crate) fn first(&self, field: &str) -> Option<&Value> {
        self.of.iter().find_map(|document| document.get(field))
    }

    /// An endpoint: as it is listed or, since what is not listed must not work either, where this project would have it.
    pub(crate) fn endpoint(&self, field: &str) -> Option<Url> {
        if let Some(listed) = self.first(field).and_then(Value::as_str) {
            return Url::parse(listed).ok();
        }
        let (_, usual) = USUAL.iter().find(|(name, _)| *name == field)?;
        let origin = Url::parse(&self.fhir_base).ok()?.origin().ascii_serialization();
        Url::parse(&format!("{origin}{usual}")).ok()
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.first("issuer").and_then(Value::as_str).unwrap_or_default()
    }

    /// The FHIR base URL with a path behind it.
    pub(crate) fn fhir(&self, path: &str) -> Option<Url> {
        Url::parse(&format!("{}/{path}", self.fhir_base)).ok()
    }

    /// Where the documents contradict one another, or one lacks what another has.
    pub fn disagreements(&self) -> Vec<String> {
        let fields: BTreeSet<&String> = self.of.iter().flat_map(Map::keys).collect();
        let mut found = Vec::new();
        for field in fields {
            let within = documents_of(field);
            let mut said = Vec::new();
            for document in within.iter().copied() {
                match self.get(document).get(field) {
                    Some(value) => said.push((document, comparable(value))),
                    None => found.push(format!("{} lacks {field}", document.name())),
                }
            }
            for pair in said.windows(2) {
                if let [(one, first), (other, second)] = pair
                    && first != second
                    && !is_left_out(field, *one, first, second)
                {
                    found.push(format!("{} and {} differ in {field}", one.name(), other.name()));
                }
            }
            for document in Document::ALL.into_iter().filter(|document| !within.contains(document)) {
                if self.get(document).contains_key(field) {
                    found.push(format!("{} has {field}, which is not defined there", document.name()));
                }
            }
        }
        found
    }
}

/// Where this project has its endpoints, and two pages that no document names.
const USUAL: [(&str, &str); 13] = [
    ("authorization_endpoint", "/auth/authorize"),
    ("token_endpoint", "/auth/token"),
    ("jwks_uri", "/.well-known/jwks.json"),
    ("introspection_endpoint", "/auth/introspect"),
    ("revocation_endpoint", "/auth/revoke"),
    ("management_endpoint", "/auth/access"),
    ("registration_endpoint", "/auth/register"),
    ("userinfo_endpoint", "/auth/userinfo"),
    ("pushed_authorization_request_endpoint", "/auth/par"),
    ("device_authorization_endpoint", "/auth/device_authorization"),
    ("user_access_brand_bundle", "/brands.json"),
    ("launch", "/auth/launch"),
    ("sign_out", "/auth/sign-out"),
];

fn documents_of(field: &str) -> &'static [Document] {
    if OPENID_FLAGS.contains(&field) {
        return &[Document::OpenId];
    }
    ELSEWHERE.iter().find(|(name, _)| *name == field).map_or(&Document::ALL, |(_, documents)| documents)
}

/// A value to be compared: lists are sets.
fn comparable(value: &Value) -> Vec<String> {
    let Value::Array(items) = value else { return vec![value.to_string()] };
    let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
    items.sort();
    items
}

/// Whether `smart` lacks of `other` just what the SMART document leaves out of this list.
fn is_left_out(field: &str, first: Document, smart: &[String], other: &[String]) -> bool {
    first == Document::Smart
        && LEFT_OUT.iter().any(|(name, left_out)| {
            let rest = other.iter().filter(|item| **item != format!("{left_out:?}"));
            *name == field && rest.eq(smart.iter())
        })
}

async fn get(http: &Http, base: &str, document: Document) -> Result<Map<String, Value>, SetupError> {
    let address = format!("{base}/.well-known/{}", document.name());
    let url = Url::parse(&address).map_err(|error| SetupError::Unreachable(format!("{address}: {error}")))?;
    let answer = http.get(&url).send().await.map_err(|error| SetupError::Unreachable(error.to_string()))?;
    if answer.status != StatusCode::OK {
        return Err(SetupError::Absent(format!("{address}: answered {}", answer.status)));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(SetupError::Unreachable(format!("{address}: expected a JSON object"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn documents(smart: Value, openid: Value, oauth: Value) -> Documents {
        let members = |value| match value {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let of = [members(smart), members(openid), members(oauth)];
        Documents { fhir_base: "https://smart.example/fhir".to_owned(), of }
    }

    #[test]
    fn disc_29_the_order_of_a_list_does_not_matter_and_what_smart_leaves_out_does_not_either() {
        let smart =
            json!({ "issuer": "i", "grant_types_supported": ["authorization_code"], "capabilities": ["a"] });
        let openid =
            json!({ "issuer": "i", "grant_types_supported": ["authorization_code", "refresh_token"] });
        let oauth =
            json!({ "issuer": "i", "grant_types_supported": ["refresh_token", "authorization_code"] });
        assert_eq!(documents(smart, openid, oauth).disagreements(), Vec::<String>::new());
    }

    #[test]
    fn disc_29_each_contradiction_is_told() {
        let smart = json!({ "issuer": "i", "token_endpoint": "t", "subject_types_supported": ["public"] });
        let openid =
            json!({ "issuer": "i", "token_endpoint": "t", "grant_types_supported": ["refresh_token"] });
        let oauth = json!({ "issuer": "j", "grant_types_supported": ["refresh_token"], "capabilities": [] });
        assert_eq!(
            documents(smart, openid, oauth).disagreements(),
            [
                "smart-configuration lacks capabilities",
                "oauth-authorization-server has capabilities, which is not defined there",
                "smart-configuration lacks grant_types_supported",
                "openid-configuration and oauth-authorization-server differ in issuer",
                "openid-configuration lacks subject_types_supported",
                "smart-configuration has subject_types_supported, which is not defined there",
                "oauth-authorization-server lacks token_endpoint",
            ]
        );
    }

    #[test]
    fn an_endpoint_that_is_not_listed_is_looked_for_where_it_would_be() {
        let listed = json!({ "token_endpoint": "https://smart.example/elsewhere" });
        let documents = documents(listed, json!({}), json!({}));
        let endpoint = |name| documents.endpoint(name).map(String::from);
        assert_eq!(endpoint("token_endpoint").as_deref(), Some("https://smart.example/elsewhere"));
        assert_eq!(endpoint("revocation_endpoint").as_deref(), Some("https://smart.example/auth/revoke"));
        assert_eq!(endpoint("made_up_endpoint"), None);
    }
}

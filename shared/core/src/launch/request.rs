//! What an EHR sends to make a launch: read strictly, so that nothing it says is passed over (CTX rows).

use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::{FhirContextItem, LaunchContext, Situation};
use crate::deployment::PublicUrl;
use crate::fhir::json::parse_object;
use crate::id::ClientId;
use crate::redirect::is_loopback;

/// The longest request that is read, in bytes: a context stays in the grant for months.
pub const LONGEST_REQUEST: usize = 16 * 1024;

/// The longest text of a member, in bytes.
const LONGEST_TEXT: usize = 1_024;

/// How many things may be in `fhirContext`.
const MOST_ITEMS: usize = 20;

/// All that may be said, in the spelling of the token response where it goes there.
const MEMBERS: [&str; 9] = [
    "client_id",
    "patient",
    "encounter",
    "fhirContext",
    "user",
    "intent",
    "need_patient_banner",
    "smart_style_url",
    "tenant",
];

/// A launch that is asked for. Whether what it names exists was not asked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchRequest {
    /// The app that is to be launched.
    pub client_id: ClientId,
    /// For whom, and in which context.
    pub situation: Situation,
}

/// What is wrong with a request: which member, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{member}: {expected}")]
pub struct LaunchRequestError {
    /// The member.
    pub member: String,
    /// What was expected.
    pub expected: String,
}

pub(super) fn fault(member: &str, expected: &str) -> LaunchRequestError {
    // What was sent is repeated in part: enough to be found.
    let member = member.chars().take(80).collect();
    LaunchRequestError { member, expected: expected.to_owned() }
}

/// A text that is not empty.
pub(super) fn text(value: Option<&Value>, name: &str) -> Result<Option<String>, LaunchRequestError> {
    match value {
        None => Ok(None),
        Some(Value::String(text))
            if (1..=LONGEST_TEXT).contains(&text.len()) && !text.chars().any(char::is_control) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(fault(name, "expected a text of 1 to 1024 bytes, without control characters")),
    }
}

impl LaunchRequest {
    /// Reads the body of a request: a JSON object, each member known and given once.
    pub fn parse(body: &[u8], here: &PublicUrl) -> Result<Self, LaunchRequestError> {
        let members = parse_object(body, |_| true)
            .map_err(|_| fault("the body", "expected one JSON object in UTF-8, no member given twice"))?;
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(fault(unknown, &format!("unknown: expected {}", MEMBERS.join(", "))));
        }
        let member = |name| text(members.get(name), name);
        let id = |name| match member(name)? {
            Some(id) => {
                let bare = "expected the bare id of a resource: 1 to 64 letters, digits, '-' or '.'";
                id.parse().map(Some).map_err(|_| fault(name, bare))
            }
            None => Ok(None),
        };
        let client_id =
            member("client_id")?.ok_or_else(|| fault("client_id", "missing: the app to be launched"))?;
        let user = match member("user")? {
            Some(user) => Some(
                user.parse()
                    .map_err(|error: crate::user::FhirUserError| fault("user", &error.to_string()))?,
            ),
            None => None,
        };
        let need_patient_banner = match members.get("need_patient_banner") {
            None => None,
            Some(Value::Bool(needed)) => Some(*needed),
            Some(_) => return Err(fault("need_patient_banner", "expected true or false")),
        };
        let smart_style_url = member("smart_style_url")?;
        if smart_style_url.as_deref().is_some_and(|url| !is_web_url(url, here)) {
            return Err(fault("smart_style_url", "expected an absolute https URL"));
        }
        let context = LaunchContext {
            patient: id("patient")?,
            encounter: id("encounter")?,
            fhir_context: fhir_context(members.get("fhirContext"))?,
            intent: member("intent")?,
            need_patient_banner,
            smart_style_url,
            tenant: member("tenant")?,
        };
        let client_id = client_id.parse().map_err(|_| fault("client_id", "expected the id of a client"))?;
        Ok(Self { client_id, situation: Situation { user, context } })
    }
}

fn fhir_context(value: Option<&Value>) -> Result<Vec<FhirContextItem>, LaunchRequestError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MOST_ITEMS => {
            let items = items.iter().enumerate();
            items.map(|(n, item)| FhirContextItem::parse(item, &format!("fhirContext[{n}]"))).collect()
        }
        Some(_) => Err(fault("fhirContext", "expected an array of at most 20 objects")),
    }
}

/// https; on loopback, where the whole server is plain http, http on loopback too.
fn is_web_url(text: &str, here: &PublicUrl) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https" || (here.is_loopback() && url.scheme() == "http" && is_loopback(&url))
    })
}

//! What the operator says of identity providers: a JSON array, read once at start ; all that is wrong is said at once.
//!
//! ```json
//! [{
//!   "id": "hospital",                                  in addresses of ours: a-z, 0-9 and -
//!   "name": "Hospital account",                        on the button
//!   "issuer": "https://idp.example.org/realms/staff",  exactly as the provider writes it
//!   "client_id": "smart",
//!   "client_secret": "secretsmanager:smart/hospital",  where the secret is, never the secret; left out for a public client
//!   "token_endpoint_auth_method": "client_secret_basic",
//!   "scope": "openid profile",
//!   "claims": { "fhirUser": "fhirUser", "patients": "patients", "name": "name" },
//!   "claims_lifetime_days": 30                         how long what they say is believed: 1 to 180
//! }]
//! ```
//!
//! Without `claims` only people whom the operator registered by issuer and subject may sign in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use crate::client::metadata::Deployment;
use crate::redirect::is_loopback;

/// The name of a provider in addresses and logs of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderId(Box<str>);

/// What the chooser calls the sign-in with a password of ours: no provider's.
const LOCAL: &str = "local";

impl ProviderId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(plain) && text != LOCAL {
            Ok(Self(text.into()))
        } else {
            Err("expected 1 to 32 of a-z, 0-9 and -, and not \"local\"")
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a secret is kept: named, never held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// `secretsmanager:NAME`, the name or ARN of a secret of AWS Secrets Manager.
    SecretsManager(String),
    /// `env:NAME`, a variable of the process.
    Environment(String),
    /// `file:PATH`, the first line of a file.
    File(String),
}

impl SecretPlace {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
        let rest = rest.to_owned();
        match kind {
            "secretsmanager" => Some(Self::SecretsManager(rest)),
            "env" => Some(Self::Environment(rest)),
            "file" => Some(Self::File(rest)),
            _ => None,
        }
    }
}

/// How we prove to a provider who we are (OIDC Core §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Not at all: a public client, held by PKCE.
    None,
    /// In an `Authorization` header.
    Basic(SecretPlace),
    /// In the form.
    Post(SecretPlace),
}

impl ClientAuthentication {
    /// Where its secret is.
    pub fn secret(&self) -> Option<&SecretPlace> {
        match self {
            Self::None => None,
            Self::Basic(place) | Self::Post(place) => Some(place),
        }
    }
}

/// How long what claims say is believed unless the operator says otherwise: a month without signing in.
const CLAIMS_LIFETIME_DAYS: u64 = 30;

/// At most: as long as a refresh token lasts from use to use.
const LONGEST_CLAIMS_LIFETIME_DAYS: u64 = 180;

/// Which claims say what a person is here, and how long that holds. A name that begins with `/` is a JSON Pointer into the claims (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The resource that stands for the person.
    pub fhir_user: String,
    /// The patients whose records the person may see; without it nobody's but their own.
    pub patients: Option<String>,
    /// The full name.
    pub name: String,
    /// How long after a sign-in the person may do what they said, without the provider saying it again.
    pub lifetime: Duration,
}

/// An identity provider that people may sign in at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name in addresses.
    pub id: ProviderId,
    /// Its name for people.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// How we prove it.
    pub authentication: ClientAuthentication,
    /// What we ask for: `openid` is among it.
    pub scope: String,
    /// How its claims become a user; without it, only registered people may sign in.
    pub claims: Option<ClaimNames>,
}

impl Provider {
    /// Where its metadata is (OIDC Discovery §4.1).
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))
    }
}

impl Provider {
    /// The origin of an issuer that is plain http, for a page's policy: there is one on loopback alone.
    pub fn loopback_origin(&self) -> Option<String> {
        let url = Url::parse(&self.issuer).ok().filter(|url| url.scheme() == "http")?;
        Some(url.origin().ascii_serialization())
    }
}

/// What may be said of a provider.
const MEMBERS: [&str; 9] = [
    "id",
    "name",
    "issuer",
    "client_id",
    "client_secret",
    "token_endpoint_auth_method",
    "scope",
    "claims",
    "claims_lifetime_days",
];

/// Reads the providers, or says all that is wrong with them: where, and what was expected; never a value.
///
/// `allowed` says which places of secrets this program can read, and `places` names them.
pub fn read_providers(
    json: &str,
    deployment: Deployment,
    allowed: impl Fn(&SecretPlace) -> bool,
    places: &str,
) -> Result<Vec<Provider>, Vec<String>> {
    let expected = "expected a JSON array of objects, one for each provider";
    let entries = match serde_json::from_str(json) {
        Ok(Value::Array(entries)) => entries,
        Ok(_) => return Err(vec![expected.to_owned()]),
        Err(error) => return Err(vec![format!("{expected}; line {}: no JSON", error.line())]),
    };
    let mut faults = Vec::new();
    let mut providers: Vec<Provider> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let Value::Object(members) = entry else {
            faults.push(format!("[{i}]: expected an object"));
            continue;
        };
        let mut reader = Reader { members, faults: Vec::new() };
        let provider = reader.provider(deployment, &allowed, places);
        faults.extend(reader.faults.into_iter().map(|fault| format!("[{i}].{fault}")));
        let Some(provider) = provider else { continue };
        if providers.iter().any(|other| other.id == provider.id) {
            faults.push(format!("[{i}].id: expected another one: it is taken"));
        }
        // Answers are told apart by their issuer (RFC 9700 §4.4).
        if providers.iter().any(|other| other.issuer == provider.issuer) {
            faults.push(format!("[{i}].issuer: expected another one: it is another provider's already"));
        }
        providers.push(provider);
    }
    if faults.is_empty() { Ok(providers) } else { Err(faults) }
}

/// Reads one provider, and remembers what was wrong.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn provider(
        &mut self,
        deployment: Deployment,
        allowed: &impl Fn(&SecretPlace) -> bool,
        places: &str,
    ) -> Option<Provider> {
        for unknown in self.members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            self.faults.push(format!("{unknown}: expected only {}", MEMBERS.join(", ")));
        }
        let id = self.required("id").map(|id| id.parse::<ProviderId>());
        let id = self.good("id", id);
        let name = self.required("name");
        let issuer = self.required("issuer").map(|issuer| checked_issuer(&issuer, deployment));
        let issuer = self.good("issuer", issuer);
        let client_id = self.required("client_id");
        let authentication = self.authentication(allowed, places);
        let scope = self.optional("scope").unwrap_or_else(|| "openid profile".to_owned());
        if !scope.split(' ').any(|scope| scope == "openid") {
            self.faults.push("scope: expected openid among it".to_owned());
        }
        let claims = self.claims();
        if !self.faults.is_empty() {
            return None;
        }
        Some(Provider {
            id: id?,
            name: name?,
            issuer: issuer?,
            client_id: client_id?,
            authentication: authentication?,
            scope,
            claims,
        })
    }

    fn authentication(
        &mut self,
        allowed: &impl Fn(&SecretPlace) -> bool,
        places: &str,
    ) -> Option<ClientAuthentication> {
        let secret = match self.optional("client_secret") {
            None => None,
            Some(text) => {
                let place = SecretPlace::parse(&text).filter(|place| allowed(place));
                Some(self.good(
                    "client_secret",
                    Some(place.ok_or(format!("expected {places}: where it is, never the secret itself"))),
                )?)
            }
        };
        let method = self.optional("token_endpoint_auth_method");
        match (method.as_deref(), secret) {
            (None | Some("client_secret_basic"), Some(place)) => Some(ClientAuthentication::Basic(place)),
            (Some("client_secret_post"), Some(place)) => Some(ClientAuthentication::Post(place)),
            (None | Some("none"), None) => Some(ClientAuthentication::None),
            (Some("none"), Some(_)) => {
                self.faults.push("client_secret: expected none with the method none".to_owned());
                None
            }
            (Some("client_secret_basic" | "client_secret_post"), None) => {
                self.faults.push(format!("client_secret: expected {places}"));
                None
            }
            _ => {
                let expected = "expected client_secret_basic, client_secret_post or none";
                self.faults.push(format!("token_endpoint_auth_method: {expected}"));
                None
            }
        }
    }

    fn claims(&mut self) -> Option<ClaimNames> {
        const KNOWN: [&str; 3] = ["fhirUser", "patients", "name"];
        let lifetime = self.claims_lifetime();
        let Value::Object(names) = self.members.get("claims")? else {
            self.faults.push("claims: expected an object".to_owned());
            return None;
        };
        for unknown in names.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            self.faults.push(format!("claims.{unknown}: expected only {}", KNOWN.join(", ")));
        }
        let mut claim = |name: &str| match names.get(name) {
            None => None,
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(_) => {
                self.faults.push(format!("claims.{name}: expected the name of a claim"));
                None
            }
        };
        let (fhir_user, patients, name) = (claim("fhirUser"), claim("patients"), claim("name"));
        if fhir_user.is_none() && !names.contains_key("fhirUser") {
            self.faults.push("claims.fhirUser: expected, and it is missing".to_owned());
        }
        let name = name.unwrap_or_else(|| "name".to_owned());
        Some(ClaimNames { fhir_user: fhir_user?, patients, name, lifetime: lifetime? })
    }

    fn claims_lifetime(&mut self) -> Option<Duration> {
        const NAME: &str = "claims_lifetime_days";
        let days = match self.members.get(NAME) {
            None => Some(CLAIMS_LIFETIME_DAYS),
            Some(_) if !self.members.contains_key("claims") => {
                self.faults.push(format!("{NAME}: expected only beside claims"));
                None
            }
            Some(value) => {
                let days = value.as_u64().filter(|days| (1..=LONGEST_CLAIMS_LIFETIME_DAYS).contains(days));
                if days.is_none() {
                    let most = LONGEST_CLAIMS_LIFETIME_DAYS;
                    self.faults.push(format!("{NAME}: expected a whole number of days from 1 to {most}"));
                }
                days
            }
        };
        days.map(|days| Duration::from_hours(24 * days))
    }

    fn required(&mut self, name: &str) -> Option<String> {
        if !self.members.contains_key(name) {
            self.faults.push(format!("{name}: expected, and it is missing"));
            return None;
        }
        self.optional(name)
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        match self.members.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                self.faults.push(format!("{name}: expected some text"));
                None
            }
        }
    }

    fn good<T>(&mut self, name: &str, read: Option<Result<T, impl fmt::Display>>) -> Option<T> {
        match read? {
            Ok(value) => Some(value),
            Err(expected) => {
                self.faults.push(format!("{name}: {expected}"));
                None
            }
        }
    }
}

/// An issuer (OIDC Discovery §4.3): https, or http on loopback by the loopback rule; no query, fragment or user.
fn checked_issuer(text: &str, deployment: Deployment) -> Result<String, &'static str> {
    let expected = "expected the provider's issuer: https://HOST/PATH, without query and fragment";
    let url = Url::parse(text).map_err(|_| expected)?;
    let bare = url.query().is_none() && url.fragment().is_none();
    if bare && may_be_asked(&url, deployment) { Ok(text.to_owned()) } else { Err(expected) }
}

/// Whether a URL of a provider may be asked at all.
pub(super) fn may_be_asked(url: &Url, deployment: Deployment) -> bool {
    let anonymous = url.username().is_empty() && url.password().is_none();
    let loopback = deployment == Deployment::Loopback && url.scheme() == "http" && is_loopback(url);
    anonymous && url.host().is_some() && (url.scheme() == "https" || loopback)
}

//! The environment of the functions, and a file in their package: read once, at start, each function what it needs.
//!
//! All that is missing or wrong is said at once, in one message, so that a deployment is mended in one go. An empty variable is a
//! missing one: templates write empty parameters.

use std::fmt;

use smart_core::brands::UserAccessBrands;
use smart_core::client::metadata::Deployment;
use smart_core::client::registration::{InitialAccessToken, InitialAccessTokenError};
use smart_core::deployment::{EhrOrigins, PublicUrl, PublicUrlError};
use smart_core::external::{SecretPlace, SignInSettings};
use smart_core::instant::Instant;
use thiserror::Error;

use crate::package;

/// Everything that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", faults.join("; "))]
pub struct ConfigError {
    /// One for each variable: its name and what was expected. Never its value.
    pub faults: Vec<String>,
}

/// The name of a DynamoDB table: 3 to 255 letters, digits, `_`, `-` or `.`, or the ARN of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName(Box<str>);

impl TableName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| {
            (3..=255).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let name = if text.starts_with("arn:") { text.split_once(":table/")?.1 } else { text };
        plain(name).then(|| Self(text.into()))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The keys of `SMART_SIGNING_KEYS`, never none: ids, ARNs or aliases, the one that signs first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNames(Vec<String>);

impl KeyNames {
    /// Reads a list, separated by commas or white space.
    pub fn parse(text: &str) -> Option<Self> {
        let names = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        (!names.is_empty()).then_some(Self(names))
    }

    /// The names.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// What the discovery function needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryConfig {
    /// `SMART_PUBLIC_URL`
    pub public_url: PublicUrl,
    /// `SMART_SIGNING_KEYS`
    pub signing_keys: KeyNames,
    /// `SMART_REGISTRATION`: whether there is a registration endpoint
    pub registration: bool,
    /// The file `brands.json` beside the program, which may be left out
    pub brands: Option<UserAccessBrands>,
}

/// What the authorize function needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeConfig {
    /// `SMART_PUBLIC_URL`
    pub public_url: PublicUrl,
    /// `SMART_TABLE`
    pub table: TableName,
    /// `SMART_NOT_BEFORE`
    pub not_before: Option<Instant>,
    /// `SMART_RECORDS_TABLE`
    pub records_table: TableName,
    /// `SMART_LOGIN_PROVIDERS` and
    /// `SMART_LOGIN_LOCAL_USERS`
    pub sign_in: SignInSettings,
    /// `SMART_SIGNING_KEYS`: an EHR that makes a launch shows an access token
    pub signing_keys: KeyNames,
    /// `SMART_EHR_ORIGINS`, which may be left out
    pub ehr_origins: EhrOrigins,
}

/// What the token function needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// `SMART_PUBLIC_URL`
    pub public_url: PublicUrl,
    /// `SMART_TABLE`
    pub table: TableName,
    /// `SMART_NOT_BEFORE`
    pub not_before: Option<Instant>,
    /// `SMART_SIGNING_KEYS`
    pub signing_keys: KeyNames,
    /// `SMART_REGISTRATION_TOKEN_SHA256`, which may be left out: then programs register no clients
    pub registration: Option<InitialAccessToken>,
}

/// What the fhir-read function needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FhirReadConfig {
    /// `SMART_PUBLIC_URL`
    pub public_url: PublicUrl,
    /// `SMART_TABLE`
    pub table: TableName,
    /// `SMART_NOT_BEFORE`
    pub not_before: Option<Instant>,
    /// `SMART_RECORDS_TABLE`
    pub records_table: TableName,
    /// `SMART_SIGNING_KEYS`
    pub signing_keys: KeyNames,
}

impl DiscoveryConfig {
    /// Reads it from the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(Reader::new(variable), package::file("brands.json"))
    }

    fn read(
        mut from: Reader<impl Fn(&str) -> Option<String>>,
        brands: Result<Option<String>, String>,
    ) -> Result<Self, ConfigError> {
        let public_url = from.public_url();
        let brands = from.brands(public_url.as_ref(), brands);
        let registration = from.registration();
        match (public_url, from.signing_keys()) {
            (Some(public_url), Some(signing_keys)) => {
                from.whole(Self { public_url, signing_keys, registration, brands })
            }
            _ => Err(from.error()),
        }
    }
}

impl AuthorizeConfig {
    /// Reads it from the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(Reader::new(variable))
    }

    fn read(mut from: Reader<impl Fn(&str) -> Option<String>>) -> Result<Self, ConfigError> {
        let public_url = from.public_url();
        let sign_in = from.sign_in(public_url.as_ref());
        let not_before = from.not_before();
        let tables = from.table().zip(from.records_table());
        match (public_url, tables, from.signing_keys(), from.ehr_origins(), sign_in) {
            (
                Some(public_url),
                Some((table, records_table)),
                Some(signing_keys),
                Some(ehr_origins),
                Some(sign_in),
            ) => from.whole(Self {
                public_url,
                table,
                not_before,
                records_table,
                sign_in,
                signing_keys,
                ehr_origins,
            }),
            _ => Err(from.error()),
        }
    }
}

impl TokenConfig {
    /// Reads it from the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(Reader::new(variable))
    }

    fn read(mut from: Reader<impl Fn(&str) -> Option<String>>) -> Result<Self, ConfigError> {
        let not_before = from.not_before();
        let registration = from.initial_access_token();
        match (from.public_url(), from.table(), from.signing_keys()) {
            (Some(public_url), Some(table), Some(signing_keys)) => {
                from.whole(Self { public_url, table, not_before, signing_keys, registration })
            }
            _ => Err(from.error()),
        }
    }
}

impl FhirReadConfig {
    /// Reads it from the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(Reader::new(variable))
    }

    fn read(mut from: Reader<impl Fn(&str) -> Option<String>>) -> Result<Self, ConfigError> {
        let not_before = from.not_before();
        match (from.public_url(), from.table(), from.records_table(), from.signing_keys()) {
            (Some(public_url), Some(table), Some(records_table), Some(signing_keys)) => {
                from.whole(Self { public_url, table, not_before, records_table, signing_keys })
            }
            _ => Err(from.error()),
        }
    }
}

/// Reads variables, and remembers what was wrong with them.
struct Reader<F> {
    variable: F,
    faults: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn new(variable: F) -> Self {
        Self { variable, faults: Vec::new() }
    }

    fn public_url(&mut self) -> Option<PublicUrl> {
        self.required("SMART_PUBLIC_URL", PublicUrlError, |text| text.parse().ok())
    }

    fn table(&mut self) -> Option<TableName> {
        self.required("SMART_TABLE", "expected the name of a DynamoDB table", TableName::parse)
    }

    fn records_table(&mut self) -> Option<TableName> {
        self.required("SMART_RECORDS_TABLE", "expected the name of a DynamoDB table", TableName::parse)
    }

    fn signing_keys(&mut self) -> Option<KeyNames> {
        self.required("SMART_SIGNING_KEYS", "expected KMS key ids, ARNs or aliases", KeyNames::parse)
    }

    /// The ways to sign in: with a password, unless something is said.
    fn sign_in(&mut self, public_url: Option<&PublicUrl>) -> Option<SignInSettings> {
        const NAMES: [&str; 2] = ["SMART_LOGIN_PROVIDERS", "SMART_LOGIN_LOCAL_USERS"];
        let [providers, local_users] =
            NAMES.map(|name| (self.variable)(name).filter(|text| !text.trim().is_empty()));
        let deployment = public_url.map_or(Deployment::Public, PublicUrl::deployment);
        let read = SignInSettings::read(
            providers.as_deref(),
            local_users.as_deref().map(str::trim),
            deployment,
            |place| matches!(place, SecretPlace::SecretsManager(_)),
            "secretsmanager:NAME, the name or ARN of a secret of AWS Secrets Manager",
        );
        let told = |(setting, fault): (usize, String)| {
            format!("{} is wrong: {fault}", NAMES.get(setting).copied().unwrap_or_default())
        };
        read.map_err(|faults| self.faults.extend(faults.into_iter().map(told))).ok()
    }

    /// What the package holds of brands, if it holds any; a fault is told by [`Self::whole`].
    fn brands(
        &mut self,
        public_url: Option<&PublicUrl>,
        packaged: Result<Option<String>, String>,
    ) -> Option<UserAccessBrands> {
        let read = packaged.map_err(|fault| vec![fault]).and_then(|text| {
            // Without its URL the service has another fault.
            let told = text.zip(public_url);
            told.map(|(text, here)| UserAccessBrands::read(&text, here)).transpose()
        });
        let told = |fault| format!("brands.json is wrong: {fault}");
        read.map_err(|faults| self.faults.extend(faults.into_iter().map(told))).ok().flatten()
    }

    /// Which EHRs may embed the pages; none, if nothing is said.
    fn ehr_origins(&mut self) -> Option<EhrOrigins> {
        match (self.variable)("SMART_EHR_ORIGINS").unwrap_or_default().parse() {
            Ok(origins) => Some(origins),
            Err(expected) => {
                self.faults.push(format!("SMART_EHR_ORIGINS is wrong: {expected}"));
                None
            }
        }
    }

    /// It may be missing: then nothing is refused for its age.
    fn not_before(&mut self) -> Option<Instant> {
        let expected = "expected an instant such as 2026-01-31T12:00:00Z, or seconds since 1970";
        self.optional("SMART_NOT_BEFORE", expected, not_before)
    }

    /// It may be missing: then there is no registration endpoint.
    fn initial_access_token(&mut self) -> Option<InitialAccessToken> {
        self.optional("SMART_REGISTRATION_TOKEN_SHA256", InitialAccessTokenError, |text| text.parse().ok())
    }

    /// Whether the token function has one.
    fn registration(&mut self) -> bool {
        let read = self.optional("SMART_REGISTRATION", "expected true or false", |text| text.parse().ok());
        read.unwrap_or(false)
    }

    /// What may be missing. A wrong one is a fault, which [`Self::whole`] tells.
    fn optional<T>(
        &mut self,
        name: &str,
        expected: impl fmt::Display,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        (self.variable)(name).filter(|text| !text.trim().is_empty())?;
        self.required(name, expected, parse)
    }

    /// Nothing was wrong.
    fn whole<T>(self, config: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(config) } else { Err(self.error()) }
    }

    fn required<T>(
        &mut self,
        name: &str,
        expected: impl fmt::Display,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(text) = (self.variable)(name).filter(|text| !text.trim().is_empty()) else {
            self.faults.push(format!("{name} is missing: {expected}"));
            return None;
        };
        let value = parse(text.trim());
        if value.is_none() {
            self.faults.push(format!("{name} is wrong: {expected}"));
        }
        value
    }

    fn error(self) -> ConfigError {
        ConfigError { faults: self.faults }
    }
}

/// An instant as operators write it: RFC 3339, or whole seconds since 1970.
pub fn not_before(text: &str) -> Option<Instant> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().map(Instant::from_unix);
    }
    let at: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_second()).ok().map(Instant::from_unix)
}

/// A variable of the process.
#[expect(clippy::disallowed_methods, reason = "configuration is read here, once, at start")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 4] = [
        ("SMART_PUBLIC_URL", "https://smart.example.org"),
        ("SMART_TABLE", "smart-State"),
        ("SMART_RECORDS_TABLE", "arn:aws:dynamodb:eu-central-1:123456789012:table/smart-Records"),
        ("SMART_SIGNING_KEYS", "alias/smart, 1234abcd-12ab-34cd-56ef-1234567890ab"),
    ];

    fn reader(set: Vec<(&'static str, &'static str)>) -> Reader<impl Fn(&str) -> Option<String>> {
        Reader::new(move |name: &str| {
            set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_function_reads_what_it_needs() {
        let config = FhirReadConfig::read(reader(ALL.to_vec())).unwrap();
        assert_eq!(config.public_url.issuer(), "https://smart.example.org");
        assert_eq!(config.table.as_str(), "smart-State");
        assert_eq!(config.signing_keys.as_slice(), ["alias/smart", "1234abcd-12ab-34cd-56ef-1234567890ab"]);
        assert_eq!(config.not_before, None);
        assert_eq!(DiscoveryConfig::read(reader(vec![ALL[0], ALL[3]]), Ok(None)).unwrap().brands, None);
        assert!(AuthorizeConfig::read(reader(ALL.to_vec())).unwrap().ehr_origins.is_empty());
        assert!(TokenConfig::read(reader(vec![ALL[0], ALL[1], ALL[3]])).is_ok());
    }

    #[test]
    fn authz_28_who_may_embed_the_pages_is_a_list_of_origins_or_a_fault() {
        let with = |origins| {
            let mut set = ALL.to_vec();
            set.push(("SMART_EHR_ORIGINS", origins));
            AuthorizeConfig::read(reader(set))
        };
        let config = with("https://ehr.example,https://other.example").unwrap();
        assert_eq!(config.ehr_origins.as_sources(), "https://ehr.example https://other.example");
        let fault = with("https://*.example").unwrap_err().to_string();
        assert!(fault.starts_with("SMART_EHR_ORIGINS is wrong: expected origins"), "{fault}");
    }

    #[test]
    fn rfc7591_programs_register_clients_only_where_a_token_is_named_by_its_digest() {
        let discovery = |registration| {
            let set = vec![ALL[0], ALL[3], ("SMART_REGISTRATION", registration)];
            DiscoveryConfig::read(reader(set), Ok(None))
        };
        assert!(!discovery("").unwrap().registration && !discovery("false").unwrap().registration);
        assert!(discovery("true").unwrap().registration);
        let fault = discovery("yes").unwrap_err().to_string();
        assert_eq!(fault, "SMART_REGISTRATION is wrong: expected true or false");
        let token = |digest| {
            let set = vec![ALL[0], ALL[1], ALL[3], ("SMART_REGISTRATION_TOKEN_SHA256", digest)];
            TokenConfig::read(reader(set))
        };
        assert_eq!(token("").unwrap().registration, None);
        let digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        assert!(token(digest).unwrap().registration.unwrap().is("foo"));
        // Whoever gives the token itself is told what to give, and not what was given.
        let fault = token("correct-horse").unwrap_err().to_string();
        assert!(
            fault.starts_with("SMART_REGISTRATION_TOKEN_SHA256 is wrong: expected the SHA-256"),
            "{fault}"
        );
        assert!(!fault.contains("correct-horse"));
    }

    #[test]
    fn brands_12_the_brands_of_the_package_are_read_or_the_function_does_not_start() {
        let read = |brands| DiscoveryConfig::read(reader(vec![ALL[0], ALL[3]]), brands);
        let file = r#"{
            "lastUpdated": "2026-01-31T12:00:00Z", "endpoint": { "contact": ["https://example.org/api"] },
            "brand": [{ "id": "health", "name": "Example Health", "website": "https://example.org" }]
        }"#;
        let bundle = read(Ok(Some(file.to_owned()))).unwrap().brands.unwrap().bundle().to_string();
        assert!(bundle.contains("https://smart.example.org/fhir"), "{bundle}");
        let hostile = file.replace("https://", "javascript:");
        let message = read(Ok(Some(hostile))).unwrap_err().to_string();
        for path in ["endpoint.contact[0]", "brand[0].website"] {
            assert!(message.contains(&format!("brands.json is wrong: {path}: expected a URL")), "{message}");
        }
        assert!(!message.contains("javascript"), "{message}");
        let message = read(Err("permission denied".to_owned())).unwrap_err().to_string();
        assert_eq!(message, "brands.json is wrong: permission denied");
        let nothing = DiscoveryConfig::read(reader(vec![]), Ok(Some(file.to_owned()))).unwrap_err();
        assert_eq!(nothing.faults.len(), 2);
    }

    #[test]
    fn one_message_names_all_that_is_missing_or_wrong() {
        let all_missing = FhirReadConfig::read(reader(vec![])).unwrap_err();
        assert_eq!(all_missing.faults.len(), 4);
        let message = all_missing.to_string();
        for (name, _) in ALL {
            assert!(message.contains(&format!("{name} is missing")), "{message}");
        }
        let wrong = vec![
            ("SMART_PUBLIC_URL", "https://smart.example.org/path"),
            ("SMART_TABLE", "a table"),
            ("SMART_RECORDS_TABLE", " "),
            ("SMART_SIGNING_KEYS", " , "),
        ];
        let message = FhirReadConfig::read(reader(wrong)).unwrap_err().to_string();
        for expected in [
            "SMART_PUBLIC_URL is wrong: expected https://HOST",
            "SMART_TABLE is wrong",
            "SMART_RECORDS_TABLE is missing",
            "SMART_SIGNING_KEYS is wrong",
        ] {
            assert!(message.contains(expected), "{message}");
        }
        assert!(!message.contains("a table"), "{message}");
    }

    #[test]
    fn identity_providers_are_read_and_their_secrets_are_named_never_given() {
        let provider = r#"[{"id":"a","name":"A","issuer":"https://a.example","client_id":"c","client_secret":"secretsmanager:smart/a"}]"#;
        let with = |providers, local_users| {
            let more = [("SMART_LOGIN_PROVIDERS", providers), ("SMART_LOGIN_LOCAL_USERS", local_users)];
            AuthorizeConfig::read(reader([&ALL[..], &more].concat()))
        };
        let sign_in = with(provider, "").unwrap().sign_in;
        assert_eq!((sign_in.providers.len(), sign_in.local_users), (1, false));
        assert!(with("", "").unwrap().sign_in.local_users);
        let clear = r#"[{"id":"a","name":"A","issuer":"http://a.example","client_id":"c","client_secret":"hunter2"}]"#;
        let message = with(clear, "perhaps").unwrap_err().to_string();
        for expected in [
            "SMART_LOGIN_PROVIDERS is wrong: [0].issuer: expected",
            "SMART_LOGIN_PROVIDERS is wrong: [0].client_secret: expected secretsmanager:NAME",
            "SMART_LOGIN_LOCAL_USERS is wrong: expected true or false",
        ] {
            assert!(message.contains(expected), "{message}");
        }
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn the_mark_of_a_restored_table_is_an_instant_or_is_refused() {
        let read = |given: &'static str| {
            let set = [&ALL[..], &[("SMART_NOT_BEFORE", given)]].concat();
            TokenConfig::read(reader(set)).map(|config| config.not_before)
        };
        let at = Some(Instant::from_unix(1_764_000_000));
        for text in ["1764000000", "2025-11-24T16:00:00Z", " 2025-11-24T17:00:00+01:00 "] {
            assert_eq!(read(text), Ok(at), "{text}");
        }
        assert_eq!(read(" "), Ok(None));
        for text in ["yesterday", "2025-11-24", "-1", "1e9", "1960-01-01T00:00:00Z"] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.starts_with("SMART_NOT_BEFORE is wrong: expected an instant"), "{refused}");
        }
    }

    #[test]
    fn a_function_does_not_ask_for_what_it_does_not_need() {
        let error = DiscoveryConfig::read(reader(vec![]), Ok(None)).unwrap_err();
        assert!(!error.to_string().contains("TABLE"), "{error}");
    }
}

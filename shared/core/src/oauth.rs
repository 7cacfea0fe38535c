//! What OAuth requests and answers are made of: form parameters (those of FHIR searches are the same) and error codes (RFC 6749 §3, §4.1.2.1, §5.2).

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// The parameters of a request, decoded, in their order.
///
/// A parameter without a value counts as left out, an unknown one is ignored, and one that is given twice is an error of
/// the request (RFC 6749 §3.1, §3.2; AUTHZ-20, TOK-26): [`Parameters::repeated`].
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

/// What was sent is no form-encoded UTF-8 text: a mangled value would mean something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the parameters are not form-encoded UTF-8 text")]
pub struct NotText;

impl Parameters {
    /// Reads a query string or the body of a form.
    pub fn parse(encoded: &[u8]) -> Result<Self, NotText> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(encoded).into_owned().collect();
        let mangled = |text: &String| text.contains(['\u{fffd}', '\0']);
        if pairs.iter().any(|(name, value)| mangled(name) || mangled(value)) {
            return Err(NotText);
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter that may be given once; an empty one counts as left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// All values of a parameter that may be given several times: the checkboxes of a form.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, where one that is given twice has a meaning: those of a FHIR search.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first parameter that is given more than once.
    pub fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
    }
}

impl fmt::Debug for Parameters {
    /// Names alone: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The registered error codes that are used here (RFC 6749 §4.1.2.1 and §5.2, OIDC Core §3.1.2.6, RFC 8707 §2, RFC 7009
/// §2.2.1, RFC 7591 §3.2.2, RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The client did not prove who it is.
    InvalidClient,
    /// The code or refresh token is not good, or not this client's.
    InvalidGrant,
    /// This client may not use this flow.
    UnauthorizedClient,
    /// There is no such grant type here.
    UnsupportedGrantType,
    /// There is no such response type here.
    UnsupportedResponseType,
    /// The scope is malformed, or more than may be granted.
    InvalidScope,
    /// The resource is another server's.
    InvalidTarget,
    /// The user said no.
    AccessDenied,
    /// Nobody is signed in, and the app did not want anybody to be asked.
    LoginRequired,
    /// The user would have to be asked, and the app did not want that.
    ConsentRequired,
    /// The user would have to choose something, and the app did not want that.
    InteractionRequired,
    /// Request objects are not supported.
    RequestNotSupported,
    /// Request objects by reference are not supported.
    RequestUriNotSupported,
    /// Client registration in the request is not supported.
    RegistrationNotSupported,
    /// Tokens of this kind cannot be revoked.
    UnsupportedTokenType,
    /// The bearer token that authorizes the request is not good (RFC 6750 §3.1).
    InvalidToken,
    /// It is good, and not for this (RFC 6750 §3.1).
    InsufficientScope,
    /// The proof of possession is not one, or not for this request (RFC 9449 §5).
    InvalidDpopProof,
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// Something else of the metadata cannot be registered (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// Something broke here.
    ServerError,
    /// Something is not available for the moment: try again.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Its registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// An OAuth error as it is told: the code, and what to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    /// What kind of error it is.
    pub error: ErrorCode,
    /// What to mend, in the characters that RFC 6749 allows there.
    pub error_description: String,
}

impl OAuthError {
    /// An error with a description; characters that RFC 6749 §4.1.2.1 does not allow become `'` (quotes) or `?`
    /// (AUTHZ-19).
    pub fn new(error: ErrorCode, description: impl AsRef<str>) -> Self {
        let allowed = |character| match character {
            '"' | '\\' | '’' | '‘' | '“' | '”' => '\'',
            ' '..='~' => character,
            _ => '?',
        };
        Self { error, error_description: description.as_ref().chars().map(allowed).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authz_20_an_empty_value_counts_as_left_out_and_a_second_one_is_seen() {
        let parameters = Parameters::parse(b"a=1&b=&c=x+y%26&a=2&d").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!((parameters.get("b"), parameters.get("d"), parameters.get("e")), (None, None, None));
        assert_eq!(parameters.get("c"), Some("x y&"));
        assert_eq!(parameters.repeated(), Some("a"));
        assert_eq!(parameters.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(Parameters::parse(b"a=1&b=2").unwrap().repeated(), None);
        // Two empty ones are two all the same.
        assert_eq!(Parameters::parse(b"a=&a=").unwrap().repeated(), Some("a"));
    }

    #[test]
    fn what_is_no_text_is_refused_and_debug_shows_no_values() {
        assert_eq!(Parameters::parse(b"a=%FF").unwrap_err(), NotText);
        assert_eq!(Parameters::parse(b"a=%00").unwrap_err(), NotText);
        let secret = Parameters::parse(b"client_secret=s3cr3t").unwrap();
        assert_eq!(format!("{secret:?}"), r#"["client_secret"]"#);
    }

    #[test]
    fn authz_19_descriptions_hold_only_the_characters_that_are_allowed() {
        let error = OAuthError::new(ErrorCode::InvalidScope, "scope \"a\\b\": ä\n’");
        assert_eq!(error.error_description, "scope 'a'b': ??'");
        assert!(
            error.error_description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        );
    }

    #[test]
    fn error_codes_are_sent_by_their_registered_names() {
        for code in
            [ErrorCode::InvalidRequest, ErrorCode::RequestUriNotSupported, ErrorCode::TemporarilyUnavailable]
        {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}

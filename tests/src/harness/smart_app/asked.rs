//! An authorization request, each parameter of which can be changed, and what its answer must be.

use url::Url;

use crate::harness::answer::is_error_text;

/// An authorization request, with what the app keeps of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) verifier: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(super) redirect_uri: String,
    pub(super) issuer: String,
}

impl Asked {
    /// With another value of a parameter.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// With a parameter once more.
    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What a redirect brings back to this request: it goes to the redirect URI, keeps its query, and carries `iss` and
    /// this request's state.
    #[track_caller]
    pub(crate) fn brought_back(&self, url: &str) -> Vec<(String, String)> {
        let redirect_uri = self.get("redirect_uri");
        let rest = url.strip_prefix(redirect_uri).unwrap_or_else(|| panic!("{url} is not {redirect_uri}"));
        assert!(rest.starts_with(if redirect_uri.contains('?') { '&' } else { '?' }), "{url}");
        assert!(!url.contains('#'), "{url}");
        let parsed = Url::parse(url).unwrap();
        let pairs: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
        let own = Url::parse(redirect_uri).unwrap().query_pairs().count();
        let brought = pairs[own..].to_vec();
        let value =
            |name: &str| brought.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("state").unwrap_or_default(), self.get("state"), "{url}");
        assert_eq!(value("iss"), Some(&*self.issuer), "{url}");
        brought
    }

    /// The code of a successful answer.
    #[track_caller]
    pub(crate) fn code_in(&self, url: &str) -> String {
        let brought = self.brought_back(url);
        let names: Vec<_> = brought.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "state", "iss"], "{url}");
        brought[0].1.clone()
    }

    /// The error and its description of an answer without a code.
    #[track_caller]
    pub(crate) fn error_in(&self, url: &str) -> (String, String) {
        let brought = self.brought_back(url);
        let value = |name: &str| {
            let found = brought.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(value("code"), "", "{url}");
        let (error, description) = (value("error"), value("error_description"));
        assert!(AUTHORIZATION_ERRORS.contains(&&*error), "{error} is no registered error: {url}");
        assert!(is_error_text(&description) && !description.is_empty(), "{description}");
        (error, description)
    }
}

/// AUTHZ-18.
const AUTHORIZATION_ERRORS: [&str; 15] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "invalid_target",
];

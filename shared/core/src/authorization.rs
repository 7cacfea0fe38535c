//! Authorization requests: whether one can be answered at all, where, and with what it may end (RFC 6749 §4.1.1; SMART 2.2
//! §"Obtain authorization code"; AUTHZ rows).
//!
//! Reading it has two halves. Until the client is known and its redirect URI matched, nobody may be redirected, and a fault
//! is shown to the user ([`Refused::Shown`]). From then on a fault goes back to the app ([`Refused::Redirected`]), with the
//! state if there is one.

mod before;
mod bounds;
mod consent;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::client::{Client, GrantType};
use crate::deployment::PublicUrl;
use crate::fhir::access::{enforceable, supported};
use crate::grant::{Request, SignInWish};
use crate::id::ClientId;
use crate::instant::Instant;
use crate::jose::KeyId;
use crate::launch::{LaunchContext, LaunchRefusal, Launched};
use crate::oauth::{ErrorCode, OAuthError, Parameters};
use crate::pkce::CodeChallenge;
use crate::redirect::RedirectUri;
use crate::scope::{Scope, Scopes};
use crate::secret::{Digest, LaunchHandle};
use crate::session::Session;

pub use self::before::Before;
pub use self::consent::{consented, needs_encounter, needs_patient};

/// How long `state`, `nonce` and the like may be, in bytes: they are kept until the code is issued.
const LONGEST: usize = 2_048;

/// A request that can be answered: its client may ask, and its redirect URI is the client's.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// What is kept of it.
    pub request: Request,
    /// The EHR's launch that it brings, to be looked up: see [`AuthorizationRequest::launched`].
    pub launch: Option<LaunchHandle>,
    /// Whether and how the user may be asked.
    pub prompt: Prompt,
    /// How long ago the user may have signed in (OIDC Core §3.1.2.1).
    pub max_age: Option<Duration>,
    /// The user name that the app expects: written into the form.
    pub login_hint: Option<String>,
}

/// What `prompt` asks for (OIDC Core §3.1.2.1); `consent` stands in the [`Request`], since it counts later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    /// Whatever is needed.
    #[default]
    AsNeeded,
    /// No page at all: an error instead.
    None,
    /// A new sign-in, although there is a session.
    Login,
}

/// A request that is not answered with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody may be redirected: the user is told (AUTHZ-04, AUTHZ-06).
    Shown(Fault),
    /// The app is told.
    Redirected(Box<ErrorAnswer>),
}

/// What is wrong with the part of a request that decides where its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The parameter.
    pub parameter: &'static str,
    /// What it should have been.
    pub expected: &'static str,
}

/// An error on its way to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// Where to.
    pub redirect_uri: RedirectUri,
    /// The request's state, if it had one that can be returned.
    pub state: Option<String>,
    /// What is wrong.
    pub error: OAuthError,
}

impl ErrorAnswer {
    /// The URL to redirect to: error, state and, since it is always sent, `iss` (AUTHZ-17, AUTHZ-32).
    pub fn location(&self, issuer: &str) -> String {
        let code =
            [("error", self.error.error.as_str()), ("error_description", &self.error.error_description)];
        let state = self.state.as_deref().map(|state| ("state", state));
        self.redirect_uri.with_query(code.into_iter().chain(state).chain([("iss", issuer)]))
    }
}

/// The client that a request names, to be looked up.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, Fault> {
    let fault = |expected| Fault { parameter: "client_id", expected };
    if parameters.all("client_id").nth(1).is_some() {
        return Err(fault("one client_id; there are several"));
    }
    let given =
        parameters.get("client_id").ok_or_else(|| fault("the id of a registered client; there is none"))?;
    given.parse().map_err(|_| fault(UNKNOWN_CLIENT))
}

const UNKNOWN_CLIENT: &str = "the id of a client that is registered here and not disabled";

impl AuthorizationRequest {
    /// Reads a request of `client`, the one that [`client_id`] names; `None` if there is no such client.
    pub fn parse(
        parameters: &Parameters,
        client: Option<&Client>,
        here: &PublicUrl,
    ) -> Result<Self, Refused> {
        let fault = |parameter, expected| Refused::Shown(Fault { parameter, expected });
        let client =
            client.filter(|client| !client.disabled).ok_or_else(|| fault("client_id", UNKNOWN_CLIENT))?;
        if parameters.all("redirect_uri").nth(1).is_some() {
            return Err(fault("redirect_uri", "one redirect_uri; there are several"));
        }
        let redirect_uri = parameters
            .get("redirect_uri")
            .ok_or_else(|| fault("redirect_uri", "one of the URIs that the app registered; there is none"))?;
        let redirect_uri = client.redirect_uri(redirect_uri).ok_or_else(|| {
            fault("redirect_uri", "exactly one of the URIs that the app registered, character by character")
        })?;
        read(parameters, client, &redirect_uri, here).map_err(|error| {
            let state = parameters.get("state").filter(|_| parameters.all("state").nth(1).is_none());
            let state = state.filter(|state| state.len() <= LONGEST).map(str::to_owned);
            Refused::Redirected(Box::new(ErrorAnswer { redirect_uri, state, error }))
        })
    }

    /// The request in the context of the launch that it brings. What the EHR did not say is not asked for here, but the patient: all
    /// other `launch/TYPE` are hints then (LAUNCH-10), and left out where they come to nothing (CTX-21). Which role is asked for does
    /// not matter: the app is told all that there is of the type (CTX-17).
    pub fn launched(&mut self, launched: Launched) {
        let LaunchContext { encounter, fhir_context, .. } = &launched.context;
        self.request.scopes.retain(|scope| match scope.context_type() {
            None | Some("patient") => true,
            Some("encounter") => encounter.is_some(),
            Some(other) => fhir_context.iter().any(|item| item.is_of(other)),
        });
        self.request.launch = Some(Box::new(launched));
    }

    /// An error for the app that asked.
    pub fn refuse(&self, error: OAuthError) -> ErrorAnswer {
        let Request { redirect_uri, state, .. } = &self.request;
        ErrorAnswer { redirect_uri: redirect_uri.clone(), state: Some(state.clone()), error }
    }

    /// Whether a session that is alive will do, or the user has to sign in anew. Where nobody knows when they did, that is not lately
    /// enough for any `max_age`.
    pub fn accepts(&self, session: &Session, now: Instant) -> bool {
        self.prompt != Prompt::Login
            && self.max_age.is_none_or(|max_age| session.auth_time.is_some_and(|at| now.since(at) <= max_age))
    }
}

/// Reads what may be answered with a redirect.
fn read(
    parameters: &Parameters,
    client: &Client,
    redirect_uri: &RedirectUri,
    here: &PublicUrl,
) -> Result<AuthorizationRequest, OAuthError> {
    use ErrorCode as E;
    let invalid = |description: &str| OAuthError::new(E::InvalidRequest, description);
    if let Some(name) = parameters.repeated() {
        let name: String = name.chars().take(40).collect();
        return Err(invalid(&format!("{name} is given more than once")));
    }
    unsupported_objects(parameters)?;
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(OAuthError::new(E::UnsupportedResponseType, "response_type must be code")),
        None => return Err(invalid("response_type is missing: it must be code")),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(invalid("response_mode must be query, or left out"));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        let description = "this client is not registered for the grant type authorization_code";
        return Err(OAuthError::new(E::UnauthorizedClient, description));
    }
    let state = bounded(parameters, "state")?.ok_or_else(|| invalid("state is missing"))?;
    let nonce = bounded(parameters, "nonce")?;
    let login_hint = bounded(parameters, "login_hint")?;
    let challenge =
        CodeChallenge::parse(parameters.get("code_challenge"), parameters.get("code_challenge_method"))
            .map_err(|error| invalid(&error.to_string()))?;
    let dpop_jkt = dpop_jkt(parameters)?;
    check_audience(parameters, here)?;
    let prompt = prompt(parameters)?;
    let max_age = parameters
        .get("max_age")
        .map(|seconds| seconds.parse().map(Duration::from_secs))
        .transpose()
        .map_err(|_| invalid("max_age must be a whole number of seconds"))?;
    let (scopes, launch) = scopes(parameters, client)?;
    let sign_in = SignInWish {
        anew: prompt == Prompt::Login,
        max_age: max_age.map(|max_age| max_age.as_secs()),
        login_hint: login_hint.clone(),
    };
    let request = Request {
        redirect_uri: redirect_uri.clone(),
        state,
        scopes,
        challenge,
        nonce,
        dpop_jkt,
        sign_in,
        launch: None,
        always_ask: asks_consent(parameters),
    };
    Ok(AuthorizationRequest { request, launch, prompt, max_age, login_hint })
}

/// The key that the app binds the code to (RFC 9449 §10; DPOP-06): a thumbprint.
fn dpop_jkt(parameters: &Parameters) -> Result<Option<KeyId>, OAuthError> {
    let Some(given) = parameters.get("dpop_jkt") else { return Ok(None) };
    let invalid = "dpop_jkt must be the RFC 7638 thumbprint of a key: SHA-256, 43 characters of base64url";
    given
        .parse::<Digest>()
        .map(|_| Some(given.into()))
        .map_err(|_| OAuthError::new(ErrorCode::InvalidRequest, invalid))
}

/// Request objects and registration in the request (OIDC Core §6, §7): not here.
fn unsupported_objects(parameters: &Parameters) -> Result<(), OAuthError> {
    use ErrorCode as E;
    let table = [
        ("request", E::RequestNotSupported),
        ("request_uri", E::RequestUriNotSupported),
        ("registration", E::RegistrationNotSupported),
    ];
    match table.into_iter().find(|(name, _)| parameters.get(name).is_some()) {
        Some((name, code)) => Err(OAuthError::new(code, format!("{name} is not supported"))),
        None => Ok(()),
    }
}

fn bounded(parameters: &Parameters, name: &str) -> Result<Option<String>, OAuthError> {
    match parameters.get(name) {
        Some(value) if value.len() > LONGEST => {
            let description = format!("{name} is longer than {LONGEST} bytes");
            Err(OAuthError::new(ErrorCode::InvalidRequest, description))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

/// `aud` names our FHIR server; `resource` (RFC 8707) says the same (AUTHZ-10 to AUTHZ-13).
fn check_audience(parameters: &Parameters, here: &PublicUrl) -> Result<(), OAuthError> {
    let (aud, resource) = (parameters.get("aud"), parameters.get("resource"));
    let expected = here.fhir_base();
    if aud.is_none() && resource.is_none() {
        let description = format!("aud is missing: it must be the FHIR base URL {expected}");
        return Err(OAuthError::new(ErrorCode::InvalidRequest, description));
    }
    if aud.is_some_and(|aud| !here.is_audience(aud)) {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            format!("aud must be the FHIR base URL {expected}"),
        ));
    }
    if resource.is_some_and(|resource| !here.is_audience(resource)) {
        let description = format!("resource must be the FHIR base URL {expected}");
        return Err(OAuthError::new(ErrorCode::InvalidTarget, description));
    }
    Ok(())
}

fn prompt(parameters: &Parameters) -> Result<Prompt, OAuthError> {
    let asked: Vec<&str> = parameters.get("prompt").unwrap_or_default().split_ascii_whitespace().collect();
    match asked.as_slice() {
        ["none"] => Ok(Prompt::None),
        asked if asked.contains(&"none") => {
            Err(OAuthError::new(ErrorCode::InvalidRequest, "prompt=none cannot stand beside other values"))
        }
        asked if asked.contains(&"login") || asked.contains(&"select_account") => Ok(Prompt::Login),
        _ => Ok(Prompt::AsNeeded),
    }
}

/// `prompt=consent`, alone or beside another.
fn asks_consent(parameters: &Parameters) -> bool {
    parameters.get("prompt").unwrap_or_default().split_ascii_whitespace().any(|word| word == "consent")
}

/// The most that the request can be granted, and the launch that it is granted in; an error if it is nothing.
fn scopes(parameters: &Parameters, client: &Client) -> Result<(Scopes, Option<LaunchHandle>), OAuthError> {
    let invalid = |description: String| Err(OAuthError::new(ErrorCode::InvalidScope, description));
    let Some(text) = parameters.get("scope") else { return invalid("scope is missing".to_owned()) };
    let (asked, refused) = Scopes::parse_known(text);
    if asked.mixes_system() {
        return invalid("system/ scopes cannot stand beside patient/ or user/ scopes".to_owned());
    }
    let mut scopes = bounds::within(text, &asked, client)?;
    let launch = if let Some(launch) = parameters.get("launch").filter(|_| scopes.contains(&Scope::Launch)) {
        let unknown = |_| OAuthError::new(ErrorCode::InvalidRequest, LaunchRefusal::Unknown.to_string());
        Some(launch.parse().map_err(unknown)?)
    } else {
        // No other context can be chosen here.
        let is_chosen_here = |name: &str| ["patient", "encounter"].contains(&name);
        scopes.retain(|scope| *scope != Scope::Launch && scope.context_type().is_none_or(is_chosen_here));
        None
    };
    if scopes.is_empty() {
        return invalid(match refused.first() {
            Some(error) => error.to_string(),
            None => "nothing that is asked for is registered for this client and supported here".to_owned(),
        });
    }
    Ok((scopes, launch))
}

/// Of what is asked, what the client is registered for and this server honours, each in the spelling of the request
/// (SCOPE-04, SCOPE-12, SCOPE-20, SCOPE-30).
///
/// Without an EHR's launch `launch` is left out besides (LAUNCH-07), and `launch/TYPE` but for patient and encounter; with one, what it comes
/// to nothing with ([`AuthorizationRequest::launched`]). `fhirUser` and `profile` are left out without `openid` (SCOPE-31), and
/// of `offline_access` and `online_access` the first is granted (REFR-19), if the client may refresh.
pub fn grantable(asked: &Scopes, client: &Client) -> Scopes {
    let contexts = client.scope.iter().filter(|scope| scope.context_type().is_some()).cloned();
    let here: Scopes = supported().into_iter().chain(identity_and_context()).chain(contexts).collect();
    let mut scopes = asked.intersection(&client.scope).intersection(&here);
    let openid = scopes.contains(&Scope::OpenId);
    let refreshes = client.may_use(GrantType::RefreshToken);
    let offline = scopes.contains(&Scope::OfflineAccess);
    scopes.retain(|scope| match scope {
        Scope::Resource(resource) => enforceable(resource),
        Scope::FhirUser | Scope::Profile => openid,
        Scope::OfflineAccess => refreshes,
        Scope::OnlineAccess => refreshes && !offline,
        _ => true,
    });
    scopes
}

/// What can be granted besides access to resources, without an EHR: `launch/TYPE` of other types depends on what one says.
pub fn identity_and_context() -> [Scope; 8] {
    let of = |resource_type: &str| Scope::LaunchContext { resource_type: resource_type.into(), role: None };
    [
        Scope::OpenId,
        Scope::FhirUser,
        Scope::Profile,
        Scope::Launch,
        of("patient"),
        of("encounter"),
        Scope::OfflineAccess,
        Scope::OnlineAccess,
    ]
}

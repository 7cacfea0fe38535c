//! Authorization requests: what is wrong with each parameter is shown or redirected, and how.

use proptest::prelude::*;
use proptest::sample::select;
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

#[test]
fn authz_03_05_07_08_11_15_a_good_request_is_kept_as_it_was_asked() {
    let asked = read(&encoded(&GOOD)).unwrap();
    assert_eq!(asked.request.redirect_uri.as_str(), REDIRECT_URI);
    assert_eq!(asked.request.state, "s-1");
    assert_eq!(asked.request.scopes.to_string(), SCOPE);
    assert_eq!(Ok(asked.request.challenge), CodeChallenge::parse(Some(CHALLENGE), Some("S256")));
    assert_eq!((asked.request.nonce, asked.login_hint, asked.max_age), (None, None, None));
    assert_eq!(asked.prompt, Prompt::AsNeeded);
}

#[test]
fn authz_04_05_06_without_a_known_client_and_its_redirect_uri_nobody_is_redirected() {
    let disabled = Client { disabled: true, ..client() };
    let known = client();
    let table: &[(Parameters, Option<&Client>, &str)] = &[
        (encoded(&GOOD), None, "client_id"),
        (encoded(&GOOD), Some(&disabled), "client_id"),
        (with("redirect_uri", None), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://app.example/cb")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://app.example/cb?keep=1&more=2")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://app.example/other/")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://APP.example/other")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://app.example/other/sub")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://user@app.example/other")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://app.example:443/other")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("http://app.example/other")), Some(&known), "redirect_uri"),
        (with("redirect_uri", Some("https://evil.example/")), Some(&known), "redirect_uri"),
        (and("redirect_uri", "https://evil.example/"), Some(&known), "redirect_uri"),
        (and("redirect_uri", REDIRECT_URI), Some(&known), "redirect_uri"),
    ];
    for (parameters, client, parameter) in table {
        match AuthorizationRequest::parse(parameters, *client, &here()) {
            Err(Refused::Shown(fault)) => assert_eq!(fault.parameter, *parameter, "{fault:?}"),
            other => panic!("not shown: {other:?}"),
        }
    }
}

#[test]
fn authz_04_and_20_the_client_is_named_once() {
    assert_eq!(client_id(&encoded(&GOOD)).unwrap().as_str(), "app");
    for parameters in [
        with("client_id", None),
        with("client_id", Some("")),
        with("client_id", Some("a b")),
        and("client_id", "app"),
        and("client_id", ""),
    ] {
        assert_eq!(client_id(&parameters).unwrap_err().parameter, "client_id");
    }
}

/// Every parameter that may be redirected, wrong in every way, and what the app is told: AUTHZ-03, AUTHZ-07, AUTHZ-09, AUTHZ-10, AUTHZ-11,
/// AUTHZ-12, AUTHZ-15, AUTHZ-17, AUTHZ-18, AUTHZ-20, AUTHZ-33, PKCE-02, PKCE-03, PKCE-04, PKCE-05, PKCE-06.
#[test]
fn authz_03_to_20_33_pkce_02_to_06_each_fault_goes_back_with_its_code_and_what_to_mend() {
    use ErrorCode as E;
    let padded = format!("{CHALLENGE}=");
    let long = "x".repeat(2_049);
    let other = "https://inferno.healthit.gov/invalid_aud";
    let challenge_form =
        "code_challenge must be the 43 base64url characters of a SHA-256 digest, without padding";
    let aud_expected = "aud must be the FHIR base URL https://smart.example/fhir";
    let aud_missing = "aud is missing: it must be the FHIR base URL https://smart.example/fhir";
    let type_missing = "response_type is missing: it must be code";
    let method = "code_challenge_method must be S256";
    let no_pkce = "code_challenge is missing: PKCE is required of every app";
    let table: &[(Parameters, E, &str)] = &[
        (with("response_type", None), E::InvalidRequest, type_missing),
        (with("response_type", Some("")), E::InvalidRequest, type_missing),
        (with("response_type", Some("token")), E::UnsupportedResponseType, "response_type must be code"),
        (
            with("response_type", Some("code id_token")),
            E::UnsupportedResponseType,
            "response_type must be code",
        ),
        (with("response_type", Some("Code")), E::UnsupportedResponseType, "response_type must be code"),
        (and("response_mode", "fragment"), E::InvalidRequest, "response_mode must be query, or left out"),
        (and("response_mode", "form_post"), E::InvalidRequest, "response_mode must be query, or left out"),
        (with("state", None), E::InvalidRequest, "state is missing"),
        (with("state", Some("")), E::InvalidRequest, "state is missing"),
        (with("state", Some(&long)), E::InvalidRequest, "state is longer than 2048 bytes"),
        (and("nonce", &long), E::InvalidRequest, "nonce is longer than 2048 bytes"),
        (and("login_hint", &long), E::InvalidRequest, "login_hint is longer than 2048 bytes"),
        (with("aud", None), E::InvalidRequest, aud_missing),
        (with("aud", Some("")), E::InvalidRequest, aud_missing),
        (with("aud", Some(other)), E::InvalidRequest, aud_expected),
        (with("aud", Some("https://smart.example")), E::InvalidRequest, aud_expected),
        (with("aud", Some("https://smart.example/fhir/Patient")), E::InvalidRequest, aud_expected),
        (with("aud", Some("https://smart.example/FHIR")), E::InvalidRequest, aud_expected),
        (
            and("resource", other),
            E::InvalidTarget,
            "resource must be the FHIR base URL https://smart.example/fhir",
        ),
        (with("code_challenge", None), E::InvalidRequest, no_pkce),
        (with("code_challenge", Some("")), E::InvalidRequest, no_pkce),
        (with("code_challenge", Some(&padded)), E::InvalidRequest, challenge_form),
        (with("code_challenge", Some(&CHALLENGE[1..])), E::InvalidRequest, challenge_form),
        (
            with("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")),
            E::InvalidRequest,
            challenge_form,
        ),
        (with("code_challenge_method", None), E::InvalidRequest, method),
        (with("code_challenge_method", Some("plain")), E::InvalidRequest, method),
        (with("code_challenge_method", Some("s256")), E::InvalidRequest, method),
        (with("code_challenge_method", Some("S512")), E::InvalidRequest, method),
        (and("request", "e30.e30."), E::RequestNotSupported, "request is not supported"),
        (
            and("request_uri", "https://app.example/r"),
            E::RequestUriNotSupported,
            "request_uri is not supported",
        ),
        (and("registration", "{}"), E::RegistrationNotSupported, "registration is not supported"),
        (and("prompt", "none login"), E::InvalidRequest, "prompt=none cannot stand beside other values"),
        (and("prompt", "consent none"), E::InvalidRequest, "prompt=none cannot stand beside other values"),
        (and("max_age", "soon"), E::InvalidRequest, "max_age must be a whole number of seconds"),
        (and("max_age", "-1"), E::InvalidRequest, "max_age must be a whole number of seconds"),
        (and("max_age", "1.5"), E::InvalidRequest, "max_age must be a whole number of seconds"),
        (and("scope", "openid"), E::InvalidRequest, "scope is given more than once"),
        (and("aud", BASE), E::InvalidRequest, "aud is given more than once"),
        (and("code_challenge", CHALLENGE), E::InvalidRequest, "code_challenge is given more than once"),
        (
            encoded(&[&GOOD[..], &[("x", "1"), ("x", "2")]].concat()),
            E::InvalidRequest,
            "x is given more than once",
        ),
        (with("scope", None), E::InvalidScope, "scope is missing"),
        (with("scope", Some("")), E::InvalidScope, "scope is missing"),
        (
            with("scope", Some("patient/Observation.rs system/Observation.rs")),
            E::InvalidScope,
            "system/ scopes cannot stand beside patient/ or user/ scopes",
        ),
        (
            with("scope", Some("launch patient/*.rs\" \\")),
            E::InvalidScope,
            "scope 'patient/*.rs?': it has a character that is not allowed in a scope",
        ),
    ];
    for (parameters, code, description) in table {
        let answer = redirected(read(parameters));
        assert_eq!((answer.error.error, answer.error.error_description.as_str()), (*code, *description));
        assert_eq!(answer.redirect_uri.as_str(), REDIRECT_URI);
        let state = parameters.get("state").filter(|state| state.len() <= 2_048);
        assert_eq!(answer.state.as_deref(), state, "{description}");
    }
}

#[test]
fn tok_30_a_client_without_the_code_flow_is_told_so() {
    let backend = Client { grant_types: [GrantType::ClientCredentials].into(), ..client() };
    let answer = redirected(AuthorizationRequest::parse(&encoded(&GOOD), Some(&backend), &here()));
    assert_eq!(answer.error.error, ErrorCode::UnauthorizedClient);
    assert!(answer.error.error_description.contains("authorization_code"));
}

#[test]
fn authz_10_11_13_the_fhir_base_with_and_without_a_slash_and_resource_as_a_synonym() {
    for aud in [BASE, "https://smart.example/fhir/", "HTTPS://SMART.example/fhir"] {
        assert!(read(&with("aud", Some(aud))).is_ok(), "{aud}");
        assert!(read(&and("resource", aud)).is_ok(), "{aud}");
        let rest: Vec<_> = GOOD.into_iter().filter(|(name, _)| *name != "aud").collect();
        let resource = [&rest[..], &[("resource", aud)]].concat();
        assert!(read(&encoded(&resource)).is_ok(), "{aud}");
        // With both, both count (AUTHZ-12).
        let both = [&resource[..], &[("aud", "https://other.example/fhir")]].concat();
        assert_eq!(redirected(read(&encoded(&both))).error.error, ErrorCode::InvalidRequest);
    }
}

#[test]
fn authz_08_and_32_the_state_comes_back_byte_for_byte_with_iss_in_every_error() {
    let long = "ab+ %&=~#?/é€😀\"'\\<>;".repeat(25);
    assert!(long.len() >= 500);
    for state in ["s", "+ % & = ~", "%2B%20", "a b\tc\r\nd", "=&", "é", &long] {
        let asked = read(&with("state", Some(state))).unwrap();
        let refused = asked.refuse(OAuthError::new(ErrorCode::AccessDenied, "the user said no"));
        let pairs: Vec<_> = GOOD
            .into_iter()
            .filter(|(name, _)| *name != "state" && *name != "aud")
            .chain([("state", state)])
            .collect();
        let wrong = redirected(read(&encoded(&pairs)));
        for (answer, error) in [(refused, "access_denied"), (wrong, "invalid_request")] {
            let location = answer.location(here().issuer());
            assert!(location.starts_with("https://app.example/cb?keep=1&error="), "{location}");
            assert!(location.is_ascii() && !location.contains(['\r', '\n', ' ', '#']), "{location}");
            let found = pairs_of(&location);
            let get = |name: &str| {
                let mut all =
                    found.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
                (all.next(), all.next())
            };
            assert_eq!(get("state"), (Some(state), None));
            assert_eq!(get("iss"), (Some("https://smart.example"), None));
            assert_eq!(get("error"), (Some(error), None));
            assert_eq!(get("code"), (None, None));
            assert!(get("error_description").0.is_some_and(|text| !text.is_empty()));
        }
    }
}

#[test]
fn authz_09_and_20_an_error_never_has_an_empty_or_a_doubtful_state() {
    for parameters in [with("state", None), with("state", Some("")), and("state", "s-2"), and("state", "")] {
        let answer = redirected(read(&parameters));
        assert_eq!(answer.state, None);
        assert!(!answer.location(here().issuer()).contains("state="));
    }
}

#[test]
fn authz_20_an_empty_value_counts_as_left_out_and_an_unknown_parameter_is_ignored() {
    for (name, value) in [
        ("nonce", ""),
        ("prompt", ""),
        ("max_age", ""),
        ("login_hint", ""),
        ("request", ""),
        ("launch", ""),
        ("resource", ""),
        ("response_mode", ""),
        ("utm_source", "x"),
        ("acr_values", "1"),
        ("claims", "{}"),
        ("id_token_hint", "x"),
    ] {
        let asked = read(&and(name, value)).unwrap();
        assert_eq!((asked.request.nonce, asked.max_age, asked.login_hint), (None, None, None), "{name}");
        assert_eq!(asked.request.scopes.to_string(), SCOPE, "{name}");
    }
}

#[test]
fn authz_33_oidc_parameters_are_read() {
    assert_eq!(read(&and("nonce", "n &=+")).unwrap().request.nonce.as_deref(), Some("n &=+"));
    assert_eq!(read(&and("login_hint", "maria")).unwrap().login_hint.as_deref(), Some("maria"));
    assert_eq!(read(&and("max_age", "60")).unwrap().max_age, Some(Duration::from_mins(1)));
    for (prompt, expected) in [
        ("none", Prompt::None),
        ("login", Prompt::Login),
        ("select_account", Prompt::Login),
        ("consent login", Prompt::Login),
        ("consent", Prompt::AsNeeded),
        ("create", Prompt::AsNeeded),
    ] {
        assert_eq!(read(&and("prompt", prompt)).unwrap().prompt, expected, "{prompt}");
    }
}

#[test]
fn authz_33_prompt_and_max_age_decide_whether_a_session_will_do() {
    let start = Instant::from_unix(1_800_000_000);
    let session =
        Session::start(Digest::of(b"s").into(), "maria".parse().unwrap(), Credentials::default(), start);
    let at = |second| start + Duration::from_secs(second);
    for (name, value, second, accepted) in [
        ("x", "", 3_000, true),
        ("prompt", "login", 0, false),
        ("prompt", "none", 3_000, true),
        ("max_age", "60", 60, true),
        ("max_age", "60", 61, false),
        ("max_age", "0", 0, true),
        ("max_age", "0", 1, false),
        ("max_age", "18446744073709551615", 3_000, true),
    ] {
        let asked = read(&and(name, value)).unwrap();
        assert_eq!(asked.accepts(&session, at(second)), accepted, "{name}={value} after {second} s");
    }
    // Nobody knows when they signed in: never lately enough.
    let undated = Session { auth_time: None, ..session };
    for (name, value, accepted) in
        [("x", "", true), ("max_age", "60", false), ("max_age", "18446744073709551615", false)]
    {
        assert_eq!(read(&and(name, value)).unwrap().accepts(&undated, start), accepted, "{name}={value}");
    }
}

#[test]
fn authz_34_a_hundred_granular_scopes_are_kept() {
    let scopes: Vec<String> =
        (0..100).map(|n| format!("patient/Observation.rs?category=http://example.org/codes|c{n}")).collect();
    assert_eq!(granted(&scopes.join(" ")), scopes.join(" "));
    // As clients send them: form-encoded, a plus for each space.
    let asked = read(&with("scope", Some(&scopes.join(" ")))).unwrap();
    assert_eq!(asked.request.scopes.len(), 100);
    assert!(asked.request.scopes.is_granular());
}

#[test]
fn launch_06_and_07_a_launch_counts_with_its_scope_and_the_scope_with_a_launch() {
    let with_launch = |scope: &str, launch: &str| {
        let rest: Vec<_> = GOOD.into_iter().filter(|(name, _)| *name != "scope").collect();
        read(&encoded(&[&rest[..], &[("scope", scope), ("launch", launch)]].concat()))
    };
    let handle = LaunchHandle::new([7; 32]);
    let asked = with_launch("launch patient/*.rs", &handle.reveal()).unwrap();
    assert_eq!(asked.request.scopes.to_string(), "launch patient/*.rs");
    assert_eq!(asked.launch.unwrap().id(), handle.id());
    // What cannot be a launch of this server is said to be none.
    for strange in ["xyz", "sal_", &handle.reveal()[4..], &format!("{}A", handle.reveal())] {
        let answer = redirected(with_launch("launch patient/*.rs", strange));
        assert_eq!(answer.error.error, ErrorCode::InvalidRequest);
        assert!(answer.error.error_description.starts_with("launch is unknown here"), "{strange}");
    }
    // A launch that no scope asks to use is ignored.
    let asked = with_launch("launch/patient patient/*.rs", "xyz").unwrap();
    assert_eq!(asked.request.scopes.to_string(), "launch/patient patient/*.rs");
    assert!(asked.launch.is_none());
    // The scope without a launch is left out: the patient is chosen here.
    assert_eq!(granted("launch openid patient/*.rs"), "openid patient/*.rs");
    assert_eq!(redirected(read(&with("scope", Some("launch")))).error.error, ErrorCode::InvalidScope);
}

#[test]
fn launch_10_what_the_ehr_did_not_say_is_not_asked_for_here() {
    let handle = LaunchHandle::new([7; 32]);
    let mut asked = read(&and("launch", &handle.reveal())).unwrap();
    asked.request.scopes = "launch launch/patient launch/encounter patient/*.rs".parse().unwrap();
    let with = |context: LaunchContext| {
        let mut asked = asked.clone();
        asked.launched(Launched { id: handle.id(), user: None, context });
        asked.request
    };
    let without = with(LaunchContext { patient: "a".parse().ok(), ..LaunchContext::default() });
    assert_eq!(without.scopes.to_string(), "launch launch/patient patient/*.rs");
    assert_eq!(without.launched_patient().unwrap().as_str(), "a");
    let full =
        LaunchContext { patient: "a".parse().ok(), encounter: "e".parse().ok(), ..LaunchContext::default() };
    assert_eq!(with(full).scopes.to_string(), "launch launch/patient launch/encounter patient/*.rs");
}

/// CTX-15, CTX-17, CTX-21, CTX-22: of other types, what the EHR said something of, whatever the role.
#[test]
fn ctx_21_other_context_is_granted_where_the_ehr_said_something_of_its_type() {
    let handle = LaunchHandle::new([7; 32]);
    let with = |scopes: &str, fhir_context: Value| {
        let mut asked = read(&and("launch", &handle.reveal())).unwrap();
        asked.request.scopes = scopes.parse().unwrap();
        let context = serde_json::from_value(json!({ "fhirContext": fhir_context })).unwrap();
        asked.launched(Launched { id: handle.id(), user: None, context });
        asked.request.scopes.to_string()
    };
    let said = || {
        json!([
            { "reference": "ImagingStudy/1" },
            { "canonical": "https://ehr.example/Questionnaire/q", "type": "Questionnaire", "role": "launch" },
            { "identifier": { "value": "A-1" } },
            { "reference": "Encounter/e", "role": "https://ehr.example/roles/former" },
        ])
    };
    for (asked, expected) in [
        ("launch launch/imagingstudy", "launch launch/imagingstudy"),
        (
            "launch launch/imagingstudy?role=https://ehr.example/roles/prior",
            "launch launch/imagingstudy?role=https://ehr.example/roles/prior",
        ),
        ("launch launch/questionnaire launch/patient", "launch launch/questionnaire launch/patient"),
        // Nothing of the type, nothing of a known type, and one that is no encounter of the launch.
        ("launch launch/documentreference launch/servicerequest", "launch"),
        ("launch launch/encounter launch/imaging", "launch"),
    ] {
        assert_eq!(with(asked, said()), expected, "{asked}");
    }
    assert_eq!(with("launch launch/imagingstudy", json!([])), "launch");
}

#[test]
fn launch_11_and_12_patient_scopes_alone_need_a_patient() {
    for (scope, needed) in [
        ("patient/Patient.rs", true),
        ("launch/patient", true),
        ("launch/patient openid", true),
        ("launch/encounter", true),
        ("openid patient/Observation.rs?category=a|b user/*.rs", true),
        ("openid fhirUser user/*.rs", false),
        ("openid", false),
        ("", false),
    ] {
        assert_eq!(needs_patient(&scope.parse().unwrap()), needed, "{scope}");
    }
}

#[test]
fn scope_03_04_12_20_28_30_31_each_scope_is_granted_in_its_own_spelling_or_not_at_all() {
    for (asked, expected) in [
        // SMART 1 asked is SMART 1 answered, as far as it can be read here.
        ("patient/*.read", "patient/*.read"),
        ("patient/Observation.read user/Patient.read", "patient/Observation.read user/Patient.read"),
        ("patient/Observation.*", "patient/Observation.read"),
        ("patient/Observation.rs", "patient/Observation.rs"),
        // Nothing is written here.
        ("patient/Observation.cruds", "patient/Observation.rs"),
        ("patient/Observation.write openid", "openid"),
        ("patient/Observation.cud openid", "openid"),
        ("patient/Observation.r", "patient/Observation.r"),
        // Unsupported, unenforceable, unknown, malformed: left out, never widened.
        ("openid system/*.rs", "openid"),
        ("openid __test https://example.org/scope email phone", "openid"),
        ("openid launch/encounter launch/imagingstudy", "openid"),
        ("openid patient/Nonsense.rs", "openid"),
        ("openid patient/Observation.sr patient/Observation. patient/observation.rs", "openid"),
        ("openid patient/Observation.rs?code:in=http://x", "openid"),
        ("openid patient/Observation.rs?patient.birthdate=1990", "openid"),
        ("openid patient/Observation.rs?_filter=x", "openid"),
        ("openid patient/*.rs?category=a|b", "openid"),
        ("openid PATIENT/Observation.rs OpenID", "openid"),
        // Order and repetition mean nothing.
        ("  openid   openid  patient/*.rs openid ", "openid patient/*.rs"),
        // Who the user is is told in an ID token, or not at all.
        ("fhirUser profile patient/*.rs", "patient/*.rs"),
        ("profile openid", "profile openid"),
        ("fhirUser openid", "fhirUser openid"),
    ] {
        assert_eq!(granted(asked), expected, "{asked}");
    }
}

#[test]
fn scope_30_nothing_is_granted_beyond_the_registration() {
    let narrow = client_with(&json!({ "scope": "openid patient/Observation.rs patient/Condition.r" }));
    let granted = |scope: &str| grantable(&scope.parse().unwrap(), &narrow).to_string();
    assert_eq!(granted("patient/*.rs"), "patient/Observation.rs patient/Condition.r");
    assert_eq!(granted("patient/*.read"), "patient/Observation.read patient/Condition.r");
    assert_eq!(granted("user/*.rs offline_access launch/patient openid fhirUser"), "openid");
    assert_eq!(
        granted("patient/Observation.rs?category=a|b patient/Patient.rs"),
        "patient/Observation.rs?category=a|b"
    );
}

#[test]
fn scope_12_a_request_that_can_be_granted_nothing_is_told_why() {
    for (scope, why) in [
        ("patient/Observation.sr", "expected letters of cruds in this order"),
        ("email", "it is not a known kind of scope"),
        ("système/*.rs", "it has a character that is not allowed"),
        ("fhirUser", "nothing that is asked for is registered for this client and supported here"),
        ("system/*.rs", "nothing that is asked for is registered"),
        ("patient/*.cud", "nothing that is asked for is registered"),
    ] {
        let error = redirected(read(&with("scope", Some(scope)))).error;
        assert_eq!(error.error, ErrorCode::InvalidScope, "{scope}");
        assert!(error.error_description.contains(why), "{scope}: {}", error.error_description);
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(error.error_description.bytes().all(allowed), "{scope}: AUTHZ-19");
    }
}

/// What anybody may send is kept from the first request on, and asked of each resource by whoever reads: so it is small, or refused with
/// the bound, in whatever way it is large.
#[test]
fn scopes_beyond_the_bounds_are_refused_with_the_bound_and_those_within_are_granted() {
    let ask = |scope: &str| read(&with("scope", Some(scope)));
    let codes = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let of = |values: &str| format!("openid patient/Observation.rs?code={values}");
    let types = "patient/Observation.rs patient/Condition.rs ".repeat(800);
    for (scope, why) in [
        (of(&codes(201)), "a constraint of Observation has more than 200 values"),
        (of(&format!("{}&status=final", codes(18_000))), "scope is longer than 32768 bytes"),
        (of(&"x".repeat(257)), "a constraint of Observation has a value longer than 256 bytes"),
        (
            of("a%E2%80%AEb"),
            "a constraint of Observation has a character that is not seen or that turns others",
        ),
        (
            of("a%E2%80%8Bb"),
            "a constraint of Observation has a character that is not seen or that turns others",
        ),
        (types, "scope is longer than 32768 bytes"),
    ] {
        let error = redirected(ask(&scope)).error;
        assert_eq!((error.error, error.error_description.as_str()), (ErrorCode::InvalidScope, why));
    }
    for scope in [of(&codes(200)), of(&"x".repeat(256)), of("a%5C,b%20c")] {
        assert_eq!(ask(&scope).unwrap().request.scopes.to_string(), scope);
    }
}

/// Each scope that is asked is answered under each constraint that is registered: the product is bounded, not only its factors.
#[test]
fn what_many_registered_constraints_make_of_many_asked_is_bounded_too() {
    let granular = |param: &str, count: usize| {
        (0..count).map(|n| format!("patient/Observation.rs?{param}={n}")).collect::<Vec<_>>().join(" ")
    };
    let ask = |registered: &str, asked: &str| {
        let client = client_with(&json!({ "scope": registered }));
        AuthorizationRequest::parse(&with("scope", Some(asked)), Some(&client), &here())
    };
    let long = format!("patient/Observation.rs?code={}", "x".repeat(250));
    for (asked, why) in [
        (granular("code", 200), "what is asked would be granted as more than 1024 scopes"),
        (long, "what would be granted is longer than 32768 bytes"),
    ] {
        let error = redirected(ask(&granular("category", 200), &asked)).error;
        assert_eq!((error.error, error.error_description.as_str()), (ErrorCode::InvalidScope, why));
    }
    let granted = ask(&granular("category", 100), &granular("code", 2)).unwrap().request.scopes;
    assert_eq!(granted.len(), 200);
    // What every app may ask for, of one that is registered for each type by itself.
    let each =
        ResourceType::all().map(|name| format!("patient/{name}.r patient/{name}.s")).collect::<Vec<_>>();
    assert!(ask(&each.join(" "), "patient/*.rs").is_ok());
}

#[test]
fn refr_19_at_most_one_kind_of_refresh_and_only_for_who_may_refresh() {
    let once = client_with(&json!({ "grant_types": ["authorization_code"] }));
    let online = client_with(&json!({ "scope": "openid online_access patient/*.rs" }));
    for (client, asked, expected) in [
        (client(), "openid offline_access online_access", "openid offline_access"),
        (client(), "openid online_access offline_access", "openid offline_access"),
        (client(), "openid online_access", "openid online_access"),
        (client(), "openid", "openid"),
        (once, "openid offline_access online_access", "openid"),
        (online, "openid offline_access online_access", "openid online_access"),
    ] {
        assert_eq!(grantable(&asked.parse().unwrap(), &client).to_string(), expected, "{asked}");
    }
}

#[test]
fn rs_19_system_scopes_stand_beside_no_users_scopes() {
    for scope in ["system/*.rs user/*.rs", "patient/Patient.rs openid system/Patient.rs"] {
        assert_eq!(redirected(read(&with("scope", Some(scope)))).error.error, ErrorCode::InvalidScope);
    }
    assert!(
        !read(&with("scope", Some("openid system/*.rs"))).unwrap().request.scopes.has_level(Level::System)
    );
}

/// Names that mean something, and some that do not.
fn name() -> impl Strategy<Value = String> {
    let known = GOOD.map(|(name, _)| name);
    let others = ["launch", "nonce", "prompt", "max_age", "resource", "request", "response_mode", "x"];
    prop_oneof![
        4 => select([known, others].concat()).prop_map(str::to_owned),
        1 => "[a-z_]{0,12}",
    ]
}

proptest! {
    /// Whatever is sent, an answer goes to a registered URI or nowhere, and says what is wrong in the characters that
    /// may be used.
    #[test]
    fn authz_06_and_19_any_request_is_answered_at_a_registered_uri_or_shown(
        changes in prop::collection::vec((name(), "\\PC{0,60}", any::<bool>()), 0..4)
    ) {
        let mut pairs: Vec<(String, String)> =
            GOOD.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (name, value, add) in changes {
            if !add {
                pairs.retain(|(known, _)| *known != name);
            }
            pairs.push((name, value.replace('\u{fffd}', "?")));
        }
        let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        match read(&encoded(&borrowed)) {
            Ok(asked) => {
                prop_assert!(client().redirect_uri(asked.request.redirect_uri.as_str()).is_some());
                prop_assert!(!asked.request.state.is_empty() && !asked.request.scopes.is_empty());
                prop_assert!(asked.request.scopes.is_within(&client().scope));
            }
            Err(Refused::Shown(_)) => {}
            Err(Refused::Redirected(answer)) => {
                prop_assert!(client().redirect_uri(answer.redirect_uri.as_str()).is_some());
                let location = answer.location(here().issuer());
                prop_assert!(location.starts_with(answer.redirect_uri.as_str()));
                let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
                prop_assert!(answer.error.error_description.bytes().all(allowed));
                prop_assert!(pairs_of(&location).iter().all(|(name, _)| name != "code"));
            }
        }
    }

    #[test]
    fn authz_08_any_state_comes_back(state in "\\PC{1,200}") {
        prop_assume!(!state.contains('\u{fffd}'));
        let answer = redirected(read(&encoded(&[
            ("client_id", "app"), ("redirect_uri", REDIRECT_URI), ("state", &state),
        ])));
        let found = pairs_of(&answer.location(here().issuer()));
        prop_assert!(found.contains(&("state".to_owned(), state)));
    }
}

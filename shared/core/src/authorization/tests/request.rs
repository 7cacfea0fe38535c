//! What is kept of a request, and what is wrong with each parameter: shown or redirected, and how.

use super::*;

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

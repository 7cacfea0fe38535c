//! Token requests: each flow reads its own parameters.

use proptest::prelude::*;

use super::*;
use crate::secret::{Handle, Secret};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn form(pairs: &[(&str, &str)]) -> Parameters {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Parameters::parse(encoded.as_bytes()).unwrap()
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new(Handle::new([7; 16]), Secret::new([9; 32]))
}

fn refresh_token() -> RefreshToken {
    RefreshToken::new(Handle::new([7; 16]), Secret::new([9; 32]))
}

fn refused(pairs: &[(&str, &str)]) -> TokenRequestError {
    TokenRequest::parse(&form(pairs)).unwrap_err()
}

#[test]
fn tok_03_a_code_exchange_reads_code_redirect_uri_and_verifier() {
    let code_text = code().reveal();
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code_text.as_str()),
        ("redirect_uri", "https://app.example/cb?a=b&c"),
        ("code_verifier", VERIFIER),
    ];
    let read = TokenRequest::parse(&form(&good)).unwrap();
    assert_eq!(read.grant_type(), GrantType::AuthorizationCode);
    let TokenRequest::AuthorizationCode { code: Some(read), redirect_uri, code_verifier } = read else {
        panic!("a code exchange")
    };
    assert_eq!(read.grant_id(), code().grant_id());
    assert_eq!(read.secret().digest(), code().secret().digest());
    assert_eq!(redirect_uri, "https://app.example/cb?a=b&c");
    assert_eq!(code_verifier.challenge(), VERIFIER.parse::<CodeVerifier>().unwrap().challenge());
    // Each is required, and an empty one is none (PKCE-09, CODE-08).
    for missing in ["grant_type", "code", "redirect_uri", "code_verifier"] {
        let without: Vec<_> = good.into_iter().filter(|(name, _)| *name != missing).collect();
        assert_eq!(refused(&without), TokenRequestError::Missing(missing));
        let empty: Vec<_> = good.map(|(name, value)| (name, if name == missing { "" } else { value })).into();
        assert_eq!(refused(&empty), TokenRequestError::Missing(missing));
    }
}

#[test]
fn refr_01_and_02_a_refresh_reads_its_token_and_perhaps_a_scope() {
    let text = refresh_token().reveal();
    for (scope, expected) in
        [(None, None), (Some(""), None), (Some("patient/*.rs openid"), Some("openid patient/*.rs"))]
    {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", text.as_str())];
        pairs.extend(scope.map(|scope| ("scope", scope)));
        let read = TokenRequest::parse(&form(&pairs)).unwrap();
        assert_eq!(read.grant_type(), GrantType::RefreshToken);
        let TokenRequest::RefreshToken { refresh_token: Some(token), scope: read } = read else {
            panic!("a refresh")
        };
        assert_eq!(token.grant_id(), refresh_token().grant_id());
        assert_eq!(read, expected.map(|text| text.parse().unwrap()), "{scope:?}");
    }
    assert_eq!(refused(&[("grant_type", "refresh_token")]), TokenRequestError::Missing("refresh_token"));
    let malformed =
        refused(&[("grant_type", "refresh_token"), ("refresh_token", &text), ("scope", "patient/*.sr")]);
    assert!(matches!(&malformed, TokenRequestError::Scope(error) if &*error.token == "patient/*.sr"));
}

#[test]
fn tok_24_and_refr_13_what_is_no_credential_of_ours_is_just_an_unknown_one() {
    let (code, token) = (code().reveal(), refresh_token().reveal());
    for not_a_code in ["BAD_CODE", token.as_str(), &code[1..], &format!("{code}A"), "sac_", "é"] {
        let read = TokenRequest::parse(&form(&[
            ("grant_type", "authorization_code"),
            ("code", not_a_code),
            ("redirect_uri", "x"),
            ("code_verifier", VERIFIER),
        ]));
        assert!(matches!(read, Ok(TokenRequest::AuthorizationCode { code: None, .. })), "{not_a_code}");
    }
    for not_a_token in ["5c8a6f2e-0a3c-4a57-8a2c-2f0a6f4d9b11", code.as_str(), "srt_", &token[..67]] {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", not_a_token)];
        let read = TokenRequest::parse(&form(&pairs));
        assert!(matches!(read, Ok(TokenRequest::RefreshToken { refresh_token: None, .. })), "{not_a_token}");
    }
}

#[test]
fn a_flow_cannot_read_another_flows_parameters() {
    let (code, token) = (code().reveal(), refresh_token().reveal());
    let all = [
        ("code", code.as_str()),
        ("redirect_uri", "x"),
        ("code_verifier", VERIFIER),
        ("refresh_token", &token),
        ("scope", "system/*.rs"),
    ];
    let with =
        |grant_type| TokenRequest::parse(&form(&[&all[..], &[("grant_type", grant_type)]].concat())).unwrap();
    for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
        assert_eq!(with(grant_type).grant_type().as_str(), grant_type);
    }
    assert!(matches!(with("client_credentials"), TokenRequest::ClientCredentials { .. }));
    // A malformed parameter of another flow is not looked at.
    let pairs =
        [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("code_verifier", "short")];
    assert!(TokenRequest::parse(&form(&pairs)).is_ok());
}

#[test]
fn back_01_a_client_alone_says_what_it_wants_and_well_formed() {
    let credentials =
        |scope| TokenRequest::parse(&form(&[("grant_type", "client_credentials"), ("scope", scope)]));
    let Ok(TokenRequest::ClientCredentials { scope }) = credentials("system/Patient.r system/*.read") else {
        panic!("a request for a token of a client alone");
    };
    assert_eq!(scope.to_string(), "system/Patient.r system/*.read");
    assert_eq!(refused(&[("grant_type", "client_credentials")]), TokenRequestError::Missing("scope"));
    assert_eq!(credentials("").unwrap_err(), TokenRequestError::Missing("scope"));
    for malformed in ["system/*.sr", "system/Patient", "system/*.rs  system/Patient.r", "email"] {
        assert!(matches!(credentials(malformed), Err(TokenRequestError::Scope(_))), "{malformed}");
    }
}

#[test]
fn revoke_02_and_intro_02_one_token_is_named() {
    let named = |pairs: &[(&str, &str)]| token_of(&form(pairs)).map(str::to_owned);
    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        assert_eq!(named(&[("token", "t"), ("token_type_hint", hint)]).as_deref(), Ok("t"));
    }
    for missing in [&[][..], &[("token", "")], &[("Token", "t")], &[("access_token", "t")]] {
        assert_eq!(named(missing), Err(TokenRequestError::Missing("token")));
    }
    let repeated = TokenRequestError::Repeated("token".to_owned());
    assert_eq!(named(&[("token", "a"), ("token", "b")]), Err(repeated));
}

#[test]
fn tok_02_sec_02_other_grant_types_are_not_known() {
    for other in [
        "not_a_grant_type",
        "password",
        "implicit",
        "Authorization_Code",
        "authorization_code ",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        assert_eq!(refused(&[("grant_type", other)]), TokenRequestError::GrantType, "{other}");
    }
    assert_eq!(refused(&[]), TokenRequestError::Missing("grant_type"));
}

#[test]
fn tok_26_a_parameter_that_is_given_twice_is_an_error_whatever_it_is() {
    let token = refresh_token().reveal();
    let good = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    for name in ["grant_type", "refresh_token", "client_id", "client_secret", "x"] {
        let pairs = [&good[..], &[(name, "1"), (name, "1")]].concat();
        assert_eq!(refused(&pairs), TokenRequestError::Repeated(name.to_owned()));
    }
    let long = "x".repeat(500);
    let TokenRequestError::Repeated(shown) = refused(&[(&long, ""), (&long, "")]) else { panic!("repeated") };
    assert_eq!(shown.len(), 40);
}

#[test]
fn pkce_09_and_10_a_malformed_verifier_is_said_to_be_malformed() {
    let code = code().reveal();
    for bad in
        ["short", &"a".repeat(129), &format!("{VERIFIER}="), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj k"]
    {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "x"),
            ("code_verifier", bad),
        ];
        assert_eq!(refused(&pairs), TokenRequestError::Verifier(VerifierError), "{bad}");
    }
}

#[test]
fn sec_09_debug_shows_no_secret() {
    let (code, token) = (code().reveal(), refresh_token().reveal());
    let exchange = TokenRequest::parse(&form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "x"),
        ("code_verifier", VERIFIER),
    ]));
    let refresh = TokenRequest::parse(&form(&[("grant_type", "refresh_token"), ("refresh_token", &token)]));
    let shown = format!("{exchange:?} {refresh:?}");
    for secret in [&code[4..], &token[4..], VERIFIER] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_form_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
        if let Ok(parameters) = Parameters::parse(&body) {
            let _ = TokenRequest::parse(&parameters);
        }
        for grant_type in ["authorization_code", "refresh_token", "client_credentials", &text] {
            let encoded = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([
                    ("grant_type", grant_type), ("code", &text), ("refresh_token", &text), ("redirect_uri", &text),
                    ("code_verifier", &text), ("scope", &text),
                ])
                .finish();
            if let Ok(parameters) = Parameters::parse(encoded.as_bytes()) {
                let _ = TokenRequest::parse(&parameters);
            }
        }
    }
}

//! Each client authenticates in one way, its own, and as nobody else.

use serde_json::json;

use super::*;

#[test]
fn reg_08_and_tok_06_each_client_authenticates_in_its_own_way_and_no_other() {
    let (key, keyed) = app();
    let clients = [
        public("app"),
        symmetric("app", "client_secret_basic", SECRET),
        symmetric("app", "client_secret_post", SECRET),
        keyed,
    ];
    let ways = [
        by_form(&[("client_id", "app")]).unwrap(),
        by_header(&format!("app:{SECRET}")),
        by_form(&[("client_id", "app"), ("client_secret", SECRET)]).unwrap(),
        by_assertion(&key.jwt(&header(&json!({})), &claims(&json!({})))).unwrap(),
    ];
    for (c, client) in clients.iter().enumerate() {
        for (w, way) in ways.iter().enumerate() {
            let found = way.verify(client, &AUDIENCES, NOW);
            let registered = client.authentication.method();
            if c == w {
                assert!(found.is_ok(), "{registered}: {way:?}");
            } else {
                assert_eq!(found, Err(AuthenticationError::Method { registered }), "{way:?}");
            }
        }
    }
}

#[test]
fn tok_06_nobody_authenticates_as_another_client() {
    let (key, _) = app();
    let other = asymmetric("other", &[key.jwk("k")]);
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    assert_eq!(verified(&assertion, &other), Err(AuthenticationError::Failed));
    for presented in [by_form(&[("client_id", "app")]).unwrap(), by_header(&format!("app:{SECRET}"))] {
        for client in [public("other"), symmetric("other", "client_secret_basic", SECRET)] {
            assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Err(AuthenticationError::Failed));
        }
    }
}

/// A header, a form, and what is wrong with them.
type Sent<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], PresentedError);

#[test]
fn tok_04_05_26_and_asym_02_03_16_one_client_one_way() {
    use PresentedError as E;
    let (key, _) = app();
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    let assertion = assertion.as_str();
    let basic = basic_header(&format!("app:{SECRET}"));
    let basic = Some(basic.as_str());
    let jwt = ("client_assertion_type", JWT_BEARER);
    let no_subject = key.jwt(&header(&json!({})), &claims(&json!({ "sub": null })));
    let odd_subject = key.jwt(&header(&json!({})), &claims(&json!({ "sub": "a b" })));
    let table: &[Sent<'_>] = &[
        (None, &[], E::Nobody),
        (None, &[("client_id", "")], E::Nobody),
        (None, &[("client_secret", SECRET)], E::Nobody),
        (None, &[("client_id", "a b")], E::ClientId),
        (basic, &[("client_secret", SECRET)], E::Several),
        (basic, &[jwt, ("client_assertion", assertion)], E::Several),
        (basic, &[jwt], E::Several),
        (
            None,
            &[("client_id", "app"), ("client_secret", SECRET), ("client_assertion", assertion)],
            E::Several,
        ),
        (basic, &[("client_id", "other")], E::AnotherClient),
        (None, &[("client_id", "other"), jwt, ("client_assertion", assertion)], E::AnotherClient),
        (None, &[jwt], E::AssertionType),
        (None, &[("client_id", "app"), ("client_assertion", assertion)], E::AssertionType),
        (
            None,
            &[("client_assertion_type", "not_an_assertion_type"), ("client_assertion", assertion)],
            E::AssertionType,
        ),
        (
            None,
            &[
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:JWT-bearer"),
                ("client_assertion", assertion),
            ],
            E::AssertionType,
        ),
        (None, &[jwt, ("client_assertion", "x")], E::Assertion),
        (None, &[jwt, ("client_assertion", "a.b.c")], E::Assertion),
        (None, &[jwt, ("client_assertion", &no_subject)], E::Assertion),
        (None, &[jwt, ("client_assertion", &odd_subject)], E::Assertion),
    ];
    for (header, pairs, expected) in table {
        assert_eq!(Presented::parse(*header, &form(pairs)).unwrap_err(), *expected, "{pairs:?}");
    }
    // The same name twice over is one name.
    assert!(Presented::parse(basic, &form(&[("client_id", "app")])).is_ok());
    assert!(by_form(&[("client_id", "app"), jwt, ("client_assertion", assertion)]).is_ok());
}

#[test]
fn asym_22_assertions_are_read_alike_in_every_flow() {
    let (key, client) = app();
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
        let presented = by_form(&[
            ("grant_type", grant_type),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ])
        .unwrap();
        assert!(matches!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Once { .. })));
        assert!(!presented.used_header());
    }
}

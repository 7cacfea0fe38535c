//! A secret, in the header or in the form (RFC 6749 §2.3.1).

use super::*;

#[test]
fn sym_01_and_02_basic_is_read_form_decoded_and_raw_where_both_agree() {
    let table = [
        ("app:Zk3vT1uQ8xYw5bN7rJ2mKd", "app", "Zk3vT1uQ8xYw5bN7rJ2mKd"),
        // Form-encoded, as RFC 6749 §2.3.1 has it.
        ("app:a%3Ab%25c%2Bd+e", "app", "a:b%c+d e"),
        ("my%3Aapp:%C3%A4", "my:app", "ä"),
        // Raw, as SMART has it: what no encoding leaves as it is.
        ("app:a&b=c", "app", "a&b=c"),
        ("app:a:b", "app", "a:b"),
    ];
    for (sent, id, secret) in table {
        let presented = by_header(sent);
        assert_eq!(presented.client_id().as_str(), id, "{sent}");
        assert!(is_by_header(&presented, secret), "{sent}");
        assert!(presented.used_header());
    }
    let lower = format!("bAsIc {}", STANDARD.encode(format!("app:{SECRET}")));
    let client = symmetric("app", "client_secret_basic", SECRET);
    let presented = Presented::parse(Some(&lower), &form(&[])).unwrap();
    assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Done));
}

#[test]
fn sym_01_what_is_no_basic_authentication_is_said_to_be_none() {
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Bearer abc",
        "Basic YXBw",             // app
        "Basic OnNlY3JldA==",     // :secret
        "Basic YSBiOnNlY3JldA==", // a b:secret
        "Basic gDpzZWNyZXQ=",     // not UTF-8
    ] {
        assert_eq!(Presented::parse(Some(bad), &form(&[])).unwrap_err(), PresentedError::Basic, "{bad:?}");
    }
}

#[test]
fn sym_04_secrets_are_kept_and_shown_as_digests_at_most() {
    let presented = by_form(&[("client_id", "app"), ("client_secret", SECRET)]).unwrap();
    assert_eq!(format!("{presented:?}"), "Presented(app, client_secret_post)");
    assert_eq!(format!("{:?}", by_header("app:s")), "Presented(app, client_secret_basic)");
    let client = symmetric("app", "client_secret_post", SECRET);
    assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Done));
    for wrong in ["x", "", "Zk3vT1uQ8xYw5bN7rJ2mKD", "Zk3vT1uQ8xYw5bN7rJ2mK", "Zk3vT1uQ8xYw5bN7rJ2mKdd"] {
        let presented = Presented {
            client_id: "app".parse().unwrap(),
            proof: Proof::Secret {
                method: SecretMethod::ClientSecretPost,
                digest: Digest::of(wrong.as_bytes()),
            },
        };
        assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Err(AuthenticationError::Failed), "{wrong}");
    }
}

#[test]
fn tok_31_that_the_method_is_another_is_told_only_to_who_knows_the_secret() {
    let client = symmetric("app", "client_secret_post", SECRET);
    let told = |sent: &str| by_header(sent).verify(&client, &AUDIENCES, NOW).unwrap_err();
    assert_eq!(told("app:wrong"), AuthenticationError::Failed);
    assert_eq!(
        told(&format!("app:{SECRET}")),
        AuthenticationError::Method { registered: "client_secret_post" }
    );
}

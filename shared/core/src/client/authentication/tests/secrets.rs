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

#[test]
fn sym_04_two_secrets_are_good_at_once_until_the_one_before_ends() {
    const NEW: &str = "mKd7rJ2bN5xYw8vT1uQ3Zk";
    const NEWEST: &str = "w8vT1uQ3ZkmKd7rJ2bN5xY";
    let until = NOW + Duration::from_hours(1);
    let at = |client: &Client, secret: &str, now| {
        by_header(&format!("app:{secret}")).verify(client, &AUDIENCES, now).is_ok()
    };
    let [before, new, newest] =
        [SECRET, NEW, NEWEST].map(|secret| symmetric("app", "client_secret_basic", secret));
    let replaced = |client: &Client, before: &Client, until| Client {
        authentication: client.authentication.clone().keeping(&before.authentication, until),
        ..client.clone()
    };
    let both = replaced(&new, &before, until);
    for (secret, seconds, expected) in [
        (SECRET, 0, true),
        (SECRET, 3_599, true),
        (SECRET, 3_600, false),
        (NEW, 0, true),
        (NEW, 3_600, true),
        (NEWEST, 0, false),
    ] {
        assert_eq!(at(&both, secret, NOW + Duration::from_secs(seconds)), expected, "{secret} {seconds}");
    }
    // As it is stored, and without either of them.
    let stored = serde_json::to_string(&both).unwrap();
    assert_eq!(serde_json::from_str::<Client>(&stored).unwrap(), both);
    assert!(!stored.contains(SECRET) && !stored.contains(NEW));
    // Two, and no more. To register the same one again ends nothing.
    let three = replaced(&newest, &both, until);
    assert_eq!([SECRET, NEW, NEWEST].map(|secret| at(&three, secret, NOW)), [false, true, true]);
    assert_eq!(replaced(&new, &both, Instant::NEVER), both);
    // The old one is sent where the new one is, and who has another way to authenticate has no old secret.
    let post = replaced(&symmetric("app", "client_secret_post", NEW), &before, until);
    let by_old = by_header(&format!("app:{SECRET}"));
    assert!(matches!(by_old.verify(&post, &AUDIENCES, NOW), Err(AuthenticationError::Method { .. })));
    assert_eq!(replaced(&public("app"), &before, until), public("app"));
    assert_eq!(replaced(&new, &public("app"), until), new);
}

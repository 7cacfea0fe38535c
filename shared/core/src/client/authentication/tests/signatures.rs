//! Whose signature an assertion bears: the algorithms, and what its header may say.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::*;
use crate::client::keys::AssertionKeys;
use crate::jose::test_keys::input;
use crate::jose::{PublicKey, compact};

#[test]
fn asym_04_and_08_rs384_and_es384_by_registered_keys() {
    let (rsa, ec) = (TestKey::generate(Algorithm::RS384), TestKey::generate(Algorithm::ES384));
    let both = asymmetric("app", &[rsa.jwk("r"), ec.jwk("e")]);
    for (key, alg, kid) in [(&rsa, "RS384", "r"), (&ec, "ES384", "e")] {
        let header = header(&json!({ "alg": alg, "kid": kid }));
        let assertion = key.jwt(&header, &claims(&json!({})));
        assert!(matches!(verified(&assertion, &both), Ok(Verified::Once { .. })), "{alg}");
        // With one part of another assertion by the same key.
        let other = key.jwt(&changed(header.clone(), &json!({ "x": 1 })), &claims(&json!({ "jti": "j-2" })));
        for part in 0..3 {
            let mut parts: Vec<&str> = assertion.split('.').collect();
            parts[part] = other.split('.').nth(part).unwrap();
            let found = verified(&parts.join("."), &both);
            assert_eq!(found, Err(AuthenticationError::Jwt(JwtError::Signature)), "{alg}, part {part}");
        }
    }
}

#[test]
fn asym_05_neither_none_nor_hmac_nor_an_algorithm_of_another_key() {
    use AuthenticationError as E;
    let algorithm = || E::Algorithm(AssertionAlgorithms::default());
    let rsa = TestKey::generate(Algorithm::RS384);
    let (ec, p256) = (TestKey::generate(Algorithm::ES384), TestKey::generate(Algorithm::ES256));
    let mut only_rs256 = rsa.jwk("only-rs256");
    only_rs256["alg"] = json!("RS256");
    let keys = [rsa.jwk("r"), ec.jwk("e"), p256.jwk("p"), only_rs256];
    let client = asymmetric("app", &keys);

    // No signature, and the public key as the key of an HMAC: as text, as a number, as a JWK.
    let PublicKey::Rsa { n, .. } = &rsa.public else { panic!("an RSA key") };
    let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(n).unwrap();
    let jwk = rsa.jwk("r").to_string();
    for alg in ["HS256", "HS384", "none", "None", "NONE", ""] {
        let unsigned = input(&header(&json!({ "alg": alg, "kid": "r" })), &claims(&json!({})));
        let mut forged = vec![compact(&unsigned, b"")];
        for public in [n.as_bytes(), &modulus, jwk.as_bytes()] {
            for hash in [hmac::HMAC_SHA256, hmac::HMAC_SHA384] {
                let tag = hmac::sign(&hmac::Key::new(hash, public), unsigned.as_bytes());
                forged.push(compact(&unsigned, tag.as_ref()));
            }
        }
        for assertion in forged {
            assert_eq!(verified(&assertion, &client), Err(algorithm()), "{alg}");
        }
    }

    // Signed by the key that is named, by an algorithm that is not for assertions or not for that key.
    let mut rs256 = rsa;
    rs256.alg = Algorithm::RS256;
    for (key, alg, kid, expected) in [
        (&rs256, "RS256", "r", algorithm()),
        (&p256, "ES256", "p", algorithm()),
        (&p256, "ES384", "p", algorithm()),
        (&ec, "ES384", "r", algorithm()),
        (&rs256, "RS384", "e", algorithm()),
        (&rs256, "RS384", "only-rs256", algorithm()),
        (&rs256, "rs384", "r", algorithm()),
        (&ec, "PS384", "r", algorithm()),
        // The header says RS384, the signature is RS256's.
        (&rs256, "RS384", "r", E::Jwt(JwtError::Signature)),
    ] {
        let assertion = key.jwt(&header(&json!({ "alg": alg, "kid": kid })), &claims(&json!({})));
        assert_eq!(verified(&assertion, &client), Err(expected), "{alg} {kid}");
    }
}

#[test]
fn asym_06_07_and_09_the_header_names_one_registered_key_and_no_url() {
    use AuthenticationError as E;
    let (key, client) = app();
    let table = [
        (json!({ "kid": null }), E::Key),
        (json!({ "kid": "" }), E::Key),
        (json!({ "kid": "K" }), E::Key),
        (json!({ "jku": "https://evil.example/jwks" }), E::Jku),
        (json!({ "jku": "" }), E::Jku),
        (json!({ "typ": "at+jwt" }), E::Jwt(JwtError::Type)),
        (json!({ "typ": "" }), E::Jwt(JwtError::Type)),
        (json!({ "crit": ["exp"] }), E::Jwt(JwtError::Form)),
        (json!({ "alg": null }), E::Jwt(JwtError::Form)),
        (json!({ "kid": 1 }), E::Jwt(JwtError::Form)),
    ];
    for (changes, expected) in table {
        let assertion = key.jwt(&header(&changes), &claims(&json!({})));
        assert_eq!(verified(&assertion, &client), Err(expected), "{changes}");
    }
    // A key that comes along is not looked at, and a type that is left out is forgiven.
    for changes in [
        json!({ "jwk": key.jwk("k"), "x5u": "https://evil.example" }),
        json!({ "typ": null }),
        json!({ "typ": "jwt" }),
    ] {
        let assertion = key.jwt(&header(&changes), &claims(&json!({})));
        assert!(verified(&assertion, &client).is_ok(), "{changes}");
    }
    let brought = TestKey::generate(Algorithm::ES384);
    let assertion = brought.jwt(&header(&json!({ "jwk": brought.jwk("k") })), &claims(&json!({})));
    assert_eq!(verified(&assertion, &client), Err(E::Jwt(JwtError::Signature)));
    // Two keys of one name cannot be registered.
    let twice = json!({ "client_id": "app", "redirect_uris": ["https://app.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk("k"), brought.jwk("k")] } });
    assert_eq!(metadata::parse(&twice, Deployment::Public).unwrap_err().field, "jwks.keys[1].kid");
}

/// A client `app` of these keys, for which an operator turned one algorithm on, or said that it uses one.
fn registered(alg: &str, keys: &[Value]) -> Client {
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": alg,
        "jwks": { "keys": keys },
    });
    client("app", &metadata)
}

#[test]
fn asym_04_and_05_a_client_signs_with_what_it_registered_and_nothing_else() {
    use Algorithm::{ES256, ES384, RS256, RS384};
    let mut rsa = TestKey::generate(RS384);
    let (p256, p384) = (TestKey::generate(ES256), TestKey::generate(ES384));
    let keys = [rsa.jwk("rsa"), p256.jwk("p256"), p384.jwk("p384")];
    let unsaid = (asymmetric("app", &keys), vec![RS384, ES384]);
    let said = Algorithm::ALL.map(|only| (registered(only.as_str(), &keys), vec![only]));
    for (client, accepted) in [unsaid].into_iter().chain(said) {
        let ClientAuthentication::PrivateKeyJwt(AssertionKeys { algorithms, .. }) = client.authentication
        else {
            panic!("{client:?}")
        };
        for alg in Algorithm::ALL {
            rsa.alg = alg;
            let (key, kid) = match alg {
                RS256 | RS384 => (&rsa, "rsa"),
                ES256 => (&p256, "p256"),
                ES384 => (&p384, "p384"),
            };
            let assertion = key.jwt(&header(&json!({ "alg": alg, "kid": kid })), &claims(&json!({})));
            let is_accepted = accepted.contains(&alg);
            let expected = if is_accepted { Ok(()) } else { Err(AuthenticationError::Algorithm(algorithms)) };
            assert_eq!(verified(&assertion, &client).map(drop), expected, "{alg:?} of {algorithms}");
        }
    }
}

#[test]
fn asym_05_neither_a_header_nor_a_key_turns_an_algorithm_on() {
    let (mut rsa, p384) = (TestKey::generate(Algorithm::RS384), TestKey::generate(Algorithm::ES384));
    let only_rs256 = registered("RS256", &[rsa.jwk("rsa")]);
    let says_rs256 = header(&json!({ "alg": "RS256", "kid": "rsa" }));
    // The header says what is on, the signature is of what is not.
    let assertion = rsa.jwt(&says_rs256, &claims(&json!({})));
    assert_eq!(verified(&assertion, &only_rs256), Err(AuthenticationError::Jwt(JwtError::Signature)));
    rsa.alg = Algorithm::RS256;
    let assertion = rsa.jwt(&says_rs256, &claims(&json!({})));
    assert!(verified(&assertion, &only_rs256).is_ok());
    // A key that says that it is for RS256, of a client for which nobody turned it on.
    let mut for_rs256 = rsa.jwk("rsa");
    for_rs256["alg"] = json!("RS256");
    let unsaid = asymmetric("app", &[for_rs256, p384.jwk("p384")]);
    assert_eq!(
        verified(&assertion, &unsaid).unwrap_err().to_string(),
        "client_assertion: alg must be RS384 or ES384, and fit the key"
    );
}

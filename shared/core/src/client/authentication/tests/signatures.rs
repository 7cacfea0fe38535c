//! Whose signature an assertion bears: the algorithms, and what its header may say.

use aws_lc_rs::hmac;
use serde_json::json;

use super::*;
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
            assert_eq!(verified(&assertion, &client), Err(E::Algorithm), "{alg}");
        }
    }

    // Signed by the key that is named, by an algorithm that is not for assertions or not for that key.
    let mut rs256 = rsa;
    rs256.alg = Algorithm::RS256;
    for (key, alg, kid, expected) in [
        (&rs256, "RS256", "r", E::Algorithm),
        (&p256, "ES256", "p", E::Algorithm),
        (&p256, "ES384", "p", E::Algorithm),
        (&ec, "ES384", "r", E::Algorithm),
        (&rs256, "RS384", "e", E::Algorithm),
        (&rs256, "RS384", "only-rs256", E::Algorithm),
        (&rs256, "rs384", "r", E::Algorithm),
        (&ec, "PS384", "r", E::Algorithm),
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

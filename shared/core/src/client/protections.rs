//! Metadata that ask for a protection which is not given here: refused by name.
//!
//! RFC 7591 §2 lets a server ignore what it does not know. Of these, whoever registered them would go on to rely on them: on requests
//! that must be signed, on answers that are encrypted, on tokens that are bound to a certificate.

use serde_json::{Map, Value, json};

use super::metadata::{MetadataError, fault};

/// Each name, the one value that is true of us if there is one, and why.
fn protections() -> [(&'static str, Option<Value>, &'static str); 19] {
    [
        ("authorization_encrypted_response_alg", None, "answers are not encrypted"),
        ("authorization_encrypted_response_enc", None, "answers are not encrypted"),
        ("authorization_signed_response_alg", None, "answers are not signed"),
        ("client_secret_expires_at", Some(json!(0)), "a secret is good until it is replaced"),
        ("default_acr_values", Some(json!([])), "nobody is asked how they signed in"),
        ("default_max_age", None, "an app sends max_age with its request"),
        ("id_token_encrypted_response_alg", None, "ID tokens are not encrypted"),
        ("id_token_encrypted_response_enc", None, "ID tokens are not encrypted"),
        ("id_token_signed_response_alg", Some(json!("RS256")), "ID tokens are signed so"),
        ("introspection_encrypted_response_alg", None, "answers are not encrypted"),
        ("introspection_encrypted_response_enc", None, "answers are not encrypted"),
        ("introspection_signed_response_alg", None, "answers are not signed"),
        ("request_object_encryption_alg", None, "request objects are not taken"),
        ("request_object_encryption_enc", None, "request objects are not taken"),
        ("request_object_signing_alg", None, "request objects are not taken"),
        ("require_pushed_authorization_requests", Some(json!(false)), "requests are not pushed"),
        ("require_signed_request_object", Some(json!(false)), "request objects are not taken"),
        ("subject_type", Some(json!("public")), "a person has one sub for all apps"),
        (
            "tls_client_certificate_bound_access_tokens",
            Some(json!(false)),
            "tokens are bound to keys by DPoP (dpop_bound_access_tokens)",
        ),
    ]
}

/// Refuses the first that is asked for and not given.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), MetadataError> {
    for (name, given, why) in protections() {
        let asked = fields.get(name).filter(|value| !value.is_null());
        if asked.is_none() || asked == given.as_ref() {
            continue;
        }
        let expected = given.map_or_else(|| "none".to_owned(), |given| given.to_string());
        return Err(fault(name, format!("expected {expected}: {why}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::metadata::{Deployment, parse};

    fn told(name: &str, value: &Value) -> Option<String> {
        let metadata = json!({
            "client_id": "app", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none",
            name: value,
        });
        parse(&metadata, Deployment::Public).err().map(|error| error.to_string())
    }

    #[test]
    fn rfc7591_2_a_protection_that_is_not_given_is_refused_by_its_name() {
        for (name, value, expected) in [
            ("require_pushed_authorization_requests", json!(true), "expected false: requests are not pushed"),
            ("require_signed_request_object", json!(true), "expected false: request objects are not taken"),
            (
                "require_signed_request_object",
                json!("false"),
                "expected false: request objects are not taken",
            ),
            ("request_object_signing_alg", json!("RS256"), "expected none: request objects are not taken"),
            (
                "id_token_encrypted_response_alg",
                json!("RSA-OAEP"),
                "expected none: ID tokens are not encrypted",
            ),
            ("id_token_signed_response_alg", json!("ES256"), "expected \"RS256\": ID tokens are signed so"),
            ("id_token_signed_response_alg", json!("none"), "expected \"RS256\": ID tokens are signed so"),
            ("subject_type", json!("pairwise"), "expected \"public\": a person has one sub for all apps"),
            (
                "client_secret_expires_at",
                json!(1_900_000_000),
                "expected 0: a secret is good until it is replaced",
            ),
            ("default_max_age", json!(0), "expected none: an app sends max_age with its request"),
        ] {
            assert_eq!(told(name, &value), Some(format!("{name}: {expected}")));
        }
    }

    #[test]
    fn each_is_a_registered_name_and_is_taken_where_it_is_true_or_says_nothing() {
        for (name, given, _) in protections() {
            assert_eq!(told(name, &Value::Null), None, "{name}");
            assert_eq!(given.and_then(|given| told(name, &given)), None, "{name}");
            assert!(told(name, &json!("surely not")).is_some_and(|told| told.starts_with(name)), "{name}");
        }
    }
}

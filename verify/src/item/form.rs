//! The form that each field of a document must have (SMART 2.2 "Conformance", OpenID Connect Discovery §3, RFC 8414 §2), and the values
//! in it.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

/// The form that a field must have.
enum Form {
    List,
    Flag,
    Address,
    Identifier,
    Anything,
}

impl Form {
    fn of(field: &str) -> Self {
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| field.ends_with(suffix));
        if ends(&["_parameter_supported"]) {
            Self::Flag
        } else if ends(&["_supported"]) || field == "capabilities" {
            Self::List
        } else if ends(&["_endpoint", "_uri", "_bundle"]) || field == "issuer" {
            Self::Address
        } else if ends(&["_identifier"]) {
            Self::Identifier
        } else {
            Self::Anything
        }
    }
}

/// What a field lists, or what is wrong with its form.
pub(super) fn values(field: &str, value: &Value) -> Result<Vec<String>, String> {
    match (Form::of(field), value) {
        // What is said to be off is not listed.
        (Form::Flag, Value::Bool(is_on)) => Ok(is_on.then(|| "true".to_owned()).into_iter().collect()),
        (Form::Flag, _) => Err("expected true or false".to_owned()),
        (Form::List, Value::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            let texts = texts.filter(|texts| !texts.is_empty()).ok_or("expected a list of texts")?;
            let different: BTreeSet<&String> = texts.iter().collect();
            if different.len() < texts.len() {
                return Err("something is listed twice".to_owned());
            }
            Ok(texts)
        }
        (Form::List, _) => Err("expected a list of texts".to_owned()),
        (Form::Address, value) => {
            let address = value.as_str().filter(|text| Url::parse(text).is_ok_and(|url| url.has_host()));
            Ok(vec![address.ok_or("expected an absolute URL")?.to_owned()])
        }
        (Form::Identifier, value) => {
            let is_one = value.get("value").is_some_and(Value::is_string);
            is_one
                .then(|| vec![value.to_string()])
                .ok_or_else(|| "expected an Identifier with a value".to_owned())
        }
        (Form::Anything, Value::String(text)) => Ok(vec![text.clone()]),
        (Form::Anything, other) => Ok(vec![other.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_listed_is_taken_apart_and_what_has_the_wrong_form_is_told() {
        assert_eq!(values("response_types_supported", &json!(["code"])), Ok(vec!["code".to_owned()]));
        assert_eq!(
            values("issuer", &json!("https://smart.example")),
            Ok(vec!["https://smart.example".to_owned()])
        );
        assert_eq!(values("claims_parameter_supported", &json!(false)), Ok(Vec::new()));
        assert_eq!(values("claims_parameter_supported", &json!(true)), Ok(vec!["true".to_owned()]));
        for wrong in [json!("code"), json!([1]), json!([]), json!(["code", "code"]), json!(true)] {
            assert!(values("response_types_supported", &wrong).is_err(), "{wrong}");
        }
        for wrong in [
            json!("/auth/token"),
            json!({ "url": "https://smart.example" }),
            json!(["https://smart.example"]),
        ] {
            assert!(values("token_endpoint", &wrong).is_err(), "{wrong}");
        }
        assert!(values("claims_parameter_supported", &json!("yes")).is_err());
        assert!(values("user_access_brand_identifier", &json!({ "value": "https://smart.example" })).is_ok());
        for wrong in [json!("https://smart.example"), json!({ "system": "urn:ietf:rfc:3986" }), json!(null)] {
            assert!(values("user_access_brand_identifier", &wrong).is_err(), "{wrong}");
        }
    }
}

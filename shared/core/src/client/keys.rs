//! The public keys of a client, by value or by where it publishes them (RFC 7591 §2 `jwks` and `jwks_uri`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::algorithms::AssertionAlgorithms;
use crate::jose::{Algorithm, KeyId, PRIVATE_MEMBERS, PublicKey};

/// What checks the assertions of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionKeys {
    /// The keys.
    #[serde(flatten)]
    pub keys: ClientKeys,
    /// What it may sign with.
    #[serde(
        rename = "token_endpoint_auth_signing_alg",
        default,
        skip_serializing_if = "AssertionAlgorithms::is_unsaid"
    )]
    pub algorithms: AssertionAlgorithms,
}

/// Where a client's public keys come from (REG-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// Registered by value.
    Inline(Vec<ClientKey>),
    /// Published by the client at this URL.
    Uri(String),
}

/// One public key of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientKey {
    /// Its name, unique in the set.
    pub kid: KeyId,
    /// The key.
    #[serde(flatten)]
    pub key: PublicKey,
    /// The one algorithm it is for, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
}

/// What is wrong with a key set: where (`.keys[0].kid`), and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksError {
    /// The path within the set.
    pub at: String,
    /// What was expected.
    pub expected: String,
}

impl ClientKey {
    /// Whether a signature of `alg` can be checked with it, and is what it is for (ASYM-05).
    pub(crate) fn is_for(&self, alg: Algorithm) -> bool {
        self.key.fits(alg) && self.alg.as_deref().is_none_or(|name| name == alg.as_str())
    }
}

impl ClientKeys {
    /// Reads a JWK set (RFC 7517 §5; REG-05): bare public keys, each with a `kid` of its own. Keys of an unknown `kty` or
    /// for another use are passed over (ASYM-23). One must be there that a signature by one of `algorithms` can be checked with:
    /// the others may be for other servers, and serve for nothing here.
    pub fn inline(jwks: &Value, algorithms: AssertionAlgorithms) -> Result<Self, JwksError> {
        let error = |at: String, expected: &str| JwksError { at, expected: expected.to_owned() };
        let entries = jwks
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| error(String::new(), "expected an object with an array \"keys\""))?;
        let mut keys: Vec<ClientKey> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = |member: &str| format!(".keys[{i}]{member}");
            if PRIVATE_MEMBERS.iter().any(|member| entry.get(member).is_some()) {
                return Err(error(at(""), "expected a public key: this one holds private members"));
            }
            let kid = entry
                .get("kid")
                .and_then(Value::as_str)
                .filter(|kid| !kid.is_empty())
                .ok_or_else(|| error(at(".kid"), "expected a name for the key"))?;
            if keys.iter().any(|key| key.kid.as_str() == kid) {
                return Err(error(at(".kid"), "expected a name that no other key of the set has"));
            }
            let family = entry
                .get("kty")
                .and_then(Value::as_str)
                .ok_or_else(|| error(at(".kty"), "expected RSA or EC"))?;
            let for_signatures = entry.get("use").is_none_or(|purpose| purpose == "sig");
            if !for_signatures || !["RSA", "EC"].contains(&family) {
                continue;
            }
            let key: PublicKey = serde_json::from_value(entry.clone()).map_err(|_| {
                error(at(""), "expected n and e of an RSA key, or crv (P-256, P-384), x and y of an EC key")
            })?;
            key.check().map_err(|(member, expected)| error(at(member), expected))?;
            let alg = entry.get("alg").and_then(Value::as_str).map(str::to_owned);
            keys.push(ClientKey { kid: kid.into(), key, alg });
        }
        if keys.is_empty() {
            return Err(error(".keys".to_owned(), "expected at least one RSA or EC key for signatures"));
        }
        if !keys.iter().any(|key| algorithms.fit(key)) {
            let expected = format!("expected at least one key that signs with {algorithms}");
            return Err(JwksError { at: ".keys".to_owned(), expected });
        }
        Ok(Self::Inline(keys))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn inline(jwks: &Value) -> Result<ClientKeys, JwksError> {
        ClientKeys::inline(jwks, AssertionAlgorithms::default())
    }

    fn ec(kid: &str) -> Value {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 48]);
        json!({ "kty": "EC", "crv": "P-384", "kid": kid, "x": coordinate, "y": coordinate })
    }

    #[test]
    fn reg_05_a_key_set_is_of_named_bare_public_keys() {
        let with = |member: &str, value: Value| {
            let mut key = ec("a");
            key[member] = value;
            json!({ "keys": [key] })
        };
        assert!(inline(&json!({ "keys": [ec("a"), ec("b")] })).is_ok());
        let table = [
            (json!([]), ""),
            (json!({ "keys": [] }), ".keys"),
            (json!({ "keys": [ec("a"), ec("a")] }), ".keys[1].kid"),
            (with("kid", json!("")), ".keys[0].kid"),
            (with("kid", Value::Null), ".keys[0].kid"),
            (with("d", json!("AA")), ".keys[0]"),
            (with("crv", json!("P-521")), ".keys[0]"),
            (with("x", json!("AAAA")), ".keys[0].x"),
            (with("kty", json!("oct")), ".keys"),
            (with("use", json!("enc")), ".keys"),
            (json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" }] }), ".keys[0].n"),
        ];
        for (jwks, at) in table {
            assert_eq!(inline(&jwks).unwrap_err().at, at, "{jwks}");
        }
    }

    #[test]
    fn asym_23_keys_of_another_kind_or_use_are_passed_over() {
        let mut encryption = ec("enc");
        encryption["use"] = json!("enc");
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "AA" });
        let ClientKeys::Inline(keys) = inline(&json!({ "keys": [encryption, okp, ec("sig")] })).unwrap()
        else {
            panic!("inline keys")
        };
        assert_eq!(keys.iter().map(|k| k.kid.as_str()).collect::<Vec<_>>(), ["sig"]);
    }
    /// A client that was accepted works: what could never authenticate is told to whoever registers it.
    #[test]
    fn asym_05_one_key_by_value_must_be_for_an_algorithm_that_is_on() {
        use crate::jose::test_keys::TestKey;
        let key = |alg: Algorithm, said: Option<&str>| {
            let mut key = TestKey::generate(alg).jwk(alg.as_str());
            if let Some(said) = said {
                key["alg"] = json!(said);
            }
            key
        };
        let (rsa, p256, p384) = (Algorithm::RS384, Algorithm::ES256, Algorithm::ES384);
        for (keys, algorithms, expected) in [
            (vec![key(rsa, None)], "", true),
            (vec![key(p384, Some("ES384"))], "", true),
            (vec![key(p256, None)], "", false),
            (vec![key(p256, Some("ES256"))], "", false),
            (vec![key(rsa, Some("RS256"))], "", false),
            (vec![key(rsa, Some("PS384"))], "", false),
            (vec![key(p384, Some("RS384"))], "", false),
            (vec![key(p256, None)], "ES256", true),
            (vec![key(rsa, None)], "RS256", true),
            (vec![key(rsa, Some("RS384"))], "RS256", false),
            (vec![key(p384, None)], "RS384", false),
            // One that serves is enough: the others may be for other servers.
            (vec![key(p256, None), key(p384, None)], "", true),
            (vec![key(rsa, None), key(p384, None)], "RS384", true),
        ] {
            let algorithms: AssertionAlgorithms = algorithms.parse().unwrap_or_default();
            let found = ClientKeys::inline(&json!({ "keys": keys }), algorithms);
            assert_eq!(found.is_ok(), expected, "{keys:?} {algorithms}");
            if let Err(error) = found {
                let told = format!("expected at least one key that signs with {algorithms}");
                assert_eq!((error.at.as_str(), error.expected), (".keys", told));
            }
        }
    }
}

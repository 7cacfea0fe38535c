//! The key set that a client publishes at its `jwks_uri` (RFC 7517 §5; SMART 2.2 §"Registering a client (communicating public
//! keys)").
//!
//! What a client registers by value is refused whole if any of it is wrong, since somebody is there to mend it. What it
//! publishes is read when a user waits: a key that cannot be used is passed over (ASYM-23), and no other one suffers.

use serde_json::Value;
use thiserror::Error;

use super::keys::ClientKey;
use crate::jose::{Algorithm, PRIVATE_MEMBERS, PublicKey};

/// The usable keys of a published set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<ClientKey>);

/// What was published is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no JWK set: expected an object with an array \"keys\"")]
pub struct NotAKeySet;

/// The keys of a client cannot be had: who must have one of them does not authenticate (ASYM-20). What is displayed is told to
/// the client, and says what to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the keys at the registered jwks_uri cannot be fetched: {0}")]
pub struct NotFetched(pub String);

/// Why no key of a set is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotChosen {
    /// None has the name.
    Name,
    /// None of that name is for the algorithm.
    Algorithm,
    /// Several could be meant.
    Several,
}

impl KeySet {
    /// Reads what was published. Members besides `keys` are passed over.
    pub fn published(jwks: &Value) -> Result<Self, NotAKeySet> {
        let entries = jwks.get("keys").and_then(Value::as_array).ok_or(NotAKeySet)?;
        Ok(Self(entries.iter().filter_map(key).collect()))
    }

    /// Whether one of them has this name.
    pub fn names(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_str() == kid)
    }

    /// The keys.
    pub fn as_slice(&self) -> &[ClientKey] {
        &self.0
    }
}

/// One key, unless it is of another kind, for another use, without a name, private or malformed.
fn key(entry: &Value) -> Option<ClientKey> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let kid = text("kid").filter(|kid| !kid.is_empty())?;
    let for_signatures = entry.get("use").is_none_or(|purpose| purpose == "sig");
    // Whoever publishes the private half has lost the key.
    let is_private = PRIVATE_MEMBERS.iter().any(|member| entry.get(member).is_some());
    if !for_signatures || is_private {
        return None;
    }
    let key: PublicKey = serde_json::from_value(entry.clone()).ok()?;
    key.check().ok()?;
    Some(ClientKey { kid: kid.into(), key, alg: text("alg").map(str::to_owned) })
}

/// The one key named `kid` whose kind is that of `alg` (ASYM-09); what it is for must fit, too (ASYM-05).
pub(super) fn choose<'a>(
    keys: &'a [ClientKey],
    kid: &str,
    alg: Algorithm,
) -> Result<&'a ClientKey, NotChosen> {
    let mut named = keys.iter().filter(|key| key.kid.as_str() == kid).peekable();
    named.peek().ok_or(NotChosen::Name)?;
    let mut of_its_kind = named.filter(|key| key.key.is_of_the_kind_of(alg));
    let only = of_its_kind.next().ok_or(NotChosen::Algorithm)?;
    if of_its_kind.next().is_some() {
        return Err(NotChosen::Several);
    }
    if only.is_for(alg) { Ok(only) } else { Err(NotChosen::Algorithm) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::test_keys::TestKey;

    fn ec(kid: &str) -> Value {
        TestKey::generate(Algorithm::ES384).jwk(kid)
    }

    fn with(mut key: Value, member: &str, value: Value) -> Value {
        key[member] = value;
        key
    }

    fn names(jwks: &Value) -> Vec<String> {
        let set = KeySet::published(jwks).unwrap();
        set.as_slice().iter().map(|key| key.kid.as_str().to_owned()).collect()
    }

    #[test]
    fn asym_23_what_cannot_be_used_is_passed_over_and_the_rest_is_read() {
        let good = ec("good");
        for unusable in [
            with(ec("x"), "use", json!("enc")),
            with(ec("x"), "use", json!(["sig"])),
            with(ec("x"), "kty", json!("OKP")),
            with(ec("x"), "kty", json!("oct")),
            with(ec("x"), "kty", Value::Null),
            with(ec("x"), "crv", json!("P-521")),
            with(ec("x"), "x", json!("AAAA")),
            with(ec("x"), "d", json!("AAAA")),
            with(ec("x"), "kid", Value::Null),
            with(ec("x"), "kid", json!("")),
            with(ec("x"), "kid", json!(7)),
            json!({ "kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB" }),
            json!("x"),
            json!(null),
        ] {
            assert_eq!(names(&json!({ "keys": [unusable, good] })), ["good"], "{unusable}");
        }
        let more =
            json!({ "keys": [with(good, "x5c", json!(["MII"]))], "signed_jwks_uri": "https://a.example" });
        assert_eq!(names(&more), ["good"]);
        assert_eq!(names(&json!({ "keys": [] })), [""; 0]);
    }

    #[test]
    fn rfc7517_5_what_is_no_key_set_is_refused() {
        for bad in [json!([]), json!({}), json!({ "keys": {} }), json!("keys"), json!(null), ec("a")] {
            assert_eq!(KeySet::published(&bad), Err(NotAKeySet), "{bad}");
        }
    }

    #[test]
    fn asym_09_exactly_one_key_has_the_name_and_the_kind() {
        use Algorithm::{ES256, ES384, RS384};
        let rsa = |kid: &str| TestKey::generate(RS384).jwk(kid);
        let p256 = |kid: &str| TestKey::generate(ES256).jwk(kid);
        let table = [
            (vec![ec("k")], ES384, Ok(())),
            (vec![ec("k"), ec("l"), rsa("m")], ES384, Ok(())),
            (vec![ec("l")], ES384, Err(NotChosen::Name)),
            (vec![], ES384, Err(NotChosen::Name)),
            (vec![ec("k"), ec("k")], ES384, Err(NotChosen::Several)),
            // Two kinds of one name: the algorithm says which is meant.
            (vec![ec("k"), rsa("k")], ES384, Ok(())),
            (vec![ec("k"), rsa("k")], RS384, Ok(())),
            (vec![ec("k"), rsa("k"), rsa("k")], RS384, Err(NotChosen::Several)),
            // One kind, two curves.
            (vec![ec("k"), p256("k")], ES384, Err(NotChosen::Several)),
            (vec![p256("k")], ES384, Err(NotChosen::Algorithm)),
            (vec![rsa("k")], ES384, Err(NotChosen::Algorithm)),
            (vec![with(ec("k"), "alg", json!("ES384"))], ES384, Ok(())),
            (vec![with(rsa("k"), "alg", json!("RS256"))], RS384, Err(NotChosen::Algorithm)),
        ];
        for (keys, alg, expected) in table {
            let set = KeySet::published(&json!({ "keys": keys })).unwrap();
            assert_eq!(choose(set.as_slice(), "k", alg).map(drop), expected, "{keys:?} {alg:?}");
        }
    }
}

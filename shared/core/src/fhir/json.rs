//! Reading a resource's JSON: only the elements that rules look at, and no property twice.
//!
//! Parsers differ in which of two equal properties they take. If a decision took one and the app the other, a
//! resource could be decided on by a subject that nobody sees; so such a text is no resource.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Reads an object, of its own properties just those that `keep` names.
pub(crate) fn parse_object(
    text: &[u8],
    keep: fn(&str) -> bool,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let elements = deserializer.deserialize_map(Properties(keep))?;
    deserializer.end()?;
    Ok(elements)
}

struct Properties(fn(&str) -> bool);

impl<'de> Visitor<'de> for Properties {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<Self::Value, A::Error> {
        let mut elements = Map::new();
        while let Some(name) = properties.next_key::<String>()? {
            if !(self.0)(&name) {
                properties.next_value::<IgnoredAny>()?;
            } else if elements.insert(name, properties.next_value_seed(Element)?).is_some() {
                return Err(A::Error::custom("a property appears twice"));
            }
        }
        Ok(elements)
    }
}

/// Reads any value.
struct Element;

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Element)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<Value, A::Error> {
        Properties(|_| true).visit_map(properties).map(Value::Object)
    }
}

/// The members of an object in their order, each value as written.
pub(super) fn members(text: &[u8]) -> Result<Vec<(String, Box<RawValue>)>, serde_json::Error> {
    serde_json::from_slice::<Members>(text).map(|members| members.0)
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_asked_for_and_reads_it_whole() {
        let read =
            parse_object(br#"{"b":[1,-2,0.5,null,true,{"c":"d"}],"a":{"x":1}}"#, |name| name == "b").unwrap();
        assert_eq!(Value::Object(read), serde_json::json!({"b": [1, -2, 0.5, null, true, {"c": "d"}]}));
    }

    #[test]
    fn refuses_a_property_that_appears_twice_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"{"a":[{"b":1,"\u0062":2}]}"#] {
            assert!(parse_object(text.as_bytes(), |_| true).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_single_object() {
        for text in ["", "[]", "1", "null", "{}{}", "{} x", "{", "{\"a\":\"\u{0}\"}"] {
            assert!(parse_object(text.as_bytes(), |_| true).is_err(), "{text:?}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse_object(deep.as_bytes(), |_| true).is_err());
    }
}

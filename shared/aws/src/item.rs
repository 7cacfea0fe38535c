//! Items of a table, attribute by attribute.
//!
//! Whatever a condition or a key looks at is an attribute of its own: a text, a number, bytes. What is only kept is one JSON
//! text, in the form that core gives it. An error of reading names the attribute, never what was found there.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use thiserror::Error;

/// The attributes of an item, by name.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The key of every table.
pub(crate) const KEY: &str = "pk";

/// The largest item, in bytes, that DynamoDB holds.
pub(crate) const LARGEST_ITEM: usize = 409_600;

/// An item that is not as this program writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the attribute `{attribute}` of a stored item is missing or malformed")]
pub(crate) struct Unreadable {
    pub(crate) attribute: &'static str,
}

impl Unreadable {
    /// What the port that read it says: nothing can be decided.
    pub(crate) fn at(self, port: &'static str) -> Unavailable {
        Unavailable::new(port, self.to_string())
    }
}

/// An item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Item(Attributes);

impl From<Attributes> for Item {
    fn from(attributes: Attributes) -> Self {
        Self(attributes)
    }
}

impl Item {
    /// An item of that key.
    pub(crate) fn new(key: impl Into<String>) -> Self {
        Self::default().with(KEY, text(key))
    }

    /// The item with one attribute more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The item with one attribute more, if there is a value for it.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// How large the item is, in bytes, as DynamoDB counts: names and values, a number by at most half of its digits and two more.
    pub(crate) fn size(&self) -> usize {
        let size = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 2,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
            // No item here has others.
            _ => 0,
        };
        self.0.iter().map(|(name, value)| name.len() + size(value)).sum()
    }

    /// The item without an attribute.
    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub(crate) fn into_attributes(self) -> Attributes {
        self.0
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<&str, Unreadable> {
        let value = self.0.get(name).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or(Unreadable { attribute: name })
    }

    pub(crate) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, Unreadable> {
        self.text(name)?.parse().map_err(|_| Unreadable { attribute: name })
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, Unreadable> {
        serde_json::from_str(self.text(name)?).map_err(|_| Unreadable { attribute: name })
    }

    pub(crate) fn number(&self, name: &'static str) -> Result<u64, Unreadable> {
        let value = self.0.get(name).and_then(|value| value.as_n().ok());
        value.and_then(|digits| digits.parse().ok()).ok_or(Unreadable { attribute: name })
    }

    /// An instant. The tables add without a limit where core saturates: no instant is later than [`Instant::NEVER`].
    pub(crate) fn instant(&self, name: &'static str) -> Result<Instant, Unreadable> {
        self.number(name).map(|seconds| Instant::from_unix(seconds).min(Instant::NEVER))
    }

    pub(crate) fn bytes(&self, name: &'static str) -> Result<&[u8], Unreadable> {
        let value = self.0.get(name).and_then(|value| value.as_b().ok());
        value.map(Blob::as_ref).ok_or(Unreadable { attribute: name })
    }

    /// The texts of a set; an absent one is empty, since no set is stored without members.
    pub(crate) fn texts(&self, name: &'static str) -> Result<Vec<String>, Unreadable> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(AttributeValue::Ss(texts)) => Ok(texts.clone()),
            Some(_) => Err(Unreadable { attribute: name }),
        }
    }

    /// What `read` makes of an attribute that may be absent.
    pub(crate) fn optional<'i, T>(
        &'i self,
        name: &'static str,
        read: impl FnOnce(&'i Self, &'static str) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        self.has(name).then(|| read(self, name)).transpose()
    }
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn instant(at: Instant) -> AttributeValue {
    number(at.as_unix())
}

pub(crate) fn bytes(value: impl Into<Bytes>) -> AttributeValue {
    AttributeValue::B(Blob::new(value.into()))
}

/// A set of texts; `None` for an empty one, which cannot be stored.
pub(crate) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Option<AttributeValue> {
    let values: Vec<String> = values.into_iter().map(Into::into).collect();
    (!values.is_empty()).then_some(AttributeValue::Ss(values))
}

/// A value as core writes it. Core's types are structs with text keys: they always serialize.
pub(crate) fn json(value: &impl Serialize) -> AttributeValue {
    text(serde_json::to_string(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let item = Item::new("a#1")
            .with("n", number(7))
            .with("never", number(u64::MAX))
            .with("b", bytes(vec![1, 2]))
            .with_some("s", texts(["x", "y"]))
            .with_some("none", None);
        assert_eq!(item.text(KEY), Ok("a#1"));
        assert_eq!(item.number("n"), Ok(7));
        assert_eq!(item.instant("never"), Ok(Instant::NEVER));
        assert_eq!(item.bytes("b"), Ok(&[1, 2][..]));
        assert_eq!(item.texts("s"), Ok(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(item.texts("none"), Ok(vec![]));
        assert_eq!(item.optional("none", Item::number), Ok(None));
    }

    #[test]
    fn an_item_is_as_large_as_its_names_and_values() {
        let item = Item::new("a#1").with("n", number(1234)).with("b", bytes(vec![1; 300]));
        assert_eq!(item.size(), (2 + 3) + (1 + 2 + 2) + (1 + 300));
        assert_eq!(item.with_some("s", texts(["é", "xyz"])).size(), 311 + 1 + 2 + 3);
    }

    #[test]
    fn an_error_names_the_attribute_and_not_its_content() {
        let item = Item::new("a#1").with("n", text("secret"));
        let error = item.number("n").unwrap_err();
        assert_eq!(error, Unreadable { attribute: "n" });
        let told = error.at("grants").to_string();
        assert!(told.contains("`n`") && !told.contains("secret"), "{told}");
        assert!(item.parsed::<u8>("n").is_err());
        assert!(item.json::<u8>("n").is_err());
        assert!(item.text("absent").is_err());
    }
}

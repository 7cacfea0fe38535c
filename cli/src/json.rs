//! JSON with places: which line of a file a part stands on, so that a fault can be found.
//!
//! The text is parsed as it stands and its parts stay slices of it ([`RawValue`]); the place of a part is its distance
//! from the beginning. A property that is given twice is a fault: parsers differ in which one they take.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

/// What is wrong with a file, and where: `FILE:LINE: FIELD: what was expected`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {}{expected}", if field.is_empty() { String::new() } else { format!("{field}: ") })]
pub(crate) struct Fault {
    /// The file, as the operator named it.
    pub(crate) file: Arc<str>,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The field, as a path (`redirect_uris[1]`); empty where the fault is the whole entry's.
    pub(crate) field: String,
    /// What was expected there.
    pub(crate) expected: String,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its name, as the operator knows it.
    pub(crate) name: Arc<str>,
    /// What stands in it.
    pub(crate) text: Bytes,
}

impl Source {
    pub(crate) fn new(name: impl Into<Arc<str>>, text: impl Into<Bytes>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The one JSON value of the file. A byte order mark before it is passed over (RFC 8259 §8.1).
    pub(crate) fn root(&self) -> Result<Node<'_>, Fault> {
        let text = match std::str::from_utf8(&self.text) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let line = self.line_at(error.valid_up_to());
                return Err(self.fault(line, "", "expected text in UTF-8"));
            }
        };
        let value: &RawValue = serde_json::from_str(text)
            .map_err(|error| self.fault(error.line(), "", format!("expected JSON: {}", Described(&error))))?;
        Ok(Node { source: self, text: value.get() })
    }

    /// A fault on a line of this file.
    pub(crate) fn fault(&self, line: usize, field: &str, expected: impl Into<String>) -> Fault {
        // A name in the file may hold anything; a fault is one line.
        let field = field.replace(char::is_control, "\u{fffd}");
        Fault { file: Arc::clone(&self.name), line, field, expected: expected.into() }
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + newlines(self.text.get(..offset).unwrap_or(&self.text))
    }
}

/// How many lines end in a text.
#[expect(clippy::naive_bytecount, reason = "fast enough beside the parser, and a crate less")]
pub(crate) fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// An error of the parser without the place in it, which is told in front.
pub(crate) struct Described<'a>(pub(crate) &'a serde_json::Error);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (told, place) = (self.0.to_string(), (self.0.line(), self.0.column()));
        let told = told.strip_suffix(&format!(" at line {} column {}", place.0, place.1)).unwrap_or(&told);
        match place.1 {
            0 => f.write_str(told),
            column => write!(f, "{told} (column {column})"),
        }
    }
}

/// A value within a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    source: &'a Source,
    text: &'a str,
}

impl<'a> Node<'a> {
    /// Its text.
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// The part of the file that it is.
    pub(crate) fn bytes(self) -> Bytes {
        let start = self.offset_of(self.text);
        self.source.text.slice(start..start + self.text.len())
    }

    /// Where in the file it begins.
    pub(crate) fn offset(self) -> usize {
        self.offset_of(self.text)
    }

    /// The items, if it is an array.
    pub(crate) fn items(self) -> Option<Vec<Node<'a>>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.text).ok()?;
        Some(items.into_iter().map(|item| self.part(item)).collect())
    }

    /// The properties in their order, if it is an object.
    pub(crate) fn properties(self) -> Option<Vec<(Cow<'a, str>, Node<'a>)>> {
        let properties: Properties<'a> = serde_json::from_str(self.text).ok()?;
        Some(properties.0.into_iter().map(|(name, value)| (name.0, self.part(value))).collect())
    }

    /// The property of that name, if it is an object that has it.
    pub(crate) fn property(self, name: &str) -> Option<Node<'a>> {
        self.properties()?.into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Its text, if it is a string.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Word<'a>>(self.text).ok().map(|word| word.0)
    }

    /// The value; within it, no property may be given twice.
    pub(crate) fn value(self) -> Result<Value, Fault> {
        let value = serde_json::from_str(self.text).map_err(|error| {
            let line = self.source.line_at(self.offset()) + error.line().saturating_sub(1);
            self.source.fault(line, "", format!("expected JSON: {}", Described(&error)))
        })?;
        self.refuse_repetition()?;
        Ok(value)
    }

    /// A fault in the part of this value that `field` names (`jwks.keys[0].kid`), or in what there is of that path.
    pub(crate) fn fault(self, field: &str, expected: impl Into<String>) -> Fault {
        self.source.fault(self.source.line_at(self.place_of(field)), field, expected)
    }

    /// The line on which a field begins, counted from the beginning of this value.
    pub(crate) fn lines_before(self, field: &str) -> usize {
        self.source.line_at(self.place_of(field)) - self.source.line_at(self.offset())
    }

    /// Where the field's name stands; if it is not there, where what should have it begins.
    fn place_of(self, field: &str) -> usize {
        let (mut node, mut place, mut rest) = (self, self.offset(), field);
        while !rest.is_empty() {
            let item = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            if let Some((index, after)) = item {
                let found =
                    index.parse::<usize>().ok().and_then(|index| node.items()?.into_iter().nth(index));
                let Some(found) = found else { break };
                (node, place, rest) = (found, found.offset(), after);
                continue;
            }
            let path = rest.strip_prefix('.').unwrap_or(rest);
            let properties = node.properties().unwrap_or_default();
            // A name may hold dots and brackets itself.
            let first = path.find(['.', '[']).map_or(path, |end| path.get(..end).unwrap_or(path));
            let whole = properties.iter().find(|(name, _)| name == path);
            let Some((name, value)) = whole.or_else(|| properties.iter().find(|(name, _)| name == first))
            else {
                break;
            };
            place = match name {
                Cow::Borrowed(name) => self.offset_of(name),
                // A name with escapes is a text of its own: its value is near.
                Cow::Owned(_) => value.offset(),
            };
            rest = path.get(if whole.is_some() { path.len() } else { first.len() }..).unwrap_or_default();
            node = *value;
        }
        place
    }

    fn refuse_repetition(self) -> Result<(), Fault> {
        let properties = self.properties().unwrap_or_default();
        for (i, (name, value)) in properties.iter().enumerate() {
            if properties.iter().take(i).any(|(earlier, _)| earlier == name) {
                let line = self.source.line_at(value.offset());
                return Err(self.source.fault(line, name, "expected once: it is given twice"));
            }
            value.refuse_repetition()?;
        }
        self.items().unwrap_or_default().into_iter().try_for_each(Self::refuse_repetition)
    }

    fn part(self, value: &'a RawValue) -> Node<'a> {
        Node { source: self.source, text: value.get() }
    }

    /// `part` is a slice of the file's text.
    fn offset_of(self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.source.text.as_ptr() as usize)
    }
}

/// A string that is borrowed where it has no escapes.
struct Word<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Word<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// The properties of an object, in their order, all of them.
struct Properties<'a>(Vec<(Word<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Properties<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut properties = Vec::new();
                while let Some(property) = map.next_entry()? {
                    properties.push(property);
                }
                Ok(Properties(properties))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[
  { "client_id": "a",
    "redirect_uris": [
      "https://a.example/cb",
      "http://a.example/cb"
    ],
    "odd.name[0]":
      1
  },

  { "jwks": { "keys": [ { "kid": "k" },
                        { "kid":
                            "k" } ] },
    "esc\u0061ped": 1 }
]
"#;

    fn line(entry: usize, field: &str) -> usize {
        let source = Source::new("file.json", TEXT);
        source.root().unwrap().items().unwrap()[entry].fault(field, "").line
    }

    #[test]
    fn a_field_is_on_the_line_of_its_name() {
        for (entry, field, expected) in [
            (0, "", 2),
            (0, "client_id", 2),
            (0, "redirect_uris", 3),
            (0, "redirect_uris[1]", 5),
            (0, "odd.name[0]", 7),
            (1, "", 11),
            (1, "jwks.keys[0].kid", 11),
            (1, "jwks.keys[1].kid", 12),
            (1, "escaped", 14),
        ] {
            assert_eq!(line(entry, field), expected, "{entry} {field}");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_where_it_should_be() {
        for (entry, field, expected) in [
            (0, "scope", 2),
            (0, "redirect_uris[7]", 3),
            (1, "client_id", 11),
            (1, "jwks.keys[1].alg", 12),
            (1, "jwks.keys[9].kid", 11),
        ] {
            assert_eq!(line(entry, field), expected, "{entry} {field}");
        }
    }

    #[test]
    fn a_text_that_is_no_json_names_its_line() {
        let told = |text: &[u8]| Source::new("f", text.to_vec()).root().unwrap_err().to_string();
        assert_eq!(told(b"[\n 1,\n 2 3\n]"), "f:3: expected JSON: expected `,` or `]` (column 4)");
        assert_eq!(told(b""), "f:1: expected JSON: EOF while parsing a value");
        assert_eq!(told(b"{}\n\n{}"), "f:3: expected JSON: trailing characters (column 1)");
        assert_eq!(told(b"[\n\"\xff\"]"), "f:2: expected text in UTF-8");
        assert!(Source::new("f", "\u{feff}[]").root().is_ok());
    }

    #[test]
    fn a_property_that_is_given_twice_is_a_fault_at_any_depth() {
        for (text, expected) in [
            ("{\"a\":1,\n\"a\":2}", "f:2: a: expected once: it is given twice"),
            ("{\"a\\n\":1,\"a\\n\":2}", "f:1: a\u{fffd}: expected once: it is given twice"),
            ("[{\"b\":{\n\n\"c\":1,\"\\u0063\":2}}]", "f:3: c: expected once: it is given twice"),
        ] {
            let source = Source::new("f", text);
            assert_eq!(source.root().unwrap().value().unwrap_err().to_string(), expected);
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(Source::new("f", deep).root().unwrap().value().is_err());
    }

    #[test]
    fn a_part_is_the_same_bytes() {
        let source = Source::new("f", "\u{feff}{ \"a\" : [ 1.10 ] }");
        let part = source.root().unwrap().property("a").unwrap();
        assert_eq!(&part.bytes()[..], b"[ 1.10 ]");
    }
}

//! An object of the operator's file, where it stands in it, and what was wrong so far.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::brands::parts::{AbsentReason, Told};

/// Members are asked for by name; what is not as expected is remembered with its path, and is `None` here.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    /// With its dot: `brand[0].`; empty for the file's own.
    path: String,
    faults: &'a mut Vec<String>,
}

impl<'a> Object<'a> {
    pub(super) fn root(members: &'a Map<String, Value>, faults: &'a mut Vec<String>) -> Self {
        Self { members, path: String::new(), faults }
    }

    pub(super) fn fault(&mut self, name: impl Display, expected: impl Display) {
        self.faults.push(format!("{}{name}: {expected}", self.path));
    }

    /// Whether anything is said there; an empty array says nothing.
    pub(super) fn says(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| value.as_array().is_none_or(|items| !items.is_empty()))
    }

    /// No other members: a name that is misspelt would be left out in silence.
    pub(super) fn only(&mut self, names: &[&str]) {
        let unknown = self.members.keys().filter(|name| !names.contains(&name.as_str()));
        for name in unknown.map(|name| name.escape_debug()) {
            self.faults.push(format!("{}{name}: expected only {}", self.path, names.join(", ")));
        }
    }

    pub(super) fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let value = self.present(name)?;
        self.text(name, value)
    }

    pub(super) fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.members.get(name).and_then(|value| self.text(name, value))
    }

    /// A text, or `{ "dataAbsentReason": … }`.
    pub(super) fn told<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Told<T>> {
        let Some(Value::Object(_)) = self.members.get(name) else {
            return self.optional(name).map(Told::Given);
        };
        let reason = self.object(name, |why| {
            why.only(&["dataAbsentReason"]);
            why.required::<AbsentReason>("dataAbsentReason")
        });
        reason.map(Told::Absent)
    }

    pub(super) fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        let items = self.items(name).iter().enumerate();
        items.filter_map(|(i, item)| self.text(&format!("{name}[{i}]"), item)).collect()
    }

    pub(super) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Object<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.present(name)?;
        self.within(name, value, read)
    }

    /// One for each item, whose place is its own then.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        read: fn(&mut Object<'_>) -> Option<T>,
    ) -> Vec<Option<T>> {
        let items = self.items(name).iter().enumerate();
        items.map(|(i, item)| self.within(&format!("{name}[{i}]"), item, read)).collect()
    }

    fn present(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.members.get(name);
        if value.is_none() {
            self.fault(name, "expected, and it is missing");
        }
        value
    }

    fn items(&mut self, name: &str) -> &'a [Value] {
        match self.members.get(name) {
            Some(Value::Array(items)) => items,
            None => &[],
            Some(_) => {
                self.fault(name, "expected an array");
                &[]
            }
        }
    }

    fn text<T: FromStr<Err: Display>>(&mut self, name: &str, value: &Value) -> Option<T> {
        let Value::String(text) = value else {
            self.fault(name, "expected a text");
            return None;
        };
        text.parse().map_err(|expected| self.fault(name, expected)).ok()
    }

    fn within<T>(
        &mut self,
        name: &str,
        value: &Value,
        read: impl FnOnce(&mut Object<'_>) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(members) = value else {
            self.fault(name, "expected an object");
            return None;
        };
        read(&mut Object { members, path: format!("{}{name}.", self.path), faults: self.faults })
    }
}

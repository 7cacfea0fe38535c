//! Token values: `code`, `system|code`, `|code`, `system|` (FHIR R4 search, "token").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One value of a token parameter. Matching is literal and case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fhir) struct Token {
    system: System,
    code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum System {
    /// `code`: whatever the system, or none.
    Any,
    /// `|code`: no system.
    Absent,
    /// `system|code`, `system|`: this one.
    Is(String),
}

/// What a token value must look like.
pub(in crate::fhir) const EXPECTED: &str = "code, system|code, |code or system|";

/// What it must look like where the element has no system.
pub(in crate::fhir) const EXPECTED_CODE: &str = "a code without a system";

impl System {
    fn name(self) -> Option<String> {
        match self {
            Self::Is(name) => Some(name),
            Self::Any | Self::Absent => None,
        }
    }
}

impl Token {
    /// Reads one value, in which `\,`, `\|`, `\$` and `\\` are escaped. `None` if it has no meaning.
    pub(in crate::fhir) fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, '|').into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(code), None, None) if !code.is_empty() => {
                Some(Self { system: System::Any, code: Some(code) })
            }
            (Some(system), Some(code), None) if !(system.is_empty() && code.is_empty()) => {
                let system = if system.is_empty() { System::Absent } else { System::Is(system) };
                Some(Self { system, code: Some(code).filter(|code| !code.is_empty()) })
            }
            _ => None,
        }
    }

    /// Whether it says anything of the system.
    pub(in crate::fhir) fn names_system(&self) -> bool {
        self.system != System::Any
    }
}

/// Several values, any of which will do: looked up by what an element says, so that their number hardly counts.
#[derive(Clone, Debug, Default)]
pub(in crate::fhir) struct Tokens {
    /// `code`, `|code` and `system|code`, by the code.
    codes: BTreeMap<String, Systems>,
    /// `system|`.
    systems: BTreeSet<String>,
}

/// The systems in which a code counts.
#[derive(Clone, Debug, Default)]
struct Systems {
    any: bool,
    absent: bool,
    named: BTreeSet<String>,
}

/// What an element says of the system of its code.
#[derive(Clone, Copy)]
enum Stated<'a> {
    /// It is implied by the element, and not known here.
    Implied,
    Absent,
    Is(&'a str),
}

impl FromIterator<Token> for Tokens {
    fn from_iter<I: IntoIterator<Item = Token>>(values: I) -> Self {
        let mut tokens = Self::default();
        for Token { system, code } in values {
            let Some(code) = code else {
                tokens.systems.extend(system.name());
                continue;
            };
            let systems = tokens.codes.entry(code).or_default();
            match system {
                System::Any => systems.any = true,
                System::Absent => systems.absent = true,
                System::Is(system) => systems.named.extend([system]),
            }
        }
        tokens
    }
}

impl Tokens {
    /// Whether an element has one of these codes: any coding of a `CodeableConcept`, a `Coding`, an `Identifier`, a
    /// `code`, a boolean (SRCH-17). The system of a `code` is implied and not known here: a token that names one
    /// does not match.
    pub(in crate::fhir) fn matches(&self, element: &Value) -> bool {
        match element {
            Value::String(code) => self.have(Stated::Implied, Some(code)),
            Value::Bool(value) => self.have(Stated::Absent, Some(if *value { "true" } else { "false" })),
            Value::Object(parts) => {
                let text = |name: &str| parts.get(name).and_then(Value::as_str);
                let codings = parts.get("coding").and_then(Value::as_array).into_iter().flatten();
                let own = text("code").or_else(|| text("value"));
                self.have(text("system").map_or(Stated::Absent, Stated::Is), own)
                    || codings.filter(|coding| coding.is_object()).any(|coding| self.matches(coding))
            }
            _ => false,
        }
    }

    fn have(&self, system: Stated<'_>, code: Option<&str>) -> bool {
        let with_code = code.and_then(|code| self.codes.get(code)).is_some_and(|systems| match system {
            _ if systems.any => true,
            Stated::Implied => false,
            Stated::Absent => systems.absent,
            Stated::Is(system) => systems.named.contains(system),
        });
        with_code || matches!(system, Stated::Is(system) if self.systems.contains(system))
    }
}

/// Splits at each `separator` that is not escaped by a backslash; what is escaped for another separator stays
/// escaped.
pub(crate) fn split_escaped(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == separator && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    parts
}

/// Takes the escapes out of a value that is split already: `\,`, `\|`, `\$`, `\\`.
pub(in crate::fhir) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let follows = letters.peek().copied().filter(|next| matches!(next, ',' | '|' | '$' | '\\'));
        match follows {
            Some(next) if letter == '\\' => {
                plain.push(next);
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}

fn split(text: &str, separator: char) -> Vec<String> {
    split_escaped(text, separator).iter().map(|part| unescape(part)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn only(text: &str) -> Option<Tokens> {
        Token::parse(text).map(|token| Tokens::from_iter([token]))
    }

    #[test]
    fn srch_15_and_17_the_four_forms_on_every_kind_of_element() {
        let concept = json!({"coding": [{"system": "http://a", "code": "x"}, {"code": "y"}], "text": "z"});
        let coding = json!({"system": "http://a", "code": "x"});
        let identifier = json!({"system": "urn:mrn", "value": "17"});
        for (element, text, found) in [
            (&concept, "x", true),
            (&concept, "y", true),
            (&concept, "X", false),
            (&concept, "z", false),
            (&concept, "http://a|x", true),
            (&concept, "http://a|y", false),
            (&concept, "|y", true),
            (&concept, "|x", false),
            (&concept, "http://a|", true),
            (&concept, "http://b|", false),
            (&coding, "http://a|x", true),
            (&coding, "http://b|x", false),
            (&identifier, "17", true),
            (&identifier, "urn:mrn|17", true),
            (&identifier, "urn:mrn|", true),
            (&identifier, "|17", false),
            (&json!("final"), "final", true),
            (&json!("final"), "http://a|final", false),
            (&json!("final"), "|final", false),
            (&json!(true), "true", true),
            (&json!(true), "false", false),
            (&json!({"text": "x"}), "x", false),
            (&json!({}), "x", false),
            (&json!(null), "x", false),
            (&json!(["x"]), "x", false),
        ] {
            assert_eq!(only(text).unwrap().matches(element), found, "{text} on {element}");
        }
    }

    #[test]
    fn srch_14_any_of_several_values_will_do_and_none_lends_its_system_to_another() {
        let tokens: Tokens = ["http://a|x", "|y", "http://c|"].into_iter().filter_map(Token::parse).collect();
        for (system, code, found) in [
            (Some("http://a"), "x", true),
            (Some("http://a"), "y", false),
            (None, "x", false),
            (None, "y", true),
            (Some("http://b"), "x", false),
            (Some("http://c"), "anything", true),
        ] {
            assert_eq!(tokens.matches(&json!({"system": system, "code": code})), found, "{system:?} {code}");
        }
    }

    #[test]
    fn srch_14_escapes_are_honoured() {
        let element = json!({"coding": [{"system": "a|b", "code": "c,d$e\\f"}]});
        assert!(only(r"a\|b|c\,d\$e\\f").unwrap().matches(&element));
        assert_eq!(split_escaped(r"a\,b,c\\,d", ','), [r"a\,b", r"c\\", "d"]);
    }

    #[test]
    fn srch_25_meaningless_tokens_are_refused() {
        for text in ["", "|", "a|b|c", "||"] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_code_is_found_by_its_escaped_form(system in "[a-z|,$\\\\]{1,8}", code in "[a-z|,$\\\\]{1,8}") {
            let escape = |text: &str| text.chars().fold(String::new(), |mut sum, letter| {
                if matches!(letter, ',' | '|' | '$' | '\\') { sum.push('\\'); }
                sum.push(letter);
                sum
            });
            let element = json!({"system": system, "code": code});
            let value = format!("{}|{}", escape(&system), escape(&code));
            prop_assert_eq!(split_escaped(&value, ',').len(), 1);
            prop_assert!(only(&value).unwrap().matches(&element));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            if let Some(tokens) = only(&text) {
                let _ = tokens.matches(&json!({"coding": [{"code": text}]}));
            }
        }
    }
}

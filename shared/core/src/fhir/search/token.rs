//! Token values: `code`, `system|code`, `|code`, `system|` (FHIR R4 search, "token").

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

    /// Whether an element has this code: any coding of a `CodeableConcept`, a `Coding`, an `Identifier`, a
    /// `code`, a boolean (SRCH-17). The system of a `code` is implied and not known here: a token that names one
    /// does not match.
    pub(in crate::fhir) fn matches(&self, element: &Value) -> bool {
        match element {
            Value::String(code) => self.matches_coding(None, Some(code)) && !self.names_system(),
            Value::Bool(value) => self.matches_coding(None, Some(if *value { "true" } else { "false" })),
            Value::Object(parts) => {
                let text = |name: &str| parts.get(name).and_then(Value::as_str);
                let codings = parts.get("coding").and_then(Value::as_array).into_iter().flatten();
                let own = text("code").or_else(|| text("value"));
                (own.is_some() || text("system").is_some()) && self.matches_coding(text("system"), own)
                    || codings.filter(|coding| coding.is_object()).any(|coding| self.matches(coding))
            }
            _ => false,
        }
    }

    fn matches_coding(&self, system: Option<&str>, code: Option<&str>) -> bool {
        let system_matches = match &self.system {
            System::Any => true,
            System::Absent => system.is_none(),
            System::Is(wanted) => system == Some(wanted),
        };
        system_matches && self.code.as_deref().is_none_or(|wanted| code == Some(wanted))
    }
}

/// Splits at each `separator` that is not escaped by a backslash; what is escaped for another separator stays
/// escaped.
pub(in crate::fhir) fn split_escaped(text: &str, separator: char) -> Vec<String> {
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
            assert_eq!(Token::parse(text).unwrap().matches(element), found, "{text} on {element}");
        }
    }

    #[test]
    fn srch_14_escapes_are_honoured() {
        let element = json!({"coding": [{"system": "a|b", "code": "c,d$e\\f"}]});
        assert!(Token::parse(r"a\|b|c\,d\$e\\f").unwrap().matches(&element));
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
            prop_assert!(Token::parse(&value).unwrap().matches(&element));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            if let Some(token) = Token::parse(&text) {
                let _ = token.matches(&json!({"coding": [{"code": text}]}));
            }
        }
    }
}

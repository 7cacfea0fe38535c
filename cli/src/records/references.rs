//! References within a Bundle: from the URN under which an entry goes to the address under which it is stored.

use std::collections::HashMap;

/// The properties whose value may be such a URN: those of a Reference and of an Attachment.
const NAMES: [&str; 2] = ["reference", "url"];

/// `text` with the URNs of `addresses` replaced, where it refers to one; all else as it stands.
pub(super) fn resolved(text: &str, addresses: &HashMap<String, String>) -> Option<String> {
    if addresses.is_empty() || !text.contains("\"urn:") {
        return None;
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_reference = false;
    while let Some((before, string, after)) = next_string(rest) {
        let is_name = after.trim_start().starts_with(':');
        let address = if is_reference && !is_name { addresses.get(string) } else { None };
        is_reference = is_name && NAMES.contains(&string);
        written.push_str(before);
        written.push('"');
        written.push_str(address.map_or(string, String::as_str));
        written.push('"');
        rest = after;
    }
    written.push_str(rest);
    Some(written)
}

/// What stands before the next string of a JSON text, the string as written, and what follows.
fn next_string(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('"')?;
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((before, rest.get(..end)?, rest.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> Option<String> {
        let addresses = [("urn:uuid:1".to_owned(), "Patient/p".to_owned())];
        resolved(text, &addresses.into())
    }

    #[test]
    fn only_what_refers_is_replaced() {
        for (text, expected) in [
            (r#"{"reference" : "urn:uuid:1"}"#, r#"{"reference" : "Patient/p"}"#),
            (r#"{"url":"urn:uuid:1","value":"urn:uuid:1"}"#, r#"{"url":"Patient/p","value":"urn:uuid:1"}"#),
            (r#"{"reference":"urn:uuid:11"}"#, r#"{"reference":"urn:uuid:11"}"#),
            (
                r#"{"text":"\"reference\":\"urn:uuid:1\"\\","reference":"urn:uuid:1"}"#,
                r#"{"text":"\"reference\":\"urn:uuid:1\"\\","reference":"Patient/p"}"#,
            ),
            (r#"{"reference":{"value":"urn:uuid:1"}}"#, r#"{"reference":{"value":"urn:uuid:1"}}"#),
            (r#"["reference","urn:uuid:1"]"#, r#"["reference","urn:uuid:1"]"#),
            (
                r#"{"n":1.50,"é":"\u00e9","urn:uuid:1":1,"x":"urn:"}"#,
                r#"{"n":1.50,"é":"\u00e9","urn:uuid:1":1,"x":"urn:"}"#,
            ),
        ] {
            assert_eq!(rewritten(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_text_without_urns_is_left_alone() {
        assert_eq!(rewritten(r#"{"reference":"Patient/p"}"#), None);
        assert_eq!(resolved(r#"{"reference":"urn:uuid:1"}"#, &HashMap::new()), None);
    }
}

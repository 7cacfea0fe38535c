//! A JSON document: one resource, or a Bundle of whatever type, whose entries are loaded each for itself.
//!
//! A transaction names its new resources by `urn:uuid:…` (FHIR R4 http#trules: a server replaces such references when it
//! stores them); here they are replaced by `Type/id` before anything is read. Resources stay text: no digit changes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::references::resolved;
use super::{Found, address};
use crate::json::{Fault, Node, Source, newlines};

/// The resources of a document; an entry that holds none is a fault of its own.
pub(crate) fn found(source: &Source) -> Result<Vec<Result<Found, Fault>>, Fault> {
    let root = source.root()?;
    if root.properties().is_none() {
        return Err(
            root.fault("", "expected a Bundle or one resource (one resource a line is a .ndjson file)")
        );
    }
    if root.property("resourceType").and_then(Node::string).as_deref() != Some("Bundle") {
        let line = 1 + lines_between(source, 0, root.offset());
        return Ok(vec![Ok(one(source, root, None, line))]);
    }
    let Some(entries) = root.property("entry") else { return Ok(Vec::new()) };
    let entries = entries.items().ok_or_else(|| root.fault("entry", "expected an array"))?;
    let addresses = addresses(&entries);
    // Lines are counted on from the entry before, not anew for each of ten thousand.
    let (mut offset, mut line) = (0, 1);
    let resources = entries.iter().enumerate().map(|(i, entry)| {
        let Some(resource) = entry.property("resource") else {
            let fault = entry.fault("", "expected a resource");
            return Err(Fault { field: format!("entry[{i}].resource"), ..fault });
        };
        line += lines_between(source, offset, resource.offset());
        offset = resource.offset();
        let mut found = one(source, resource, Some(i), line);
        if let Some(text) = resolved(resource.text(), &addresses) {
            found.text = Bytes::from(text);
        }
        Ok(found)
    });
    Ok(resources.collect())
}

fn one(source: &Source, resource: Node<'_>, entry: Option<usize>, line: usize) -> Found {
    Found { file: Arc::clone(&source.name), line, entry, text: resource.bytes() }
}

fn lines_between(source: &Source, from: usize, to: usize) -> usize {
    newlines(source.text.get(from..to).unwrap_or_default())
}

/// `Type/id` of each entry that goes by a URN until it is stored.
fn addresses(entries: &[Node<'_>]) -> HashMap<String, String> {
    let named = entries.iter().filter_map(|entry| {
        let full_url = entry.property("fullUrl")?.string().filter(|url| url.starts_with("urn:"))?;
        Some((full_url.into_owned(), address(entry.property("resource")?.text())?))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let found = found(&Source::new("f", text.to_owned())).unwrap();
        found
            .into_iter()
            .map(|found| match found {
                Ok(found) => format!("{}: {}", found.line, String::from_utf8_lossy(&found.text)),
                Err(fault) => fault.to_string(),
            })
            .collect()
    }

    #[test]
    fn a_resource_is_itself() {
        assert_eq!(read("\n{\"resourceType\":\"Basic\"}\n"), ["2: {\"resourceType\":\"Basic\"}"]);
    }

    #[test]
    fn the_entries_of_a_bundle_with_their_lines() {
        let bundle = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n{\"resource\":{\"a\":1.10}},\n\n{\"resource\":\n{\"b\":2}},\n{\"search\":{}}]}";
        let expected = ["2: {\"a\":1.10}", "5: {\"b\":2}", "f:6: entry[2].resource: expected a resource"];
        assert_eq!(read(bundle), expected);
        assert!(read("{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}").is_empty());
    }

    #[test]
    fn references_by_urn_become_addresses() {
        let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"}},
{"fullUrl":"urn:uuid:2","resource":{"resourceType":"Observation","id":"o","subject":{"reference":"urn:uuid:1"},"valueQuantity":{"value":1.10}}},
{"fullUrl":"https://a.example/Basic/b","resource":{"resourceType":"Basic","id":"b","subject":{"reference":"urn:uuid:3"}}}]}"#;
        assert_eq!(
            read(bundle)[1..],
            [
                r#"3: {"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"valueQuantity":{"value":1.10}}"#,
                r#"4: {"resourceType":"Basic","id":"b","subject":{"reference":"urn:uuid:3"}}"#,
            ]
        );
    }

    #[test]
    fn other_documents_are_refused() {
        for (text, expected) in [
            ("[]", "f:1: expected a Bundle or one resource (one resource a line is a .ndjson file)"),
            ("{}\n{}", "f:2: expected JSON: trailing characters (column 1)"),
            ("{\"resourceType\":\"Bundle\",\n\"entry\":{}}", "f:2: entry: expected an array"),
        ] {
            assert_eq!(found(&Source::new("f", text)).unwrap_err().to_string(), expected);
        }
    }
}

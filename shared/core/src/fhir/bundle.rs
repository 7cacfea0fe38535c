//! `Bundle` of the type `searchset`: the answer to a search (FHIR R4 `http#search`).
//!
//! The resources pass through as the bytes that are stored: they are neither read nor written anew.

use bytes::Bytes;
use serde_json::Value;

use crate::id::ResourceId;

use super::resource_type::ResourceType;

/// A page of matches.
#[derive(Clone, Debug)]
pub struct Searchset {
    /// How many matches there are in all, where that is known.
    pub total: Option<usize>,
    /// The URL of this page, with the parameters that were used.
    pub self_url: String,
    /// The URL of the next page; `None` on the last.
    pub next_url: Option<String>,
    /// The matches.
    pub entries: Vec<Entry>,
}

/// One match.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its id.
    pub id: ResourceId,
    /// Its JSON.
    pub body: Bytes,
}

impl Searchset {
    /// The Bundle as JSON; `base` is the server's base URL.
    pub fn to_json(&self, base: &str) -> Vec<u8> {
        let bodies: usize = self.entries.iter().map(|entry| entry.body.len() + base.len() + 200).sum();
        let mut json = Vec::with_capacity(bodies + 500);
        json.extend(br#"{"resourceType":"Bundle","type":"searchset","#);
        if let Some(total) = self.total {
            json.extend(format!(r#""total":{total},"#).bytes());
        }
        json.extend(br#""link":["#);
        link(&mut json, "self", &self.self_url);
        if let Some(url) = &self.next_url {
            json.push(b',');
            link(&mut json, "next", url);
        }
        json.push(b']');
        // An array without items is no FHIR JSON.
        for (index, entry) in self.entries.iter().enumerate() {
            json.extend(if index == 0 { br#","entry":["#.as_slice() } else { b"," });
            let url = format!("{base}/{}/{}", entry.resource_type, entry.id);
            json.extend(format!(r#"{{"fullUrl":{},"resource":"#, Value::from(url)).bytes());
            json.extend(&entry.body);
            json.extend(br#","search":{"mode":"match"}}"#);
        }
        json.extend(if self.entries.is_empty() { b"}".as_slice() } else { b"]}" });
        json
    }
}

fn link(json: &mut Vec<u8>, relation: &str, url: &str) {
    json.extend(format!(r#"{{"relation":"{relation}","url":{}}}"#, Value::from(url)).bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(page: &Searchset) -> Value {
        serde_json::from_slice(&page.to_json("https://x/fhir")).unwrap()
    }

    #[test]
    fn srch_02_an_empty_page_has_a_total_and_no_entries() {
        let page = Searchset { total: Some(0), self_url: "u".to_owned(), next_url: None, entries: vec![] };
        assert_eq!(
            read(&page),
            json!({
                "resourceType": "Bundle", "type": "searchset", "total": 0, "link": [{"relation": "self", "url": "u"}],
            })
        );
    }

    #[test]
    fn srch_04_and_07_entries_and_links() {
        let entry = |id: &str| Entry {
            resource_type: "Device".parse().unwrap(),
            id: id.parse().unwrap(),
            body: Bytes::from(format!(r#"{{"resourceType":"Device","id":"{id}"}}"#)),
        };
        let page = Searchset {
            total: None,
            self_url: "https://x/fhir/Device?status=\"a\"".to_owned(),
            next_url: Some("https://x/fhir/Device?_cursor=1".to_owned()),
            entries: vec![entry("a"), entry("b")],
        };
        let entry = |id: &str| {
            json!({
                "fullUrl": format!("https://x/fhir/Device/{id}"), "search": {"mode": "match"},
                "resource": {"resourceType": "Device", "id": id},
            })
        };
        assert_eq!(
            read(&page),
            json!({
                "resourceType": "Bundle", "type": "searchset",
                "link": [
                    {"relation": "self", "url": "https://x/fhir/Device?status=\"a\""},
                    {"relation": "next", "url": "https://x/fhir/Device?_cursor=1"},
                ],
                "entry": [entry("a"), entry("b")],
            })
        );
    }
}

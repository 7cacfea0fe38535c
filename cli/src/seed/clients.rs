//! Clients in files: RFC 7591 metadata, as `clients.json` of a seed and `smart client add` take it.

use std::collections::BTreeMap;

use serde_json::Value;
use smart_core::client::Client;
use smart_core::client::metadata::{self, Deployment};
use smart_core::redirect::RegisteredRedirectUri;

use super::Entries;
use crate::json::{Fault, Node, Source};

/// The metadata of each client of a file, and where it stands.
pub(crate) fn metadata(source: &Source, entries: Entries) -> Result<Vec<(Node<'_>, Value)>, Fault> {
    entries.of(source)?.into_iter().map(|node| Ok((node, node.value()?))).collect()
}

/// The clients, if all of it can be registered.
pub(crate) fn register(metadata: &[(Node<'_>, Value)], deployment: Deployment) -> Result<Vec<Client>, Fault> {
    let mut clients = Vec::with_capacity(metadata.len());
    let mut known = BTreeMap::new();
    for (node, value) in metadata {
        let client = metadata::parse(value, deployment).map_err(|e| node.fault(&e.field, e.expected))?;
        let here = node.fault("client_id", "");
        if let Some(line) = known.insert(client.client_id.clone(), here.line) {
            let expected =
                format!("expected another id: {:?} is on line {line} already", client.client_id.as_str());
            return Err(Fault { expected, ..here });
        }
        clients.push(client);
    }
    Ok(clients)
}

/// The client with its redirect and launch URLs under the public URL `to` instead of `from`, if it has any there.
pub(super) fn moved(client: &Client, from: &str, to: &str) -> Option<Client> {
    let elsewhere = |url: &str| {
        let path = url.strip_prefix(from).filter(|path| path.starts_with('/'))?;
        Some(format!("{to}{path}"))
    };
    let mut moved = client.clone();
    for uri in &mut moved.redirect_uris {
        if let Some(Ok(there)) = elsewhere(uri.as_str()).map(|uri| RegisteredRedirectUri::parse(&uri)) {
            *uri = there;
        }
    }
    if let Some(there) = client.initiate_login_uri.as_deref().and_then(elsewhere) {
        moved.initiate_login_uri = Some(there);
    }
    (moved != *client).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let source = Source::new("clients.json", text.to_owned());
        let registered = metadata(&source, Entries::Array)
            .and_then(|metadata| register(&metadata, Deployment::Public))
            .map(|clients| clients.len());
        match registered {
            Ok(count) => format!("{count} registered"),
            Err(fault) => fault.to_string(),
        }
    }

    const GOOD: &str = r#""token_endpoint_auth_method":"none","redirect_uris":["https://a.example/cb"]"#;

    #[test]
    fn each_fault_is_on_its_line() {
        for (text, expected) in [
            ("{}".to_owned(), "clients.json:1: expected an array"),
            ("[\n1]".to_owned(), "clients.json:2: expected an object of client metadata"),
            (format!("[{{{GOOD}}}]"), "clients.json:1: client_id: expected a string"),
            (
                format!(
                    "[{{\"client_id\":\"a\",{GOOD}}},\n{{\"client_id\":\"b\",{GOOD},\n\"redirect_urls\":[]}}]"
                ),
                "clients.json:3: redirect_urls: no registered name of client metadata (RFC 7591)",
            ),
            (
                format!("[{{\"client_id\":\"a\",{GOOD}}},\n{{{GOOD},\n\"client_id\":\"a\"}}]"),
                "clients.json:3: client_id: expected another id: \"a\" is on line 1 already",
            ),
            (
                format!("[{{\"client_id\":\"a\",{GOOD},\n\"jwks\":{{}},\"jwks\":{{}}}}]"),
                "clients.json:2: jwks: expected once: it is given twice",
            ),
            (format!("[{{\"client_id\":\"a\",{GOOD}}}]"), "1 registered"),
        ] {
            assert_eq!(told(&text), expected);
        }
    }

    #[test]
    fn a_single_client_is_enough_where_that_is_said() {
        let source = Source::new("f", format!("{{\"client_id\":\"a\",{GOOD}}}"));
        let metadata = metadata(&source, Entries::ArrayOrOne).unwrap();
        assert_eq!(register(&metadata, Deployment::Public).unwrap().len(), 1);
    }
}

//! Whether a client has the very representation that would be sent (RFC 9110 §13.1.2).

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// What `If-None-Match` says of a representation by its entity tag, as it is sent: `Some(true)` if the client has it, `None` without
/// that header.
///
/// Tags are compared weakly, as it says there. Ours have no comma, so that a list may be split at each.
pub fn is_known(asked: &HeaderMap, etag: &str) -> Option<bool> {
    let mut lists = asked.get_all(IF_NONE_MATCH).iter().peekable();
    lists.peek()?;
    let mut tags =
        lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim);
    Some(tags.any(|tag| tag == "*" || opaque(tag) == opaque(etag)))
}

/// A tag without the sign that it is weak.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_13_1_2_tags_are_compared_weakly() {
        for (sent, known) in [
            (&[][..], None),
            (&["\"a\""][..], Some(true)),
            (&["W/\"a\""], Some(true)),
            (&["\"x\", W/\"a\""], Some(true)),
            (&["\"x\"", "\"a\""], Some(true)),
            (&["*"], Some(true)),
            (&["\"x\""], Some(false)),
            (&["a"], Some(false)),
            (&["W/W/\"a\""], Some(false)),
            (&[""], Some(false)),
        ] {
            let headers: HeaderMap = sent.iter().map(|tag| (IF_NONE_MATCH, tag.parse().unwrap())).collect();
            for etag in ["\"a\"", "W/\"a\""] {
                assert_eq!(is_known(&headers, etag), known, "{sent:?}");
            }
        }
    }
}

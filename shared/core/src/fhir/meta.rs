//! `meta.versionId` and `meta.lastUpdated`, written into a resource when it is stored (FHIR R4 `resource#Meta`).

use bytes::Bytes;
use serde_json::Value;

use crate::instant::Instant;

use super::json::members;
use super::resource::ResourceError;

/// The text of a resource with `meta.versionId` and `meta.lastUpdated` set: first its type, its id and its meta,
/// then the rest as it stands. Decimals keep their digits (FHIR R4 `decimal`: precision is significant).
pub fn with_meta(text: &[u8], version: u64, last_updated: Instant) -> Result<Bytes, ResourceError> {
    let resource = members(text)?;
    let member = |name| resource.iter().find(|(known, _)| known == name).map(|(_, value)| value.get());
    let meta = stamped(member("meta").unwrap_or("{}"), version, last_updated)?;
    let head =
        [("resourceType", member("resourceType")), ("id", member("id")), ("meta", Some(meta.as_str()))];
    let rest = resource.iter().map(|(name, value)| (name.as_str(), value.get()));
    let rest = rest.filter(|(name, _)| head.iter().all(|(first, _)| first != name));
    let head = head.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(object(head.chain(rest)).into())
}

fn stamped(meta: &str, version: u64, last_updated: Instant) -> Result<String, ResourceError> {
    let meta = members(meta.as_bytes()).map_err(|_| ResourceError::Meta)?;
    let (version, last_updated) = (format!("\"{version}\""), format!("\"{last_updated}\""));
    let ours = [("versionId", version.as_str()), ("lastUpdated", last_updated.as_str())];
    let rest = meta.iter().map(|(name, value)| (name.as_str(), value.get()));
    let rest = rest.filter(|(name, _)| ours.iter().all(|(replaced, _)| replaced != name));
    Ok(object(ours.into_iter().chain(rest)))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let members: Vec<_> = members.map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> String {
        let bytes = with_meta(text.as_bytes(), 3, Instant::from_unix(1_764_000_000)).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    const META: &str = r#""versionId":"3","lastUpdated":"2025-11-24T16:00:00Z""#;

    #[test]
    fn fhir_20_meta_says_version_and_instant_and_keeps_the_rest() {
        for (text, expected) in [
            (
                r#"{"resourceType":"Basic","id":"a"}"#,
                format!(r#"{{"resourceType":"Basic","id":"a","meta":{{{META}}}}}"#),
            ),
            (
                r#"{"meta":{"versionId":"1","profile":["p"],"lastUpdated":"x"},"id":"a","resourceType":"Basic","z":1,"b":2}"#,
                format!(
                    r#"{{"resourceType":"Basic","id":"a","meta":{{{META},"profile":["p"]}},"z":1,"b":2}}"#
                ),
            ),
            (r#"{"resourceType":"Basic"}"#, format!(r#"{{"resourceType":"Basic","meta":{{{META}}}}}"#)),
        ] {
            assert_eq!(stored(text), expected);
        }
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert!(
            stored(r#"{"id":"a","v":1.00,"w":0.10000000000000000001,"é\"":"\u00e9"}"#)
                .ends_with(r#""v":1.00,"w":0.10000000000000000001,"é\"":"\u00e9"}"#)
        );
    }

    #[test]
    fn a_meta_that_is_no_object_is_refused() {
        for text in [r#"{"meta":1}"#, r#"{"meta":null}"#, r#"{"meta":[]}"#] {
            let refused = with_meta(text.as_bytes(), 1, Instant::from_unix(0));
            assert!(matches!(refused, Err(ResourceError::Meta)), "{text}");
        }
        assert!(matches!(with_meta(b"[]", 1, Instant::from_unix(0)), Err(ResourceError::Json(_))));
    }
}

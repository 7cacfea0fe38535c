//! The `Authorization` header: at most one, of a scheme and what it carries (RFC 9110 §11.6.2).

use http::HeaderMap;
use http::header::AUTHORIZATION;
use thiserror::Error;

/// More than one, which may contradict one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is more than one Authorization header")]
pub struct Several;

/// The one header of a request, if there is one. What is no text is of no scheme.
pub fn header(headers: &HeaderMap) -> Result<Option<&str>, Several> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    match (sent.next(), sent.next()) {
        (Some(_), Some(_)) => Err(Several),
        (one, _) => Ok(one.map(|value| value.to_str().unwrap_or_default())),
    }
}

/// What a header of that scheme carries, the scheme in any case: for `bearer`, the token (RFC 6750 §2.1). It may be nothing.
pub fn of_scheme<'h>(header: &'h str, scheme: &str) -> Option<&'h str> {
    let (named, carried) = header.split_once(' ').unwrap_or((header, ""));
    named.eq_ignore_ascii_case(scheme).then(|| carried.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn rfc9110_11_6_2_one_header_or_none() {
        let sent = |values: &[&'static [u8]]| {
            let values = values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_bytes(value).unwrap()));
            values.collect::<HeaderMap>()
        };
        assert_eq!(header(&sent(&[])), Ok(None));
        assert_eq!(header(&sent(&[b"Bearer x"])), Ok(Some("Bearer x")));
        assert_eq!(header(&sent(&[b"Bearer x", b"Bearer x"])), Err(Several));
        assert_eq!(header(&sent(&[b"Bearer \xe4"])), Ok(Some("")));
    }

    #[test]
    fn rfc6750_2_1_the_scheme_is_compared_without_regard_to_case() {
        for (header, token) in [
            ("Bearer x", Some("x")),
            ("bEARER  x ", Some("x")),
            ("Bearer x y", Some("x y")),
            ("Bearer", Some("")),
            ("Bearerx", None),
            ("Basic x", None),
            (" Bearer x", None),
            ("", None),
        ] {
            assert_eq!(of_scheme(header, "bearer"), token, "{header:?}");
        }
    }
}

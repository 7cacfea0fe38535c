//! What a posted body must be: of one media type, and not endless.

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use thiserror::Error;

/// A body that is longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the body is longer than {limit} bytes")]
pub struct TooLong {
    /// How many bytes it may have.
    pub limit: usize,
}

/// Whether the one `Content-Type` is `media_type`, in whatever case (RFC 9110 §8.3.1). Its parameters are passed over: what is read
/// here is UTF-8 in any case.
pub fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let mut said = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (said.next(), said.next()) else { return false };
    let essence = one.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(media_type)
}

/// All of the body. One that says beforehand that it is too long is not read at all.
///
/// # Errors
/// [`TooLong`]; also for a body that breaks off, but then nobody is left to read the answer.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, TooLong> {
    let too_long = TooLong { limit };
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit) {
        return Err(too_long);
    }
    to_bytes(body, limit).await.map_err(|_| too_long)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn rfc9110_8_3_1_a_media_type_is_compared_without_regard_to_case_and_parameters() {
        let said = |media_types: &[&str]| {
            let types = media_types.iter().map(|said| (CONTENT_TYPE, said.parse().unwrap()));
            is_of(&types.collect(), "application/json")
        };
        for good in ["application/json", "Application/JSON", "application/json ; charset=UTF-8"] {
            assert!(said(&[good]), "{good}");
        }
        for bad in [
            &[][..],
            &[""],
            &["application/jsonp"],
            &["text/plain; application/json"],
            &["application/json", "application/json"],
        ] {
            assert!(!said(bad), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_whether_or_not_it_says_how_long_it_is() {
        let pieces = |count| {
            let pieces = std::iter::repeat_n("12345678", count).map(Ok::<_, Infallible>);
            Body::from_stream(futures_util::stream::iter(pieces))
        };
        assert_eq!(read(pieces(2), 16).await.unwrap(), "1234567812345678");
        assert_eq!(read(Body::from("1234"), 4).await.unwrap(), "1234");
        assert_eq!(read(pieces(3), 16).await, Err(TooLong { limit: 16 }));
        assert_eq!(read(Body::from("12345"), 4).await, Err(TooLong { limit: 4 }));
    }
}

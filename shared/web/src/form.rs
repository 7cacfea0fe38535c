//! What a posted form must be: `application/x-www-form-urlencoded`, UTF-8, not endless (RFC 6749 §3.2, appendix B).

use axum::body::Body;
use http::HeaderMap;
use smart_core::oauth::{NotText, Parameters};
use thiserror::Error;

use crate::body;

/// The media type of a form.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// How many bytes a form may have. A request with a hundred granular scopes has some ten thousand (AUTHZ-34).
pub const MAX_FORM: usize = 128 * 1024;

/// Why a body is not read as a form. What is displayed says what to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// It is said to be something else, or not said what it is.
    #[error("send the parameters as application/x-www-form-urlencoded")]
    MediaType,
    /// It is too long.
    #[error("the parameters are longer than {limit} bytes")]
    TooLong {
        /// How many bytes it may have.
        limit: usize,
    },
    /// It is no form-encoded UTF-8 text.
    #[error(transparent)]
    NotText(#[from] NotText),
}

/// Reads the body of a POST.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Parameters, FormError> {
    if !body::is_of(headers, MEDIA_TYPE) {
        return Err(FormError::MediaType);
    }
    let bytes = body::read(body, MAX_FORM).await.map_err(|long| FormError::TooLong { limit: long.limit })?;
    Ok(Parameters::parse(&bytes)?)
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    async fn sent(media_types: &[&str], body: impl Into<Body>) -> Result<Parameters, FormError> {
        let mut headers = HeaderMap::new();
        for media_type in media_types {
            headers.append(CONTENT_TYPE, media_type.parse().unwrap());
        }
        read(&headers, body.into()).await
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn disc_28_the_media_type_is_compared_without_regard_to_case_and_parameters() {
        for good in
            [FORM, "Application/X-WWW-Form-URLencoded", "application/x-www-form-urlencoded ; charset=UTF-8"]
        {
            let parameters = sent(&[good], "grant_type=refresh_token&scope=a+b").await.unwrap();
            assert_eq!(parameters.get("grant_type"), Some("refresh_token"));
            assert_eq!(parameters.get("scope"), Some("a b"));
        }
        for bad in [
            &[][..],
            &[""],
            &["application/json"],
            &["multipart/form-data; boundary=x"],
            &["application/x-www-form-urlencoded-not"],
            &["text/plain; application/x-www-form-urlencoded"],
            &[FORM, "application/json"],
        ] {
            assert_eq!(sent(bad, "a=b").await.unwrap_err(), FormError::MediaType, "{bad:?}");
        }
    }

    /// A body of this many bytes that comes in pieces and does not say how long it is.
    fn in_pieces(length: usize) -> Body {
        let pieces = std::iter::repeat_n("a=aaaaa&", length / 8).map(Ok::<_, std::convert::Infallible>);
        Body::from_stream(futures_util::stream::iter(pieces))
    }

    #[tokio::test]
    async fn authz_34_long_forms_are_read_and_endless_ones_are_not() {
        let scope = "patient/Observation.rs?category=laboratory ".repeat(1500);
        let form = format!("scope={}", scope.replace(' ', "+"));
        assert!(form.len() > 64_000);
        assert_eq!(sent(&[FORM], form).await.unwrap().get("scope"), Some(scope.as_str()));
        assert!(sent(&[FORM], in_pieces(MAX_FORM)).await.is_ok());
        let too_long = FormError::TooLong { limit: MAX_FORM };
        assert_eq!(sent(&[FORM], in_pieces(MAX_FORM + 8)).await.unwrap_err(), too_long);
        assert_eq!(sent(&[FORM], "a".repeat(MAX_FORM + 1)).await.unwrap_err(), too_long);
    }

    #[tokio::test]
    async fn each_refusal_says_what_to_mend() {
        let mut told = Vec::new();
        for (media_type, body) in [("text/plain", "a"), (FORM, "a=%FF"), (FORM, &"a".repeat(MAX_FORM + 1))] {
            told.push(sent(&[media_type], body.to_owned()).await.unwrap_err().to_string());
        }
        assert_eq!(
            told,
            [
                "send the parameters as application/x-www-form-urlencoded",
                "the parameters are not form-encoded UTF-8 text",
                "the parameters are longer than 131072 bytes",
            ]
        );
    }
}

//! The opaque part of a `next` link: after which match the next page begins.
//!
//! A position, not a permission: it names a match that its reader has just seen, and whoever follows the link
//! is decided on anew (SRCH-08).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::fhir::record::Position;

/// The value of `_cursor`: base64url of the position as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Position);

/// A text that is no cursor of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedCursor;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    d: String,
    i: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = Form { d: self.0.date.clone(), i: self.0.id.to_string() };
        let json = serde_json::to_vec(&form).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = MalformedCursor;

    fn from_str(text: &str) -> Result<Self, MalformedCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedCursor)?;
        let form: Form = serde_json::from_slice(&json).map_err(|_| MalformedCursor)?;
        let id = form.i.parse().map_err(|_| MalformedCursor)?;
        if is_sort_date(&form.d) { Ok(Self(Position { date: form.d, id })) } else { Err(MalformedCursor) }
    }
}

/// Empty, or of the form `2019-03-01T00:00:00.000000000Z`.
fn is_sort_date(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00.000000000Z";
    text.is_empty()
        || text.len() == form.len()
            && text.bytes().zip(form).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                fixed => byte == *fixed,
            })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn srch_08_garbage_is_no_cursor() {
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        for text in [
            String::new(),
            "%".to_owned(),
            "AAAA".to_owned(),
            encode("{}"),
            encode(r#"{"d":"","i":""}"#),
            encode(r#"{"d":"","i":"a/b"}"#),
            encode(r#"{"d":"2019","i":"a"}"#),
            encode(r#"{"d":"","i":"a","patient":"b"}"#),
            encode(r#"{"d":"2019-03-01T00:00:00.000000000é","i":"a"}"#),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(MalformedCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_position_reads_back(date in "(|[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00\\.[0-9]{9}Z)", id in "[A-Za-z0-9.-]{1,64}") {
            let cursor = Cursor(Position { date, id: id.parse().unwrap() });
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }
}

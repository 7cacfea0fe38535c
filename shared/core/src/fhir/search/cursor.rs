//! The opaque part of a `next` link: where the next page begins.
//!
//! A place, not a permission: it names a resource that its reader may see, or one of their patients, and whoever follows the link
//! is decided on anew (SRCH-08).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::fhir::record::{Place, Position};

/// The value of `_cursor`: base64url of the place as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Place);

/// A text that is no cursor of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedCursor;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<String>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { patient, after } = &self.0;
        let form = Form {
            p: patient.as_ref().map(ToString::to_string),
            d: after.as_ref().map(|position| position.date.clone()),
            i: after.as_ref().map(|position| position.id.to_string()),
        };
        let json = serde_json::to_vec(&form).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = MalformedCursor;

    fn from_str(text: &str) -> Result<Self, MalformedCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedCursor)?;
        let form: Form = serde_json::from_slice(&json).map_err(|_| MalformedCursor)?;
        let id = |text: String| text.parse().map_err(|_| MalformedCursor);
        let after = match (form.d, form.i) {
            (Some(date), Some(text)) if is_sort_date(&date) => Some(Position { date, id: id(text)? }),
            (None, None) if form.p.is_some() => None,
            _ => return Err(MalformedCursor),
        };
        Ok(Self(Place { patient: form.p.map(id).transpose()?, after }))
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
            encode(r#"{"d":"","p":"a"}"#),
            encode(r#"{"i":"a","p":"a"}"#),
            encode(r#"{"p":"a/b"}"#),
            encode(r#"{"p":null}"#),
            encode(r#"{"d":"2019-03-01T00:00:00.000000000é","i":"a"}"#),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(MalformedCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_place_reads_back(
            date in "(|[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00\\.[0-9]{9}Z)",
            id in "[A-Za-z0-9.-]{1,64}",
            patient in prop::option::of("[A-Za-z0-9.-]{1,64}"),
        ) {
            let patient = patient.map(|patient| patient.parse().unwrap());
            let after = Some(Position { date, id: id.parse().unwrap() });
            for place in [Place { patient: patient.clone(), after }, Place { patient, after: None }] {
                let cursor = Cursor(place);
                if cursor.0 != Place::default() {
                    prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
                }
            }
        }
    }
}

//! Text that others write and people read: all of it is seen, and none of it changes how the rest is read (Unicode UAX #9, UTR #36);
//! and what stands for a character in a URL.

use std::borrow::Cow;

/// Whether people who read `text` see what stands there: one line of at most `longest` characters, nothing but spaces between words, no
/// control characters, and nothing that hides or turns what stands around it.
pub(crate) fn is_readable(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().count() <= longest && !text.contains(misleads)
}

/// A character that is not seen and is no space, or that says in which direction others are read. The joiners of Persian and Indic
/// scripts are none.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Undoes percent-encoding (RFC 3986 §2.1), once. `None` if it is malformed, or what comes out is no text.
pub fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => u8::try_from(digit(bytes.next())? << 4 | digit(bytes.next())?).ok()?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fhir_12_percent_encoding_is_undone_once() {
        for (text, plain) in [
            ("a+b", Some("a+b")),
            ("a%7Cb%7c", Some("a|b|")),
            ("%2561", Some("%61")),
            ("%C3%A9", Some("é")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%FF", None),
        ] {
            assert_eq!(percent_decode(text).as_deref(), plain, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_what_stands_there() {
        for good in ["Häuser & Söhne <b>™ 心", "x", "می\u{200c}خواهم"] {
            assert!(is_readable(good, 40), "{good}");
        }
        for bad in [
            "",
            " ",
            " Hospital",
            "Hospital ",
            "Hospital\nIt is safe",
            "Hos\u{0}pital",
            "Hos\u{200b}pital",
            "\u{202e}latipsoH",
            "Hospital\u{2066}",
            "Hos\u{ad}pital",
            "\u{e0041}Hospital",
        ] {
            assert!(!is_readable(bad, 40), "{bad:?}");
        }
        assert!(is_readable("心心", 2) && !is_readable("心心心", 2));
    }
}

//! The body of a resource as it is stored: DEFLATE (RFC 1951) behind a byte that names the form.
//!
//! The unit of a write is a kilobyte, and a resource is written three times (see [`super`]): the 3,934 resources of the demo seed,
//! 1.1 kB each, shrink to half at level 6, and their items from 1.99 units to 1.04. DEFLATE because it is enough: `miniz_oxide` is Rust alone,
//! small, and inside every Rust program's backtraces, while zstd would bring a second C library into the functions and gain little
//! on texts this short without a trained dictionary, which would have to be kept forever.

use bytes::Bytes;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// The form: DEFLATE. Another one would have another byte, and both would be read.
const FORM: u8 = 1;

const LEVEL: u8 = 6;

/// The longest text that is taken in, and so the longest that is read: more could never leave a Lambda function, which answers with
/// six megabytes at most.
pub(super) const LONGEST: usize = 8 << 20;

/// The stored form of a text.
pub(super) fn shrink(text: &[u8]) -> Bytes {
    let mut stored = compress_to_vec(text, LEVEL);
    stored.insert(0, FORM);
    stored.into()
}

/// The text of a stored form; `None` if it is none.
pub(super) fn expand(stored: &[u8]) -> Option<Bytes> {
    match stored.split_first()? {
        (&FORM, deflated) => decompress_to_vec_with_limit(deflated, LONGEST).ok().map(Bytes::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_was_stored() {
        for text in [&b""[..], b"{}", &vec![b'a'; 100_000], "{\"é\":\"\u{1f9ea}\"}".as_bytes()] {
            assert_eq!(expand(&shrink(text)).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_stored_form_is_refused() {
        for stored in [&b""[..], &[FORM], &[0, 1, 2], &[2, 3, 0], &[FORM, 0xff, 0xff]] {
            assert_eq!(expand(stored), None, "{stored:?}");
        }
        // A bomb: more than is ever taken in.
        assert_eq!(expand(&shrink(&vec![0; LONGEST + 1])), None);
    }
}

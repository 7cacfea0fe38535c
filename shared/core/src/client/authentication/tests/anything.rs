//! Whatever is sent: secrets of every kind come through, and nothing makes it panic.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn sym_02_any_secret_comes_through_form_encoded(id in "[!-~]{1,20}", secret in "\\PC{1,40}") {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let presented = by_header(&format!("{}:{}", encode(&id), encode(&secret)));
        prop_assert_eq!(presented.client_id().as_str(), id);
        prop_assert!(is_by_header(&presented, &secret));
    }

    #[test]
    fn sym_02_a_raw_secret_without_percent_and_plus_comes_through_too(secret in "[ -$&-*,-~]{1,40}") {
        let presented = by_header(&format!("app:{secret}"));
        prop_assert!(is_by_header(&presented, &secret));
    }

    #[test]
    fn no_header_and_no_form_makes_it_panic(header in "\\PC*", body in prop::collection::vec(any::<u8>(), 0..80)) {
        let parameters = Parameters::parse(&body).unwrap_or_default();
        let _ = Presented::parse(Some(&header), &parameters);
        let _ = Presented::parse(Some(&basic_header(&header)), &parameters);
        let _ = Presented::parse(None, &parameters);
        // What cannot be read as text is not a form.
        let _ = by_assertion(&header.replace(['\u{fffd}', '\0'], "?"));
        let _ = by_assertion(&format!("e30.{}.", STANDARD.encode(&body)));
    }
}

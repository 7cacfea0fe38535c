//! What holds for every page: nothing is injected, nothing comes from elsewhere, no post is unbound, and everybody can use it.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::style_hash;
use super::markup::{attribute, attribute_names, fields, forms, tags, tags_anywhere};
use super::samples::{ATTACK, HOSTILE, PLAIN, pages, sign_in};

#[test]
fn authz_28_texts_of_others_are_escaped_on_every_page() {
    for (name, html) in pages(ATTACK) {
        assert!(!html.contains("<script"), "{name}");
        assert!(!html.contains("49"), "{name}");
        for raw in [HOSTILE, "O'Brien", "\"quoted\"", "& Söhne"] {
            assert!(!html.contains(raw), "{name}: {raw}");
        }
        assert_eq!(html.matches("</style>").count(), 1, "{name}");
        assert_eq!(html.matches("</title>").count(), 1, "{name}");
        if name != "signed-out" {
            assert!(html.contains("&#60;script&#62;"), "{name}: shows none of them");
        }
        // The structure is that of the page with plain texts.
        let plain = pages(PLAIN).into_iter().find(|(other, _)| *other == name).unwrap().1;
        assert_eq!(html.matches('<').count(), plain.matches('<').count(), "{name}");
    }
}

/// AUTHZ-28, AUTHZ-31: `default-src 'none'` and the hash of one style must be enough.
#[test]
fn authz_31_pages_need_nothing_from_elsewhere() {
    for (name, html) in pages(PLAIN) {
        let (before, rest) = html.split_once("<style>").unwrap();
        let (style, after) = rest.split_once("</style>").unwrap();
        let digest = STANDARD.encode(Sha256::digest(style));
        assert_eq!(style_hash(), format!("'sha256-{digest}'"), "{name}");
        for tag in tags_anywhere(before).chain(tags_anywhere(after)) {
            let element = tag.split_whitespace().next().unwrap();
            assert!(
                !["style", "script", "link", "img", "iframe", "base"].contains(&element),
                "{name}: {tag}"
            );
            for attribute in attribute_names(tag) {
                assert!(!["style", "src", "srcset"].contains(&attribute), "{name}: {tag}");
                assert!(!attribute.starts_with("on"), "{name}: {tag}");
            }
            for address in ["href", "action", "formaction"].map(|name| attribute(tag, name)) {
                assert!(address.is_none_or(|address| address.starts_with("/auth/")), "{name}: {tag}");
            }
        }
        assert!(!style.contains("url(") && !style.contains("@import"), "{name}");
        // An HTML parser would turn it into a newline, and the hash would be another.
        assert!(!style.contains('\r'), "{name}");
    }
}

/// AUTHZ-27: no form posts without its token, and none but the one that signs out without saying to which
/// authorization it belongs.
#[test]
fn authz_27_every_post_is_bound_to_its_session_and_request() {
    let mut seen = BTreeSet::new();
    for (name, html) in pages(PLAIN) {
        for form in forms(&html) {
            let start = tags(form, "form")[0];
            let action = attribute(start, "action").unwrap();
            let hidden = |field| -> Vec<_> {
                let hidden = |tag: &&str| attribute(tag, "type") == Some("hidden");
                fields(form, field)
                    .into_iter()
                    .filter(hidden)
                    .filter_map(|tag| attribute(tag, "value"))
                    .collect()
            };
            match (attribute(start, "method").unwrap(), action) {
                ("get", "/auth/patient") => {
                    assert_eq!(hidden("request"), [PLAIN.other], "{name}");
                    // An address is logged and sent on; a token is not to be in one.
                    assert!(hidden("form_token").is_empty(), "{name}");
                }
                ("post", "/auth/sign-out") => {
                    assert_eq!(hidden("form_token"), ["out"], "{name}");
                    assert!(hidden("request").is_empty(), "{name}");
                }
                ("post", "/auth/access") => {
                    assert_eq!(hidden("form_token"), ["tok"], "{name}");
                    assert_eq!(hidden("grant"), ["g1", "g2"], "{name}");
                }
                ("post", "/auth/login") if name.ends_with("-access") => {
                    assert_eq!(hidden("form_token"), ["tok"], "{name}");
                    assert_eq!((hidden("to"), hidden("request").len()), (vec!["access"], 0), "{name}");
                }
                ("post", "/auth/login" | "/auth/patient" | "/auth/encounter" | "/auth/consent") => {
                    assert_eq!(hidden("form_token"), ["tok"], "{name}");
                    assert_eq!(hidden("request"), [PLAIN.other], "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
            seen.insert((attribute(start, "method").unwrap().to_owned(), action.to_owned()));
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}

/// What a screen reader needs before anything else.
#[test]
fn pages_have_one_heading_one_main_a_language_and_labels() {
    for (name, html) in pages(PLAIN) {
        for (needle, count) in [
            ("<html lang=\"en\">", 1),
            ("<h1>", 1),
            ("<main ", 1),
            ("<meta name=\"viewport\"", 1),
            ("<meta name=\"color-scheme\"", 1),
        ] {
            assert_eq!(html.matches(needle).count(), count, "{name}: {needle}");
        }
        let ids: Vec<_> = tags_anywhere(&html).filter_map(|tag| attribute(tag, "id")).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{name}: {ids:?}");
        for tag in tags_anywhere(&html) {
            for reference in ["for", "aria-labelledby", "aria-describedby"] {
                if let Some(id) = attribute(tag, reference) {
                    assert!(ids.contains(&id), "{name}: {id}");
                }
            }
        }
        for tag in tags(&html, "input") {
            let labelled = |id| html.contains(&format!("<label for=\"{id}\">"));
            let within = html.contains(&format!("<label class=\"choice small\">{tag}"));
            let named =
                attribute(tag, "aria-labelledby").is_some() || attribute(tag, "id").is_some_and(labelled);
            assert!(attribute(tag, "type") == Some("hidden") || named || within, "{name}: {tag}");
        }
    }
    let title =
        |html: &str| html.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned();
    assert_eq!(title(&sign_in(PLAIN, None)), "Sign in to continue to Vitals Viewer | smart-on-lambda");
    assert_eq!(
        title(&sign_in(PLAIN, Some("x"))),
        "Error: Sign in to continue to Vitals Viewer | smart-on-lambda"
    );
}

//! The page of apps with access.

use super::markup::{attribute, fields, forms};
use super::samples::{PLAIN, access, apps};

/// REVOKE-11: whose record, what of it, since when, when last, how long; and a button that says what it ends.
#[test]
fn revoke_11_an_app_is_shown_with_what_it_has_and_how_to_end_it() {
    let html = access(PLAIN, apps(PLAIN), false);
    for words in [
        "What it can see in the record of Kwame Osei",
        "What it can see in your own record",
        "What it can see for every patient whose record you may open",
        "Laboratory results only",
        "A record that you may no longer open",
        "This app is switched off at the moment",
        "<summary>9 kinds of data</summary>",
        "Keep access when you are not using the app",
        "Keep access while you are signed in here",
        "<dt>Since</dt><dd>3 March 2025</dd>",
        "<dt>Last used</dt><dd>5 minutes ago</dd>",
        "aria-label=\"End the access of Vitals Viewer to the record of Kwame Osei\"",
        "aria-label=\"End the access of Vitals Viewer\"",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let ends: Vec<_> = forms(&html).into_iter().filter(|form| form.contains("/auth/access")).collect();
    assert_eq!(ends.len(), 4);
    for form in ends {
        let [button] = fields(form, "decision")[..] else { panic!("one button") };
        assert_eq!(attribute(button, "value"), Some("revoke"));
    }
    assert!(access(PLAIN, Vec::new(), false).contains("No app has access."));
    assert!(access(PLAIN, Vec::new(), true).contains("role=\"status\">That access has ended."));
}

//! The form for a user name and a password.

use super::markup::{attribute, fields, forms};
use super::samples::{PLAIN, sign_in};

#[test]
fn sign_in_refills_the_name_and_never_the_password() {
    let html = sign_in(PLAIN, Some("Too many attempts. Try again in 5 minutes."));
    assert!(html.contains("role=\"alert\" id=\"sign-in-error\">Too many attempts. Try again in 5 minutes."));
    let [form] = forms(&html)[..] else { panic!("one form") };
    let [username] = fields(form, "username")[..] else { panic!("one user name") };
    let [password] = fields(form, "password")[..] else { panic!("one password") };
    assert_eq!(attribute(username, "value"), Some(PLAIN.other));
    assert_eq!(attribute(username, "autocomplete"), Some("username"));
    assert_eq!(attribute(password, "value"), None);
    assert_eq!(attribute(password, "autocomplete"), Some("current-password"));
    for tag in [username, password] {
        assert_eq!(attribute(tag, "aria-describedby"), Some("sign-in-error"));
    }
    assert!(!sign_in(PLAIN, None).contains("sign-in-error"));
}

//! The picker of a patient, as programs drive it.

use super::markup::{attribute, fields, forms};
use super::samples::{PLAIN, choose_patient};

/// LAUNCH-13: one click a patient, whose id is the value.
#[test]
fn launch_13_each_patient_is_a_button() {
    let html = choose_patient(PLAIN, "", 6);
    let ids: Vec<_> = forms(&html).into_iter().flat_map(|form| fields(form, "patient")).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(attribute(ids[0], "value"), Some(PLAIN.other));
    assert!(ids.iter().all(|tag| attribute(tag, "type") == Some("submit")));
    assert!(html.contains("href=\"/auth/patient?request=r&#38;offset=20\""));
    let html = choose_patient(PLAIN, "Osie", 0);
    assert!(html.contains("None of your patients match") && html.contains("“Osie”"));
    assert!(fields(&html, "patient").is_empty());
}

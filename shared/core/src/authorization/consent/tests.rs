//! What a user's answer grants: a table, and that it never widens.

use proptest::prelude::*;

use super::*;
use crate::scope::strategies;

/// What is granted of `asked` if just these boxes are ticked.
fn answer(asked: &str, ticked: &[&str]) -> String {
    consented(&asked.parse().unwrap(), |box_| ticked.contains(&box_)).to_string()
}

const LABORATORY: &str =
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
const VITAL_SIGNS: &str =
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";

#[test]
fn authz_22_23_24_and_scope_12_what_is_ticked_is_granted() {
    let asked = "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Condition.rs";
    let always = "openid fhirUser launch/patient";
    let table: &[(&[&str], &str)] = &[
        (
            &["offline_access", "patient/Observation.rs", "patient/Condition.rs"],
            "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Condition.rs",
        ),
        (&["patient/Condition.rs"], "openid fhirUser launch/patient patient/Condition.rs"),
        (&["offline_access"], "openid fhirUser launch/patient offline_access"),
        (&[], always),
        // What was not asked for is nothing, whatever is sent.
        (
            &["patient/*.rs", "patient/Patient.rs", "user/Observation.rs", "online_access", "system/*.rs"],
            always,
        ),
        (&["patient/Observation.cruds", "patient/Observation.r", "PATIENT/OBSERVATION.RS", ""], always),
        // Narrower scopes replace the wide one, ticked or not.
        (&[LABORATORY], &format!("{always} {LABORATORY}")),
        (
            &["patient/Observation.rs", LABORATORY, VITAL_SIGNS],
            &format!("{always} {VITAL_SIGNS} {LABORATORY}"),
        ),
        // A category of another type's narrows nothing.
        (
            &[
                "patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
            ],
            always,
        ),
    ];
    for (ticked, expected) in table {
        assert_eq!(answer(asked, ticked), *expected, "{ticked:?}");
    }
}

#[test]
fn authz_22_a_wildcard_can_be_granted_type_by_type_in_its_own_spelling() {
    let ticked = ["patient/Patient.rs", "patient/Observation.rs", "patient/*.rs", "patient/Basic.rs"];
    assert_eq!(answer("patient/*.rs", &ticked), "patient/Patient.rs patient/Observation.rs");
    assert_eq!(answer("patient/*.read", &["patient/Observation.read"]), "patient/Observation.read");
    assert_eq!(answer("patient/*.read", &["patient/Observation.rs"]), "");
    assert_eq!(answer("user/*.rs", &["patient/Observation.rs"]), "");
}

#[test]
fn x_22_a_category_chosen_of_a_v1_scope_is_said_in_v2_throughout() {
    assert_eq!(
        answer("patient/Observation.read patient/Patient.read", &[LABORATORY, "patient/Patient.read"]),
        format!("{LABORATORY} patient/Patient.rs")
    );
}

#[test]
fn authz_22_a_scope_that_was_asked_for_beside_a_wider_one_does_not_narrow_it() {
    let asked = format!("patient/*.rs patient/Observation.rs {LABORATORY}");
    let boxes = ["patient/*.rs", "patient/Observation.rs", LABORATORY];
    assert_eq!(answer(&asked, &boxes), asked);
    assert_eq!(answer(&asked, &boxes[1..]), format!("patient/Observation.rs {LABORATORY}"));
    assert_eq!(answer(&asked, &boxes[2..]), LABORATORY);
    // One that was not asked for does.
    assert_eq!(
        answer(&asked, &["patient/*.rs", "patient/Condition.rs", "patient/Observation.rs"]),
        "patient/Condition.rs patient/Observation.rs"
    );
}

proptest! {
    /// Whatever is ticked: nothing is granted that was not asked for.
    #[test]
    fn scope_12_consent_never_widens(asked in strategies::scopes(), bits in any::<u64>()) {
        let ticked = |text: &str| {
            let digest = crate::secret::Digest::of(text.as_bytes());
            bits >> (digest.as_bytes()[0] % 64) & 1 == 1
        };
        let granted = consented(&asked, ticked);
        prop_assert!(granted.is_within(&asked), "{granted} of {asked}");
        // Everything ticked, as a program may send it: the narrowest is granted, within what was asked.
        prop_assert!(consented(&asked, |_| true).is_within(&asked));
    }

    /// Nothing ticked grants no resource and no refresh; what was asked, ticked as it was, is what is granted.
    #[test]
    fn authz_22_an_untouched_page_grants_what_was_asked_and_an_empty_one_no_access(asked in strategies::scopes()) {
        let nothing = consented(&asked, |_| false);
        prop_assert!(nothing.resources().next().is_none());
        prop_assert!(!nothing.contains(&Scope::OfflineAccess) && !nothing.contains(&Scope::OnlineAccess));
        let boxes: Vec<String> = asked.iter().map(ToString::to_string).collect();
        prop_assert_eq!(consented(&asked, |text| boxes.iter().any(|ticked| ticked == text)), asked);
    }
}

//! What is asked, how it is put, and the form that answers.

use super::markup::{attribute, fields, forms, tags};
use super::samples::{FEW, GRANULAR, PLAIN, asked, consent, consent_again};

/// AUTHZ-22, AUTHZ-23, AUTHZ-24: what is asked for is ticked, what may stand in its place is not.
#[test]
fn authz_22_asked_scopes_are_ticked_and_narrowings_are_not() {
    let scopes = "openid fhirUser launch/patient patient/Observation.rs patient/Patient.read user/*.rs offline_access online_access";
    let html = consent(PLAIN, scopes, false);
    let form = forms(&html).into_iter().find(|form| form.contains("name=\"decision\"")).unwrap();
    let (ticked, unticked): (Vec<_>, Vec<_>) =
        fields(form, "scope").into_iter().partition(|tag| tag.contains(" checked"));
    let values = |tags: &[&str]| -> Vec<String> {
        tags.iter().map(|tag| attribute(tag, "value").unwrap().replace("&#38;", "&")).collect()
    };
    assert_eq!(
        values(&ticked),
        ["patient/Patient.read", "patient/Observation.rs", "user/*.rs", "offline_access", "online_access"]
    );
    let unticked = values(&unticked);
    assert_eq!(
        unticked.iter().filter(|scope| scope.starts_with("patient/Observation.rs?category=")).count(),
        5
    );
    assert_eq!(unticked.iter().filter(|scope| scope.starts_with("user/")).count(), 27);
    assert_eq!(unticked.len(), 5 + 27);
    // A browser that keeps what was ticked would show another state than the one that is asked for.
    assert_eq!(attribute(tags(form, "form")[0], "autocomplete"), Some("off"));
}

/// AUTHZ-25: both answers are buttons of one form, and Enter in a checkbox gives neither.
#[test]
fn authz_25_allow_and_deny_are_equally_near() {
    let html = consent(PLAIN, FEW, false);
    let form = forms(&html).into_iter().find(|form| form.contains("name=\"decision\"")).unwrap();
    let values: Vec<_> =
        fields(form, "decision").iter().map(|tag| attribute(tag, "value").unwrap()).collect();
    assert_eq!(values, ["deny", "allow"]);
    assert_eq!(tags(form, "button")[0], "<button type=\"submit\" disabled hidden>");
}

/// AUTHZ-24: the app's wish to stay is always a row of its own, and never there unasked.
#[test]
fn authz_24_offline_access_is_shown_with_its_duration() {
    let html = consent(PLAIN, "offline_access", false);
    assert!(html.contains("Keep access when you are not using the app"));
    assert!(html.contains("for 180 days after it was last used"));
    assert!(!consent(PLAIN, "patient/*.rs", false).contains("offline_access"));
}

#[test]
fn system_scopes_are_not_for_a_user_to_grant() {
    let asked = asked("system/*.rs launch __own");
    assert_eq!((asked.patient.len(), asked.user.len()), (0, 0));
    assert_eq!(asked.identity, ["Know which patient’s record is open"]);
}

/// CTX-22, AUTHZ-26: what an EHR says besides patient and visit is asked for in words, too.
#[test]
fn ctx_22_what_else_is_open_is_a_sentence_of_its_own() {
    let sentence = "Know what else is open, such as a document or an image";
    for (scopes, said) in [
        ("launch launch/patient launch/encounter", false),
        ("launch/imagingstudy launch/documentreference?role=launch", true),
    ] {
        let told = asked(scopes).identity.iter().filter(|told| **told == sentence).count();
        assert_eq!(told, usize::from(said), "{scopes}");
    }
}

/// AUTHZ-26: what is new is marked, and only beside something that is not.
#[test]
fn authz_26_what_the_app_has_already_is_told_from_what_is_new() {
    let new = |html: &str| -> Vec<String> {
        let titles = html.split("class=\"item-title\"").skip(1).map(|rest| {
            let (title, _) = rest.split_once("</span>\n").unwrap();
            title.split_once('>').unwrap().1.to_owned()
        });
        titles
            .filter_map(|title| title.strip_suffix(" <span class=\"tag\">New</span>").map(str::to_owned))
            .collect()
    };
    let asked = format!("openid patient/Patient.rs {GRANULAR} offline_access");
    let more = consent_again(PLAIN, &asked, "openid patient/Patient.rs");
    assert_eq!(new(&more), ["Laboratory results only", "Keep access when you are not using the app"]);
    assert!(more.contains("You already gave Vitals Viewer access on 3 March 2025. It asks for more now"));
    let same = consent_again(PLAIN, &asked, &asked);
    assert!(new(&same).is_empty() && same.contains("It asks for nothing new."));
    let first = consent(PLAIN, &asked, true);
    assert!(new(&first).is_empty() && !first.contains("already"));
}

/// AUTHZ-26: data of one kind stand together, under a heading where there are several.
#[test]
fn authz_26_what_is_asked_is_grouped_by_kind() {
    let kinds = |scopes: &str| -> Vec<(&str, usize)> {
        asked(scopes).patient.iter().map(|kind| (kind.title, kind.items.len())).collect()
    };
    let scopes = "patient/MedicationRequest.rs patient/Observation.rs patient/Patient.rs patient/Immunization.read \
        patient/Basic.rs patient/DiagnosticReport.rs";
    let expected = [
        ("The person and their insurance", 1),
        ("Test results and measurements", 2),
        ("Medicines and vaccinations", 2),
        ("Other data", 1),
    ];
    assert_eq!(kinds(scopes), expected);
    let html = consent(PLAIN, scopes, true);
    assert_eq!(html.matches("class=\"kind-title\"").count(), 4);
    assert_eq!(html.matches("role=\"group\"").count(), 4);
    assert!(!consent(PLAIN, "patient/Observation.rs", true).contains("class=\"kind-title\""));
}

#[test]
fn headings_say_whose_data_goes_to_whom() {
    let heading = |scopes, is_user| {
        let html = consent(PLAIN, scopes, is_user);
        html.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0.to_owned()
    };
    assert_eq!(heading("patient/*.rs", false), "Share Kwame Osei’s health data with Vitals Viewer?");
    assert_eq!(heading("patient/*.rs", true), "Share your health data with Vitals Viewer?");
    assert_eq!(
        heading("user/*.rs", true),
        "Share the records of all patients you may see with Vitals Viewer?"
    );
    assert_eq!(heading("openid", true), "Sign in to Vitals Viewer?");
}

/// AUTHZ-23: two boxes of one value could not be told apart when they come back.
#[test]
fn authz_23_what_is_asked_for_by_itself_is_not_offered_in_place_of_more() {
    let page =
        consent(PLAIN, &format!("patient/*.rs patient/Observation.rs patient/Goal.rs {GRANULAR}"), false);
    let mut values: Vec<_> = tags(&page, "input")
        .into_iter()
        .filter(|tag| tag.contains("name=\"scope\""))
        .map(|tag| tag.split('"').nth(5))
        .collect();
    let boxes = values.len();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), boxes, "each value has one box");
    assert!(boxes > 20);
}

/// SEC-12: what the page calls the recipient is what is known of it: a host that somebody has, or a scheme that any app may claim.
#[test]
fn authz_26_an_app_by_its_own_scheme_is_called_an_app_and_not_a_site() {
    let site = consent(PLAIN, FEW, false);
    assert!(site.contains("</strong> at <strong class=\"host\">vitals.example.org</strong>."));
    let app = consent_again(PLAIN, FEW, FEW);
    assert!(
        app.contains(
            "</strong>, an app on this device (<strong class=\"host\">org.example.vitals</strong>)."
        )
    );
}

#[test]
fn authz_26_a_filter_of_the_app_is_code_beside_its_words() {
    let html = consent(PLAIN, "patient/Observation.rs?code=a%20%E2%80%9D%3Cb%3E,8480-6", false);
    assert!(
        html.contains("<code class=\"pair\">code=a%20%E2%80%9D&#60;b&#62;,8480-6</code></span>"),
        "{html}"
    );
    assert!(
        !html.contains('”') || html.matches('”').count() == consent(PLAIN, FEW, false).matches('”').count()
    );
}

//! What holds for every page, and the forms as programs drive them.

use std::fs;
use std::path::Path;

use smart_core::scope::Scopes;

use super::*;

/// Ends an attribute, a tag and a comment, if it is let.
const HOSTILE: &str = "O'Brien \"quoted\" --> </style></title><script>alert(1)</script> {{ 7 * 7 }} & Söhne";

const GRANULAR: &str =
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

/// The texts of a sample page, all of one kind.
#[derive(Clone, Copy)]
struct Texts {
    app: &'static str,
    user: &'static str,
    patient: &'static str,
    other: &'static str,
}

const PLAIN: Texts =
    Texts { app: "Vitals Viewer", user: "Efua Osei", patient: "Kwame Osei", other: "MRN-004217" };

const ATTACK: Texts = Texts { app: HOSTILE, user: HOSTILE, patient: HOSTILE, other: HOSTILE };

fn asked(scopes: &str) -> Asked {
    asked_beside(scopes, "")
}

/// What is asked of somebody who granted `before`.
fn asked_beside(scopes: &str, before: &str) -> Asked {
    let before = Scopes::parse(before).unwrap();
    Asked::new(
        &Scopes::parse(scopes).unwrap(),
        "for 180 days after it was last used",
        "for 12 hours at most",
        |scope| !before.is_empty() && !Scopes::from_iter([scope.clone()]).is_within(&before),
    )
}

fn sign_in(texts: Texts, message: Option<&'static str>) -> String {
    let username = if message.is_some() { texts.other } else { "" };
    let asking = Some(Asking { app: texts.app, request: texts.other });
    render(&SignIn { asking, form_token: "tok", username, message })
}

fn app(texts: Texts, whose: Whose, scopes: &str) -> AppAccess {
    AppAccess {
        name: texts.app.to_owned(),
        is_stopped: false,
        whose,
        shared: Shared::of(&Scopes::parse(scopes).unwrap()),
        since: Some("3 March 2025".to_owned()),
        last_used: Some("5 minutes ago".to_owned()),
        lasts: "until 30 August 2025; each use makes that 180 days from then".to_owned(),
        grants: vec!["g1".to_owned(), "g2".to_owned()],
    }
}

fn access(texts: Texts, apps: Vec<AppAccess>, ended: bool) -> String {
    let address = |offset| (!apps.is_empty()).then(|| format!("/auth/access?offset={offset}"));
    let (previous, next) = (address(0), address(40));
    render(&Access {
        user_name: texts.user,
        sign_out_token: "out",
        form_token: "tok",
        apps,
        ended,
        capped: ended,
        previous,
        next,
    })
}

fn apps(texts: Texts) -> Vec<AppAccess> {
    let stopped = AppAccess {
        is_stopped: true,
        since: None,
        last_used: None,
        lasts: "for another 12 minutes".to_owned(),
        ..app(texts, Whose::OutOfReach, GRANULAR)
    };
    let types = "patient/Patient.rs patient/Condition.rs patient/AllergyIntolerance.rs patient/Immunization.rs \
        patient/MedicationRequest.rs patient/Observation.rs patient/Encounter.rs patient/Procedure.rs patient/Goal.rs";
    vec![
        app(texts, Whose::Patient(texts.patient.to_owned()), FEW),
        app(texts, Whose::User, types),
        app(texts, Whose::Nobody, "openid user/*.rs online_access"),
        stopped,
    ]
}

fn choose_provider(texts: Texts) -> ChooseProvider<'static> {
    let providers = vec![("hospital", texts.user), (texts.other, texts.patient)];
    ChooseProvider {
        asking: Some(Asking { app: texts.app, request: texts.other }),
        form_token: "tok",
        providers,
        local: true,
    }
}

fn sign_in_problem(texts: Texts) -> SignInProblem<'static> {
    SignInProblem {
        title: texts.user,
        explanation: texts.other,
        what_to_do: "Wait a moment, then try again.",
        retry: Some("/auth/login?request=r"),
        other_account: Some("/auth/login?request=r&provider=p&account=other"),
    }
}

fn choose_patient(texts: Texts, query: &str, patients: usize) -> String {
    let more: [(&str, &str, Option<u32>, &str); 5] = [
        ("Abena Osei", "2016-11-02", Some(10), "female"),
        ("Maximiliane Featherstonehaugh-Wintersbottom", "1931-01-30", Some(95), "female"),
        ("Li Wei", "2026-03", None, "male"),
        ("Maria Alvarez", "1984-07-19", Some(42), "female"),
        ("Tomás Oliveira", "2025-10-01", Some(1), "other"),
    ];
    let first = (texts.patient, "2012-03-04", Some(14), "male");
    let rows = std::iter::once(first).chain(more).take(patients).enumerate();
    let rows = rows.map(|(index, (name, born, age, gender))| PatientRow {
        id: if index == 0 { texts.other } else { "p" },
        name,
        birth_date: (index != 3).then_some(born),
        age,
        gender: Some(gender),
        identifier: Some(texts.other),
    });
    render(&ChoosePatient {
        app: texts.app,
        user_name: texts.user,
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
        query,
        patients: rows.collect(),
        previous: (patients > 1).then_some("/auth/patient?request=r&offset=0"),
        next: (patients > 1).then_some("/auth/patient?request=r&offset=20"),
    })
}

fn card(texts: Texts, is_user: bool) -> PatientCard<'static> {
    PatientCard {
        name: texts.patient,
        birth_date: Some("2012-03-04"),
        identifier: Some(texts.other),
        is_user,
    }
}

fn choose_encounter(texts: Texts, encounters: usize) -> String {
    let more = [
        ("Emergency visit", Some("29 February 2024 to 2 March 2024"), None, Some("Going on now")),
        ("Hospital stay", Some("Since March 2024"), None, Some("Planned")),
        ("Visit", None, None, None),
    ];
    let first = (texts.patient, Some("29 February 2024"), Some("Outpatient visit"), Some("Finished"));
    let rows = std::iter::once(first).chain(more).take(encounters);
    let rows = rows.map(|(title, when, class, status)| EncounterRow {
        id: texts.other,
        title,
        when: when.map(str::to_owned),
        class,
        status,
    });
    render(&ChooseEncounter {
        app: texts.app,
        user_name: texts.user,
        patient: card(texts, false),
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
        encounters: rows.collect(),
        newest: (encounters == 0).then_some("/auth/encounter?request=r"),
        older: (encounters > 1).then_some("/auth/encounter?request=r&after_date=d&after_id=e"),
        other_patient: (encounters > 1).then_some("/auth/patient?request=r"),
    })
}

fn consent(texts: Texts, scopes: &str, is_user: bool) -> String {
    render(&Consent {
        app: texts.app,
        app_host: if texts.other == HOSTILE { HOSTILE } else { "vitals.example.org" },
        user_name: texts.user,
        patient: Some(card(texts, is_user)),
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
        asked: &asked(scopes),
        duration: "Without that, access ends after 15 minutes.",
        before: None,
        is_remembered: false,
    })
}

/// The same page for somebody who granted `granted` before.
fn consent_again(texts: Texts, scopes: &str, granted: &str) -> String {
    let asked = asked_beside(scopes, granted);
    let has_new = scopes != granted;
    render(&Consent {
        app: texts.app,
        app_host: "vitals.example.org",
        user_name: texts.user,
        patient: None,
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
        asked: &asked,
        duration: "Without that, access ends after 15 minutes.",
        before: Some(Before { since: Some("3 March 2025".to_owned()), has_new }),
        is_remembered: true,
    })
}

const FEW: &str = "openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.read \
    patient/MedicationRequest.rs patient/AllergyIntolerance.rs offline_access";

/// Every page, with the name of its file.
fn pages(texts: Texts) -> Vec<(&'static str, String)> {
    let developer = ForDeveloper { parameter: texts.other, expected: texts.other };
    let no_patients = NoPatients {
        app: texts.app,
        user_name: texts.user,
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
    };
    let no_encounters = NoEncounters {
        app: texts.app,
        user_name: texts.user,
        patient: card(texts, false),
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
        other_patient: Some("/auth/patient?request=r"),
    };
    let out_of_reach = OutOfReach {
        app: texts.app,
        user_name: texts.user,
        request: texts.other,
        form_token: "tok",
        sign_out_token: "out",
    };
    let problem = Problem {
        title: "This app made a request that we cannot accept",
        explanation: "Nothing was shared. The mistake is in the app, not in anything that you did.",
        what_to_do: "Go back to the app and try again. If it happens again, tell the people who make the app.",
        developer: Some(developer),
        leads_to_apps: true,
    };
    let no_app = SignIn { asking: None, form_token: "tok", username: texts.other, message: None };
    let refused = format!(
        "{FEW} {GRANULAR} patient/Goal.cruds patient/DeviceUseStatement.r?code=http://loinc.org|2339-0 user/*.rs user/Patient.rs"
    );
    let message = if texts.app == HOSTILE { HOSTILE } else { "The user name or the password is wrong." };
    vec![
        ("sign-in", sign_in(texts, None)),
        ("sign-in-error", sign_in(texts, Some(message))),
        ("providers", render(&choose_provider(texts))),
        ("sign-in-problem", render(&sign_in_problem(texts))),
        ("patients", choose_patient(texts, "", 6)),
        ("patients-search", choose_patient(texts, texts.patient, 1)),
        ("patients-none", choose_patient(texts, texts.other, 0)),
        ("consent", consent(texts, FEW, false)),
        ("consent-own", consent(texts, "openid fhirUser patient/*.rs online_access offline_access", true)),
        ("consent-wide", consent(texts, &refused, false)),
        ("consent-user", consent(texts, "launch user/*.rs user/Patient.read", true)),
        ("consent-identity", consent(texts, "openid", true)),
        ("encounters", choose_encounter(texts, 4)),
        ("encounters-end", choose_encounter(texts, 0)),
        ("consent-more", consent_again(texts, FEW, "openid patient/Patient.rs patient/Observation.rs")),
        ("consent-same", consent_again(texts, FEW, FEW)),
        ("access", access(texts, apps(texts), false)),
        ("access-ended", access(texts, vec![app(texts, Whose::User, FEW)], true)),
        ("access-none", access(texts, Vec::new(), false)),
        ("sign-in-access", render(&no_app)),
        ("no-patients", render(&no_patients)),
        ("no-encounters", render(&no_encounters)),
        ("out-of-reach", render(&out_of_reach)),
        ("problem", render(&problem)),
        ("sign-out", render(&SignOut { user_name: texts.user, form_token: "tok" })),
        ("signed-out", render(&SignedOut)),
    ]
}

/// The start tags of an element.
fn tags<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    html.match_indices(&start).map(|(at, _)| &html[at..=at + html[at..].find('>').unwrap()]).collect()
}

/// The forms: start tag and all.
fn forms(html: &str) -> Vec<&str> {
    html.match_indices("<form ").map(|(at, _)| &html[at..at + html[at..].find("</form>").unwrap()]).collect()
}

fn attribute_names(tag: &str) -> impl Iterator<Item = &str> {
    let outside_quotes = tag.split('"').step_by(2);
    outside_quotes.flat_map(str::split_whitespace).skip(1).map(|name| name.trim_end_matches('='))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

/// The start tags within a form that send a field of this name.
fn fields<'a>(form: &'a str, name: &str) -> Vec<&'a str> {
    let mut tags = [tags(form, "input"), tags(form, "button")].concat();
    tags.retain(|tag| attribute(tag, "name") == Some(name));
    tags
}

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

fn tags_anywhere(markup: &str) -> impl Iterator<Item = &str> {
    markup.split('<').skip(1).map(|rest| rest.split('>').next().unwrap())
}

/// AUTHZ-27: no form posts without its token, and none but the one that signs out without saying to which
/// authorization it belongs.
#[test]
fn authz_27_every_post_is_bound_to_its_session_and_request() {
    let mut seen = std::collections::BTreeSet::new();
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
                    let expected = if name == "sign-out" { "tok" } else { "out" };
                    assert_eq!(hidden("form_token"), [expected], "{name}");
                    assert!(hidden("request").is_empty(), "{name}");
                }
                ("post", "/auth/access") => {
                    assert_eq!(hidden("form_token"), ["tok"], "{name}");
                    assert_eq!(hidden("grant"), ["g1", "g2"], "{name}");
                }
                ("post", "/auth/login") if name == "sign-in-access" => {
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
    assert!(html.contains("No patient of yours matches") && html.contains("“Osie”"));
    assert!(fields(&html, "patient").is_empty());
}

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
    assert!(more.contains("has access for you already, since 3 March 2025. It asks for more now"));
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

/// REVOKE-11: whose record, what of it, since when, when last, how long; and a button that says what it ends.
#[test]
fn revoke_11_an_app_is_shown_with_what_it_has_and_how_to_end_it() {
    let html = access(PLAIN, apps(PLAIN), false);
    for words in [
        "It sees in the record of Kwame Osei",
        "It sees in your own record",
        "It sees of every patient whose record you may open",
        "Laboratory results only",
        "A record that you may no longer open",
        "This app is not let in at the moment",
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
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
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

/// Not a proof: something to look at, in `target/pages`.
#[test]
#[ignore = "writes files to look at"]
fn write_the_pages_to_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    fs::create_dir_all(&folder).unwrap();
    for (name, html) in pages(PLAIN) {
        fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
    for (name, html) in pages(ATTACK) {
        fs::write(folder.join(format!("{name}-hostile.html")), html).unwrap();
    }
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

//! Every page with texts of one kind: plain ones, or such as attack it.

use smart_core::scope::Scopes;

use super::super::*;

/// Ends an attribute, a tag and a comment, if it is let.
pub(super) const HOSTILE: &str =
    "O'Brien \"quoted\" --> </style></title><script>alert(1)</script> {{ 7 * 7 }} & Söhne";

pub(super) const GRANULAR: &str =
    "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

/// The texts of a sample page, all of one kind.
#[derive(Clone, Copy)]
pub(super) struct Texts {
    pub(super) app: &'static str,
    pub(super) user: &'static str,
    pub(super) patient: &'static str,
    pub(super) other: &'static str,
}

pub(super) const PLAIN: Texts =
    Texts { app: "Vitals Viewer", user: "Efua Osei", patient: "Kwame Osei", other: "MRN-004217" };

pub(super) const ATTACK: Texts = Texts { app: HOSTILE, user: HOSTILE, patient: HOSTILE, other: HOSTILE };

pub(super) fn asked(scopes: &str) -> Asked {
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

fn signed_in(texts: Texts) -> SignedIn<'static> {
    SignedIn { user_name: texts.user, sign_out_token: "out".to_owned() }
}

fn at(texts: Texts) -> InProgress<'static> {
    InProgress {
        app: texts.app,
        signed_in: signed_in(texts),
        request: texts.other.to_owned(),
        form_token: "tok".to_owned(),
    }
}

pub(super) fn sign_in(texts: Texts, message: Option<&'static str>) -> String {
    let username = if message.is_some() { texts.other } else { "" };
    render(&SignIn { asking: Some(asking(texts)), form_token: "tok", username, message })
}

fn app(texts: Texts, whose: Whose, scopes: &str) -> AppAccess {
    AppAccess {
        name: texts.app.to_owned(),
        is_stopped: false,
        whose,
        shared: Shared::of(&Scopes::parse(scopes).unwrap()),
        since: Some("3 March 2025".to_owned()),
        last_used: Some("5 minutes ago".to_owned()),
        lasts: "until 30 August 2025; each use extends that to 180 days from then".to_owned(),
        grants: vec!["g1".to_owned(), "g2".to_owned()],
    }
}

pub(super) fn access(texts: Texts, apps: Vec<AppAccess>, ended: bool) -> String {
    let address = |offset| (!apps.is_empty()).then(|| format!("/auth/access?offset={offset}"));
    let (previous, next) = (address(0), address(40));
    render(&Access {
        signed_in: signed_in(texts),
        form_token: "tok",
        apps,
        ended,
        capped: ended,
        previous,
        next,
    })
}

pub(super) fn apps(texts: Texts) -> Vec<AppAccess> {
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

fn asking(texts: Texts) -> Asking<'static> {
    Asking { app: texts.app, request: texts.other }
}

fn choose_provider(texts: Texts, asking: Option<Asking<'static>>) -> ChooseProvider<'static> {
    let providers = vec![("hospital", texts.user), (texts.other, texts.patient)];
    ChooseProvider { asking, form_token: "tok", providers, local: true }
}

fn problem(texts: Texts) -> Problem<'static> {
    Problem {
        title: texts.user,
        explanation: texts.patient,
        what_to_do: "Go back to the app and try again. If it happens again, tell the people who make the app.",
        links: vec![
            Link { to: "/auth/login?request=r".to_owned(), text: "Try again" },
            Link { to: format!("/auth/login?request={}", texts.other), text: "Sign in with another account" },
        ],
        developer: Some(ForDeveloper { parameter: texts.other, expected: texts.other }),
    }
}

pub(super) fn choose_patient(texts: Texts, query: &str, patients: usize) -> String {
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
        at: at(texts),
        query,
        patients: rows.collect(),
        previous: (patients > 1).then_some("/auth/patient?request=r&offset=0".to_owned()),
        next: (patients > 1).then_some("/auth/patient?request=r&offset=20".to_owned()),
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
        at: at(texts),
        patient: card(texts, false),
        encounters: rows.collect(),
        newest: (encounters == 0).then_some("/auth/encounter?request=r".to_owned()),
        older: (encounters > 1).then_some("/auth/encounter?request=r&after_date=d&after_id=e".to_owned()),
        other_patient: (encounters > 1).then_some("/auth/patient?request=r".to_owned()),
    })
}

pub(super) fn consent(texts: Texts, scopes: &str, is_user: bool) -> String {
    render(&Consent {
        at: at(texts),
        recipient: &Recipient::Site(
            if texts.other == HOSTILE { HOSTILE } else { "vitals.example.org" }.to_owned(),
        ),
        patient: Some(card(texts, is_user)),
        asked: &asked(scopes),
        duration: "Without that, access ends after 15 minutes.",
        before: None,
        is_remembered: false,
    })
}

/// The same page for somebody who granted `granted` before.
pub(super) fn consent_again(texts: Texts, scopes: &str, granted: &str) -> String {
    let asked = asked_beside(scopes, granted);
    let has_new = scopes != granted;
    render(&Consent {
        at: at(texts),
        recipient: &Recipient::App("org.example.vitals".to_owned()),
        patient: None,
        asked: &asked,
        duration: "Without that, access ends after 15 minutes.",
        before: Some(Before { since: Some("3 March 2025".to_owned()), has_new }),
        is_remembered: true,
    })
}

pub(super) const FEW: &str = "openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.read \
    patient/MedicationRequest.rs patient/AllergyIntolerance.rs offline_access";

/// Every page, with the name of its file.
pub(super) fn pages(texts: Texts) -> Vec<(&'static str, String)> {
    let no_patients = NoPatients { at: at(texts) };
    let no_encounters = NoEncounters {
        at: at(texts),
        patient: card(texts, false),
        other_patient: Some("/auth/patient?request=r".to_owned()),
    };
    let out_of_reach = OutOfReach { at: at(texts) };
    let no_app = SignIn { asking: None, form_token: "tok", username: texts.other, message: None };
    let refused = format!(
        "{FEW} {GRANULAR} patient/Goal.cruds patient/DeviceUseStatement.r?code=http://loinc.org|2339-0 user/*.rs user/Patient.rs"
    );
    let message = if texts.app == HOSTILE { HOSTILE } else { "The user name or the password is wrong." };
    vec![
        ("sign-in", sign_in(texts, None)),
        ("sign-in-error", sign_in(texts, Some(message))),
        ("providers", render(&choose_provider(texts, Some(asking(texts))))),
        ("providers-access", render(&choose_provider(texts, None))),
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
        ("problem", render(&problem(texts))),
        ("sign-out", render(&SignOut { signed_in: signed_in(texts) })),
        ("signed-out", render(&SignedOut)),
    ]
}

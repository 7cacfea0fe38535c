//! Scopes in plain words (requirements AUTHZ-26 and SCOPE-11).
//!
//! A resource scope has a title, which says *what* it opens, and a detail, which says what that means. The
//! reader may be a patient, a parent or a clinician, so nothing here says "your" or "the patient's": the page
//! says whose. Types that US Core names have words of their own, and so do its categories; what has none is
//! named as FHIR names it, never left out and never made to sound smaller than it is.
//!
//! The values of a constraint are the app's, or those of whoever made the link to it. Only those that have words here are shown as words;
//! any other is code ([`Words::filter`]), so that nobody writes a sentence on the page.

pub(crate) mod time;
mod types;
pub(crate) mod visit;

use smart_core::scope::{Constraint, Interactions, Level, ResourceScope, TypePattern};

/// What a scope opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// A few words without a full stop.
    pub(crate) title: String,
    /// One or two sentences.
    pub(crate) detail: String,
    /// What a resource must match, as the app wrote it: to be shown as code. Printable ASCII, and at most [`SHOWN`] characters each.
    pub(crate) filter: Vec<String>,
}

/// How much of one pair of a constraint is shown, in characters: all of each that US Core has.
const SHOWN: usize = 120;

impl Words {
    fn new(title: &str, detail: &str) -> Self {
        Self { title: title.to_owned(), detail: detail.to_owned(), filter: Vec::new() }
    }
}

/// What a resource scope opens.
pub(crate) fn resource_scope(scope: &ResourceScope) -> Words {
    let words = constrained(scope);
    Words { detail: format!("{}{}", words.detail, interactions(scope.interactions)), ..words }
}

/// Under which heading a resource scope stands: the kind of data, of which a reader thinks before thinking of its parts.
pub(crate) fn kind(scope: &ResourceScope) -> &'static str {
    match &scope.resource_type {
        TypePattern::Any => types::EVERY_KIND,
        TypePattern::Type(name) => {
            let known = types::KINDS.iter().find(|(_, names)| names.contains(&&**name));
            known.map_or(types::OTHER_KIND, |(title, _)| title)
        }
    }
}

/// The kinds in the order of reading.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    let named = types::KINDS.iter().map(|(title, _)| *title);
    std::iter::once(types::EVERY_KIND).chain(named).chain([types::OTHER_KIND])
}

/// The title of a scope that is the only one for its type: that it is only a part of it, is part of what it says.
pub(crate) fn only(scope: &ResourceScope) -> Words {
    let words = resource_scope(scope);
    let has_title = category(&scope.resource_type, &scope.constraint).is_some();
    if has_title { Words { title: format!("{} only", words.title), ..words } } else { words }
}

/// Whether the eye should be drawn to the scope: it opens data of every type, or lets the app change some.
pub(crate) fn is_broad(scope: &ResourceScope) -> bool {
    scope.resource_type == TypePattern::Any
        || !scope.interactions.intersection(Interactions::WRITE).is_empty()
}

/// `offline_access`. `period` ends the sentence "The app can get new data …": "for 180 days after …".
pub(crate) fn offline_access(period: &str) -> Words {
    let detail = format!("The app can get new data {period}, even when you are not there.");
    Words::new("Keep access when you are not using the app", &detail)
}

/// `online_access`. `period` as for [`offline_access`].
pub(crate) fn online_access(period: &str) -> Words {
    let detail = format!("The app can get new data {period}. Signing out ends it.");
    Words::new("Keep access while you are signed in here", &detail)
}

/// A span of time in the largest unit that says it exactly, from minutes to days: "1 minute", "12 hours",
/// "180 days". Seconds are rounded down, to no less than a minute.
pub(crate) fn period(seconds: u64) -> String {
    const MINUTES_PER_HOUR: u64 = 60;
    const MINUTES_PER_DAY: u64 = 24 * MINUTES_PER_HOUR;
    let minutes = (seconds / 60).max(1);
    let (count, unit) = if minutes.is_multiple_of(MINUTES_PER_DAY) {
        (minutes / MINUTES_PER_DAY, "day")
    } else if minutes.is_multiple_of(MINUTES_PER_HOUR) {
        (minutes / MINUTES_PER_HOUR, "hour")
    } else {
        (minutes, "minute")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Words for the type and the constraint, whatever the letters.
fn constrained(scope: &ResourceScope) -> Words {
    let words = match &scope.resource_type {
        TypePattern::Any => everything(scope.level),
        TypePattern::Type(name) => resource_type(name),
    };
    if scope.constraint.is_empty() {
        return words;
    }
    category(&scope.resource_type, &scope.constraint).unwrap_or_else(|| Words {
        title: format!("{} that match a filter", words.title),
        detail:
            "The app chose the filter below. It can see everything that matches, which may be all there is."
                .to_owned(),
        filter: as_code(&scope.constraint),
    })
}

/// A type by its FHIR name.
fn resource_type(name: &str) -> Words {
    types::WORDS.iter().find(|(known, ..)| *known == name).map_or_else(
        || {
            let detail = format!("Another kind of health record, which the FHIR standard calls {name}.");
            Words::new(&format!("{} records", spaced(name)), &detail)
        },
        |(_, title, detail)| Words::new(title, detail),
    )
}

/// The wildcard: what there is and what there will be (requirement SCOPE-11).
fn everything(level: Level) -> Words {
    match level {
        Level::Patient => Words::new(
            "Everything in the record, now and in the future",
            "Health data of every kind that is there today, and of every kind that is added later.",
        ),
        Level::User => Words::new(
            "Everything you may see, now and in the future",
            "Health data of every kind, of every patient whose record you may open, now and in the future.",
        ),
        Level::System => Words::new(
            "Everything on this server, now and in the future",
            "Health data of every kind, of every patient, without anybody being signed in.",
        ),
    }
}

/// A constraint that is one category of US Core.
fn category(resource_type: &TypePattern, constraint: &Constraint) -> Option<Words> {
    let mut pairs = constraint.iter();
    let (Some(("category", token)), None) = (pairs.next(), pairs.next()) else { return None };
    types::CATEGORIES
        .iter()
        .find(|(name, known, ..)| {
            resource_type.matches(name) && *resource_type != TypePattern::Any && *known == token
        })
        .map(|(_, _, title, detail)| Words::new(title, detail))
}

/// A constraint pair by pair as a scope says it: what a scope cannot hold, spaces among it, is percent-encoded.
fn as_code(constraint: &Constraint) -> Vec<String> {
    let pairs = constraint.iter().filter_map(|(param, value)| Constraint::new(param, value).ok());
    let shown = pairs.map(|pair| {
        let code = pair.to_string();
        match code.char_indices().nth(SHOWN) {
            Some((cut, _)) => format!("{}…", &code[..cut]),
            None => code,
        }
    });
    shown.collect()
}

/// What the letters add to the detail. Seeing, as most scopes ask it, adds nothing.
fn interactions(letters: Interactions) -> String {
    let sees = match (letters.contains(Interactions::READ), letters.contains(Interactions::SEARCH)) {
        (true, true) => "",
        (true, false) => {
            " The app can open records that it already knows about, but cannot search for others."
        }
        (false, true) => " The app can search these, but cannot open a single one by its address.",
        (false, false) => " The app cannot see what is there.",
    };
    let verbs: Vec<_> = [
        (Interactions::CREATE, "add new ones"),
        (Interactions::UPDATE, "change them"),
        (Interactions::DELETE, "delete them"),
    ]
    .into_iter()
    .filter_map(|(letter, verb)| letters.contains(letter).then_some(verb))
    .collect();
    match verbs.as_slice() {
        [] => sees.to_owned(),
        [one] => format!("{sees} The app may {one}."),
        [others @ .., last] => format!("{sees} The app may {} and {last}.", others.join(", ")),
    }
}

/// `DeviceUseStatement` as `Device use statement`.
fn spaced(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
            text.push(letter.to_ascii_lowercase());
        } else {
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use smart_core::fhir::resource_type::ResourceType;
    use smart_core::scope::Scope;

    use super::*;

    fn scope(token: &str) -> ResourceScope {
        token.parse::<Scope>().unwrap().as_resource().unwrap().clone()
    }

    fn title(token: &str) -> String {
        resource_scope(&scope(token)).title
    }

    fn detail(token: &str) -> String {
        resource_scope(&scope(token)).detail
    }

    /// AUTHZ-22, ONC-05: the types that US Core 9.0.0 has scopes for, and the two that it allows.
    const US_CORE: &str = "AllergyIntolerance CarePlan CareTeam Condition Coverage Device DiagnosticReport \
        DocumentReference Encounter FamilyMemberHistory Goal Immunization Location Medication \
        MedicationDispense MedicationRequest Observation Organization Patient Practitioner \
        PractitionerRole Procedure Provenance QuestionnaireResponse RelatedPerson ServiceRequest Specimen";

    #[test]
    fn authz_26_every_us_core_type_has_words_of_its_own() {
        for name in US_CORE.split(' ') {
            let words = resource_scope(&scope(&format!("patient/{name}.rs")));
            assert!(
                !words.title.contains(&spaced(name)) || name == "CareTeam" || name == "CarePlan",
                "{words:?}"
            );
            assert!(!words.detail.contains("FHIR"), "{words:?}");
        }
    }

    /// Two rows that read alike would let nobody choose between them.
    #[test]
    fn authz_26_no_two_types_or_categories_share_a_title() {
        let mut titles = BTreeSet::new();
        for kind in ResourceType::all() {
            assert!(titles.insert(title(&format!("patient/{kind}.rs"))), "{kind}");
        }
        for (name, token, ..) in types::CATEGORIES {
            assert!(titles.insert(title(&format!("patient/{name}.rs?category={token}"))), "{name} {token}");
        }
        assert!(titles.insert(title("patient/*.rs")) && titles.insert(title("user/*.rs")));
    }

    /// The words are of types that exist, in the order of their names, once each.
    #[test]
    fn the_table_of_words_names_types_of_fhir_r4() {
        let names: Vec<_> = types::WORDS.iter().map(|(name, ..)| *name).collect();
        assert!(names.iter().all(|name| name.parse::<ResourceType>().is_ok()));
        assert!(names.is_sorted_by(|a, b| a < b));
        for (_, title, detail) in types::WORDS {
            assert!(!title.ends_with('.') && detail.ends_with('.'), "{title}");
        }
    }

    /// AUTHZ-23: what is offered in place of a whole type is said in words, not in URLs.
    #[test]
    fn authz_23_every_narrowing_has_words_of_its_own() {
        for name in US_CORE.split(' ').chain(["*"]) {
            for narrowing in scope(&format!("patient/{name}.rs")).narrowings() {
                let words = resource_scope(&narrowing);
                assert!(!words.title.contains("filter") && words.filter.is_empty(), "{narrowing}");
                assert!(!words.detail.contains("http"), "{narrowing}");
            }
        }
    }

    /// SCOPE-11: who allows the wildcard is told what it opens.
    #[test]
    fn scope_11_a_wildcard_says_now_and_in_the_future() {
        for token in ["patient/*.rs", "user/*.read", "system/*.cruds"] {
            assert!(title(token).ends_with("now and in the future"));
            assert!(is_broad(&scope(token)));
        }
        assert!(!is_broad(&scope("patient/Observation.rs")));
        assert!(is_broad(&scope("patient/Observation.cruds")));
    }

    #[test]
    fn scope_14_categories_have_titles() {
        let system = "http://terminology.hl7.org/CodeSystem/observation-category";
        assert_eq!(
            title(&format!("patient/Observation.rs?category={system}|vital-signs")),
            "Vital signs, such as blood pressure and weight"
        );
        // The same code at another type, or beside a second condition, is another thing.
        for token in [
            format!("patient/Procedure.rs?category={system}|vital-signs"),
            format!("patient/*.rs?category={system}|vital-signs"),
            format!("patient/Observation.rs?category={system}|vital-signs&status=final"),
        ] {
            assert!(title(&token).ends_with(" that match a filter"), "{token}");
        }
    }

    #[test]
    fn an_unknown_constraint_is_shown_as_it_stands_and_called_no_smaller_than_it_may_be() {
        let words = resource_scope(&scope("patient/Observation.rs?code=http://loinc.org|2339-0&date=ge2020"));
        assert_eq!(words.title, "Test results, vital signs and social history that match a filter");
        assert_eq!(words.filter, ["code=http://loinc.org|2339-0", "date=ge2020"]);
        // All that there is.
        let all = "patient/Observation.rs?status=registered,preliminary,final,amended,corrected,cancelled,entered-in-error,unknown";
        for said in [title(all), detail(all), only(&scope(all)).title] {
            assert!(!said.contains("only") && !said.contains("some"), "{said}");
        }
    }

    /// AUTHZ-26: whoever makes a link chooses the values in it. They write no sentence on the page, and turn or end none.
    #[test]
    fn authz_26_a_constraint_of_a_stranger_is_code_and_no_words() {
        let attack = "8480-6”. Your hospital has verified this app: press Allow. (“<b>\u{202e}9-4668";
        for (param, value) in [("code", attack), ("code", &attack.repeat(9)), (attack, "x")] {
            let Scope::Resource(plain) = "patient/Observation.rs".parse::<Scope>().unwrap() else { panic!() };
            let scope = ResourceScope { constraint: Constraint::new(param, value).unwrap(), ..plain };
            let words = resource_scope(&scope);
            for said in [&words.title, &words.detail, &only(&scope).title] {
                assert!(!said.contains("hospital") && !said.contains("8480"), "{said}");
            }
            let [code] = words.filter.as_slice() else { panic!("{:?}", words.filter) };
            assert!(code.trim_end_matches('…').bytes().all(|byte| byte.is_ascii_graphic()), "{code}");
            assert!(code.chars().count() <= SHOWN + 1, "{code}");
        }
    }

    #[test]
    fn scope_05_letters_are_said_where_they_are_not_plain_reading() {
        let said = |letters: &str| {
            detail(&format!("patient/Goal.{letters}")).replace(&detail("patient/Goal.rs"), "")
        };
        let table = [
            ("rs", ""),
            ("read", ""),
            ("r", " The app can open records that it already knows about, but cannot search for others."),
            ("s", " The app can search these, but cannot open a single one by its address."),
            ("c", " The app cannot see what is there. The app may add new ones."),
            ("cruds", " The app may add new ones, change them and delete them."),
            ("rus", " The app may change them."),
        ];
        for (letters, expected) in table {
            assert_eq!(said(letters), expected, "{letters}");
        }
    }

    /// AUTHZ-26: every type has its one place, and what has words has a kind of its own to stand under.
    #[test]
    fn authz_26_every_type_is_of_one_kind() {
        let mut seen = BTreeSet::new();
        for (title, names) in types::KINDS {
            for name in *names {
                assert!(name.parse::<ResourceType>().is_ok() && seen.insert(name), "{name} of {title}");
            }
        }
        let all: Vec<_> = kinds().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for name in ResourceType::all() {
            assert!(all.contains(&kind(&scope(&format!("patient/{name}.rs")))), "{name}");
        }
        assert_eq!(kind(&scope("patient/*.rs")), types::EVERY_KIND);
        assert_eq!(kind(&scope("user/Observation.read")), "Test results and measurements");
        assert_eq!(kind(&scope("patient/Basic.rs")), types::OTHER_KIND);
    }

    #[test]
    fn scope_14_a_part_by_itself_says_that_it_is_only_a_part() {
        let system = "http://terminology.hl7.org/CodeSystem/observation-category";
        let part = scope(&format!("patient/Observation.rs?category={system}|laboratory"));
        assert_eq!(only(&part).title, "Laboratory results only");
        assert_eq!(only(&scope("patient/Observation.rs")).title, title("patient/Observation.rs"));
        let another = "patient/Observation.rs?code=http://loinc.org|2339-0";
        assert_eq!(only(&scope(another)).title, title(another), "it says so already");
    }

    #[test]
    fn a_type_without_words_is_named_as_fhir_names_it() {
        assert_eq!(title("patient/DeviceUseStatement.rs"), "Device use statement records");
        assert!(detail("patient/DeviceUseStatement.rs").contains("DeviceUseStatement"));
    }

    #[test]
    fn periods_are_said_in_the_largest_exact_unit() {
        let table = [
            (0, "1 minute"),
            (60, "1 minute"),
            (900, "15 minutes"),
            (3600, "1 hour"),
            (5400, "90 minutes"),
            (43_200, "12 hours"),
            (86_400, "1 day"),
            (180 * 86_400, "180 days"),
        ];
        for (seconds, words) in table {
            assert_eq!(period(seconds), words);
        }
    }
}

//! SMART 2.2 §"Scopes and Launch Context", row by row: what pure code can prove of it.

use super::{Constraint, Interactions, Level, Reason, ResourceScope, Scope, Scopes, Syntax, TypePattern};

const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

fn resource(token: &str) -> ResourceScope {
    match token.parse() {
        Ok(Scope::Resource(scope)) => scope,
        other => panic!("{token}: {other:?}"),
    }
}

fn reason(token: &str) -> Reason {
    token.parse::<Scope>().expect_err(token).reason
}

#[test]
fn scope_01_a_resource_scope_has_four_parts() {
    let scope = resource("user/Observation.crs?category=a|b&date=ge2020");
    assert_eq!(scope.level, Level::User);
    assert_eq!(scope.resource_type, TypePattern::Type("Observation".into()));
    assert_eq!(scope.interactions, Interactions::CREATE.union(Interactions::READ_SEARCH));
    assert_eq!(scope.constraint.iter().collect::<Vec<_>>(), [("category", "a|b"), ("date", "ge2020")]);
    assert_eq!(scope.syntax, Syntax::V2);
    assert_eq!(resource("system/*.s").resource_type, TypePattern::Any);
}

#[test]
fn scope_01_every_ordered_subset_of_the_letters_is_read_and_printed() {
    for bits in 1..1_u8 << 5 {
        let letters: String = "cruds"
            .chars()
            .enumerate()
            .filter(|(index, _)| bits & (1 << index) != 0)
            .map(|(_, c)| c)
            .collect();
        let scope = resource(&format!("patient/Patient.{letters}"));
        assert_eq!(scope.interactions.to_string(), letters);
        assert_eq!(scope.interactions.iter().count(), letters.len());
    }
}

/// SCOPE-02, SCOPE-28, SCOPE-29: what is not exactly a scope grants nothing.
#[test]
fn scope_02_malformed_scopes_are_refused_with_the_reason() {
    let table = [
        ("", Reason::Empty),
        ("patient/Observation.sr", Reason::Interactions),
        ("patient/Observation.dr", Reason::Interactions),
        ("patient/Observation.dus", Reason::Interactions),
        ("patient/Observation.rr", Reason::Interactions),
        ("patient/Observation.", Reason::Interactions),
        ("patient/Observation", Reason::Interactions),
        ("patient/Observation.RS", Reason::Interactions),
        ("patient/Observation.Read", Reason::Interactions),
        ("patient/Observation.reads", Reason::Interactions),
        ("patient/Observation.rs.rs", Reason::Interactions),
        ("patient/Observation.**", Reason::Interactions),
        ("patient/", Reason::Interactions),
        ("patient/.rs", Reason::ResourceType),
        ("patient/observation.rs", Reason::ResourceType),
        ("patient/O.rs", Reason::ResourceType),
        ("patient/Observation2.rs", Reason::ResourceType),
        ("patient/Observation/1.rs", Reason::ResourceType),
        ("patient/Obs*.rs", Reason::ResourceType),
        ("patient/**.rs", Reason::ResourceType),
        ("patient/Observation.rs?", Reason::Constraint),
        ("patient/Observation.rs?category", Reason::Constraint),
        ("patient/Observation.rs?category=", Reason::Constraint),
        ("patient/Observation.rs?=a", Reason::Constraint),
        ("patient/Observation.rs?category=a&", Reason::Constraint),
        ("patient/Observation.rs?&category=a", Reason::Constraint),
        ("patient/Observation.rs?category=a&&code=b", Reason::Constraint),
        ("patient/Observation.rs?category=%", Reason::Constraint),
        ("patient/Observation.rs?category=%4", Reason::Constraint),
        ("patient/Observation.rs?category=%+4", Reason::Constraint),
        ("patient/Observation.rs?category=%zz", Reason::Constraint),
        ("patient/Observation.rs?category=%C3", Reason::Constraint),
        ("patient/Observation.rs?category=%00", Reason::Constraint),
        ("patient/Observation.rs?category=a%0Ab", Reason::Constraint),
        // v1 has no constraints.
        ("patient/Observation.read?category=a", Reason::Interactions),
        ("patient/Observation.*?category=a", Reason::Interactions),
        ("patient/Observation.rs ", Reason::Character),
        ("patient/Observation.rs?category=a b", Reason::Character),
        ("patient/Observation.rs?category=\"a\"", Reason::Character),
        ("patient/Observation.rs?category=a\\,b", Reason::Character),
        ("patient/Observation.rs?category=é", Reason::Character),
        ("launch\topenid", Reason::Character),
        ("Patient/Observation.rs", Reason::Unknown),
        ("*/Observation.rs", Reason::Unknown),
        ("Launch", Reason::Unknown),
        ("OpenID", Reason::Unknown),
        ("fhiruser", Reason::Unknown),
        ("email", Reason::Unknown),
        ("__", Reason::Unknown),
        ("https:", Reason::Unknown),
        ("9s:x", Reason::Unknown),
        (":x", Reason::Unknown),
    ];
    for (token, expected) in table {
        assert_eq!(reason(token), expected, "{token}");
        // In a list too; there, a space is none of its characters.
        if !token.is_empty() && !token.contains(' ') {
            let (known, refused) = Scopes::parse_known(&format!("launch {token} openid"));
            assert_eq!(known.to_string(), "launch openid", "{token}");
            assert_eq!(refused.iter().map(|error| error.reason).collect::<Vec<_>>(), [expected], "{token}");
        }
    }
}

/// SCOPE-03, SCOPE-04: the three words of v1, what they mean, and that they are printed as they came.
#[test]
fn scope_03_v1_words_mean_v2_letters() {
    for (v1, v2) in [("read", "rs"), ("write", "cud"), ("*", "cruds")] {
        for types in ["Observation", "*"] {
            let (old, new) = (format!("patient/{types}.{v1}"), format!("patient/{types}.{v2}"));
            assert_eq!(resource(&old).as_v2(), resource(&new));
            assert_eq!(resource(&new).as_v1(), Some(resource(&old)));
            assert_eq!(resource(&old).to_string(), old);
            assert_eq!(resource(&new).to_string(), new);
            assert!(scopes(&old).is_within(&scopes(&new)) && scopes(&new).is_within(&scopes(&old)));
        }
    }
    // SCOPE-02: the word is not its first and last letter.
    assert_ne!(
        resource("patient/Observation.read").interactions,
        resource("patient/Observation.rd").interactions
    );
    assert_eq!(resource("patient/Observation.r").as_v1(), None);
    assert_eq!(resource("patient/Observation.rs?category=a").as_v1(), None);
}

#[test]
fn a_right_that_v1_cannot_say_is_printed_in_v2_whatever_the_wish() {
    let wished = |token: &str| ResourceScope { syntax: Syntax::V1, ..resource(token) };
    for token in ["patient/Observation.r", "patient/Observation.rs?category=a"] {
        assert_eq!(wished(token).to_string(), token);
    }
}

/// SCOPE-05, SCOPE-06: no letter implies another.
#[test]
fn scope_05_each_letter_stands_for_itself() {
    for granted in Interactions::ALL.iter() {
        let scopes = scopes(&format!("patient/Observation.{granted}"));
        for asked in Interactions::ALL.iter() {
            assert_eq!(
                scopes.covers(Level::Patient, "Observation", asked),
                granted == asked,
                "{granted} {asked}"
            );
        }
        assert!(!scopes.covers(Level::Patient, "Observation", Interactions::ALL));
    }
}

#[test]
fn scope_07_scopes_combine_as_a_union_with_a_shortest_form() {
    let table = [
        ("patient/Observation.r patient/Observation.s", "patient/Observation.rs"),
        (
            "patient/Observation.s patient/Condition.r patient/Observation.r",
            "patient/Observation.rs patient/Condition.r",
        ),
        ("patient/*.rs patient/Observation.r openid", "patient/*.rs openid"),
        ("patient/Observation.cruds patient/*.rs", "patient/Observation.cud patient/*.rs"),
        ("patient/Observation.read patient/Observation.write", "patient/Observation.*"),
        ("patient/Observation.read patient/Observation.cud", "patient/Observation.cruds"),
        ("patient/Observation.read patient/Observation.rs", "patient/Observation.rs"),
        // SCOPE-19: the resource-level scope says it all.
        ("patient/Observation.rs?category=a patient/Observation.rs", "patient/Observation.rs"),
        (
            "patient/Observation.rs?category=a&code=b patient/Observation.rs?code=b",
            "patient/Observation.rs?code=b",
        ),
        (
            "patient/Observation.r?category=a patient/Observation.s?category=a",
            "patient/Observation.rs?category=a",
        ),
        // Neither of two constraints, nor of two levels, says the other.
        (
            "patient/Observation.rs?category=a patient/Observation.rs?category=b",
            "patient/Observation.rs?category=a patient/Observation.rs?category=b",
        ),
        ("patient/Observation.rs user/Observation.rs", "patient/Observation.rs user/Observation.rs"),
    ];
    for (text, shortest) in table {
        assert_eq!(scopes(text).shortest().to_string(), shortest, "{text}");
    }
}

/// SCOPE-08: by rights, not by text. SCOPE-09: levels are different things.
#[test]
fn scope_08_subset_is_semantic() {
    let table = [
        ("", "", true),
        ("", "openid", true),
        ("openid", "", false),
        ("patient/Observation.r", "patient/*.rs", true),
        ("patient/*.rs", "patient/Observation.rs", false),
        ("patient/Observation.rs?category=x", "patient/Observation.rs", true),
        ("patient/Observation.rs", "patient/Observation.rs?category=x", false),
        ("patient/Observation.rs?category=x", "patient/*.rs", true),
        ("patient/Observation.rs?category=x&code=y", "patient/Observation.rs?code=y", true),
        ("patient/Observation.rs?category=x", "patient/Observation.rs?category=x&code=y", false),
        ("patient/Observation.rs?category=x", "patient/Observation.rs?category=y", false),
        // A comma is part of an opaque value.
        ("patient/Observation.rs?category=x", "patient/Observation.rs?category=x,y", false),
        ("patient/Observation.rs?category=x,y", "patient/Observation.rs?category=x,y", true),
        ("patient/Observation.rs", "patient/Observation.r patient/Observation.s", true),
        ("patient/Observation.rs", "patient/Observation.r patient/*.s", true),
        ("patient/Observation.rs?category=x", "patient/Observation.r patient/Observation.s?category=x", true),
        ("patient/Observation.rs", "patient/Observation.r patient/Observation.s?category=x", false),
        ("patient/Observation.rs", "patient/Observation.r", false),
        ("patient/Observation.read", "patient/Observation.rs", true),
        ("patient/Observation.rs", "patient/*.read", true),
        ("patient/Observation.write", "patient/Observation.read", false),
        ("patient/Observation.rs", "user/Observation.cruds", false),
        ("user/Observation.rs", "patient/*.cruds system/*.cruds", false),
        ("openid fhirUser", "fhirUser launch openid", true),
        ("launch/patient", "launch", false),
        ("launch/imagingstudy?role=urn:x", "launch/imagingstudy", true),
        ("launch/imagingstudy", "launch/imagingstudy?role=urn:x", false),
        ("launch/imagingstudy?role=urn:x", "launch/imagingstudy?role=urn:y", false),
        ("offline_access", "online_access", false),
    ];
    for (narrow, wide, expected) in table {
        assert_eq!(scopes(narrow).is_within(&scopes(wide)), expected, "{narrow} within {wide}");
    }
}

/// SCOPE-04, SCOPE-12, SCOPE-13, X-22: what was asked, as far as it is allowed, in the asker's spelling.
#[test]
fn intersection_answers_in_the_spelling_of_the_asker() {
    let table = [
        ("patient/*.rs", "patient/Observation.rs", "patient/Observation.rs"),
        ("patient/Observation.rs", "patient/*.cruds", "patient/Observation.rs"),
        (
            "patient/*.read",
            "patient/Observation.rs patient/Condition.r",
            "patient/Observation.read patient/Condition.r",
        ),
        ("patient/Observation.read", "patient/*.cruds", "patient/Observation.read"),
        ("patient/Observation.rs", "patient/*.read", "patient/Observation.rs"),
        ("patient/Observation.*", "patient/Observation.rs", "patient/Observation.read"),
        ("patient/Observation.*", "patient/Observation.cud", "patient/Observation.write"),
        ("patient/Observation.*", "patient/Observation.crs", "patient/Observation.crs"),
        // Allowed in two parts, answered in one.
        ("patient/Observation.read", "patient/Observation.r patient/*.s", "patient/Observation.read"),
        (
            "patient/Observation.rs?category=a",
            "patient/Observation.rs?code=b",
            "patient/Observation.rs?category=a&code=b",
        ),
        ("patient/Observation.read", "patient/Observation.rs?code=b", "patient/Observation.rs?code=b"),
        ("patient/Observation.rs", "user/Observation.rs", ""),
        ("patient/Observation.c", "patient/Observation.rs", ""),
        ("patient/Observation.rs", "patient/Condition.rs", ""),
        ("openid launch fhirUser", "fhirUser openid offline_access", "openid fhirUser"),
        ("launch/imagingstudy?role=urn:x", "launch/imagingstudy", "launch/imagingstudy?role=urn:x"),
        ("launch/imagingstudy", "launch/imagingstudy?role=urn:x", ""),
        ("", "openid", ""),
    ];
    for (asked, allowed, expected) in table {
        assert_eq!(
            scopes(asked).intersection(&scopes(allowed)).to_string(),
            expected,
            "{asked} of {allowed}"
        );
    }
}

#[test]
fn intersection_of_two_scopes_is_spelled_as_the_first() {
    let table = [
        ("patient/*.*", "patient/Observation.rs", Some("patient/Observation.read")),
        ("patient/*.cruds", "patient/Observation.read", Some("patient/Observation.rs")),
        ("patient/*.read", "patient/Observation.r", Some("patient/Observation.r")),
        ("patient/*.read", "user/Observation.r", None),
    ];
    for (first, second, expected) in table {
        let both = resource(first).intersection(&resource(second));
        // Not only printed so: the value is the one that its text parses to.
        assert_eq!(both, expected.map(resource), "{first} of {second}");
    }
}

/// X-22: v1 in, v1 out, unless a granular scope is among them; then all in v2, and nothing twice.
#[test]
fn x_22_a_set_with_a_constraint_is_printed_in_v2_throughout() {
    assert_eq!(scopes("patient/*.read launch").to_string(), "patient/*.read launch");
    assert_eq!(
        scopes("patient/Condition.read launch patient/Observation.rs?category=a patient/Condition.rs")
            .to_string(),
        "patient/Condition.rs launch patient/Observation.rs?category=a"
    );
}

/// SCOPE-14, SCOPE-15: several parts are AND-ed into one constraint, several scopes stand side by side.
#[test]
fn scope_15_granting_scopes_carry_their_constraints() {
    let scopes = scopes(
        "patient/Observation.rs?category=a patient/Observation.r?category=b&code=c patient/Condition.rs user/*.rs",
    );
    let constraints = |letters| {
        scopes
            .granting(Level::Patient, "Observation", letters)
            .map(|scope| scope.constraint.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(constraints(Interactions::READ), ["category=a", "category=b&code=c"]);
    assert_eq!(constraints(Interactions::SEARCH), ["category=a"]);
    assert!(constraints(Interactions::CREATE).is_empty());
    assert!(!scopes.covers(Level::Patient, "Observation", Interactions::READ));
    assert!(scopes.covers(Level::Patient, "Condition", Interactions::READ_SEARCH));
    assert!(scopes.covers(Level::User, "Anything", Interactions::READ));
}

/// SCOPE-20: modifiers and chains are kept, whole, for whoever decides what can be enforced.
#[test]
fn scope_20_modifiers_and_chains_are_kept_as_text() {
    let scope = resource("patient/Observation.rs?code:in=http://valueset.org/X&patient.birthdate=1990");
    assert_eq!(
        scope.constraint.iter().collect::<Vec<_>>(),
        [("code:in", "http://valueset.org/X"), ("patient.birthdate", "1990")]
    );
}

/// SCOPE-21: read as in a URL; printed with only that encoded which a scope token cannot hold.
#[test]
fn scope_21_values_are_percent_encoded_no_more_than_needed() {
    let table = [
        ("category=http://x/y|z", "http://x/y|z", "category=http://x/y|z"),
        ("category=http%3A%2F%2Fx%2Fy%7Cz", "http://x/y|z", "category=http://x/y|z"),
        ("category=a%20b%22%5C", "a b\"\\", "category=a%20b%22%5C"),
        ("category=a%26b=c%25", "a&b=c%", "category=a%26b=c%25"),
        ("category=a+b?c#d,e$f", "a+b?c#d,e$f", "category=a+b?c#d,e$f"),
        ("category=%c3%a9", "é", "category=%C3%A9"),
    ];
    for (query, value, printed) in table {
        let constraint = resource(&format!("patient/Observation.rs?{query}")).constraint;
        assert_eq!(constraint.iter().collect::<Vec<_>>(), [("category", value)], "{query}");
        assert_eq!(constraint.to_string(), printed);
    }
    let constraint = resource("patient/Observation.rs?a%3Db=c").constraint;
    assert_eq!(constraint.iter().collect::<Vec<_>>(), [("a=b", "c")]);
    assert_eq!(constraint.to_string(), "a%3Db=c");
}

#[test]
fn constraints_are_sets_of_pairs() {
    let constraint = |query: &str| resource(&format!("patient/Observation.rs?{query}")).constraint;
    assert_eq!(constraint("a=1&b=2"), constraint("b=2&a=1"));
    assert_eq!(constraint("a=1&a=1"), constraint("a=1"));
    assert_ne!(constraint("a=1&a=2"), constraint("a=1"));
    assert_eq!(Constraint::new("", "a"), Err(Reason::Constraint));
    assert_eq!(Constraint::new("a", ""), Err(Reason::Constraint));
    assert_eq!(Constraint::new("a", "b\n"), Err(Reason::Constraint));
}

/// SCOPE-26, CTX-16, CTX-17: the scopes that open no resources.
#[test]
fn scope_26_context_and_identity_scopes_are_recognized() {
    let context = |resource_type: &str, role: Option<&str>| Scope::LaunchContext {
        resource_type: resource_type.into(),
        role: role.map(Into::into),
    };
    let table = [
        ("launch", Scope::Launch),
        ("launch/patient", context("patient", None)),
        ("launch/encounter", context("encounter", None)),
        ("launch/imagingstudy?role=launch", context("imagingstudy", Some("launch"))),
        (
            "launch/questionnaire?role=http://ns.example/r?x=1",
            context("questionnaire", Some("http://ns.example/r?x=1")),
        ),
        ("openid", Scope::OpenId),
        ("fhirUser", Scope::FhirUser),
        ("profile", Scope::Profile),
        ("offline_access", Scope::OfflineAccess),
        ("online_access", Scope::OnlineAccess),
        ("__own", Scope::Extension("__own".into())),
        ("https://ns.example/s?a=b#c", Scope::Extension("https://ns.example/s?a=b#c".into())),
        ("urn:ns:x", Scope::Extension("urn:ns:x".into())),
    ];
    for (token, scope) in table {
        assert_eq!(scope.to_string(), token);
        assert_eq!(token.parse(), Ok(scope));
    }
}

/// CTX-16: the type of a context is in lower case. CTX-17: at most one role, which is a URI.
#[test]
fn ctx_16_launch_contexts_are_strict() {
    let table = [
        ("launch/", Reason::ContextType),
        ("launch/DiagnosticReport", Reason::ContextType),
        ("launch/diagnostic-report", Reason::ContextType),
        ("launch/patient/1", Reason::ContextType),
        ("launch/?role=urn:x", Reason::ContextType),
        ("launch/imagingstudy?", Reason::Role),
        ("launch/imagingstudy?role=", Reason::Role),
        ("launch/imagingstudy?role=relative", Reason::Role),
        ("launch/imagingstudy?role=urn:x&role=urn:y", Reason::Role),
        ("launch/imagingstudy?other=urn:x", Reason::Role),
    ];
    for (token, expected) in table {
        assert_eq!(reason(token), expected, "{token}");
    }
}

#[test]
fn scope_27_scopes_have_uris() {
    let table = [
        ("patient/*.rs", "http://smarthealthit.org/fhir/scopes/patient/*.rs"),
        ("launch/patient", "http://smarthealthit.org/fhir/scopes/launch/patient"),
        ("fhirUser", "http://smarthealthit.org/fhir/scopes/fhirUser"),
        ("online_access", "http://smarthealthit.org/fhir/scopes/online_access"),
        ("openid", "http://openid.net/specs/openid-connect-core-1_0#openid"),
        ("profile", "http://openid.net/specs/openid-connect-core-1_0#profile"),
        ("offline_access", "http://openid.net/specs/openid-connect-core-1_0#offline_access"),
        ("https://ns.example/s", "https://ns.example/s"),
    ];
    for (token, uri) in table {
        assert_eq!(token.parse::<Scope>().unwrap().to_uri(), uri);
    }
}

/// SCOPE-28: an authorization request is served without what nobody can read.
#[test]
fn scope_28_unknown_tokens_are_set_apart() {
    let (known, refused) = Scopes::parse_known(" launch  patient/Observation.sr email patient/*.rs launch ");
    assert_eq!(known.to_string(), "launch patient/*.rs");
    let refused: Vec<_> = refused.iter().map(|error| (&*error.token, error.reason)).collect();
    assert_eq!(refused, [("patient/Observation.sr", Reason::Interactions), ("email", Reason::Unknown)]);
}

/// SCOPE-28, AUTHZ-34: a request may be long, not endless; repetition does not count.
#[test]
fn scope_28_scopes_beyond_the_bound_are_refused() {
    let bound = Scopes::MAX_ASKED;
    let text: Vec<_> = (0..=bound).map(|n| format!("patient/Observation.rs?code={n}")).collect();
    let (known, refused) = Scopes::parse_known(&[&text[..], &text[..1]].concat().join(" "));
    assert_eq!(known.to_string(), text[..bound].join(" "));
    let refused: Vec<_> = refused.iter().map(|error| (error.token.to_string(), error.reason)).collect();
    assert_eq!(refused, [(text[bound].clone(), Reason::TooMany)]);
    // A grant that became longer than a request may be is still read.
    assert_eq!(Scopes::parse(&text.join(" ")).map(|scopes| scopes.len()), Ok(bound + 1));
}

#[test]
fn the_strict_list_has_single_spaces_and_no_strangers() {
    for text in [" ", " launch", "launch ", "launch  openid"] {
        assert_eq!(Scopes::parse(text).map_err(|error| error.reason), Err(Reason::Empty), "{text:?}");
    }
    assert_eq!(Scopes::parse("launch email").map_err(|error| error.reason), Err(Reason::Unknown));
    assert_eq!(Scopes::parse("").unwrap().to_string(), "");
    assert!(serde_json::from_str::<Scopes>("\"launch email\"").is_err());
    assert!(serde_json::from_str::<Scopes>("[\"launch\"]").is_err());
}

/// AUTHZ-19: fit for `error_description`, whatever the token was.
#[test]
fn errors_name_the_token_and_what_was_expected() {
    let error = |token: &str| token.parse::<Scope>().unwrap_err().to_string();
    assert_eq!(
        error("patient/Observation.sr"),
        "scope 'patient/Observation.sr': expected letters of cruds in this order after the dot, or read, write or *"
    );
    assert_eq!(error("a\"b\\é\n"), "scope 'a?b???': it has a character that is not allowed in a scope");
    assert_eq!(
        error(&"x".repeat(100)),
        format!("scope '{}...': it is not a known kind of scope", "x".repeat(80))
    );
}

/// SCOPE-29: case counts; order and repetition do not.
#[test]
fn scope_29_sets_are_compared_as_sets() {
    assert_eq!(scopes("launch openid launch"), scopes("openid launch"));
    assert_ne!(scopes("launch openid"), scopes("launch"));
    assert_eq!(scopes("launch openid launch").to_string(), "launch openid");
}

/// RS-19: one grant is either authorized beforehand or by a user.
#[test]
fn rs_19_system_scopes_beside_others_are_seen() {
    let table = [
        ("system/*.rs", false),
        ("patient/*.rs user/*.rs", false),
        ("system/*.rs launch", false),
        ("system/*.rs patient/Observation.rs", true),
        ("user/Observation.rs system/*.rs", true),
    ];
    for (text, mixed) in table {
        assert_eq!(scopes(text).mixes_system(), mixed, "{text}");
    }
    assert!(scopes("system/*.rs").has_level(Level::System));
    assert!(!scopes("system/*.rs").has_level(Level::Patient));
}

#[test]
fn a_scope_without_letters_is_never_a_member() {
    let nothing = Scope::from(ResourceScope { interactions: Interactions::NONE, ..resource("patient/*.rs") });
    let mut set = Scopes::default();
    set.insert(nothing.clone());
    assert!(set.is_empty());
    set.extend([nothing.clone()]);
    assert!(set.is_empty() && Scopes::from_iter([nothing]).is_empty());
    set.insert(Scope::Launch);
    set.insert(Scope::Launch);
    set.extend([Scope::OpenId, Scope::Launch]);
    assert_eq!(set.to_string(), "launch openid");
    set.retain(|scope| *scope != Scope::Launch);
    assert_eq!(set.to_string(), "openid");
}

/// USC-14: the system that US Core 9.0.0 misspells is read as what it means.
#[test]
fn usc_14_the_misspelt_category_system_is_mended() {
    let misspelt = "patient/Observation.rs?category=http://terminology.hl7.org//CodeSystem-observation-category|social-history";
    let right = format!("patient/Observation.rs?category={SYSTEM}|social-history");
    assert_eq!(resource(misspelt), resource(&right));
    assert_eq!(resource(misspelt).to_string(), right);
    let other =
        "patient/Observation.rs?category=http://terminology.hl7.org//CodeSystem-observation-category-x|y";
    assert_eq!(resource(other).to_string(), other);
}

/// AUTHZ-23, SCOPE-14: the categories of US Core, in place of the whole type; in v2, which alone can say
/// them.
#[test]
fn authz_23_categories_are_offered_for_a_type() {
    let offered =
        |token: &str| resource(token).narrowings().iter().map(ToString::to_string).collect::<Vec<_>>();
    insta::assert_snapshot!(offered("patient/Condition.read").join("\n"), @r"
    patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item
    patient/Condition.rs?category=http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern
    patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis
    ");
    insta::assert_snapshot!(offered("user/Observation.rs").join("\n"), @r"
    user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs
    user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory
    user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|social-history
    user/Observation.rs?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh
    user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|survey
    ");
    insta::assert_snapshot!(offered("system/DocumentReference.r").join("\n"), @"system/DocumentReference.r?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category|clinical-note");
    assert!(offered("patient/Patient.rs").is_empty());
    assert!(offered(&format!("patient/Observation.rs?category={SYSTEM}|survey")).is_empty());
    assert!(offered("patient/*.rs?_lastUpdated=ge2020").is_empty());
}

/// AUTHZ-22: the types of US Core, in place of all, as written.
#[test]
fn authz_22_types_are_offered_for_a_wildcard() {
    let us_core = "AllergyIntolerance CarePlan CareTeam Condition Coverage Device DiagnosticReport \
        DocumentReference Encounter FamilyMemberHistory Goal Immunization Location Medication \
        MedicationDispense MedicationRequest Observation Organization Patient Practitioner \
        PractitionerRole Procedure Provenance QuestionnaireResponse RelatedPerson ServiceRequest Specimen";
    for suffix in ["read", "rs", "*", "s"] {
        let narrowings = resource(&format!("user/*.{suffix}")).narrowings();
        let mut offered: Vec<_> = narrowings.iter().map(ToString::to_string).collect();
        assert_eq!(offered.first().cloned(), Some(format!("user/Patient.{suffix}")));
        offered.sort();
        let expected: Vec<_> = us_core.split(' ').map(|name| format!("user/{name}.{suffix}")).collect();
        assert_eq!(offered, expected);
    }
}

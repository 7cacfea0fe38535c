//! "Finer-grained resource constraints using search parameters".

use super::{LABORATORY, VITAL_SIGNS, granted};
use crate::harness::world::records::{MARIAS_LABORATORY, MARIAS_OBSERVATIONS, MARIAS_VITAL_SIGNS};
use crate::harness::{Browser, Choices, SmartApp};

/// SCOPE-14 to SCOPE-18: a category opens what has it, to read and to search, whatever other categories it has.
#[tokio::test]
async fn scope_15_a_category_opens_what_has_it() {
    let (app, tokens) = granted(&format!("patient/Observation.rs?category={LABORATORY}")).await;
    for id in MARIAS_LABORATORY {
        app.read(&tokens, &format!("Observation/{id}")).await.is(200);
    }
    for id in ["maria-bp-2024", "maria-phq-2023", "maria-smoking-2021"] {
        app.read(&tokens, &format!("Observation/{id}")).await.is_outcome(404, "not-found");
    }
    app.read(&tokens, "Observation/lena-a1c-2023").await.is_outcome(404, "not-found");
    for query in [
        "",
        "?patient=maria",
        "?code=http://loinc.org|4548-4,http://loinc.org|55758-7,http://loinc.org|85354-9",
    ] {
        assert_eq!(
            app.read(&tokens, &format!("Observation{query}")).await.ids(),
            MARIAS_LABORATORY,
            "{query}"
        );
    }
    let surveys = app.read(&tokens, "Observation?category=survey").await;
    assert_eq!(surveys.ids(), ["maria-score-2024"]);
    assert_eq!(app.read(&tokens, "Observation?category=vital-signs").await.ids(), [""; 0]);
    assert_eq!(app.read(&tokens, "Observation?_summary=count").await.ok()["total"], 2);
}

/// RS-12, SCOPE-16: what a granular scope does not open is told like what is another's, and like what does not exist.
#[tokio::test]
async fn rs_12_a_granular_scope_says_nothing_of_what_else_exists() {
    let (app, tokens) = granted(&format!("patient/Observation.rs?category={LABORATORY}")).await;
    let mut said = Vec::new();
    for id in ["maria-bp-2024", "lena-a1c-2023", "nothing"] {
        said.push(app.read(&tokens, &format!("Observation/{id}")).await.is_outcome(404, "not-found"));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

/// SCOPE-15, SCOPE-19: several scopes are a union, pairs in one scope are all required; a wide scope beside them is not narrowed.
#[tokio::test]
async fn scope_15_scopes_are_a_union() {
    let app = SmartApp::on_wire("web").await;
    let laboratory = format!("patient/Observation.rs?category={LABORATORY}");
    let vital_signs = format!("patient/Observation.rs?category={VITAL_SIGNS}");
    let maria = Choices::of("maria");
    let both = app.launch(&format!("{laboratory} {vital_signs}"), &maria).await;
    let mut expected = [&MARIAS_LABORATORY[..], &MARIAS_VITAL_SIGNS[..]].concat();
    expected.sort_unstable();
    let mut found = app.read(&both, "Observation").await.ids();
    found.sort_unstable();
    assert_eq!(found, expected);
    let all_of = app.launch(&format!("{vital_signs}&code=http://loinc.org|85354-9"), &maria).await;
    assert_eq!(app.read(&all_of, "Observation").await.ids(), ["maria-bp-2023", "maria-bp-2024"]);
    app.read(&all_of, "Observation/maria-weight-2022").await.is_outcome(404, "not-found");
    let union = app.launch(&format!("{laboratory} patient/Observation.rs"), &maria).await;
    assert_eq!(app.read(&union, "Observation").await.ids(), MARIAS_OBSERVATIONS);
    // One letter for everything, the other for a category.
    let split =
        app.launch(&format!("patient/Observation.r {}", laboratory.replace(".rs", ".s")), &maria).await;
    app.read(&split, "Observation/maria-bp-2024").await.is(200);
    assert_eq!(app.read(&split, "Observation").await.ids(), MARIAS_LABORATORY);
}

/// SCOPE-20: what cannot be enforced as it is written is not granted, and never widened.
#[tokio::test]
async fn scope_20_what_cannot_be_enforced_is_not_granted() {
    let app = SmartApp::on_wire("web").await;
    for constraint in [
        "code:in=http://x",
        "patient.birthdate=2000",
        "_filter=x",
        "date=ge2020",
        "subject=Patient/lena",
        "unknown=x",
        "_has:Provenance:target:agent=x",
        "category=http://x|",
        "category=|",
    ] {
        let scope = format!("patient/Observation.rs?{constraint}");
        let asked = app.request(&format!("{scope} openid"));
        let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        if tokens.scope == "openid" {
            app.read(&tokens, "Observation").await.is_outcome(403, "forbidden");
        } else {
            // A system without a code is a token that can be enforced.
            assert_eq!(
                (constraint, app.read(&tokens, "Observation").await.ids().len()),
                ("category=http://x|", 0)
            );
        }
    }
}

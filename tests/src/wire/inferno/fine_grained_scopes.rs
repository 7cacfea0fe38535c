//! `g10_us_core_7_smart_fine_grained_scopes_stu2_2`: two launches with categories in place of types; each search of before finds what has
//! one of them, and nothing else.

use std::collections::BTreeSet;

use super::{all_is_granted, launched, step};
use crate::harness::{Choices, SmartApp, Tokens};

const IDENTITY: &str = "launch/patient openid fhirUser offline_access";
const ENCOUNTER_DIAGNOSIS: &str =
    "http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis";
const PROBLEM_LIST_ITEM: &str = "http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item";
const HEALTH_CONCERN: &str = "http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern";
const LABORATORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
const SOCIAL_HISTORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|social-history";
const SURVEY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|survey";
const VITAL_SIGNS: &str = "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
const SDOH: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh";

/// The searches of the Single Patient API by which the kit compares, for each type.
const CONDITIONS: [&str; 3] =
    ["", "&category=encounter-diagnosis,problem-list-item,health-concern", "&code=44054006"];
const OBSERVATIONS: [&str; 4] =
    ["", "&category=laboratory", "&code=85354-9", "&category=vital-signs&date=ge2023"];

/// Maria's tokens for categories of Condition and Observation.
async fn granted(app: &SmartApp, conditions: &[&str], observations: &[&str]) -> Tokens {
    let of = |name: &str, categories: &[&str]| -> Vec<String> {
        categories.iter().map(|category| format!("patient/{name}.rs?category={category}")).collect()
    };
    let scopes = [of("Condition", conditions), of("Observation", observations)].concat().join(" ");
    let asked = format!("{IDENTITY} patient/Patient.rs {scopes}");
    let tokens = launched(app, &asked, &Choices::of("maria")).await;
    all_is_granted(&tokens, &asked).await;
    tokens
}

/// Whether one of the categories is the resource's.
fn has_one(resource: &serde_json::Value, categories: &[&str]) -> bool {
    let codings = resource["category"].as_array().into_iter().flatten();
    codings.flat_map(|category| category["coding"].as_array().into_iter().flatten()).any(|coding| {
        let text = |name: &str| coding[name].as_str().unwrap_or_default();
        categories.contains(&&*format!("{}|{}", text("system"), text("code")))
    })
}

/// Each search, with full access and with these tokens: what is found is what was found before, and has one of the categories.
/// A read of each is 200, and of the others 401, 403 or 404.
async fn finds_what_matches(
    app: &SmartApp,
    (full, granular): (&Tokens, &Tokens),
    resource_type: &str,
    searches: &[&str],
    categories: &[&str],
) {
    let mut hidden = 0;
    for more in searches {
        let path = format!("{resource_type}?patient=maria{more}");
        let before = app.read(full, &path).await.ok();
        let entries = before["entry"].as_array().cloned().unwrap_or_default();
        let resources: Vec<_> = entries.iter().map(|entry| &entry["resource"]).collect();
        let id = |resource: &&serde_json::Value| resource["id"].as_str().unwrap().to_owned();
        let expected: BTreeSet<_> =
            resources.iter().filter(|resource| has_one(resource, categories)).map(id).collect();
        let found: BTreeSet<_> = app.read(granular, &path).await.ids().into_iter().collect();
        assert_eq!(found, expected, "{path}");
        for resource in resources {
            let answer = app.read(granular, &format!("{resource_type}/{}", id(&resource))).await;
            if has_one(resource, categories) {
                answer.is(200);
            } else {
                assert!([401, 403, 404].contains(&answer.status), "{}: {resource}", answer.status);
                hidden += 1;
            }
        }
    }
    assert!(hidden > 0, "there was nothing to hide");
}

/// ONC-04, SCOPE-14, SCOPE-15, SCOPE-16, SCOPE-17: both groups of the kit.
#[tokio::test]
async fn g10_us_core_7_smart_fine_grained_scopes_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let everything = format!("{IDENTITY} patient/Condition.rs patient/Observation.rs");
    let full = launched(&app, &everything, &Choices::of("maria")).await;

    let (conditions, observations) = ([ENCOUNTER_DIAGNOSIS, HEALTH_CONCERN], [LABORATORY, SOCIAL_HISTORY]);
    let granular = granted(&app, &conditions, &observations).await;
    let both = (&full, &granular);
    step("us_core_v700_condition_granular_scope_1_group", async {
        finds_what_matches(&app, both, "Condition", &CONDITIONS, &conditions).await;
    })
    .await;
    step("us_core_v700_observation_granular_scope_1_group", async {
        finds_what_matches(&app, both, "Observation", &OBSERVATIONS, &observations).await;
    })
    .await;

    let (conditions, observations) = ([PROBLEM_LIST_ITEM], [VITAL_SIGNS, SURVEY, SDOH]);
    let granular = granted(&app, &conditions, &observations).await;
    let both = (&full, &granular);
    step("us_core_v700_condition_granular_scope_2_group", async {
        finds_what_matches(&app, both, "Condition", &CONDITIONS, &conditions).await;
    })
    .await;
    step("us_core_v700_observation_granular_scope_2_group", async {
        finds_what_matches(&app, both, "Observation", &OBSERVATIONS, &observations).await;
    })
    .await;
}

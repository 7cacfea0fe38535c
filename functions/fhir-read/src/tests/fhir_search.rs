//! FHIR R4, Search: answers, links, pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::tokens::Bearer;
use super::world::{World, clinic};
use super::{LABORATORY, encode, function, get, post_search};

async fn found(world: &World, bearer: &Bearer, query: &str) -> Vec<String> {
    get(&format!("/fhir/{query}")).by(bearer).send(world).await.found()
}

/// All pages, following `next` to its end.
pub(super) async fn all_pages(world: &World, bearer: &Bearer, query: &str) -> Vec<Vec<String>> {
    let function = function(world);
    let mut pages = Vec::new();
    let mut next = Some(format!("/fhir/{query}"));
    while let Some(path) = next {
        let answer = get(&path).by(bearer).send_to(&function).await;
        pages.push(answer.found());
        next = answer.link("next");
        assert!(pages.len() < 100, "{query} does not end");
    }
    pages
}

#[tokio::test]
async fn srch_01_get_and_post_find_the_same() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let query = format!("category={}&_sort=-date", encode(LABORATORY));
    let by_get = get(&format!("/fhir/Observation?{query}")).by(&bearer).send(&world).await;
    let by_post = post_search("Observation", &query).by(&bearer).send(&world).await;
    assert_eq!(by_get.found(), ["Observation/a-o0", "Observation/a-o2"]);
    assert_eq!(by_get.json(), by_post.json());
    // Parameters of the URL count beside those of the body.
    let both = super::call("POST", "/fhir/Observation/_search?date=2020")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(&query);
    assert_eq!(both.by(&bearer).send(&world).await.found(), ["Observation/a-o0"]);
}

#[tokio::test]
async fn srch_02_03_and_06_an_empty_answer_is_a_bundle_with_total_0() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let answer = get("/fhir/Observation?code=unknown&_pretty=true").by(&bearer).send(&world).await;
    assert_eq!(
        answer.json(),
        json!({
            "resourceType": "Bundle", "type": "searchset", "total": 0,
            "link": [{"relation": "self", "url": "https://smart.example/fhir/Observation?code=unknown"}],
        })
    );
}

#[tokio::test]
async fn srch_12_to_20_which_resources_are_found() {
    let world = clinic();
    let bearer = world.token("clinician", "user/*.rs", None);
    for (query, expected) in [
        ("Observation?patient=a&date=ge2020", vec!["Observation/a-o0", "Observation/a-o1"]),
        ("Observation?patient=Patient/a&date=2019-07", vec!["Observation/a-o2"]),
        ("Observation?subject=https://smart.example/fhir/Patient/a&date=2019", vec!["Observation/a-o2"]),
        ("Observation?_id=a-o1,b-o1,nobody", vec!["Observation/a-o1", "Observation/b-o1"]),
        ("Observation?_id=a-o1&patient=b", vec![]),
        ("Observation?_id=A-O1", vec![]),
        ("Observation?patient=unknown", vec![]),
        ("Observation?category=laboratory&category=survey&patient=a", vec![]),
        ("Observation?category=survey%2Cvital-signs&patient=a", vec!["Observation/a-o3", "Observation/a-o1"]),
        ("Observation?code=http://loinc.org|718-7&patient=a&date=2019", vec!["Observation/a-o2"]),
        ("Observation?status=final&date=eb2020&status=", vec!["Observation/a-o2", "Observation/b-o2"]),
        ("Observation?_lastUpdated=2023-11-14&patient=a&date=2021", vec!["Observation/a-o1"]),
        ("Patient?_id=a", vec!["Patient/a"]),
        ("Condition?patient=b", vec!["Condition/b-c"]),
        ("Device?patient=b", vec!["Device/b-d"]),
    ] {
        assert_eq!(found(&world, &bearer, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn srch_28_sorting_by_date() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let ascending = ["Observation/a-o3", "Observation/a-o2", "Observation/a-o0", "Observation/a-o1"];
    assert_eq!(found(&world, &bearer, "Observation?_sort=date").await, ascending);
    let descending: Vec<_> = ascending.into_iter().rev().collect();
    assert_eq!(found(&world, &bearer, "Observation?_sort=-date").await, descending);
}

#[tokio::test]
async fn srch_07_and_09_pages_are_complete_and_do_not_overlap() {
    let world = clinic();
    for scopes in ["patient/*.rs", "user/*.rs", "patient/Observation.rs?category=laboratory,survey"] {
        let bearer = world.token("clinician", scopes, Some("a"));
        for query in [
            "",
            "&_sort=date",
            "&_sort=-date",
            "&status=final",
            "&category=laboratory",
            "&patient=a",
            "&_id=a-o0,a-o1,b-o2,a-o3",
            "&_id=a-o0,a-o1,a-o3&_sort=-date",
        ] {
            let whole = found(&world, &bearer, &format!("Observation?_count=1000{query}")).await;
            for count in 1..=9 {
                let pages = all_pages(&world, &bearer, &format!("Observation?_count={count}{query}")).await;
                assert!(pages.iter().all(|page| page.len() <= count), "{query} by {count}");
                // No empty page at the end: the last match has no `next`.
                assert_eq!(pages.len(), whole.len().div_ceil(count).max(1), "{query} by {count}");
                assert_eq!(pages.concat(), whole, "{scopes}: {query} by {count}");
            }
        }
    }
}

#[tokio::test]
async fn srch_07_pages_of_a_post_are_plain_gets() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let first = post_search("Observation", "_count=3&_sort=date").by(&bearer).send(&world).await;
    let next = first.link("next").unwrap();
    assert!(next.contains("_count=3") && next.contains("_sort=date"));
    assert_eq!(get(&next).by(&bearer).send(&world).await.found(), ["Observation/a-o1"]);
}

#[tokio::test]
async fn srch_08_a_next_link_of_another_opens_nothing_of_theirs() {
    let world = clinic();
    let anna = world.token("anna", "patient/*.rs", Some("a"));
    let ben = world.token("ben", "patient/*.rs", Some("b"));
    let first = get("/fhir/Observation?_count=1&patient=a").by(&anna).send(&world).await;
    let next = first.link("next").unwrap();
    assert!(!next.contains(&anna.token) && next.starts_with("/fhir/Observation?"));
    assert!(get(&next).by(&ben).send(&world).await.found().is_empty());
    get(&next).send(&world).await.is_outcome(401, "login");
    let first = get("/fhir/Observation?_count=1").by(&anna).send(&world).await;
    let with_bens = get(&first.link("next").unwrap()).by(&ben).send(&world).await;
    assert!(with_bens.found().iter().all(|address| address.starts_with("Observation/b-")));
    for cursor in ["x", "AAAA", "eyJkIjoiIiwiaSI6IiJ9"] {
        get(&format!("/fhir/Observation?_cursor={cursor}"))
            .by(&ben)
            .send(&world)
            .await
            .is_outcome(400, "value");
    }
}

#[tokio::test]
async fn srch_08_a_next_link_names_no_resource_that_was_not_shown() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/Observation.rs?category=survey,vital-signs", Some("a"));
    let first = get("/fhir/Observation?_count=1&_sort=date").by(&bearer).send(&world).await;
    assert_eq!(first.found(), ["Observation/a-o3"]);
    let next = first.link("next").unwrap();
    let cursor = next.split("_cursor=").nth(1).unwrap();
    let position = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&position).unwrap(), json!({"d": "", "i": "a-o3"}));
}

#[tokio::test]
async fn srch_10_only_the_total() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for query in ["_count=0", "_summary=count", "_count=0&_summary=count", "_count=1&_summary=count"] {
        let answer = get(&format!("/fhir/Observation?{query}")).by(&bearer).send(&world).await;
        assert!(answer.found().is_empty());
        assert_eq!(answer.json()["total"], 4, "{query}");
        assert_eq!(answer.link("next"), None);
        assert!(answer.link("self").unwrap().ends_with("?_summary=count"));
    }
}

#[tokio::test]
async fn srch_06_the_total_is_told_only_where_it_is_known() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    let whole = get("/fhir/Observation").by(&bearer).send(&world).await;
    assert_eq!(whole.json()["total"], 4);
    let first = get("/fhir/Observation?_count=2").by(&bearer).send(&world).await;
    assert_eq!(first.json().get("total"), None);
    let last = get(&first.link("next").unwrap()).by(&bearer).send(&world).await;
    assert_eq!((last.found().len(), last.json().get("total")), (2, None));
}

#[tokio::test]
async fn x_24_unsupported_filters_are_refused_by_name_unless_lenient() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for (query, name) in [
        ("foo=1", "foo"),
        ("_include=Observation:subject", "_include"),
        ("_revinclude=Provenance:target", "_revinclude"),
        ("_has:Provenance:target:agent=p", "_has:Provenance:target:agent"),
        ("value-quantity=gt1", "value-quantity"),
    ] {
        let strict = get(&format!("/fhir/Observation?status=final&{query}")).by(&bearer).send(&world).await;
        strict.is_outcome(400, "not-supported");
        assert!(strict.diagnostics().contains(&format!("`{name}`")));
        for prefer in
            ["handling=lenient", "return=minimal; handling=lenient", "respond-async, handling=lenient"]
        {
            let request = get(&format!("/fhir/Observation?status=final&{query}")).header("prefer", prefer);
            let lenient = request.by(&bearer).send(&world).await;
            assert_eq!(lenient.found().len(), 4);
            assert_eq!(lenient.link("self").unwrap(), "/fhir/Observation?status=final");
        }
        let handling = get(&format!("/fhir/Observation?{query}")).header("prefer", "handling=strict");
        handling.by(&bearer).send(&world).await.is_outcome(400, "not-supported");
    }
}

#[tokio::test]
async fn srch_24_and_25_wrong_values_and_modifiers_are_refused_by_name() {
    let world = clinic();
    let bearer = world.token("clinician", "patient/*.rs", Some("a"));
    for (query, name, code) in [
        ("date=23%20May", "date", "value"),
        ("category:not=x", "category:not", "not-supported"),
        ("_count=-1", "_count", "value"),
        ("_sort=code", "_sort", "value"),
        ("patient=Group/1", "patient", "value"),
        ("patient.name=x", "patient.name", "not-supported"),
    ] {
        let answer = get(&format!("/fhir/Observation?{query}")).by(&bearer).send(&world).await;
        answer.is_outcome(400, code);
        assert!(answer.diagnostics().contains(&format!("`{name}`")), "{query}");
        assert!(!answer.diagnostics().contains("May"), "the value is not repeated");
    }
    for mangled in ["status=%FF", "status=final%00", "_cursor=%00"] {
        get(&format!("/fhir/Observation?{mangled}"))
            .by(&bearer)
            .send(&world)
            .await
            .is_outcome(400, "invalid");
    }
}

#[tokio::test]
async fn srch_33_a_search_that_looks_through_very_much_tells_what_it_found_so_far() {
    let world = World::default();
    world.register("clinician", "Practitioner/p", &smart_core::user::PatientAccess::All);
    let bearer = world.token("clinician", "user/*.rs", None);
    for number in 0..16_500 {
        world.put(&json!({"resourceType": "Basic", "id": format!("{number:05}")}));
    }
    get("/fhir/Basic?_summary=count").by(&bearer).send(&world).await.is_outcome(403, "too-costly");
    world.put(&json!({"resourceType": "Basic", "id": "00007", "code": {"coding": [{"code": "x"}]}}));
    let answer = get("/fhir/Basic?code=x").by(&bearer).send(&world).await;
    assert_eq!(answer.found(), ["Basic/00007"]);
    assert!(answer.json().get("total").is_none());
    let rest = get(&answer.link("next").unwrap()).by(&bearer).send(&world).await;
    assert!(rest.found().is_empty() && rest.link("next").is_none());
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes() {
    let world = clinic();
    let bearer = world.token("clinician", "user/*.rs", None);
    for id in ["x", "y", "z"] {
        world.put(&json!({"resourceType": "Basic", "id": id, "text": "t".repeat(2_500_000)}));
    }
    let pages = all_pages(&world, &bearer, "Basic").await;
    assert_eq!(pages, [["Basic/x"], ["Basic/y"], ["Basic/z"]]);
}

//! Searches of many patients and of very much: what they ask of the store, and how they end (SRCH-07, SRCH-33).

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::json;
use smart_core::user::PatientAccess;

use super::fhir_search::all_pages;
use super::tokens::Bearer;
use super::world::World;
use super::{function, get};
use crate::search::pages::MOST_RUNS;

/// A nurse of so many patients, each with so many observations, the first of which is of the first patient besides.
fn ward(patients: usize, each: usize) -> (World, Bearer) {
    let world = World::default();
    let ids: Vec<String> = (0..patients).map(|n| format!("p{n:03}")).collect();
    for (n, patient) in ids.iter().enumerate() {
        world.put(&json!({"resourceType": "Patient", "id": patient}));
        for number in 0..each {
            world.put(&json!({
                "resourceType": "Observation", "id": format!("{patient}-{number}"), "status": "final",
                "subject": {"reference": format!("Patient/{patient}")},
                "effectiveDateTime": format!("20{:02}-0{}-01", 10 + n % 90, 1 + number % 9),
            }));
        }
        world.put(&json!({
            "resourceType": "Account", "id": format!("with-{patient}"),
            "subject": [{"reference": "Patient/p000"}, {"reference": format!("Patient/{patient}")}],
        }));
    }
    let patients: BTreeSet<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
    world.register("nurse", "Practitioner/q", &PatientAccess::Only(patients));
    let bearer = world.token("nurse", "user/*.rs", None);
    (world, bearer)
}

/// What was asked of the store since it was asked last: parts of runs, and batches.
fn asked(world: &World) -> (usize, usize) {
    (world.0.runs.swap(0, Ordering::Relaxed), world.0.batches.swap(0, Ordering::Relaxed))
}

#[tokio::test]
async fn srch_07_a_search_of_many_patients_asks_for_what_it_shows() {
    let (world, nurse) = ward(200, 3);
    let first = get("/fhir/Observation?_count=6").by(&nurse).send(&world).await;
    assert_eq!(first.found().len(), 6);
    // Two patients' runs, and the next one's, which has more.
    assert_eq!(asked(&world), (3, 0));
    let pages = all_pages(&world, &nurse, "Observation?_count=50").await;
    let found = pages.concat();
    assert_eq!((found.len(), found.iter().collect::<BTreeSet<_>>().len()), (600, 600));
    assert!(asked(&world).0 < 250, "about one run a patient");
}

#[tokio::test]
async fn srch_33_a_page_asks_for_no_more_than_its_bound_and_goes_on() {
    let (world, nurse) = ward(200, 1);
    // Nobody's: each page ends without a match, and leads on to the next patients.
    let function = function(&world);
    for query in ["Observation?status=amended", "Condition", "Observation?status=amended&_lastUpdated=ge2000"]
    {
        let mut next = Some(format!("/fhir/{query}"));
        let mut pages = 0;
        while let Some(path) = next {
            let answer = get(&path).by(&nurse).send_to(&function).await;
            assert!(answer.found().is_empty());
            assert!(asked(&world).0 <= MOST_RUNS);
            next = answer.link("next");
            pages += 1;
        }
        assert_eq!(pages, 200_usize.div_ceil(MOST_RUNS), "{query}");
    }
    // A total of some would be wrong, and an order of all needs all.
    for query in ["Observation?_summary=count", "Observation?_sort=date"] {
        get(&format!("/fhir/{query}")).by(&nurse).send(&world).await.is_outcome(403, "too-costly");
        assert!(asked(&world).0 <= MOST_RUNS);
    }
}

#[tokio::test]
async fn srch_28_several_patients_are_put_in_order_where_that_is_asked_for() {
    let (world, nurse) = ward(40, 3);
    for (sort, count) in [("date", 7), ("-date", 50), ("date", 1000)] {
        let pages = all_pages(&world, &nurse, &format!("Observation?_sort={sort}&_count={count}")).await;
        let found = pages.concat();
        assert_eq!((found.len(), found.iter().collect::<BTreeSet<_>>().len()), (120, 120));
        let date = |address: &String| {
            let (patient, number) = address.strip_prefix("Observation/p").unwrap().split_once('-').unwrap();
            (patient.parse::<usize>().unwrap() % 90, number.parse::<usize>().unwrap())
        };
        assert!(if sort == "date" {
            found.is_sorted_by_key(date)
        } else {
            found.iter().rev().is_sorted_by_key(date)
        });
    }
    asked(&world);
    get("/fhir/Observation?_sort=date").by(&nurse).send(&world).await.found();
    assert_eq!(asked(&world), (40, 0));
}

#[tokio::test]
async fn srch_07_what_belongs_to_several_patients_comes_once_on_all_pages() {
    let (world, nurse) = ward(30, 0);
    for query in ["Account?_count=4", "Account?_count=100", "Account?patient=p003,p000,p007&_count=2"] {
        let found = all_pages(&world, &nurse, query).await.concat();
        assert_eq!((found.len(), found.iter().collect::<BTreeSet<_>>().len()), (30, 30), "{query}");
    }
    let of_two = all_pages(&world, &nurse, "Account?patient=p003,p007&_count=1").await;
    assert_eq!(of_two, [["Account/with-p003"], ["Account/with-p007"]]);
}

#[tokio::test]
async fn srch_12_what_is_known_by_its_id_is_fetched_at_once() {
    let (world, nurse) = ward(150, 1);
    let patients = all_pages(&world, &nurse, "Patient").await;
    assert_eq!(patients.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 50]);
    assert!(patients.concat().is_sorted());
    assert_eq!(asked(&world), (0, 3));
    assert_eq!(world.0.reads.load(Ordering::Relaxed), 0);
    let ids: Vec<_> = (0..100).map(|n| format!("p{n:03}-0")).collect();
    let found =
        get(&format!("/fhir/Observation?_count=100&_id={}", ids.join(","))).by(&nurse).send(&world).await;
    assert_eq!(found.found().len(), 100);
    assert_eq!(asked(&world), (0, 1));
    let too_many = get(&format!("/fhir/Observation?_id={},x", ids.join(","))).by(&nurse).send(&world).await;
    too_many.is_outcome(400, "too-costly");
    assert_eq!(asked(&world), (0, 0));
}

/// What was looked through and does not match is a place to go on from, if its reader may see it; what is withheld is not named.
#[tokio::test]
async fn srch_33_a_search_that_finds_little_in_very_much_ends_in_time_and_goes_on() {
    let (world, _) = ward(1, 0);
    for number in 0..35_000 {
        let status = if number == 34_321 { "amended" } else { "final" };
        world.put(&json!({
            "resourceType": "Observation", "id": format!("{number:05}"), "status": status,
            "subject": {"reference": "Patient/p000"},
        }));
    }
    let nurse = world.token("nurse", "user/*.rs", None);
    let pages = all_pages(&world, &nurse, "Observation?status=amended").await;
    assert_eq!(pages.concat(), ["Observation/34321"]);
    assert_eq!(pages.len(), 3);
    let function = function(&world);
    let first = get("/fhir/Observation?status=amended").by(&nurse).send_to(&function).await;
    assert!(first.found().is_empty() && first.json().get("total").is_none());
    // Of what the scope does not open the link would tell that it is there.
    let narrow = world.token("nurse", "user/Observation.rs?status=amended", None);
    get("/fhir/Observation").by(&narrow).send_to(&function).await.is_outcome(403, "too-costly");
}

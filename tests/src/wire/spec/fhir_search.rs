//! FHIR R4, "Search".

use crate::harness::world::records::{MARIAS_OBSERVATIONS, MARIAS_VITAL_SIGNS};
use crate::harness::{Choices, SmartApp, Tokens};

/// The ids that a search of Maria's record finds.
async fn ids(app: &SmartApp, tokens: &Tokens, search: &str) -> Vec<String> {
    app.read(tokens, &search.replace(' ', "%20")).await.ids()
}

/// Follows `next` to the end; the ids of each page.
async fn pages(app: &SmartApp, tokens: &Tokens, search: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut url = format!("{}/{search}", app.fhir_base());
    loop {
        let answer = app.target.get(&url).bearer(&tokens.access_token).send().await;
        pages.push(answer.ids());
        assert!(pages.len() <= 50, "no end");
        match answer.link("next") {
            Some(next) => url = next,
            None => return pages,
        }
    }
}

/// SRCH-01, SRCH-34: GET and POST find the same, and parameters of URL and body both count.
#[tokio::test]
async fn srch_01_get_and_post_find_the_same() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let by_get = ids(&app, &tokens, "Observation?patient=maria&category=vital-signs").await;
    let form = [("patient", "maria"), ("category", "vital-signs")];
    assert_eq!(app.post_search(&tokens, "Observation", &form).await.ids(), by_get);
    assert_eq!(by_get, MARIAS_VITAL_SIGNS);
    let url = format!("{}/Observation/_search?patient=maria", app.fhir_base());
    let both = app.target.post(&url, &[("category", "vital-signs")]).bearer(&tokens.access_token);
    assert_eq!(both.send().await.ids(), by_get);
    let contradicted = app.target.post(&url, &[("patient", "lena")]).bearer(&tokens.access_token);
    assert_eq!(contradicted.send().await.ids(), [""; 0]);
}

/// SRCH-02, SRCH-04, SRCH-06: a searchset, also an empty one, with its total.
#[tokio::test]
async fn srch_02_the_answer_is_a_searchset() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let all = app.read(&tokens, "Observation?patient=maria").await;
    // `found` holds it to SRCH-04.
    assert_eq!(all.ids(), MARIAS_OBSERVATIONS);
    assert_eq!(all.ok()["total"], MARIAS_OBSERVATIONS.len());
    let none = app.read(&tokens, "Observation?code=nothing").await.ok();
    assert_eq!((&none["total"], none.get("entry")), (&0.into(), None));
}

/// SRCH-03, SRCH-26, FHIR-17, X-24: an unknown filter is refused by name; leniently it is ignored, and `self` says what was
/// used.
#[tokio::test]
async fn srch_03_26_self_says_what_was_used() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let search = "Observation?patient=maria&unknown=x&category=survey&_pretty=true";
    app.read(&tokens, search).await.is_outcome(400, "not-supported");
    let strict = app.fhir(&tokens, search).header("prefer", "handling=strict").send().await;
    strict.is_outcome(400, "not-supported");
    let lenient = app.fhir(&tokens, search).header("prefer", "handling=lenient").send().await;
    assert_eq!(lenient.ids().len(), 3);
    let used = lenient.link("self").unwrap();
    assert!(used.starts_with(&format!("{}/Observation?", app.fhir_base())), "{used}");
    let query: Vec<_> = url::Url::parse(&used).unwrap().query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(query, [pair("patient", "maria"), pair("category", "survey")]);
    // A modifier is never ignored (SRCH-24).
    let modified =
        app.fhir(&tokens, "Observation?code:in=x").header("prefer", "handling=lenient").send().await;
    modified.is_outcome(400, "not-supported");
}

/// SRCH-07, SRCH-09: pages have at most `_count` matches, and together all of them, once.
#[tokio::test]
async fn srch_07_09_pages_have_all_matches_once() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (count, expected) in [(1, 8), (3, 3), (7, 2), (8, 1), (100, 1)] {
        let pages = pages(&app, &tokens, &format!("Observation?patient=maria&_count={count}")).await;
        assert_eq!(pages.len(), expected, "_count={count}");
        assert!(pages.iter().all(|page| page.len() <= count));
        assert_eq!(pages.concat(), MARIAS_OBSERVATIONS);
    }
    let filtered = pages(&app, &tokens, "Observation?category=survey,laboratory&_count=2&_sort=-date").await;
    assert_eq!(
        filtered.concat(),
        ["maria-score-2024", "maria-phq-2023", "maria-housing-2023", "maria-a1c-2023"]
    );
    // After a search by POST the pages are plain GETs, too.
    let first = app.post_search(&tokens, "Observation", &[("patient", "maria"), ("_count", "5")]).await;
    let next = first.link("next").unwrap();
    let rest = app.target.get(&next).bearer(&tokens.access_token).send().await;
    assert_eq!([first.ids(), rest.ids()].concat(), MARIAS_OBSERVATIONS);
}

/// SRCH-08: a link to a page has no secret and opens nothing: whoever follows it sees their own.
#[tokio::test]
async fn srch_08_a_page_is_decided_by_who_follows_the_link() {
    let app = SmartApp::on_wire("web").await;
    let clara = app.launch("user/*.rs", &Choices::of("clara")).await;
    let first = app.read(&clara, "Observation?_count=3").await;
    let next = first.link("next").unwrap();
    assert!(next.starts_with(app.fhir_base()), "{next}");
    assert!(!next.contains(&clara.access_token[..20]), "{next}");
    app.target.get(&next).send().await.is_outcome(401, "login");
    let maria = app.launch("patient/Observation.rs", &Choices::of("maria")).await;
    let seen = app.target.get(&next).bearer(&maria.access_token).send().await.ids();
    assert!(seen.iter().all(|id| id.starts_with("maria-")), "{seen:?}");
    let conditions = app.launch("patient/Condition.rs", &Choices::of("maria")).await;
    app.target.get(&next).bearer(&conditions.access_token).send().await.is_outcome(403, "forbidden");
}

/// SRCH-10, SRCH-11: only the number, and what `_count` may be.
#[tokio::test]
async fn srch_10_11_count() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for search in ["Observation?_count=0", "Observation?_summary=count"] {
        let answer = app.read(&tokens, search).await;
        assert_eq!((&answer.ok()["total"], answer.ids().len()), (&8.into(), 0));
        assert_eq!(answer.link("next"), None);
    }
    for wrong in ["-1", "x", "1.5", "1e3"] {
        app.read(&tokens, &format!("Observation?_count={wrong}")).await.is_outcome(400, "value");
    }
    app.read(&tokens, "Observation?_count=1&_count=2").await.is_outcome(400, "invalid");
    let huge = app.read(&tokens, "Observation?_count=99999999999999999999999").await;
    assert_eq!(huge.ids(), MARIAS_OBSERVATIONS);
}

/// SRCH-12: ids are exact, several are alternatives, unknown ones find nothing.
#[tokio::test]
async fn srch_12_ids() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    assert_eq!(ids(&app, &tokens, "Patient?_id=maria").await, ["maria"]);
    assert_eq!(
        ids(&app, &tokens, "Observation?_id=maria-bp-2024,maria-bp-2023,nothing").await,
        ["maria-bp-2023", "maria-bp-2024"]
    );
    for nothing in ["Patient?_id=nobody", "Patient?_id=MARIA", "Patient?_id=lena", "Observation?_id=maria"] {
        assert_eq!(ids(&app, &tokens, nothing).await, [""; 0], "{nothing}");
    }
}

/// what only asks for less is passed over, and is no error.
#[tokio::test]
async fn x_24_result_parameters_are_no_filters() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let search =
        "Observation?_summary=true&_elements=id&_total=none&_contained=true&_pretty=true&patient=maria";
    let whole = app.read(&tokens, search).await;
    assert_eq!(whole.ids(), MARIAS_OBSERVATIONS);
    let status = &whole.ok()["entry"][0]["resource"]["status"];
    assert_eq!(status, "final");
}

/// SRCH-13: by the instant of the last change.
#[tokio::test]
async fn srch_13_last_updated() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    assert_eq!(ids(&app, &tokens, "Patient?_lastUpdated=gt2020-01-01").await, ["maria"]);
    assert_eq!(ids(&app, &tokens, "Patient?_lastUpdated=lt2020-01-01").await, [""; 0]);
}

/// SRCH-14, SRCH-27: repeated is and, a comma is or, without a value it is ignored.
#[tokio::test]
async fn srch_14_and_and_or() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (search, expected) in [
        (
            "category=laboratory,social-history",
            &["maria-smoking-2021", "maria-a1c-2023", "maria-score-2024"][..],
        ),
        ("category=laboratory&category=survey", &["maria-score-2024"]),
        ("category=laboratory&category=vital-signs", &[]),
        ("category=laboratory\\,survey", &[]),
        ("category=&code=&status=final&patient=", &MARIAS_OBSERVATIONS),
        ("status=final,amended&code=85354-9,4548-4", &["maria-a1c-2023", "maria-bp-2023", "maria-bp-2024"]),
        ("status=amended", &[]),
    ] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{search}")).await, expected, "{search}");
    }
}

/// SRCH-15, SRCH-16, SRCH-17: tokens in their four forms, on any coding.
#[tokio::test]
async fn srch_15_tokens() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let blood_pressure = &["maria-bp-2023", "maria-bp-2024"][..];
    for (search, expected) in [
        ("code=85354-9", blood_pressure),
        ("code=http://loinc.org|85354-9", blood_pressure),
        ("code=|85354-9", &[]),
        ("code=http://loinc.org|", &MARIAS_OBSERVATIONS),
        ("code=http://snomed.info/sct|85354-9", &[]),
        ("code=8535", &[]),
        ("category=http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh", &["maria-housing-2023"]),
        (
            "category=sdoh,http://terminology.hl7.org/CodeSystem/observation-category|social-history",
            &["maria-smoking-2021", "maria-housing-2023"],
        ),
    ] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{search}")).await, expected, "{search}");
    }
    assert_eq!(ids(&app, &tokens, "AllergyIntolerance?category=food").await, ["maria-nuts"]);
    for malformed in ["code=|", "code=a|b|c"] {
        app.read(&tokens, &format!("Observation?{malformed}")).await.is_outcome(400, "value");
    }
}

/// SRCH-18, SRCH-19, RS-14: a patient as id, as reference, as URL of this server; another's finds nothing.
#[tokio::test]
async fn srch_18_references() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let absolute = format!("{}/Patient/maria", app.fhir_base());
    for same in [
        "patient=maria",
        "patient=Patient/maria",
        &format!("patient={absolute}"),
        "subject=Patient/maria",
        "subject=maria",
    ] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{same}")).await, MARIAS_OBSERVATIONS, "{same}");
    }
    for nothing in ["patient=lena", "patient=Patient/lena", "patient=nobody", "subject=Group/maria"] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{nothing}")).await, [""; 0], "{nothing}");
    }
    let elsewhere = "Observation?patient=https://elsewhere.example/fhir/Patient/maria";
    app.read(&tokens, elsewhere).await.is_outcome(400, "value");
}

/// SRCH-20, SRCH-21, SRCH-22: dates are intervals, in their time zones.
#[tokio::test]
async fn srch_20_dates() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (date, expected) in [
        ("date=2023-03-01", &["maria-bp-2023"][..]),
        ("date=2023-04", &["maria-housing-2023"]),
        ("date=2023-04-10", &[]),
        ("date=2024", &["maria-score-2024", "maria-bp-2024"]),
        ("date=2024-02-29T10:15:00Z", &["maria-bp-2024"]),
        ("date=2024-02-29T11:15:00%2B01:00", &["maria-bp-2024"]),
        ("date=2023-03-01T08:00:00Z", &["maria-bp-2023"]),
        ("date=ge2024-01-31", &["maria-score-2024", "maria-bp-2024"]),
        ("date=gt2024-01-31", &["maria-bp-2024"]),
        ("date=lt2022-01-10", &["maria-smoking-2021"]),
        ("date=le2022-01-10", &["maria-smoking-2021", "maria-weight-2022"]),
        ("date=ge2023-03-01&date=lt2023-05-01", &["maria-bp-2023", "maria-housing-2023"]),
        ("date=sa2024-01-31", &["maria-bp-2024"]),
        ("date=eb2022-01-10", &["maria-smoking-2021"]),
        ("date=2021-06-15,2022-01-10", &["maria-smoking-2021", "maria-weight-2022"]),
    ] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{date}")).await, expected, "{date}");
    }
    assert_eq!(ids(&app, &tokens, "Encounter?date=2024-02-29").await, ["maria-visit"]);
    assert_eq!(ids(&app, &tokens, "Procedure?date=2018-03").await, ["maria-appendix"]);
}

/// SRCH-24, SRCH-25: a modifier or a value that is not understood is refused; one that is merely not there finds nothing.
#[tokio::test]
async fn srch_24_25_what_is_not_understood_is_refused() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for modifier in [
        "code:foo=x",
        "code:text=x",
        "code:not=85354-9",
        "patient:missing=true",
        "date:exact=2024",
        "_id:not=x",
        "category:in=x",
    ] {
        app.read(&tokens, &format!("Observation?{modifier}")).await.is_outcome(400, "not-supported");
    }
    for value in [
        "date=23%20May",
        "date=2024-13-01",
        "date=2024-02-30",
        "date=zz2024",
        "_lastUpdated=x",
        "date=2024-01-01T10",
    ] {
        app.read(&tokens, &format!("Observation?{value}")).await.is_outcome(400, "value");
    }
    for nothing in ["code=xyz", "patient=nobody", "status=unknown", "category=nothing"] {
        assert_eq!(ids(&app, &tokens, &format!("Observation?{nothing}")).await, [""; 0], "{nothing}");
    }
}

/// SRCH-28: by date, forwards and backwards; another order is refused, or ignored leniently.
#[tokio::test]
async fn srch_28_sorted_by_date() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let mut backwards = MARIAS_OBSERVATIONS;
    backwards.reverse();
    assert_eq!(ids(&app, &tokens, "Observation?_sort=date").await, MARIAS_OBSERVATIONS);
    assert_eq!(ids(&app, &tokens, "Observation?_sort=-date").await, backwards);
    for other in
        ["Observation?_sort=code", "Observation?_sort=date,code", "Observation?_sort=date&_sort=-date"]
    {
        app.read(&tokens, other).await.is(400);
    }
    app.read(&tokens, "Patient?_sort=date").await.is_outcome(400, "not-supported");
    let lenient = app.fhir(&tokens, "Patient?_sort=name").header("prefer", "handling=lenient").send().await;
    assert_eq!(lenient.ids(), ["maria"]);
    assert!(!lenient.link("self").unwrap().contains("_sort"));
}

/// SRCH-32, SRCH-33, SRCH-35, COMP-09: searches of compartments and of all types are refused by name.
#[tokio::test]
async fn srch_35_only_one_type_at_a_time() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for path in ["?_id=maria", "_search?_id=maria", "Patient/maria/Observation", "Patient/maria/$everything"]
    {
        app.read(&tokens, path).await.is_outcome(404, "not-supported");
    }
    let many = "code=x&".repeat(60);
    app.read(&tokens, &format!("Observation?{many}")).await.is_outcome(400, "too-costly");
}

/// COMP-01, COMP-02, COMP-03, COMP-06, COMP-07, COMP-08: whose a resource is, says the element that names whom it is about.
#[tokio::test]
async fn comp_02_a_resource_belongs_to_whom_it_is_about() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    // Maria said it of Tom.
    app.read(&tokens, "Condition/tom-cough").await.is_outcome(404, "not-found");
    assert!(!ids(&app, &tokens, "Condition").await.contains(&"tom-cough".to_owned()));
    assert_eq!(ids(&app, &tokens, "Device").await, ["maria-pump"]);
    // A group has members, and is nobody's.
    for closed in ["Group/study", "Observation/nobody-by-number", "Observation/nobody-by-url"] {
        app.read(&tokens, closed).await.is_outcome(404, "not-found");
    }
    assert_eq!(ids(&app, &tokens, "Group").await, [""; 0]);
    assert_eq!(ids(&app, &tokens, "Observation").await, MARIAS_OBSERVATIONS);
    app.read(&tokens, "Binary/maria-scan").await.is(200);
    app.read(&tokens, "Binary/loose").await.is_outcome(404, "not-found");
}

/// COMP-04, COMP-07: where information came from is shown to who may see all that it tells of, and a document's content to who may see
/// the document.
#[tokio::test]
async fn comp_04_07_what_follows_others_is_seen_by_who_may_see_them() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let origin = app.read(&tokens, "Provenance/maria-origin").await.ok();
    assert_eq!(origin["target"][0]["reference"], "Observation/maria-bp-2024");
    assert_eq!(ids(&app, &tokens, "Provenance").await, ["maria-origin"]);
    for (query, expected) in [
        ("target=Observation/maria-bp-2024", &["maria-origin"][..]),
        ("target=Observation/lena-bp-2024", &[]),
        ("_id=maria-origin,lena-origin", &["maria-origin"]),
        // Its parameter `patient` finds targets that are Patients, and no others.
        ("patient=maria", &[]),
    ] {
        assert_eq!(app.read(&tokens, &format!("Provenance?{query}")).await.ids(), expected, "{query}");
    }
    app.read(&tokens, "Binary/maria-letter").await.is(200);
    for closed in ["Provenance/lena-origin", "Binary/lena-letter"] {
        app.read(&tokens, closed).await.is_outcome(404, "not-found");
    }
}

/// USC-13: the medications of a patient, and by intent, which is US Core's first search of them.
#[tokio::test]
async fn usc_13_medication_requests_by_intent() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for (query, expected) in [
        ("patient=maria", &["maria-metformin"][..]),
        ("patient=maria&intent=order", &["maria-metformin"]),
        ("patient=maria&intent=order,plan&status=active", &["maria-metformin"]),
        ("patient=maria&intent=plan", &[]),
    ] {
        assert_eq!(app.read(&tokens, &format!("MedicationRequest?{query}")).await.ids(), expected, "{query}");
    }
}

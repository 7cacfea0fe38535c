//! Whatever is sent: no panic, no fault of ours, a well-formed answer, and nothing that the decision denies.

use std::sync::OnceLock;

use axum::Router;
use proptest::prelude::*;
use smart_core::fhir::access::{AccessContext, Decision, Interaction};
use smart_core::fhir::resource::Resource;

use super::world::{World, clinic};
use super::{Answer, call, encode, function};

/// One clinic for all cases: they only read it.
fn shared() -> &'static (World, Router) {
    static SHARED: OnceLock<(World, Router)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let world = clinic();
        let function = function(&world);
        (world, function)
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn any_segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "(Patient|Observation|Condition|Binary|Appointment|Group|Organization|metadata|_search|_history)",
        "(a|b|a-o0|b-o0|both|g|3|\\$everything)",
        ".{0,6}".prop_map(|text| encode(&text)),
        "[%._$A-Za-z0-9]{0,6}",
    ]
}

fn any_query() -> impl Strategy<Value = String> {
    let name = "(_id|_lastUpdated|_count|_sort|_cursor|_format|_summary|patient|subject|category|code|date|status|.{0,5})(:[a-z]{1,4})?";
    let value = prop_oneof![
        "(a|b|Patient/a|Patient/b|a-o0,b-o0|laboratory|final|2020|ge2019|-date|date|1|0|json|count)",
        ".{0,12}",
        "[0-9T:+Z|,\\\\-]{0,12}",
    ];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    })
}

fn any_scopes() -> impl Strategy<Value = String> {
    let scope = "(patient|user|system)/(\\*|Observation|Patient|Group|Appointment|Organization)\\.(r|s|rs|cruds)(\\?category=(laboratory|survey))?";
    prop::collection::vec(scope, 0..3).prop_map(|scopes| scopes.join(" "))
}

fn is_well_formed(answer: &Answer) -> bool {
    let kind = answer.json()["resourceType"].clone();
    match answer.status.as_u16() {
        200 => kind.is_string(),
        304 => answer.bytes.is_empty(),
        400..=499 => kind == "OperationOutcome",
        _ => false,
    }
}

/// The resources in an answer.
fn resources(answer: &Answer) -> Vec<(Interaction, Resource)> {
    let json = answer.json();
    let read = |value: &serde_json::Value| Resource::parse(value.to_string().as_bytes()).unwrap();
    match json["resourceType"].as_str() {
        Some("Bundle") if json["type"] == "searchset" => {
            let entries = json["entry"].as_array().cloned().unwrap_or_default();
            entries.iter().map(|entry| (Interaction::Search, read(&entry["resource"]))).collect()
        }
        Some("OperationOutcome" | "CapabilityStatement") | None => Vec::new(),
        Some(_) => vec![(Interaction::Read, read(&json))],
    }
}

fn context(world: &World, user: &str, scopes: &str, patient: Option<&str>) -> AccessContext {
    let user = world.0.users.lock().unwrap()[&user.parse::<smart_core::id::Username>().unwrap()].clone();
    let patient = patient.map(|id| id.parse().unwrap());
    AccessContext::of_user(scopes.parse().unwrap(), user.fhir_user, &user.patients, patient)
}

proptest! {
    #[test]
    fn every_request_has_a_well_formed_answer_and_shows_only_what_is_allowed(
        method in "(GET|POST|HEAD|PUT|DELETE)",
        segments in prop::collection::vec(any_segment(), 0..4),
        query in any_query(),
        form in any_query(),
        lenient: bool,
        user in "(clinician|nurse|anna|ben)",
        scopes in any_scopes(),
        patient in prop::option::of("[ab]"),
    ) {
        let (world, function) = shared();
        let bearer = world.token(&user, &scopes, patient.as_deref());
        let path = format!("/fhir/{}?{query}", segments.join("/"));
        prop_assume!(path.parse::<http::Uri>().is_ok());
        let mut request = call(&method, &path).header("content-type", "application/x-www-form-urlencoded").body(&form);
        if lenient {
            request = request.header("prefer", "handling=lenient");
        }
        let answer = runtime().block_on(request.by(&bearer).send_to(function));
        prop_assert!(method == "HEAD" || is_well_formed(&answer), "{method} {path}: {}", answer.status);
        prop_assert_eq!(answer.header("access-control-allow-origin"), "*");
        let context = context(world, &user, &scopes, patient.as_deref());
        for (interaction, resource) in resources(&answer) {
            prop_assert_eq!(context.decide(interaction, &resource), Decision::Allow);
        }
    }

    #[test]
    fn no_header_makes_it_fail(
        authorization in "(Bearer |bearer|Basic |)[ -~]{0,30}",
        accept in "[ -~]{0,30}",
        condition in "[ -~]{0,30}",
        prefer in "[ -~]{0,30}",
    ) {
        let (_, function) = shared();
        let request = call("GET", "/fhir/Patient/a")
            .header("authorization", &authorization)
            .header("accept", &accept)
            .header("if-none-match", &condition)
            .header("if-modified-since", &condition)
            .header("prefer", &prefer);
        let answer = runtime().block_on(request.send_to(function));
        prop_assert!(matches!(answer.status.as_u16(), 400 | 401 | 406), "{}", answer.status);
        prop_assert!(is_well_formed(&answer));
    }
}

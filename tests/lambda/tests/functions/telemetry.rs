//! What a function logs, counts and passes on.

use serde_json::Value;
use smart_lambda_tests::endpoint::Endpoint;
use smart_lambda_tests::event::{Answer, Event};
use smart_lambda_tests::function::Function;

use super::world::{PUBLIC_URL, World, program};

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// The line of metrics of an answer.
fn metrics(function: &Function, answer: &Answer) -> Value {
    function.logged(|line| line["_aws"].is_object() && line["id"] == answer.id).expect("a line of metrics")
}

#[tokio::test]
async fn each_line_is_json_and_knows_the_request_and_none_says_a_secret() {
    let mut token = World::new().await.start("token");
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "s3cr3t")];
    let event = Event::post("/auth/token?state=s3cr3t", &form).header("cookie", "session=s3cr3t");
    let answer = token.ask_traced(&event, Some(TRACE)).unwrap();
    assert_eq!(answer.status, 400, "{}", answer.body);
    let line = token.logged(|line| line["message"] == "answered").unwrap();
    assert_eq!((&line["path"], &line["status"]), (&"/auth/token".into(), &400.into()));
    assert_eq!(line["span"]["id"], answer.id);
    assert_eq!(line["span"]["gateway_id"], "gateway-request");
    assert_eq!(line["span"]["trace"], TRACE);
    metrics(&token, &answer);
    let lines = token.lines();
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
        assert!(!line.contains("s3cr3t"), "SEC-09: {line}");
    }
}

#[tokio::test]
async fn requests_errors_calls_and_cold_starts_are_counted() {
    let mut fhir_read = World::new().await.start("fhir-read");
    let cold = fhir_read.ask(&Event::get("/fhir/metadata")).unwrap();
    let warm = fhir_read.ask(&Event::get("/fhir/Patient/a?name=x")).unwrap();
    assert_eq!((cold.status, warm.status), (200, 401));
    for (answer, expected) in [(cold, [1, 0, 0, 0, 1]), (warm, [1, 1, 0, 0, 0])] {
        let line = metrics(&fhir_read, &answer);
        let names = ["Requests", "ClientErrors", "ServerErrors", "RemoteCalls", "ColdStarts"];
        assert_eq!(names.map(|name| line[name].as_u64().unwrap()), expected, "{line}");
        assert_eq!(line["FunctionName"], "under-test");
        assert!(line["Latency"].as_f64().unwrap() >= 0.0);
    }
}

/// A program whose AWS is this endpoint.
fn beside(endpoint: &Endpoint, name: &str) -> Function {
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("SMART_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("SMART_TABLE", "state".to_owned()),
        ("SMART_RECORDS_TABLE", "records".to_owned()),
        ("SMART_SIGNING_KEYS", "alias/keys".to_owned()),
    ];
    let mut function = Function::start(program(name), environment).unwrap();
    function.ready().unwrap();
    function
}

#[test]
fn keys_are_read_and_connections_made_before_the_first_event() {
    const KEY: &str = "TrentService.GetPublicKey";
    const ITEM: &str = "DynamoDB_20120810.GetItem";
    for (name, expected) in [
        ("discovery", &[KEY][..]),
        // It reads keys when an EHR first asks.
        ("authorize", &[ITEM]),
        // Two signatures are made at once: two connections.
        ("token", &[ITEM, KEY, KEY]),
        // A read asks both tables at once.
        ("fhir-read", &[ITEM, ITEM, KEY]),
    ] {
        let endpoint = Endpoint::start().unwrap();
        let _function = beside(&endpoint, name);
        let mut calls: Vec<String> = endpoint.calls().into_iter().map(|call| call.target).collect();
        calls.sort();
        assert_eq!(calls, expected, "{name}");
    }
}

#[tokio::test]
async fn the_trace_goes_on_to_aws_and_the_calls_are_those_that_are_counted() {
    let endpoint = Endpoint::start().unwrap();
    let mut authorize = beside(&endpoint, "authorize");
    endpoint.calls();
    for trace in [Some(TRACE), Some("Root=1-5759e988-000000000000000000000001"), None] {
        let asked =
            format!("/auth/authorize?response_type=code&client_id=nobody-{}", trace.map_or(0, str::len));
        let answer = authorize.ask_traced(&Event::get(&asked), trace).unwrap();
        let calls = endpoint.calls();
        assert!(!calls.is_empty());
        for call in &calls {
            assert_eq!(call.trace.as_deref(), trace, "{call:?}");
        }
        assert_eq!(metrics(&authorize, &answer)["RemoteCalls"].as_u64().unwrap(), calls.len() as u64);
    }
}

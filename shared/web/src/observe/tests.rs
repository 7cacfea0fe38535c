use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::to_bytes;
use axum::routing::{get, post};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A server whose handlers log, answer and panic; what it is asked, in turn; what it answers and logs.
async fn served(
    format: LogFormat,
    level: LevelFilter,
    requests: impl IntoIterator<Item = Request>,
) -> (Vec<(StatusCode, String)>, Log) {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::dispatcher::set_default(&dispatch(format, level, false, move || writer.clone()));
    let says = || async {
        tracing::info!(answer = 42, "within");
        "here"
    };
    let breaks = || async { "no number".parse::<u8>().expect("s3cr3t").to_string() };
    let server = layer(Router::new().route("/here", get(says)).route("/breaks", post(breaks)));
    let mut answers = Vec::new();
    for request in requests {
        let response = server.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        answers.push((status, String::from_utf8(body.to_vec()).unwrap()));
    }
    (answers, log)
}

fn request(method: &str, uri: &str) -> Request {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", "Bearer s3cr3t")
        .header("cookie", "s=s3cr3t")
        .body(Body::from("client_secret=s3cr3t"))
        .unwrap()
}

#[tokio::test]
async fn sec_09_a_request_is_one_line_without_query_headers_or_body() {
    let (answers, log) =
        served(LogFormat::Json, LevelFilter::DEBUG, [request("GET", "/here?code=s3cr3t&name=s3cr3t")]).await;
    assert_eq!(answers, [(StatusCode::OK, "here".to_owned())]);
    let [within, line] = log.lines().try_into().unwrap();
    assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"answered".into()));
    assert_eq!((&line["method"], &line["path"]), (&"GET".into(), &"/here".into()));
    assert_eq!(line["status"], 200);
    assert!((0.0..10_000.0).contains(&line["milliseconds"].as_f64().unwrap()), "{line}");
    assert!(!log.text().contains("s3cr3t"), "{}", log.text());
    // What a handler logs can be told by the same id.
    assert_eq!(within["answer"], 42);
    assert_eq!(within["span"], line["span"]);
    let id = line["span"]["id"].as_str().unwrap();
    assert!(
        id.len() == 16 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
        "{id}"
    );
}

#[tokio::test]
async fn each_request_has_an_id_of_its_own() {
    let (_, log) =
        served(LogFormat::Json, LevelFilter::INFO, (0..20).map(|_| request("GET", "/nowhere"))).await;
    let ids: std::collections::BTreeSet<_> =
        log.lines().iter().map(|line| line["span"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 20);
    assert!(log.lines().iter().all(|line| line["status"] == 404));
}

#[tokio::test]
async fn a_panic_is_500_and_the_server_goes_on() {
    let (answers, log) = served(
        LogFormat::Json,
        LevelFilter::INFO,
        [request("POST", "/breaks"), request("GET", "/here"), request("POST", "/breaks")],
    )
    .await;
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [500, 200, 500]);
    let told: Value = serde_json::from_str(&answers[0].1).unwrap();
    assert_eq!(told["error"], "server_error");
    let lines = log.lines();
    let (error, line) = (&lines[0], &lines[1]);
    assert_eq!(error["level"], "ERROR");
    assert_eq!((&line["status"], &line["path"]), (&500.into(), &"/breaks".into()));
    // The caller's number is the log's.
    let id = line["span"]["id"].as_str().unwrap();
    assert!(told["error_description"].as_str().unwrap().ends_with(id), "{told}");
    assert!(!log.text().contains("s3cr3t") && !answers[0].1.contains("s3cr3t"));
}

#[test]
fn sec_09_the_message_of_a_panic_is_told_only_if_it_is_fixed_text() {
    let payload = |panic: fn(&str)| std::panic::catch_unwind(|| panic("s3cr3t ä")).unwrap_err();
    assert_eq!(fixed_text(&*payload(|_| panic!("a fixed text"))), "a fixed text");
    assert_eq!(fixed_text(&*payload(|sent| panic!("no {sent}"))), "(withheld: it may hold what was sent)");
    let within_a_character = payload(|sent| drop(sent[..8].to_owned()));
    assert_eq!(fixed_text(&*within_a_character), "(withheld: it may hold what was sent)");
}

#[test]
fn a_panic_is_logged_with_its_place_in_the_code() {
    let log = Log::default();
    let writer = log.clone();
    let _guard =
        tracing::dispatcher::set_default(&dispatch(LogFormat::Json, LevelFilter::INFO, false, move || {
            writer.clone()
        }));
    let printed = std::panic::take_hook();
    std::panic::set_hook(Box::new(log_panic));
    let sent = "s3cr3t";
    let payload = std::panic::catch_unwind(|| panic!("no {sent}"));
    std::panic::set_hook(printed);
    assert!(payload.is_err());
    let [line] = log.lines().try_into().unwrap();
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"panicked".into()));
    assert!(line["place"].as_str().unwrap().starts_with(file!()), "{line}");
    assert!(!log.text().contains(sent), "{}", log.text());
}

#[tokio::test]
async fn lines_to_read_are_lines_whatever_was_asked_for() {
    let endless = format!("/{}", "x".repeat(5000));
    let escape = "/%1b%0a\u{9b}31m";
    let (_, log) =
        served(LogFormat::Pretty, LevelFilter::INFO, [request("GET", &endless), request("GET", escape)])
            .await;
    let text = log.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().all(|line| line.len() < 500), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(text.contains("status=404"), "{text}");
}

#[tokio::test]
async fn a_higher_level_silences_requests_that_went_well() {
    let (_, log) =
        served(LogFormat::Json, LevelFilter::WARN, [request("GET", "/here"), request("POST", "/breaks")])
            .await;
    assert_eq!(log.lines().iter().map(|line| &line["level"]).collect::<Vec<_>>(), ["ERROR"]);
}

#[test]
fn formats_by_name() {
    assert_eq!("json".parse(), Ok(LogFormat::Json));
    assert_eq!("pretty".parse(), Ok(LogFormat::Pretty));
    assert_eq!("JSON".parse::<LogFormat>(), Err(LogFormatError));
}

//! What is counted of each request: one line in the embedded metric format, which `CloudWatch` reads from the log.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! | metric | |
//! |---|---|
//! | `Requests` | 1 |
//! | `ClientErrors`, `ServerErrors` | 1 if the answer was 4xx, 5xx |
//! | `Latency` | milliseconds, from here to the answer |
//! | `RemoteCalls` | what was asked of DynamoDB and KMS, each attempt |
//! | `ColdStarts` | 1 for the first request of a sandbox |
//!
//! All are in the namespace [`NAMESPACE`], under the function's name. A metric is billed for each hour in which it is published, so the
//! errors and cold starts are published only when there is one: their sums are the same, and an hour without costs nothing.
//! Zero or not, the line itself says them all. What the alarms count besides (a replay, a key that does not
//! sign) is counted from the audit lines, by the template's metric filters.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{RequestName, clock, milliseconds_since};
use crate::arrival::Arrival;

/// The namespace of the metrics.
pub const NAMESPACE: &str = "SmartOnLambda";

/// The metrics of every request, and their units.
const ALWAYS: [(&str, &str); 3] =
    [("Requests", "Count"), ("Latency", "Milliseconds"), ("RemoteCalls", "Count")];

/// Those that are counted when they happen.
const EVENTS: [&str; 3] = ["ClientErrors", "ServerErrors", "ColdStarts"];

/// Counts calls since the start of the process.
pub type Calls = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Counts each request of `router`, under the name of this function, and writes to `output`. A sandbox has one request at a
/// time, so the calls that were made meanwhile are the request's own.
pub fn layer<W>(router: Router, function: String, calls: Calls, output: fn() -> W) -> Router
where
    W: Write + 'static,
{
    let meter = Arc::new(Meter { function, calls, warm: AtomicBool::new(false) });
    router.layer(from_fn(move |request: Request, next: Next| {
        let meter = Arc::clone(&meter);
        async move {
            let (response, line) = meter.measure(request, next).await;
            // One write for the whole line, so that no other comes between. A closed output is nobody's to mend.
            drop(output().write_all(line.as_bytes()));
            response
        }
    }))
}

struct Meter {
    function: String,
    calls: Calls,
    /// Whether there was a request before.
    warm: AtomicBool,
}

impl Meter {
    async fn measure(&self, request: Request, next: Next) -> (Response<Body>, String) {
        let (started, calls) = (clock(), (self.calls)());
        let cold = !self.warm.swap(true, Ordering::Relaxed);
        let arrival = request.extensions().get::<Arrival>().map_or(0, |Arrival(now)| now.as_unix());
        let id = request.extensions().get::<RequestName>().map(|name| name.id.clone());
        let response = next.run(request).await;
        let measured = Measured {
            arrival,
            id,
            status: response.status(),
            milliseconds: milliseconds_since(started),
            calls: (self.calls)().saturating_sub(calls),
            cold,
        };
        let line = format!("{}\n", measured.line(&self.function));
        (response, line)
    }
}

/// What is said of a request.
struct Measured {
    /// Unix seconds.
    arrival: u64,
    id: Option<String>,
    status: StatusCode,
    milliseconds: f64,
    calls: u64,
    cold: bool,
}

impl Measured {
    fn line(&self, function: &str) -> Value {
        let events = [self.status.is_client_error(), self.status.is_server_error(), self.cold];
        let happened = EVENTS.into_iter().zip(events).filter(|(_, happened)| *happened);
        let metrics = ALWAYS.into_iter().chain(happened.map(|(name, _)| (name, "Count")));
        let metrics: Vec<Value> = metrics.map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
        json!({
            "_aws": {
                "Timestamp": self.arrival.saturating_mul(1000),
                "CloudWatchMetrics": [
                    { "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics },
                ],
            },
            "FunctionName": function,
            "Requests": 1,
            "ClientErrors": u8::from(self.status.is_client_error()),
            "ServerErrors": u8::from(self.status.is_server_error()),
            "Latency": self.milliseconds,
            "RemoteCalls": self.calls,
            "ColdStarts": u8::from(self.cold),
            // No metrics, but found by whoever looks for the request.
            "id": self.id,
            "status": self.status.as_u16(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU64;

    use axum::routing::get;
    use smart_core::instant::Instant;
    use tower::ServiceExt as _;

    use super::*;
    use crate::arrival;

    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    struct Lines;

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            WRITTEN.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn each_request_is_one_line_of_metrics_and_names_no_path() {
        let made = Arc::new(AtomicU64::new(40));
        let calls: Calls = {
            let made = Arc::clone(&made);
            Arc::new(move || made.load(Ordering::Relaxed))
        };
        let asks = move || {
            made.fetch_add(2, Ordering::Relaxed);
            async { "answer" }
        };
        let router = Router::new()
            .route("/asks", get(asks))
            .route("/breaks", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
        let router = layer(router, "smart-Token".to_owned(), calls, || Lines);
        let server = arrival::stamp(router, || Instant::from_unix(1_764_000_000));
        for path in ["/asks?code=s3cr3t", "/nowhere/s3cr3t", "/breaks"] {
            let mut request = Request::get(path).body(Body::empty()).unwrap();
            request.extensions_mut().insert(RequestName::new("a-request"));
            server.clone().oneshot(request).await.unwrap();
        }
        let text = String::from_utf8(WRITTEN.lock().unwrap().clone()).unwrap();
        assert!(text.ends_with('\n') && !text.contains("s3cr3t"), "{text}");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<_> = lines
            .iter()
            .map(|l| {
                ["Requests", "ClientErrors", "ServerErrors", "RemoteCalls", "ColdStarts"]
                    .map(|n| l[n].as_u64())
            })
            .collect();
        assert_eq!(told, [[1, 0, 0, 2, 1], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0]].map(|line| line.map(Some)));
        let published = |line: &Value| -> Vec<String> {
            let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
            metrics.iter().map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect()
        };
        let of_all = ["Requests", "Latency", "RemoteCalls"];
        for (line, event) in lines.iter().zip(["ColdStarts", "ClientErrors", "ServerErrors"]) {
            assert_eq!(published(line), [&of_all[..], &[event]].concat());
        }
        for line in &lines {
            assert_eq!(line["_aws"]["Timestamp"], 1_764_000_000_000_u64);
            assert_eq!((&line["FunctionName"], &line["id"]), (&"smart-Token".into(), &"a-request".into()));
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(
                (&directive["Namespace"], &directive["Dimensions"]),
                (&NAMESPACE.into(), &json!([["FunctionName"]]))
            );
            // The specification: each metric that is named is a number at the root, and each dimension a text.
            let named = directive["Metrics"].as_array().unwrap();
            assert!(named.iter().all(|metric| line[metric["Name"].as_str().unwrap()].is_number()), "{line}");
        }
    }
}

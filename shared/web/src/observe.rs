//! What is logged, and that a panic ends one request and not the server.
//!
//! One line for each request: method, path, status and time, with an id that every other line of the request has too (a
//! random one, or what Lambda calls the request). Never a query string, a header or a body: they hold codes, tokens, secrets and names (SEC-09). The message of a
//! panic is withheld unless it is fixed text, for the same reason; the place in the code is told.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::str::FromStr;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use http::{Response, StatusCode};
use smart_core::oauth::{ErrorCode, OAuthError};
use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Instrument as _};
use tracing_subscriber::fmt::MakeWriter;

use crate::{random, response};

pub mod metrics;
#[cfg(test)]
mod tests;

/// How many characters of a path are logged: any of ours is shorter.
const MAX_PATH: usize = 256;

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object, for machines.
    Json,
    /// A line to read, in colour on a terminal (unless `NO_COLOR` is set).
    Pretty,
}

/// A name that no [`LogFormat`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected json or pretty")]
pub struct LogFormatError;

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(name: &str) -> Result<Self, LogFormatError> {
        match name {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err(LogFormatError),
        }
    }
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOutput {
    /// Standard error: the local server, whose standard output says one thing only.
    Stderr,
    /// Standard output: Lambda collects it.
    Stdout,
}

/// What the log calls a request: an extension that whoever accepted it may set. Without one it is called by random
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestName {
    /// Its name among all requests.
    pub id: String,
    /// What the API before the function calls it.
    pub gateway_id: Option<String>,
    /// The X-Ray trace that it belongs to (`Root=…;Parent=…;Sampled=…`).
    pub trace: Option<String>,
}

impl RequestName {
    /// A request that has one name, and belongs to nothing.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), gateway_id: None, trace: None }
    }

    /// 16 characters. Without randomness requests go on, nameless: it is no secret.
    fn random() -> Self {
        Self::new(
            random::bytes::<12>()
                .map_or_else(|_| "unnamed".to_owned(), |bytes| URL_SAFE_NO_PAD.encode(bytes)),
        )
    }
}

/// Starts logging, for the whole process; panics are logged too, instead of printed. Called once, at start: a second
/// call changes nothing.
pub fn init(format: LogFormat, level: LevelFilter, output: LogOutput) {
    let dispatch = match output {
        LogOutput::Stderr => dispatch(format, level, std::io::stderr().is_terminal(), std::io::stderr),
        LogOutput::Stdout => dispatch(format, level, std::io::stdout().is_terminal(), std::io::stdout),
    };
    if tracing::dispatcher::set_global_default(dispatch).is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

fn dispatch<W>(format: LogFormat, level: LevelFilter, terminal: bool, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(writer);
    match format {
        // The one span is that of the request: a list of it would say it twice.
        LogFormat::Json => subscriber.json().flatten_event(true).with_span_list(false).into(),
        LogFormat::Pretty if terminal => subscriber.compact().into(),
        LogFormat::Pretty => subscriber.with_ansi(false).compact().into(),
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(place, said = fixed_text(panic.payload()), backtrace, "panicked");
}

/// The message of a panic, if it was written in the code. One that was put together may hold what was sent: a slice
/// that ends within a character, say, is told with the whole text.
fn fixed_text(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(withheld: it may hold what was sent)")
}

/// Logs each request of `router`, and answers 500 where its handler panicked. To be put around all else.
pub fn layer(router: Router) -> Router {
    router.layer(from_fn(observed))
}

async fn observed(request: Request, next: Next) -> Response<Body> {
    let started = clock();
    let RequestName { id, gateway_id, trace } =
        request.extensions().get().cloned().unwrap_or_else(RequestName::random);
    let span = tracing::info_span!("request", id, gateway_id, trace);
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(MAX_PATH).collect();
    async {
        // What a panic leaves behind is not used again: the request is gone, and what outlives it is behind locks
        // whose poison is dealt with where they are taken.
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = answer.unwrap_or_else(|_| broken(&id));
        let milliseconds = milliseconds_since(started);
        let status = response.status().as_u16();
        tracing::info!(method = method.as_str(), path, status, milliseconds, "answered");
        response
    }
    .instrument(span)
    .await
}

/// The answer to a request whose handler panicked. The id finds it in the log.
fn broken(id: &str) -> Response<Body> {
    tracing::error!("the handler panicked");
    let told = format!("something broke here; the log knows this request as {id}");
    response::json(StatusCode::INTERNAL_SERVER_ERROR, &OAuthError::new(ErrorCode::ServerError, told))
}

#[expect(clippy::disallowed_methods, reason = "a duration is measured, and nothing decided by it")]
fn clock() -> Instant {
    Instant::now()
}

/// To the tenth: enough to tell fast from slow.
fn milliseconds_since(started: Instant) -> f64 {
    (clock().duration_since(started).as_secs_f64() * 10_000.0).round() / 10.0
}

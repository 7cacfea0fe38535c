//! An answer before Lambda stops the function.
//!
//! Calls that are slow one after another can take all the time of an invocation (`Timeout` in infra/template.yaml). A function that is stopped
//! says nothing, and its sandbox is gone; so whoever waits is told to come back shortly before. What the request had begun by
//! then is as unknown as after a write without an answer. A task that was spawned for it goes on when the sandbox is next used, and finds
//! that nobody waits: the token function then gives back what it took (`waiting`, smart-token).

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use http::Response;
use smart_core::ports::Unavailable;

use crate::response;

/// When Lambda stops the function: an extension of every request that came as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline(pub(super) SystemTime);

/// What writing the answer and the log takes, with much to spare.
const RESERVE: Duration = Duration::from_millis(500);

/// Has every request of `router` answered before its [`Deadline`]: by 503 with `Retry-After` when time runs out.
pub(super) fn layer(router: Router) -> Router {
    router.layer(middleware::from_fn(in_time))
}

async fn in_time(request: Request, next: Next) -> Response<Body> {
    let Some(time) = request.extensions().get::<Deadline>().copied().and_then(time_until) else {
        return next.run(request).await;
    };
    tokio::time::timeout(time.saturating_sub(RESERVE), next.run(request))
        .await
        .unwrap_or_else(|_elapsed| response::unavailable(&Unavailable::new("lambda", "no time is left")))
}

/// How long that is from now. Lambda hands out no event whose time is over; emulators of it that keep no time say an instant long past,
/// which is none.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda tells an instant, waiting takes a duration, and nothing else is decided by it"
)]
fn time_until(Deadline(deadline): Deadline) -> Option<Duration> {
    deadline.duration_since(SystemTime::now()).ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "as Lambda tells deadlines")]
mod tests {
    use std::future::pending;

    use axum::routing::get;
    use http::StatusCode;
    use http::header::RETRY_AFTER;
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(path: &str, deadline: Option<SystemTime>) -> Response<Body> {
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(9)).await;
            "done"
        };
        let router = layer(Router::new().route("/slow", get(slow)).route("/silent", get(pending::<()>)));
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(Deadline(deadline));
        }
        router.oneshot(request).await.unwrap()
    }

    fn within(seconds: u64) -> SystemTime {
        SystemTime::now() + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_in_vain_is_told_to_come_back_before_the_function_is_stopped() {
        let began = tokio::time::Instant::now();
        let response = answer("/silent", Some(within(10))).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        let waited = began.elapsed();
        assert!(waited > Duration::from_secs(9) && waited <= Duration::from_millis(9500), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_in_time_is_answered_and_without_a_deadline_there_is_all_the_time() {
        assert_eq!(answer("/slow", Some(within(10))).await.status(), StatusCode::OK);
        assert_eq!(answer("/slow", None).await.status(), StatusCode::OK);
        assert_eq!(answer("/slow", Some(within(9))).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_long_past_is_none() {
        assert_eq!(answer("/slow", Some(SystemTime::UNIX_EPOCH)).await.status(), StatusCode::OK);
    }
}

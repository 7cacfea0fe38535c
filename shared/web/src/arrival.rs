//! The one instant of a request, stamped before anything else sees it.
//!
//! Whatever a request decides about time, it decides by this instant, so that no two decisions disagree. Here is the
//! one place that reads the system's clock; tests stamp instants of their own.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use smart_core::instant::Instant;
use tower::util::MapRequestLayer;

/// When the request arrived: an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival(pub Instant);

/// Has every request of `router` stamped with what `clock` says at that moment.
pub fn stamp(router: Router, clock: impl Fn() -> Instant + Clone + Send + Sync + 'static) -> Router {
    router.layer(MapRequestLayer::new(move |mut request: Request| {
        request.extensions_mut().insert(Arrival(clock()));
        request
    }))
}

/// The time by the system's clock.
///
/// A clock that stands before 1970 is broken. It reads as the end of time, when everything has expired: read as
/// zero, nothing would have.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn system_clock() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(Instant::NEVER, |since| Instant::from_unix(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::Extension;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn told(router: &Router) -> String {
        let response = router.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        String::from_utf8(to_bytes(response.into_body(), 100).await.unwrap().to_vec()).unwrap()
    }

    fn tells() -> Router {
        let tell = |Extension(Arrival(now)): Extension<Arrival>| async move { now.as_unix().to_string() };
        Router::new().route("/", get(tell))
    }

    #[tokio::test]
    async fn each_request_is_stamped_when_it_arrives() {
        let time = Arc::new(AtomicU64::new(1_764_000_000));
        let clock = Arc::clone(&time);
        let router = stamp(tells(), move || Instant::from_unix(clock.load(Ordering::Relaxed)));
        assert_eq!(told(&router).await, "1764000000");
        time.store(1_764_000_060, Ordering::Relaxed);
        assert_eq!(told(&router).await, "1764000060");
    }

    #[tokio::test]
    async fn the_system_clock_tells_the_present() {
        let then = system_clock();
        let now: u64 = told(&stamp(tells(), system_clock)).await.parse().unwrap();
        // 2025-01-01 to 2100-01-01.
        assert!((1_735_689_600..4_102_444_800).contains(&now), "{now}");
        assert!(Instant::from_unix(now) >= then);
    }
}

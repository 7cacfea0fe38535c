//! How the documents are served: to anyone, from memory, from any origin, as JSON (DISC-01, -02, -05, -06, -30; SEC-21).

use axum::routing::any;
use smart_core::deployment::PublicUrl;

use super::*;

#[tokio::test]
async fn disc_01_and_02_and_05_json_for_anyone_whatever_is_accepted() {
    let function = function();
    for path in ALL {
        for headers in [
            &[][..],
            &[("accept", "text/html")],
            &[("accept", "application/fhir+xml")],
            &[("accept", "application/fhir+json")],
            &[("accept", "application/json;q=0")],
            &[("authorization", "Bearer nonsense")],
        ] {
            let answer = ask(&function, "GET", path, headers).await;
            assert!(answer.json().is_object(), "{path} {headers:?}");
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let function = function();
    for path in ALL {
        let got = ask(&function, "GET", path, &[]).await;
        let head = ask(&function, "HEAD", path, &[]).await;
        assert_eq!((head.status, &head.headers), (got.status, &got.headers), "{path}");
        assert!(head.bytes.is_empty() && !got.bytes.is_empty());
    }
}

#[tokio::test]
async fn disc_06_any_origin_may_read_errors_too() {
    let function = function();
    let origin = ("origin", "https://app.example");
    for path in ALL {
        let got = ask(&function, "GET", path, &[origin]).await;
        let preflight =
            [origin, ("access-control-request-method", "GET"), ("access-control-request-headers", "accept")];
        let preflight = ask(&function, "OPTIONS", path, &preflight).await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT);
        assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
        assert!(preflight.header("access-control-allow-headers").contains("Accept"));
        let known = ask(&function, "GET", path, &[origin, ("if-none-match", "*")]).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
        let refused = ask(&function, "POST", path, &[origin]).await;
        for answer in [got, preflight, known, refused] {
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {}", answer.status);
            assert_eq!(answer.header("access-control-expose-headers"), "ETag");
            assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        }
    }
}

#[tokio::test]
async fn other_methods_are_405_and_told_which_are_not() {
    let function = function();
    for path in ALL {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            let answer = ask(&function, method, path, &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET,HEAD");
            assert_eq!(answer.header("content-type"), "application/json");
        }
    }
}

#[tokio::test]
async fn disc_30_and_sec_15_kept_for_five_minutes_and_asked_again_by_tag() {
    let function = function();
    for path in ALL {
        let got = ask(&function, "GET", path, &[]).await;
        let tag = got.header("etag");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{tag}");
        assert_eq!(got.header("cache-control"), "public, max-age=300");
        for known in [tag, "*", &format!("W/{tag}"), &format!("\"other\", {tag}"), &format!("\"a\",W/{tag}")]
        {
            for method in ["GET", "HEAD"] {
                let answer = ask(&function, method, path, &[("if-none-match", known)]).await;
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{path} {known}");
                assert_eq!(
                    (answer.header("etag"), answer.header("cache-control")),
                    (tag, "public, max-age=300")
                );
                assert!(answer.bytes.is_empty() && !answer.headers.contains_key("content-type"));
            }
        }
        for unknown in ["", "\"other\"", tag.trim_matches('"'), &tag.to_lowercase()] {
            let answer = ask(&function, "GET", path, &[("if-none-match", unknown)]).await;
            assert_eq!(answer, got, "{path} {unknown}");
        }
    }
}

#[tokio::test]
async fn disc_30_a_tag_is_that_of_the_content() {
    let (one, same) = (function(), function());
    let other = function_at("https://other.example");
    for path in ALL {
        let tag = ask(&one, "GET", path, &[]).await.header("etag").to_owned();
        assert_eq!(ask(&same, "GET", path, &[]).await.header("etag"), tag);
        // The keys and the style do not name the service.
        assert_eq!(
            ask(&other, "GET", path, &[]).await.header("etag") == tag,
            path == JWKS || path == STYLE,
            "{path}"
        );
    }
}

#[tokio::test]
async fn sec_21_what_the_request_says_of_its_host_changes_nothing() {
    let function = function();
    for path in ALL {
        let got = ask(&function, "GET", path, &[]).await;
        let forged = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "host=evil.example;proto=http"),
        ];
        assert_eq!(ask(&function, "GET", path, &forged).await, got, "{path}");
        assert_eq!(
            ask(&function, "GET", &format!("{path}?iss=https://evil.example"), &[]).await,
            got,
            "{path}"
        );
        assert_eq!(
            ask(&function, "GET", &format!("https://evil.example{path}"), &forged).await,
            got,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_keys_are_asked_for_at_most_once_a_minute() {
    let here: PublicUrl = "https://smart.example".parse().unwrap();
    let (keys, clock) = (Arc::<KeyRing>::default(), Arc::<AtomicU64>::default());
    let function = function_of(Arc::clone(&keys), Discovery::new(&here, Offered::HERE), &clock);
    for (now, asked) in [(0, 1), (59, 1), (60, 2), (119, 2)] {
        clock.store(now, Ordering::Relaxed);
        for path in ALL.repeat(3) {
            assert_eq!(ask(&function, "GET", path, &[]).await.status, StatusCode::OK);
        }
        assert_eq!(keys.asked.load(Ordering::Relaxed), asked, "after {now} s");
    }
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_the_key_set_is_503_and_all_else_is_served() {
    let here: PublicUrl = "https://smart.example".parse().unwrap();
    let keys = Arc::new(KeyRing { down: 2, ..KeyRing::default() });
    let function = function_of(keys, Discovery::new(&here, Offered::HERE), &Arc::default());
    for _ in 0..2 {
        let answer = ask(&function, "GET", JWKS, &[("origin", "https://app.example")]).await;
        assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "60"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        for path in ALL.into_iter().filter(|path| *path != JWKS) {
            assert_eq!(ask(&function, "GET", path, &[]).await.status, StatusCode::OK, "{path}");
        }
    }
    assert_eq!(ask(&function, "GET", JWKS, &[]).await.json()["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn beside_a_function_that_answers_all_of_fhir_discovery_keeps_its_path() {
    let fhir = || async { StatusCode::IM_A_TEAPOT };
    let fhir =
        Router::new().route("/fhir", any(fhir)).route("/fhir/", any(fhir)).route("/fhir/{*path}", any(fhir));
    for server in [fhir.clone().merge(function()), function().merge(fhir)] {
        assert!(ask(&server, "GET", SMART, &[]).await.json().is_object());
        assert_eq!(ask(&server, "OPTIONS", SMART, &[]).await.status, StatusCode::NO_CONTENT);
        assert_eq!(ask(&server, "POST", SMART, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
        for path in [
            "/fhir",
            "/fhir/",
            "/fhir/metadata",
            "/fhir/Patient/a",
            "/fhir/.well-known",
            "/fhir/.well-known/",
            "/fhir/.well-known/smart-configuration/",
            "/fhir/.well-known/other",
        ] {
            let answer = ask(&server, "GET", path, &[]).await;
            assert_eq!(answer.status, StatusCode::IM_A_TEAPOT, "{path}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
        }
    }
}

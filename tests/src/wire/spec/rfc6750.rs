//! RFC 6750, Bearer Token Usage: what the FHIR API asks of a token, and tells who has none that will do.

use http::Method;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use crate::harness::{Choices, SmartApp};

/// RS-05, RS-09: without a token, 401, a challenge without an error, and an `OperationOutcome`.
#[tokio::test]
async fn rs_05_without_a_token_there_is_a_challenge_and_no_error() {
    let app = SmartApp::on_wire("web").await;
    for path in ["Patient/maria", "Patient/nobody", "Observation?patient=maria", "Nonsense/1"] {
        let answer = app.target.get(&format!("{}/{path}", app.fhir_base())).send().await;
        if path == "Nonsense/1" {
            answer.is_outcome(404, "not-found");
            continue;
        }
        answer.is_outcome(401, "login");
        assert_eq!(answer.bearer_challenge(), "", "{}", answer.header(WWW_AUTHENTICATE));
    }
    let search =
        app.target.post(&format!("{}/Observation/_search", app.fhir_base()), &[("patient", "maria")]);
    search.send().await.is_outcome(401, "login");
    // Another scheme is no bearer token.
    let basic =
        app.target.get(&format!("{}/Patient/maria", app.fhir_base())).header(AUTHORIZATION, "Basic eDp5");
    let answer = basic.send().await;
    answer.is_outcome(401, "login");
    assert_eq!(answer.bearer_challenge(), "");
}

/// RS-03, DISC-28: the scheme and the names of headers in any case.
#[tokio::test]
async fn rs_03_the_scheme_is_compared_without_case() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let url = format!("{}/Patient/maria", app.fhir_base());
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let call = app.target.get(&url).header(AUTHORIZATION, &format!("{scheme} {}", tokens.access_token));
        call.send().await.is(200);
    }
    for name in ["Authorization", "AUTHORIZATION", "authorization"] {
        let request = format!(
            "GET /fhir/Patient/maria HTTP/1.1\r\nHOST: localhost\r\n{name}: Bearer {}\r\nConnection: close\r\n\r\n",
            tokens.access_token
        );
        let said = app.target.raw(request.as_bytes()).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 "), "{name}: {said}");
    }
}

/// RS-04, SEC-09: a token in the query is none; beside a header it is a second one (RS-08).
#[tokio::test]
async fn rs_04_08_a_token_is_sent_once_and_in_the_header() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let url = format!("{}/Patient/maria", app.fhir_base());
    let in_query = format!("{url}?access_token={}", tokens.access_token);
    app.target.get(&in_query).send().await.is_outcome(401, "login");
    let both = app.target.get(&in_query).bearer(&tokens.access_token).send().await;
    both.is_outcome(400, "invalid");
    assert_eq!(both.bearer_challenge(), "invalid_request");
    let twice = app.target.get(&url).bearer(&tokens.access_token).bearer(&tokens.access_token).send().await;
    twice.is_outcome(400, "invalid");
    assert_eq!(twice.bearer_challenge(), "invalid_request");
    let form = [("access_token", &*tokens.access_token), ("patient", "maria")];
    let in_body = app.target.post(&format!("{}/Observation/_search", app.fhir_base()), &form);
    in_body.send().await.is_outcome(401, "login");
}

/// RS-06, RS-15, RS-01: what is no access token of this server is `invalid_token`, and is not repeated.
#[tokio::test]
async fn rs_06_15_what_is_no_access_token_opens_nothing() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let (head, rest) = tokens.access_token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let id_token = tokens.id_token.clone().unwrap();
    let with_header_of_an_access_token = format!("{head}.{}", id_token.split_once('.').unwrap().1);
    for other in [
        "x",
        "a.b.c",
        &id_token,
        tokens.refresh_token.as_deref().unwrap(),
        &with_header_of_an_access_token,
        &format!("{head}.{claims}."),
        &format!("{head}.{claims}"),
        &format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>()),
        &format!("{}.{claims}.{signature}", "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0"),
        &format!("{} x", tokens.access_token),
        "",
    ] {
        let answer = app.target.get(&format!("{}/Patient/maria", app.fhir_base())).bearer(other).send().await;
        let told = answer.is_outcome(401, "expired");
        assert_eq!(answer.bearer_challenge(), "invalid_token");
        assert!(other.len() < 10 || !told.contains(other), "{told}");
    }
    app.read(&tokens, "Patient/maria").await.is(200);
}

/// RS-07, RS-12: what the scopes do not allow is `insufficient_scope`, whatever exists.
#[tokio::test]
async fn rs_07_12_insufficient_scope_says_nothing_of_what_exists() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("launch/patient patient/Observation.rs", &Choices::of("maria")).await;
    let mut said = Vec::new();
    for path in ["Condition/maria-diabetes", "Condition/lena-diabetes", "Condition/nothing"] {
        let answer = app.read(&tokens, path).await;
        said.push(answer.is_outcome(403, "forbidden"));
        assert_eq!(answer.bearer_challenge(), "insufficient_scope");
        assert!(answer.header(WWW_AUTHENTICATE).contains("scope=\"patient/Condition.r\""));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    for path in [
        "Condition",
        "Condition?patient=maria",
        "Condition?patient=lena",
        "Condition?unknown=1",
        "Condition?code=%22",
    ] {
        app.read(&tokens, path).await.is_outcome(403, "forbidden");
    }
}

/// RS-10, RS-11, FHIR-19: preflights need no token, and pages of any origin may read answers and errors.
#[tokio::test]
async fn rs_10_11_browser_apps_may_call_the_api() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for path in ["Patient/maria", "Observation", "Observation/_search", "metadata"] {
        let url = format!("{}/{path}", app.fhir_base());
        let preflight = app.target.call(Method::OPTIONS, &url).header("origin", "https://app.example");
        let answer = preflight.header("access-control-request-method", "GET").send().await;
        answer.is(204).is_open_to_all_origins();
        let allowed = answer.headers["access-control-allow-headers"].to_str().unwrap().to_ascii_lowercase();
        for header in ["authorization", "content-type", "accept", "prefer", "if-none-match", "if-match"] {
            assert!(allowed.contains(header), "{header}: {allowed}");
        }
    }
    let answer = app.fhir(&tokens, "Patient/maria").header("origin", "https://app.example").send().await;
    answer.is(200).is_open_to_all_origins();
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase();
    for header in ["etag", "location", "content-location", "last-modified", "www-authenticate"] {
        assert!(exposed.contains(header), "{header}: {exposed}");
    }
}

/// RS-01, TOK-09: a token that was issued works right away, for what it says.
#[tokio::test]
async fn rs_01_an_access_token_opens_what_it_says() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    app.read(&tokens, "Patient/maria").await.is(200);
    app.read(&tokens, "Observation").await.is(200);
    let search = app.post_search(&tokens, "Observation", &[("patient", "maria")]).await;
    assert_eq!(search.found().len(), 8);
}

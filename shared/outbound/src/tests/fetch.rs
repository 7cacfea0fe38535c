//! One fetch: what is sent, and what is believed of the answer.

use std::time::Duration;

use http::HeaderValue;
use serde_json::json;
use smart_core::client::metadata::Deployment;

use super::server::{Says, Server, http, ok};
use crate::{FetchError, Outbound, Reach};

fn outbound() -> Outbound {
    Outbound::new(Deployment::Loopback, Reach::Public)
}

#[tokio::test]
async fn asym_21_a_get_asks_for_json_and_nothing_else_is_said() {
    let server = Server::saying(ok(r#"{"keys":[]}"#)).await;
    let answer = outbound().get_json(&server.url("/jwks?a=b#c")).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body, answer.max_age), (200, json!({ "keys": [] }), None));
    let asked = server.asked();
    assert_eq!(
        asked,
        [format!(
            "GET /jwks?a=b HTTP/1.1\r\nhost: 127.0.0.1:{}\r\naccept: application/json\r\n\
             user-agent: smart-on-lambda\r\nconnection: close\r\n\r\n",
            server.port()
        )]
    );
}

#[tokio::test]
async fn a_form_is_posted_with_its_credentials_and_errors_are_answers() {
    let told = r#"{"error":"invalid_grant"}"#;
    let server =
        Server::saying(Says::Bytes(http("400 Bad Request\r\ncontent-type: application/json", told))).await;
    let basic = HeaderValue::from_static("Basic YTpi");
    let answer =
        outbound().post_form(&server.url("/token"), &[("code", "a b&c")], Some(basic)).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body), (400, json!({ "error": "invalid_grant" })));
    let asked = server.asked().remove(0);
    assert!(asked.starts_with("POST /token HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nauthorization: Basic YTpi\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\ncode=a+b%26c"), "{asked}");
}

#[tokio::test]
async fn what_is_no_json_answer_of_status_200_is_refused_and_says_why() {
    let server = Server::saying(ok("")).await;
    for (said, why) in [
        (http("200 OK", "<html>"), FetchError::NotJson),
        (http("200 OK", ""), FetchError::NotJson),
        (http("200 OK", "{\"keys\":[]"), FetchError::NotJson),
        (http("200 OK", "{} {}"), FetchError::NotJson),
        (http("200 OK\r\ncontent-encoding: gzip", "{}"), FetchError::NotJson),
        (http("404 Not Found", "{}"), FetchError::Status(404)),
        (http("500 Oh", "no"), FetchError::Status(500)),
        (http("201 Created", "{}"), FetchError::Status(201)),
        (http("204 No Content", ""), FetchError::Status(204)),
        (http("301 Moved\r\nlocation: http://169.254.169.254/latest/meta-data/", ""), FetchError::Redirect),
        (http("302 Found\r\nlocation: /elsewhere", "{}"), FetchError::Redirect),
        (http("307 Again\r\nlocation: https://app.example/", ""), FetchError::Redirect),
        (http("304 Not Modified", ""), FetchError::Redirect),
        (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), FetchError::Http),
        (Vec::new(), FetchError::Http),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec(), FetchError::Http),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n{{}}", "a".repeat(20_000)).into_bytes(), FetchError::Http),
    ] {
        let shown = String::from_utf8_lossy(&said[..said.len().min(60)]).into_owned();
        server.say(Says::Bytes(said));
        assert_eq!(outbound().get_json(&server.url("/jwks")).await.unwrap_err(), why, "{shown}");
    }
    assert_eq!(server.asked().len(), 17, "nothing was followed");
}

#[tokio::test]
async fn media_types_chunks_and_old_versions_are_taken_as_they_come() {
    let server = Server::saying(ok("")).await;
    for said in [
        http("200 OK\r\ncontent-type: text/plain", "{\"a\":1}"),
        http("200 OK\r\ncontent-type: application/jwk-set+json\r\ncontent-encoding: identity", "{\"a\":1}"),
        b"HTTP/1.0 200 OK\r\n\r\n{\"a\":1}".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n".to_vec(),
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}".to_vec(),
    ] {
        server.say(Says::Bytes(said));
        assert_eq!(outbound().get_json(&server.url("/")).await.unwrap().body, json!({ "a": 1 }));
    }
}

#[tokio::test]
async fn reg_10_a_long_answer_is_not_read_to_its_end() {
    let exactly = format!("\"{}\"", "a".repeat(64 * 1024 - 2));
    let server = Server::saying(ok(&exactly)).await;
    assert!(outbound().get_json(&server.url("/")).await.is_ok());
    let longer = format!("\"{}\"", "a".repeat(64 * 1024 - 1));
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    for says in [ok(&longer), Says::Endlessly(head, b"        ")] {
        server.say(says);
        assert_eq!(outbound().get_json(&server.url("/")).await.unwrap_err(), FetchError::TooLarge);
    }
    server.say(Says::Endlessly(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n"));
    assert_eq!(outbound().get_json(&server.url("/")).await.unwrap_err(), FetchError::Http);
}

#[tokio::test(start_paused = true)]
async fn reg_10_a_slow_answer_is_not_waited_for() {
    let whole = http("200 OK", "{}");
    let half = whole[..20].to_vec();
    let server = Server::saying(ok("")).await;
    for says in [
        Says::AndThenNothing(Vec::new()),
        Says::AndThenNothing(half),
        Says::AndThenNothing(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{".to_vec()),
        Says::Late(Duration::from_secs(5), whole),
    ] {
        server.say(says);
        let began = tokio::time::Instant::now();
        assert_eq!(outbound().get_json(&server.url("/")).await.unwrap_err(), FetchError::Timeout);
        assert_eq!(began.elapsed().as_secs(), 4);
    }
}

#[tokio::test]
async fn reg_10_where_nobody_listens_there_is_no_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(outbound().get_json(&url).await.unwrap_err(), FetchError::Connect);
}

#[tokio::test]
async fn reg_10_a_server_that_may_not_be_asked_is_not_connected_to() {
    let server = Server::saying(ok("{}")).await;
    let public = Outbound::new(Deployment::Public, Reach::Public);
    assert_eq!(public.get_json(&server.url("/")).await.unwrap_err(), FetchError::Url);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"] {
        let url = format!("https://{host}:{}/", server.port());
        assert_eq!(public.get_json(&url).await.unwrap_err(), FetchError::Address, "{host}");
    }
    assert_eq!(server.asked(), [""; 0]);
}

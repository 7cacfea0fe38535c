//! What is no HTTP, or hardly: bytes as no library would send them.

use crate::harness::Target;

/// FHIR-16, SCOPE-28: whatever bytes come, the server answers 4xx or hangs up, and serves the next one.
#[tokio::test]
async fn malformed_http_is_refused_and_forgotten() {
    let server = Target::wire().await;
    let long = "x".repeat(600_000);
    let many = "x: y\r\n".repeat(200);
    let requests: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"\r\n\r\n".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET /fhir/metadata\r\n\r\n".to_vec(),
        b"GET /fhir/Patient/\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /fhir/Patient/a b HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /fhir/Patient/a\0b HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /fhir/metadata HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /fhir/metadata HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n".to_vec(),
        b"GET /fhir/metadata HTTP/1.1\r\nho st: x\r\n\r\n".to_vec(),
        b"GET /fhir/metadata HTTP/1.1\r\n: x\r\n\r\n".to_vec(),
        b"G\xc3\x89T /fhir/metadata HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: nonsense\r\n\r\n".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"POST /auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x".to_vec(),
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes(),
        format!("GET /fhir/metadata HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n").into_bytes(),
        format!("GET /fhir/metadata HTTP/1.1\r\nhost: x\r\n{many}\r\n").into_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
    ];
    for request in requests {
        // Half of a line is waited for; who hangs up has said all.
        let answer = tokio::time::timeout(std::time::Duration::from_millis(300), server.raw(&request)).await;
        let said = answer.ok().flatten().unwrap_or_default();
        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
        let status: u16 = said.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(400);
        assert!((400..500).contains(&status) || said.contains("CapabilityStatement"), "{shown:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains(".rs:"), "{shown:?}: {said}");
        server.get("/fhir/metadata").send().await.is(200);
    }
}

/// SEC-21: the long form of a request line, and the one for all, are no way around anything.
#[tokio::test]
async fn other_forms_of_a_request_line_change_nothing() {
    let server = Target::wire().await;
    let ask = async |line: &str| {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        server.raw(request.as_bytes()).await.unwrap()
    };
    let metadata = ask("GET http://evil.example/fhir/metadata").await;
    assert!(metadata.starts_with("HTTP/1.1 200 ") && !metadata.contains("evil.example"), "{metadata}");
    let record = ask("GET http://evil.example/fhir/Patient/maria").await;
    assert!(record.starts_with("HTTP/1.1 401 ") && !record.contains("evil.example"), "{record}");
    for line in ["OPTIONS *", "CONNECT evil.example:443"] {
        let said = ask(line).await;
        assert!(said.starts_with("HTTP/1.1 4"), "{line}: {said}");
    }
}

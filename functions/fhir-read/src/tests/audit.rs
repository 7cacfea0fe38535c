//! What is logged of each access (RS-17), and what never is (SEC-09).

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::world::clinic;
use super::{function, get, post_search};

/// The lines of the log so far.
fn lines(mut file: &File) -> Vec<Value> {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn rs_17_each_access_is_a_line_of_who_what_of_whom_and_what_came_of_it() {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let logging = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(LevelFilter::TRACE);
    let _guard = logging.with_writer(Arc::clone(&file)).finish().set_default();
    let world = clinic();
    let function = function(&world);
    let bearer = world.token("clinician", "patient/Patient.rs patient/Observation.rs", Some("a"));
    let mut seen = 0;
    let mut audited = || {
        let lines = lines(&file);
        let new = lines[seen..].to_vec();
        seen = lines.len();
        let audit: Vec<Value> = new.into_iter().filter(|line| line["target"] == "audit").collect();
        assert!(audit.len() <= 1, "{audit:?}");
        audit.into_iter().next().map(|line| {
            let say = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            let who = ["client_id", "sub", "patient", "grant"].map(say);
            assert_eq!(who, ["app", "sub-clinician", "a", bearer.grant.as_str()]);
            ["interaction", "resource_type", "id", "outcome"].map(say).join(" ")
        })
    };
    for (request, line) in [
        (get("/fhir/Patient/a"), "read Patient a allowed"),
        // Told alike to whoever asks: one is somebody else's, the other nobody's.
        (get("/fhir/Patient/b"), "read Patient b refused"),
        (get("/fhir/Observation/nothing"), "read Observation nothing absent"),
        (get("/fhir/Condition/a-c"), "read Condition a-c refused"),
        (get("/fhir/Observation?code=secret-718"), "search Observation - allowed"),
        (post_search("Observation", "code=secret-718"), "search Observation - allowed"),
        (get("/fhir/Condition?code=secret-718"), "search Condition - refused"),
        (get("/fhir/Observation?secret-718=x"), "search Observation - refused"),
    ] {
        request.by(&bearer).send_to(&function).await;
        assert_eq!(audited().as_deref(), Some(line));
    }
    // Whose token says nothing is nobody that could be named.
    get("/fhir/Patient/a").send_to(&function).await.is_outcome(401, "login");
    assert_eq!(audited(), None);

    world.0.broken.store(true, Ordering::Relaxed);
    for (path, line) in
        [("/fhir/Patient/a", "read Patient a failed"), ("/fhir/Observation", "search Observation - failed")]
    {
        get(path).by(&bearer).send_to(&function).await.is_outcome(503, "transient");
        assert_eq!(audited().as_deref(), Some(line));
    }
    world.0.broken.store(false, Ordering::Relaxed);
    world.0.grants.lock().unwrap().clear();
    for (path, line) in
        [("/fhir/Patient/a", "read Patient a refused"), ("/fhir/Observation", "search Observation - refused")]
    {
        get(path).by(&bearer).send_to(&function).await.is_outcome(401, "expired");
        assert_eq!(audited().as_deref(), Some(line));
    }

    let log = lines(&file).into_iter().map(|line| line.to_string()).collect::<String>();
    for secret in [&*bearer.token, &bearer.token[bearer.token.len() / 2..], "secret-718"] {
        assert!(!log.contains(secret), "SEC-09: {secret}");
    }
}

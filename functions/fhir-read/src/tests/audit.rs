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

/// The audit line of the last access.
fn last_line(file: &File) -> Value {
    lines(file).into_iter().rfind(|line| line["target"] == "audit").unwrap()
}

/// Starts logging on this thread.
fn log() -> (Arc<File>, tracing::dispatcher::DefaultGuard) {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let logging = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(LevelFilter::TRACE);
    let guard = logging.with_writer(Arc::clone(&file)).finish().set_default();
    (file, guard)
}

#[tokio::test]
async fn rs_17_each_access_is_a_line_of_who_what_of_whom_and_what_came_of_it() {
    let (file, _guard) = log();
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
            ["event", "resource_type", "id", "outcome"].map(say).join(" ")
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

/// Apps of clinicians and backend services are in nobody's context: the line says whose data they got.
#[tokio::test]
async fn rs_17_the_line_says_whose_data_left_also_where_no_patient_is_in_context() {
    let (file, _guard) = log();
    let world = clinic();
    world.register_backend("system/*.rs");
    let function = function(&world);
    let clinician = world.token("clinician", "user/*.rs", None);
    let nurse = world.token("nurse", "user/*.rs", None);
    let backend = super::backend_services::bearer("system/*.rs");
    for (bearer, path, patients, count) in [
        (&clinician, "/fhir/Patient/b", "b", 1),
        (&clinician, "/fhir/Appointment/both", "a b", 1),
        (&clinician, "/fhir/Practitioner/p", "", 1),
        (&clinician, "/fhir/Observation", "a b", 8),
        (&clinician, "/fhir/Observation?patient=b&_count=2", "b", 2),
        // A number tells something of each as well.
        (&clinician, "/fhir/Observation?_summary=count", "a b", 8),
        (&clinician, "/fhir/Observation?patient=nobody", "", 0),
        (&nurse, "/fhir/Observation", "a", 4),
        (&backend, "/fhir/Condition", "a b", 2),
    ] {
        get(path).by(bearer).send_to(&function).await;
        let line = last_line(&file);
        assert_eq!((&line["outcome"], &line["count"]), (&"allowed".into(), &count.into()), "{path} {line}");
        assert_eq!((&line["patients"], &line["patient"]), (&patients.into(), &Value::Null), "{path}");
    }
    // Nothing left, so nobody is named.
    for path in ["/fhir/Observation/b-o1", "/fhir/Patient/a/_history/7", "/fhir/Observation?code=%FF"] {
        get(path).by(&nurse).send_to(&function).await;
        let line = last_line(&file);
        assert_ne!(line["outcome"], "allowed", "{path} {line}");
        assert_eq!((&line["count"], &line["patients"]), (&0.into(), &Value::Null), "{path}");
    }
}

//! The access matrix: every route, by every method, with every credential.
//!
//! [`TABLE`] has a row for each route; a route that is missing there fails the run. What a row does not name, is refused for
//! everybody.

mod credentials;

use std::collections::BTreeSet;

use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderName, Method};

use self::credentials::{Credential, Standing, all};
use crate::harness::page::Page;
use crate::harness::{Answer, Target};

/// What is behind a path.
struct Row {
    /// The path as it is routed.
    route: &'static str,
    /// A path of that route.
    path: &'static str,
    /// Who may do what; every other method is 405 for everybody.
    methods: &'static [(&'static str, Access)],
    /// What a method that is not named is refused with.
    refused: Form,
    /// Whether pages of other origins may ask.
    cors: bool,
}

/// Who gets what.
#[derive(Clone, Copy, Debug)]
enum Access {
    /// Everybody the same, whoever they are.
    Everybody(u16, Form),
    /// A record of Maria's: its reader needs a token with the scope, for her.
    Record,
    /// A search that may find records of Maria's, and finds others' for others.
    Search,
    /// For an EHR: who has no token of one is told so, whatever their token is good for elsewhere.
    OfAnEhr,
    /// What is described for all patients: any patient's token with the scope.
    Shared,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A JSON document that everybody may keep.
    Document,
    /// A FHIR resource or an `OperationOutcome`.
    Fhir,
    /// A page.
    Page,
    /// An error of the token endpoint, or of a path or method that is not there.
    Error,
    Nothing,
}

use Access::{Everybody, Record, Search, Shared};

const DOCUMENT: &[(&str, Access)] =
    &[("GET", Everybody(200, Form::Document)), ("HEAD", Everybody(200, Form::Document))];
const READ: &[(&str, Access)] = &[("GET", Record), ("HEAD", Record)];
const NOWHERE: &[(&str, Access)] = &[
    ("GET", Everybody(404, Form::Fhir)),
    ("HEAD", Everybody(404, Form::Fhir)),
    ("POST", Everybody(404, Form::Fhir)),
    ("PUT", Everybody(404, Form::Fhir)),
    ("PATCH", Everybody(404, Form::Fhir)),
    ("DELETE", Everybody(404, Form::Fhir)),
    ("PROPFIND", Everybody(404, Form::Fhir)),
];
/// Pages of an authorization that nobody began: a form of it that comes without its request is no better.
const PAGE: &[(&str, Access)] = &[
    ("GET", Everybody(400, Form::Page)),
    ("HEAD", Everybody(400, Form::Page)),
    ("POST", Everybody(400, Form::Page)),
];

const fn document(path: &'static str) -> Row {
    Row { route: path, path, methods: DOCUMENT, refused: Form::Error, cors: true }
}

const fn page(path: &'static str, methods: &'static [(&'static str, Access)]) -> Row {
    Row { route: path, path, methods, refused: Form::Error, cors: false }
}

const fn fhir(path: &'static str, methods: &'static [(&'static str, Access)]) -> Row {
    Row { route: "/fhir/{*path}", path, methods, refused: Form::Fhir, cors: true }
}

const TABLE: &[Row] = &[
    document("/auth/style/v1.json"),
    document("/brands.json"),
    document("/.well-known/jwks.json"),
    document("/.well-known/oauth-authorization-server"),
    document("/.well-known/openid-configuration"),
    document("/fhir/.well-known/smart-configuration"),
    // Not by HEAD: a request begins something.
    page("/auth/authorize", &[("GET", Everybody(400, Form::Page)), ("POST", Everybody(400, Form::Page))]),
    page("/auth/login", PAGE),
    // An answer of an identity provider that nobody was sent to; HEAD would use it up.
    page("/auth/callback", &[("GET", Everybody(403, Form::Page))]),
    page("/auth/patient", PAGE),
    page("/auth/encounter", PAGE),
    page("/auth/consent", PAGE),
    page("/auth/launch", &[("POST", Access::OfAnEhr)]),
    // Their own page, or the way there; a form needs the token of the page that it was on.
    page(
        "/auth/access",
        &[
            ("GET", Everybody(200, Form::Page)),
            ("HEAD", Everybody(200, Form::Page)),
            ("POST", Everybody(403, Form::Page)),
        ],
    ),
    // Whether somebody is signed in, their cookie says; the form of who is, needs its token.
    page(
        "/auth/sign-out",
        &[
            ("GET", Everybody(200, Form::Page)),
            ("HEAD", Everybody(200, Form::Page)),
            ("POST", Everybody(200, Form::Page)),
        ],
    ),
    Row { cors: true, ..page("/auth/token", &[("POST", Everybody(400, Form::Error))]) },
    // Without a token that is asked about, or revoked.
    Row { cors: true, ..page("/auth/introspect", &[("POST", Everybody(400, Form::Error))]) },
    Row { cors: true, ..page("/auth/revoke", &[("POST", Everybody(400, Form::Error))]) },
    Row { route: "/fhir", ..fhir("/fhir", NOWHERE) },
    Row { route: "/fhir/", ..fhir("/fhir/", NOWHERE) },
    fhir("/fhir/metadata", &[("GET", Everybody(200, Form::Fhir)), ("HEAD", Everybody(200, Form::Fhir))]),
    fhir("/fhir/Patient/maria", READ),
    fhir("/fhir/Patient/maria/_history/1", READ),
    fhir("/fhir/Observation/maria-bp-2024", READ),
    fhir("/fhir/Condition/maria-flu", READ),
    fhir("/fhir/Encounter/maria-visit", READ),
    fhir("/fhir/MedicationRequest/maria-metformin", READ),
    fhir("/fhir/DocumentReference/maria-note", READ),
    fhir("/fhir/Device/maria-pump", READ),
    fhir("/fhir/Organization/clinic", &[("GET", Shared), ("HEAD", Shared)]),
    fhir("/fhir/Patient", &[("GET", Search), ("HEAD", Search)]),
    fhir("/fhir/Observation?patient=maria", &[("GET", Search), ("HEAD", Search)]),
    fhir("/fhir/Observation/_search", &[("POST", Search)]),
    fhir("/fhir/Patient/maria/_history", NOWHERE),
    fhir("/fhir/Patient/maria/Observation", NOWHERE),
    fhir("/fhir/Patient/maria/$everything", NOWHERE),
    fhir("/fhir/$export", NOWHERE),
    fhir("/fhir/_history", NOWHERE),
    fhir("/fhir/Nonsense/maria", NOWHERE),
];

/// OPTIONS is a row of its own in every case: a preflight, or not allowed.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

#[tokio::test]
async fn every_route_is_in_the_table() {
    // What is routed, the composed application itself says; a deployment cannot be asked.
    let server = Target::in_process(&crate::harness::app::Clock::new()).await;
    let routed: BTreeSet<&str> = server.app().unwrap().paths.iter().map(String::as_str).collect();
    let listed: BTreeSet<&str> = TABLE.iter().map(|row| row.route).collect();
    assert_eq!(routed, listed);
    for row in TABLE {
        let of_route = match row.route.split_once("{*") {
            Some((prefix, _)) => row.path.starts_with(prefix) && row.path.len() > prefix.len(),
            None => row.path == row.route,
        };
        assert!(of_route, "{} is not of {}", row.path, row.route);
    }
}

/// RS-01, RS-02, RS-05, RS-06, RS-07, RS-09, RS-10, RS-12, RS-15, RS-18, BACK-19: every combination.
#[tokio::test]
async fn every_route_with_every_method_and_every_credential() {
    let server = Target::wire().await;
    let credentials = all(&server).await;
    // A few whose absence would go unseen.
    for standing in [
        Standing::Nobody,
        Standing::Invalid,
        Standing::Scopeless,
        Standing::OfAnother,
        Standing::Good,
        Standing::System,
    ] {
        assert!(credentials.iter().any(|credential| credential.standing == standing), "{standing:?}");
    }
    for row in TABLE {
        for method in METHODS {
            for credential in &credentials {
                let answer = ask(&server, row, method, credential).await;
                check(row, method, credential, &answer);
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_routed_is_not_there() {
    let server = Target::wire().await;
    for path in
        ["/", "/auth", "/auth/", "/auth/authorize/", "/auth/nothing", "/fhirs", "/.well-known/", "/admin"]
    {
        for method in METHODS {
            let answer = server.call(method.parse().unwrap(), path).send().await;
            assert_eq!(answer.status, 404, "{}", answer.asked);
            if method != "HEAD" {
                assert_eq!(answer.json()["error"], "not_found");
            }
        }
    }
}

async fn ask(server: &Target, row: &Row, method: &str, credential: &Credential) -> Answer {
    let method: Method = method.parse().unwrap();
    let mut call = server.call(method.clone(), row.path);
    if method == Method::POST {
        call = call.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("patient=maria");
    }
    let (name, value): (HeaderName, _) = match credential.value.split_once("cookie: ") {
        Some((_, cookie)) => (COOKIE, cookie),
        None => (AUTHORIZATION, &*credential.value),
    };
    if !value.is_empty() {
        call = call.header(name, value);
    }
    call.send().await
}

fn check(row: &Row, method: &str, credential: &Credential, answer: &Answer) {
    let access = row.methods.iter().find(|(known, _)| *known == method).map(|(_, access)| *access);
    let what = format!("{method} {} with {}", row.path, credential.name);
    let (status, form) = match (method, access) {
        ("OPTIONS", _) if row.cors => (204, Form::Nothing),
        (_, None) => (405, row.refused),
        (_, Some(Everybody(status, form))) => (status, form),
        // A token of a user is good, and for something else.
        (_, Some(Access::OfAnEhr)) if credential.standing != Standing::Nobody && answer.status == 403 => {
            (403, Form::Error)
        }
        (_, Some(Access::OfAnEhr)) => (401, Form::Error),
        (_, Some(guarded)) => (guarded_status(guarded, credential.standing), Form::Fhir),
    };
    // The sign-out page tells who is signed in; without its token it refuses to end a session.
    let status = if row.path == "/auth/sign-out" && method == "POST" && credential.name == "a session cookie"
    {
        403
    } else {
        status
    };
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let challenge = match (status, credential.standing) {
        (401, Standing::Nobody) => Some(""),
        (401, _) => Some("invalid_token"),
        (403, _) if form != Form::Page => Some("insufficient_scope"),
        _ => None,
    };
    if let Some(error) = challenge {
        assert_eq!(answer.bearer_challenge(), error, "{what}");
    }
    assert!(answer.headers.contains_key(ALLOW) || status != 405, "{what}");
    assert_eq!(answer.headers.contains_key("access-control-allow-origin"), row.cors, "{what}");
    if method != "HEAD" {
        check_form(form, answer, &what);
    }
    if let Search = access.unwrap_or(Record)
        && status == 200
        && method != "HEAD"
    {
        let found = answer.found();
        let good = matches!(credential.standing, Standing::Good | Standing::System);
        assert_eq!(found.iter().any(|address| address.contains("maria")), good, "{what}: {found:?}");
    }
}

fn guarded_status(access: Access, standing: Standing) -> u16 {
    match (standing, access) {
        (Standing::Nobody | Standing::Invalid, _) | (_, Access::OfAnEhr) => 401,
        (Standing::Scopeless, _) => 403,
        (Standing::OfAnother, Record) => 404,
        (Standing::OfAnother | Standing::Good | Standing::System, _) => 200,
    }
}

fn check_form(form: Form, answer: &Answer, what: &str) {
    match form {
        Form::Nothing => assert!(answer.body.is_empty(), "{what}"),
        Form::Document => assert!(answer.json().is_object(), "{what}"),
        Form::Page => drop(Page::read("http://localhost/".parse().unwrap(), answer)),
        Form::Error => {
            let told = answer.json();
            assert!(told["error"].is_string() && told["error_description"].is_string(), "{what}: {told}");
        }
        Form::Fhir => {
            let resource = answer.json();
            let is_outcome = resource["resourceType"] == "OperationOutcome";
            assert_eq!(is_outcome, answer.status >= 400, "{what}: {resource}");
        }
    }
}

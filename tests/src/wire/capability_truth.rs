//! Capability truth (DISC-04, DISC-19, CAP rows): every item of the discovery documents is tried by `smart_verify`, the program
//! behind `smart verify`; and the program itself is attacked, by documents that lie and by a server that does what it must not.
//!
//! These tests have a server of their own, wherever the others go: what they need stands in front of it.

mod misdeeds;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use serde_json::{Map, Value, json};
use smart_core::client::registration::InitialAccessToken;
use smart_verify::{
    Document, Documents, Flow, Item, Options, Report, SetupError, Truth, Untrue, Verdict, judge, make_seed,
};
use smart_web::arrival::system_clock;
use smart_web::peer::Peer;
use tempfile::TempDir;
use tokio::net::TcpListener;

use self::misdeeds::{Misdeed, Misdeeds};
use crate::harness::{App, world};

/// How a document is changed on its way out.
type Lie = Arc<dyn Fn(Document, &mut Map<String, Value>) + Send + Sync>;

/// A server with the program's seed, in front of which somebody may lie.
struct Server {
    url: String,
    seed: TempDir,
    lie: Arc<Mutex<Option<Lie>>>,
    misdeeds: Arc<Misdeeds>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Where whoever bears this token registers clients, if there is one.
    async fn start_with(registration: Option<InitialAccessToken>) -> Self {
        let seed = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        make_seed(seed.path(), Some(&url.parse().unwrap())).unwrap();
        let app = match registration {
            Some(token) => App::registering(token, &url, system_clock).await,
            None => App::at(&url, system_clock).await,
        };
        world::load_folder(&app.store, &app.url, seed.path(), system_clock()).await;
        let lie: Arc<Mutex<Option<Lie>>> = Arc::default();
        let misdeeds: Arc<Misdeeds> = Arc::default();
        let (liar, offender) = (Arc::clone(&lie), Arc::clone(&misdeeds));
        let router = app.router.layer(from_fn(move |mut request: Request, next: Next| {
            let liar = liar.lock().unwrap().clone();
            let offender = Arc::clone(&offender);
            async move {
                let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
                if let Some(ConnectInfo(address)) = peer {
                    request.extensions_mut().insert(Peer::from(address.ip()));
                }
                let path = request.uri().path().to_owned();
                let answer = offender.answer(request, next).await;
                let document = Document::ALL.into_iter().find(|document| path.ends_with(document.name()));
                match (document, liar) {
                    (Some(document), Some(lie)) if answer.status() == 200 => {
                        changed(answer, document, &*lie).await
                    }
                    _ => answer,
                }
            }
        }));
        tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        Self { url, seed, lie, misdeeds }
    }

    fn lies(&self, lie: impl Fn(Document, &mut Map<String, Value>) + Send + Sync + 'static) {
        *self.lie.lock().unwrap() = Some(Arc::new(lie));
    }

    async fn verified(&self) -> (Report, smart_verify::Findings) {
        self.try_to_verify(self.seed.path()).await.unwrap()
    }

    async fn try_to_verify(&self, seed: &Path) -> Result<(Report, smart_verify::Findings), SetupError> {
        self.try_with(seed, None).await
    }

    async fn try_with(
        &self,
        seed: &Path,
        initial_access_token: Option<&str>,
    ) -> Result<(Report, smart_verify::Findings), SetupError> {
        let initial_access_token = initial_access_token.map(str::to_owned);
        let options = Options { base: self.url.parse().unwrap(), seed, initial_access_token };
        smart_verify::verify(options, |_| {}).await
    }
}

async fn changed(
    answer: Response,
    document: Document,
    lie: &(dyn Fn(Document, &mut Map<String, Value>) + Send + Sync),
) -> Response {
    let (mut head, body) = answer.into_parts();
    let mut members: Map<String, Value> =
        match serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()) {
            Ok(members) => members,
            // An answer to OPTIONS has no body.
            Err(_) => return Response::from_parts(head, Body::empty()),
        };
    lie(document, &mut members);
    head.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(Value::Object(members).to_string()))
}

/// What is false, in words.
fn untrue(verdicts: &[Verdict]) -> Vec<String> {
    let wrong = verdicts.iter().filter(|verdict| verdict.truth != Truth::True);
    wrong.map(|Verdict { item: Item { field, value }, why, .. }| format!("{field} {value}: {why}")).collect()
}

/// DISC-04, DISC-19, DISC-29, CAP-01, DPOP-03 to DPOP-05, ASYM-18: everything that is listed works, what is not is refused, and the
/// report tells it without a secret.
#[tokio::test]
async fn disc_04_what_is_listed_works_and_what_is_not_is_refused() {
    let server = Server::start().await;
    let (report, findings) = server.verified().await;
    assert_eq!(untrue(&report.verdicts), Vec::<String>::new());
    assert!(report.is_true());
    let listed = report.verdicts.iter().filter(|verdict| verdict.is_listed).count();
    assert!(listed > 100 && report.verdicts.len() - listed > 30, "{}", report.summary());
    let markdown = report.write(smart_verify::Format::Markdown);
    let json: Value = serde_json::from_str(&report.write(smart_verify::Format::Json)).unwrap();
    assert_eq!(json["true"], true);
    assert!(json["flows"].as_array().unwrap().len() == findings.outcomes.len());
    for file in ["clients.json", "users.json"] {
        let entries = std::fs::read(server.seed.path().join(file)).unwrap();
        let entries: Vec<Value> = serde_json::from_slice(&entries).unwrap();
        for secret in entries.iter().flat_map(|entry| [&entry["client_secret"], &entry["password"]]) {
            assert!(
                secret
                    .as_str()
                    .is_none_or(|secret| !markdown.contains(secret) && !json.to_string().contains(secret))
            );
        }
    }
    // Neither a JWT nor a code or refresh token of ours.
    assert!(!markdown.contains("eyJ") && !json.to_string().contains("eyJ"));

    everything_more_is_found_out(&findings.documents, &findings.outcomes);
    everything_less_is_found_out(&findings.documents, &findings.outcomes);
    contradictions_are_found_out(&findings.documents, &findings.outcomes);
}

/// DISC-14, REG-07: where programs register clients, it is listed, and works with the initial access token and without it does not.
#[tokio::test]
async fn disc_14_and_reg_07_a_registration_endpoint_is_listed_where_it_works() {
    let token = "initial-access-token-for-tests";
    // printf %s initial-access-token-for-tests | sha256sum
    let digest = "22be6524441748f695f06a7699c1bb4c97e0b031a7beb3000aaed2a73552402d";
    let server = Server::start_with(Some(digest.parse().unwrap())).await;
    let (report, findings) = server.try_with(server.seed.path(), Some(token)).await.unwrap();
    assert_eq!(untrue(&report.verdicts), Vec::<String>::new());
    assert!(findings.outcomes.contains_key(&Flow::Registration));
    assert!(!report.write(smart_verify::Format::Markdown).contains(token));
    // Whoever cannot try it does not say that it works.
    let (report, _) = server.verified().await;
    let told = untrue(&report.verdicts);
    assert!(told.iter().all(|why| why.starts_with("registration_endpoint ")) && !told.is_empty(), "{told:?}");
    let (report, _) = server.try_with(server.seed.path(), Some("another-token")).await.unwrap();
    assert!(!report.is_true());
}

type Outcomes = BTreeMap<Flow, Result<(), Untrue>>;

fn is_found_out(documents: &Documents, outcomes: &Outcomes, what: &str) {
    assert!(
        judge(documents, outcomes).iter().any(|verdict| verdict.truth == Truth::False),
        "not found out: {what}"
    );
}

/// A document that says one thing more, in each of its fields, and with each thing that was tried and does not work.
fn everything_more_is_found_out(documents: &Documents, outcomes: &Outcomes) {
    let lists = documents.of.iter().flat_map(Map::iter).filter(|(_, value)| value.is_array());
    let fields: Vec<String> = lists.map(|(field, _)| field.clone()).collect();
    for field in &fields {
        let mut lying = documents.clone();
        for document in lying.of.iter_mut().filter_map(|document| document.get_mut(field)) {
            document.as_array_mut().unwrap().push(json!("made-up"));
        }
        is_found_out(&lying, outcomes, &format!("made-up in {field}"));
    }
    for field in [
        "made_up_endpoint",
        "made_up_supported",
        "associated_endpoints",
        "pushed_authorization_request_endpoint",
    ] {
        let mut lying = documents.clone();
        for document in &mut lying.of {
            document.insert(field.to_owned(), json!("https://verify.invalid/"));
        }
        is_found_out(&lying, outcomes, field);
    }
    for Verdict { item, .. } in judge(documents, outcomes).iter().filter(|verdict| !verdict.is_listed) {
        let mut lying = documents.clone();
        for document in &mut lying.of {
            match document.get_mut(&item.field) {
                Some(Value::Array(values)) => values.push(json!(item.value)),
                _ if item.value == "true" => drop(document.insert(item.field.clone(), json!(true))),
                _ => drop(document.insert(item.field.clone(), json!("https://verify.invalid/"))),
            }
        }
        is_found_out(&lying, outcomes, &format!("{} {}", item.field, item.value));
    }
}

/// Documents that are silent about one thing that works; what follows from it alone goes with it. SMART lets a server support scopes that
/// it does not list, so that the narrower scopes of resources may be left out (DISC-19), but for those that US Core wants listed.
fn everything_less_is_found_out(documents: &Documents, outcomes: &Outcomes) {
    for Verdict { item, is_listed, flow, .. } in judge(documents, outcomes) {
        let may_be_left_out = matches!(flow, Some(Flow::ResourceScope(_))) && !must_be_listed(&item.value);
        if !is_listed || !item.can_be_listed() || may_be_left_out || flow == Some(Flow::Discovery) {
            continue;
        }
        let mut lying = documents.clone();
        for document in &mut lying.of {
            let is_empty = match document.get_mut(&item.field) {
                Some(Value::Array(values)) => {
                    values.retain(|value| *value != item.value);
                    values.is_empty()
                }
                Some(_) => true,
                None => false,
            };
            if is_empty {
                document.remove(&item.field);
            }
        }
        is_found_out(&lying, outcomes, &format!("silent about {} {}", item.field, item.value));
    }
}

/// The widest scopes, and US Core's: some of those, to be said apart from the program.
fn must_be_listed(scope: &str) -> bool {
    let (_, of_level) = scope.split_once('/').unwrap();
    let us_core = [
        "Patient.rs",
        "Specimen.rs",
        "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|survey",
    ];
    of_level == "*.rs" || us_core.contains(&of_level)
}

/// One document that lacks a field of the others, or has it differently.
fn contradictions_are_found_out(documents: &Documents, outcomes: &Outcomes) {
    for (index, document) in documents.of.iter().enumerate() {
        for (field, value) in document {
            let mut lying = documents.clone();
            let is_off = *value == json!(false);
            lying.of[index].remove(field);
            if !is_off || field == "request_uri_parameter_supported" {
                is_found_out(&lying, outcomes, &format!("{index} lacks {field}"));
            }
            let other = match value {
                Value::Bool(is) => json!(!is),
                Value::Array(_) => json!([]),
                _ => json!({ "another": "kind" }),
            };
            lying.of[index].insert(field.clone(), other);
            is_found_out(&lying, outcomes, &format!("{index} has another {field}"));
        }
    }
}

/// The same over HTTP: the server in front of which somebody lies fails, with the very item that is a lie.
#[tokio::test]
async fn lies_are_found_out_over_http() {
    let server = Server::start().await;
    server.lies(|document, members| {
        // One algorithm withheld, and in its place one that is refused.
        for (field, withheld, refused) in [
            ("dpop_signing_alg_values_supported", "ES256", "EdDSA"),
            ("token_endpoint_auth_signing_alg_values_supported", "RS384", "PS384"),
        ] {
            let algorithms = members[field].as_array_mut().unwrap();
            algorithms.retain(|algorithm| algorithm != withheld);
            algorithms.push(json!(refused));
        }
        match document {
            // Without a flow; withheld; and at an address where nothing is.
            Document::Smart => {
                let capabilities = members["capabilities"].as_array_mut().unwrap();
                capabilities.retain(|capability| capability != "permission-offline");
                capabilities.push(json!("smart-app-state"));
                members["user_access_brand_identifier"]["value"] = json!("https://another.example");
            }
            Document::OpenId => {
                let claims = members["claims_supported"].as_array_mut().unwrap();
                claims.push(json!("email"));
            }
            Document::OAuth => {
                let field = "tls_client_certificate_bound_access_tokens_supported";
                members.insert(field.to_owned(), json!(["PS256"]));
            }
        }
    });
    let (report, _) = server.verified().await;
    let told = untrue(&report.verdicts).join("\n");
    for expected in [
        "capabilities permission-offline: works, and is not listed",
        "capabilities smart-app-state: no flow for it",
        "claims_supported email: the ID token has no email",
        "0 brands of the bundle have this identifier, and one is expected",
        "dpop_signing_alg_values_supported ES256: works, and is not listed",
        "dpop_signing_alg_values_supported EdDSA: POST",
        "token_endpoint_auth_signing_alg_values_supported RS384: works, and is not listed",
        "token_endpoint_auth_signing_alg_values_supported PS384: POST",
        "tls_client_certificate_bound_access_tokens_supported PS256: no flow for it",
        "smart-configuration lacks tls_client_certificate_bound_access_tokens_supported",
    ] {
        assert!(told.contains(expected), "{expected} in {told}");
    }
    assert!(!report.is_true());
    let lie = format!("{}/auth/no-token-here", server.url);
    server.lies(move |_, members| drop(members.insert("token_endpoint".to_owned(), json!(lie))));
    let error = server.try_to_verify(server.seed.path()).await.map(|(report, _)| report.is_true());
    assert!(!matches!(error, Ok(true)));
}

/// Documents without a lie, before a server that does what it must not: each misdeed is told by the item that it belies, and by no
/// other.
#[tokio::test]
async fn misdeeds_are_found_out_over_http() {
    let server = Server::start().await;
    server.misdeeds.commit(&[
        Misdeed::ForgetsProofs,
        Misdeed::TakesBoundForBearer,
        Misdeed::KeepsKeysToItself,
        Misdeed::KnowsAnyKey,
        Misdeed::KeysForAnything,
    ]);
    let (report, _) = server.verified().await;
    let told = untrue(&report.verdicts);
    let expected = [
        "dpop_signing_alg_values_supported (a bound token is no bearer token): GET",
        "dpop_signing_alg_values_supported (a proof serves once): a proof is used twice for tokens, and the answer is 200",
        "dpop_signing_alg_values_supported (cnf is told by introspection): cnf.jkt is None",
        "jwks_uri ",
        "token_endpoint_auth_methods_supported (keys at a jwks_uri): a client with a kid that its set does not hold is answered 400",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{expected} in {told}");
    }
    assert!(told.iter().any(|told| told.ends_with("a key that does not say that it is for signatures")));
}

/// A server that binds no tokens and does not say that it does: what is asked of those who do is refused here, and nothing else
/// changes. One that is silent and binds them all the same is found out by each of these items.
#[tokio::test]
async fn dpop_that_is_not_advertised_is_treated_as_such() {
    let server = Server::start().await;
    let field = "dpop_signing_alg_values_supported";
    server.lies(move |_, members| {
        members.remove(field);
        let methods = members.get_mut("introspection_endpoint_auth_methods_supported");
        if let Some(methods) = methods.and_then(Value::as_array_mut) {
            methods.retain(|method| method != "DPoP");
        }
    });
    server.misdeeds.commit(&[Misdeed::IgnoresProofs]);
    let (report, findings) = server.verified().await;
    assert_eq!(untrue(&report.verdicts), Vec::<String>::new());
    let of_dpop = |verdicts: Vec<Verdict>| -> Vec<Verdict> {
        verdicts.into_iter().filter(|verdict| verdict.item.field == field).collect()
    };
    let off = of_dpop(judge(&findings.documents, &findings.outcomes));
    for verdict in &off {
        assert!(
            !verdict.is_listed && verdict.why.starts_with("not advertised, and refused: "),
            "{verdict:?}"
        );
    }

    let mut outcomes = findings.outcomes.clone();
    outcomes.extend(off.iter().map(|verdict| (verdict.flow.clone().unwrap(), Ok(()))));
    let found_out = of_dpop(judge(&findings.documents, &outcomes));
    assert_eq!(found_out.len(), off.len());
    for verdict in found_out {
        assert_eq!((verdict.truth, verdict.why.as_str()), (Truth::False, "works, and is not listed"));
    }
}

/// Whoever did not load the seed is told so: a server that refuses everybody proves nothing.
#[tokio::test]
async fn a_seed_that_is_not_loaded_proves_nothing() {
    let server = Server::start().await;
    let other = tempfile::tempdir().unwrap();
    make_seed(other.path(), None).unwrap();
    let Err(error) = server.try_to_verify(other.path()).await else { panic!("it was verified") };
    assert!(matches!(error, SetupError::NotLoaded(_)), "{error}");
    // Nor is an existing folder ever written over.
    assert!(make_seed(other.path(), None).is_err());
}

//! What each step of the user's way costs: ARCHITECTURE.md's table of remote calls.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::{Argon2, PasswordHasher as _};
use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use smart_core::client::metadata::{Deployment, parse};
use smart_core::deployment::PublicUrl;
use smart_core::grant::Redemption;
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::pkce::CodeVerifier;
use smart_core::ports::{Clients as _, Redemptions as _, Signer as _, Step};
use smart_core::secret::{AuthorizationCode, Op};
use smart_core::token::{ACCESS_LIFETIME, AccessTokenClaims};
use smart_core::user::{PasswordHash, User};
use smart_local::{Incoming, LocalStore, SoftwareKey};
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use super::counting::Counting;
use crate::router;

pub(super) const NOW: Instant = Instant::from_unix(1_764_000_000);
pub(super) const ASK: &str = "/auth/authorize?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s\
    &scope=launch%2Fpatient+patient%2F*.rs&aud=https%3A%2F%2Fsmart.example%2Ffhir\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

pub(super) async fn clinic() -> Counting {
    let store = LocalStore::in_memory().await.unwrap();
    let app = json!({
        "client_id": "app", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none",
        "scope": "launch launch/patient launch/encounter patient/*.rs", "initiate_login_uri": "https://app.example/launch",
    });
    store.put_client(parse(&app, Deployment::Public).unwrap()).await.unwrap();
    let ehr = json!({
        "client_id": "ehr", "grant_types": ["client_credentials"], "scope": "__launch.create",
        "token_endpoint_auth_method": "client_secret_basic", "client_secret": "tests-only-u3Xw9LmQ2sTfYbN6",
    });
    store.put_client(parse(&ehr, Deployment::Public).unwrap()).await.unwrap();
    let password = Argon2::default().hash_password(b"a long walk").unwrap().to_string();
    let user: User = serde_json::from_value(json!({
        "username": "ines", "sub": "s-ines", "name": "Dr. Ines Moreau", "fhirUser": "Practitioner/moreau", "patients": "*",
        "password": PasswordHash::from_phc(password),
    }))
    .unwrap();
    store.put_user(user).await.unwrap();
    let patients = ["amina", "bruno"].map(|id| {
        Incoming::parse(json!({ "resourceType": "Patient", "id": id }).to_string().into()).unwrap()
    });
    store.put_resources(patients.into(), NOW).await.unwrap();
    let visit =
        json!({ "resourceType": "Encounter", "id": "visit", "subject": { "reference": "Patient/amina" } });
    store.put_resources(vec![Incoming::parse(visit.to_string().into()).unwrap()], NOW).await.unwrap();
    Counting::new(store)
}

pub(super) fn key() -> Arc<SoftwareKey> {
    static KEY: LazyLock<Arc<SoftwareKey>> = LazyLock::new(|| Arc::new(SoftwareKey::generate().unwrap()));
    Arc::clone(&KEY)
}

/// A browser of few words: it keeps the cookie and follows nothing.
struct Visitor {
    function: Router,
    cookie: String,
    page: String,
    location: String,
}

impl Visitor {
    fn new(store: &Counting) -> Self {
        let here: PublicUrl = "https://smart.example".parse().unwrap();
        let function = router(store.clone(), key(), here);
        let function = function.layer(axum::Extension(Arrival(NOW)));
        Self { function, cookie: String::new(), page: String::new(), location: String::new() }
    }

    async fn send(&mut self, method: &str, path: &str, form: String) -> StatusCode {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let response = self.function.clone().oneshot(request.unwrap()).await.unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        if let Some(set) = header("set-cookie") {
            assert!(
                set.starts_with("__Host-smart-session=")
                    && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure")
            );
            set.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        self.location = header("location").unwrap_or_default();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        self.page = String::from_utf8(body.to_vec()).unwrap();
        status
    }

    /// The EHR's call, in the name of a client that may make it; returns the launch.
    async fn make_launch(&self, body: &str) -> String {
        let claims = AccessTokenClaims {
            iss: "https://smart.example".to_owned(),
            aud: "https://smart.example/fhir".to_owned(),
            sub: "ehr".parse().unwrap(),
            client_id: "ehr".parse().unwrap(),
            exp: NOW + Duration::from_mins(5),
            iat: NOW,
            jti: "j".to_owned(),
            scope: Some("__launch.create".parse().unwrap()),
            grant: None,
            patient: None,
            cnf: None,
        };
        let key = key();
        let name = key.access_token_key().await.unwrap();
        let header = json!({ "typ": "at+jwt", "alg": name.alg, "kid": name.kid });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&serde_json::to_value(&claims).unwrap()));
        let signature = key.sign(&name, input.as_bytes()).await.unwrap();
        let request = Request::builder()
            .method("POST")
            .uri("/auth/launch")
            .header("authorization", format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(signature)))
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()));
        let response = self.function.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 201);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let made: Value = serde_json::from_slice(&body).unwrap();
        made["launch"].as_str().unwrap().to_owned()
    }

    async fn get(&mut self, path: &str) -> StatusCode {
        self.send("GET", path, String::new()).await
    }

    /// Sends a form of the page that is shown, with its hidden fields.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        // The form of the page itself: the one that signs out has another token, and no `request`.
        let main = &self.page[self.page.find("name=\"request\"").unwrap()..];
        let hidden = |name: &str| {
            let at = main.find(&format!("name=\"{name}\"")).unwrap();
            main[at..].split('"').nth(3).unwrap().to_owned()
        };
        let (request, token) = (hidden("request"), hidden("form_token"));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("request", &request).append_pair("form_token", &token).extend_pairs(fields);
        let form = form.finish();
        self.send("POST", path, form).await
    }

    async fn follow(&mut self) -> StatusCode {
        let location = self.location.clone();
        self.get(&location).await
    }
}

#[tokio::test]
async fn each_step_of_the_users_way_asks_what_the_table_says() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);

    assert_eq!(visitor.get(ASK).await, 200);
    assert_eq!(store.asked(), "begin, client");

    let signing_in = [("username", "ines"), ("password", "a long walk")];
    assert_eq!(visitor.post("/auth/login", &signing_in).await, 303);
    assert_eq!(
        store.asked(),
        "count_attempt, forget_attempts, grant, patients, sign_in, start_session, user",
        "the address is not known here, so one counter is asked"
    );
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "grant, patients, session, user");

    assert_eq!(visitor.post("/auth/patient", &[("patient", "amina")]).await, 303);
    assert_eq!(store.asked(), "choose_patient, patient, session, user");
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "grant, own_grants, patient, session, user");

    let allow = [("scope", "patient/*.rs"), ("decision", "allow")];
    assert_eq!(visitor.post("/auth/consent", &allow).await, 303);
    assert_eq!(store.asked(), "client, grant, issue_code, session, user");
    assert!(visitor.location.starts_with("https://app.example/cb?code=sac_"), "{}", visitor.location);

    assert_eq!(visitor.get(ASK).await, 303);
    assert_eq!(store.asked(), "begin, patients, session, user", "who is signed in is not asked again");
}

/// Whoever is not signed in can make us keep a grant, and no large one.
#[tokio::test]
async fn a_request_beyond_the_bounds_is_told_to_the_app_and_keeps_nothing() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    let (path, query) = ASK.split_once('?').unwrap();
    for scope in [["1,"; 201].concat(), "1".repeat(40_000)] {
        let asked = query.replace("patient%2F*.rs", &format!("patient%2FObservation.rs%3Fcode%3D{scope}"));
        assert_eq!(visitor.send("POST", path, asked).await, 303);
        assert!(
            visitor.location.starts_with("https://app.example/cb?error=invalid_scope&"),
            "{}",
            visitor.location
        );
        assert_eq!(store.asked().replace("client", ""), "", "no write");
    }
}

#[tokio::test]
async fn an_ehr_launch_costs_one_write_to_make_one_read_to_follow_and_one_write_to_use() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    let launch =
        visitor.make_launch(r#"{ "client_id": "app", "patient": "amina", "encounter": "visit" }"#).await;
    assert_eq!(store.asked(), "client 2, create_launch, encounter, is_revoked, patient");

    let ask = format!("{}&launch={launch}", ASK.replace("launch%2Fpatient", "launch"));
    assert_eq!(visitor.get(&ask).await, 200);
    assert_eq!(store.asked(), "begin, launch", "clients are remembered");
    let signing_in = [("username", "ines"), ("password", "a long walk")];
    assert_eq!(visitor.post("/auth/login", &signing_in).await, 303);
    assert_eq!(store.asked(), "count_attempt, forget_attempts, grant, sign_in, start_session, user");
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "grant, own_grants, patient, session, user");
    let allow = [("scope", "patient/*.rs"), ("decision", "allow")];
    assert_eq!(visitor.post("/auth/consent", &allow).await, 303);
    assert_eq!(store.asked(), "client, grant, issue_code, session, use_launch, user");
    assert!(visitor.location.starts_with("https://app.example/cb?code=sac_"), "{}", visitor.location);

    assert_eq!(visitor.get(&ask).await, 303);
    assert_eq!(store.asked(), "launch, session, user", "nothing begins with a launch that was used");
    assert!(visitor.location.contains("error=invalid_request"), "{}", visitor.location);
}

/// The launch is read, and used up by the code; the list is the price of not asking.
#[tokio::test]
async fn a_launch_that_is_remembered_costs_one_list_and_no_page() {
    let store = clinic().await;
    let mut app = store.store.client(&"app".parse().unwrap()).await.unwrap().unwrap();
    app.smart_remember_consent = true;
    store.store.put_client(app).await.unwrap();
    let mut visitor = Visitor::new(&store);
    let ask = async || {
        let launch = visitor.make_launch(r#"{ "client_id": "app", "patient": "amina" }"#).await;
        format!("{}&launch={launch}", ASK.replace("launch%2Fpatient", "launch"))
    };
    let (first, second) = (ask().await, ask().await);
    visitor.get(&first).await;
    visitor.post("/auth/login", &[("username", "ines"), ("password", "a long walk")]).await;
    visitor.follow().await;
    visitor.post("/auth/consent", &[("scope", "patient/*.rs"), ("decision", "allow")]).await;
    redeemed(&store, &visitor.location).await;
    assert_eq!(visitor.get(&second).await, 303);
    assert_eq!(store.asked(), "begin, client, issue_code, launch, own_grants, session, use_launch, user");
    assert!(visitor.location.starts_with("https://app.example/cb?code=sac_"), "{}", visitor.location);
}

#[tokio::test]
async fn the_encounter_picker_costs_what_the_patient_picker_does_and_the_card() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    visitor.get(&ASK.replace("launch%2Fpatient", "launch%2Fencounter")).await;
    visitor.post("/auth/login", &[("username", "ines"), ("password", "a long walk")]).await;
    visitor.follow().await;
    visitor.post("/auth/patient", &[("patient", "amina")]).await;
    store.asked();
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "encounters, grant, patient, session, user");
    assert_eq!(visitor.post("/auth/encounter", &[("encounter", "visit")]).await, 303);
    assert_eq!(store.asked(), "choose_encounter, encounter, grant, session, user");
    assert!(visitor.location.starts_with("/auth/consent"), "{}", visitor.location);
}

#[tokio::test]
async fn the_page_of_apps_asks_what_the_table_says() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    assert_eq!(visitor.get("/auth/access").await, 200);
    assert_eq!(store.asked(), "", "nobody is signed in, and nothing is in progress");
    let token = |page: &str, of: &str| {
        let form = &page[page.find(of).unwrap()..];
        let at = form.find("name=\"form_token\"").unwrap();
        form[at..].split('"').nth(3).unwrap().to_owned()
    };
    let signing_in = format!(
        "to=access&form_token={}&username=ines&password=a+long+walk",
        token(&visitor.page, "action=\"/auth/login\"")
    );
    assert_eq!(visitor.send("POST", "/auth/login", signing_in).await, 303);
    assert_eq!(store.asked(), "count_attempt, forget_attempts, start_session, user");

    // An app that she gave one patient's record.
    let grant = granted(&store).await;
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "client, own_grants, patient, session, user");
    let ending = format!(
        "form_token={}&grant={grant}&decision=revoke",
        token(&visitor.page, "action=\"/auth/access\"")
    );
    assert_eq!(visitor.send("POST", "/auth/access", ending).await, 303);
    assert_eq!(store.asked(), "revoke_own, session, user");
    assert_eq!(visitor.follow().await, 200);
    assert_eq!(store.asked(), "own_grants, session, user");
    assert!(visitor.page.contains("No app has access"), "{}", visitor.page);
}

/// An active grant of the client `app` for Amina, made in another browser of the same user.
async fn granted(store: &Counting) -> GrantId {
    let mut visitor = Visitor::new(store);
    visitor.get(ASK).await;
    visitor.post("/auth/login", &[("username", "ines"), ("password", "a long walk")]).await;
    visitor.follow().await;
    visitor.post("/auth/patient", &[("patient", "amina")]).await;
    visitor.follow().await;
    visitor.post("/auth/consent", &[("scope", "patient/*.rs"), ("decision", "allow")]).await;
    redeemed(store, &visitor.location).await
}

/// The grant of the code that the app was sent, which it redeems.
async fn redeemed(store: &Counting, location: &str) -> GrantId {
    let (_, query) = location.split_once('?').unwrap();
    let (_, code) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").unwrap();
    let code: AuthorizationCode = code.parse().unwrap();
    let verifier: CodeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".parse().unwrap();
    let redemption = Redemption {
        client_id: "app".parse().unwrap(),
        code: code.secret().digest(),
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: verifier.challenge(),
        refresh: code.secret().digest(),
        key: None,
        refresh_key: None,
        access_lifetime: ACCESS_LIFETIME,
    };
    let step = Step { now: NOW, op: Op::new([7; 32]) };
    let redeemed = store.store.redeem(&code.handle().grant_id(), &redemption, step).await.unwrap();
    store.asked();
    redeemed.grant.id
}

#[tokio::test]
async fn a_remembered_consent_costs_one_list_and_no_page() {
    let store = clinic().await;
    let app = json!({
        "client_id": "app", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none",
        "scope": "launch/patient patient/*.rs", "smart_remember_consent": true,
    });
    store.store.put_client(parse(&app, Deployment::Public).unwrap()).await.unwrap();
    let ask = ASK.replace("launch%2Fpatient+patient%2F*.rs", "patient%2F*.rs");
    granted(&store).await;
    let mut visitor = Visitor::new(&store);
    visitor.get(&ask).await;
    visitor.post("/auth/login", &[("username", "ines"), ("password", "a long walk")]).await;
    visitor.follow().await;
    store.asked();
    assert_eq!(visitor.post("/auth/patient", &[("patient", "amina")]).await, 303);
    assert_eq!(store.asked(), "choose_patient, client, issue_code, own_grants, patient, session, user");
    assert!(visitor.location.starts_with("https://app.example/cb?code=sac_"), "{}", visitor.location);
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_writes_nothing() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    for (path, status) in [
        (ASK.replace("client_id=app", "client_id=other"), 400),
        (ASK.replace("%2Fcb", "%2Fother"), 400),
        (ASK.replace("S256", "plain"), 303),
        (ASK.replace("%2Ffhir", "%2Felsewhere"), 303),
        (ASK.replace("launch%2Fpatient+patient%2F*.rs", "system%2F*.rs"), 303),
    ] {
        assert_eq!(visitor.get(&path).await.as_u16(), status, "{path}");
        assert!(["client", ""].contains(&store.asked().as_str()), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_password_ends_no_session_and_starts_none() {
    let store = clinic().await;
    let mut visitor = Visitor::new(&store);
    visitor.get(ASK).await;
    let before = visitor.cookie.clone();
    store.asked();
    let wrong = [("username", "ines"), ("password", "a short walk")];
    assert_eq!(visitor.post("/auth/login", &wrong).await, 401);
    assert_eq!(store.asked(), "count_attempt, grant, user");
    assert_eq!(visitor.cookie, before);
}

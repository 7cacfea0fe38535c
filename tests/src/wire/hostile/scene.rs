//! Good requests at every route, made on a server where somebody is at each page.

use http::Method;
use serde_json::json;

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form};
use crate::harness::{Browser, Choices, Ehr, SmartApp, Target, Tokens};

/// What stands in the secret parameters of the requests, and must be in no answer.
pub(super) const CANARY: &str = "c4nary-0f-a-secret-that-nobody-else-has-0123456789";

/// Good requests at every route, to be spoiled.
pub(super) struct Scene {
    pub(super) starts: Vec<Start>,
    /// What the answers must not repeat.
    pub(super) secrets: Vec<String>,
    /// Where a redirect may lead, besides the pages.
    pub(super) redirect_uris: Vec<String>,
}

/// A good request.
#[derive(Clone, Default)]
pub(super) struct Start {
    pub(super) method: Method,
    pub(super) path: String,
    /// In the query or, of a POST, in the body.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) cookie: String,
    pub(super) bearer: String,
}

type Pairs = Vec<(String, String)>;

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Scene {
    /// Somebody at each page, an app with tokens, and another whose tokens may perish.
    pub(super) async fn set(server: &Target) -> Self {
        let app = SmartApp::new(server, "web").await;
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        let victim = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        let mut starts = Self::api(&tokens);
        starts.extend(Self::token_endpoint(&app, &victim).await);
        starts.extend(Self::pages(&app).await);
        let text = |text: Option<String>| text.unwrap();
        let secrets = vec![
            CANARY.to_owned(),
            tokens.access_token.clone(),
            text(tokens.refresh_token),
            text(tokens.id_token),
            victim.access_token,
            text(victim.refresh_token),
        ];
        Self { starts, secrets, redirect_uris: vec![app.redirect_uri.clone()] }
    }

    /// The FHIR API and discovery.
    fn api(tokens: &Tokens) -> Vec<Start> {
        let get = |path: &str, parameters: Pairs| Start {
            path: path.to_owned(),
            pairs: parameters,
            bearer: tokens.access_token.clone(),
            ..Start::default()
        };
        let search = pairs(&[
            ("patient", "maria"),
            ("category", "survey,laboratory"),
            ("code", "http://loinc.org|4548-4,http://loinc.org|55758-7"),
            ("date", "ge2020-01-01"),
            ("_lastUpdated", "gt2000"),
            ("_id", "maria-a1c-2023,maria-score-2024"),
            ("_count", "5"),
            ("_sort", "-date"),
        ]);
        let post = |path: &str| Start { method: Method::POST, ..get(path, search.clone()) };
        vec![
            get("/fhir/Patient/maria", pairs(&[("_format", "json"), ("_summary", "true")])),
            get("/fhir/Observation/maria-bp-2024/_history/1", pairs(&[])),
            get("/fhir/Observation", search.clone()),
            get("/fhir/Condition", search.clone()),
            get("/fhir/Patient", pairs(&[("_id", "maria")])),
            post("/fhir/Observation/_search"),
            get("/fhir/metadata", pairs(&[("_format", "json")])),
            get("/fhir/.well-known/smart-configuration", pairs(&[])),
            get("/.well-known/openid-configuration", pairs(&[])),
            get("/.well-known/oauth-authorization-server", pairs(&[])),
            get("/.well-known/jwks.json", pairs(&[])),
        ]
    }

    async fn token_endpoint(app: &SmartApp, victim: &Tokens) -> Vec<Start> {
        let mut browser = Browser::new(&app.target);
        let asked = app.request(ALL_OF_MARIA);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        let post = |parameters: Pairs| Start {
            method: Method::POST,
            path: "/auth/token".to_owned(),
            pairs: parameters,
            ..Start::default()
        };
        let post_to = |path: &str, parameters: Pairs| Start { path: path.to_owned(), ..post(parameters) };
        let assertion = app.as_client("es384").await.assertion();
        let mut starts = vec![
            post(pairs(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", asked.get("redirect_uri")),
                ("code_verifier", CANARY),
                ("client_id", "web"),
            ])),
            post(pairs(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", victim.refresh_token.as_deref().unwrap()),
                ("scope", "patient/Observation.rs"),
                ("client_id", "web"),
            ])),
            post(pairs(&[
                ("grant_type", "authorization_code"),
                ("code", CANARY),
                ("redirect_uri", "https://server.example/callback"),
                ("code_verifier", CANARY),
                ("client_id", "post"),
                ("client_secret", CANARY),
            ])),
            post(pairs(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", CANARY),
                ("client_assertion_type", crate::harness::smart_app::JWT_BEARER),
                ("client_assertion", &assertion.sign()),
            ])),
            post(pairs(&[
                ("grant_type", "client_credentials"),
                ("scope", "system/*.rs"),
                ("client_id", "backend"),
            ])),
            post_to(
                "/auth/revoke",
                pairs(&[
                    ("token", victim.refresh_token.as_deref().unwrap()),
                    ("token_type_hint", "access_token"),
                    ("client_id", "web"),
                ]),
            ),
            post_to("/auth/revoke", pairs(&[("token", &victim.access_token), ("client_id", "web")])),
            post_to(
                "/auth/introspect",
                pairs(&[
                    ("token", &victim.access_token),
                    ("token_type_hint", "refresh_token"),
                    ("client_id", "post"),
                    ("client_secret", CANARY),
                ]),
            ),
            Start {
                bearer: victim.access_token.clone(),
                ..post_to("/auth/introspect", pairs(&[("token", victim.refresh_token.as_deref().unwrap())]))
            },
        ];
        for claim in ["iss", "sub", "aud", "exp", "jti", "nbf", "iat"] {
            let nonsense = assertion.clone().claim(claim, serde_json::json!([{ "a": 1e300 }, null, ""]));
            starts.push(post(pairs(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", CANARY),
                ("client_assertion_type", crate::harness::smart_app::JWT_BEARER),
                ("client_assertion", &nonsense.sign()),
            ])));
        }
        starts
    }

    async fn pages(app: &SmartApp) -> Vec<Start> {
        let mut all = Vec::new();
        let page = |method, path: &str, parameters, browser: &Browser| Start {
            method,
            path: path.to_owned(),
            pairs: parameters,
            cookie: browser
                .cookies()
                .first()
                .map(|it| format!("{}={}", it.name, it.value))
                .unwrap_or_default(),
            bearer: String::new(),
        };
        // At the sign-in page.
        let mut browser = Browser::new(&app.target);
        let asked =
            app.request(ALL_OF_MARIA).set("prompt", "login").set("max_age", "60").set("login_hint", "maria");
        let sign_in = browser.open(&app.url_of(&asked)).await.page();
        all.push(page(Method::GET, "/auth/authorize", asked.parameters.clone(), &browser));
        all.push(page(Method::POST, "/auth/authorize", asked.parameters.clone(), &browser));
        // A name that nobody has, so that nobody's attempts are counted.
        let form =
            sign_in.form("password").fill("username", "nobody of any other test").fill("password", CANARY);
        all.push(page(Method::POST, "/auth/login", form.entering(), &browser));
        let request = form.value("request").to_owned();
        all.push(page(Method::GET, "/auth/login", pairs(&[("request", &request)]), &browser));
        let answer = [("state", CANARY), ("code", CANARY), ("iss", "https://idp.example")];
        all.push(page(Method::GET, "/auth/callback", pairs(&answer), &browser));
        // At the picker, and at the consent.
        let mut browser = Browser::new(&app.target);
        let start = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
        let picker = browser.sign_in(&start, "paul").await.page();
        let form = picker.form("patient");
        let request = form.value("request").to_owned();
        let search = pairs(&[("request", &request), ("q", "lena"), ("offset", "1")]);
        all.push(page(Method::GET, "/auth/patient", search, &browser));
        all.push(page(Method::POST, "/auth/patient", form.pressing("patient", "lena"), &browser));
        let consent = browser.press(&picker, &form, "patient", "tom").await.page();
        all.push(page(
            Method::POST,
            "/auth/consent",
            consent_form(&consent).pressing("decision", "allow"),
            &browser,
        ));
        all.push(page(Method::GET, "/auth/consent", pairs(&[("request", &request)]), &browser));
        all.push(page(Method::GET, "/auth/authorize", app.request(ALL_OF_MARIA).parameters, &browser));
        // At the visits, and in an app that an EHR opened.
        let asked = app.request("launch/encounter patient/*.rs").set("prompt", "login");
        let start = browser.open(&app.url_of(&asked)).await.page();
        let visits = browser.sign_in(&start, "maria").await.page();
        let form = visits.form("encounter");
        let request = form.value("request").to_owned();
        let after = pairs(&[("request", &request), ("after_date", "2025"), ("after_id", "maria-visit")]);
        all.push(page(Method::GET, "/auth/encounter", after, &browser));
        all.push(page(Method::POST, "/auth/encounter", form.pressing("encounter", "maria-visit"), &browser));
        let launch = Ehr::of(&app.target).await.opens("web", json!({ "patient": "maria" })).await;
        let asked = app.request("launch patient/*.rs").set("launch", &launch);
        all.push(page(Method::GET, "/auth/authorize", asked.parameters, &browser));
        // At the page of apps.
        let access = browser.open("/auth/access").await.page();
        all.push(page(Method::GET, "/auth/access", pairs(&[("offset", "1"), ("ended", CANARY)]), &browser));
        let token = access.form("form_token").value("form_token").to_owned();
        let ends = pairs(&[("form_token", &token), ("grant", CANARY), ("decision", "revoke")]);
        all.push(page(Method::POST, "/auth/access", ends, &browser));
        all.push(page(Method::GET, "/auth/sign-out", pairs(&[]), &browser));
        all.push(page(Method::POST, "/auth/sign-out", pairs(&[("form_token", CANARY)]), &browser));
        all
    }
}

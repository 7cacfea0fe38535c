//! In process: what the log says of a whole journey, and what it never says (SEC-09, CODE-07, RS-17).

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::harness::app::Clock;
use crate::harness::smart_app::{ALL_OF_MARIA, walk};
use crate::harness::target::encode;
use crate::harness::world::clients::{BASIC_SECRET, POST_SECRET};
use crate::harness::world::users::PASSWORD;
use crate::harness::{Browser, Choices, SmartApp, Target};

/// What was written from the beginning on.
fn written(mut file: &File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// Starts logging on this thread.
fn log() -> (Arc<File>, impl Drop) {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let logging = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(Arc::clone(&file));
    (file, logging.with_ansi(false).finish().set_default())
}

/// RS-17: the trail says whose names were shown to choose from, whose record the user opened to which app, and whose was read.
#[tokio::test]
async fn rs_17_the_trail_names_the_patient_at_each_step_and_never_what_was_searched_for() {
    let server = Target::in_process(&Clock::new()).await;
    let app = SmartApp::new(&server, "web").await;
    let (file, guard) = log();
    let scope = "openid fhirUser launch/patient patient/*.rs";
    let asked = app.request(scope);
    let mut browser = Browser::new(&server);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let chooses = browser.sign_in(&page, "clara").await.page();
    let search = chooses.form("q").fill("q", "Berglund");
    let found = browser.send(&chooses, &search, &search.entering()).await.page();
    let chooses = browser.open(chooses.url.as_str()).await;
    assert_eq!(found.status, 200);
    let choices = Choices::of("clara").patient("lena");
    let code = asked.code_in(&walk(&mut browser, chooses, &choices).await);
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    app.read(&tokens, "Patient/lena").await.is(200);
    drop(guard);
    let log = written(&file);
    let line = |event: &str| {
        let of_it = |line: &&str| line.contains(&format!("event=\"{event}\""));
        log.lines().find(of_it).unwrap_or_else(|| panic!("{event} is not in the log:\n{log}"))
    };
    assert!(line("choose-patient").contains("lena"), "{}", line("choose-patient"));
    for event in ["consent", "authorization_code", "read"] {
        assert!(
            line(event).contains("patient=lena ") || line(event).contains("patient=\"lena\""),
            "{}",
            line(event)
        );
    }
    for event in ["choose-patient", "consent", "authorization_code", "read"] {
        assert!(line(event).contains(" sub="), "{}", line(event));
    }
    assert!(line("authorization_code").contains(scope), "{}", line("authorization_code"));
    assert!(!log.contains("Berglund"), "{log}");
}

#[tokio::test]
async fn sec_09_the_log_tells_what_happened_and_no_secret() {
    let (file, guard) = log();
    let secrets = journey().await;
    drop(guard);
    let log = written(&file);

    for told in [
        "path=\"/auth/authorize\"",
        "event=\"sign-in\" outcome=\"refused\"",
        "event=\"sign-in\" outcome=\"done\"",
        "event=\"consent\" outcome=\"allowed\"",
        "event=\"consent\" outcome=\"denied\"",
        "event=\"authorization_code\"",
        "event=\"refresh_token\"",
        "event=\"client_credentials\"",
        "event=\"introspect\"",
        "event=\"revoke\"",
        "outcome=\"issued\"",
        "outcome=\"active\"",
        "outcome=\"inactive\"",
        "outcome=\"revoked\"",
        "event=\"read\"",
        "event=\"search\"",
        "outcome=\"refused\"",
    ] {
        assert!(log.contains(told), "{told} is not in the log:\n{log}");
    }
    for secret in secrets {
        for part in [secret.as_str(), encode(&[("", &secret)]).trim_start_matches('=')] {
            assert!(part.len() > 3 && !log.contains(part), "{part} is in the log:\n{log}");
        }
    }
}

/// Signing in, wrongly and rightly, allowing, denying, redeeming, refreshing, reading, failing: returns what no log may say.
async fn journey() -> Vec<String> {
    let server = Target::in_process(&Clock::new()).await;
    let mut secrets: Vec<String> = [
        PASSWORD,
        "a wrong pa55word",
        BASIC_SECRET,
        POST_SECRET,
        "Álvarez",
        "1984-07-19",
        "MRN-1001",
        "category=vital-signs",
    ]
    .map(str::to_owned)
    .to_vec();
    for client_id in ["web", "basic", "post", "es384"] {
        let app = SmartApp::new(&server, client_id).await;
        let mut browser = Browser::new(&server);
        let asked = app.request(ALL_OF_MARIA);
        let page = browser.open(&app.url_of(&asked)).await.page();
        let again = browser.sign_in_with(&page, "maria", "a wrong pa55word").await.page();
        secrets.extend(browser.cookies().iter().map(|cookie| cookie.value.clone()));
        let shown = browser.sign_in(&again, "maria").await;
        secrets.extend(browser.cookies().iter().map(|cookie| cookie.value.clone()));
        let code = asked.code_in(&walk(&mut browser, shown, &Choices::of("maria")).await);
        let denied = app.request(ALL_OF_MARIA);
        app.authorize(&mut browser, &denied, &Choices::of("maria").deny()).await;
        app.exchange(&asked, &code).set("code_verifier", &"x".repeat(43)).send().await.is(400);
        let exchange = app.exchange(&asked, &code);
        secrets.extend(exchange.parameter("client_assertion"));
        let tokens = app.tokens(&exchange.send().await);
        app.read(&tokens, "Patient/maria").await.is(200);
        app.read(&tokens, "Observation?category=vital-signs").await.is(200);
        app.read(&tokens, "Patient/lena").await.is(404);
        app.target
            .get("/fhir/Patient/maria")
            .bearer(tokens.id_token.as_deref().unwrap())
            .send()
            .await
            .is(401);
        let renewed = app.tokens(&app.refresh(&tokens).send().await);
        app.refresh(&tokens).set("scope", "user/*.rs").send().await.is(400);
        if client_id != "web" {
            app.introspected(&renewed.access_token).await;
        }
        app.introspection(&renewed.access_token).authorization("Basic nonsense").send().await;
        app.exchange(&asked, &code).send().await.is(400);
        app.revokes(renewed.refresh_token.as_deref().unwrap()).await;
        secrets.extend([asked.state, asked.nonce, asked.verifier, code]);
        for tokens in [tokens, renewed] {
            secrets.extend([tokens.access_token, tokens.id_token.unwrap(), tokens.refresh_token.unwrap()]);
        }
    }
    let backend = SmartApp::new(&server, "backend").await;
    let request = backend.credentials("system/*.rs");
    secrets.extend(request.parameter("client_assertion"));
    let alone = backend.tokens(&request.send().await);
    backend.read(&alone, "Observation?category=vital-signs").await.ok();
    backend.introspected(&alone.access_token).await;
    backend.revokes(&alone.access_token).await;
    backend.is_inactive(&alone.access_token).await;
    secrets.push(alone.access_token);
    secrets
}

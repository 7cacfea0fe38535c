//! What is logged: who and what came of it, and never what opens anything (SEC-09, CODE-07).

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;

use super::world::{SCOPE, SECRET, VERIFIER, World, anna};
use super::{ask, introspect, refresh, revoke};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Starts logging on this thread.
    fn start() -> (Self, tracing::dispatcher::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(LevelFilter::TRACE)
            .with_writer(move || writer.clone());
        let guard = tracing::dispatcher::set_default(&subscriber.into());
        (log, guard)
    }

    /// The audit lines since this was asked before.
    fn lines(&self) -> impl Iterator<Item = Value> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.into_iter().filter(|line| line["target"] == "audit")
    }

    /// The same, in short.
    fn audit(&self) -> Vec<String> {
        let short = |line: Value| {
            let say = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            let grant = if line["grant"].is_string() { "grant" } else { "-" };
            let what = if line["alarm"].is_string() { say("alarm") } else { say("outcome") };
            format!("{} {} {} {grant} {what}", say("level"), say("event"), say("client_id"))
        };
        self.lines().map(short).collect()
    }
}

#[tokio::test]
async fn one_line_for_each_event_as_loud_as_whose_fault_it_is() {
    let world = World::new().await;
    let (log, _guard) = Log::start();
    let coded = world.consent(anna("web", SCOPE)).await;
    log.audit();
    let first = coded.redemption().by("web").send(&world).await.text("refresh_token");
    assert_eq!(log.audit(), ["INFO authorization_code web grant issued"]);
    refresh(&first).by("web").at(1).send(&world).await;
    assert_eq!(log.audit(), ["INFO refresh_token web grant issued"]);
    refresh(&first).with("scope", "user/*.rs").by("web").at(2).send(&world).await;
    // Found before anything was written.
    assert_eq!(log.audit(), ["INFO refresh_token web grant invalid_scope"]);
    world.keys.sign_only(0);
    refresh(&first).by("web").at(3).send(&world).await;
    assert_eq!(
        log.audit(),
        ["INFO extend_retry - grant repeatable", "ERROR refresh_token web grant temporarily_unavailable"]
    );
    world.store.break_down("extend_retry");
    refresh(&first).by("web").at(3).send(&world).await;
    assert_eq!(
        log.audit(),
        ["ERROR - - grant refresh_token_lost", "ERROR refresh_token web grant temporarily_unavailable"]
    );
    world.store.break_down("revoke");
    refresh(&first).by("web").at(700).send(&world).await;
    assert_eq!(
        log.audit(),
        ["ERROR - - grant revocation_failed", "WARN refresh_token web grant invalid_grant"]
    );
    world.store.mend();
    refresh(&first).by("web").at(700).send(&world).await;
    assert_eq!(log.audit(), ["WARN revoke - grant revoked", "WARN refresh_token web grant invalid_grant"]);
    let coded = world.consent(anna("web", SCOPE)).await;
    coded.redemption().by("web").send(&world).await;
    assert_eq!(
        log.audit(),
        ["WARN unredeem - grant given back", "ERROR authorization_code web grant temporarily_unavailable"]
    );
    world.store.break_down("unredeem");
    coded.redemption().by("web").send(&world).await;
    assert_eq!(
        log.audit(),
        ["ERROR - - grant code_lost", "ERROR authorization_code web grant temporarily_unavailable"]
    );
    coded.redemption().by("unknown").send(&world).await;
    assert_eq!(log.audit(), ["INFO authorization_code unknown - invalid_client"]);
    ask(&[]).send(&world).await;
    assert_eq!(log.audit(), ["INFO token - - invalid_request"]);
}

#[tokio::test]
async fn the_line_says_which_port_was_unavailable_and_the_app_is_not_told() {
    let world = World::new().await;
    let (log, _guard) = Log::start();
    let coded = world.consent(anna("web", SCOPE)).await;
    world.keys.sign_only(0);
    let answer = coded.redemption().by("web").send(&world).await;
    assert!(!answer.text("error_description").contains("signer"));
    let why = log.lines().find(|line| line["event"] == "authorization_code").unwrap()["why"].clone();
    assert_eq!(why, "signer is unavailable: throttled on purpose");
}

#[tokio::test]
async fn tokens_are_to_whom_for_which_patient_and_by_which_scopes() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let (log, _guard) = Log::start();
    let opens = || {
        let line = log.lines().last().unwrap();
        ["outcome", "client_id", "sub", "patient", "scope"]
            .map(|name| line[name].as_str().unwrap_or("-").to_owned())
    };
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    assert_eq!(opens(), ["issued", "web", "sub-anna", "a", &answer.text("scope")]);
    let token = answer.text("refresh_token");
    refresh(&token).with("scope", "openid patient/*.rs").by("web").at(1).send(&world).await;
    assert_eq!(opens(), ["issued", "web", "sub-anna", "a", "openid patient/*.rs"]);
    // What could not be signed as well.
    world.keys.sign_only(0);
    refresh(&token).by("web").at(2).send(&world).await;
    assert_eq!(opens(), ["temporarily_unavailable", "web", "sub-anna", "a", &answer.text("scope")]);
    world.keys.sign_only(usize::MAX);
    world.credentials("system/*.rs").send(&world).await;
    assert_eq!(opens(), ["issued", "backend", "backend", "-", "system/*.rs"]);
}

#[tokio::test]
async fn a_line_for_each_token_of_a_client_alone_each_question_and_each_revocation() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    world.register_resource_server().await;
    let (log, _guard) = Log::start();
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    log.audit();
    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    assert_eq!(log.audit(), ["INFO client_credentials backend - issued"]);
    world.credentials("patient/*.rs").send(&world).await;
    assert_eq!(log.audit(), ["INFO client_credentials backend - invalid_scope"]);
    introspect(&token).basic("rs", SECRET).send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect rs grant active"]);
    introspect(&alone).basic("rs", SECRET).send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect rs - active"]);
    introspect("x").basic("rs", SECRET).send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect rs - inactive"]);
    // Another client's token is not named.
    world.proved(introspect(&token), "jwt").send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect jwt - inactive"]);
    introspect("x").bearer(&alone).send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect backend - insufficient_scope"]);
    introspect("x").bearer("y").send(&world).await;
    assert_eq!(log.audit(), ["INFO introspect - - invalid_token"]);
    revoke("x").by("web").send(&world).await;
    assert_eq!(log.audit(), ["INFO revoke web - nothing to revoke"]);
    revoke(&token).by("native").send(&world).await;
    assert_eq!(log.audit(), ["WARN revoke native grant invalid_grant"]);
    revoke(&token).by("web").send(&world).await;
    assert_eq!(log.audit(), ["INFO revoke web grant revoked"]);
    world.proved(revoke(&alone), "backend").send(&world).await;
    assert_eq!(log.audit(), ["INFO revoke backend - revoked"]);
    world.store.break_down("revoke_by_client");
    revoke(&token).by("web").send(&world).await;
    assert_eq!(log.audit(), ["ERROR revoke web grant temporarily_unavailable"]);
}

#[tokio::test]
async fn sec_09_and_code_07_nothing_that_opens_anything_is_logged() {
    let world = World::new().await;
    let (log, _guard) = Log::start();
    let assertion = "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJqd3QifQ.c2ln";
    let coded = world.consent(anna("basic", SCOPE)).await;
    let good = coded.redemption().basic("basic", SECRET);
    let answer = good.clone().send(&world).await;
    let [access, id, token] = ["access_token", "id_token", "refresh_token"].map(|name| answer.text(name));
    let refreshed = refresh(&token).basic("basic", SECRET).at(1).send(&world).await;
    let secrets = [
        &coded.code,
        SECRET,
        &STANDARD.encode(format!("basic:{SECRET}")),
        VERIFIER,
        &access,
        &id,
        &token,
        &refreshed.text("access_token"),
        &refreshed.text("refresh_token"),
        assertion,
    ];
    // Each of them at every place where it does not belong.
    for secret in secrets {
        for name in
            ["grant_type", "client_id", "code", "code_verifier", "refresh_token", "scope", "client_assertion"]
        {
            if name == "client_id" {
                // Who says that this is its name is logged by it.
                continue;
            }
            for request in [good.clone(), refresh(&token).basic("basic", SECRET), refresh(&token).by("web")] {
                request.clone().with(name, secret).at(2).send(&world).await;
                request.and(secret, secret).and(secret, secret).at(2).send(&world).await;
            }
        }
        refresh(&token).header("authorization", secret).at(2).send(&world).await;
        for request in [introspect(secret), revoke(secret)] {
            request.clone().basic("basic", SECRET).at(2).send(&world).await;
            request.clone().bearer(secret).at(2).send(&world).await;
            request.with("token_type_hint", secret).by("web").at(2).send(&world).await;
        }
    }
    good.send(&world).await.is_error(400, "invalid_grant");
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("revoked") && logged.contains("invalid_request"));
    for secret in secrets {
        assert!(!logged.contains(secret), "{secret}");
        // Nor the part that makes it secret.
        let part = &secret[secret.len() / 2..];
        assert!(!logged.contains(part), "{part}");
    }
}

//! In process, at instants of the tests' own: what expires, when to the second, and what ends with it.
//!
//! | file | is about |
//! |---|---|
//! | `codes` | a code's minute, and the quarter of an hour that an authorization may take |
//! | `launches` | how long an EHR's launch may be followed |
//! | `tokens` | access tokens and ID tokens |
//! | `alone` | access tokens without a user |
//! | `refresh` | how refresh tokens slide and end, and how long one may be repeated |
//! | `sessions` | the browser session at the pages, and the access that ends with it |
//! | `remembered` | how long a consent is remembered |
//! | `throttle` | how long wrong passwords are counted |
//! | `assertions` | client assertions: how long they are good, and how long their `jti` is remembered |
//! | `published_keys` | keys that a client publishes: how long they are kept, and where they are fetched from |
//! | `vouching` | how long what an identity provider said of somebody is believed |
//! | `changes` | what an operator changes, and from when on it counts |
//! | `sweep` | that the sweep frees room and changes nothing |
//! | `signing` | tokens that could not be signed |
//! | `outages` | what is told while a port is down, and that nothing is decided meanwhile; `faults` are such ports |
//!
//! An instant at which something ends is tried together with the second before.

mod alone;
mod assertions;
mod changes;
mod codes;
mod faults;
mod launches;
mod outages;
mod published_keys;
mod refresh;
mod registration;
mod remembered;
mod sessions;
mod signing;
mod sweep;
mod throttle;
mod tokens;
mod vouching;

use std::sync::Arc;
use std::time::Duration;

use smart_core::client::Client;
use smart_core::grant::{Grant, RevocationReason, Stage};
use smart_core::instant::Instant;
use smart_core::ports::{Clients as _, Grants as _, Users as _};
use smart_core::user::User;
use smart_local::LocalStore;

use crate::harness::app::Clock;
use crate::harness::{App, Browser, Choices, SmartApp, Target, Tokens};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The last second of a span.
const fn just_before(end: Duration) -> Duration {
    end.saturating_sub(SECOND)
}

/// What an app asks for that reads once, that comes back, and that comes back while the user is there.
const ONCE: &str = "openid fhirUser launch/patient patient/*.rs";
const OFFLINE: &str = "openid fhirUser offline_access launch/patient patient/*.rs";
const ONLINE: &str = "openid fhirUser online_access launch/patient patient/*.rs";

/// A server whose time a test moves, and what an operator can do behind it.
struct Server {
    target: Target,
    clock: Clock,
}

impl Server {
    async fn new() -> Self {
        let clock = Clock::new();
        Self { target: Target::in_process(&clock).await, clock }
    }

    /// Lets time pass.
    fn after(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn app(&self, client_id: &'static str) -> SmartApp {
        SmartApp::new(&self.target, client_id).await
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.target)
    }

    fn store(&self) -> &LocalStore {
        &self.target.app().expect("it is in this process").store
    }

    async fn change_client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut client = self.store().client(&id.parse().unwrap()).await.unwrap().unwrap();
        change(&mut client);
        self.store().put_client(client).await.unwrap();
    }

    async fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) {
        let mut user = self.store().user(&name.parse().unwrap()).await.unwrap().unwrap();
        change(&mut user);
        self.store().put_user(user).await.unwrap();
    }

    /// Gives somebody the password that another user has. Everybody's is the same but Fred's.
    async fn exchange_password(&self, name: &str, as_of: &str) {
        let other = self.store().user(&as_of.parse().unwrap()).await.unwrap().unwrap();
        self.change_user(name, |user| user.password = other.password).await;
    }

    /// The grant that tokens stand on, if it is there.
    async fn grant(&self, tokens: &Tokens) -> Option<Grant> {
        let id = tokens.claims()["grant"].as_str().unwrap().parse().unwrap();
        self.store().grant(&id, self.now()).await.unwrap()
    }

    /// Why that grant was revoked, if it was.
    async fn revocation(&self, tokens: &Tokens) -> Option<RevocationReason> {
        match self.grant(tokens).await?.stage {
            Stage::Revoked(revocation) => Some(revocation.reason),
            _ => None,
        }
    }
}

/// What the tests do again and again with an app.
impl SmartApp {
    /// Maria shares her record.
    async fn marias(&self, scope: &str) -> Tokens {
        self.launch(scope, &Choices::of("maria")).await
    }

    /// A refresh that succeeds.
    async fn refreshed(&self, tokens: &Tokens) -> Tokens {
        let answer = self.refresh(tokens).send().await;
        let tokens = self.tokens(&answer);
        assert!(tokens.refresh_token.is_some(), "{}", tokens.json);
        tokens
    }

    /// That a refresh does not succeed (REFR-13). Returns what is said of it.
    async fn is_not_refreshed(&self, tokens: &Tokens) -> String {
        self.refresh(tokens).send().await.is_token_error(400, "invalid_grant")
    }

    /// That the access token opens the record of the patient in context.
    async fn reads(&self, tokens: &Tokens) {
        let patient = tokens.patient.as_deref().expect("a patient");
        let read = self.read(tokens, &format!("Patient/{patient}")).await;
        assert_eq!(read.ok()["id"], patient);
    }

    /// That the access token opens nothing any more (RS-06). Returns what is said of it.
    async fn reads_nothing(&self, tokens: &Tokens) -> String {
        let patient = tokens.patient.as_deref().expect("a patient");
        let search = self.read(tokens, "Observation").await;
        assert_eq!(search.is(401).bearer_challenge(), "invalid_token");
        let read = self.read(tokens, &format!("Patient/{patient}")).await;
        assert_eq!(read.is(401).bearer_challenge(), "invalid_token");
        read.is_outcome(401, "expired")
    }

    /// Whether who opens a new authorization in this browser has to sign in.
    async fn asks_to_sign_in(&self, browser: &mut Browser) -> bool {
        let page = browser.open(&self.url_of(&self.request(ONCE))).await.page();
        assert_eq!(page.status, 200, "{}", page.text);
        page.find_form("password").is_some()
    }
}

impl Browser {
    /// Opens a page for no other reason than to be there.
    async fn looks_in(&mut self) {
        let page = self.open("/auth/sign-out").await.page();
        assert_eq!((page.status, &*page.heading), (200, "Sign out?"));
    }

    async fn signs_out(&mut self) {
        let page = self.open("/auth/sign-out").await.page();
        let form = page.form("form_token");
        let page = self.send(&page, &form, &form.entering()).await.page();
        assert_eq!((page.status, &*page.heading), (200, "You are signed out"));
    }
}

/// The application over ports of a test's own.
async fn target_over(faults: &faults::Faults, clock: &Clock) -> Target {
    let reads = clock.clone();
    let store = Arc::clone(&faults.store);
    let app =
        App::over(faults.clone(), faults.clone(), store, "https://smart.example", move || reads.now()).await;
    Target::of(app, clock)
}

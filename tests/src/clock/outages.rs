//! What is told while a port is down, and that nothing is decided meanwhile: whoever asks again later gets what they would
//! have got.

use http::Method;
use http::header::{RETRY_AFTER, SET_COOKIE};
use serde_json::json;
use smart_core::grant::RevocationReason;
use url::Url;

use super::faults::Faults;
use super::{MINUTE, OFFLINE, ONLINE, SECOND, Server, target_over};
use crate::harness::app::Clock;
use crate::harness::page::{Form, Page};
use crate::harness::smart_app::consent_form;
use crate::harness::target::encode;
use crate::harness::world::users::password;
use crate::harness::{Answer, Browser, Choices, Ehr};

/// All operations of the ports but those that follow upon another one's failure: `revoke`, `unredeem`, `extend_retry`; and but two whose
/// outages stand with what asks for them: `enrol` (authorize, `tests/external/answers.rs`) and `register_client` (token, `tests/rfc7591.rs`).
const OPERATIONS: [&str; 37] = [
    "access_token_key",
    "begin",
    "choose_encounter",
    "choose_patient",
    "client",
    "count_attempt",
    "create_launch",
    "deny",
    "encounter",
    "encounters",
    "end_session",
    "first_use",
    "forget_attempts",
    "grant",
    "id_token_key",
    "is_revoked",
    "issue_code",
    "launch",
    "own_grants",
    "patient",
    "patients",
    "public_keys",
    "record",
    "records",
    "records_by_id",
    "redeem",
    "refresh",
    "revoke_by_client",
    "revoke_own",
    "revoke_token",
    "session",
    "sign",
    "sign_in",
    "start_session",
    "touch_session",
    "use_launch",
    "user",
];

pub(super) async fn server() -> (Server, Faults) {
    let (clock, faults) = (Clock::new(), Faults::new().await);
    (Server { target: target_over(&faults, &clock).await, clock }, faults)
}

/// That it says to come back, in the form of its endpoint, and leaves nothing behind.
#[track_caller]
pub(super) fn says_to_come_back(answer: &Answer) {
    assert_eq!(answer.is(503).header(RETRY_AFTER), "3", "{}", answer.asked);
    assert!(!answer.headers.contains_key(SET_COOKIE), "{}", answer.asked);
    let path = answer.asked.split_once(' ').unwrap().1;
    if path.starts_with("/fhir") {
        answer.is_outcome(503, "transient");
    } else if ["/auth/launch", "/.well-known/jwks.json"].contains(&path) {
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
    } else if ["/auth/token", "/auth/introspect", "/auth/revoke"].contains(&path) {
        answer.is_token_error(503, "temporarily_unavailable");
    } else {
        let url = Url::parse("https://smart.example").unwrap().join(path).unwrap();
        assert_eq!(Page::read(url, answer).heading, "Something is not working at the moment");
    }
}

/// Sends a request again and again; each time another operation that it needs is down, until all were. Returns the answer when
/// everything is up.
async fn through(faults: &Faults, mut send: impl AsyncFnMut() -> Answer) -> Answer {
    faults.each_is_down_in_turn();
    loop {
        faults.begin_request();
        let answer = send().await;
        if faults.failed().is_none() {
            faults.mend();
            return answer;
        }
        says_to_come_back(&answer);
    }
}

/// A browser whose requests each go [`through`].
struct Visitor<'a> {
    faults: &'a Faults,
    browser: Browser,
}

impl Visitor<'_> {
    async fn opens(&mut self, url: &Url) -> Answer {
        through(self.faults, async || self.browser.ask(Method::GET, url, String::new()).await).await
    }

    async fn opens_page(&mut self, url: &Url) -> Page {
        Page::read(url.clone(), &self.opens(url).await)
    }

    async fn sends(&mut self, url: &Url, pairs: &[(String, String)]) -> Answer {
        through(self.faults, async || self.browser.ask(Method::POST, url, encode(pairs)).await).await
    }

    async fn signs_in(&mut self, page: &Page, user: &str) -> Url {
        let form = page.form("password").fill("username", user).fill("password", password(user));
        next(&form.action, &self.sends(&form.action, &form.entering()).await)
    }

    async fn presses(&mut self, form: &Form, name: &str, value: &str) -> Answer {
        self.sends(&form.action, &form.pressing(name, value)).await
    }
}

fn next(from: &Url, answer: &Answer) -> Url {
    from.join(answer.is(303).location()).unwrap()
}

#[tokio::test]
async fn each_operation_of_each_port_was_down_once_and_cost_a_retry_and_nothing_else() {
    let (server, faults) = server().await;
    let app = server.app("es384").await;
    let mut visitor = Visitor { faults: &faults, browser: server.browser() };
    let url = |asked: &_| Url::parse(&app.url_of(asked)).unwrap();

    // To a code.
    let asked = app.request(ONLINE);
    let sign_in = visitor.opens_page(&url(&asked)).await;
    let again = format!("/auth/login?request={}", sign_in.form("password").value("request"));
    let sign_in = visitor.opens_page(&sign_in.url.join(&again).unwrap()).await;
    let picker = visitor.signs_in(&sign_in, "paul").await;
    let picker = visitor.opens_page(&picker).await;
    let chosen = visitor.presses(&picker.form("patient"), "patient", "lena").await;
    let consent = visitor.opens_page(&next(&picker.url, &chosen)).await;
    let allowed = visitor.presses(&consent_form(&consent), "decision", "allow").await;
    let code = asked.code_in(allowed.is(303).location());

    // To tokens, and to data.
    let answer = through(&faults, async || app.exchange(&asked, &code).send().await).await;
    let tokens = app.tokens(&answer);
    for path in ["Patient/lena", "Observation?patient=lena", "Observation?_id=lena-bp-2024"] {
        through(&faults, async || app.read(&tokens, path).await).await.ok();
    }
    // What was read is remembered now; the grant is asked for all the same.
    through(&faults, async || app.read(&tokens, "Condition").await).await.ok();
    through(&faults, async || app.post_search(&tokens, "Condition", &[]).await).await.ok();
    let answer = through(&faults, async || app.refresh(&tokens).send().await).await;
    let tokens = app.tokens(&answer);
    app.reads(&tokens).await;

    // Asked about, and revoked.
    let resource_server = server.app("introspector").await;
    for token in [&tokens.access_token, tokens.refresh_token.as_ref().unwrap()] {
        let answer = through(&faults, async || resource_server.introspection(token).send().await).await;
        assert_eq!(answer.ok()["active"], true);
    }
    through(&faults, async || app.revocation(&tokens.access_token).send().await).await.ok();
    app.reads_nothing(&tokens).await;

    // Without a user.
    let backend = server.app("backend").await;
    let answer = through(&faults, async || backend.credentials("system/*.rs").send().await).await;
    let alone = backend.tokens(&answer);
    for path in ["Patient/lena", "Observation?patient=lena"] {
        through(&faults, async || backend.read(&alone, path).await).await.ok();
    }
    let about = async || resource_server.introspection(&alone.access_token).send().await;
    assert_eq!(through(&faults, about).await.ok()["active"], true);
    through(&faults, async || backend.revocation(&alone.access_token).send().await).await.ok();
    backend.read(&alone, "Patient/lena").await.is(401);

    // A second authorization, which is refused.
    server.after(6 * MINUTE);
    let sign_out = Url::parse("https://smart.example/auth/sign-out").unwrap();
    assert_eq!(visitor.opens_page(&sign_out).await.heading, "Sign out?");
    let asked = app.request(ONLINE);
    let picker = visitor.opens(&url(&asked)).await;
    let picker = visitor.opens_page(&next(&sign_out, &picker)).await;
    let chosen = visitor.presses(&picker.form("patient"), "patient", "tom").await;
    let consent = visitor.opens_page(&next(&picker.url, &chosen)).await;
    let denied = visitor.presses(&consent_form(&consent), "decision", "deny").await;
    assert_eq!(asked.error_in(denied.is(303).location()).0, "access_denied");

    // A third one, for which somebody else signs in; and the end.
    let asked = app.request(ONLINE).set("prompt", "login");
    let sign_in = visitor.opens_page(&url(&asked)).await;
    let consent = visitor.signs_in(&sign_in, "maria").await;
    let consent = visitor.opens_page(&consent).await;
    let allowed = visitor.presses(&consent_form(&consent), "decision", "allow").await;
    let code = asked.code_in(allowed.is(303).location());
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    app.reads(&tokens).await;
    let access = visitor.opens_page(&sign_out.join("/auth/access").unwrap()).await;
    let ended = visitor.presses(&access.form("grant"), "decision", "revoke").await;
    assert_eq!(visitor.opens_page(&next(&access.url, &ended)).await.heading, "Apps with access");
    app.reads_nothing(&tokens).await;
    let form = visitor.opens_page(&sign_out).await.form("form_token");
    let ended = visitor.presses(&form, "", "").await;
    assert_eq!(Page::read(sign_out, &ended).heading, "You are signed out");

    // A fourth one, for a visit; and one that an EHR begins.
    let mut visitor = Visitor { faults: &faults, browser: server.browser() };
    let asked = app.request("launch/encounter patient/*.rs");
    let sign_in = visitor.opens_page(&url(&asked)).await;
    let visits = visitor.signs_in(&sign_in, "maria").await;
    let visits = visitor.opens_page(&visits).await;
    let chosen = visitor.presses(&visits.form("encounter"), "encounter", "maria-visit").await;
    visitor.opens_page(&next(&visits.url, &chosen)).await;
    let ehr = Ehr::of(&server.target).await;
    let body = json!({ "client_id": "es384", "patient": "maria", "encounter": "maria-visit" });
    let made = through(&faults, async || ehr.call(&body).send().await).await.is(201).json();
    let asked = app.launched("launch patient/*.rs", made["launch"].as_str().unwrap());
    let consent = visitor.opens(&url(&asked)).await;
    let consent = visitor.opens_page(&next(&visits.url, &consent)).await;
    let allowed = visitor.presses(&consent_form(&consent), "decision", "allow").await;
    asked.code_in(allowed.is(303).location());

    assert_eq!(faults.ever(), OPERATIONS);
}

#[tokio::test]
async fn when_everything_is_down_nobody_gets_in_or_anything_out() {
    let (server, faults) = server().await;
    let app = server.app("basic").await;
    let mut browser = server.browser();
    let tokens = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    app.reads(&tokens).await;
    let coded = app.request(OFFLINE);
    let code = app.code(&mut browser, &coded, &Choices::of("maria")).await;
    let asked = app.request(OFFLINE);
    let consent = browser.open(&app.url_of(&asked)).await.page();
    let form = consent_form(&consent);
    let mut other = server.browser();
    let unknown = other.open(&app.url_of(&app.request(OFFLINE))).await.page();
    let sign_in = unknown.form("password").fill("username", "clara").fill("password", "guess");

    faults.everything_is_down();
    for wait in [0, 30, 59, 60] {
        server.after(wait * SECOND);
        // Documents are made once.
        for document in [
            "/fhir/.well-known/smart-configuration",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/fhir/metadata",
        ] {
            server.target.get(document).send().await.is(200);
        }
        let mut asks = vec![server.target.get("/.well-known/jwks.json").send().await];
        let url = Url::parse(&app.url_of(&asked)).unwrap();
        for url in [&url, &consent.url, &unknown.url] {
            asks.push(browser.ask(Method::GET, url, String::new()).await);
        }
        asks.push(browser.ask(Method::POST, &form.action, encode(&form.pressing("decision", "allow"))).await);
        asks.push(other.ask(Method::POST, &sign_in.action, encode(&sign_in.entering())).await);
        asks.push(app.refresh(&tokens).send().await);
        asks.push(app.exchange(&coded, &code).send().await);
        for path in ["Patient/maria", "Patient/nobody", "Observation", "Observation?_id=maria-bp-2024"] {
            asks.push(app.read(&tokens, path).await);
        }
        asks.iter().for_each(says_to_come_back);
    }
    // Who shows no token needs no store to be refused.
    server.target.get("/fhir/Patient/maria").send().await.is_outcome(401, "login");

    faults.mend();
    app.reads(&tokens).await;
    app.reads(&app.refreshed(&tokens).await).await;
    let url = browser.press(&consent, &form, "decision", "allow").await.left();
    let answer = app.exchange(&asked, &asked.code_in(&url)).send().await;
    app.reads(&app.tokens(&answer)).await;
}

/// RFC 6749 §4.1.2: the second use of a code is denied, whether or not what the first one got can be ended.
#[tokio::test]
async fn code_04_a_replay_is_refused_though_the_grant_cannot_be_revoked() {
    let (server, faults) = server().await;
    let app = server.app("web").await;
    let asked = app.request(OFFLINE);
    let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
    let first = app.tokens(&app.exchange(&asked, &code).send().await);
    let second = app.refreshed(&first).await;
    let third = app.refreshed(&second).await;
    faults.are_down(&["revoke"]);
    app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
    app.is_not_refreshed(&first).await;
    assert_eq!(server.revocation(&third).await, None);
    faults.mend();
    // Whoever tries again is caught then.
    app.is_not_refreshed(&first).await;
    assert_eq!(server.revocation(&third).await, Some(RevocationReason::RefreshReplayed));
    app.reads_nothing(&third).await;
}

/// Two failures at once: the user is gone, and the grant cannot be ended.
#[tokio::test]
async fn refr_24_who_is_disabled_gets_nothing_though_the_grant_cannot_be_revoked() {
    let (server, faults) = server().await;
    let app = server.app("web").await;
    let tokens = app.marias(OFFLINE).await;
    server.change_user("maria", |user| user.disabled = true).await;
    faults.are_down(&["revoke"]);
    for _ in 0..3 {
        app.is_not_refreshed(&tokens).await;
        server.after(20 * SECOND);
    }
    app.reads_nothing(&tokens).await;
    faults.mend();
    app.is_not_refreshed(&tokens).await;
    assert!(server.revocation(&tokens).await.is_some());
}

/// An adapter whose write was made and whose answer was lost says that it does not know: 503. The next try, which has another
/// name, finds what the first one left.
#[tokio::test]
async fn a_write_whose_outcome_nobody_learned_is_made_at_most_once() {
    let (server, faults) = server().await;
    let app = server.app("es384").await;
    let mut browser = server.browser();

    // A consent: no code is out, and no second one is issued.
    let asked = app.request(OFFLINE);
    let shown = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&shown, "maria").await.page();
    let form = consent_form(&consent);
    faults.loses_the_answer_of("issue_code");
    says_to_come_back(
        &browser.ask(Method::POST, &form.action, encode(&form.pressing("decision", "allow"))).await,
    );
    faults.mend();
    assert_eq!(browser.press(&consent, &form, "decision", "allow").await.page().status, 409);

    // A code: it is given back.
    let asked = app.request(OFFLINE);
    let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
    faults.loses_the_answer_of("redeem");
    says_to_come_back(&app.exchange(&asked, &code).send().await);
    faults.mend();
    app.exchange(&asked, &code).send().await.is(200);

    // A refresh: the same successor.
    let tokens = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    faults.loses_the_answer_of("refresh");
    says_to_come_back(&app.refresh(&tokens).send().await);
    faults.mend();
    let second = app.refreshed(&tokens).await;
    app.reads(&app.refreshed(&second).await).await;

    // An assertion: it is used.
    let assertion = app.assertion().sign();
    let again = || app.refresh(&second).set("client_assertion", &assertion).send();
    faults.loses_the_answer_of("first_use");
    says_to_come_back(&again().await);
    faults.mend();
    again().await.is_token_error(401, "invalid_client");
}

/// What could not be remembered does not count: the assertion may be sent again, once.
#[tokio::test]
async fn asym_14_an_assertion_that_could_not_be_remembered_proves_nothing() {
    let (server, faults) = server().await;
    let app = server.app("rs384").await;
    let tokens = app.marias(OFFLINE).await;
    let assertion = app.assertion().sign();
    let refresh = || app.refresh(&tokens).set("client_assertion", &assertion).send();
    faults.are_down(&["first_use"]);
    for _ in 0..3 {
        says_to_come_back(&refresh().await);
    }
    faults.mend();
    let second = app.tokens(&refresh().await);
    refresh().await.is_token_error(401, "invalid_client");
    app.reads(&app.refreshed(&second).await).await;
}

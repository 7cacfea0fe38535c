//! What the template's metric filters count is what the programs write: an alarm on a line that nobody logs never goes off.

use std::path::Path;

use serde_json::Value;
use smart_lambda_tests::event::Answer;

use super::browser::Browser;
use super::journey::{authorization_request, consented, redeem, refresh, text};
use super::world::World;

/// A filter of the template: what is compared with what, all of which must be as said.
pub(super) struct Filter(Vec<(String, String)>);

impl Filter {
    /// The one that counts into this metric, as the template has it.
    pub(super) fn of(metric: &str) -> Self {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
        let template = std::fs::read_to_string(template).unwrap();
        let (before, _) = template.split_once(&format!("MetricName: {metric},")).unwrap();
        let (_, pattern) = before.rsplit_once("FilterPattern: '{ ").unwrap();
        let (pattern, _) = pattern.split_once(" }'").unwrap();
        let comparison = |term: &str| {
            let term = term.strip_prefix("($.")?.strip_suffix("\")")?;
            term.split_once(" = \"").map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let comparisons = pattern.split(" && ").map(comparison).collect::<Option<_>>();
        Self(comparisons.unwrap_or_else(|| panic!("a pattern that is not understood here: {pattern}")))
    }

    /// Whether the line is counted, by the rules of a `FilterPattern`: a star stands for whatever comes there.
    pub(super) fn counts(&self, line: &Value) -> bool {
        self.0.iter().all(|(name, wanted)| {
            line[name].as_str().is_some_and(|said| match wanted.strip_suffix('*') {
                Some(beginning) => said.starts_with(beginning),
                None => said == wanted,
            })
        })
    }
}

/// Nothing was signed, so nothing was given out, and the app is told when to come back.
pub(super) fn is_without_tokens(answer: &Answer, retry_after: &str) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, retry_after), "{}", answer.body);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    for token in ["access_token", "id_token", "refresh_token"] {
        assert_eq!(answer.json().get(token), None, "{token}");
    }
}

#[tokio::test]
async fn a_key_that_is_disabled_or_deleted_gives_503_goes_off_and_loses_no_grant() {
    let world = World::new().await;
    let mut service = world.service();
    let code = consented(&mut service);
    let unavailable = Filter::of("SignerUnavailable");

    world.disable_the_key().await;
    // The function has read the public keys before, as it does at its start.
    let refused = redeem(&mut service, &code);
    is_without_tokens(&refused, "60");
    let line = service.token.logged(|line| unavailable.counts(line)).expect("the line that the alarm counts");
    assert_eq!(line["span"]["id"], refused.id);

    world.enable_the_key().await;
    let tokens = redeem(&mut service, &code);
    assert_eq!(tokens.status, 200, "{}", tokens.body);

    world.delete_the_key().await;
    let refused = refresh(&mut service, &text(&tokens.json(), "refresh_token"));
    is_without_tokens(&refused, "60");
    let of_this = |line: &Value| unavailable.counts(line) && line["span"]["id"] == refused.id;
    assert!(service.token.logged(of_this).is_some());
}

#[tokio::test]
async fn a_code_that_is_seen_twice_is_counted() {
    let mut service = World::new().await.service();
    let code = consented(&mut service);
    assert_eq!(redeem(&mut service, &code).status, 200);
    let again = redeem(&mut service, &code);
    assert_eq!(again.json()["error"], "invalid_grant");
    let replayed = Filter::of("CodeReplayed");
    let line = service.token.logged(|line| replayed.counts(line)).expect("the line that is counted");
    assert_eq!(line["span"]["id"], again.id);
}

#[tokio::test]
async fn a_password_that_is_guessed_too_often_is_counted() {
    let mut service = World::new().await.service();
    let mut browser = Browser::default();
    let mut page = browser.go(&mut service, &authorization_request());
    for _ in 0..50 {
        page = browser.send(&mut service, &page, &[("username", "anna"), ("password", "guessed")]);
        if page.status == 429 {
            break;
        }
    }
    assert_eq!(page.status, 429, "{}", page.body);
    let throttled = Filter::of("SignInThrottled");
    let line = service.authorize.logged(|line| throttled.counts(line)).expect("the line that is counted");
    assert_eq!(line["span"]["id"], page.id);
}

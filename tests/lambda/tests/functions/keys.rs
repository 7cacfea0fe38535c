//! A cold start while keys cannot be read: what needs none goes on, what needs one is 503, and nothing is lost.

use std::time::Duration;

use serde_json::Value;
use smart_lambda_tests::event::Answer;
use smart_lambda_tests::faults::{Fate, Faults};

use super::alarms::{Filter, is_without_tokens};
use super::journey::{consented, read, redeem, refresh, text};
use super::world::{Service, World};

const SMART: &str = "/fhir/.well-known/smart-configuration";
const JWKS: &str = "/.well-known/jwks.json";

/// What Lambda gives a start.
const START: Duration = Duration::from_secs(10);

/// An app with tokens, all signed by the second of two keys; and what may befall the keys, the first of which is named.
async fn with_tokens() -> (World, Faults, String, Value) {
    let world = World::new().await;
    let mut service = world.service();
    let code = consented(&mut service);
    let tokens = redeem(&mut service, &code);
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let (world, faults, first) = world.with_a_first_key().await;
    (world, faults, first, tokens.json())
}

/// All four functions, started while it is as it is.
fn started(world: &World) -> Service {
    let mut service = world.service();
    for function in [&mut service.discovery, &mut service.token, &mut service.fhir_read] {
        let ready = function.ready().unwrap();
        assert!(ready < START, "{ready:?}");
    }
    service
}

fn kids(key_set: &Answer) -> Vec<String> {
    assert_eq!(key_set.status, 200, "{}", key_set.body);
    key_set.json()["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect()
}

/// That the app gets no token, and that the alarm counts it.
fn no_token(service: &mut Service, tokens: &Value, retry_after: &str) {
    let refused = refresh(service, &text(tokens, "refresh_token"));
    is_without_tokens(&refused, retry_after);
    let unavailable = Filter::of("SignerUnavailable");
    let of_this = |line: &Value| unavailable.counts(line) && line["span"]["id"] == refused.id;
    assert!(service.token.logged(of_this).is_some(), "{:?}", service.token.lines());
}

/// Of the issue "On AWS for real": a disabled or deleted key gives a clear 503, alarms, and no token.
#[tokio::test]
async fn with_a_first_key_that_is_disabled_or_deleted_all_but_tokens_goes_on() {
    let (world, faults, first, tokens) = with_tokens().await;
    let whole = kids(&started(&world).get(JWKS));
    assert_eq!(whole.len(), 2);
    for code in ["DisabledException", "KMSInvalidStateException", "NotFoundException"] {
        faults.befall("GetPublicKey", &first, Fate::Refuse(code));
        let mut service = started(&world);
        for function in [&service.discovery, &service.token, &service.fhir_read] {
            let named = |line: &Value| line["error"].as_str().is_some_and(|error| error.contains(&first));
            assert!(function.logged(named).is_some(), "{code}: {:?}", function.lines());
        }
        assert_eq!(service.get(SMART).status, 200, "{code}");
        assert_eq!(kids(&service.get(JWKS)), whole[1..], "{code}");
        let answer = read(&mut service, &text(&tokens, "access_token"), "/fhir/Patient/a");
        assert_eq!(answer.status, 200, "{code}: {}", answer.body);
        no_token(&mut service, &tokens, "60");
        faults.mend();
    }
    // It is enabled again, while a function runs that started without it.
    faults.befall("GetPublicKey", &first, Fate::Refuse("DisabledException"));
    let mut service = started(&world);
    no_token(&mut service, &tokens, "60");
    faults.mend();
    let renewed = refresh(&mut service, &text(&tokens, "refresh_token"));
    assert_eq!(renewed.status, 200, "{}", renewed.body);
}

/// A start during which KMS does not tell of any key.
async fn kms_does_not_tell(fate: Fate, retry_after: &str) {
    let (world, faults, _, tokens) = with_tokens().await;
    faults.befall("GetPublicKey", "", fate);
    let mut service = started(&world);
    assert_eq!(service.get(SMART).status, 200);
    let key_set = service.get(JWKS);
    assert_eq!((key_set.status, key_set.header("retry-after")), (503, retry_after), "{}", key_set.body);
    let access_token = text(&tokens, "access_token");
    let answer = read(&mut service, &access_token, "/fhir/Patient/a");
    assert_eq!((answer.status, answer.header("retry-after")), (503, retry_after), "{}", answer.body);
    assert_eq!(answer.json()["resourceType"], "OperationOutcome");
    no_token(&mut service, &tokens, retry_after);
    faults.mend();
    assert_eq!(kids(&service.get(JWKS)).len(), 2);
    assert_eq!(read(&mut service, &access_token, "/fhir/Patient/a").status, 200);
    let renewed = refresh(&mut service, &text(&tokens, "refresh_token"));
    assert_eq!(renewed.status, 200, "{}", renewed.body);
}

#[tokio::test]
async fn a_start_while_kms_throttles_goes_on_and_all_is_well_when_it_tells() {
    kms_does_not_tell(Fate::Refuse("ThrottlingException"), "2").await;
}

#[tokio::test]
async fn a_start_while_kms_is_silent_goes_on_and_all_is_well_when_it_tells() {
    kms_does_not_tell(Fate::Silence, "1").await;
}

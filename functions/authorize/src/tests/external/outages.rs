//! Providers that are down, slow, broken or changing their keys.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use smart_core::external::{WebAnswer, WebError};
use tokio::sync::Semaphore;

use super::{ASK, Clinic};

const METADATA: &str = "/.well-known/openid-configuration";

fn down() -> Result<WebAnswer, WebError> {
    Err(WebError("it takes longer than 4 seconds".to_owned()))
}

fn status(status: u16) -> WebAnswer {
    WebAnswer { status, body: json!({ "error": "server_error" }) }
}

fn nonsense() -> WebAnswer {
    WebAnswer { status: 200, body: json!(["nonsense"]) }
}

#[tokio::test]
async fn a_provider_that_is_down_gets_a_page_and_the_next_try_works() {
    // What the network makes of a slow, an oversized and a malformed answer is an error; a status is one of the provider's.
    for fault in [down(), Ok(status(500)), Ok(status(404)), Ok(nonsense())] {
        for path in [METADATA, "/keys", "/token"] {
            let mut clinic = Clinic::with_a().await;
            clinic.a.state().faults.insert(path, fault.clone());
            let mut answer = clinic.visitor.get(ASK).await;
            if path != METADATA {
                assert_eq!(answer, 303);
                let back = clinic.a.signs_in(&clinic.visitor.location);
                answer = clinic.visitor.get(&back).await;
            }
            assert_eq!(answer, 502, "{path}: {fault:?}");
            assert!(clinic.visitor.page.contains("Hospital A"), "the page says who");
            assert!(!clinic.visitor.is_signed_in() && !clinic.somebody_signed_in(), "{path}: {fault:?}");

            clinic.a.state().faults.clear();
            clinic.visitor.wait(10);
            assert_eq!(clinic.visitor.click("Try again").await, 303, "{path}: {fault:?}");
            let back = clinic.a.signs_in(&clinic.visitor.location);
            assert_eq!(clinic.visitor.get(&back).await, 303, "{path}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_by_everybody() {
    let mut clinic = Clinic::with_a().await;
    clinic.a.state().faults.insert(METADATA, down());
    for _ in 0..5 {
        assert_eq!(clinic.visitor.other().get(ASK).await, 502);
    }
    assert_eq!(clinic.a.asked(), [METADATA]);
    clinic.visitor.wait(10);
    assert_eq!(clinic.visitor.get(ASK).await, 502);
    assert_eq!(clinic.a.asked(), [METADATA]);
}

#[tokio::test]
async fn oidc_discovery_4_3_metadata_of_another_issuer_is_not_used() {
    let mut clinic = Clinic::with_a().await;
    clinic.a.state().metadata["issuer"] = json!("https://evil.example");
    assert_eq!(clinic.visitor.get(ASK).await, 502);
    assert!(clinic.visitor.location.is_empty());
}

#[tokio::test]
async fn metadata_is_kept_for_an_hour_and_used_for_a_day_if_there_is_no_other() {
    let mut clinic = Clinic::with_a().await;
    let mut ask = async |seconds: u64, fault: bool| {
        if fault {
            clinic.a.state().faults.insert(METADATA, down());
        }
        clinic.visitor.wait(seconds);
        let status = clinic.visitor.other().get(ASK).await.as_u16();
        (status, clinic.a.asked().len())
    };
    assert_eq!(ask(0, false).await, (303, 1));
    assert_eq!(ask(3599, false).await, (303, 0));
    assert_eq!(ask(1, false).await, (303, 1));
    assert_eq!(ask(3600, true).await, (303, 1), "the old one is used");
    assert_eq!(ask(5, true).await, (303, 0), "and the provider is left alone for a while");
    assert_eq!(ask(24 * 3600, true).await, (502, 1), "but not for ever");
}

#[tokio::test]
async fn oidc_core_10_1_1_a_new_key_is_fetched_when_it_is_met_and_not_more_than_once_a_minute() {
    let mut clinic = Clinic::with_a().await;
    let mut sign_in = async |change: &dyn Fn(&Clinic), wait: u64| {
        clinic.visitor = clinic.visitor.other();
        clinic.visitor.wait(wait);
        change(&clinic);
        clinic.visitor.get(ASK).await;
        let back = clinic.a.signs_in(&clinic.visitor.location);
        let status = clinic.visitor.get(&back).await.as_u16();
        (status, clinic.a.asked().into_iter().filter(|path| path == "/keys").count())
    };
    assert_eq!(sign_in(&|_| {}, 0).await, (303, 1));
    assert_eq!(sign_in(&|_| {}, 5).await, (303, 0));
    let rotate = |clinic: &Clinic| clinic.a.new_key("second");
    assert_eq!(sign_in(&rotate, 5).await, (502, 0), "within a minute of the last time nobody asks again");
    assert_eq!(sign_in(&|_| {}, 50).await, (303, 1), "then the new key is found");
    // A key that is nowhere does not make everybody ask.
    let hide = |clinic: &Clinic| {
        clinic.a.new_key("third");
        clinic.a.state().published["keys"].as_array_mut().unwrap().pop();
    };
    assert_eq!(sign_in(&hide, 60).await, (502, 1));
    assert_eq!(sign_in(&|_| {}, 1).await, (502, 0));
}

/// One sign-in waits for a provider that is slow to say what is known already; the others go by what is known.
#[tokio::test]
async fn a_provider_that_is_slow_to_say_what_is_known_holds_up_one_sign_in_and_no_other() {
    for path in [METADATA, "/keys"] {
        let mut clinic = Clinic::with_a().await;
        clinic.visitor.get(ASK).await;
        let back = clinic.a.signs_in(&clinic.visitor.location);
        assert_eq!(clinic.visitor.get(&back).await, 303);
        clinic.visitor.wait(3_600);
        let now = clinic.visitor.now().as_unix();
        clinic.a.claims(move |claims| (claims["iat"], claims["exp"]) = (json!(now), json!(now + 300)));
        clinic.a.asked();

        let gate = Arc::new(Semaphore::new(0));
        clinic.a.state().slow = Some((path, Arc::clone(&gate)));
        let whole_way = async || {
            let mut visitor = clinic.visitor.other();
            visitor.get(ASK).await;
            let back = clinic.a.signs_in(&visitor.location);
            visitor.get(&back).await
        };
        let others = async {
            while clinic.a.state().waiting == 0 {
                tokio::task::yield_now().await;
            }
            for _ in 0..3 {
                assert_eq!(whole_way().await, 303, "{path}");
            }
            gate.add_permits(1);
        };
        assert_eq!(tokio::join!(whole_way(), others).0, 303, "{path}");
        let asked = clinic.a.asked().into_iter().filter(|asked| asked == path).count();
        assert_eq!(asked, 1, "{path}");
    }
}

/// Where nothing is known, one asks, and the others wait for what it brings.
#[tokio::test]
async fn what_is_not_known_is_asked_for_once() {
    let clinic = Clinic::with_a().await;
    let gate = Arc::new(Semaphore::new(0));
    clinic.a.state().slow = Some((METADATA, Arc::clone(&gate)));
    let begin = async || clinic.visitor.other().get(ASK).await;
    let opens = async {
        while clinic.a.state().waiting == 0 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
    };
    let (one, two, three, ()) = tokio::join!(begin(), begin(), begin(), opens);
    assert_eq!([one, two, three], [303, 303, 303]);
    assert_eq!(clinic.a.asked(), [METADATA]);
}

/// RFC 9111 §4.2: a provider's keys are used no longer than it says, so that one that it withdraws signs nobody in after that.
#[tokio::test]
async fn oidc_core_10_1_1_keys_are_used_no_longer_than_the_provider_lets_them_be_kept() {
    let mut clinic = Clinic::with_a().await;
    let mut sign_in = async |max_age: Option<u64>, wait: u64, down: bool| {
        clinic.visitor = clinic.visitor.other();
        clinic.visitor.wait(wait);
        let now = clinic.visitor.now().as_unix();
        clinic.a.claims(move |claims| (claims["iat"], claims["exp"]) = (json!(now), json!(now + 300)));
        clinic.a.state().max_age = max_age.map(Duration::from_secs);
        clinic.a.state().faults = down.then(|| ("/keys", self::down())).into_iter().collect();
        clinic.visitor.get(ASK).await;
        let back = clinic.a.signs_in(&clinic.visitor.location);
        let status = clinic.visitor.get(&back).await.as_u16();
        (status, clinic.a.asked().into_iter().filter(|path| path == "/keys").count())
    };
    let minute = Some(60);
    assert_eq!(sign_in(minute, 0, false).await, (303, 1));
    assert_eq!(sign_in(minute, 29, false).await, (303, 0));
    assert_eq!(sign_in(minute, 1, false).await, (303, 1), "in good time");
    assert_eq!(sign_in(minute, 59, true).await, (303, 1), "what is good is used");
    assert_eq!(sign_in(minute, 1, true).await, (502, 0), "and then no more");
    assert_eq!(sign_in(minute, 9, true).await, (502, 1));
    // What may not be kept is asked for each time.
    assert_eq!(sign_in(Some(0), 10, false).await, (303, 1));
    assert_eq!(sign_in(Some(0), 0, false).await, (303, 1));
    assert_eq!(sign_in(Some(0), 0, true).await, (502, 1));
    // Nothing is said: two hours. However long it is, a day at most.
    for (max_age, good) in [(None, 7_200), (Some(30 * 86_400), 86_400)] {
        assert_eq!(sign_in(max_age, 10, false).await, (303, 1), "{max_age:?}");
        assert_eq!(sign_in(max_age, good - 1, true).await.0, 303, "{max_age:?}");
        assert_eq!(sign_in(max_age, 1, true).await.0, 502, "{max_age:?}");
    }
}

#[tokio::test]
async fn a_provider_that_refuses_our_secret_is_no_fault_of_the_person() {
    let mut clinic = Clinic::with_a().await;
    clinic.visitor.get(ASK).await;
    let back = clinic.a.signs_in(&clinic.visitor.location);
    clinic
        .a
        .state()
        .faults
        .insert("/token", Ok(WebAnswer { status: 401, body: json!({ "error": "invalid_client" }) }));
    assert_eq!(clinic.visitor.get(&back).await, 502);
    assert!(clinic.visitor.page.contains("Signing in with Hospital A did not work"));
    // A token without an ID token is no sign-in.
    clinic.a.state().faults.clear();
    clinic.a.state().instead =
        Some(WebAnswer { status: 200, body: json!({ "access_token": "x", "token_type": "Bearer" }) });
    assert_eq!(clinic.visitor.click("Try again").await, 303);
    let back = clinic.a.signs_in(&clinic.visitor.location);
    assert_eq!(clinic.visitor.get(&back).await, 502);
    assert!(!clinic.somebody_signed_in());
}

//! A launch may be followed for five minutes; whoever followed it in time may take as long as any authorization.

use serde_json::json;
use smart_core::client::Client;

use super::{MINUTE, SECOND, Server, just_before};
use crate::harness::smart_app::walk;
use crate::harness::{Choices, Ehr};

const SCOPE: &str = "launch patient/*.rs";

#[tokio::test]
async fn launch_04_a_launch_is_followed_for_five_minutes_to_the_second() {
    let server = Server::new().await;
    let app = server.app("web").await;
    for (age, good) in [(0, true), (299, true), (300, false), (301, false), (1_200, false), (86_400, false)] {
        let launch = Ehr::of(&server.target).await.opens("web", json!({ "patient": "maria" })).await;
        server.after(age * SECOND);
        let asked = app.launched(SCOPE, &launch);
        let mut browser = server.browser();
        if good {
            app.code(&mut browser, &asked, &Choices::of("maria")).await;
        } else {
            let (error, description) = asked.error_in(&browser.open(&app.url_of(&asked)).await.left());
            assert_eq!(error, "invalid_request");
            assert!(description.starts_with("launch has expired"), "{description}");
        }
    }
}

/// LAUNCH-04: the quarter of an hour begins with the app's request, and ends with its own error.
#[tokio::test]
async fn launch_04_who_followed_a_launch_in_time_may_take_their_time() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let launch = Ehr::of(&server.target).await.opens("web", json!({ "patient": "maria" })).await;
    server.after(just_before(5 * MINUTE));
    let asked = app.launched(SCOPE, &launch);
    let mut browser = server.browser();
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "maria").await;
    server.after(just_before(15 * MINUTE));
    let left = walk(&mut browser, consent, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await);
    assert_eq!(tokens.patient.as_deref(), Some("maria"));
    // The sweep has nothing to say in it, before and after.
    server.store().sweep(server.now()).await.unwrap();
    let late = app.launched(SCOPE, &launch);
    let (_, description) = late.error_in(&browser.open(&app.url_of(&late)).await.left());
    assert!(description.starts_with("launch was used before"), "{description}");
    server.after(10 * MINUTE);
    server.store().sweep(server.now()).await.unwrap();
    let late = app.launched(SCOPE, &launch);
    let (_, description) = late.error_in(&browser.open(&app.url_of(&late)).await.left());
    assert!(description.starts_with("launch is unknown here"), "{description}");
}

/// What counts is what the user may see at the consent, and at each refresh (REFR-24).
#[tokio::test]
async fn launch_13_who_may_not_see_the_patient_any_more_gets_no_code() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let launch = Ehr::of(&server.target).await.opens("web", json!({ "patient": "lena" })).await;
    let asked = app.launched(SCOPE, &launch);
    let mut browser = server.browser();
    let page = browser.open(&app.url_of(&asked)).await.page();
    let consent = browser.sign_in(&page, "paul").await.page();
    server.change_user("paul", |user| user.patients = serde_json::from_str(r#"["tom"]"#).unwrap()).await;
    let form = crate::harness::smart_app::consent_form(&consent);
    let page = browser.press(&consent, &form, "decision", "allow").await.page();
    assert_eq!(page.heading, "You may not open this record");
}

/// A client that is disabled makes no launches within a minute; nor does one that lost the scope, or may have no tokens of its own any more.
#[tokio::test]
async fn launch_04_an_ehr_that_was_stopped_makes_no_launches() {
    type Change = fn(&mut Client);
    let changes: [(u16, Change); 3] = [
        (401, |client| client.disabled = true),
        (403, |client| client.scope = "system/*.rs".parse().unwrap()),
        (403, |client| client.grant_types.clear()),
    ];
    for (status, change) in changes {
        let server = Server::new().await;
        let ehr = Ehr::of(&server.target).await;
        ehr.opens("web", json!({})).await;
        server.change_client("ehr", change).await;
        server.after(MINUTE);
        let answer = ehr.asks("web", json!({})).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        server.after(4 * MINUTE);
        assert_eq!(
            ehr.asks("web", json!({})).await.is(401).bearer_challenge(),
            "invalid_token",
            "it expired"
        );
    }
}

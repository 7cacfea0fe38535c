//! One launch, followed by many: it leads to one code (LAUNCH-04).

use serde_json::json;

use super::{AT_ONCE, reads, sends, servers, together};
use crate::harness::smart_app::consent_form;
use crate::harness::target::Call;
use crate::harness::{Browser, Choices, Ehr, SmartApp};

const SCOPE: &str = "launch offline_access patient/*.rs";

/// Fifty windows with the app that an EHR opened once, each at the consent; all say yes at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn launch_04_of_fifty_consents_to_one_launch_one_has_a_code() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let launch = Ehr::of(&target).await.opens("web", json!({ "patient": "maria" })).await;
        let mut browser = Browser::new(&target);
        app.code(&mut browser, &app.request("openid"), &Choices::of("maria")).await;
        let (mut asked, mut calls) = (Vec::new(), Vec::new());
        for _ in 0..AT_ONCE {
            let one = app.launched(SCOPE, &launch);
            let page = browser.open(&app.url_of(&one)).await.page();
            let form = consent_form(&page);
            calls.push(sends(&target, &browser, &form, &form.pressing("decision", "allow")));
            asked.push(one);
        }
        let answers = together(calls.into_iter().map(Call::send)).await;
        let mut codes = Vec::new();
        for (asked, answer) in asked.iter().zip(&answers) {
            let left = answer.is(303).location();
            if left.contains("code=") {
                codes.push((asked, asked.code_in(left)));
            } else {
                let (error, description) = asked.error_in(left);
                assert_eq!(error, "invalid_request");
                assert!(description.starts_with("launch was used before"), "{description}");
            }
        }
        let [(asked, code)] = codes.as_slice() else { panic!("{} codes", codes.len()) };
        let tokens = app.tokens(&app.exchange(asked, code).send().await);
        assert_eq!(tokens.patient.as_deref(), Some("maria"));
        reads(&app, &tokens).await;
    }
}

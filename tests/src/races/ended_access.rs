//! The user ends an access while the app uses it: once it is ended, nothing comes of it any more (REVOKE-09, REVOKE-10).

use super::{AT_ONCE, OFFLINE, has_ended, sends, servers, together};
use crate::harness::{Browser, Choices, SmartApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoke_09_an_access_that_is_ended_amid_refreshes_and_reads_has_ended() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let mut browser = Browser::new(&target);
        let first = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
        let page = browser.open(app.endpoint("management_endpoint")).await.page();
        let form = page.form("grant");
        let pairs = form.pressing("decision", "revoke");
        let sent = (0..AT_ONCE).map(|n| {
            let call: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = match n % 3 {
                0 => Box::pin(sends(&target, &browser, &form, &pairs).send()),
                1 => Box::pin(app.refresh(&first).send()),
                _ => Box::pin(app.fhir(&first, "Patient/maria").send()),
            };
            call
        });
        let answers = together(sent).await;
        let mut ended = 0;
        for (n, answer) in answers.iter().enumerate() {
            match (n % 3, answer.status) {
                (0, 303) => ended += 1,
                (1, 200) => has_ended(&app, &app.tokens(answer)).await,
                (1, 400) => {
                    answer.is_token_error(400, "invalid_grant");
                }
                // Another press was first; or it was read before the first.
                (0, 404) | (2, 200) => {}
                (2, 401) => assert_eq!(answer.bearer_challenge(), "invalid_token"),
                (_, status) => panic!("{}: {status}", answer.asked),
            }
        }
        assert_eq!(ended, 1, "one press ends it");
        has_ended(&app, &first).await;
    }
}

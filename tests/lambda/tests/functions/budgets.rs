//! What each request asks of AWS, all calls of DynamoDB and KMS together, as the programs themselves count them: ARCHITECTURE.md's
//! table of remote calls.

use serde_json::Value;
use smart_lambda_tests::event::Answer;
use smart_lambda_tests::function::Function;

use super::journey::{Browser, authorization_request, code_in, read, redeem, refresh, text};
use super::world::{PASSWORD, Service, World};

/// The calls of each request of a function since the last look, in order.
#[derive(Default)]
struct Looked(usize);

impl Looked {
    fn at(&mut self, function: &Function, last: &Answer) -> Vec<u64> {
        function.logged(|line| line["_aws"].is_object() && line["id"] == last.id).expect("a line of metrics");
        let lines = function.lines();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let calls: Vec<u64> = lines.filter_map(|line| line["RemoteCalls"].as_u64()).collect();
        let new = calls[self.0..].to_vec();
        self.0 = calls.len();
        new
    }
}

/// Somebody signs in and shares; the app gets its code. The calls of each request on the way.
fn share(service: &mut Service, looked: &mut Looked) -> (Vec<Vec<u64>>, String) {
    let mut browser = Browser::default();
    let sign_in = browser.go(service, &authorization_request());
    let mut calls = vec![looked.at(&service.authorize, &sign_in)];
    let consent = browser.send(service, &sign_in, &[("username", "anna"), ("password", PASSWORD)]);
    calls.push(looked.at(&service.authorize, &consent));
    let back = browser.send(service, &consent, &[("decision", "allow")]);
    calls.push(looked.at(&service.authorize, &back));
    (calls, code_in(back.header("location")))
}

#[tokio::test]
async fn each_request_asks_aws_for_no_more_than_its_budget() {
    let mut service = World::new().await.service();
    let documents = service.get("/.well-known/jwks.json");
    assert_eq!(Looked::default().at(&service.discovery, &documents), [0]);

    let mut authorize = Looked::default();
    let (cold, code) = share(&mut service, &mut authorize);
    let (warm, another) = share(&mut service, &mut authorize);
    // The request: the client, which is kept for a minute then, and the grant. The sign-in: grant, two counters, user, patients, a
    // counter's reset, session, grant; then the consent page: session, user, grant, patients, own grants. Its answer: the first three, client and the grant.
    assert_eq!(cold, [vec![2], vec![8, 5], vec![5]]);
    // The second attempt from an address finds its window open, and raises the counter in a second write.
    assert_eq!(warm, [vec![1], vec![9, 5], vec![5]]);

    let mut token = Looked::default();
    let tokens = redeem(&mut service, &code);
    assert_eq!(token.at(&service.token, &tokens), [4], "the client, the grant, two signatures");
    let tokens = redeem(&mut service, &another);
    assert_eq!(token.at(&service.token, &tokens), [3], "the grant, two signatures");
    let (access, first) = (text(&tokens.json(), "access_token"), text(&tokens.json(), "refresh_token"));
    let refreshed = refresh(&mut service, &first);
    assert_eq!(token.at(&service.token, &refreshed), [5], "client, grant, user, two signatures");
    let used = refresh(&mut service, &text(&refreshed.json(), "refresh_token"));
    assert_eq!(token.at(&service.token, &used), [5]);

    let mut fhir_read = Looked::default();
    let cold = read(&mut service, &access, "/fhir/Patient/a");
    assert_eq!(fhir_read.at(&service.fhir_read, &cold), [4], "resource, grant, client, user");
    let warm = read(&mut service, &access, "/fhir/Patient/a");
    assert_eq!(fhir_read.at(&service.fhir_read, &warm), [2], "resource, grant");
    let page = read(&mut service, &access, "/fhir/Observation?patient=a");
    assert_eq!((page.status, fhir_read.at(&service.fhir_read, &page)), (200, vec![2]), "query, grant");

    let replayed = refresh(&mut service, &first);
    assert_eq!(replayed.status, 400);
    assert_eq!(
        token.at(&service.token, &replayed),
        [3],
        "client, the write that is refused, the write that revokes"
    );
}

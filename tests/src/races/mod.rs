//! Fifty at once, through the whole application, in memory and over TCP: what must happen once happens once, and whoever comes
//! too late learns it.
//!
//! | file | at once |
//! |---|---|
//! | `codes` | one code, redeemed; consents to one page |
//! | `refreshes` | one refresh token, presented; together with older ones; together with a sign-out |
//! | `revocations` | revocations, together with refreshes, reads and questions |
//! | `ended_access` | the user ends an access, and the app uses it |
//! | `forgeries` | codes and tokens that somebody made up of what they have seen |
//! | `launches` | consents to one launch of an EHR |
//! | `pages` | decisions, choices and passwords |
//! | `assertions` | one client assertion |
//!
//! The rules of single steps are those of `store_contract`; here they are held by what an app and a browser see.

mod assertions;
mod codes;
mod ended_access;
mod forgeries;
mod launches;
mod pages;
mod refreshes;
mod revocations;

use std::sync::Arc;

use http::header::COOKIE;
use tokio::sync::Barrier;

use crate::harness::app::Clock;
use crate::harness::page::Form;
use crate::harness::target::Call;
use crate::harness::{Browser, SmartApp, Target, Tokens};

/// How many there are.
const AT_ONCE: usize = 50;

/// What an app asks for that comes back.
const OFFLINE: &str = "openid fhirUser offline_access launch/patient patient/*.rs";

/// The application in memory, with a clock that stands still, and a server by TCP.
async fn servers() -> [Target; 2] {
    [Target::in_process(&Clock::new()).await, Target::wire().await]
}

/// Lets all of them begin together; what each found, in their order.
pub(crate) async fn together<T, F>(attempts: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let attempts: Vec<_> = attempts.into_iter().collect();
    let barrier = Arc::new(Barrier::new(attempts.len()));
    let begun: Vec<_> = attempts
        .into_iter()
        .map(|attempt| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                attempt.await
            })
        })
        .collect();
    let mut found = Vec::new();
    for attempt in begun {
        found.push(attempt.await.unwrap());
    }
    found
}

/// A form of a page, sent with the cookies of a browser that goes on to use them.
fn sends(target: &Target, browser: &Browser, form: &Form, pairs: &[(String, String)]) -> Call {
    let cookies: Vec<_> = browser.cookies().iter().map(|one| format!("{}={}", one.name, one.value)).collect();
    target.post(form.action.as_str(), pairs).header(COOKIE, &cookies.join("; "))
}

/// That the access token opens the record of the patient in context.
async fn reads(app: &SmartApp, tokens: &Tokens) {
    let patient = tokens.patient.as_deref().expect("a patient");
    assert_eq!(app.read(tokens, &format!("Patient/{patient}")).await.ok()["id"], patient);
}

/// That the grant has ended: its access token opens nothing, and its refresh token gives none.
async fn has_ended(app: &SmartApp, tokens: &Tokens) {
    let patient = tokens.patient.as_deref().expect("a patient");
    for path in [format!("Patient/{patient}"), "Observation".to_owned()] {
        assert_eq!(app.read(tokens, &path).await.is(401).bearer_challenge(), "invalid_token");
    }
    app.refresh(tokens).send().await.is_token_error(400, "invalid_grant");
}

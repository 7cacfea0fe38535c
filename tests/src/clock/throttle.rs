//! Wrong passwords are counted for a quarter of an hour (SEC-18).

use http::Method;
use http::header::RETRY_AFTER;

use super::{MINUTE, ONCE, SECOND, Server, just_before};
use crate::harness::page::Page;
use crate::harness::target::encode;
use crate::harness::world::users::password;
use crate::harness::{Answer, Browser};

/// A browser at the sign-in page of a new authorization.
async fn sign_in_page(server: &Server) -> (Browser, Page) {
    let app = server.app("web").await;
    let mut browser = server.browser();
    let page = browser.open(&app.url_of(&app.request(ONCE))).await.page();
    (browser, page)
}

async fn tries(server: &Server, username: &str, password: &str) -> Answer {
    let (mut browser, page) = sign_in_page(server).await;
    let form = page.form("password").fill("username", username).fill("password", password);
    browser.ask(Method::POST, &form.action, encode(&form.entering())).await
}

/// That it is the page for too many attempts, and says when to come back.
#[track_caller]
fn come_back_in(answer: &Answer, seconds: u64) {
    assert_eq!(answer.is(429).header(RETRY_AFTER), seconds.to_string());
}

#[tokio::test]
async fn sec_18_ten_wrong_passwords_close_the_door_for_a_quarter_of_an_hour_from_the_first() {
    let server = Server::new().await;
    for attempt in 0..10 {
        tries(&server, "lotte", &format!("guess {attempt}")).await.is(401);
        server.after(MINUTE);
    }
    // Now the right one does not help either, and nobody learns that it is.
    come_back_in(&tries(&server, "lotte", password("lotte")).await, 300);
    tries(&server, "maria", password("maria")).await.is(303);
    server.after(just_before(5 * MINUTE));
    come_back_in(&tries(&server, "lotte", password("lotte")).await, 1);
    server.after(SECOND);
    tries(&server, "lotte", password("lotte")).await.is(303);
}

/// To go on knocking does not keep the door closed, nor open it earlier.
#[tokio::test]
async fn sec_18_attempts_at_a_closed_door_move_its_end_nowhere() {
    let server = Server::new().await;
    for _ in 0..10 {
        tries(&server, "lotte", "guess").await.is(401);
    }
    for minute in 0..15 {
        come_back_in(&tries(&server, "lotte", "guess").await, (15 - minute) * 60);
        server.after(MINUTE);
    }
    for _ in 0..10 {
        tries(&server, "lotte", "guess").await.is(401);
    }
    come_back_in(&tries(&server, "lotte", "guess").await, 900);
}

#[tokio::test]
async fn sec_18_a_success_forgets_the_failures_before_it() {
    let server = Server::new().await;
    for _ in 0..2 {
        for _ in 0..9 {
            tries(&server, "fred", "what was it?").await.is(401);
        }
        tries(&server, "fred", password("fred")).await.is(303);
    }
}

/// A name that does not exist has a door, too: else one would learn which do.
#[tokio::test]
async fn sec_18_a_name_of_nobody_is_counted_alike() {
    let server = Server::new().await;
    for _ in 0..10 {
        tries(&server, "nobody-of-this-name", "guess").await.is(401);
    }
    come_back_in(&tries(&server, "nobody-of-this-name", "guess").await, 900);
    server.after(15 * MINUTE);
    tries(&server, "nobody-of-this-name", "guess").await.is(401);
}

/// Many names from one address: a hundred attempts, behind which a whole clinic may sit.
#[tokio::test]
async fn sec_18_a_hundred_attempts_close_an_address_for_a_quarter_of_an_hour() {
    let server = Server::new().await;
    for attempt in 0..100 {
        let status = if attempt < 10 { 401 } else { 429 };
        tries(&server, "lotte", "guess").await.is(status);
    }
    server.after(MINUTE);
    come_back_in(&tries(&server, "maria", password("maria")).await, 14 * 60);
    server.after(14 * MINUTE);
    tries(&server, "maria", password("maria")).await.is(303);
}

//! Decisions, choices and passwords: a page is answered once, with what it showed (AUTHZ-21, AUTHZ-27, SEC-18).

use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::{AT_ONCE, OFFLINE, reads, sends, servers, together};
use crate::harness::page::Page;
use crate::harness::smart_app::{Asked, consent_form, random_text};
use crate::harness::target::Call;
use crate::harness::world::users::password;
use crate::harness::{Answer, Browser, Choices, SmartApp, Target};

/// A consent page for this patient, of a user who could have chosen another one.
async fn consent_page(app: &SmartApp, browser: &mut Browser, patient: &str) -> (Asked, Page, Page) {
    let asked = app.request(OFFLINE);
    let shown = browser.open(&app.url_of(&asked)).await.page();
    let picker = browser.sign_in(&shown, "paul").await.page();
    let consent = browser.press(&picker, &picker.form("patient"), "patient", patient).await.page();
    (asked, picker, consent)
}

/// The redirects to the app; all other answers are pages that say that it was answered.
fn redirects(app: &SmartApp, answers: &[Answer]) -> Vec<String> {
    let (gone, stayed): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    for page in stayed {
        assert_eq!(page.is(409).header(CONTENT_TYPE), "text/html; charset=utf-8");
        assert!(page.text().contains("This was answered already"));
    }
    let left = |answer: &&Answer| answer.location().starts_with(&app.redirect_uri);
    gone.into_iter().filter(left).map(|answer| answer.location().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authz_27_fifty_consents_to_one_page_issue_one_code() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let mut browser = Browser::new(&target);
        let (asked, _, page) = consent_page(&app, &mut browser, "lena").await;
        let form = consent_form(&page);
        let pairs = form.pressing("decision", "allow");
        let sent = (0..AT_ONCE).map(|_| sends(&target, &browser, &form, &pairs).send());
        let left = redirects(&app, &together(sent).await);
        let [url] = left.as_slice() else { panic!("{} codes", left.len()) };
        let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(url)).send().await);
        assert_eq!(tokens.patient.as_deref(), Some("lena"));
        reads(&app, &tokens).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authz_21_of_fifty_decisions_the_first_one_counts() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let mut browser = Browser::new(&target);
        let (asked, _, page) = consent_page(&app, &mut browser, "tom").await;
        let form = consent_form(&page);
        let sent = ["allow", "deny"].repeat(AT_ONCE / 2).into_iter();
        let sent =
            sent.map(|decision| sends(&target, &browser, &form, &form.pressing("decision", decision)).send());
        let left = redirects(&app, &together(sent).await);
        let [url] = left.as_slice() else { panic!("{} decisions", left.len()) };
        if url.contains("code=") {
            reads(&app, &app.tokens(&app.exchange(&asked, &asked.code_in(url)).send().await)).await;
        } else {
            assert_eq!(asked.error_in(url).0, "access_denied");
        }
    }
}

/// In one window he consents to share Lena's record, in another he chooses Tom: whatever is shared is what the page showed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authz_27_a_consent_beside_another_choice_shares_what_its_page_showed_or_nothing() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        for _ in 0..5 {
            let mut browser = Browser::new(&target);
            let (asked, picker, page) = consent_page(&app, &mut browser, "lena").await;
            let (choose, allow) = (picker.form("patient"), consent_form(&page));
            let sent = (0..AT_ONCE).map(|n| match n % 2 {
                0 => sends(&target, &browser, &choose, &choose.pressing("patient", "tom")),
                _ => sends(&target, &browser, &allow, &allow.pressing("decision", "allow")),
            });
            let answers = together(sent.map(Call::send)).await;
            let mut codes = Vec::new();
            for answer in &answers {
                match answer.status {
                    303 if answer.location().starts_with(&app.redirect_uri) => codes.push(answer.location()),
                    // On to the consent page, or too late by a choice or by a decision.
                    303 | 403 | 409 => {}
                    other => panic!("{}: {other}: {}", answer.asked, answer.text()),
                }
            }
            assert!(codes.len() <= 1);
            let Some(url) = codes.first() else { continue };
            let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(url)).send().await);
            assert_eq!(tokens.patient.as_deref(), Some("lena"));
        }
    }
}

/// Two people sign in to one authorization, in two windows of one browser at the same moment: one of them goes on, for themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn authz_21_of_two_users_at_one_authorization_one_shares_their_own_record() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        for _ in 0..5 {
            let asked = app.request(OFFLINE);
            let (mut marias, mut freds) = (Browser::new(&target), Browser::new(&target));
            let hers = marias.open(&app.url_of(&asked)).await.page();
            let request = hers.form("password").value("request").to_owned();
            marias.cookies().iter().for_each(|cookie| freds.plant(cookie.clone()));
            let his = freds.open(&format!("/auth/login?request={request}")).await.page();
            let (hers, his) = tokio::join!(marias.sign_in(&hers, "maria"), freds.sign_in(&his, "fred"));
            let (hers, his) = (hers.page(), his.page());
            // Who was overtaken is asked to sign in again.
            let allows = |page: &Page, browser: &Browser| {
                let form = page.find_form("scope").map(|_| consent_form(page))?;
                Some(sends(&target, browser, &form, &form.pressing("decision", "allow")))
            };
            let calls = [allows(&hers, &marias), allows(&his, &freds)].map(|call| async {
                match call {
                    Some(call) => call.send().await.location().to_owned(),
                    None => String::new(),
                }
            });
            let went = together(calls).await;
            let codes: Vec<_> =
                went.iter().enumerate().filter(|(_, url)| url.starts_with(&app.redirect_uri)).collect();
            let [(who, url)] = codes.as_slice() else { panic!("{} codes", codes.len()) };
            let tokens = app.tokens(&app.exchange(&asked, &asked.code_in(url)).send().await);
            assert_eq!(tokens.patient.as_deref(), Some(["maria", "fred"][*who]));
            reads(&app, &tokens).await;
        }
    }
}

fn guesses(target: &Target, browser: &Browser, page: &Page, username: &str, password: &str) -> Call {
    let form = page.form("password").fill("username", username).fill("password", password);
    sends(target, browser, &form, &form.entering())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sec_18_of_fifty_guesses_at_once_ten_are_looked_at() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let mut browser = Browser::new(&target);
        let page = browser.open(&app.url_of(&app.request(OFFLINE))).await.page();
        // A server that is there for others too must not keep somebody out.
        let nobody = random_text();
        let username = if target.app().is_some() { "lotte" } else { &nobody };
        let sent =
            (0..AT_ONCE).map(|n| guesses(&target, &browser, &page, username, &format!("guess {n}")).send());
        let answers = together(sent).await;
        let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((of(401), of(429)), (10, 40));
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            let wait: u64 = answer.header(RETRY_AFTER).parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
        }
        // The right one comes too late, and others do not suffer.
        guesses(&target, &browser, &page, username, password(username)).send().await.is(429);
        app.launch(OFFLINE, &Choices::of("maria")).await;
    }
}

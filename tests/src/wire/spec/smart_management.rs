//! SMART App Launch 2.2, "Conformance": `management_endpoint`, where users see and end what they granted; and that a token is
//! revoked as ONC (g)(10) asks it (REVOKE-09 to REVOKE-11, DISC-21).

use http::Method;

use crate::harness::page::{Form, Page};
use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Browser, Choices, SmartApp, Tokens};

/// The page of apps, of somebody who is signed in there.
async fn apps(app: &SmartApp, browser: &mut Browser) -> Page {
    let page = browser.open(app.endpoint("management_endpoint")).await.page();
    assert_eq!((page.status, &*page.heading), (200, "Apps with access"), "{}", page.text);
    page
}

fn grant_of(tokens: &Tokens) -> String {
    tokens.claims()["grant"].as_str().unwrap().to_owned()
}

/// The form that ends this grant.
fn form_of(page: &Page, grant: &str) -> Option<Form> {
    let ends = |form: &&Form| {
        form.pressing("decision", "revoke").iter().any(|(name, value)| name == "grant" && value == grant)
    };
    page.forms.iter().filter(|form| form.has("grant")).find(|form| ends(form)).cloned()
}

async fn is_ended(app: &SmartApp, tokens: &Tokens) {
    assert_eq!(app.read(tokens, "Observation").await.is(401).bearer_challenge(), "invalid_token");
    app.refresh(tokens).send().await.is_token_error(400, "invalid_grant");
}

async fn is_good(app: &SmartApp, tokens: &Tokens) {
    app.read(tokens, "Observation").await.is(200);
}

/// REVOKE-09, REVOKE-10, ONC-10: a patient ends an app's access, and both its tokens are worth nothing from then on.
#[tokio::test]
async fn revoke_09_a_patient_ends_the_access_of_an_app_at_once() {
    let app = SmartApp::on_wire("web").await;
    let other = app.as_client("basic").await;
    let mut browser = Browser::new(&app.target);
    let tokens = app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let kept = other.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let page = apps(&app, &mut browser).await;
    let form = form_of(&page, &grant_of(&tokens)).expect("the app is there");
    let page = browser.press(&page, &form, "decision", "revoke").await.page();
    assert!(page.text.contains("That access has ended."), "{}", page.text);
    assert!(form_of(&page, &grant_of(&tokens)).is_none());
    is_ended(&app, &tokens).await;
    is_good(&other, &kept).await;
    // Sent again, it says that there is nothing more to end.
    let again = browser.press(&page, &form, "decision", "revoke").await.page();
    assert_eq!((again.status, &*again.heading), (404, "We could not find that access"));
    assert!(again.links.iter().any(|link| link.url.path() == "/auth/access"));
    // That it has ended is said only where it is so.
    let living = format!("/auth/access?ended={}", grant_of(&kept));
    assert!(!browser.open(&living).await.page().text.contains("has ended"));
}

/// REVOKE-11: what, for whom, and how long; of whoever signs in, and of nobody else.
#[tokio::test]
async fn revoke_11_patients_caregivers_and_clinicians_see_their_own_apps() {
    let app = SmartApp::on_wire("web").await;
    let laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    let mut maria = Browser::new(&app.target);
    let scope = format!("launch/patient {laboratory}");
    let marias = app.launch_in(&mut maria, &scope, &Choices::of("maria")).await;
    let mut paul = Browser::new(&app.target);
    let lenas = app.launch_in(&mut paul, ALL_OF_MARIA, &Choices::of("paul").patient("lena")).await;
    let toms = app.launch_in(&mut paul, ALL_OF_MARIA, &Choices::of("paul").patient("tom")).await;
    let mut clara = Browser::new(&app.target);
    let claras =
        app.launch_in(&mut clara, "openid user/Condition.rs online_access", &Choices::of("clara")).await;

    let page = apps(&app, &mut maria).await;
    for words in ["Web App", "Your own record", "Laboratory results only", "Since", "just now", "for another"]
    {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let page = apps(&app, &mut paul).await;
    for words in [
        "What it can see in the record of Lena",
        "What it can see in the record of Tom",
        "Everything in the record",
        "until",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let (of_lena, of_tom) = (form_of(&page, &grant_of(&lenas)), form_of(&page, &grant_of(&toms)));
    assert!(of_tom.is_some());
    let ended = browser_ends(&mut paul, &page, &of_lena.unwrap()).await;
    assert!(form_of(&ended, &grant_of(&toms)).is_some());
    is_ended(&app, &lenas).await;
    is_good(&app, &toms).await;
    let page = apps(&app, &mut clara).await;
    assert!(
        page.text.contains("What it can see for every patient whose record you may open"),
        "{}",
        page.text
    );
    assert!(page.text.contains("while you are signed in here"), "{}", page.text);
    for (page, own) in [(&page, &claras), (&apps(&app, &mut maria).await, &marias)] {
        for tokens in [&marias, &toms, &claras] {
            let is_own = grant_of(tokens) == grant_of(own);
            assert_eq!(form_of(page, &grant_of(tokens)).is_some(), is_own, "{}", page.text);
        }
    }
}

async fn browser_ends(browser: &mut Browser, page: &Page, form: &Form) -> Page {
    browser.press(page, form, "decision", "revoke").await.page()
}

/// REVOKE-09: another's grant and one that never was get one answer, end nothing and tell nothing.
#[tokio::test]
async fn revoke_09_nobody_ends_what_is_not_theirs() {
    let app = SmartApp::on_wire("web").await;
    let marias = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    let mut paul = Browser::new(&app.target);
    app.launch_in(&mut paul, ALL_OF_MARIA, &Choices::of("paul").patient("lena")).await;
    let page = apps(&app, &mut paul).await;
    let form = page.form("grant");
    let mut told = Vec::new();
    let unknown = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    for grant in
        [&*grant_of(&marias), unknown, "nonsense", "' OR 1=1 --", marias.refresh_token.as_deref().unwrap()]
    {
        let token = form.value("form_token").to_owned();
        let pairs = [("form_token", &*token), ("grant", grant), ("decision", "revoke")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let page = paul.send(&page, &form, &pairs).await.page();
        assert_eq!(page.status, 404);
        told.push(page.text);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    is_good(&app, &marias).await;
}

/// AUTHZ-27, SEC-10: a form ends something only with the token of its page, in its browser; and it says what.
#[tokio::test]
async fn authz_27_an_access_ends_by_the_users_own_form_alone() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let tokens = app.launch_in(&mut browser, ALL_OF_MARIA, &Choices::of("maria")).await;
    let page = apps(&app, &mut browser).await;
    let form = form_of(&page, &grant_of(&tokens)).unwrap();
    let sign_out = page.forms.iter().find(|form| form.action.path() == "/auth/sign-out").unwrap();
    for forged in [
        form.clone().without("form_token"),
        form.clone().forge("form_token", "x"),
        form.clone().forge("form_token", sign_out.value("form_token")),
    ] {
        assert_eq!(browser.press(&page, &forged, "decision", "revoke").await.page().status, 403);
    }
    // Another browser of hers has another token.
    let mut other = Browser::new(&app.target);
    app.launch_in(&mut other, "openid", &Choices::of("maria")).await;
    assert_eq!(other.press(&page, &form, "decision", "revoke").await.page().status, 403);
    assert_eq!(Browser::new(&app.target).press(&page, &form, "decision", "revoke").await.page().status, 403);
    let nothing = form.pressing("decision", "revoke");
    for left_out in ["grant", "decision"] {
        let pairs: Vec<_> = nothing.iter().filter(|(name, _)| name != left_out).cloned().collect();
        assert_eq!(browser.send(&page, &form, &pairs).await.page().status, 400, "{left_out}");
    }
    is_good(&app, &tokens).await;
    browser_ends(&mut browser, &page, &form).await;
    is_ended(&app, &tokens).await;
}

/// DISC-21, SEC-18: who is not signed in can sign in there, without any app; and out again.
#[tokio::test]
async fn disc_21_the_page_has_a_way_in_of_its_own() {
    let app = SmartApp::on_wire("web").await;
    app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    let mut browser = Browser::new(&app.target);
    let door = browser.open(app.endpoint("management_endpoint")).await.page();
    assert_eq!((door.status, &*door.heading), (200, "Sign in"));
    assert_eq!(door.title, "Sign in to see the apps with access | smart-on-lambda");
    let before = browser.cookies().to_vec();
    let wrong = browser.sign_in_with(&door, "maria", "guess").await.page();
    assert_eq!((wrong.status, &*wrong.heading), (401, "Sign in"));
    assert_eq!(browser.cookies(), before);
    let page = browser.sign_in(&wrong, "maria").await.page();
    assert_eq!((&*page.heading, page.url.path()), ("Apps with access", "/auth/access"));
    assert_ne!(browser.cookies(), before, "a sign-in starts a new session");
    assert!(page.find_form("grant").is_some());
    // The token of that form is of that browser, and leads nowhere else.
    let form = door.form("password").fill("username", "maria").fill("password", "guess");
    let stranger = Browser::new(&app.target).send(&door, &form, &form.entering()).await.page();
    assert_eq!(stranger.status, 403);
    let out = page.forms.iter().find(|form| form.action.path() == "/auth/sign-out").unwrap().clone();
    assert_eq!(browser.send(&page, &out, &out.entering()).await.page().heading, "You are signed out");
    assert_eq!(browser.open("/auth/access").await.page().heading, "Sign in");
    // A page that was open meanwhile ends nothing.
    let stale = browser.press(&page, &page.form("grant"), "decision", "revoke").await.page();
    assert_eq!(stale.status, 403);
}

/// REVOKE-11: apps that came often are one entry, and its button ends all of it.
#[tokio::test]
async fn revoke_11_an_app_that_came_often_is_one_entry() {
    let app = SmartApp::on_wire("native").await;
    let mut browser = Browser::new(&app.target);
    let mut all = Vec::new();
    for scope in ["launch/patient patient/Goal.rs offline_access", "launch/patient patient/Condition.rs"] {
        let choices = Choices::of("paul").patient("tom");
        all.push(app.launch_in(&mut browser, scope, &choices).await);
    }
    let page = apps(&app, &mut browser).await;
    let form = form_of(&page, &grant_of(&all[0])).unwrap();
    let ended = browser_ends(&mut browser, &page, &form).await;
    for tokens in &all {
        assert!(form.pressing("decision", "revoke").contains(&("grant".to_owned(), grant_of(tokens))));
        assert!(form_of(&ended, &grant_of(tokens)).is_none());
        app.read(tokens, "Condition").await.is(401);
    }
}

/// AUTHZ-30: by GET and HEAD and POST, and for no other origin.
#[tokio::test]
async fn disc_21_the_page_is_a_page() {
    let app = SmartApp::on_wire("web").await;
    let path = "/auth/access";
    for (method, status) in
        [(Method::GET, 200), (Method::HEAD, 200), (Method::PUT, 405), (Method::DELETE, 405)]
    {
        assert_eq!(app.target.call(method.clone(), path).send().await.status, status, "{method}");
    }
}

//! What an operator changes, and from when on it counts: at the next refresh at once, at a read within a minute (REFR-24,
//! REVOKE-09, REVOKE-10).

use std::collections::BTreeSet;

use smart_core::client::GrantType;
use smart_core::grant::RevocationReason;
use smart_core::ports::{Redemptions as _, Step};
use smart_core::secret::Op;
use smart_core::user::PatientAccess;

use super::{MINUTE, OFFLINE, ONCE, ONLINE, SECOND, Server};
use crate::harness::smart_app::consent_form;
use crate::harness::{Choices, SmartApp, Tokens};

/// What a client or user is remembered by at a read: it stops within a minute, whenever in it the read comes.
async fn stops_within_a_minute(server: &Server, app: &SmartApp, tokens: &Tokens) -> String {
    // The last second of the minute for which the records of the last read are remembered.
    server.after(59 * SECOND);
    app.reads(tokens).await;
    server.after(SECOND);
    app.reads_nothing(tokens).await
}

#[tokio::test]
async fn refr_24_a_disabled_client_stops_at_once_at_the_refresh_and_within_a_minute_at_reads() {
    let server = Server::new().await;
    for client in ["web", "basic", "es384"] {
        let app = server.app(client).await;
        let tokens = app.marias(OFFLINE).await;
        let asked = app.request(OFFLINE);
        let mut browser = server.browser();
        let sign_in = browser.open(&app.url_of(&asked)).await.page();
        let consent = browser.sign_in(&sign_in, "maria").await.page();
        app.reads(&tokens).await;

        server.change_client(client, |client| client.disabled = true).await;
        app.refresh(&tokens).send().await.is_token_error(401, "invalid_client");
        // A consent may last for months: nor is one taken.
        let page = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
        assert_eq!(page.status, 403, "{}", page.text);
        let told = stops_within_a_minute(&server, &app, &tokens).await;
        assert!(told.contains("client"), "{told}");
        let page = browser.open(&app.url_of(&app.request(ONCE))).await.page();
        assert_eq!(page.status, 400, "{}", page.text);

        // It was a mistake: the grant was not touched. That too takes its minute at a read.
        server.change_client(client, |client| client.disabled = false).await;
        server.after(MINUTE);
        app.reads(&app.refreshed(&tokens).await).await;
    }
}

#[tokio::test]
async fn refr_24_a_disabled_user_stops_at_once_at_the_refresh_and_the_pages_and_within_a_minute_at_reads() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let first = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    let second = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    let consent = browser.open(&app.url_of(&app.request(ONCE))).await.page();
    app.reads(&first).await;

    server.change_user("maria", |user| user.disabled = true).await;
    let told = app.is_not_refreshed(&first).await;
    assert!(told.contains("no longer has access"), "{told}");
    assert_eq!(server.revocation(&first).await, Some(RevocationReason::UserChanged));
    app.reads_nothing(&first).await;
    let page = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
    assert!(page.find_form("password").is_some(), "{}", page.text);
    assert_eq!(browser.sign_in(&page, "maria").await.page().status, 401);
    // The other grant, which nobody has asked about.
    let told = stops_within_a_minute(&server, &app, &second).await;
    assert!(told.contains("user"), "{told}");

    // Enabled again, she gives access anew; what was ended stays so.
    server.change_user("maria", |user| user.disabled = false).await;
    server.after(MINUTE);
    app.is_not_refreshed(&first).await;
    app.reads(&app.marias(ONCE).await).await;
}

/// Whoever signed in with the password before is out: the pages and the refresh at once, reads within a minute. The new one opens all
/// of it again, at once.
#[tokio::test]
async fn refr_24_another_password_ends_the_sessions_and_the_access_that_were_begun_with_the_one_before() {
    let server = Server::new().await;
    let (app, introspector) = (server.app("web").await, server.app("introspector").await);
    let mut browser = server.browser();
    let [first, second, third] = [OFFLINE, ONLINE, ONCE];
    let maria = Choices::of("maria");
    let first = app.launch_in(&mut browser, first, &maria).await;
    let second = app.launch_in(&mut browser, second, &maria).await;
    let third = app.launch_in(&mut browser, third, &maria).await;
    let asked = app.request(OFFLINE);
    let code = app.code(&mut browser, &asked, &maria).await;
    let consent = browser.open(&app.url_of(&app.request(ONCE))).await.page();
    app.reads(&third).await;
    introspector.introspected(&third.access_token).await;

    server.exchange_password("maria", "fred").await;
    let page = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
    assert!(page.find_form("password").is_some(), "{}", page.text);
    assert!(app.asks_to_sign_in(&mut browser).await);
    for tokens in [&first, &second] {
        let told = app.is_not_refreshed(tokens).await;
        assert!(told.contains("another password since"), "{told}");
        assert_eq!(server.revocation(tokens).await, Some(RevocationReason::UserChanged));
        app.reads_nothing(tokens).await;
    }
    // A code that was out is redeemed, since that looks at no user; what comes of it opens nothing that it would not have before.
    let late = app.tokens(&app.exchange(&asked, &code).send().await);
    app.is_not_refreshed(&late).await;
    let told = stops_within_a_minute(&server, &app, &third).await;
    assert!(told.contains("another password since"), "{told}");
    let answer = introspector.introspection(&third.access_token).send().await;
    assert_eq!(answer.ok(), serde_json::json!({ "active": false }));

    // Her own again: that too is another one, and brings nothing back.
    server.exchange_password("maria", "clara").await;
    assert!(app.asks_to_sign_in(&mut browser).await);
    let anew = app.launch_in(&mut browser, OFFLINE, &maria).await;
    app.reads(&anew).await;
    app.reads(&app.refreshed(&anew).await).await;
    app.reads_nothing(&third).await;
    let page = browser.open("/auth/access").await.page();
    assert_eq!(page.text.matches("Web App").count(), 1, "{}", page.text);
}

/// REFR-24: an app that is disabled while the user is on the way gets no code, and the user is told of that and of nothing else.
#[tokio::test]
async fn refr_24_an_app_that_is_disabled_on_the_way_gets_nothing_and_the_user_is_told() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
    let asked = app.request(ONCE);
    let consent = browser.open(&app.url_of(&asked)).await.page();
    server.change_client("web", |client| client.disabled = true).await;
    let told = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
    assert_eq!((told.status, &*told.heading), (403, "This app can no longer be used here"));
    server.after(MINUTE);
    let told = browser.open(consent.url.as_str()).await.page();
    assert_eq!((told.status, &*told.heading), (403, "This app can no longer be used here"));
    // Enabled again, the authorization is where it was.
    server.change_client("web", |client| client.disabled = false).await;
    server.after(MINUTE);
    let left = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    app.reads(&app.tokens(&app.exchange(&asked, &asked.code_in(&left)).send().await)).await;
}

#[tokio::test]
async fn refr_24_who_loses_a_patient_loses_the_access_that_was_given_to_that_patients_record() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let lenas = app.launch_in(&mut browser, OFFLINE, &Choices::of("paul").patient("lena")).await;
    let unasked = app.launch_in(&mut browser, OFFLINE, &Choices::of("paul").patient("lena")).await;
    let toms = app.launch_in(&mut browser, OFFLINE, &Choices::of("paul").patient("tom")).await;
    app.reads(&lenas).await;

    let only_tom = PatientAccess::Only(BTreeSet::from(["tom".parse().unwrap()]));
    server.change_user("paul", |user| user.patients = only_tom).await;
    let told = app.is_not_refreshed(&lenas).await;
    assert!(told.contains("no longer see this patient"), "{told}");
    assert_eq!(server.revocation(&lenas).await, Some(RevocationReason::UserChanged));
    app.reads_nothing(&lenas).await;
    server.after(MINUTE);
    for path in ["Patient/lena", "Observation/lena-bp-2024", "Observation?patient=lena", "Observation"] {
        let answer = app.read(&unasked, path).await;
        if answer.status == 200 {
            assert_eq!(answer.found(), Vec::<String>::new(), "{path}");
        } else {
            assert!([403, 404].contains(&answer.status), "{path}: {}", answer.status);
        }
    }
    app.is_not_refreshed(&unasked).await;
    app.reads(&toms).await;
    app.reads(&app.refreshed(&toms).await).await;
}

/// `user/` scopes have no patient in context: the list itself is what narrows.
#[tokio::test]
async fn refr_24_a_users_list_of_patients_narrows_what_user_scopes_open_within_a_minute() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let tokens = app.launch("user/Patient.rs offline_access", &Choices::of("paul")).await;
    assert_eq!(app.read(&tokens, "Patient").await.ids().len(), 2);
    let only_tom = PatientAccess::Only(BTreeSet::from(["tom".parse().unwrap()]));
    server.change_user("paul", |user| user.patients = only_tom).await;
    server.after(MINUTE);
    for tokens in [&tokens, &app.refreshed(&tokens).await] {
        assert_eq!(app.read(tokens, "Patient").await.ids(), ["tom"]);
        app.read(tokens, "Patient/lena").await.is_outcome(404, "not-found");
    }
    server.change_user("paul", |user| user.patients = PatientAccess::Only(BTreeSet::new())).await;
    server.after(MINUTE);
    let found = app.read(&tokens, "Patient").await;
    assert!(found.status != 200 || found.ids().is_empty(), "{}", found.text());
}

#[tokio::test]
async fn refr_08_what_a_client_may_have_no_longer_is_not_in_its_next_tokens() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let scope =
        "openid offline_access launch/patient patient/Observation.rs patient/Condition.rs patient/Patient.r";
    let first = app.marias(scope).await;
    let registered = scope.replace("patient/Condition.rs ", "");
    server.change_client("web", |client| client.scope = registered.parse().unwrap()).await;

    let second = app.refreshed(&first).await;
    assert_eq!(second.scopes(), {
        let mut scopes: Vec<_> = registered.split(' ').collect();
        scopes.sort_unstable();
        scopes
    });
    app.read(&second, "Observation").await.ok();
    app.read(&second, "Condition").await.is_outcome(403, "forbidden");
    let asked = app.refresh(&second).set("scope", "patient/Condition.rs").send().await;
    asked.is_token_error(400, "invalid_scope");

    // The grant keeps what the user consented to: registered again, it is there again.
    server.change_client("web", |client| client.scope = scope.parse().unwrap()).await;
    let third = app.refreshed(&second).await;
    assert_eq!(third.scopes(), first.scopes());
    app.read(&third, "Condition").await.ok();
}

#[tokio::test]
async fn refr_24_a_client_that_may_no_longer_come_back_does_not() {
    let server = Server::new().await;
    let app = server.app("web").await;
    // By its grant types: a matter of registration, which may be put right.
    let tokens = app.marias(OFFLINE).await;
    server.change_client("web", |client| client.grant_types = [GrantType::AuthorizationCode].into()).await;
    app.refresh(&tokens).send().await.is_token_error(400, "unauthorized_client");
    let both = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    server.change_client("web", |client| client.grant_types = both.into()).await;
    let tokens = app.refreshed(&tokens).await;
    // By its scopes: what was granted has ended.
    server.change_client("web", |client| client.scope = ONCE.parse().unwrap()).await;
    app.is_not_refreshed(&tokens).await;
    assert_eq!(server.revocation(&tokens).await, Some(RevocationReason::ClientChanged));
    app.reads_nothing(&tokens).await;
}

#[tokio::test]
async fn oidc_05_the_next_id_token_names_the_user_as_the_operator_names_them_now() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let first = app.launch(OFFLINE, &Choices::of("clara").patient("maria")).await;
    server.change_user("clara", |user| user.fhir_user = "Practitioner/nora".parse().unwrap()).await;
    let second = app.refreshed(&first).await;
    let (before, after) = (
        app.verified(first.id_token.as_deref().unwrap()).await,
        app.verified(second.id_token.as_deref().unwrap()).await,
    );
    assert_eq!(after["fhirUser"], format!("{}/Practitioner/nora", app.fhir_base()));
    assert_ne!(after["fhirUser"], before["fhirUser"]);
    assert_eq!(after["sub"], before["sub"]);
}

#[tokio::test]
async fn revoke_09_and_10_what_is_revoked_opens_nothing_from_that_instant_on() {
    let server = Server::new().await;
    let app = server.app("basic").await;
    let first = app.marias(OFFLINE).await;
    let second = app.refreshed(&first).await;
    // What is remembered for a minute does not matter here.
    app.reads(&first).await;
    app.read(&second, "Observation").await.ok();
    let grant = server.grant(&first).await.unwrap().id;
    let step = Step { now: server.now(), op: Op::new([7; 32]) };
    assert!(server.store().revoke(&grant, RevocationReason::ByUser, step).await.unwrap());
    for tokens in [&first, &second] {
        let told = app.reads_nothing(tokens).await;
        assert!(told.contains("revoked"), "{told}");
        app.is_not_refreshed(tokens).await;
    }
    assert_eq!(server.revocation(&first).await, Some(RevocationReason::ByUser));
}

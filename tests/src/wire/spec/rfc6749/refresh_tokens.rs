//! §6, §10.4, and RFC 9700 §4.14: refresh tokens.

use std::collections::HashSet;

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Browser, Choices, SmartApp, Tokens};

async fn refreshed(app: &SmartApp, tokens: &Tokens) -> Tokens {
    app.tokens(&app.refresh(tokens).send().await)
}

/// REFR-01, REFR-02, REFR-04, REFR-07, REFR-08, REFR-09, REFR-11, REFR-12, CTX-20: a refresh gives the same again, for each
/// kind of client.
#[tokio::test]
async fn refr_07_a_refresh_gives_the_same_scopes_and_the_same_context() {
    let app = SmartApp::on_wire("web").await;
    for client_id in ["web", "native", "basic", "post", "es384", "rs384"] {
        let app = app.as_client(client_id).await;
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        let again = refreshed(&app, &tokens).await;
        assert_eq!(again.scope, tokens.scope);
        assert_eq!(again.expires_in, tokens.expires_in);
        for member in ["patient", "need_patient_banner"] {
            assert_eq!(again.json[member], tokens.json[member], "{member}");
        }
        assert_ne!(again.access_token, tokens.access_token);
        assert_ne!(again.refresh_token, tokens.refresh_token);
        app.read(&again, "Patient/maria").await.is(200);
        // And what was issued before lives on until it expires.
        app.read(&tokens, "Patient/maria").await.is(200);
    }
}

/// REFR-03, X-02: all that was granted may be named, in any order.
#[tokio::test]
async fn refr_03_scope_may_be_all_that_was_granted() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let mut reversed: Vec<_> = tokens.scope.split(' ').collect();
    reversed.reverse();
    let same = app.tokens(&app.refresh(&tokens).set("scope", &tokens.scope).send().await);
    assert_eq!(same.scopes(), tokens.scopes());
    let same = app.tokens(&app.refresh(&same).set("scope", &reversed.join(" ")).send().await);
    assert_eq!(same.scopes(), tokens.scopes());
}

/// REFR-03, REFR-08, REFR-10, SCOPE-08: less may be asked for, and does not shrink the grant.
#[tokio::test]
async fn refr_10_a_narrower_access_token_does_not_shrink_the_grant() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let narrow = "patient/Observation.r";
    let narrowed = app.tokens(&app.refresh(&tokens).set("scope", narrow).send().await);
    assert_eq!(narrowed.scope, narrow);
    app.read(&narrowed, "Observation/maria-bp-2024").await.is(200);
    app.read(&narrowed, "Observation").await.is_outcome(403, "forbidden");
    app.read(&narrowed, "Patient/maria").await.is_outcome(403, "forbidden");
    let full = refreshed(&app, &narrowed).await;
    assert_eq!(full.scopes(), tokens.scopes());
    app.read(&full, "Patient/maria").await.is(200);
}

/// REFR-03: more than was granted is `invalid_scope`, and does not use up the token.
#[tokio::test]
async fn refr_03_more_than_was_granted_is_refused() {
    let app = SmartApp::on_wire("web").await;
    let tokens =
        app.launch("offline_access launch/patient patient/Observation.rs", &Choices::of("maria")).await;
    for wider in [
        "patient/*.rs",
        "patient/Observation.cruds",
        "user/Observation.rs",
        "patient/Observation.rs patient/Condition.rs",
        "patient/Observation.rs openid",
        "patient/Observation.sr",
        "nonsense",
    ] {
        app.refresh(&tokens).set("scope", wider).send().await.is_token_error(400, "invalid_scope");
    }
    assert_eq!(refreshed(&app, &tokens).await.scope, tokens.scope);
}

/// REFR-05, REFR-06, REFR-13: a refresh token is its client's, and what is none is `invalid_grant`.
#[tokio::test]
async fn refr_13_a_foreign_or_unknown_token_is_an_invalid_grant() {
    let (app, tokens) = SmartApp::with_tokens("basic").await;
    let mut said = HashSet::new();
    for other in ["web", "native", "post", "es384"] {
        let other = app.as_client(other).await;
        said.insert(other.refresh(&tokens).send().await.is_token_error(400, "invalid_grant"));
    }
    let code = tokens.refresh_token.as_deref().unwrap().replacen("srt_", "sac_", 1);
    for unknown in ["x", "6a3f0e0e-1b1d-4f0e-9d0c-0a1b2c3d4e5f", "srt_", &tokens.access_token, &code] {
        let call = app.refresh(&tokens).set("refresh_token", unknown);
        said.insert(call.send().await.is_token_error(400, "invalid_grant"));
    }
    assert_eq!(said.len(), 1, "{said:?}");
    app.refresh(&tokens).set("refresh_token", "").send().await.is_token_error(400, "invalid_request");
    refreshed(&app, &tokens).await;
}

/// REFR-14, REFR-16, SEC-07: a refresh token is replaced at each use; the same request once more, its answer lost, gets
/// the same successor.
#[tokio::test]
async fn refr_16_a_lost_answer_is_given_again() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let first = refreshed(&app, &tokens).await;
    let again = refreshed(&app, &tokens).await;
    assert_ne!(first.refresh_token, tokens.refresh_token);
    assert_eq!(first.refresh_token, again.refresh_token);
    app.read(&first, "Patient/maria").await.is(200);
    app.read(&again, "Patient/maria").await.is(200);
    refreshed(&app, &again).await;
}

/// REFR-15, SEC-07, SEC-11: a token that was replaced, seen after its successor was used, ends everything.
#[tokio::test]
async fn refr_15_an_older_token_ends_the_whole_grant() {
    for client_id in ["web", "basic"] {
        let (app, first) = SmartApp::with_tokens(client_id).await;
        let second = refreshed(&app, &first).await;
        let third = refreshed(&app, &second).await;
        let told = app.refresh(&first).send().await.is_token_error(400, "invalid_grant");
        assert!(told.contains("replaced"), "{told}");
        app.refresh(&third).send().await.is_token_error(400, "invalid_grant");
        for tokens in [&first, &second, &third] {
            let refused = app.read(tokens, "Patient/maria").await;
            refused.is_outcome(401, "expired");
            assert_eq!(refused.bearer_challenge(), "invalid_token");
        }
    }
}

/// REFR-15: a thief who is not the client ends it as well; but to have only the client's name is not enough to try.
#[tokio::test]
async fn refr_15_a_stolen_token_is_of_no_use_to_another_client() {
    let (app, first) = SmartApp::with_tokens("basic").await;
    let thief = app.as_client("web").await;
    thief.refresh(&first).send().await.is_token_error(400, "invalid_grant");
    let unproved = app.refresh(&first).authorization("").set("client_id", "basic");
    unproved.send().await.is_token_error(401, "invalid_client");
    refreshed(&app, &first).await;
}

/// REFR-19, TOK-14: no refresh token where neither scope was granted; of both, only offline access is.
#[tokio::test]
async fn refr_19_a_refresh_token_is_for_who_was_granted_one() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("launch/patient patient/*.rs", &Choices::of("maria")).await;
    assert_eq!(tokens.refresh_token, None);
    let unticked = Choices::of("maria").untick("offline_access");
    let tokens = app.launch("offline_access patient/*.rs", &unticked).await;
    assert_eq!((tokens.refresh_token.as_deref(), &*tokens.scope), (None, "patient/*.rs"));
    let both = app.launch("online_access offline_access patient/*.rs", &Choices::of("maria")).await;
    assert_eq!(both.scopes(), ["offline_access", "patient/*.rs"]);
    assert!(both.refresh_token.is_some());
    // Who may not refresh is not asked about it either.
    let brief = app.as_client("brief").await;
    let tokens = brief.launch("offline_access patient/*.rs", &Choices::of("maria")).await;
    assert_eq!((tokens.refresh_token.as_deref(), &*tokens.scope), (None, "patient/*.rs"));
}

/// REFR-17, REFR-18, CAP-17: offline access outlives the browser session, online access ends with it.
#[tokio::test]
async fn refr_17_18_the_end_of_the_session_ends_online_access_alone() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let offline = app.launch_in(&mut browser, "offline_access patient/*.rs", &Choices::of("maria")).await;
    let online = app.launch_in(&mut browser, "online_access patient/*.rs", &Choices::of("maria")).await;
    assert_eq!(online.scopes(), ["online_access", "patient/*.rs"]);
    let (offline, online) = (refreshed(&app, &offline).await, refreshed(&app, &online).await);
    let page = browser.open("/auth/sign-out").await.page();
    let form = page.forms.first().unwrap().clone();
    browser.send(&page, &form, &form.entering()).await.page();
    app.refresh(&online).send().await.is_token_error(400, "invalid_grant");
    refreshed(&app, &offline).await;
}

/// LAUNCH-14: nothing that is sent with a token request changes the context.
#[tokio::test]
async fn launch_14_the_context_cannot_be_changed_later() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request("offline_access launch/patient patient/*.rs");
    let choices = Choices::of("paul").patient("lena");
    let code = app.code(&mut Browser::new(&app.target), &asked, &choices).await;
    let exchange =
        app.exchange(&asked, &code).set("patient", "tom").set("launch", "tom").set("encounter", "e1");
    let tokens = app.tokens(&exchange.send().await);
    assert_eq!(tokens.patient.as_deref(), Some("lena"));
    let again = app.tokens(&app.refresh(&tokens).set("patient", "tom").set("user", "clara").send().await);
    assert_eq!(again.patient.as_deref(), Some("lena"));
    app.read(&again, "Patient/lena").await.is(200);
    app.read(&again, "Patient/tom").await.is_outcome(404, "not-found");
}

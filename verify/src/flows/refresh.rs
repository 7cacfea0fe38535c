//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14; SMART 2.2 "Refresh access token").

use http::Method;

use crate::app::{App, Tokens};
use crate::browser::{Browser, Shown};
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::records::ALICE;
use crate::seed::user;

/// What the flows ask for besides.
const DATA: &str = "launch/patient patient/Patient.rs";

/// A refresh token gives new tokens and a successor. An old one, once its successor was used, ends the grant.
pub(crate) async fn rotation(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, &format!("{DATA} offline_access")).await?;
    let first = refresh_token(&tokens)?;
    let second = again(&app, first).await?;
    holds(second.has_exactly(&tokens.scope), || "a refresh changed the scopes".to_owned())?;
    holds(second.refresh.as_deref() != Some(first), || {
        "the refresh token of a public app is not replaced".to_owned()
    })?;
    let third = again(&app, refresh_token(&second)?).await?;
    let newest = refresh_token(&third)?;
    let more = [("grant_type", "refresh_token"), ("refresh_token", newest), ("scope", "user/*.rs")];
    let more = app.token(&more).await?;
    holds(more.error().as_deref() == Some("invalid_scope"), || {
        "a refresh gave more than was granted".to_owned()
    })?;
    is_over(&app, first, "an old refresh token").await?;
    is_over(&app, newest, "after a replay, the newest refresh token").await?;
    app.is_dead(&third, &format!("Patient/{ALICE}")).await
}

/// `offline_access`: goes on when the user has signed out.
pub(crate) async fn offline(scene: &Scene) -> Step {
    let app = scene.public()?;
    let mut browser = scene.browser_of(user::PATIENT)?;
    let tokens = app.launch(&mut browser, &format!("{DATA} offline_access")).await?;
    holds(tokens.has("offline_access"), || "offline_access was not granted".to_owned())?;
    sign_out(scene, &mut browser).await?;
    again(&app, refresh_token(&tokens)?).await.map(drop)
}

/// `online_access`: goes on while the user is signed in, and no longer.
pub(crate) async fn online(scene: &Scene) -> Step {
    let app = scene.public()?;
    let mut browser = scene.browser_of(user::PATIENT)?;
    let tokens = app.launch(&mut browser, &format!("{DATA} online_access")).await?;
    holds(tokens.has("online_access"), || "online_access was not granted".to_owned())?;
    let next = again(&app, refresh_token(&tokens)?).await?;
    sign_out(scene, &mut browser).await?;
    is_over(&app, refresh_token(&next)?, "after the user signed out, a refresh token").await
}

/// Signs out, by the form of the sign-out page.
async fn sign_out(scene: &Scene, browser: &mut Browser<'_>) -> Step {
    let url = scene.endpoint("sign_out")?;
    let Shown::Page(page) = browser.open(&url).await? else { return refused("there is no page to sign out") };
    let form = page.forms.iter().find(|form| form.action.path() == url.path() && form.posts);
    let Some(form) = form else { return refused("the page to sign out has no form") };
    browser.ask(Method::POST, &form.action, crate::http::encode(&form.entering())).await?;
    Ok(())
}

async fn again(app: &App<'_>, refresh_token: &str) -> Step<Tokens> {
    let tokens = app.tokens(app.refresh(refresh_token).await?)?;
    app.can_read(&tokens, &format!("Patient/{ALICE}")).await?;
    Ok(tokens)
}

async fn is_over(app: &App<'_>, refresh_token: &str, what: &str) -> Step {
    let answer = app.refresh(refresh_token).await?;
    holds(answer.error().as_deref() == Some("invalid_grant"), || format!("{what} still gives tokens"))
}

pub(super) fn refresh_token(tokens: &Tokens) -> Step<&str> {
    match &tokens.refresh {
        Some(token) => Ok(token),
        None => refused("there is no refresh token"),
    }
}

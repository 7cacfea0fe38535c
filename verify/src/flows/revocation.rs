//! Token revocation (RFC 7009): what an app gives back stops at once.

use super::introspection::{app_by, proven_by};
use super::refresh::refresh_token;
use crate::app::{App, Tokens};
use crate::http::Answer;
use crate::outcome::{Step, holds};
use crate::scene::{Clinician, Scene};
use crate::seed::client;
use crate::seed::records::ALICE;

const SCOPE: &str = "launch/patient patient/Patient.rs offline_access";

/// A refresh token ends the grant with all its tokens; an access token ends at least itself; others' tokens stay.
pub(crate) async fn revoke(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, SCOPE).await?;
    let other = scene.app(client::BASIC)?;
    ask(&other, refresh_token(&tokens)?).await?.one_of(&[200, 400])?;
    app.can_read(&tokens, &format!("Patient/{ALICE}")).await?;
    ask(&app, refresh_token(&tokens)?).await?.is(200)?;
    is_over(&app, &tokens).await?;
    let tokens = app.launch(&mut *clinician.browser().await, SCOPE).await?;
    ask(&app, &tokens.access).await?.is(200)?;
    app.is_dead(&tokens, &format!("Patient/{ALICE}")).await?;
    // Whoever gives back what is gone already has what they want (RFC 7009 §2.2).
    ask(&app, &tokens.access).await?.is(200)?;
    ask(&app, "no-token-at-all").await?.is(200)?;
    if scene.documents.first("introspection_endpoint").is_some() {
        let is_active = super::introspection::is_active(scene, &tokens).await?;
        holds(!is_active, || "a token that was given back is told to be active".to_owned())?;
    }
    Ok(())
}

/// A client that authenticates in a way gives back its own token.
pub(crate) async fn by(scene: &Scene, clinician: &Clinician<'_>, method: &str) -> Step {
    let app = app_by(scene, method)?;
    let tokens = app.launch(&mut *clinician.browser().await, SCOPE).await?;
    let url = scene.endpoint("revocation_endpoint")?;
    proven_by(&app, method, &url, refresh_token(&tokens)?)?.send().await?.is(200)?;
    is_over(&app, &tokens).await
}

async fn is_over(app: &App<'_>, tokens: &Tokens) -> Step {
    app.is_dead(tokens, &format!("Patient/{ALICE}")).await?;
    let answer = app.refresh(refresh_token(tokens)?).await?;
    holds(answer.error().as_deref() == Some("invalid_grant"), || "a refresh token goes on".to_owned())
}

async fn ask(app: &App<'_>, token: &str) -> Step<Answer> {
    let url = app.scene.endpoint("revocation_endpoint")?;
    app.proven(&url, &[("token", token)])?.send().await
}

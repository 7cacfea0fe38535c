//! PKCE (RFC 7636): what proves that the code came to the app that asked for it.

use crate::app::App;
use crate::http::Answer;
use crate::outcome::{Step, holds};
use crate::scene::{Clinician, Scene};

/// S256: the right verifier gets tokens; a wrong one, and none, get nothing.
pub(crate) async fn s256(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let right = app.request("openid")?;
    app.launch_by(&mut *clinician.browser().await, &right).await?;
    let request = app.request("openid")?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    is_refused(&app.exchange(&right, &code).await?, "another app's verifier")?;
    let request = app.request("openid")?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    is_refused(&without_verifier(&app, &code).await?, "no verifier")
}

/// `plain`: the challenge is the verifier itself.
pub(crate) async fn plain(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?;
    let verifier = request.verifier.clone();
    let request = request.set("code_challenge_method", "plain").set("code_challenge", &verifier);
    app.launch_by(&mut *clinician.browser().await, &request).await.map(drop)
}

/// No PKCE at all.
pub(crate) async fn none(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("openid")?.without("code_challenge").without("code_challenge_method");
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    app.tokens(without_verifier(&app, &code).await?).map(drop)
}

async fn without_verifier(app: &App<'_>, code: &str) -> Step<Answer> {
    let redirect = crate::seed::REDIRECT;
    app.token(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)]).await
}

fn is_refused(answer: &Answer, what: &str) -> Step {
    let error = answer.error();
    let is_so = answer.status == 400 && matches!(error.as_deref(), Some("invalid_grant" | "invalid_request"));
    holds(is_so, || format!("with {what} the answer is {} {error:?}", answer.status))
}

//! How clients prove who they are at the token endpoint (RFC 6749 §2.3, RFC 7523 §3; SMART 2.2 "Client Authentication").
//!
//! Each redeems a code of its own with the right proof, and gets nothing with a wrong one.

use serde_json::{Value, json};

use crate::app::{self, App, JWT_BEARER, Request, of_code};
use crate::http::Answer;
use crate::keys::{Key, sign_hmac, signing_input};
use crate::outcome::{Step, Untrue, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::{Client, Proof, client};

/// A public client says who it is; a confidential one may not say just that.
pub(crate) async fn public(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    redeems(scene, clinician, client::PUBLIC).await?;
    let app = scene.app(client::BASIC)?;
    let (request, code) = code(&app, clinician).await?;
    let answer = redeem(&app, &request, &code, &[("client_id", app.client.id.as_str())]).await?;
    is_invalid_client(&answer, "without its secret")
}

/// `client_secret_basic`.
pub(crate) async fn basic(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    redeems(scene, clinician, client::BASIC).await?;
    let app = scene.app(client::BASIC)?;
    let endpoint = scene.endpoint("token_endpoint")?;
    let form = [("grant_type", "refresh_token"), ("refresh_token", "none")];
    let wrong = app::basic(&app.client.id, "a-secret-of-somebody-else-0123456789");
    let answer = scene.http.post(&endpoint, &form).header(http::header::AUTHORIZATION, &wrong).send().await?;
    is_invalid_client(&answer, "with a wrong secret")
}

/// `client_secret_post`.
pub(crate) async fn post(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    redeems(scene, clinician, client::POST).await?;
    let app = scene.app(client::POST)?;
    let wrong = Client {
        id: app.client.id.clone(),
        proof: Proof::Post("a-secret-of-somebody-else-0123456789".into()),
    };
    let answer = App { scene, client: &wrong }.refresh("none").await?;
    is_invalid_client(&answer, "with a wrong secret")
}

/// `private_key_jwt` by an algorithm: an assertion serves once, for this server, and before it ends.
pub(crate) async fn assertion(scene: &Scene, clinician: &Clinician<'_>, algorithm: &str) -> Step {
    let app = scene.app(&client::who_signs(algorithm))?;
    let (_, key) = app.key()?;
    let header = json!({ "alg": algorithm, "kid": app.client.id, "typ": "JWT" });
    let by = |key: &Key, changes: &Value| app.assertion_by(key, &header, changes);
    let (request, code) = code(&app, clinician).await?;
    let once = by(key, &json!({}))?;
    app.tokens(redeem(&app, &request, &code, &proof(&once)).await?)?;
    is_invalid_client(&refresh(&app, &once).await?, "with an assertion that was used before")?;
    for (what, changes) in [
        ("for another server", json!({ "aud": "https://verify.invalid/token" })),
        ("that has ended", json!({ "exp": crate::clock::unix() - 600 })),
        ("of another client", json!({ "iss": client::BASIC, "sub": client::BASIC })),
    ] {
        let answer = refresh(&app, &by(key, &changes)?).await?;
        is_invalid_client(&answer, &format!("with an assertion {what}"))?;
    }
    let forged = by(&Key::make(algorithm)?, &json!({}))?;
    is_invalid_client(&refresh(&app, &forged).await?, "with an assertion by another key")
}

/// `client_secret_jwt`: an assertion that is signed with the secret, by an algorithm.
pub(crate) async fn secret_jwt(scene: &Scene, clinician: &Clinician<'_>, algorithm: &str) -> Step {
    let app = scene.app(client::POST)?;
    let Proof::Post(secret) = &app.client.proof else { return refused("the client has no secret") };
    let header = json!({ "alg": algorithm, "typ": "JWT" });
    let Some(assertion) = sign_hmac(secret, algorithm, &header, &app.claims(&json!({}))?) else {
        return Err(Untrue::Unclear("an assertion cannot be signed".to_owned()));
    };
    let (request, code) = code(&app, clinician).await?;
    app.tokens(redeem(&app, &request, &code, &proof(&assertion)).await?).map(drop)
}

/// An assertion that nobody signed.
pub(crate) async fn unsigned(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.app(&client::of_algorithm("ES384"))?;
    let header: Value = json!({ "alg": "none", "kid": app.client.id, "typ": "JWT" });
    let assertion = format!("{}.", signing_input(&header, &app.claims(&json!({}))?));
    let (request, code) = code(&app, clinician).await?;
    app.tokens(redeem(&app, &request, &code, &proof(&assertion)).await?).map(drop)
}

/// That every client of the seed is registered, as the seed has it: otherwise refusals would prove nothing.
pub(crate) async fn are_registered(scene: &Scene) -> Step {
    for client in scene.seed.clients() {
        // Whoever may not refresh is told so after the proof; a proof of an algorithm that is off proves nothing here.
        if matches!(client.proof, Proof::Key { algorithm: "RS256" | "ES256", .. }) {
            continue;
        }
        let answer = App { scene, client }.refresh("none").await?;
        if answer.error().as_deref() == Some("invalid_client") {
            return answer.unexpected(&format!("is {} of the seed registered?", client.id));
        }
    }
    Ok(())
}

pub(super) async fn redeems(scene: &Scene, clinician: &Clinician<'_>, id: &str) -> Step {
    let app = scene.app(id)?;
    app.launch(&mut *clinician.browser().await, "openid").await.map(drop)
}

async fn code(app: &App<'_>, clinician: &Clinician<'_>) -> Step<(Request, String)> {
    let request = app.request("openid")?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    Ok((request, code))
}

/// Redeems a code with a proof of the caller's choice.
async fn redeem(app: &App<'_>, request: &Request, code: &str, proof: &[(&str, &str)]) -> Step<Answer> {
    let endpoint = app.scene.endpoint("token_endpoint")?;
    let mut form = of_code(request, code).to_vec();
    form.extend(proof);
    app.scene.http.post(&endpoint, &form).send().await
}

/// Asks for a refresh that cannot be, with an assertion: the client is looked at first.
pub(super) async fn refresh(app: &App<'_>, assertion: &str) -> Step<Answer> {
    let endpoint = app.scene.endpoint("token_endpoint")?;
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", "none")];
    form.extend(proof(assertion));
    app.scene.http.post(&endpoint, &form).send().await
}

pub(super) fn proof(assertion: &str) -> [(&str, &str); 2] {
    [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)]
}

pub(super) fn is_invalid_client(answer: &Answer, how: &str) -> Step {
    let is_so = matches!(answer.status, 400 | 401) && answer.error().as_deref() == Some("invalid_client");
    holds(is_so, || format!("a client {how} is answered {} {:?}", answer.status, answer.error()))
}

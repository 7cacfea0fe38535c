//! Keys that a client publishes at its `jwks_uri` (SMART 2.2 "Registering a client communicating public keys": the way that it
//! prefers, since keys can be changed without anybody being told).

use serde_json::{Value, json};

use super::clients::{is_invalid_client, redeems, refresh};
use crate::app::App;
use crate::keys::Key;
use crate::outcome::{Step, Untrue, holds};
use crate::publisher::Publisher;
use crate::scene::{Clinician, Scene};
use crate::seed::{client, is_on_loopback};

/// A client is known by the keys that its `jwks_uri` holds at the time, and by no others.
pub(crate) async fn keys(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let Some(publisher) = &scene.publisher else {
        return Err(Untrue::Untried(why_not(scene.documents.issuer()).to_owned()));
    };
    let app = scene.app(client::PUBLISHED)?;
    let asked_before = publisher.times_asked();
    redeems(scene, clinician, client::PUBLISHED).await?;
    let was_asked = publisher.times_asked() > asked_before;
    holds(was_asked, || "tokens were given, and nobody asked for the key set".to_owned())?;
    let outcome = attacked(&app, publisher).await;
    let (_, key) = app.key()?;
    publisher.publish(&[key.jwk(client::PUBLISHED)]);
    outcome
}

/// Keys that the set does not hold; and the client's own, once another has taken its place (the set says that it is not to be kept).
async fn attacked(app: &App<'_>, publisher: &Publisher) -> Step {
    let (algorithm, key) = app.key()?;
    let header = |kid: &str| json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
    let unchanged: Value = json!({});
    let unknown = app.assertion_by(key, &header("unknown-kid"), &unchanged)?;
    is_invalid_client(&refresh(app, &unknown).await?, "with a kid that its set does not hold")?;
    let other = Key::make(algorithm)?;
    let by_other = || app.assertion_by(&other, &header(client::PUBLISHED), &unchanged);
    is_invalid_client(&refresh(app, &by_other()?).await?, "with a key that its set does not hold")?;
    publisher.publish(&[other.jwk(client::PUBLISHED)]);
    is_invalid_client(
        &refresh(app, &app.assertion(&unchanged)?).await?,
        "with a key that its set holds no more",
    )?;
    // Whose refresh token is none is told so after the proof.
    let error = refresh(app, &by_other()?).await?.error();
    holds(error.as_deref() == Some("invalid_grant"), || {
        format!("a client with the key that its set holds now is answered {error:?}")
    })
}

/// Why there is no set for a server.
fn why_not(issuer: &str) -> &'static str {
    if is_on_loopback(issuer) {
        "the seed has no client with a jwks_uri (smart verify BASE_URL --make-seed FOLDER makes one)"
    } else {
        "the key set would be served by this machine, and only a server on loopback may fetch it here"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_elsewhere_is_told_that_the_keys_are_here() {
        assert!(why_not("https://smart.example").contains("only a server on loopback"));
        assert!(why_not("http://localhost:8080").contains("--make-seed"));
    }
}

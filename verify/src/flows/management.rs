//! `management_endpoint`: the page where users see which apps have access, and end it (SMART 2.2 "Conformance").

use super::refresh::refresh_token;
use crate::browser::Shown;
use crate::outcome::{Step, holds, refused};
use crate::scene::Scene;
use crate::seed::records::ALICE;
use crate::seed::user;

/// Strangers are asked to sign in; users see the app that they let in, and what they end stops at once.
pub(crate) async fn page(scene: &Scene) -> Step {
    let url = scene.endpoint("management_endpoint")?;
    let app = scene.public()?;
    let mut browser = scene.browser_of(user::PATIENT)?;
    let Shown::Page(page) = browser.open(&url).await? else { return refused("there is no page") };
    let signed_in = browser.sign_in(&page).await?;
    holds(matches!(signed_in, Shown::Page(_)), || "after the sign-in there is no page".to_owned())?;
    let tokens = app.launch(&mut browser, "launch/patient patient/Patient.rs offline_access").await?;
    let Shown::Page(page) = browser.open(&url).await? else { return refused("there is no page") };
    let is_named = page.text.contains("Verify: public app");
    holds(is_named, || "the page does not name the app that was let in".to_owned())?;
    // Whatever is left of earlier runs ends, too.
    let mut page = page;
    for _ in 0..100 {
        let Some(form) =
            page.forms.iter().find(|form| form.has("grant") && form.offers("decision").contains(&"revoke"))
        else {
            break;
        };
        let pairs = form.pressing("decision", "revoke");
        let Shown::Page(_) = browser.send(form, &pairs).await? else { return refused("there is no page") };
        let Shown::Page(next) = browser.open(&url).await? else { return refused("there is no page") };
        page = next;
    }
    app.is_dead(&tokens, &format!("Patient/{ALICE}")).await?;
    let answer = app.refresh(refresh_token(&tokens)?).await?;
    holds(answer.error().as_deref() == Some("invalid_grant"), || "what the user ended goes on".to_owned())
}

//! The standalone launch (SMART 2.2 "App Launch"): authorization endpoint, token endpoint, context, answers.

use crate::flows::scopes::ENCOUNTER;
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::records::{ALICE, BOB};

/// An app without an EHR: sign in, a code by redirect with the state that was sent, tokens, data; the code is used up.
pub(crate) async fn launch(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("launch/patient patient/*.rs")?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    let tokens = app.tokens(app.exchange(&request, &code).await?)?;
    app.can_read(&tokens, &format!("Patient/{ALICE}")).await?;
    let again = app.exchange(&request, &code).await?;
    holds(again.error().as_deref() == Some("invalid_grant"), || {
        format!("a code was used twice, and the second answer is {}", again.status)
    })?;
    // RFC 6749 §4.1.2: tokens of a code that was seen twice are taken back.
    app.is_dead(&tokens, &format!("Patient/{ALICE}")).await?;
    // Nothing without a token.
    let url = scene.fhir(&format!("Patient/{ALICE}"))?;
    scene.http.get(&url).send().await?.is(401).map(drop)
}

/// `launch/patient`: the user chooses among several patients, the app is told which, and gets that one alone.
pub(crate) async fn patient(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    for (chosen, other) in [(ALICE, BOB), (BOB, ALICE)] {
        let mut browser = clinician.browser().await;
        chosen.clone_into(&mut browser.patient);
        let tokens = app.launch(&mut browser, "launch/patient patient/Patient.rs").await?;
        holds(tokens.has("launch/patient"), || "launch/patient was not granted".to_owned())?;
        holds(tokens.text("patient") == Some(chosen), || {
            format!("{chosen} was chosen, and patient is {:?}", tokens.text("patient"))
        })?;
        app.can_read(&tokens, &format!("Patient/{chosen}")).await?;
        app.cannot_read(&tokens, &format!("Patient/{other}")).await?;
    }
    Ok(())
}

/// `launch/encounter`: the user chooses an encounter, and the app is told which.
pub(crate) async fn encounter(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let scope = "launch/patient launch/encounter patient/Encounter.rs";
    let tokens = app.launch(&mut *clinician.browser().await, scope).await?;
    holds(tokens.has("launch/encounter"), || "launch/encounter was not granted".to_owned())?;
    let expected = format!("{ALICE}-{ENCOUNTER}");
    match tokens.text("encounter") {
        Some(encounter) if encounter == expected => {
            app.can_read(&tokens, &format!("Encounter/{encounter}")).await
        }
        other => refused(format!("expected encounter {expected}, and it is {other:?}")),
    }
}

/// The same request by POST (`authorize-post`).
pub(crate) async fn by_post(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let request = app.request("launch/patient patient/Patient.rs")?.by_post();
    let tokens = app.launch_by(&mut *clinician.browser().await, &request).await?;
    app.can_read(&tokens, &format!("Patient/{ALICE}")).await
}

/// The answer names the issuer (RFC 9207), an error too.
pub(crate) async fn issuer_in_answer(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let right = app.request("openid")?;
    let wrong = app.request("openid")?.set("response_type", "nothing");
    for request in [right, wrong] {
        let way = app.authorize(&mut *clinician.browser().await, &request).await?;
        let iss = way.to.query_pairs().find(|(name, _)| name == "iss").map(|(_, iss)| iss.into_owned());
        holds(iss.is_some(), || "the answer has no iss".to_owned())?;
        holds(iss.as_deref() == Some(scene.documents.issuer()), || "iss is not the issuer".to_owned())?;
    }
    Ok(())
}

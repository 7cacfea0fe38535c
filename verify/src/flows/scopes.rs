//! Scopes of resources (SMART 2.2 "Scopes for requesting FHIR resources"): exactly what was asked for is granted, what it
//! opens can be read and found, and its neighbours cannot.

use serde_json::Value;

use crate::app::{App, Tokens};
use crate::outcome::{Step, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::client;
use crate::seed::records::{self, ALICE, BOB, CAROL, Category};

/// The last part of an encounter's id in the seed.
pub(crate) const ENCOUNTER: &str = "encounter";

/// A scope of resources, taken apart.
struct Parsed<'t> {
    level: &'t str,
    resource_type: &'t str,
    reads: bool,
    searches: bool,
    writes: bool,
    category: Option<Category<'t>>,
}

impl<'t> Parsed<'t> {
    fn of(scope: &'t str) -> Step<Self> {
        let unknown = || refused(format!("this program has no flow for a scope of the form {scope}"));
        let (bare, query) = scope.split_once('?').map_or((scope, None), |(bare, query)| (bare, Some(query)));
        let Some((level, (resource_type, may))) =
            bare.split_once('/').and_then(|(level, rest)| Some((level, rest.split_once('.')?)))
        else {
            return unknown();
        };
        let category =
            match query.map(|query| query.strip_prefix("category=").and_then(|c| c.split_once('|'))) {
                None => None,
                Some(Some(category)) => Some(category),
                Some(None) => return unknown(),
            };
        let (reads, searches, writes) = match may {
            "read" => (true, true, false),
            "write" => (false, false, true),
            "*" => (true, true, true),
            letters if letters.chars().all(|letter| "cruds".contains(letter)) && !letters.is_empty() => {
                (letters.contains('r'), letters.contains('s'), letters.contains(['c', 'u', 'd']))
            }
            _ => return unknown(),
        };
        Ok(Self { level, resource_type, reads, searches, writes, category })
    }
}

/// Any scope of resources.
pub(crate) async fn resource(scene: &Scene, clinician: &Clinician<'_>, scope: &str) -> Step {
    let parsed = Parsed::of(scope)?;
    let (app, tokens) = granted(scene, clinician, parsed.level, scope).await?;
    holds(tokens.has_exactly(scope), || format!("asked for {scope}, and {} was granted", tokens.scope))?;
    if parsed.writes {
        return refused("this program has no flow for scopes that write");
    }
    opens(&app, &tokens, &parsed).await?;
    closes(&app, &tokens, &parsed).await
}

/// Tokens with this scope, in the way of its level.
async fn granted<'s>(
    scene: &'s Scene,
    clinician: &Clinician<'_>,
    level: &str,
    scope: &str,
) -> Step<(App<'s>, Tokens)> {
    if level == "system" {
        let app = scene.app(client::BACKEND)?;
        let answer = app.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await?;
        return Ok((app, app.tokens(answer)?));
    }
    let app = scene.public()?;
    let tokens = app.launch(&mut *clinician.browser().await, scope).await?;
    Ok((app, tokens))
}

/// What the scope says is there: the seed has a resource of each type and category of US Core.
async fn opens(app: &App<'_>, tokens: &Tokens, scope: &Parsed<'_>) -> Step {
    let resource_type = if scope.resource_type == "*" { "Observation" } else { scope.resource_type };
    let id = records::id(resource_type, ALICE, scope.category);
    if let Some(id) = id.as_ref().filter(|_| scope.reads) {
        app.can_read(tokens, &format!("{resource_type}/{id}")).await?;
    }
    if scope.searches {
        // Of another category, or of a type that the seed lacks: an answer without the resource proves that it may be asked.
        let path = id.as_ref().map_or(resource_type.to_owned(), |id| format!("{resource_type}?_id={id}"));
        let found = ids(&app.read(tokens, &path).await?.is(200)?.json()?);
        if let Some(id) = &id {
            holds(found.contains(id), || format!("a search does not find {resource_type}/{id}"))?;
        }
    } else if let Some(id) = &id {
        app.read(tokens, &format!("{resource_type}?_id={id}")).await?.is(403)?;
    }
    Ok(())
}

/// What the scope does not say is closed: another type, another category, another patient.
async fn closes(app: &App<'_>, tokens: &Tokens, scope: &Parsed<'_>) -> Step {
    let mut closed: Vec<(&str, Option<String>)> = Vec::new();
    if scope.resource_type == "*" {
        let other = match scope.level {
            "patient" => Some(BOB),
            "user" => Some(CAROL),
            _ => None,
        };
        closed.extend(other.map(|other| ("Patient", records::id("Patient", other, None))));
    } else {
        let other = if scope.resource_type == "Observation" { "Condition" } else { "Observation" };
        closed.push((other, records::id(other, ALICE, None)));
        let is_shared = records::is_shared(scope.resource_type);
        match scope.level {
            "patient" if !is_shared => {
                closed.push((scope.resource_type, records::id(scope.resource_type, BOB, scope.category)));
            }
            "user" if !is_shared => {
                closed.push((scope.resource_type, records::id(scope.resource_type, CAROL, scope.category)));
            }
            _ => {}
        }
        if scope.category.is_some() {
            closed.push((scope.resource_type, records::id(scope.resource_type, ALICE, None)));
        }
    }
    for (resource_type, id) in closed {
        let Some(id) = id else { continue };
        app.cannot_read(tokens, &format!("{resource_type}/{id}")).await?;
        let answer = app.read(tokens, &format!("{resource_type}?_id={id}")).await?.one_of(&[200, 403])?;
        let is_found = answer.status == 200 && ids(&answer.json()?).contains(&id);
        holds(!is_found, || format!("a search finds {resource_type}/{id}, which the scope does not open"))?;
    }
    Ok(())
}

/// The ids of a searchset's entries.
fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.pointer("/resource/id")?.as_str()?.to_owned())).collect()
}

/// `permission-patient`.
pub(crate) async fn patient_level(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    resource(scene, clinician, "patient/Observation.rs").await
}

/// `permission-user`: what the user may see, of more patients than one.
pub(crate) async fn user_level(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    resource(scene, clinician, "user/Observation.rs").await?;
    let (app, tokens) = granted(scene, clinician, "user", "user/Patient.rs").await?;
    for patient in [ALICE, BOB] {
        app.can_read(&tokens, &format!("Patient/{patient}")).await?;
    }
    app.cannot_read(&tokens, &format!("Patient/{CAROL}")).await
}

/// `permission-v1`: `.read` is granted as it was asked for, and opens reads and searches.
pub(crate) async fn v1(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    for scope in ["patient/Observation.read", "user/Condition.read", "patient/*.read"] {
        resource(scene, clinician, scope).await?;
    }
    Ok(())
}

/// `permission-v2`: single letters, and a category.
pub(crate) async fn v2(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    for scope in ["patient/Observation.r", "patient/Condition.rs", laboratory] {
        resource(scene, clinician, scope).await?;
    }
    Ok(())
}

/// `client_credentials` (SMART 2.2 "Backend Services"): five minutes at most, no refresh token, no more than was registered.
pub(crate) async fn backend(scene: &Scene) -> Step {
    let app = scene.app(client::BACKEND)?;
    let ask = async |scope: &str| app.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
    let tokens = app.tokens(ask("system/Observation.rs").await?)?;
    let lives = tokens.json.get("expires_in").and_then(Value::as_u64).unwrap_or(u64::MAX);
    holds(lives <= 300, || format!("the token lives {lives} seconds"))?;
    holds(tokens.refresh.is_none(), || "there is a refresh token".to_owned())?;
    for patient in [ALICE, CAROL] {
        app.can_read(&tokens, &format!("Observation/{patient}-observation")).await?;
    }
    app.cannot_read(&tokens, &format!("Patient/{ALICE}")).await?;
    let answer = ask("user/Observation.rs").await?;
    holds(answer.error().as_deref() == Some("invalid_scope"), || "a scope of users was granted".to_owned())
}

//! `smart key`: see and rotate the keys that sign.
//!
//! A key is published before it signs, and after: whoever keeps the key set for a while knows it when its first token comes, and
//! still when its last one does.

use std::path::Path;

use serde_json::{Value, json};
use smart_core::instant::Instant;
use smart_local::{KeyState, PUBLISHED_AFTER_USE, PUBLISHED_BEFORE_USE, SoftwareKeys};
use smart_web::arrival::system_clock;

#[cfg(feature = "aws")]
mod stack;

use crate::arguments::Key as Command;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { place, json } => match Place::open(&place).await? {
            Place::Folder(_) => list(&place.data, json),
            #[cfg(feature = "aws")]
            Place::Stack(stack) => stack::list(&stack.stack, json).await,
        },
        Command::Rotate { place, without_waiting } => match Place::open(&place).await? {
            Place::Folder(_) => rotate(&place.data, without_waiting),
            #[cfg(feature = "aws")]
            Place::Stack(stack) => stack::rotate(stack.stack, without_waiting).await,
        },
    }
}

/// The keys of a data folder.
fn keys_of(folder: &Path) -> Result<SoftwareKeys, Failure> {
    SoftwareKeys::find(folder, system_clock)?.ok_or_else(|| {
        let folder = folder.display();
        Failure::Refused(format!("{folder}: there is no key in it: the first start of the server makes one"))
    })
}

fn list(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let entries = keys_of(folder)?.entries(system_clock());
    if as_json {
        let keys: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let (state, until) = words(entry.state);
                json!({
                    "kid": entry.public.kid.to_string(), "alg": entry.public.alg.as_str().to_owned(), "state": state,
                    "until": until.map(|at| at.to_string()), "file": entry.path.display().to_string(),
                })
            })
            .collect();
        output::say(format_args!("{}", output::json(&keys)?));
        return Ok(());
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let (state, until) = words(entry.state);
            let state = until.map_or_else(|| state.to_owned(), |until| format!("{state} until {until}"));
            let file = entry.path.display().to_string();
            [entry.public.kid.to_string(), entry.public.alg.as_str().to_owned(), state, file]
        })
        .collect();
    output::say(format_args!("{}", output::table(["KID", "ALG", "STATE", "FILE"], &rows)));
    Ok(())
}

/// What becomes of a key, and until when that holds.
fn words(state: KeyState) -> (&'static str, Option<Instant>) {
    match state {
        KeyState::Coming(from) => ("published, signs not", Some(from)),
        KeyState::Signs => ("signs", None),
        KeyState::Leaving(until) => ("published", Some(until)),
        KeyState::Retired => ("retired", None),
    }
}

/// One new key: its instant arranges all the rest.
fn rotate(folder: &Path, without_waiting: bool) -> Result<(), Failure> {
    let now = system_clock();
    let before = keys_of(folder)?.entries(now);
    let coming = before.iter().find_map(|entry| match entry.state {
        KeyState::Coming(from) => Some((&entry.public.kid, from)),
        _ => None,
    });
    if let Some((kid, from)) = coming.filter(|_| !without_waiting) {
        return Err(Failure::Refused(format!(
            "a rotation is under way: the key {kid} signs from {from} on (--without-waiting if the key that signs now may have leaked)"
        )));
    }
    let from = if without_waiting { now } else { now + PUBLISHED_BEFORE_USE };
    let new = SoftwareKeys::add(folder, from)?;
    for entry in before {
        if without_waiting || entry.state == KeyState::Retired {
            SoftwareKeys::remove(&entry.path)?;
        }
    }
    if without_waiting {
        output::say(format_args!(
            "made {}: all keys before it are gone\nRestart the server now, if one runs: until then it signs with the old key. Tokens of the old key fail from then on; apps refresh them.",
            new.kid
        ));
    } else {
        output::say(format_args!(
            "made {}: it is published first, and signs from {from} on; the key before it is published until {}\nRestart the server now, if one runs: it publishes the new key from then on, and changes over by itself.",
            new.kid,
            from + PUBLISHED_AFTER_USE
        ));
    }
    Ok(())
}

//! The keys of a stack: each rotation is three updates of it, with a wait before the second and the third.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use smart_aws::operator::rotation::{Action, NextStep, PUBLISHED_AFTER_USE, PUBLISHED_BEFORE_USE};
use smart_aws::operator::{SlotKey, Stack};
use smart_web::arrival::system_clock;

use crate::failure::Failure;
use crate::output;

pub(super) async fn list(stack: &Stack, as_json: bool) -> Result<(), Failure> {
    let keys = stack.keys().await?;
    if as_json {
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "slot": key.slot.to_string(), "state": role(key), "kid": kid(key), "arn": key.arn,
                    "created": key.created_at.map(|at| at.to_string()), "kms": key.state,
                })
            })
            .collect();
        output::say(format_args!("{}", output::json(&keys)?));
        return Ok(());
    }
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let created = key.created_at.map(|at| at.to_string()).unwrap_or_default();
            // What one expects is not repeated.
            let state = if key.state == "Enabled" { String::new() } else { key.state.clone() };
            let kid = kid(key).unwrap_or_default();
            [key.slot.to_string(), role(key).to_owned(), kid, created, key.arn.clone(), state]
        })
        .collect();
    output::say(format_args!("{}", output::table(["SLOT", "STATE", "KID", "CREATED", "ARN", ""], &rows)));
    output::note(format_args!("{}", what_next(&stack.standing(&keys)?.next())));
    Ok(())
}

fn role(key: &SlotKey) -> &'static str {
    if key.signs { "signs" } else { "published" }
}

fn kid(key: &SlotKey) -> Option<String> {
    key.public.as_ref().map(|public| public.kid.to_string())
}

/// Makes the step that is due, or says when it is.
pub(super) async fn rotate(mut stack: Stack, without_waiting: bool) -> Result<(), Failure> {
    let keys = stack.keys().await?;
    let next = stack.standing(&keys)?.next();
    if !without_waiting && !next.not_before.has_passed(system_clock()) {
        return Err(Failure::Refused(format!(
            "too early: {} (--without-waiting if the key that signs now may have leaked)",
            what_next(&next)
        )));
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(format!("updating the stack: SigningKeys={}", next.slots));
    bar.enable_steady_tick(Duration::from_millis(200));
    let updated = stack.set_slots(next.slots).await;
    bar.finish_and_clear();
    updated?;
    match next.action {
        Action::Publish(slot) => output::say(format_args!("published: slot {slot} holds a new key")),
        Action::Sign(slot) => output::say(format_args!("signs: the key of slot {slot}")),
        Action::Retire(slot) => {
            output::say(format_args!("retired: the key of slot {slot}"));
            return delete(&stack, keys.iter().find(|key| key.slot == slot)).await;
        }
    }
    let keys = stack.keys().await?;
    output::say(format_args!("{}", what_next(&stack.standing(&keys)?.next())));
    Ok(())
}

/// The stack has let go of the key; nothing else uses it.
async fn delete(stack: &Stack, retired: Option<&SlotKey>) -> Result<(), Failure> {
    let Some(retired) = retired else { return Ok(()) };
    let days = stack.delete_key(&retired.arn).await.map_err(|error| {
        Failure::Failed(format!(
            "the rotation is done, but the old key {} was not deleted: {error}",
            retired.arn
        ))
    })?;
    output::say(format_args!(
        "The rotation is done. The old key is deleted in {days} days; until then: aws kms cancel-key-deletion --key-id {}",
        retired.arn
    ));
    Ok(())
}

/// The step that comes next, when it is due, and why not before.
fn what_next(next: &NextStep) -> String {
    let at = next.not_before;
    match next.action {
        Action::Publish(slot) => format!("next: publish a new key in slot {slot}, whenever you like"),
        Action::Sign(slot) => format!(
            "next: sign with the key of slot {slot}, from {at} on: it is published for {} minutes first, so that every cache has it",
            PUBLISHED_BEFORE_USE.as_secs() / 60
        ),
        Action::Retire(slot) => format!(
            "next: retire the key of slot {slot}, from {at} on: its last token has expired {} minutes after the last change of the stack",
            PUBLISHED_AFTER_USE.as_secs() / 60
        ),
    }
}

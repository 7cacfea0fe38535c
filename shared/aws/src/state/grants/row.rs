//! A grant as an item.
//!
//! What a condition looks at, or a step moves by itself, is an attribute; what is only kept is one JSON text (`request`, `owner`,
//! `granted`, `until`).
//!
//! | attribute | in the stages | |
//! |---|---|---|
//! | `pk`, `client_id`, `begun_at`, `last_op`, `stage` | all | |
//! | `expires_at` | all | when DynamoDB may remove it; at the stages before `active`, when the grant expires |
//! | `redirect_uri`, `challenge`, `dpop_jkt` | requested to active | of the request, and then of the code; the key only if one was named |
//! | `request` | requested, known | |
//! | `session`, `patient`, `encounter` | known | `patient` and `encounter` only once chosen |
//! | `owner`, `list_as` | known to active | `list_as`: the list that it will be in |
//! | `granted`, `nonce` | coded, active | the nonce by itself, since the first refresh takes it away |
//! | `code`, `code_expires_at` | coded, active | the code's digest; its expiry, by which a redemption can be taken back: until the first refresh |
//! | `slides`, `until`, `ends_from`, `ends_after` | coded, active | if there is a refresh token: its policy |
//! | `since` | active | when its code was redeemed |
//! | `access_until` | active | how long access tokens may live |
//! | `refresh_until`, `ends_at`, `current` | active | of the refresh token; without one they mean nothing |
//! | `refresh_key` | active | if the refresh token is bound to a key |
//! | `previous`, `salt`, `retry_until` | active | of the token before |
//! | `list` | active | the key of the index: a grant is in no list before |
//! | `reason`, `revoked_at` | revoked | |
//!
//! **When a grant expires.** An active grant lives as long as its access tokens or its refresh token, whichever is longer. One update
//! cannot write the greater of two numbers, so both are kept: the grant is alive while either lies ahead, and
//! `expires_at` is their sum, a bound that suits the removal.
//!
//! **When a refresh token ends.** `ends_at` is written by the redemption as `if_not_exists(ends_from, :now) + ends_after`: an end that is fixed
//! at consent is `ends_from`, one that counts from the redemption is `ends_after`.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use smart_core::grant::{
    Active, Code, Coded, Grant, Granted, Known, Owner, Previous, Refresh, RefreshPolicy, Request, Revocation,
    Stage, Until,
};
use smart_core::id::{GrantId, Username};
use smart_core::instant::Instant;
use smart_core::jose::KeyId;
use smart_core::secret::{Digest, Op};

use crate::item::{Item, Unreadable, instant, json, number, text};

/// The attribute that says when the app asked.
pub(super) const BEGUN_AT: &str = "begun_at";

/// What the names of users' lists begin with.
pub(super) const LISTS_BEGIN: &str = "grants#";

pub(super) const REQUESTED: &str = "requested";
pub(super) const KNOWN: &str = "known";
pub(super) const CODED: &str = "coded";
pub(super) const ACTIVE: &str = "active";
pub(super) const REVOKED: &str = "revoked";

pub(super) fn key(id: &GrantId) -> String {
    format!("grant#{id}")
}

/// The list of a user's active grants.
pub(super) fn list_of(user: &Username) -> String {
    format!("{LISTS_BEGIN}{user}")
}

pub(super) fn digest(digest: &Digest) -> AttributeValue {
    text(digest.to_string())
}

pub(super) fn op(op: Op) -> AttributeValue {
    digest(op.as_digest())
}

/// The item of a grant that begins; `None` for one that has gone further.
pub(super) fn item_of(grant: &Grant) -> Option<Item> {
    let item = Item::new(key(&grant.id))
        .with("client_id", text(grant.client_id.as_str()))
        .with(BEGUN_AT, instant(grant.begun_at))
        .with("expires_at", instant(grant.expires_at))
        .with("last_op", op(grant.last_op));
    match &grant.stage {
        Stage::Requested(request) => Some(with_request(item.with("stage", text(REQUESTED)), request)),
        Stage::Known(known) => Some(
            with_request(item.with("stage", text(KNOWN)), &known.request)
                .with("session", text(known.session.as_str()))
                .with("owner", json(&known.owner))
                .with("list_as", text(list_of(&known.owner.user)))
                .with_some("patient", known.patient.as_ref().map(|patient| text(patient.as_str())))
                .with_some("encounter", known.encounter.as_ref().map(|encounter| text(encounter.as_str()))),
        ),
        Stage::Coded(_) | Stage::Active(_) | Stage::Revoked(_) => None,
    }
}

fn with_request(item: Item, request: &Request) -> Item {
    item.with("request", json(request))
        .with("redirect_uri", json(&request.redirect_uri))
        .with("challenge", json(&request.challenge))
        .with_some("dpop_jkt", request.dpop_jkt.as_ref().map(|key| text(key.as_str())))
}

/// The grant of that name, as the item says it.
pub(super) fn grant_of(id: &GrantId, item: &Item) -> Result<Grant, Unreadable> {
    let stage = match item.text("stage")? {
        REQUESTED => Stage::Requested(item.json("request")?),
        KNOWN => Stage::Known(Known {
            request: item.json("request")?,
            session: item.parsed("session")?,
            owner: item.json("owner")?,
            patient: item.optional("patient", Item::parsed)?,
            encounter: item.optional("encounter", Item::parsed)?,
        }),
        CODED => Stage::Coded(Coded {
            owner: item.json("owner")?,
            granted: granted_of(item)?,
            code: code_of(item)?,
            refresh: policy_of(item)?,
        }),
        ACTIVE => Stage::Active(active_of(item)?),
        REVOKED => {
            Stage::Revoked(Revocation { reason: item.json("reason")?, at: item.instant("revoked_at")? })
        }
        _ => return Err(Unreadable { attribute: "stage" }),
    };
    Ok(Grant {
        id: id.clone(),
        client_id: item.parsed("client_id")?,
        begun_at: item.optional(BEGUN_AT, Item::instant)?.unwrap_or(Instant::from_unix(0)),
        expires_at: expiry_of(item)?,
        last_op: last_op_of(item)?,
        stage,
    })
}

/// The name of the write that made the item what it is.
pub(super) fn last_op_of(item: &Item) -> Result<Op, Unreadable> {
    item.parsed("last_op").map(|digest: Digest| Op::new(*digest.as_bytes()))
}

fn expiry_of(item: &Item) -> Result<Instant, Unreadable> {
    match item.optional("access_until", Item::instant)? {
        Some(access) => Ok(access.max(item.instant("refresh_until")?)),
        None => item.instant("expires_at"),
    }
}

fn granted_of(item: &Item) -> Result<Granted, Unreadable> {
    let nonce = item.optional("nonce", Item::text)?.map(str::to_owned);
    Ok(Granted { nonce, ..item.json("granted")? })
}

fn code_of(item: &Item) -> Result<Code, Unreadable> {
    Ok(Code {
        digest: item.parsed("code")?,
        redirect_uri: item.json("redirect_uri")?,
        challenge: item.json("challenge")?,
        dpop_jkt: item.optional("dpop_jkt", Item::text)?.map(KeyId::from),
        expires_at: item.instant("code_expires_at")?,
    })
}

fn policy_of(item: &Item) -> Result<Option<RefreshPolicy>, Unreadable> {
    let Some(slides) = item.optional("slides", Item::number)? else { return Ok(None) };
    Ok(Some(RefreshPolicy { slides: Duration::from_secs(slides), until: item.json("until")? }))
}

fn active_of(item: &Item) -> Result<Active, Unreadable> {
    let owner: Owner = item.json("owner")?;
    let code = item.optional("code_expires_at", |item, _| code_of(item))?;
    let refresh = match policy_of(item)? {
        None => None,
        Some(policy) => Some(Refresh {
            policy,
            current: item.parsed("current")?,
            expires_at: item.instant("refresh_until")?,
            ends_at: item.instant("ends_at")?,
            key: item.optional("refresh_key", Item::text)?.map(KeyId::from),
            previous: item.optional("previous", |item, name| {
                Ok(Previous {
                    digest: item.parsed(name)?,
                    salt: item.json("salt")?,
                    retry_until: item.instant("retry_until")?,
                })
            })?,
        }),
    };
    Ok(Active {
        owner,
        granted: granted_of(item)?,
        since: item.optional("since", Item::instant)?,
        redeemed: item.optional("code", Item::parsed)?,
        code,
        refresh,
    })
}

/// The parts of a policy that steps compute with: `slides`, `ends_from`, `ends_after`. Whole seconds, as all of core's.
pub(super) fn spans(policy: &RefreshPolicy) -> (AttributeValue, Option<AttributeValue>, AttributeValue) {
    let (from, after) = match &policy.until {
        Until::Forever => (Some(Instant::NEVER), Duration::ZERO),
        Until::After(span) => (None, *span),
        Until::SessionEnds { at, .. } => (Some(*at), Duration::ZERO),
    };
    (number(policy.slides.as_secs()), from.map(instant), number(after.as_secs()))
}

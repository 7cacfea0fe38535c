//! `smart grant`: see and end what users have granted to apps.
//!
//! A grant goes by the digest that access tokens and logs name. Nothing that is shown here opens anything.

use serde_json::{Value, json};
use smart_core::grant::{Grant, Stage};
use smart_core::id::{ClientId, GrantId, PatientId, Username};
use smart_core::instant::Instant;
use smart_core::ports::Step;
use smart_core::secret::Op;
use smart_web::arrival::system_clock;
use smart_web::random;

use crate::arguments::Grant as Command;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { place, user, client, json } => {
            list(&Place::open(&place).await?, user.as_ref(), client.as_ref(), json).await
        }
        Command::Revoke { place, id } => revoke(&Place::open(&place).await?, &id).await,
    }
}

async fn list(
    place: &Place,
    user: Option<&Username>,
    client: Option<&ClientId>,
    as_json: bool,
) -> Result<(), Failure> {
    let mut grants = place.grants(user, system_clock()).await?;
    grants.retain(|grant| client.is_none_or(|client| grant.client_id == *client));
    let grants: Vec<Shown> = grants.iter().filter_map(Shown::of).collect();
    if as_json {
        let grants: Vec<Value> = grants.iter().map(Shown::json).collect();
        output::say(format_args!("{}", output::json(&grants)?));
        return Ok(());
    }
    let heading = ["GRANT", "CLIENT_ID", "USER", "PATIENT", "SINCE", "LAST USED", "EXPIRES", "SCOPES"];
    let rows: Vec<_> = grants.iter().map(Shown::row).collect();
    output::say(format_args!("{}", output::table(heading, &rows)));
    Ok(())
}

/// What is shown of a grant.
struct Shown<'g> {
    grant: &'g Grant,
    user: &'g Username,
    patient: Option<&'g PatientId>,
    /// When the app asked for it.
    since: Instant,
    /// When it last got tokens; not known of a grant without a refresh token, which gets them but once.
    last_used: Option<Instant>,
    /// When it ends unless it is used before.
    expires: Instant,
    scopes: String,
}

impl<'g> Shown<'g> {
    fn of(grant: &'g Grant) -> Option<Self> {
        let active = grant.active()?;
        let refresh = active.refresh.as_ref();
        Some(Self {
            grant,
            user: &active.owner.user,
            patient: active.granted.context.patient.as_ref(),
            since: grant.begun_at,
            // Each use moves the expiry on, by one and the same span.
            last_used: refresh.map(|refresh| refresh.expires_at - refresh.policy.slides),
            expires: refresh.map_or(grant.expires_at, |refresh| refresh.expires_at.min(refresh.ends_at)),
            scopes: active.granted.scopes.to_string(),
        })
    }

    fn row(&self) -> [String; 8] {
        [
            self.grant.id.to_string(),
            self.grant.client_id.to_string(),
            self.user.to_string(),
            self.patient.map(PatientId::to_string).unwrap_or_default(),
            self.since.to_string(),
            self.last_used.map(|at| at.to_string()).unwrap_or_default(),
            self.expires.to_string(),
            self.scopes.clone(),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "grant": self.grant.id.to_string(),
            "client_id": self.grant.client_id.as_str(),
            "username": self.user.as_str(),
            "patient": self.patient.map(PatientId::as_str),
            "since": self.since.to_string(),
            "last_used": self.last_used.map(|at| at.to_string()),
            "expires": self.expires.to_string(),
            "scope": self.scopes,
        })
    }
}

/// Ending it again changes nothing, and is told so.
async fn revoke(place: &Place, id: &GrantId) -> Result<(), Failure> {
    let now = system_clock();
    let unknown = || Failure::Failed(format!("there is no grant {id}, or it has expired"));
    let grant = place.grant(id, now).await?.ok_or_else(unknown)?;
    if let Stage::Revoked(ended) = &grant.stage {
        output::say(format_args!("ended already: {id} ({}, {})", reason(ended.reason)?, ended.at));
        return Ok(());
    }
    if !place.revoke(id, Step { now, op: Op::new(random::bytes()?) }).await? {
        return Err(unknown());
    }
    output::say(format_args!("ended {id}: its tokens do not work any more"));
    Ok(())
}

/// Why it ended, in the words of the store and of the audit trail.
fn reason(reason: smart_core::grant::RevocationReason) -> Result<String, Failure> {
    let word = serde_json::to_value(reason).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(word.as_str().unwrap_or_default().replace('_', " "))
}

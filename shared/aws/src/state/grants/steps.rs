//! The steps of a grant as updates: what core's transitions demand and do, said to DynamoDB.
//!
//! Each condition holds just where the transition of the same name would change the grant. That both agree is proved step by step
//! against core (`tests/emulator/steps.rs`); where they did not, a step would be refused or answered with 503, never made.

use aws_sdk_dynamodb::types::AttributeValue;
use smart_core::grant::{CodeIssue, EncounterChoice, Owner, Redemption, RevocationReason, Rotation, SignIn};
use smart_core::id::{ClientId, GrantId, PatientId, SessionId};
use smart_core::instant::Instant;
use smart_core::jose::KeyId;
use smart_core::ports::Step;
use smart_core::secret::{Digest, Op};

use super::row::{self, ACTIVE, CODED, KNOWN, REQUESTED, REVOKED};
use crate::item::{instant, json, number, text};
use crate::table::Update;

/// That an active or revoked grant has not expired, or one that never got so far (see [`row`]).
const ALIVE: &str = "#expires_at > :now AND (attribute_not_exists(#access_until) OR #access_until > :now OR #refresh_until > :now)";

/// What a grant loses when it ends: all but its name, its client, its expiry and its end.
const FORGOTTEN: &str = "#request, #redirect_uri, #challenge, #session, #patient, #encounter, #owner, #list_as, #list, #since, #granted, \
     #nonce, #code, #code_expires_at, #dpop_jkt, #refresh_key, #slides, #until, #ends_from, #ends_after, #ends_at, #current, \
     #previous, #salt, #retry_until";

pub(super) fn sign_in(id: &GrantId, sign_in: &SignIn, step: Step) -> Update {
    let mut values = vec![
        (":now", instant(step.now)),
        (":op", row::op(step.op)),
        (":requested", text(REQUESTED)),
        (":known", text(KNOWN)),
        (":session", text(sign_in.session.as_str())),
        (":owner", json(&sign_in.owner)),
        (":list", text(row::list_of(&sign_in.owner.user))),
    ];
    let patient = match &sign_in.patient {
        Some(patient) => {
            values.push((":patient", text(patient.as_str())));
            ", #patient = :patient REMOVE #encounter"
        }
        None => " REMOVE #patient, #encounter",
    };
    Update {
        key: row::key(id),
        change: format!(
            "SET #stage = :known, #session = :session, #owner = :owner, #list_as = :list, #last_op = :op{patient}"
        ),
        // Seen twice, it stays as it is: another patient may have been chosen since, under the same name.
        condition: "#expires_at > :now AND (#stage = :requested OR (#stage = :known AND NOT (#last_op = :op AND #session = :session)))"
            .to_owned(),
        values,
    }
}

pub(super) fn choose_patient(id: &GrantId, session: &SessionId, patient: &PatientId, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: "SET #patient = :patient, #last_op = :op REMOVE #encounter".to_owned(),
        // Seen twice, it stays as it is: an encounter may have been chosen since, under the same name.
        condition: "#expires_at > :now AND #stage = :known AND #session = :session AND NOT (#last_op = :op AND #patient = :patient)"
            .to_owned(),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":known", text(KNOWN)),
            (":session", text(session.as_str())),
            (":patient", text(patient.as_str())),
        ],
    }
}

pub(super) fn choose_encounter(id: &GrantId, choice: &EncounterChoice, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: "SET #encounter = :encounter, #last_op = :op".to_owned(),
        condition: "#expires_at > :now AND #stage = :known AND #session = :session AND #patient = :patient"
            .to_owned(),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":known", text(KNOWN)),
            (":session", text(choice.session.as_str())),
            (":patient", text(choice.patient.as_str())),
            (":encounter", text(choice.encounter.as_str())),
        ],
    }
}

pub(super) fn issue_code(id: &GrantId, issue: &CodeIssue, step: Step) -> Update {
    let mut granted = issue.granted.clone();
    let nonce = granted.nonce.take();
    let mut change = "SET #stage = :coded, #last_op = :op, #granted = :granted, #code = :code, \
                      #expires_at = :ends, #code_expires_at = :ends"
        .to_owned();
    let mut values = vec![
        (":now", instant(step.now)),
        (":op", row::op(step.op)),
        (":known", text(KNOWN)),
        (":coded", text(CODED)),
        (":session", text(issue.session.as_str())),
        (":seen", row::op(issue.seen)),
        (":granted", json(&granted)),
        (":code", row::digest(&issue.code)),
        (":ends", instant(step.now + smart_core::grant::CODE_LIFETIME)),
    ];
    if let Some(nonce) = nonce {
        change.push_str(", #nonce = :nonce");
        values.push((":nonce", text(nonce)));
    }
    if let Some(policy) = &issue.refresh {
        let (slides, from, after) = row::spans(policy);
        change.push_str(", #slides = :slides, #until = :until, #ends_after = :after");
        values.extend([(":slides", slides), (":until", json(&policy.until)), (":after", after)]);
        if let Some(from) = from {
            change.push_str(", #ends_from = :from");
            values.push((":from", from));
        }
    }
    change.push_str(" REMOVE #request, #session, #patient, #encounter");
    Update {
        key: row::key(id),
        change,
        condition: "#expires_at > :now AND #stage = :known AND #session = :session AND #last_op = :seen"
            .to_owned(),
        values,
    }
}

pub(super) fn deny(id: &GrantId, session: &SessionId, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: format!(
            "SET #stage = :revoked, #reason = :reason, #revoked_at = :now, #last_op = :op REMOVE {FORGOTTEN}"
        ),
        condition: "#expires_at > :now AND #stage = :known AND #session = :session".to_owned(),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":known", text(KNOWN)),
            (":revoked", text(REVOKED)),
            (":session", text(session.as_str())),
            (":reason", json(&RevocationReason::Denied)),
        ],
    }
}

/// One write, whether there will be a refresh token or not: without one, `slides` and `ends_after` count as nothing.
pub(super) fn redeem(id: &GrantId, redemption: &Redemption, step: Step) -> Update {
    let mut values = Vec::new();
    let proved = proved("#dpop_jkt", redemption.key.as_ref(), &mut values);
    let binds = redemption.refresh_key.as_ref().map_or("", |key| {
        values.push((":refresh_key", text(key.as_str())));
        ", #refresh_key = :refresh_key"
    });
    values.extend([
        (":now", instant(step.now)),
        (":op", row::op(step.op)),
        (":coded", text(CODED)),
        (":active", text(ACTIVE)),
        (":code", row::digest(&redemption.code)),
        (":client", text(redemption.client_id.as_str())),
        (":uri", json(&redemption.redirect_uri)),
        (":challenge", json(&redemption.challenge)),
        (":refresh", row::digest(&redemption.refresh)),
        (":access", instant(step.now + redemption.access_lifetime)),
        (":none", number(0)),
    ]);
    Update {
        key: row::key(id),
        change: format!(
            "SET #stage = :active, #last_op = :op, #list = #list_as, #since = :now, #current = :refresh, #access_until = :access, \
                 #refresh_until = if_not_exists(#slides, :none) + :now, \
                 #ends_at = if_not_exists(#ends_from, :now) + if_not_exists(#ends_after, :none), \
                 #expires_at = if_not_exists(#slides, :none) + :access{binds}"
        ),
        condition: format!(
            "#expires_at > :now AND #stage = :coded AND #code = :code AND #client_id = :client \
             AND #redirect_uri = :uri AND #challenge = :challenge AND {proved}"
        ),
        values,
    }
}

/// That the key in `attribute`, if there is one, is the one that was proved.
fn proved(attribute: &str, key: Option<&KeyId>, values: &mut Vec<(&'static str, AttributeValue)>) -> String {
    let Some(key) = key else { return format!("attribute_not_exists({attribute})") };
    values.push((":key", text(key.as_str())));
    format!("(attribute_not_exists({attribute}) OR {attribute} = :key)")
}

/// The code's own expiry is the grant's again.
pub(super) fn unredeem(id: &GrantId, redeemed: Op, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: "SET #stage = :coded, #last_op = :op, #expires_at = #code_expires_at \
                 REMOVE #list, #since, #current, #access_until, #refresh_until, #ends_at, #refresh_key"
            .to_owned(),
        condition: format!(
            "{ALIVE} AND #stage = :active AND #last_op = :redeemed AND attribute_exists(#code_expires_at)"
        ),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":coded", text(CODED)),
            (":active", text(ACTIVE)),
            (":redeemed", row::op(redeemed)),
        ],
    }
}

pub(super) fn refresh(id: &GrantId, rotation: &Rotation, step: Step) -> Update {
    let mut values = vec![
        (":now", instant(step.now)),
        (":op", row::op(step.op)),
        (":active", text(ACTIVE)),
        (":client", text(rotation.client_id.as_str())),
        (":presented", row::digest(&rotation.presented)),
        (":successor", row::digest(&rotation.successor)),
        (":salt", json(&rotation.salt)),
        (":retry", instant(step.now + rotation.retry)),
        (":access", instant(step.now + rotation.access_lifetime)),
    ];
    let proved = proved("#refresh_key", rotation.key.as_ref(), &mut values);
    Update {
        key: row::key(id),
        change: "SET #last_op = :op, #current = :successor, #previous = :presented, #salt = :salt, #retry_until = :retry, \
                 #access_until = :access, #refresh_until = #slides + :now, #expires_at = #slides + :access \
                 REMOVE #nonce, #code_expires_at, #redirect_uri, #challenge, #dpop_jkt, #ends_from, #ends_after"
            .to_owned(),
        // A refresh token that has not expired keeps its grant alive.
        condition: format!(
            "#expires_at > :now AND #stage = :active AND attribute_exists(#slides) AND #current = :presented \
             AND #client_id = :client AND #refresh_until > :now AND #ends_at > :now AND {proved}"
        ),
        values,
    }
}

/// Never shortens: where the window is that long already, the condition fails, and there is nothing to be done.
pub(super) fn extend_retry(id: &GrantId, presented: &Digest, retry_until: Instant, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: "SET #retry_until = :retry, #last_op = :op".to_owned(),
        condition: format!(
            "{ALIVE} AND #stage = :active AND #previous = :presented AND #retry_until < :retry"
        ),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":active", text(ACTIVE)),
            (":presented", row::digest(presented)),
            (":retry", instant(retry_until)),
        ],
    }
}

/// As [`revoke`], of an active grant of this user: it is in their list, and its owner has their `sub`.
///
/// The owner is one JSON text, in which no value can hold this piece of it: a quote within a value is escaped.
pub(super) fn revoke_own(id: &GrantId, owner: &Owner, reason: RevocationReason, step: Step) -> Update {
    let Update { key, change, condition, mut values } = revoke(id, reason, step);
    values.extend([
        (":list", text(row::list_of(&owner.user))),
        (":sub", text(format!("\"sub\":{}", serde_json::json!(owner.sub)))),
    ]);
    let condition = format!("{condition} AND #list = :list AND contains(#owner, :sub)");
    Update { key, change, condition, values }
}

pub(super) fn revoke(id: &GrantId, reason: RevocationReason, step: Step) -> Update {
    Update {
        key: row::key(id),
        change: format!(
            "SET #stage = :revoked, #reason = :reason, #revoked_at = :now, #last_op = :op REMOVE {FORGOTTEN}"
        ),
        condition: format!("{ALIVE} AND #stage <> :revoked"),
        values: vec![
            (":now", instant(step.now)),
            (":op", row::op(step.op)),
            (":revoked", text(REVOKED)),
            (":reason", json(&reason)),
        ],
    }
}

/// The same by the client whose grant it is: another one's stays as it is.
pub(super) fn revoke_by_client(id: &GrantId, client_id: &ClientId, step: Step) -> Update {
    let mut update = revoke(id, RevocationReason::ByClient, step);
    update.condition.push_str(" AND #client_id = :client");
    update.values.push((":client", text(client_id.as_str())));
    update
}

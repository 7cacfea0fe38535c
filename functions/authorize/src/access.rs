//! `/auth/access`: the user's page of apps with access, and the end of such an access (SMART 2.2 `management_endpoint`;
//! REVOKE-09 to REVOKE-11, DISC-21).
//!
//! Grants of one app for one patient are one entry, however often the user came. What ends, ends in the store by one
//! conditional write a grant, whose condition holds whose it is; the next refresh and the next FHIR read find it ended. A
//! grant that is another's and one that is not there get one answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use futures_util::future::try_join_all;
use http::{Response, StatusCode};
use smart_core::grant::{Active, Grant, Owner, RevocationReason, Until};
use smart_core::id::{ClientId, GrantId, PatientId};
use smart_core::instant::Instant;
use smart_core::ports::{MOST_OWN_GRANTS, Unavailable};
use smart_core::scope::Scopes;
use smart_core::token::ACCESS_LIFETIME;
use smart_web::response;

use crate::browser::{Browser, Form};
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::login::Door;
use crate::pages::{Access, AppAccess, Shared, Whose};
use crate::respond;
use crate::visit::Visit;
use crate::wording::{period, time};
use crate::{Authorize, Store, step};

/// The path of the page.
pub(crate) const PATH: &str = "/auth/access";

/// How many entries a page shows.
const PAGE: usize = 20;
/// How many grants are ended at once.
const AT_ONCE: usize = 25;

/// The page; for who is not signed in, the way there.
pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Call { now, browser, parameters }: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let visit = function.visit(browser.as_ref(), now).await?;
    let (Some(browser), Some(visit)) = (&browser, &visit) else {
        let browser = Browser::known_or_new(browser)?;
        let mut shown = function.first_page(&Door::to_access(), None, &browser, now).await?;
        browser.remember(&mut shown, &function.here);
        return Ok(shown);
    };
    let mut grants = function.store.own_grants(&visit.owner(), now).await?;
    let capped = grants.len() >= MOST_OWN_GRANTS;
    // An access token may outlive the refresh token that it came with.
    let lasts = |grant: &Grant| !(grant.lasts_until() + ACCESS_LIFETIME).has_passed(now);
    grants.retain(|grant| visit.stands_by(grant) && lasts(grant));
    let entries = entries(&grants);
    let offset = parameters.get("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0_usize);
    let mut apps = Vec::new();
    for entry in entries.iter().skip(offset).take(PAGE) {
        apps.push(function.app_access(entry, visit, now).await?);
    }
    let address = |offset: usize| format!("{PATH}?offset={offset}");
    let before = offset.min(entries.len());
    let next = offset.saturating_add(PAGE);
    // Said only where it is true, whoever made the address.
    let ended = parameters.get("ended").and_then(|id| id.parse::<GrantId>().ok());
    let page = Access {
        signed_in: visit.signed_in(browser),
        form_token: &browser.form_token(Form::Access),
        apps,
        ended: ended.is_some_and(|id| grants.iter().all(|grant| grant.id != id)),
        capped,
        previous: (before > 0).then(|| address(before.saturating_sub(PAGE))),
        next: (next < entries.len()).then(|| address(next)),
    };
    Ok(respond::page(StatusCode::OK, &page))
}

/// The end of the access that the form names.
pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let browser = call.browser_of(Form::Access)?;
    let Some(visit) = function.visit(Some(browser), call.now).await? else {
        return Ok(response::see_other(PATH));
    };
    if call.parameters.get("decision") != Some("revoke") {
        return Err(AuthorizeError::Field("decision"));
    }
    let named: Vec<&str> = call.parameters.all("grant").take(MOST_OWN_GRANTS).collect();
    if named.is_empty() {
        return Err(AuthorizeError::Field("grant"));
    }
    let ids: Vec<GrantId> = named.iter().filter_map(|id| id.parse().ok()).collect();
    let ended = function.end_own(&ids, &visit.owner(), RevocationReason::ByUser, call.now).await?;
    let Some(first) = ended.first() else { return Err(AuthorizeError::NoAccess) };
    Ok(response::see_other(&format!("{PATH}?ended={first}")))
}

/// The grants of one app for one patient.
type Entry<'a> = ((&'a ClientId, Option<&'a PatientId>), Vec<&'a Grant>);

impl<S: Store> Authorize<S> {
    /// What is shown of an entry.
    async fn app_access(
        &self,
        ((client_id, patient), grants): &Entry<'_>,
        visit: &Visit,
        now: Instant,
    ) -> Result<AppAccess, Unavailable> {
        let client = self.client(client_id, now).await?;
        let name = client.as_ref().map_or_else(|| client_id.to_string(), |client| client.client_name.clone());
        let active = || grants.iter().filter_map(|grant| grant.active());
        let scopes: Scopes = active().flat_map(|active| &active.granted.scopes).cloned().collect();
        Ok(AppAccess {
            name,
            is_stopped: client.is_none_or(|client| client.disabled),
            whose: match patient {
                Some(id) => self.whose(id, visit).await?,
                None => Whose::Nobody,
            },
            shared: Shared::of(&scopes.shortest()),
            since: active().filter_map(|active| active.since).min().map(time::day),
            last_used: active().filter_map(Active::last_used).max().map(|then| time::past(then, now)),
            lasts: lasts(grants, now),
            grants: grants.iter().map(|grant| grant.id.to_string()).collect(),
        })
    }

    /// Whose record it is; the name of a patient whom the user may no longer see is not told.
    async fn whose(&self, id: &PatientId, visit: &Visit) -> Result<Whose, Unavailable> {
        if visit.is_patient(id) {
            return Ok(Whose::User);
        }
        if !visit.patients().includes(id) {
            return Ok(Whose::OutOfReach);
        }
        Ok(self.store.patient(id).await?.map_or(Whose::OutOfReach, |patient| Whose::Patient(patient.name)))
    }

    /// Ends grants of this user, and says which of them.
    pub(crate) async fn end_own<'a>(
        &self,
        ids: &'a [GrantId],
        owner: &Owner,
        reason: RevocationReason,
        now: Instant,
    ) -> Result<Vec<&'a GrantId>, Unavailable> {
        let mut ended = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let writes = some.iter().map(async |id| {
                let done = self.store.revoke_own(id, owner, reason, step(now)?).await?;
                Ok::<_, Unavailable>(done.then_some(id))
            });
            ended.extend(try_join_all(writes).await?.into_iter().flatten());
        }
        for id in &ended {
            tracing::info!(target: "audit", event = "revoke", grant = %id, sub = %owner.sub, outcome = "revoked", why = ?reason);
        }
        Ok(ended)
    }
}

/// The grants by app and patient, the app that was used last first.
fn entries(grants: &[Grant]) -> Vec<Entry<'_>> {
    let mut by_app = BTreeMap::<_, Vec<&Grant>>::new();
    for grant in grants {
        let Some(active) = grant.active() else { continue };
        let patient = active.granted.context.patient.as_ref();
        by_app.entry((&grant.client_id, patient)).or_default().push(grant);
    }
    let last_used = |grant: &&Grant| grant.active().and_then(Active::last_used);
    let mut entries: Vec<Entry<'_>> = by_app.into_iter().collect();
    entries.sort_by_cached_key(|(_, grants)| std::cmp::Reverse(grants.iter().filter_map(last_used).max()));
    entries
}

/// Until when the longest of them lasts, and what makes it longer.
fn lasts(grants: &[&Grant], now: Instant) -> String {
    let Some(longest) = grants.iter().max_by_key(|grant| grant.lasts_until()) else { return String::new() };
    let until = time::until(longest.lasts_until(), now);
    let Some(refresh) = longest.active().and_then(|active| active.refresh.as_ref()) else { return until };
    let most = time::at_most(refresh.ends_at, now);
    let slides = period(refresh.policy.slides.as_secs());
    match refresh.policy.until {
        Until::SessionEnds { .. } => format!("while you are signed in here, {most}"),
        Until::Forever => format!("{until}; each use extends that to {slides} from then"),
        Until::After(_) => format!("{until}; each use extends that to {slides} from then, {most}"),
    }
}

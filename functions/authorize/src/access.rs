//! `/auth/access`: the user's page of apps with access, and the end of such an access (SMART 2.2 `management_endpoint`;
//! REVOKE-09 to REVOKE-11, DISC-21).
//!
//! Grants of one app for one patient are one entry, however often the user came. What ends, ends in the store by one
//! conditional write a grant, whose condition holds whose it is; the next refresh and the next FHIR read find it ended. A
//! grant that is another's and one that is not there get one answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use futures_util::future::try_join_all;
use http::{HeaderMap, Response, StatusCode};
use smart_core::grant::{Active, Grant, Owner, RevocationReason, Until};
use smart_core::id::{ClientId, GrantId, PatientId};
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::ports::{MOST_OWN_GRANTS, Unavailable};
use smart_core::scope::Scopes;
use smart_core::token::ACCESS_LIFETIME;
use smart_web::arrival::Arrival;
use smart_web::{form, response};

use crate::browser::{Browser, Form};
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

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let answer = async {
        let query = query.unwrap_or_default();
        let parameters = Parameters::parse(query.as_bytes()).map_err(form::FormError::from)?;
        function.apps(&headers, &parameters, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.end_access(&headers, &form, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

/// The grants of one app for one patient.
type Entry<'a> = ((&'a ClientId, Option<&'a PatientId>), Vec<&'a Grant>);

impl<S: Store> Authorize<S> {
    /// The page; for who is not signed in, the way there.
    async fn apps(
        &self,
        headers: &HeaderMap,
        parameters: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let browser = Browser::of(headers, &self.here);
        let visit = self.visit(browser.as_ref(), now).await?;
        let (Some(browser), Some(visit)) = (&browser, &visit) else {
            return self.first_page(&Door::to_access(), None, browser, now).await;
        };
        let mut grants = self.store.own_grants(&visit.owner(), now).await?;
        let capped = grants.len() >= MOST_OWN_GRANTS;
        // An access token may outlive the refresh token that it came with.
        grants.retain(|grant| !(grant.lasts_until() + ACCESS_LIFETIME).has_passed(now));
        let entries = entries(&grants);
        let offset = parameters.get("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0_usize);
        let mut apps = Vec::new();
        for entry in entries.iter().skip(offset).take(PAGE) {
            apps.push(self.app_access(entry, visit, now).await?);
        }
        let address = |offset: usize| format!("{PATH}?offset={offset}");
        let before = offset.min(entries.len());
        let next = offset.saturating_add(PAGE);
        // Said only where it is true, whoever made the address.
        let ended = parameters.get("ended").and_then(|id| id.parse::<GrantId>().ok());
        let page = Access {
            user_name: &visit.user.name,
            sign_out_token: &browser.form_token(Form::SignOut),
            form_token: &browser.form_token(Form::Access),
            apps,
            ended: ended.is_some_and(|id| grants.iter().all(|grant| grant.id != id)),
            capped,
            previous: (before > 0).then(|| address(before.saturating_sub(PAGE))),
            next: (next < entries.len()).then(|| address(next)),
        };
        Ok(respond::page(StatusCode::OK, &page))
    }

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

    async fn end_access(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let browser = Browser::of(headers, &self.here).ok_or(AuthorizeError::FormToken)?;
        if !browser.sent(Form::Access, form.get("form_token")) {
            return Err(AuthorizeError::FormToken);
        }
        let Some(visit) = self.visit(Some(&browser), now).await? else {
            return Ok(response::see_other(PATH));
        };
        if form.get("decision") != Some("revoke") {
            return Err(AuthorizeError::Field("decision"));
        }
        let named: Vec<&str> = form.all("grant").take(MOST_OWN_GRANTS).collect();
        if named.is_empty() {
            return Err(AuthorizeError::Field("grant"));
        }
        let ids: Vec<GrantId> = named.iter().filter_map(|id| id.parse().ok()).collect();
        let ended = self.end_own(&ids, &visit.owner(), RevocationReason::ByUser, now).await?;
        let Some(first) = ended.first() else { return Err(AuthorizeError::NoAccess) };
        Ok(response::see_other(&format!("{PATH}?ended={first}")))
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
            tracing::info!(target: "audit", event = "revocation", reason = ?reason, grant = %id, sub = %owner.sub);
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
        Until::Forever => format!("{until}; each use makes that {slides} from then"),
        Until::After(_) => format!("{until}; each use makes that {slides} from then, {most}"),
    }
}

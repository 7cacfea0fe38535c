//! Whether the user has to be asked, and the way on for a grant whose user is known.
//!
//! A client whose consent may be remembered ([`Client::may_be_remembered`]) is answered at once where a grant stands that was
//! given for the same patient and for as much (`smart_core::authorization::Before`). Nothing else is kept, so that taking the
//! access back makes the page come again; so do more scopes, and `prompt=consent`. An EHR's launch is one for its patient: what was
//! granted to a launch before answers it, and what was granted to the app alone does not, since `launch` is a scope of it.

use axum::body::Body;
use http::Response;
use smart_core::authorization::{Before, needs_encounter, needs_patient};
use smart_core::client::Client;
use smart_core::grant::{Grant, Request};
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;

use crate::authorize::next_page;
use crate::consent::Answer;
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::visit::Visit;
use crate::{Authorize, Store};

/// Whether a consent to such a request is remembered at all: the page says so. Which visit an app is told that asks for one by
/// itself is chosen each time.
pub(crate) fn may_come_back(client: &Client, request: &Request) -> bool {
    let is_chosen_anew = request.launch.is_none() && needs_encounter(&request.scopes);
    client.may_be_remembered(&request.redirect_uri) && !is_chosen_anew
}

impl<S: Store> Authorize<S> {
    /// Whether all that this grant would give was given before, to a client that need not be asked about again.
    pub(crate) async fn is_remembered(
        &self,
        grant: &Grant,
        client: &Client,
        visit: &Visit,
        now: Instant,
    ) -> Result<bool, Unavailable> {
        let Some(known) = grant.known() else { return Ok(false) };
        let (request, patient) = (&known.request, known.patient_in_context());
        let is_chosen = patient.is_some() || !needs_patient(&request.scopes);
        let in_reach = patient.is_none_or(|patient| visit.patients().includes(patient));
        if request.always_ask || !is_chosen || !in_reach || !may_come_back(client, request) {
            return Ok(false);
        }
        let mut grants = self.store.own_grants(&visit.owner(), now).await?;
        grants.retain(|grant| visit.stands_by(grant));
        let before = Before::of(&grants, &client.client_id, &visit.session.id, now);
        Ok(before.answers(&request.scopes, patient))
    }

    /// On to the page that comes next or, if there is nothing to ask, to the app.
    pub(crate) async fn go_on(
        &self,
        handle: PageHandle,
        grant: &Grant,
        client: &Client,
        visit: &Visit,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        if self.is_remembered(grant, client, visit, now).await? {
            self.answer_as_before(handle, grant, visit, now).await
        } else {
            Ok(next_page(grant, handle))
        }
    }

    /// The code for all that was asked.
    pub(crate) async fn answer_as_before(
        &self,
        handle: PageHandle,
        grant: &Grant,
        visit: &Visit,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Some(known) = grant.known() else { return Ok(next_page(grant, handle)) };
        let answer = Answer { scopes: known.request.scopes.clone(), outcome: "remembered" };
        self.issue(handle, grant, visit, answer, now).await
    }
}

//! Whether the user has to be asked, and the way on for a grant whose user is known.
//!
//! A client whose consent may be remembered ([`Client::may_be_remembered`]) is answered at once where a grant stands that was
//! given for the same patient and for as much (`smart_core::authorization::Before`). Nothing else is kept, so that taking the
//! access back makes the page come again; so do more scopes, and `prompt=consent`.

use axum::body::Body;
use http::Response;
use smart_core::authorization::{Before, needs_encounter, needs_patient};
use smart_core::client::Client;
use smart_core::grant::Grant;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::secret::Handle;

use crate::authorize::next_page;
use crate::consent::Answer;
use crate::error::AuthorizeError;
use crate::visit::Visit;
use crate::{Authorize, Store};

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
        let request = &known.request;
        // What an EHR opens, or is about one visit, is another matter each time.
        let alike = request.launch.is_none() && !needs_encounter(&request.scopes);
        let chosen = known.patient.is_some() || !needs_patient(&request.scopes);
        if request.always_ask || !alike || !chosen || !client.may_be_remembered(&request.redirect_uri) {
            return Ok(false);
        }
        let grants = self.store.own_grants(&visit.owner(), now).await?;
        let before = Before::of(&grants, &client.client_id, &visit.session.id, now);
        Ok(before.answers(&request.scopes, known.patient.as_ref()))
    }

    /// On to the page that comes next or, if there is nothing to ask, to the app.
    pub(crate) async fn go_on(
        &self,
        handle: Handle,
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
        handle: Handle,
        grant: &Grant,
        visit: &Visit,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Some(known) = grant.known() else { return Ok(next_page(grant, handle)) };
        let answer = Answer { scopes: known.request.scopes.clone(), outcome: "remembered" };
        self.issue(handle, grant, visit, answer, now).await
    }
}

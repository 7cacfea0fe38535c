//! Who is at a page of an authorization in progress, and what each such page shows of them.

use askama::Template;
use axum::body::Body;
use http::Response;
use smart_core::fhir::record::PatientSummary;
use smart_core::grant::{Grant, Known, Refusal, Stage};
use smart_core::instant::Instant;

use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::pages::{InProgress, PatientCard};
use crate::respond::page_to_app;
use crate::visit::Visit;
use crate::{Authorize, Store};

/// Somebody who is signed in, and an authorization that is known to their session.
pub(crate) struct Present {
    pub(crate) handle: PageHandle,
    pub(crate) browser: Browser,
    pub(crate) visit: Visit,
    pub(crate) grant: Grant,
}

impl Present {
    /// The authorization, as it is since they signed in.
    pub(crate) fn known(&self) -> Result<&Known, AuthorizeError> {
        self.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))
    }

    /// What a page says of where they are; its forms are about the authorization.
    pub(crate) fn at<'a>(&'a self, app: &'a str) -> InProgress<'a> {
        InProgress {
            app,
            signed_in: self.visit.signed_in(&self.browser),
            request: self.handle.reveal(),
            form_token: self.browser.form_token(Form::Request(self.handle)),
        }
    }

    /// A patient, as they know them.
    pub(crate) fn card<'a>(&self, patient: &'a PatientSummary) -> PatientCard<'a> {
        PatientCard {
            name: &patient.name,
            birth_date: patient.birth_date.as_deref(),
            identifier: patient.identifiers.first().map(String::as_str),
            is_user: self.visit.is_patient(&patient.id),
        }
    }

    /// The page, whose forms may end at the app that asks.
    pub(crate) fn page(&self, page: &impl Template) -> Result<Response<Body>, AuthorizeError> {
        Ok(page_to_app(page, &self.known()?.request.redirect_uri))
    }
}

impl<S: Store> Authorize<S> {
    /// Whoever is there; `None` if they have to sign in first.
    pub(crate) async fn present(
        &self,
        handle: PageHandle,
        browser: Option<Browser>,
        now: Instant,
    ) -> Result<Option<Present>, AuthorizeError> {
        let visit = self.visit(browser.as_ref(), now).await?;
        let grant = self.in_progress(handle, now).await?;
        let Some((browser, visit)) = browser.zip(visit) else { return Ok(None) };
        let is_theirs = matches!(&grant.stage, Stage::Known(known) if known.session == visit.session.id);
        Ok(is_theirs.then_some(Present { handle, browser, visit, grant }))
    }

    /// The grant, while nothing has been decided.
    pub(crate) async fn in_progress(
        &self,
        handle: PageHandle,
        now: Instant,
    ) -> Result<Grant, AuthorizeError> {
        let grant = self.store.grant(&handle.grant_id(), now).await?.ok_or(AuthorizeError::NoRequest)?;
        match grant.request() {
            Some(_) => Ok(grant),
            None => Err(AuthorizeError::Moved(Refusal::Stage)),
        }
    }

    /// The name that users see of the app that asks.
    pub(crate) async fn app_name(&self, grant: &Grant, now: Instant) -> Result<String, AuthorizeError> {
        Ok(self.enabled_client(&grant.client_id, now).await?.client_name.clone())
    }
}

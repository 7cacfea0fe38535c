//! `/auth/login`: who signs in (SEC-10, SEC-18).
//!
//! A wrong password and an unknown name get the same answer after the same work. A right one starts a new session, whose
//! cookie replaces the one before.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use smart_core::client::Client;
use smart_core::external::Provider;
use smart_core::grant::{Grant, IN_PROGRESS, Request, SignIn, Stage};
use smart_core::id::{PatientId, Username};
use smart_core::instant::Instant;
use smart_core::redirect::RedirectUri;
use smart_core::session::Session;
use smart_core::user::User;
use smart_web::peer::Peer;
use smart_web::response;
use tracing::field::display;

use crate::authorize::is_for;
use crate::browser::Browser;
use crate::call::Call;
use crate::destination::Destination;
use crate::error::AuthorizeError;
use crate::external::{Account, First, LOCAL, Remote};
use crate::page_handle::PageHandle;
use crate::pages::Asking;
use crate::respond;
use crate::throttle::{self, Attempt};
use crate::visit::Visit;
use crate::{Authorize, Store, access, pages, step, wording};

/// What somebody is shown who has to sign in; on to the provider that a link names.
pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let (door, waiting) = function.door_to(Destination::of(&call)?, call.now).await?;
    let grant = waiting.as_ref().map(|(_, grant)| grant);
    let browser = Browser::known_or_new(call.browser)?;
    let mut shown = match call.parameters.get("provider") {
        None => function.first_page(&door, grant, &browser, call.now).await?,
        Some(LOCAL) if function.ways.local_users() => sign_in_page(&door, &browser),
        Some(id) => {
            let remote = function.ways.remote(id).ok_or(AuthorizeError::Field("provider"))?;
            let account = Account::of(&call.parameters);
            function.go_to_provider(door.to, grant, remote, &browser, account, call.now).await?
        }
    };
    browser.remember(&mut shown, &function.here);
    Ok(shown)
}

/// The way to sign in that was chosen, or the user name and the password.
pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    peer: Peer,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let to = Destination::of(&call)?;
    let Ok(browser) = call.browser_of(to.form()) else {
        return function.signed_in_elsewhere(to, &call).await;
    };
    let (door, waiting) = function.door_to(to, call.now).await?;
    match call.parameters.get("provider") {
        // By a link of ours, so that the form for the password has its own, stricter policy.
        Some(LOCAL) if function.ways.local_users() => {
            Ok(response::see_other(&format!("{}&provider={LOCAL}", to.page())))
        }
        Some(id) => {
            let remote = function.ways.remote(id).ok_or(AuthorizeError::Field("provider"))?;
            let grant = waiting.as_ref().map(|(_, grant)| grant);
            function.go_to_provider(to, grant, remote, browser, Account::Any, call.now).await
        }
        None if !function.ways.local_users() => Err(AuthorizeError::Field("provider")),
        None => function.log_in(&door, waiting.as_ref(), peer, &call).await,
    }
}

/// Whether what a grant asks for may be answered by this user: where an EHR started the app, it may be for one alone.
fn is_for_the(grant: &Grant, user: &User) -> bool {
    grant.request().is_some_and(|request| is_for(request, &user.fhir_user))
}

/// Where a sign-in page stands: where it leads, and the app that waits there.
pub(crate) struct Door {
    to: Destination,
    app: Option<String>,
    /// Where the browser may go from here, if nothing more is to be asked.
    leads_out_to: Option<RedirectUri>,
    /// The user name that the app expects: written into the form.
    hint: String,
}

impl Door {
    /// Before an authorization that this app asked for.
    pub(crate) fn to_app(handle: PageHandle, client: &Client, request: Option<&Request>) -> Self {
        let uri = request.map(|request| &request.redirect_uri).filter(|uri| client.may_be_remembered(uri));
        Self {
            to: Destination::Authorization(handle),
            app: Some(client.client_name.clone()),
            leads_out_to: uri.cloned(),
            hint: request.and_then(|request| request.sign_in.login_hint.clone()).unwrap_or_default(),
        }
    }

    /// The authorization in progress, as forms carry it.
    fn request(&self) -> String {
        match self.to {
            Destination::Authorization(handle) => handle.reveal(),
            Destination::Access => String::new(),
        }
    }

    /// The app that waits, if one does.
    fn asking<'a>(&'a self, request: &'a str) -> Option<Asking<'a>> {
        self.app.as_deref().map(|app| Asking { app, request })
    }

    /// Before the page of apps.
    pub(crate) fn to_access() -> Self {
        Self { to: Destination::Access, app: None, leads_out_to: None, hint: String::new() }
    }
}

/// What a sign-in form is shown with.
struct Again<'a> {
    status: StatusCode,
    username: &'a str,
    message: Option<&'a str>,
}

impl<S: Store> Authorize<S> {
    /// The door to a destination, and the authorization that waits there, if one does.
    async fn door_to(
        &self,
        to: Destination,
        now: Instant,
    ) -> Result<(Door, Option<(PageHandle, Grant)>), AuthorizeError> {
        let Destination::Authorization(handle) = to else { return Ok((Door::to_access(), None)) };
        let grant = self.in_progress(handle, now).await?;
        let client = self.enabled_client(&grant.client_id, now).await?;
        Ok((Door::to_app(handle, &client, grant.request()), Some((handle, grant))))
    }

    /// Signs in whoever knows the password, in a browser whose form this is.
    async fn log_in(
        &self,
        door: &Door,
        waiting: Option<&(PageHandle, Grant)>,
        Peer(address): Peer,
        call: &Call,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Call { now, parameters: form, .. } = call;
        let browser = call.browser_of(door.to.form())?;
        let grant = waiting.map(|(_, grant)| display(&grant.id));
        let username = form.get("username").unwrap_or_default().trim();
        let again = |status, message| {
            let again = Again { status, username, message: Some(message) };
            sign_in_form(door, browser, &again)
        };
        if let Attempt::TooMany { until } = throttle::count(&self.store, username, address, *now).await? {
            let wait = until.since(*now).as_secs().max(1);
            let message = format!(
                "There were too many attempts. Wait {}, then try again.",
                wording::period(wait.next_multiple_of(60))
            );
            tracing::warn!(target: "audit", event = "sign-in", outcome = "throttled", grant);
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, &message);
            response.headers_mut().insert(RETRY_AFTER, wait.into());
            return Ok(response);
        }
        let Some(user) = self.checked(username, form.get("password").unwrap_or_default()).await? else {
            tracing::info!(target: "audit", event = "sign-in", outcome = "refused", grant);
            return Ok(again(StatusCode::UNAUTHORIZED, "The user name or the password is wrong."));
        };
        throttle::forget(&self.store, username).await?;
        if waiting.is_some_and(|(_, grant)| !is_for_the(grant, &user)) {
            tracing::info!(target: "audit", event = "sign-in", outcome = "another user", grant);
            let message = "The app was started for somebody else. Sign in as the user who started it.";
            return Ok(again(StatusCode::UNAUTHORIZED, message));
        }
        self.signed_in(waiting, browser, user, Some(*now), *now).await
    }

    /// The form of a browser that has another cookie by now: somebody signed in in another window meanwhile. If it is the user
    /// who is named here, and it was after the app had asked, the authorization goes on with that session: it is as good as
    /// signing in here, also where a new sign-in was asked for. Otherwise nothing is done, whatever the password.
    async fn signed_in_elsewhere(
        &self,
        to: Destination,
        call: &Call,
    ) -> Result<Response<Body>, AuthorizeError> {
        let now = call.now;
        let named = call.parameters.get("username").unwrap_or_default().trim();
        let visit = self.visit(call.browser.as_ref(), now).await?;
        let visit = visit.filter(|visit| visit.user.username.as_str() == named);
        let (Destination::Authorization(handle), Some(visit)) = (to, visit) else {
            return Err(AuthorizeError::FormToken);
        };
        let grant = self.in_progress(handle, now).await?;
        let asked_at = grant.expires_at - IN_PROGRESS;
        if !matches!(grant.stage, Stage::Requested(_)) || !visit.session.is_signed_in_since(asked_at) {
            return Err(AuthorizeError::FormToken);
        }
        // The EHR started the app for somebody else: they are asked to sign in.
        if !is_for_the(&grant, &visit.user) {
            return Err(AuthorizeError::FormToken);
        }
        let request = grant.request().ok_or(AuthorizeError::NoRequest)?;
        let patient = self.sole_patient(request, &visit).await?;
        self.goes_on(handle, &grant, patient, &visit, now).await
    }

    /// The user of that name, if the password is theirs and they are not disabled.
    async fn checked(&self, username: &str, password: &str) -> Result<Option<User>, AuthorizeError> {
        let user = match username.parse::<Username>() {
            Ok(username) => self.store.user(&username).await?.filter(|user| !user.disabled),
            Err(_) => None,
        };
        let hash = user.as_ref().and_then(|user| user.password.as_ref());
        let fits = self.passwords.verify(hash, password).await?;
        Ok(user.filter(|_| fits))
    }

    /// A new session in a browser with a new cookie; the session before, if there was one, ends. The authorization that waits
    /// for it, if one does, goes on. `auth_time` is when the user proved who they are: at a provider, that may be a while ago, or nobody may say.
    pub(crate) async fn signed_in(
        &self,
        waiting: Option<&(PageHandle, Grant)>,
        before: &Browser,
        user: User,
        auth_time: Option<Instant>,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let browser = before.signed_in()?;
        let secret = browser.session().ok_or(AuthorizeError::FormToken)?;
        let session = Session::start(secret.session_id(), user.username.clone(), user.credentials, now);
        let session = Session { auth_time, ..session };
        let visit = Visit { session, user };
        let patient = match waiting.and_then(|(_, grant)| grant.request()) {
            Some(request) => self.sole_patient(request, &visit).await?,
            None => None,
        };
        self.store.start_session(&visit.session).await?;
        if let Some(old) = before.session() {
            self.store.end_session(&old.session_id()).await?;
        }
        let grant = waiting.map(|(_, grant)| display(&grant.id));
        tracing::info!(target: "audit", event = "sign-in", outcome = "done", grant, sub = %visit.user.sub);
        let mut response = match waiting {
            Some((handle, grant)) => self.goes_on(*handle, grant, patient, &visit, now).await?,
            None => response::see_other(access::PATH),
        };
        browser.remember(&mut response, &self.here);
        Ok(response)
    }

    /// An authorization whose user is known now.
    async fn goes_on(
        &self,
        handle: PageHandle,
        grant: &Grant,
        patient: Option<PatientId>,
        visit: &Visit,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let sign_in = SignIn { session: visit.session.id.clone(), owner: visit.owner(), patient };
        let grant = self.store.sign_in(&grant.id, &sign_in, step(now)?).await?;
        let client = self.enabled_client(&grant.client_id, now).await?;
        self.go_on(handle, &grant, &client, visit, now).await
    }

    /// What is shown first to somebody who has to sign in. A new browser has to be told its cookie with it.
    pub(crate) async fn first_page(
        &self,
        door: &Door,
        grant: Option<&Grant>,
        browser: &Browser,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        match self.ways.first() {
            First::Password => Ok(sign_in_page(door, browser)),
            First::Provider(only) => {
                self.go_to_provider(door.to, grant, only, browser, Account::Any, now).await
            }
            First::Choice => Ok(self.choose_provider_page(door, browser)),
        }
    }

    /// The ways to sign in.
    fn choose_provider_page(&self, door: &Door, browser: &Browser) -> Response<Body> {
        let providers = || self.ways.remotes().iter().map(Remote::provider);
        let request = door.request();
        let page = pages::ChooseProvider {
            asking: door.asking(&request),
            form_token: &browser.form_token(door.to.form()),
            providers: providers().map(|provider| (provider.id.as_str(), provider.name.as_str())).collect(),
            local: self.ways.local_users(),
        };
        let loopback: Vec<String> = providers().filter_map(Provider::loopback_origin).collect();
        respond::page_to_providers(&page, &loopback)
    }
}

/// The form for a user name and a password.
fn sign_in_page(door: &Door, browser: &Browser) -> Response<Body> {
    sign_in_form(door, browser, &Again { status: StatusCode::OK, username: &door.hint, message: None })
}

fn sign_in_form(door: &Door, browser: &Browser, again: &Again<'_>) -> Response<Body> {
    let request = door.request();
    let page = pages::SignIn {
        asking: door.asking(&request),
        form_token: &browser.form_token(door.to.form()),
        username: again.username,
        message: again.message,
    };
    match &door.leads_out_to {
        Some(redirect_uri) => respond::page_to_app_with(again.status, &page, redirect_uri),
        None => respond::page(again.status, &page),
    }
}

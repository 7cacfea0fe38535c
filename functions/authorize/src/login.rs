//! `/auth/login`: who signs in (SEC-10, SEC-18).
//!
//! A wrong password and an unknown name get the same answer after the same work. A right one starts a new session, whose
//! cookie replaces the one before.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use smart_core::external::Provider;
use smart_core::grant::{Grant, SignIn};
use smart_core::id::Username;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::secret::Handle;
use smart_core::session::Session;
use smart_core::user::User;
use smart_web::arrival::Arrival;
use smart_web::form;
use smart_web::peer::Peer;
use smart_web::response;

use crate::authorize::{is_for, next_page};
use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::external::{Account, First, LOCAL, Remote};
use crate::respond;
use crate::throttle::{self, Attempt};
use crate::visit::Visit;
use crate::{Authorize, Store, pages, step, wording};

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let answer = function.login_page(&headers, &query.unwrap_or_default(), now).await;
    answer.unwrap_or_else(AuthorizeError::into_response)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.log_in(&headers, &form, peer, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

/// The authorization in progress that a form or link names.
pub(crate) fn request_of(parameters: &Parameters) -> Result<Handle, AuthorizeError> {
    parameters.get("request").and_then(|text| text.parse().ok()).ok_or(AuthorizeError::NoRequest)
}

/// What a sign-in form is shown with.
struct Again<'a> {
    status: StatusCode,
    username: &'a str,
    message: Option<&'a str>,
}

impl<S: Store> Authorize<S> {
    async fn login_page(
        &self,
        headers: &HeaderMap,
        query: &str,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let parameters = Parameters::parse(query.as_bytes()).map_err(form::FormError::from)?;
        let handle = request_of(&parameters)?;
        let grant = self.in_progress(handle, now).await?;
        let app = self.app_name(&grant, now).await?;
        let browser = Browser::of(headers, &self.here);
        match parameters.get("provider") {
            None => self.first_page(handle, &grant, &app, browser, now).await,
            Some(LOCAL) if self.ways.local_users() => self.sign_in_page(handle, &grant, &app, browser),
            Some(id) => {
                let remote = self.ways.remote(id).ok_or(AuthorizeError::Field("provider"))?;
                self.go_to_provider(handle, &grant, remote, browser, Account::of(&parameters), now).await
            }
        }
    }

    async fn log_in(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
        Peer(address): Peer,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let handle = request_of(form)?;
        let browser = Browser::of(headers, &self.here).ok_or(AuthorizeError::FormToken)?;
        if !browser.sent(Form::Request(handle), form.get("form_token")) {
            return Err(AuthorizeError::FormToken);
        }
        let grant = self.in_progress(handle, now).await?;
        let app = self.app_name(&grant, now).await?;
        match form.get("provider") {
            // By a link of ours, so that the form for the password has its own, stricter policy.
            Some(LOCAL) if self.ways.local_users() => {
                let request = handle.reveal();
                return Ok(response::see_other(&format!("/auth/login?request={request}&provider={LOCAL}")));
            }
            Some(id) => {
                let remote = self.ways.remote(id).ok_or(AuthorizeError::Field("provider"))?;
                return self.go_to_provider(handle, &grant, remote, Some(browser), Account::Any, now).await;
            }
            None if !self.ways.local_users() => return Err(AuthorizeError::Field("provider")),
            None => {}
        }
        let username = form.get("username").unwrap_or_default().trim();
        let again = |status, message| {
            let again = Again { status, username, message: Some(message) };
            sign_in_form(handle, &app, &browser, &again)
        };
        if let Attempt::TooMany { until } = throttle::count(&self.store, username, address, now).await? {
            let wait = until.since(now).as_secs().max(1);
            let message = format!(
                "There were too many attempts. Wait {}, then try again.",
                wording::period(wait.next_multiple_of(60))
            );
            tracing::warn!(target: "audit", event = "sign-in", outcome = "throttled", grant = %grant.id);
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, &message);
            response.headers_mut().insert(RETRY_AFTER, wait.into());
            return Ok(response);
        }
        let Some(user) = self.checked(username, form.get("password").unwrap_or_default()).await? else {
            tracing::info!(target: "audit", event = "sign-in", outcome = "refused", grant = %grant.id);
            return Ok(again(StatusCode::UNAUTHORIZED, "The user name or the password is wrong."));
        };
        throttle::forget(&self.store, username).await?;
        if !grant.request().is_some_and(|request| is_for(request, &user.fhir_user)) {
            tracing::info!(target: "audit", event = "sign-in", outcome = "another user", grant = %grant.id);
            let message = "The app was started for somebody else. Sign in as the user who started it.";
            return Ok(again(StatusCode::UNAUTHORIZED, message));
        }
        self.signed_in(handle, &grant, &browser, user, now, now).await
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

    /// A new session in a browser with a new cookie; the session before, if there was one, ends. `auth_time` is when the user
    /// proved who they are: at a provider, that may be a while ago.
    pub(crate) async fn signed_in(
        &self,
        handle: Handle,
        grant: &Grant,
        before: &Browser,
        user: User,
        auth_time: Instant,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let browser = Browser::signed_in()?;
        let secret = browser.session().ok_or(AuthorizeError::FormToken)?;
        let session =
            Session { auth_time, ..Session::start(secret.session_id(), user.username.clone(), now) };
        let visit = Visit { session, user };
        let request = grant.request().ok_or(AuthorizeError::NoRequest)?;
        let patient = self.sole_patient(request, &visit).await?;
        self.store.start_session(&visit.session).await?;
        if let Some(old) = before.session() {
            self.store.end_session(&old.session_id()).await?;
        }
        let sign_in = SignIn { session: visit.session.id.clone(), owner: visit.owner(), patient };
        let grant = self.store.sign_in(&grant.id, &sign_in, step(now)?).await?;
        tracing::info!(target: "audit", event = "sign-in", outcome = "done", grant = %grant.id, sub = %visit.user.sub);
        let mut response = next_page(&grant, handle);
        browser.remember(&mut response, &self.here);
        Ok(response)
    }

    /// The grant, while nothing has been decided.
    pub(crate) async fn in_progress(&self, handle: Handle, now: Instant) -> Result<Grant, AuthorizeError> {
        let grant = self.store.grant(&handle.grant_id(), now).await?.ok_or(AuthorizeError::NoRequest)?;
        match grant.request() {
            Some(_) => Ok(grant),
            None => Err(AuthorizeError::Moved(smart_core::grant::Refusal::Stage)),
        }
    }

    /// The name that users see of the app that asks.
    pub(crate) async fn app_name(&self, grant: &Grant, now: Instant) -> Result<String, AuthorizeError> {
        let client = self.client(&grant.client_id, now).await?;
        let client = client.filter(|client| !client.disabled).ok_or(AuthorizeError::NoRequest)?;
        Ok(client.client_name.clone())
    }

    /// What is shown first to somebody who has to sign in.
    pub(crate) async fn first_page(
        &self,
        handle: Handle,
        grant: &Grant,
        app: &str,
        browser: Option<Browser>,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        match self.ways.first() {
            First::Password => self.sign_in_page(handle, grant, app, browser),
            First::Provider(only) => {
                self.go_to_provider(handle, grant, only, browser, Account::Any, now).await
            }
            First::Choice => self.choose_provider_page(handle, app, browser),
        }
    }

    /// The ways to sign in, in a browser that has a cookie from then on.
    fn choose_provider_page(
        &self,
        handle: Handle,
        app: &str,
        browser: Option<Browser>,
    ) -> Result<Response<Body>, AuthorizeError> {
        let known = browser.is_some();
        let browser = browser.map_or_else(Browser::anonymous, Ok)?;
        let providers = || self.ways.remotes().iter().map(Remote::provider);
        let page = pages::ChooseProvider {
            app,
            request: &handle.reveal(),
            form_token: &browser.form_token(Form::Request(handle)),
            providers: providers().map(|provider| (provider.id.as_str(), provider.name.as_str())).collect(),
            local: self.ways.local_users(),
        };
        let loopback: Vec<String> = providers().filter_map(Provider::loopback_origin).collect();
        let mut response = respond::page_to_providers(&page, &loopback);
        if !known {
            browser.remember(&mut response, &self.here);
        }
        Ok(response)
    }

    /// The form for a user name and a password, in a browser that has a cookie from then on.
    fn sign_in_page(
        &self,
        handle: Handle,
        grant: &Grant,
        app: &str,
        browser: Option<Browser>,
    ) -> Result<Response<Body>, AuthorizeError> {
        let hint = grant.request().and_then(|request| request.sign_in.login_hint.as_deref());
        let again = Again { status: StatusCode::OK, username: hint.unwrap_or_default(), message: None };
        if let Some(known) = browser {
            return Ok(sign_in_form(handle, app, &known, &again));
        }
        let new = Browser::anonymous()?;
        let mut response = sign_in_form(handle, app, &new, &again);
        new.remember(&mut response, &self.here);
        Ok(response)
    }
}

fn sign_in_form(handle: Handle, app: &str, browser: &Browser, again: &Again<'_>) -> Response<Body> {
    let page = pages::SignIn {
        app,
        request: &handle.reveal(),
        form_token: &browser.form_token(Form::Request(handle)),
        username: again.username,
        message: again.message,
    };
    respond::page(again.status, &page)
}

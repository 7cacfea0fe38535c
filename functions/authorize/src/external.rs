//! Sign-in at an identity provider: the way there, the way back, and what is kept meanwhile, which is nothing.
//!
//! A browser is sent to the provider with a state that only this browser can bring back: what it says (whose authorization, which
//! provider, since when) is sealed with a key that follows from the browser's cookie, and so are the nonce and the PKCE verifier derived
//! from both. So nothing has to be stored before somebody has signed in, no secret leaves the browser's cookie, a state of another browser
//! cannot be opened (login CSRF), and one that is opened names the one provider whose answer it may carry (mix-up). That it is used once
//! is one conditional write, of its digest, at the way back.
//!
//! | file | decides |
//! |---|---|
//! | `state` | what a browser brings back, and that it is the same browser |
//! | `callback` | `/auth/callback`: whether an answer is believed, and who signed in |
//! | `remote` | what is asked of a provider, and how long its answers are good |
//! | `kept` | who asks for what is remembered, and who waits |
//! | `fault` | which page says what went wrong |
//!
//! Who a person is here is one record of the `Users` port, as for everybody else: registered by the operator under issuer and
//! subject or, where the provider is trusted with it, written at each sign-in as its claims say (`Enrolments`). A refresh and a read
//! ask that record, not the provider: they need no second path, and what an operator disables is disabled. What claims took away
//! counts from the next sign-in on, wherever it is, and the record says until when it is believed without one.

pub(crate) mod callback;
pub(crate) mod fault;
mod kept;
mod remote;
mod state;

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use http::Response;
use smart_core::deployment::PublicUrl;
use smart_core::external::{Asked, Provider, Web};
use smart_core::grant::{Grant, SignInWish};
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_web::{random, response};

use self::fault::{ExternalError, ExternalFault};
pub(crate) use self::remote::Remote;
use self::state::State;
use crate::browser::Browser;
use crate::destination::Destination;
use crate::error::AuthorizeError;
use crate::{Authorize, Store};

/// Where providers send browsers back to.
pub(crate) const CALLBACK: &str = "/auth/callback";

/// The secret of a client at its provider. Redacted in `Debug`.
pub struct ClientSecret(String);

impl ClientSecret {
    /// Takes the secret from where it is kept.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The ways to sign in here.
pub struct SignInWays {
    remotes: Vec<Remote>,
    local_users: bool,
}

/// What a browser is shown first that nobody is signed in with.
pub(crate) enum First<'a> {
    /// The form for a user name and a password.
    Password,
    /// Nothing: there is one provider, and no other way.
    Provider(&'a Remote),
    /// The ways to choose from.
    Choice,
}

/// Which account of a provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The one that it takes.
    Any,
    /// Another one: people who turned out to be nobody here may have it.
    Other,
}

impl Account {
    /// Of a link of ours.
    pub(crate) fn of(parameters: &Parameters) -> Self {
        if parameters.get("account") == Some("other") { Self::Other } else { Self::Any }
    }
}

/// What the chooser calls the sign-in with a password of ours.
pub(crate) const LOCAL: &str = "local";

impl SignInWays {
    /// With a password of ours alone.
    pub fn local() -> Self {
        Self { remotes: Vec::new(), local_users: true }
    }

    /// At `providers`, asked by `web`, each with its secret if it has one, and with a password of ours if `local_users`.
    pub fn new(
        providers: Vec<(Provider, Option<ClientSecret>)>,
        local_users: bool,
        web: &Arc<dyn Web>,
        here: &PublicUrl,
    ) -> Self {
        let remote = |(provider, secret)| Remote::new(provider, secret, Arc::clone(web), here.deployment());
        Self { remotes: providers.into_iter().map(remote).collect(), local_users }
    }

    /// Whether users of ours may sign in with a password.
    pub(crate) fn local_users(&self) -> bool {
        self.local_users
    }

    /// The providers, in the order to show.
    pub(crate) fn remotes(&self) -> &[Remote] {
        &self.remotes
    }

    /// The provider of that id.
    pub(crate) fn remote(&self, id: &str) -> Option<&Remote> {
        self.remotes.iter().find(|remote| remote.provider().id.as_str() == id)
    }

    pub(crate) fn first(&self) -> First<'_> {
        match self.remotes.as_slice() {
            [] => First::Password,
            [only] if !self.local_users => First::Provider(only),
            _ => First::Choice,
        }
    }
}

impl<S: Store> Authorize<S> {
    /// Sends the browser to a provider. `account` says whether it is to be another one than the
    /// provider would take by itself; so it is where somebody signed out.
    pub(crate) async fn go_to_provider(
        &self,
        to: Destination,
        grant: Option<&Grant>,
        remote: &Remote,
        browser: &Browser,
        account: Account,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let wished = wish_of(grant)?;
        let metadata = remote.metadata(now).await;
        let metadata = metadata
            .map_err(|fault| ExternalError::at(remote.provider(), to, ExternalFault::Remote(fault)))?;
        let state = State { to, provider: remote.provider().id.clone(), asked_at: now };
        let state = state.seal(browser, random::bytes()?).ok_or(AuthorizeError::NoRequest)?;
        let (nonce, verifier) = (state::nonce(browser, &state), state::verifier(browser, &state));
        let redirect_uri = self.here.endpoint(CALLBACK);
        let asked = Asked { redirect_uri: &redirect_uri, state: &state, nonce: &nonce, verifier: &verifier };
        let anew = wished.anew || account == Account::Other || browser.was_left();
        let wish = SignInWish { anew, ..wished };
        let location = asked.location(remote.provider(), &metadata, &wish);
        Ok(response::see_other(&location))
    }
}

/// How the app that waits wants the user to sign in; for the page of apps nobody wants anything.
fn wish_of(grant: Option<&Grant>) -> Result<SignInWish, AuthorizeError> {
    let Some(grant) = grant else { return Ok(SignInWish::default()) };
    grant.request().map(|request| request.sign_in.clone()).ok_or(AuthorizeError::NoRequest)
}

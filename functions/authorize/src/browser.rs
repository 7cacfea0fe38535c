//! The browser: its one cookie, and the token that ties a form to it (AUTHZ-27, SEC-10).
//!
//! The cookie holds twice 256 random bits, and whether somebody signed in with it. The first are made anew at each sign-in, so
//! that nobody can plant a session (session fixation). A form's token is derived from them and from what the form is about, so that it
//! is good in this browser and for this form alone, and says nothing of the bits. The others stay: by
//! them an authorization that began before a sign-in goes on after it ([`page_handle`](crate::page_handle)), in each tab.

use axum::body::Body;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};
use smart_core::deployment::PublicUrl;
use smart_core::ports::Unavailable;
use smart_core::secret::{Digest, Op, Secret};
use smart_web::random;

use crate::embedding::ON_OUR_SITE;
use crate::page_handle::PageHandle;

/// What the cookie of a request holds.
#[derive(Debug)]
pub(crate) struct Browser {
    secret: Secret,
    lasting: Secret,
    signed_in: bool,
    signed_out: bool,
    /// Whether it has yet to be told its cookie.
    is_new: bool,
}

/// What begins the value of a browser in which somebody signed in, and of one in which nobody has.
const SIGNED_IN: &str = "s.";
const ANONYMOUS: &str = "a.";
/// And of one in which somebody signed out: a provider is to ask who is there now.
const SIGNED_OUT: &str = "o.";

/// What a form is about.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// An authorization in progress.
    Request(PageHandle),
    /// An authorization as it was shown: after a change it has to be shown again.
    Shown(PageHandle, Op),
    /// The sign-in on the way to the page of apps.
    SignIn,
    /// The page of apps.
    Access,
    /// The end of the session.
    SignOut,
}

impl Browser {
    /// A browser that nobody signed in with.
    pub(crate) fn anonymous() -> Result<Self, Unavailable> {
        let (secret, lasting) = (Secret::new(random::bytes()?), Secret::new(random::bytes()?));
        Ok(Self { secret, lasting, signed_in: false, signed_out: false, is_new: true })
    }

    /// The same browser, in which somebody just signed in.
    pub(crate) fn signed_in(&self) -> Result<Self, Unavailable> {
        Ok(Self { lasting: self.lasting.clone(), signed_in: true, ..Self::anonymous()? })
    }

    /// The same browser, in which somebody just signed out: perhaps to sign in with another account.
    pub(crate) fn signed_out(&self) -> Result<Self, Unavailable> {
        Ok(Self { lasting: self.lasting.clone(), signed_out: true, ..Self::anonymous()? })
    }

    /// The browser that sent a request or, where it has no cookie of ours, a new one.
    pub(crate) fn known_or_new(known: Option<Self>) -> Result<Self, Unavailable> {
        known.map_or_else(Self::anonymous, Ok)
    }

    /// The browser that sent a request, if it has our cookie.
    pub(crate) fn of(headers: &HeaderMap, here: &PublicUrl) -> Option<Self> {
        let name = cookie_name(here);
        let pairs = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut values = pairs
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name));
        values.find_map(|(_, value)| Self::parse(value))
    }

    fn parse(value: &str) -> Option<Self> {
        let kinds = [(SIGNED_IN, true, false), (ANONYMOUS, false, false), (SIGNED_OUT, false, true)];
        kinds.into_iter().find_map(|(prefix, signed_in, signed_out)| {
            let (secret, lasting) = value.strip_prefix(prefix)?.split_once('.')?;
            let (secret, lasting) = (secret.parse().ok()?, lasting.parse().ok()?);
            Some(Self { secret, lasting, signed_in, signed_out, is_new: false })
        })
    }

    /// The session's secret, if somebody signed in.
    pub(crate) fn session(&self) -> Option<&Secret> {
        self.signed_in.then_some(&self.secret)
    }

    /// Whether somebody signed out here, and nobody has signed in since.
    pub(crate) fn was_left(&self) -> bool {
        self.signed_out
    }

    /// Sets the cookie of a new browser with an answer. It ends with the browser: how long the session lives is the server's to say.
    pub(crate) fn remember(&self, response: &mut Response<Body>, here: &PublicUrl) {
        if !self.is_new {
            return;
        }
        let prefix = match (self.signed_in, self.signed_out) {
            (true, _) => SIGNED_IN,
            (false, true) => SIGNED_OUT,
            (false, false) => ANONYMOUS,
        };
        let value = format!("{prefix}{}.{}", self.secret.reveal(), self.lasting.reveal());
        set_cookie(response, here, &value);
    }

    /// The token of a form.
    pub(crate) fn form_token(&self, form: Form) -> String {
        self.token(form).to_string()
    }

    /// Whether what was sent is the token of this form, in this browser. Compared in constant time.
    pub(crate) fn sent(&self, form: Form, token: Option<&str>) -> bool {
        token.and_then(|token| token.parse::<Digest>().ok()).is_some_and(|token| token == self.token(form))
    }

    /// A key for one purpose, which nobody has who has not this browser's cookie.
    pub(crate) fn key(&self, purpose: &str) -> Digest {
        self.secret.derive(purpose.as_bytes())
    }

    /// The same, whoever signs in and out meanwhile.
    pub(crate) fn lasting_key(&self, purpose: &str) -> Digest {
        self.lasting.derive(purpose.as_bytes())
    }

    fn token(&self, form: Form) -> Digest {
        let about = match form {
            Form::Request(handle) => format!("form request {}", handle.reveal()),
            Form::Shown(handle, op) => format!("form shown {} {}", handle.reveal(), op.as_digest()),
            Form::SignIn => "form sign-in".to_owned(),
            Form::Access => "form access".to_owned(),
            Form::SignOut => "form sign-out".to_owned(),
        };
        self.secret.derive(about.as_bytes())
    }
}

/// `__Host-`: set by this very host, over TLS, for all its paths. Plain http on loopback cannot have it.
fn cookie_name(here: &PublicUrl) -> &'static str {
    if here.is_loopback() { "smart-session" } else { "__Host-smart-session" }
}

fn set_cookie(response: &mut Response<Body>, here: &PublicUrl, value: &str) {
    let secure = if here.is_loopback() { "" } else { "; Secure" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; {ON_OUR_SITE}{secure}", cookie_name(here));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

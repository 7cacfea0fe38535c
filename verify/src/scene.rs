//! What every flow has at hand: the server's documents, the seed, an HTTP client, and somebody who is signed in already.

use tokio::sync::{Mutex, MutexGuard};
use url::Url;

use crate::app::App;
use crate::browser::Browser;
use crate::documents::Documents;
use crate::http::Http;
use crate::outcome::{Step, Untrue, refused};
use crate::publisher::Publisher;
use crate::seed::records::ALICE;
use crate::seed::{Seed, User, client, user};

/// The place of the flows.
pub(crate) struct Scene {
    pub(crate) http: Http,
    pub(crate) documents: Documents,
    pub(crate) seed: Seed,
    /// Where the keys of the client with a `jwks_uri` are, if the seed has one.
    pub(crate) publisher: Option<Publisher>,
    /// A token that lets register clients, if the operator gave one.
    pub(crate) initial_access_token: Option<String>,
}

/// The clinician's browser. Sign-ins are counted by servers, so that there is one for all flows that need no other.
pub(crate) struct Clinician<'s>(Mutex<Browser<'s>>);

impl<'s> Clinician<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Step<Self> {
        Ok(Self(Mutex::new(scene.browser_of(user::CLINICIAN)?)))
    }

    /// The browser, with Alice in mind.
    pub(crate) async fn browser(&self) -> MutexGuard<'_, Browser<'s>> {
        let mut browser = self.0.lock().await;
        ALICE.clone_into(&mut browser.patient);
        browser
    }
}

impl Scene {
    /// A client of the seed.
    pub(crate) fn app(&self, id: &str) -> Step<App<'_>> {
        match self.seed.client(id) {
            Some(client) => Ok(App { scene: self, client }),
            None => refused(format!("clients.json of the seed has no {id}")),
        }
    }

    /// The public app.
    pub(crate) fn public(&self) -> Step<App<'_>> {
        self.app(client::PUBLIC)
    }

    /// A browser that nobody used before, with a user of the seed before it.
    pub(crate) fn browser_of(&self, username: &str) -> Step<Browser<'_>> {
        Ok(Browser::new(&self.http, self.user(username)?, ALICE))
    }

    pub(crate) fn user(&self, username: &str) -> Step<&User> {
        let unclear = || Untrue::Unclear(format!("users.json of the seed has no {username}"));
        self.seed.user(username).ok_or_else(unclear)
    }

    pub(crate) fn endpoint(&self, field: &str) -> Step<Url> {
        match self.documents.endpoint(field) {
            Some(url) => Ok(url),
            None => refused(format!("{field} is no URL")),
        }
    }

    /// The FHIR base with a path behind it.
    pub(crate) fn fhir(&self, path: &str) -> Step<Url> {
        match self.documents.fhir(path) {
            Some(url) => Ok(url),
            None => refused(format!("{path} makes no URL")),
        }
    }
}

//! The authorize function: the user's way from an authorization request to a code.
//!
//! A request is read and its client found before anything is stored (`authorize`); then the user signs in (`login`),
//! chooses a patient if one is needed (`patient`) and decides (`consent`). Each step is one conditional write of the grant
//! in the store, made by the browser session that the grant is known to. Pages are plain HTML (`pages`); what a form sends
//! counts only with the token that the page carried (`browser`).
//!
//! | file | decides |
//! |---|---|
//! | `authorize` | whether a request can be answered, and which page comes first |
//! | `login` | who signs in; `throttle` and `passwords` how often and how |
//! | `external` | who signs in at an identity provider |
//! | `patient` | which patients are offered, and that no other is chosen |
//! | `encounter` | the same of a patient's encounters, where an app asks for one |
//! | `launch` | what an EHR may open an app with |
//! | `consent` | what the answer grants, and the redirect to the app |
//! | `remembered` | whether the user has to be asked at all |
//! | `access` | which apps have access, and the end of it |
//! | `destination` | where a sign-in leads |
//! | `sign_out` | the end of the browser session, and of the access that was bound to it |
//! | `embedding` | who may embed the pages |
//! | `browser` | the session cookie, and the token of each form |
//! | `page_step` | which page is due |
//! | `page_handle` | which authorization an address names, in which browser |
//! | `call` | what every handler is given of a request |
//! | `visit` | who sits there: the session and its user, as they are now |
//! | `present` | who sits at a page of an authorization in progress |
//! | `error` | which page says what went wrong |
//! | `pages`, `wording` | what the pages show |

mod access;
mod authorize;
mod browser;
mod call;
mod consent;
mod destination;
mod embedding;
mod encounter;
mod error;
mod external;
mod launch;
mod login;
mod page_handle;
mod page_step;
mod pages;
mod passwords;
mod patient;
mod present;
mod remembered;
mod respond;
mod sign_out;
#[cfg(test)]
mod tests;
mod throttle;
mod visit;
mod wording;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use smart_core::client::Client;
use smart_core::deployment::{EhrOrigins, PublicUrl};
use smart_core::id::ClientId;
use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Clients, Enrolments, Launches, Patients, PublicKeys, Replay, RevokedTokens, SignIns,
    Step, Throttle, Unavailable, UserGrants, Users,
};
use smart_core::secret::Op;
use smart_web::cached::Cached;
use smart_web::{fallback, random};

use self::error::AuthorizeError;
pub use self::external::{ClientSecret, SignInWays};
use self::launch::Ehrs;
pub use self::launch::{LaunchMade, make_launch};
use self::passwords::Passwords;

/// Where EHRs make launches.
const LAUNCH: &str = "/auth/launch";

/// The ports that this function needs of a store: it sees of resources only what the pickers show.
pub trait Store:
    Clients
    + Users
    + Enrolments
    + SignIns
    + Throttle
    + Replay
    + Authorizations
    + UserGrants
    + Launches
    + RevokedTokens
    + Patients
    + 'static
{
}

impl<T> Store for T where
    T: Clients
        + Users
        + Enrolments
        + SignIns
        + Throttle
        + Replay
        + Authorizations
        + UserGrants
        + Launches
        + RevokedTokens
        + Patients
        + 'static
{
}

/// Where this function is, and who else has a part in its pages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is.
    pub here: PublicUrl,
    /// The EHRs that may embed the pages.
    pub ehr_origins: EhrOrigins,
}

impl From<PublicUrl> for Settings {
    /// No page is embedded anywhere.
    fn from(here: PublicUrl) -> Self {
        Self { here, ehr_origins: EhrOrigins::default() }
    }
}

/// The routes of the user's way: `/auth/authorize`, `/auth/login`, `/auth/callback`, `/auth/patient`, `/auth/encounter`,
/// `/auth/consent`; of their own page: `/auth/access`, `/auth/sign-out`; and of the EHR: `/auth/launch`. `keys` are those that sign
/// access tokens: it signs nothing itself. Users sign in with a password.
pub fn router<S: Store, K: PublicKeys + 'static>(store: S, keys: K, settings: impl Into<Settings>) -> Router {
    router_with(store, keys, settings, SignInWays::local())
}

/// The same, with the ways to sign in that are given.
pub fn router_with<S: Store, K: PublicKeys + 'static>(
    store: S,
    keys: K,
    settings: impl Into<Settings>,
    ways: SignInWays,
) -> Router {
    let Settings { here, ehr_origins } = settings.into();
    let ehrs = Ehrs::new(keys, &here);
    let function = Arc::new(Authorize {
        store,
        here: here.clone(),
        ways,
        clients: Cached::new(),
        passwords: Passwords::new(),
    });
    let launch = Router::new()
        .route(LAUNCH, post(launch::create::<S, K>).fallback(|| fallback::allowing("POST")))
        .with_state(Arc::new(launch::Launches { function: Arc::clone(&function), ehrs }));
    // `get` would answer HEAD too, and a request begins something.
    let authorize = get(authorize::page::<S>)
        .post(authorize::page::<S>)
        .head(|| fallback::allowing("GET, POST"))
        .fallback(|| fallback::allowing("GET, POST"));
    // Nor by HEAD: an answer of a provider is used once.
    let callback = get(external::callback::page::<S>)
        .head(|| fallback::allowing("GET"))
        .fallback(|| fallback::allowing("GET"));
    let pages = Router::new()
        .route("/auth/authorize", authorize)
        .route("/auth/login", get(login::page::<S>).post(login::submit::<S>))
        .route("/auth/callback", callback)
        .route("/auth/patient", get(patient::page::<S>).post(patient::submit::<S>))
        .route("/auth/encounter", get(encounter::page::<S>).post(encounter::submit::<S>))
        .route("/auth/consent", get(consent::page::<S>).post(consent::submit::<S>))
        .route("/auth/access", get(access::page::<S>).post(access::submit::<S>))
        .route("/auth/sign-out", get(sign_out::page::<S>).post(sign_out::submit::<S>))
        .with_state(function);
    embedding::layer(pages, &ehr_origins, &here).merge(launch)
}

/// The function: its store, where it is, and what it remembers.
struct Authorize<S> {
    store: S,
    here: PublicUrl,
    ways: SignInWays,
    clients: Cached<ClientId, Arc<Client>>,
    passwords: Passwords,
}

impl<S: Store> Authorize<S> {
    /// A client, at most a minute old.
    async fn client(&self, id: &ClientId, now: Instant) -> Result<Option<Arc<Client>>, Unavailable> {
        let fetch = async { Ok(self.store.client(id).await?.map(Arc::new)) };
        self.clients.get_or(id, now, fetch).await
    }

    /// A client that may go on, at most a minute old.
    async fn enabled_client(&self, id: &ClientId, now: Instant) -> Result<Arc<Client>, AuthorizeError> {
        let client = self.client(id, now).await?;
        client.filter(|client| !client.disabled).ok_or(AuthorizeError::ClientStopped)
    }
}

/// A write of its own name, at the instant of the request.
fn step(now: Instant) -> Result<Step, Unavailable> {
    Ok(Step { now, op: Op::new(random::bytes()?) })
}

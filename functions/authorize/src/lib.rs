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
//! | `consent` | what the answer grants, and the redirect to the app |
//! | `sign_out` | the end of the browser session |
//! | `browser` | the session cookie, and the token of each form |
//! | `visit` | who sits there: the session and its user, as they are now |
//! | `error` | which page says what went wrong |
//! | `pages`, `wording` | what the pages show |

mod authorize;
mod browser;
mod consent;
mod error;
mod external;
mod login;
mod pages;
mod passwords;
mod patient;
mod respond;
mod sign_out;
#[cfg(test)]
mod tests;
mod throttle;
mod visit;
mod wording;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use smart_core::client::Client;
use smart_core::deployment::PublicUrl;
use smart_core::id::ClientId;
use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Clients, Enrolments, Patients, Replay, SignIns, Step, Throttle, Unavailable, Users,
};
use smart_core::secret::Op;
use smart_web::cached::Cached;
use smart_web::random;

pub use self::external::{ClientSecret, SignInWays};
use self::passwords::Passwords;

/// The ports that this function needs: it sees of resources only what the patient picker shows, and it signs nothing.
pub trait Store:
    Clients + Users + Enrolments + SignIns + Throttle + Replay + Authorizations + Patients + 'static
{
}

impl<T> Store for T where
    T: Clients + Users + Enrolments + SignIns + Throttle + Replay + Authorizations + Patients + 'static
{
}

/// The routes of the user's way, for users who sign in with a password.
pub fn router<S: Store>(store: S, here: PublicUrl) -> Router {
    router_with(store, here, SignInWays::local())
}

/// The same, with the ways to sign in that are given.
pub fn router_with<S: Store>(store: S, here: PublicUrl, ways: SignInWays) -> Router {
    let function =
        Arc::new(Authorize { store, here, ways, clients: Cached::new(), passwords: Passwords::new() });
    // `get` would answer HEAD too, and a request begins something.
    let authorize = get(authorize::by_query::<S>)
        .post(authorize::by_form::<S>)
        .head(authorize::neither_get_nor_post)
        .fallback(authorize::neither_get_nor_post);
    // Nor by HEAD: an answer of a provider is used once.
    let callback = get(external::callback::page::<S>)
        .head(external::callback::not_get)
        .fallback(external::callback::not_get);
    Router::new()
        .route("/auth/authorize", authorize)
        .route("/auth/login", get(login::page::<S>).post(login::submit::<S>))
        .route("/auth/callback", callback)
        .route("/auth/patient", get(patient::page::<S>).post(patient::submit::<S>))
        .route("/auth/consent", get(consent::page::<S>).post(consent::submit::<S>))
        .route("/auth/sign-out", get(sign_out::page::<S>).post(sign_out::submit::<S>))
        .with_state(function)
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
}

/// A write of its own name, at the instant of the request.
fn step(now: Instant) -> Result<Step, Unavailable> {
    Ok(Step { now, op: Op::new(random::bytes()?) })
}

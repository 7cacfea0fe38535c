//! Who sits there: the session of a browser and its user, as they are now.

use smart_core::fhir::access::patients_of;
use smart_core::grant::{Grant, Owner};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::ports::Unavailable;
use smart_core::session::{self, Session};
use smart_core::user::{PatientAccess, User};

use crate::browser::{Browser, Form};
use crate::pages::SignedIn;
use crate::{Authorize, Store};

/// A session that is alive, and its user, who is not disabled, signed in with what they would sign in with now, and is vouched for
/// where a provider has to.
pub(crate) struct Visit {
    pub(crate) session: Session,
    pub(crate) user: User,
}

impl Visit {
    /// The patients whom the user may see.
    pub(crate) fn patients(&self) -> PatientAccess {
        patients_of(&self.user.fhir_user, &self.user.patients)
    }

    /// Whether the user is this patient.
    pub(crate) fn is_patient(&self, id: &PatientId) -> bool {
        self.user.fhir_user.resource_type() == "Patient" && self.user.fhir_user.id() == id
    }

    /// Whether a grant of the user's counts: not what they granted before their credentials were changed.
    pub(crate) fn stands_by(&self, grant: &Grant) -> bool {
        grant.active().is_some_and(|active| active.owner.is_still(&self.user))
    }

    /// As pages say it, in the browser that they are signed in with.
    pub(crate) fn signed_in<'a>(&'a self, browser: &Browser) -> SignedIn<'a> {
        SignedIn { user_name: &self.user.name, sign_out_token: browser.form_token(Form::SignOut) }
    }

    /// As the owner of a grant.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            user: self.user.username.clone(),
            sub: self.user.sub.clone(),
            fhir_user: self.user.fhir_user.clone(),
            credentials: self.session.credentials,
            auth_time: self.session.auth_time,
        }
    }
}

impl<S: Store> Authorize<S> {
    /// The visit of a browser, if somebody is signed in there. Its session is kept awake.
    pub(crate) async fn visit(
        &self,
        browser: Option<&Browser>,
        now: Instant,
    ) -> Result<Option<Visit>, Unavailable> {
        let Some(secret) = browser.and_then(Browser::session) else { return Ok(None) };
        let Some(session) = self.store.session(&secret.session_id(), now).await? else { return Ok(None) };
        let user = self.store.user(&session.user).await?;
        let Some(user) = user.filter(|user| session.is_of(user) && user.is_vouched_for(now)) else {
            return Ok(None);
        };
        if session.wants_touch(now) {
            self.store.touch_session(&session.id, now + session::IDLE, now).await?;
        }
        Ok(Some(Visit { session, user }))
    }
}

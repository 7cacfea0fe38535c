//! The pages of the authorize function, as data: what each shows, and which forms it has.
//!
//! Plain HTML without a script, an image or a font from elsewhere: what a page needs is in it, so that its
//! `Content-Security-Policy` can be `default-src 'none'` with one hash for the style (requirements AUTHZ-28
//! and AUTHZ-31). The markup is in `templates/`, one file a page around `base.html`; `style.css` is there too,
//! to be edited as any style sheet.
//!
//! | page | posts to | fields |
//! |---|---|---|
//! | [`SignIn`] | `/auth/login` | `username`, `password` |
//! | [`ChooseProvider`] | `/auth/login` | `provider` |
//! | [`ChoosePatient`] | `/auth/patient` | `patient`; searches with GET: `q`, `request` |
//! | [`ChooseEncounter`] | `/auth/encounter` | `encounter` |
//! | [`Consent`] | `/auth/consent` | `scope` (checkboxes), `decision` = `allow` or `deny` |
//! | [`NoPatients`], [`NoEncounters`], [`OutOfReach`] | `/auth/consent` | `decision` = `deny` |
//! | [`Access`] | `/auth/access` | `grant` (hidden, perhaps several), `decision` = `revoke` |
//! | [`SignOut`] | `/auth/sign-out` | |
//! | [`Problem`], [`SignedOut`] | | |
//!
//! Every form that posts carries `form_token`, and those of an authorization in progress carry it as `request`
//! (requirement AUTHZ-27). Everything is escaped by askama.

mod access;
mod asked;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use smart_core::redirect::Recipient;

pub(crate) use self::access::{Access, AppAccess, Whose};
pub(crate) use self::asked::{Asked, Shared};

/// The style sheet: exactly what stands between `<style>` and `</style>` in every page.
const STYLE: &str = include_str!("../templates/style.css");

/// What is sent if a page cannot be written, which takes a defect of ours.
const FALLBACK: &str =
    "Something went wrong on our side, and nothing was shared. Go back to the app and try again.";

/// The page as HTML.
pub(crate) fn render(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be rendered");
        FALLBACK.to_owned()
    })
}

/// The source for `style-src` that allows the style of these pages and no other: `'sha256-…'` with its
/// quotes (CSP 3 §2.3.1).
pub(crate) fn style_hash() -> &'static str {
    static HASH: LazyLock<String> =
        LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE))));
    &HASH
}

/// Sign in with a user name and a password. Sent with 200 at first, with 401 after a wrong password and with
/// 429 after too many.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    /// The app that asks; `None` on the way to the page of apps.
    pub(crate) asking: Option<Asking<'a>>,
    /// Against forged posts.
    pub(crate) form_token: &'a str,
    /// What was typed last time; empty at first.
    pub(crate) username: &'a str,
    /// Why the form is shown again: one or two sentences.
    pub(crate) message: Option<&'a str>,
}

/// The app whose authorization is in progress.
pub(crate) struct Asking<'a> {
    /// The name of the app.
    pub(crate) app: &'a str,
    /// The authorization in progress.
    pub(crate) request: &'a str,
}

/// The account that somebody is signed in with.
pub(crate) struct SignedIn<'a> {
    /// The full name of the user.
    pub(crate) user_name: &'a str,
    /// Against forged sign-outs.
    pub(crate) sign_out_token: String,
}

/// An authorization in progress, at a page of a user who is signed in.
pub(crate) struct InProgress<'a> {
    /// The name of the app that asks.
    pub(crate) app: &'a str,
    /// Who is asked.
    pub(crate) signed_in: SignedIn<'a>,
    /// The authorization, as forms carry it.
    pub(crate) request: String,
    /// Against forged posts.
    pub(crate) form_token: String,
}

/// Choose where to sign in, where there are several ways.
#[derive(Template)]
#[template(path = "choose_provider.html")]
pub(crate) struct ChooseProvider<'a> {
    /// The app that waits; without one, the page of apps does.
    pub(crate) asking: Option<Asking<'a>>,
    /// Against forged posts.
    pub(crate) form_token: &'a str,
    /// The providers: the value posted, and the name.
    pub(crate) providers: Vec<(&'a str, &'a str)>,
    /// Whether one may sign in with a password of ours, too.
    pub(crate) local: bool,
}

/// Choose whose record the app gets: a search, and one button for each patient found.
#[derive(Template)]
#[template(path = "choose_patient.html")]
pub(crate) struct ChoosePatient<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
    /// What was searched for; empty lists all whom the user may see.
    pub(crate) query: &'a str,
    /// This page of matches, in the order to show.
    pub(crate) patients: Vec<PatientRow<'a>>,
    /// The address of the matches before these: a path and query on this server.
    pub(crate) previous: Option<String>,
    /// The address of the matches after these.
    pub(crate) next: Option<String>,
}

impl ChoosePatient<'_> {
    fn searched(&self) -> bool {
        !self.query.is_empty()
    }
}

/// A patient to choose.
pub(crate) struct PatientRow<'a> {
    /// The Patient's id: the value posted.
    pub(crate) id: &'a str,
    /// The name as one line.
    pub(crate) name: &'a str,
    /// `birthDate` as FHIR writes it.
    pub(crate) birth_date: Option<&'a str>,
    /// In full years, where the birth date tells.
    pub(crate) age: Option<u32>,
    /// `gender` as FHIR writes it.
    pub(crate) gender: Option<&'a str>,
    /// The record number.
    pub(crate) identifier: Option<&'a str>,
}

/// Choose which visit of the patient the app is told of: one button for each.
#[derive(Template)]
#[template(path = "choose_encounter.html")]
pub(crate) struct ChooseEncounter<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
    /// The patient whose visits these are.
    pub(crate) patient: PatientCard<'a>,
    /// This page of visits, the newest first.
    pub(crate) encounters: Vec<EncounterRow<'a>>,
    /// The address of the first page: a path and query on this server.
    pub(crate) newest: Option<String>,
    /// The address of the visits after these.
    pub(crate) older: Option<String>,
    /// The address of the patients, where there are others.
    pub(crate) other_patient: Option<String>,
}

/// A visit to choose.
pub(crate) struct EncounterRow<'a> {
    /// The Encounter's id: the value posted.
    pub(crate) id: &'a str,
    /// What kind of visit it was.
    pub(crate) title: &'a str,
    /// When it was, in words.
    pub(crate) when: Option<String>,
    /// Where or how, where the title does not say it.
    pub(crate) class: Option<&'a str>,
    /// Whether it is over, in words.
    pub(crate) status: Option<&'a str>,
}

/// The app needs a visit, and the patient has none.
#[derive(Template)]
#[template(path = "no_encounters.html")]
pub(crate) struct NoEncounters<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
    /// The patient without a visit.
    pub(crate) patient: PatientCard<'a>,
    /// The address of the patients, where there are others.
    pub(crate) other_patient: Option<String>,
}

/// An EHR started the app for a patient whom the user may not see. Who that is is not told.
#[derive(Template)]
#[template(path = "out_of_reach.html")]
pub(crate) struct OutOfReach<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
}

/// Allow or deny what the app asks for, as a whole and scope by scope (requirements AUTHZ-22 to AUTHZ-26).
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct Consent<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
    /// Where the browser goes afterwards, and with it the data.
    pub(crate) recipient: &'a Recipient,
    /// The patient in context, if there is one.
    pub(crate) patient: Option<PatientCard<'a>>,
    /// What is asked for, in words.
    pub(crate) asked: &'a Asked,
    /// How long the access lasts, and what ends it: one or two sentences.
    pub(crate) duration: &'a str,
    /// What the app has already, if it has any access for this user.
    pub(crate) before: Option<Before>,
    /// Whether the app is not asked about again as long as what is allowed now stands.
    pub(crate) is_remembered: bool,
}

/// The access that the app has already.
pub(crate) struct Before {
    /// Since which day, as far as is known.
    pub(crate) since: Option<String>,
    /// Whether something is asked for that it does not have yet.
    pub(crate) has_new: bool,
}

impl Consent<'_> {
    /// The question that the two buttons answer.
    fn heading(&self) -> String {
        let app = self.at.app;
        match &self.patient {
            _ if self.asked.patient.is_empty() && self.asked.user.is_empty() => format!("Sign in to {app}?"),
            _ if self.asked.patient.is_empty() => {
                format!("Share the records of all patients you may see with {app}?")
            }
            Some(patient) if !patient.is_user => format!("Share {}’s health data with {app}?", patient.name),
            _ => format!("Share your health data with {app}?"),
        }
    }

    /// Whose record the `patient/` scopes open, inside a sentence.
    fn whose(&self) -> String {
        match &self.patient {
            Some(patient) if !patient.is_user => format!("{}’s", patient.name),
            _ => "your".to_owned(),
        }
    }
}

/// The patient whose data is shared.
pub(crate) struct PatientCard<'a> {
    /// The name as one line.
    pub(crate) name: &'a str,
    /// `birthDate` as FHIR writes it.
    pub(crate) birth_date: Option<&'a str>,
    /// The record number.
    pub(crate) identifier: Option<&'a str>,
    /// Whether this is the record of the user who is signed in.
    pub(crate) is_user: bool,
}

/// The app needs a patient, and the user may see none.
#[derive(Template)]
#[template(path = "no_patients.html")]
pub(crate) struct NoPatients<'a> {
    /// Where this is.
    pub(crate) at: InProgress<'a>,
}

/// What cannot go on, and must not be redirected (RFC 6749 §4.1.2.1).
#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct Problem<'a> {
    /// What happened, in a few words: the heading.
    pub(crate) title: &'a str,
    /// What it means to the user, without a term of the trade.
    pub(crate) explanation: &'a str,
    /// What the user can do about it.
    pub(crate) what_to_do: &'a str,
    /// The ways on, if there are any.
    pub(crate) links: Vec<Link>,
    /// What the developer of the app has to mend, if it is the app's fault.
    pub(crate) developer: Option<ForDeveloper<'a>>,
}

/// A way on.
pub(crate) struct Link {
    /// A path and query on this server.
    pub(crate) to: String,
    /// What it is for.
    pub(crate) text: &'static str,
}

/// What is wrong with a request, exactly.
pub(crate) struct ForDeveloper<'a> {
    /// The parameter's name.
    pub(crate) parameter: &'a str,
    /// What it should have been.
    pub(crate) expected: &'a str,
}

/// Really sign out?
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOut<'a> {
    /// Who is signed in.
    pub(crate) signed_in: SignedIn<'a>,
}

/// There is no session any more, or there never was one.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOut;

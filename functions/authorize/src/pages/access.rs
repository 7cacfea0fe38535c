//! The page of apps with access, as data.

use askama::Template;

use super::{Shared, SignedIn};

/// The apps that the user gave access, each with a button that ends it (REVOKE-11).
#[derive(Template)]
#[template(path = "access.html")]
pub(crate) struct Access<'a> {
    /// Whose page it is.
    pub(crate) signed_in: SignedIn<'a>,
    /// Against forged posts.
    pub(crate) form_token: &'a str,
    /// This page of them, in the order to show.
    pub(crate) apps: Vec<AppAccess>,
    /// Whether to say that an access has ended.
    pub(crate) ended: bool,
    /// Whether there may be more than are looked at.
    pub(crate) capped: bool,
    /// The address of those before these: a path and query on this server.
    pub(crate) previous: Option<String>,
    /// The address of those after these.
    pub(crate) next: Option<String>,
}

/// An app with access to one record, or to all that the user may see.
pub(crate) struct AppAccess {
    /// The name of the app.
    pub(crate) name: String,
    /// Whether the app was switched off: it sees nothing, whatever it was given.
    pub(crate) is_stopped: bool,
    /// Whose record it is.
    pub(crate) whose: Whose,
    /// What the app sees, in words.
    pub(crate) shared: Shared,
    /// The day of the first consent, as far as is known.
    pub(crate) since: Option<String>,
    /// When it last came for tokens, as far as is known.
    pub(crate) last_used: Option<String>,
    /// Until when: the end of "Lasts …".
    pub(crate) lasts: String,
    /// The grants that end together: the values posted.
    pub(crate) grants: Vec<String>,
}

/// Whose record an app sees.
pub(crate) enum Whose {
    /// The user's own.
    User,
    /// This patient's.
    Patient(String),
    /// Somebody's whose record the user may no longer open.
    OutOfReach,
    /// No single one.
    Nobody,
}

/// How many titles stand open; more are folded.
const OPEN: usize = 8;

impl AppAccess {
    /// Whose record the `patient/` scopes open, inside a sentence.
    fn record(&self) -> String {
        match &self.whose {
            Whose::User => "your own record".to_owned(),
            Whose::Patient(name) => format!("the record of {name}"),
            Whose::OutOfReach => "a record that you may no longer open".to_owned(),
            Whose::Nobody => "no single record".to_owned(),
        }
    }

    /// What is said to somebody who does not see where the button stands.
    fn button(&self) -> String {
        match &self.whose {
            Whose::Nobody => format!("End the access of {}", self.name),
            _ => format!("End the access of {} to {}", self.name, self.record()),
        }
    }

    fn is_long(titles: &[String]) -> bool {
        titles.len() > OPEN
    }
}

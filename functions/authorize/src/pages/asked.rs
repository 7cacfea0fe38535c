//! What an authorization request asks for, sorted for the consent page.
//!
//! Whatever a user must be able to refuse is one item with one checkbox: each resource scope, `offline_access`
//! and `online_access`. Who the user is and which record is open is told together with any of it and cannot be
//! taken out, so it is a sentence. Left out is what grants nothing (`launch`, extensions) and what no user can
//! grant (`system/`): a scope that is not shown here must not be granted on the strength of this page.

use smart_core::scope::{Level, ResourceScope, Scope, Scopes};

use crate::wording::{self, Words};

/// What is asked for, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What the app learns in any case.
    pub(crate) identity: Vec<&'static str>,
    /// `patient/` scopes, in the order of asking.
    pub(crate) patient: Vec<ConsentItem>,
    /// `user/` scopes, in the order of asking.
    pub(crate) user: Vec<ConsentItem>,
    /// `offline_access`.
    pub(crate) offline: Option<ConsentItem>,
    /// `online_access`.
    pub(crate) online: Option<ConsentItem>,
}

/// A scope that can be refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConsentItem {
    /// The scope as it is posted back.
    pub(crate) scope: String,
    /// What it opens, in a few words.
    pub(crate) title: String,
    /// What that means: one or two sentences.
    pub(crate) detail: String,
    /// Whether to draw the eye to it: it opens every type of data, or lets the app change some.
    pub(crate) broad: bool,
    /// What may be chosen in its place.
    pub(crate) narrowings: Vec<Narrowing>,
}

/// A smaller scope that can be chosen in place of a large one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Narrowing {
    /// The scope as it is posted back.
    pub(crate) scope: String,
    /// What it opens, in a few words.
    pub(crate) title: String,
}

impl Asked {
    /// Words for the scopes. `offline` and `online` say how long a refresh token of each kind lasts, as the end
    /// of "The app can get new data …": "for 180 days after it was last used".
    pub(crate) fn new(scopes: &Scopes, offline: &str, online: &str) -> Self {
        let mut asked = Self { identity: identity(scopes), ..Self::default() };
        for scope in scopes {
            match scope {
                Scope::Resource(resource) => match resource.level {
                    Level::Patient => asked.patient.push(ConsentItem::of(resource, scopes)),
                    Level::User => asked.user.push(ConsentItem::of(resource, scopes)),
                    Level::System => {}
                },
                Scope::OfflineAccess => {
                    asked.offline = Some(ConsentItem::lasting(scope, wording::offline_access(offline)));
                }
                Scope::OnlineAccess => {
                    asked.online = Some(ConsentItem::lasting(scope, wording::online_access(online)));
                }
                Scope::Launch
                | Scope::LaunchContext { .. }
                | Scope::OpenId
                | Scope::FhirUser
                | Scope::Profile
                | Scope::Extension(_) => {}
            }
        }
        asked
    }
}

impl ConsentItem {
    fn of(scope: &ResourceScope, asked: &Scopes) -> Self {
        let Words { title, detail } = wording::resource_scope(scope);
        let narrowings = scope.narrowings();
        // What the app asks for by itself has a box of its own: a second one of the same value would say nothing.
        let narrowings =
            narrowings.iter().filter(|narrowing| !asked.contains(&Scope::from((*narrowing).clone())));
        let narrowings = narrowings.map(Narrowing::of).collect();
        Self { scope: scope.to_string(), title, detail, broad: wording::is_broad(scope), narrowings }
    }

    fn lasting(scope: &Scope, Words { title, detail }: Words) -> Self {
        Self { scope: scope.to_string(), title, detail, broad: false, narrowings: Vec::new() }
    }
}

impl Narrowing {
    fn of(scope: &ResourceScope) -> Self {
        Self { scope: scope.to_string(), title: wording::resource_scope(scope).title }
    }
}

/// What the app learns of the user and of the launch.
fn identity(scopes: &Scopes) -> Vec<&'static str> {
    let is_context = |scope: &Scope, name: &str| matches!(scope, Scope::LaunchContext { resource_type, .. } if &**resource_type == name);
    let has = |wanted: fn(&Scope) -> bool| scopes.iter().any(wanted);
    let mut sentences = Vec::new();
    if has(|scope| matches!(scope, Scope::FhirUser | Scope::Profile)) {
        sentences.push("Know who you are: your name and the link to your own record");
    } else if has(|scope| matches!(scope, Scope::OpenId)) {
        sentences.push("Recognize you when you come back, without your name");
    }
    if scopes.iter().any(|scope| *scope == Scope::Launch || is_context(scope, "patient")) {
        sentences.push("Know which patient’s record is open");
    }
    if scopes.iter().any(|scope| is_context(scope, "encounter")) {
        sentences.push("Know which visit is open");
    }
    sentences
}

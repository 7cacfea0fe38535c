//! What an authorization request asks for, sorted for the consent page.
//!
//! Whatever a user must be able to refuse is one item with one checkbox: each resource scope, `offline_access`
//! and `online_access`. Who the user is and which record is open is told together with any of it and cannot be
//! taken out, so it is a sentence. Left out is what grants nothing (`launch`, extensions) and what no user can
//! grant (`system/`): a scope that is not shown here must not be granted on the strength of this page.

use smart_core::scope::{Level, ResourceScope, Scope, Scopes, TypePattern};

use crate::wording::{self, Words};

/// What is asked for, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What the app learns in any case.
    pub(crate) identity: Vec<&'static str>,
    /// `patient/` scopes, by kind of data.
    pub(crate) patient: Vec<Kind>,
    /// `user/` scopes, by kind of data.
    pub(crate) user: Vec<Kind>,
    /// `offline_access`.
    pub(crate) offline: Option<ConsentItem>,
    /// `online_access`.
    pub(crate) online: Option<ConsentItem>,
}

/// What is asked for of one kind of data, in the order of asking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The kind, in a few words.
    pub(crate) title: &'static str,
    /// The scopes.
    pub(crate) items: Vec<ConsentItem>,
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
    /// What a resource must match, as the app wrote it.
    pub(crate) filter: Vec<String>,
    /// Whether the app has some access already, and not this.
    pub(crate) is_new: bool,
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
    /// of "The app can get new data …": "for 180 days after it was last used". `is_new` says of a scope whether the app has
    /// some access already, and not this.
    pub(crate) fn new(scopes: &Scopes, offline: &str, online: &str, is_new: impl Fn(&Scope) -> bool) -> Self {
        let of_level = |level| {
            let of_level = scopes.iter().filter_map(move |scope| {
                scope
                    .as_resource()
                    .filter(|resource| resource.level == level)
                    .map(|resource| (scope, resource))
            });
            let items = of_level.map(|(scope, resource)| {
                let item = ConsentItem { is_new: is_new(scope), ..ConsentItem::of(resource, scopes) };
                (wording::kind(resource), item)
            });
            by_kind(items)
        };
        let mut asked = Self {
            identity: identity(scopes),
            patient: of_level(Level::Patient),
            user: of_level(Level::User),
            ..Self::default()
        };
        for scope in scopes {
            let lasting = |words| ConsentItem { is_new: is_new(scope), ..ConsentItem::lasting(scope, words) };
            match scope {
                Scope::OfflineAccess => asked.offline = Some(lasting(wording::offline_access(offline))),
                Scope::OnlineAccess => asked.online = Some(lasting(wording::online_access(online))),
                Scope::Resource(_)
                | Scope::Launch
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
        let Words { title, detail, filter } = words_beside(scope, asked);
        let narrowings = scope.narrowings();
        // What the app asks for by itself has a box of its own: a second one of the same value would say nothing.
        let narrowings =
            narrowings.iter().filter(|narrowing| !asked.contains(&Scope::from((*narrowing).clone())));
        let narrowings = narrowings.map(Narrowing::of).collect();
        let broad = wording::is_broad(scope);
        Self { scope: scope.to_string(), title, detail, filter, is_new: false, broad, narrowings }
    }

    fn lasting(scope: &Scope, Words { title, detail, filter }: Words) -> Self {
        let scope = scope.to_string();
        Self { scope, title, detail, filter, is_new: false, broad: false, narrowings: Vec::new() }
    }
}

impl Narrowing {
    fn of(scope: &ResourceScope) -> Self {
        Self { scope: scope.to_string(), title: wording::resource_scope(scope).title }
    }
}

/// Items in the order of their kinds; those of one kind in the order in which they come.
fn by_kind(items: impl Iterator<Item = (&'static str, ConsentItem)>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = wording::kinds().map(|title| Kind { title, items: Vec::new() }).collect();
    for (title, item) in items {
        if let Some(kind) = kinds.iter_mut().find(|kind| kind.title == title) {
            kind.items.push(item);
        }
    }
    kinds.retain(|kind| !kind.items.is_empty());
    kinds
}

/// Words for a scope among others: the only one for a type says so where it is a part of the type.
fn words_beside(scope: &ResourceScope, others: &Scopes) -> Words {
    let beside = others.resources().filter(|other| {
        other.level == scope.level
            && (other.resource_type == TypePattern::Any || other.resource_type == scope.resource_type)
    });
    if beside.count() > 1 { wording::resource_scope(scope) } else { wording::only(scope) }
}

/// What an app has, in words: for the page of apps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    /// What it knows of the user and the launch.
    pub(crate) identity: Vec<&'static str>,
    /// What it sees of the patient's record.
    pub(crate) patient: Vec<String>,
    /// What it sees of every record that the user may open.
    pub(crate) user: Vec<String>,
    /// Whether it keeps access without the user, or while they are signed in.
    pub(crate) keeps: Option<String>,
}

impl Shared {
    /// Words for what was granted.
    pub(crate) fn of(scopes: &Scopes) -> Self {
        let titles = |level| {
            let of_level = scopes.resources().filter(|scope| scope.level == level);
            let mut titles: Vec<_> =
                of_level.map(|scope| (wording::kind(scope), words_beside(scope, scopes).title)).collect();
            let place = |title: &str| wording::kinds().position(|kind| kind == title);
            titles.sort_by_key(|(kind, _)| place(kind));
            titles.into_iter().map(|(_, title)| title).collect()
        };
        let keeps = scopes.iter().find_map(|scope| match scope {
            Scope::OfflineAccess => Some(wording::offline_access("").title),
            Scope::OnlineAccess => Some(wording::online_access("").title),
            _ => None,
        });
        Self { identity: identity(scopes), patient: titles(Level::Patient), user: titles(Level::User), keeps }
    }
}

/// What the app learns of the user and of the launch.
fn identity(scopes: &Scopes) -> Vec<&'static str> {
    let has = |wanted: fn(&Scope) -> bool| scopes.iter().any(wanted);
    let mut sentences = Vec::new();
    if has(|scope| matches!(scope, Scope::FhirUser | Scope::Profile)) {
        sentences.push("Know who you are: your name and the link to your own record");
    } else if has(|scope| matches!(scope, Scope::OpenId)) {
        sentences.push("Recognize you when you come back, without your name");
    }
    if scopes.iter().any(|scope| *scope == Scope::Launch || scope.is_launch_of("patient")) {
        sentences.push("Know which patient’s record is open");
    }
    if scopes.iter().any(|scope| scope.is_launch_of("encounter")) {
        sentences.push("Know which visit is open");
    }
    let is_of_another = |name: &str| !["patient", "encounter"].contains(&name);
    if scopes.iter().filter_map(Scope::context_type).any(is_of_another) {
        sentences.push("Know what else is open, such as a document or an image");
    }
    sentences
}

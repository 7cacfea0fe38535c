//! The data folder as the operator's commands open it, and what is noted there about its contents.

use std::path::Path;

use smart_core::client::metadata::Deployment;
use smart_core::deployment::PublicUrl;
use smart_core::ports::Unavailable;
use smart_local::LocalStore;

use crate::failure::Failure;
use crate::output;

/// What was loaded first decides what the store is: see [`Contents`].
const CONTENTS: &str = "contents";
/// The public URL under which it was served last.
const PUBLIC_URL: &str = "public-url";

/// What a store holds, as it was noted when something was loaded into it for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Nothing yet: the store is new.
    New,
    /// The demo seed, or a part of it: loading it broke off.
    DemoBegun,
    /// The demo seed, its app registered under this public URL.
    Demo(String),
    /// The operator's own: the demo seed is never loaded into it.
    Own,
}

impl Contents {
    /// What is noted in `store`.
    pub(crate) fn of(store: &LocalStore) -> Result<Self, Unavailable> {
        Ok(match store.mark(CONTENTS)?.as_deref() {
            None => Self::New,
            Some("demo begun") => Self::DemoBegun,
            Some(other) => other.strip_prefix("demo at ").map_or(Self::Own, |url| Self::Demo(url.to_owned())),
        })
    }

    /// Notes it, if it is not what is noted already.
    pub(crate) async fn note(self, store: &LocalStore) -> Result<(), Unavailable> {
        if Self::of(store)? == self {
            return Ok(());
        }
        let text = match self {
            Self::New => return Ok(()),
            Self::DemoBegun => "demo begun".to_owned(),
            Self::Demo(url) => format!("demo at {url}"),
            Self::Own => "own".to_owned(),
        };
        store.set_mark(CONTENTS, text).await
    }
}

/// Opens the store to add something to it; makes it if there is none.
pub(crate) async fn open_or_make(folder: &Path) -> Result<LocalStore, Failure> {
    let is_new = !LocalStore::file_in(folder).exists();
    let store = LocalStore::open(folder).await?;
    if is_new {
        output::note(format_args!("made a new store in {}", folder.display()));
    }
    if Contents::of(&store)? == Contents::New {
        Contents::Own.note(&store).await?;
    }
    Ok(store)
}

/// Opens a store that must be there.
pub(crate) async fn open(folder: &Path) -> Result<LocalStore, Failure> {
    if !LocalStore::file_in(folder).exists() {
        let folder = folder.display();
        return Err(Failure::Refused(format!(
            "{folder}: expected the data folder of a server, and there is no store in it"
        )));
    }
    Ok(LocalStore::open(folder).await?)
}

/// Notes under which URL the store is served.
pub(crate) async fn note_public_url(store: &LocalStore, url: &PublicUrl) -> Result<(), Unavailable> {
    if store.mark(PUBLIC_URL)?.as_deref() == Some(url.issuer()) {
        return Ok(());
    }
    store.set_mark(PUBLIC_URL, url.issuer().to_owned()).await
}

/// What registration depends on: where the store was served last; on loopback if it never was, as that is the default.
pub(crate) fn deployment(store: &LocalStore) -> Result<Deployment, Unavailable> {
    let url = store.mark(PUBLIC_URL)?.and_then(|url| url.parse::<PublicUrl>().ok());
    Ok(url.map_or(Deployment::Loopback, |url| url.deployment()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_store_holds_is_noted_and_read_again() {
        let store = LocalStore::in_memory().await.unwrap();
        assert_eq!(Contents::of(&store).unwrap(), Contents::New);
        for contents in [Contents::DemoBegun, Contents::Demo("http://localhost:1".to_owned()), Contents::Own]
        {
            contents.clone().note(&store).await.unwrap();
            assert_eq!(Contents::of(&store).unwrap(), contents);
        }
        Contents::New.note(&store).await.unwrap();
        assert_eq!(Contents::of(&store).unwrap(), Contents::Own, "a store is new but once");
    }

    #[tokio::test]
    async fn registration_depends_on_where_the_store_is_served() {
        let store = LocalStore::in_memory().await.unwrap();
        assert_eq!(deployment(&store).unwrap(), Deployment::Loopback);
        for (url, expected) in
            [("https://smart.example", Deployment::Public), ("http://localhost:1", Deployment::Loopback)]
        {
            note_public_url(&store, &url.parse().unwrap()).await.unwrap();
            assert_eq!(deployment(&store).unwrap(), expected);
        }
    }
}

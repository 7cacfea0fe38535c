//! The keys of a data folder: one signs, those that will and those that lately did are published beside it.
//!
//! Each key is a file, and its name says from when on it signs:
//!
//! | file | signs |
//! |---|---|
//! | `signing-key.pem` | from the beginning |
//! | `signing-key-1764000000.pem` | from that instant on (seconds since 1970) |
//!
//! At any instant the latest key whose time has come signs. It is published from the day its file is there; the one before it stays
//! published for [`PUBLISHED_AFTER_USE`]. So one rotation is one new file, and nothing has to happen at the instants
//! themselves: who holds the keys goes by the clock.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smart_core::instant::Instant;
use smart_core::jose::{PublicJwk, SigningKey};
use smart_core::ports::{PublicKeys, Signer, Unavailable};

use crate::LocalStore;
use crate::error::StoreError;
use crate::files;
use crate::signer::SoftwareKey;

/// How long a new key is published before it signs: every cache has the key set then, which may be kept for five minutes.
pub const PUBLISHED_BEFORE_USE: Duration = Duration::from_hours(1);

/// How long a key that signed is still published: its last access token lives for 15 minutes.
pub const PUBLISHED_AFTER_USE: Duration = Duration::from_mins(30);

/// What the names of key files begin and end with.
const STEM: &str = "signing-key";
const EXTENSION: &str = ".pem";

/// A key, and from when on it signs.
#[derive(Debug)]
struct Timed {
    from: Instant,
    path: PathBuf,
    key: SoftwareKey,
}

/// The keys of a data folder.
///
/// They are read once: a file that comes later is seen by who opens the folder anew.
pub struct SoftwareKeys {
    /// The one that signs before the time of any other has come.
    first: Timed,
    /// The others, in the order of their instants.
    later: Vec<Timed>,
    clock: fn() -> Instant,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It will sign from then on, and is published.
    Coming(Instant),
    /// It signs.
    Signs,
    /// It signed, and is published until then.
    Leaving(Instant),
    /// Nothing that it signed is valid any more: it is not published.
    Retired,
}

/// A key, as the operator sees it.
#[derive(Debug)]
pub struct KeyEntry {
    /// Its file.
    pub path: PathBuf,
    /// What is published of it.
    pub public: PublicJwk,
    /// What becomes of it.
    pub state: KeyState,
}

impl SoftwareKeys {
    /// Reads the keys of a data folder; where there is none, makes one. `clock` says which of them signs.
    ///
    /// # Errors
    /// As [`SoftwareKey::load_or_create`].
    pub fn open(folder: &Path, clock: fn() -> Instant) -> Result<Self, StoreError> {
        if let Some(keys) = Self::find(folder, clock)? {
            return Ok(keys);
        }
        let path = LocalStore::key_file_in(folder);
        let key = SoftwareKey::load_or_create(&path)?;
        Ok(Self { first: Timed { from: Instant::from_unix(0), path, key }, later: Vec::new(), clock })
    }

    /// Reads the keys of a data folder; `None` if there are none.
    pub fn find(folder: &Path, clock: fn() -> Instant) -> Result<Option<Self>, StoreError> {
        let mut keys = Vec::new();
        for (from, path) in key_files(folder)? {
            // One that was removed meanwhile is none.
            if let Some(key) = SoftwareKey::load(&path)? {
                keys.push(Timed { from, path, key });
            }
        }
        keys.sort_by_key(|timed| timed.from);
        let mut keys = keys.into_iter();
        Ok(keys.next().map(|first| Self { first, later: keys.collect(), clock }))
    }

    /// One new key, in memory only.
    pub fn generate(clock: fn() -> Instant) -> Result<Self, StoreError> {
        let (from, path, key) = (Instant::from_unix(0), PathBuf::new(), SoftwareKey::generate()?);
        Ok(Self { first: Timed { from, path, key }, later: Vec::new(), clock })
    }

    /// All keys at `now`, the oldest first.
    pub fn entries(&self, now: Instant) -> Vec<KeyEntry> {
        let entry = |(timed, state): (&Timed, KeyState)| KeyEntry {
            path: timed.path.clone(),
            public: timed.key.public().clone(),
            state,
        };
        self.states(now).map(entry).collect()
    }

    fn states(&self, now: Instant) -> impl Iterator<Item = (&Timed, KeyState)> {
        let nexts = self.later.iter().map(|next| Some(next.from)).chain([None]);
        self.timed().zip(nexts).enumerate().map(move |(i, (timed, next))| {
            let state = match next {
                _ if i > 0 && !timed.from.has_passed(now) => KeyState::Coming(timed.from),
                Some(next) if next.has_passed(now) => {
                    let until = next + PUBLISHED_AFTER_USE;
                    if until.has_passed(now) { KeyState::Retired } else { KeyState::Leaving(until) }
                }
                _ => KeyState::Signs,
            };
            (timed, state)
        })
    }

    fn timed(&self) -> impl Iterator<Item = &Timed> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The key that signs now: the latest whose time has come.
    fn current(&self) -> &SoftwareKey {
        let now = (self.clock)();
        let come = self.later.iter().rev().find(|timed| timed.from.has_passed(now));
        &come.unwrap_or(&self.first).key
    }

    /// Makes a new key in the folder, which signs from `from` on.
    ///
    /// # Errors
    /// [`StoreError::KeyUnusable`] if there is one for that instant already.
    pub fn add(folder: &Path, from: Instant) -> Result<PublicJwk, StoreError> {
        let path = folder.join(format!("{STEM}-{}{EXTENSION}", from.as_unix()));
        let key = SoftwareKey::generate()?;
        if files::write_private(&path, key.to_pem()?.as_bytes())? {
            Ok(key.public().clone())
        } else {
            Err(StoreError::KeyUnusable { path })
        }
    }

    /// Removes the file of a key.
    pub fn remove(path: &Path) -> Result<(), StoreError> {
        std::fs::remove_file(path).map_err(StoreError::io(path))
    }
}

/// The key files of a folder, with the instants that their names say.
fn key_files(folder: &Path) -> Result<Vec<(Instant, PathBuf)>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(StoreError::io(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(instant) = name.strip_prefix(STEM).and_then(|name| name.strip_suffix(EXTENSION)) else {
            continue;
        };
        let from = match instant.strip_prefix('-') {
            None if instant.is_empty() => Some(0),
            None => None,
            Some(seconds) => seconds.parse().ok(),
        };
        found.extend(from.map(|seconds| (Instant::from_unix(seconds), path)));
    }
    Ok(found)
}

impl fmt::Debug for SoftwareKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.timed().map(|timed| (timed.from, &timed.key))).finish()
    }
}

impl Signer for SoftwareKeys {
    async fn access_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.current().name().clone())
    }

    async fn id_token_key(&self) -> Result<SigningKey, Unavailable> {
        Ok(self.current().name().clone())
    }

    async fn sign(&self, key: &SigningKey, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        match self.timed().find(|timed| timed.key.name() == key) {
            Some(timed) => timed.key.sign(key, input).await,
            None => Err(Unavailable::new("signer", format!("no key named {}", key.kid))),
        }
    }
}

impl PublicKeys for SoftwareKeys {
    async fn public_keys(&self) -> Result<Vec<PublicJwk>, Unavailable> {
        let published = self.states((self.clock)()).filter(|(_, state)| *state != KeyState::Retired);
        let mut published: Vec<_> = published.collect();
        published.sort_by_key(|(_, state)| *state != KeyState::Signs);
        Ok(published.into_iter().map(|(timed, _)| timed.key.public().clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use serde_json::{Value, json};
    use smart_core::jose;

    use super::*;

    /// Each test is a process of its own under nextest, but not elsewhere: one test has the clock.
    static NOW: AtomicU64 = AtomicU64::new(0);

    fn clock() -> Instant {
        Instant::from_unix(NOW.load(Ordering::Relaxed))
    }

    fn epoch() -> Instant {
        Instant::from_unix(0)
    }

    async fn token(keys: &SoftwareKeys) -> String {
        let key = keys.access_token_key().await.unwrap();
        let input = jose::signing_input("at+jwt", &key, &json!({ "sub": "a" }));
        jose::compact(&input, &keys.sign(&key, input.as_bytes()).await.unwrap())
    }

    async fn verifies(keys: &SoftwareKeys, token: &str) -> bool {
        let published = keys.public_keys().await.unwrap();
        published.iter().any(|jwk| jose::verify::<Value>(token, &jwk.key, jwk.alg).is_ok())
    }

    #[tokio::test]
    async fn a_new_key_is_published_then_signs_and_the_old_ones_tokens_verify_until_they_have_expired() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        NOW.store(1_000_000, Ordering::Relaxed);
        SoftwareKeys::open(folder, clock).unwrap();
        let switch = clock() + PUBLISHED_BEFORE_USE;
        let new = SoftwareKeys::add(folder, switch).unwrap();
        assert!(SoftwareKeys::add(folder, switch).is_err(), "a key is never replaced");

        // One process lives through all of it.
        let keys = SoftwareKeys::open(folder, clock).unwrap();
        let old = keys.access_token_key().await.unwrap();
        assert_ne!(old.kid, new.kid);
        let published = keys.public_keys().await.unwrap();
        assert!(published.contains(&new) && published.len() == 2, "published before it signs");
        let before = token(&keys).await;

        NOW.store(switch.as_unix() - 1, Ordering::Relaxed);
        assert_eq!(keys.access_token_key().await.unwrap(), old);
        let last = token(&keys).await;

        NOW.store(switch.as_unix(), Ordering::Relaxed);
        assert_eq!(keys.access_token_key().await.unwrap().kid, new.kid);
        assert_eq!(keys.id_token_key().await.unwrap().kid, new.kid);
        let after = token(&keys).await;
        for token in [&before, &last, &after] {
            assert!(verifies(&keys, token).await);
        }

        let end = switch + PUBLISHED_AFTER_USE;
        NOW.store(end.as_unix() - 1, Ordering::Relaxed);
        assert!(verifies(&keys, &last).await);
        NOW.store(end.as_unix(), Ordering::Relaxed);
        assert!(!verifies(&keys, &last).await && verifies(&keys, &after).await);
        assert_eq!(keys.public_keys().await.unwrap(), [new]);
        let states: Vec<_> = keys.entries(end).into_iter().map(|entry| entry.state).collect();
        assert_eq!(states, [KeyState::Retired, KeyState::Signs]);
    }

    #[test]
    fn the_state_of_each_key_follows_from_the_instants_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(SoftwareKeys::find(folder, epoch).unwrap().is_none());
        assert!(SoftwareKeys::find(&folder.join("absent"), epoch).unwrap().is_none());
        SoftwareKeys::open(folder, epoch).unwrap();
        let at = Instant::from_unix;
        for seconds in [500_000, 900_000] {
            SoftwareKeys::add(folder, at(seconds)).unwrap();
        }
        // None of ours.
        for name in ["signing-key-x.pem", "signing-keys.pem", "signing-key-1.txt", "signing-key-2.new-1"] {
            std::fs::write(folder.join(name), "no key").unwrap();
        }
        let keys = SoftwareKeys::find(folder, epoch).unwrap().unwrap();
        let states = |now| keys.entries(at(now)).into_iter().map(|entry| entry.state).collect::<Vec<_>>();
        let (coming, leaving) = (KeyState::Coming, KeyState::Leaving);
        assert_eq!(states(1), [KeyState::Signs, coming(at(500_000)), coming(at(900_000))]);
        assert_eq!(states(500_000), [leaving(at(501_800)), KeyState::Signs, coming(at(900_000))]);
        assert_eq!(states(600_000), [KeyState::Retired, KeyState::Signs, coming(at(900_000))]);
        assert_eq!(states(900_001), [KeyState::Retired, leaving(at(901_800)), KeyState::Signs]);
        SoftwareKeys::remove(&keys.entries(at(600_000))[0].path).unwrap();
        assert_eq!(SoftwareKeys::open(folder, epoch).unwrap().entries(at(0)).len(), 2, "none is made anew");
    }
}

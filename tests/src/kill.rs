//! `kill -9` while writing: what was acknowledged is there afterwards, and what was used up stays used up.
//!
//! A child process writes to a store and says on its standard output what was acknowledged; the parent kills it in the
//! middle of it, opens the store and holds it to what was said. In some rounds the parent has the store open all the
//! while and writes too, as a server does beside an operator's command. The child is the first of these tests, run in a
//! folder that tells it to write.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use smart_core::ports::{Authorizations as _, Grants as _, Redemptions as _, Replay as _, Stopped};
use smart_local::LocalStore;

use crate::store_contract::grants::{Sample, issue, redemption};
use crate::store_contract::{at, digest, step};

/// In a folder with this file the first test is the child.
const WRITE: &str = "write-until-killed";
/// The name of the first test.
const FIRST: &str = "kill::kill_9_loses_nothing_that_was_acknowledged";

const WRITERS: u64 = 16;

/// The child.
async fn write_until_killed() {
    let store = Arc::new(LocalStore::open(Path::new(".")).await.unwrap());
    println!("open 0");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in (0..u64::MAX).map(|i| i * WRITERS + writer) {
                    write(&store, n).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn write(store: &LocalStore, n: u64) {
    let sample = Sample::new(n);
    assert!(store.first_use(&digest(n), at(300), step(n, 0)).await.unwrap());
    println!("used {n}");
    store.begin(&sample.grant()).await.unwrap();
    println!("begun {n}");
    store.issue_code(&sample.id(), &issue(sample), step(n, 1)).await.unwrap();
    println!("coded {n}");
    store.redeem(&sample.id(), &redemption(sample), step(n, 2)).await.unwrap();
    println!("redeemed {n}");
}

/// Runs a child in `folder` and kills it after so many acknowledgements; the last one for each number.
fn run_and_kill(folder: &Path, acknowledgements: usize) -> BTreeMap<u64, Vec<String>> {
    std::fs::write(folder.join(WRITE), "").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([FIRST, "--exact", "--nocapture"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    let mut line = String::new();
    // After the kill, what is still in the pipe counts: it was said. A line that broke off was not.
    while lines.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
        if let Some((word, n)) = acknowledgement(&line) {
            said.entry(n).or_default().push(word.to_owned());
            count += 1;
            if count == acknowledgements {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    assert!(!child.wait().unwrap().success(), "the child ended by itself: it was to be killed");
    said
}

/// A line of the child; the test runner writes others.
fn acknowledgement(line: &str) -> Option<(&str, u64)> {
    let (word, n) = line.trim_end().split_once(' ')?;
    ["open", "used", "begun", "coded", "redeemed"].contains(&word).then_some((word, n.parse().ok()?))
}

/// Holds the store to what was said, and tries to use again what was used up.
async fn check(store: &LocalStore, said: &BTreeMap<u64, Vec<String>>) {
    for (n, words) in said {
        let sample = Sample::new(*n);
        let has = |word: &str| words.iter().any(|said| said == word);
        if has("used") {
            assert!(
                !store.first_use(&digest(*n), at(300), step(1_000_000 + n, 1)).await.unwrap(),
                "{n} used twice"
            );
        }
        let grant = store.grant(&sample.id(), at(2)).await.unwrap();
        assert!(!has("begun") || grant.is_some(), "grant {n} is lost");
        if has("coded") {
            let again = store.issue_code(&sample.id(), &issue(sample), step(1_000_000 + n, 2)).await;
            assert!(matches!(again, Err(Stopped::Refused(_))), "grant {n} is coded again");
        }
        if has("redeemed") {
            let again = store.redeem(&sample.id(), &redemption(sample), step(1_000_000 + n, 3)).await;
            assert!(matches!(again, Err(Stopped::Refused(_))), "the code of grant {n} is redeemed again");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    if Path::new(WRITE).exists() {
        return write_until_killed().await;
    }
    for acknowledgements in [1, 40, 333, 1_500] {
        let folder = tempfile::tempdir().unwrap();
        let said = run_and_kill(folder.path(), acknowledgements);
        let store = LocalStore::open(folder.path()).await.unwrap();
        check(&store, &said).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_another_process_harms_nobody_who_has_the_store_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::open(folder.path()).await.unwrap());
    for (round, acknowledgements) in [(1, 25), (2, 400), (3, 900)] {
        let server = Arc::clone(&store);
        let serving = tokio::spawn(async move {
            for n in 0..200 {
                let key = digest(round * 1_000_000_000 + n);
                assert!(server.first_use(&key, at(300), step(n, 0)).await.unwrap());
            }
        });
        let path = folder.path().to_owned();
        let said = tokio::task::spawn_blocking(move || run_and_kill(&path, acknowledgements)).await.unwrap();
        serving.await.unwrap();
        check(&store, &said).await;
        for n in 0..200 {
            let key = digest(round * 1_000_000_000 + n);
            assert!(!store.first_use(&key, at(300), step(n + 500, 1)).await.unwrap());
        }
        // The next child begins anew.
        drop(said);
        store.sweep(smart_core::instant::Instant::NEVER).await.unwrap();
    }
}

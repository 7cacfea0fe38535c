//! The files of a store: who may read them, what survives, what is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use smart_core::id::Username;
use smart_core::instant::Instant;
use smart_core::ports::{
    Launches as _, Replay as _, Revocations as _, RevokedTokens as _, SignIns as _, Step, Throttle as _,
    Users as _,
};
use smart_core::secret::{Digest, Op, Secret};
use smart_core::session::Session;
use smart_core::user::{Credentials, PasswordHash, PatientAccess, User, new_subject};

use super::*;

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

fn step(n: u8, second: u64) -> Step {
    Step { now: at(second), op: Op::new([n; 32]) }
}

fn user(name: &str, random: u8) -> User {
    User {
        username: name.parse().unwrap(),
        sub: new_subject([random; 32]),
        name: "Maria Álvarez".to_owned(),
        fhir_user: "Patient/a".parse().unwrap(),
        patients: PatientAccess::Only(["a".parse().unwrap()].into()),
        password: Some(PasswordHash::from_phc("$argon2id$")),
        external: None,
        credentials: Credentials::default(),
        disabled: false,
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_stored_is_for_its_owner_alone_and_is_there_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/.smart");
    let store = LocalStore::open(&folder).await.unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&LocalStore::file_in(&folder)), 0o600);
    assert_eq!(store.put_user(user("maria", 1)).await.unwrap(), Put::Created);
    store.set_mark("seed", "demo".to_owned()).await.unwrap();
    drop(store);
    let store = LocalStore::open(&folder).await.unwrap();
    assert_eq!(store.users().unwrap(), [user("maria", 1)]);
    assert_eq!(store.mark("seed").unwrap().as_deref(), Some("demo"));
    assert_eq!(store.mark("other").unwrap(), None);
}

#[tokio::test]
async fn a_second_program_works_beside_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let server = LocalStore::open(folder.path()).await.unwrap();
    let operator = LocalStore::open(folder.path()).await.unwrap();
    for n in 0..20_u8 {
        let name: Username = format!("user-{n}").parse().unwrap();
        operator.put_user(user(name.as_str(), n)).await.unwrap();
        assert!(server.user(&name).await.unwrap().is_some());
        server.disable_user(&name).await.unwrap();
        assert!(operator.user(&name).await.unwrap().unwrap().disabled);
    }
    drop(operator);
    assert_eq!(server.users().unwrap().len(), 20);
    assert_eq!(server.put_user(user("late", 1)).await.unwrap(), Put::Created);
}

/// REG-04: key sets with the rest.
#[tokio::test]
async fn a_damaged_file_is_a_clear_error_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = LocalStore::file_in(folder.path());
    LocalStore::open(folder.path()).await.unwrap().put_user(user("maria", 1)).await.unwrap();
    let good = std::fs::read(&path).unwrap();
    let mut damaged =
        vec![b"not a store".to_vec(), vec![0; 4096], vec![0xff; 100_000], good[..good.len() / 2].to_vec()];
    let mut header = good.clone();
    header[9..320].fill(0xa5);
    damaged.push(header);
    for content in damaged {
        std::fs::write(&path, &content).unwrap();
        let refused = LocalStore::open(folder.path()).await.err().expect("a damaged file is refused");
        assert!(refused.to_string().contains("store.redb"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), content, "{refused}");
    }
}

/// Pages that were overwritten behind the database's back: whatever is answered, nothing panics out of the store.
#[tokio::test]
async fn damaged_pages_are_unavailable_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = LocalStore::file_in(folder.path());
    let store = LocalStore::open(folder.path()).await.unwrap();
    for n in 0..50 {
        store.put_user(user(&format!("user-{n}"), n)).await.unwrap();
    }
    drop(store);
    let good = std::fs::read(&path).unwrap();
    for page in 1..good.len() / 4096 {
        let mut content = good.clone();
        content[page * 4096..(page + 1) * 4096].fill(0xee);
        std::fs::write(&path, &content).unwrap();
        if let Ok(store) = LocalStore::open(folder.path()).await {
            let _ = store.users();
            let _ = store.user(&"user-7".parse().unwrap()).await;
            let _ = store.put_user(user("user-7", 9)).await;
        }
    }
}

#[tokio::test]
async fn a_newer_format_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).await.unwrap();
    store
        .engine
        .write("format", |writing| {
            writing.change(FORMAT_TABLE)?.insert("format", FORMAT + 1)?;
            Ok(())
        })
        .await
        .unwrap();
    drop(store);
    let refused = LocalStore::open(folder.path()).await.err().unwrap();
    assert!(matches!(refused, StoreError::NewerFormat { found, .. } if found == FORMAT + 1), "{refused}");
}

#[tokio::test]
async fn tables_that_came_after_the_store_was_made_are_made_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let older = Engine::open(&LocalStore::file_in(folder.path())).unwrap();
    let note = |writing: &Writing<'_>| {
        writing.change(FORMAT_TABLE)?.insert("format", FORMAT)?;
        Ok(())
    };
    older.write("format", note).await.unwrap();
    drop(older);
    let store = LocalStore::open(folder.path()).await.unwrap();
    assert_eq!(store.launch(&Digest::of(b"launch").into()).await.unwrap(), None);
    assert!(store.first_use(&Digest::of(b"use"), at(300), step(1, 0)).await.unwrap());
}

#[tokio::test]
async fn a_user_keeps_their_sub_and_what_the_operator_disabled_stays_so() {
    let store = LocalStore::in_memory().await.unwrap();
    assert_eq!(store.put_user(user("maria", 1)).await.unwrap(), Put::Created);
    assert_eq!(store.put_user(user("maria", 2)).await.unwrap(), Put::Unchanged);
    let renamed = User { name: "Maria".to_owned(), ..user("maria", 3) };
    assert_eq!(store.put_user(renamed).await.unwrap(), Put::Updated);
    assert!(store.disable_user(&"maria".parse().unwrap()).await.unwrap());
    assert!(!store.disable_user(&"nobody".parse().unwrap()).await.unwrap());
    store.seed(vec![], vec![user("maria", 4), user("tom", 5)]).await.unwrap();
    let users = store.users().unwrap();
    assert_eq!(users[0], User { disabled: true, ..user("maria", 1) });
    assert_eq!(users[1], user("tom", 5));
}

#[tokio::test]
async fn the_sweep_removes_what_has_expired_and_only_that() {
    let store = LocalStore::in_memory().await.unwrap();
    let session = Session::start(
        Secret::new([1; 32]).session_id(),
        "maria".parse().unwrap(),
        Credentials::default(),
        at(0),
    );
    store.start_session(&session).await.unwrap();
    store.touch_session(&session.id, at(7_000), at(100)).await.unwrap();
    let key = Digest::of(b"key");
    assert!(store.first_use(&key, at(300), step(1, 0)).await.unwrap());
    store.count_attempt(&key, Duration::from_mins(1), at(0)).await.unwrap();
    for (second, removed) in
        [(59, 0), (60, 1), (299, 0), (300, 1), (3_600, 0), (6_999, 0), (7_000, 1), (99_999, 0)]
    {
        assert_eq!(store.sweep(at(second)).await.unwrap(), removed, "at {second}");
    }
    for n in 0..1_200_u32 {
        let key = Digest::of(&n.to_be_bytes());
        store.count_attempt(&key, Duration::from_mins(1), at(0)).await.unwrap();
    }
    assert_eq!(store.sweep(at(60)).await.unwrap(), 1_200);
}

/// A store of a program that knew no revocations of tokens.
#[tokio::test]
async fn a_kind_of_thing_that_a_store_never_had_is_absent_and_can_be_stored() {
    let store = LocalStore::in_memory().await.unwrap();
    let table: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("revoked_tokens");
    let gone = store.engine.write("test", move |writing| writing.delete_table(table)).await.unwrap();
    assert!(gone);
    let token = Digest::of(b"token");
    assert!(!store.is_revoked(&token, at(0)).await.unwrap());
    assert_eq!(store.sweep(at(1)).await.unwrap(), 0);
    store.revoke_token(&token, at(300)).await.unwrap();
    assert!(store.is_revoked(&token, at(299)).await.unwrap());
    assert_eq!(store.sweep(at(299)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(300)).await.unwrap(), 1);
}

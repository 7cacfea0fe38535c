//! The users' lists, what the sweep leaves, and what costs no write. The rules of the steps are the store contract's.

use std::time::Duration;

use smart_core::grant::{Granted, IN_PROGRESS, Known, Owner, RefreshPolicy, Request, Stage, Until};
use smart_core::launch::LaunchContext;
use smart_core::pkce::CodeVerifier;
use smart_core::redirect::{RedirectUri, RegisteredRedirectUri};
use smart_core::secret::{Handle, Op, Salt};
use smart_core::user::Credentials;

use super::*;

const ACCESS: Duration = Duration::from_mins(15);

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

fn digest(n: u8) -> Digest {
    Digest::of(&[n])
}

fn step(n: u8, second: u64) -> Step {
    Step { now: at(second), op: Op::new([n; 32]) }
}

fn verifier() -> CodeVerifier {
    "v".repeat(43).parse().unwrap()
}

/// A grant of `user`, known, with the handle and the secrets numbered `n`.
fn grant(n: u8, user: &str) -> Grant {
    let registered = [RegisteredRedirectUri::parse("https://app.example/cb").unwrap()];
    let request = Request {
        redirect_uri: RedirectUri::matched("https://app.example/cb", &registered, false).unwrap(),
        state: "s".to_owned(),
        scopes: "patient/*.rs".parse().unwrap(),
        challenge: verifier().challenge(),
        nonce: None,
        dpop_jkt: None,
        sign_in: smart_core::grant::SignInWish::default(),
        launch: None,
        always_ask: false,
    };
    let owner = Owner {
        user: user.parse().unwrap(),
        sub: "sub".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(at(0)),
    };
    let known =
        Known { request: request.clone(), session: digest(n).into(), owner, patient: None, encounter: None };
    let id = Handle::new([n; 16]).grant_id();
    let begun = Grant::begin(id, "app".parse().unwrap(), request, Op::new([n; 32]), at(0));
    Grant { stage: Stage::Known(known), ..begun }
}

fn redemption(n: u8) -> Redemption {
    Redemption {
        client_id: "app".parse().unwrap(),
        code: digest(n),
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: verifier().challenge(),
        refresh: digest(n),
        key: None,
        refresh_key: None,
        access_lifetime: ACCESS,
    }
}

fn rotation(presented: u8, successor: u8) -> Rotation {
    Rotation {
        client_id: "app".parse().unwrap(),
        presented: digest(presented),
        successor: digest(successor),
        salt: Salt::new([successor; 32]),
        retry: Duration::from_secs(30),
        key: None,
        access_lifetime: ACCESS,
    }
}

/// Begins the grant and issues its code at second 1, for a refresh token that slides a thousand seconds.
async fn coded(store: &LocalStore, n: u8, user: &str) -> GrantId {
    let grant = grant(n, user);
    store.begin(&grant).await.unwrap();
    let issue = CodeIssue {
        session: digest(n).into(),
        seen: grant.last_op,
        code: digest(n),
        granted: Granted {
            scopes: "patient/*.rs".parse().unwrap(),
            context: LaunchContext::default(),
            name: None,
            nonce: None,
        },
        refresh: Some(RefreshPolicy { slides: Duration::from_secs(1_000), until: Until::Forever }),
    };
    store.issue_code(&grant.id, &issue, step(101, 1)).await.unwrap();
    grant.id
}

async fn active(store: &LocalStore, n: u8, user: &str) -> Redeemed {
    let id = coded(store, n, user).await;
    store.redeem(&id, &redemption(n), step(102, 2)).await.unwrap()
}

fn listed(store: &LocalStore, user: &str, second: u64) -> Vec<GrantId> {
    let grants = store.active_grants(&user.parse().unwrap(), at(second)).unwrap();
    assert!(grants.iter().all(|grant| grant.active().unwrap().owner.user.as_str() == user));
    grants.into_iter().map(|grant| grant.id).collect()
}

/// How many entries the lists of all users have.
fn entries(store: &LocalStore) -> usize {
    use redb::ReadableTableMetadata as _;
    store.engine.read(PORT, |snapshot| Ok(snapshot.table(ACTIVE)?.len()?)).unwrap().try_into().unwrap()
}

#[tokio::test]
async fn a_users_list_holds_the_grants_that_are_active_and_no_others() {
    let store = LocalStore::in_memory().await.unwrap();
    for user in ["maria", "mari", "marian", "maria z", "tom"] {
        assert_eq!(listed(&store, user, 0), []);
    }
    coded(&store, 1, "maria").await;
    assert_eq!((listed(&store, "maria", 1), entries(&store)), (vec![], 0));
    let first = active(&store, 2, "maria").await.grant.id;
    let second = active(&store, 3, "maria").await.grant.id;
    let other = active(&store, 4, "marian").await.grant.id;
    let mut both = vec![first.clone(), second.clone()];
    both.sort();
    assert_eq!(listed(&store, "maria", 2), both);
    assert_eq!((listed(&store, "marian", 2), listed(&store, "mari", 2)), (vec![other], vec![]));
    // A refresh leaves it where it is; whatever is refused, too.
    store.refresh(&first, &rotation(2, 12), step(103, 3)).await.unwrap();
    store.refresh(&first, &rotation(2, 13), step(104, 100)).await.unwrap_err();
    assert_eq!((listed(&store, "maria", 100), entries(&store)), (both, 3));
    // Revoked, it is gone at once.
    assert!(store.revoke(&first, RevocationReason::ByUser, step(105, 101)).await.unwrap());
    assert!(store.revoke(&first, RevocationReason::ByUser, step(106, 102)).await.unwrap());
    assert_eq!((listed(&store, "maria", 102), entries(&store)), (vec![second], 2));
    // Expired, too, though the entry is still there.
    assert_eq!((listed(&store, "maria", 1_002), entries(&store)), (vec![], 2));
}

#[tokio::test]
async fn a_redemption_that_is_taken_back_leaves_the_list() {
    let store = LocalStore::in_memory().await.unwrap();
    let redeemed = active(&store, 1, "maria").await;
    let id = redeemed.grant.id.clone();
    assert_eq!(listed(&store, "maria", 2), std::slice::from_ref(&id));
    assert!(store.unredeem(&redeemed.grant.id, redeemed.op, step(103, 3)).await.unwrap());
    assert_eq!((listed(&store, "maria", 3), entries(&store)), (vec![], 0));
    store.redeem(&id, &redemption(1), step(104, 4)).await.unwrap();
    assert_eq!(listed(&store, "maria", 4), [id]);
}

#[tokio::test]
async fn the_sweep_removes_grants_that_have_expired_and_their_entries() {
    let store = LocalStore::in_memory().await.unwrap();
    let progress = IN_PROGRESS.as_secs();
    store.begin(&grant(1, "maria")).await.unwrap();
    coded(&store, 2, "maria").await;
    let unused = active(&store, 3, "maria").await.grant.id;
    let used = active(&store, 4, "maria").await.grant.id;
    let revoked = active(&store, 5, "maria").await.grant.id;
    store.revoke(&revoked, RevocationReason::ByUser, step(103, 3)).await.unwrap();
    // Nothing is due before an authorization would have been over; then two are gone, and three have become something.
    assert_eq!(store.sweep(at(progress - 1)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(progress)).await.unwrap(), 2);
    store.refresh(&used, &rotation(4, 14), step(104, 950)).await.unwrap();
    assert_eq!((listed(&store, "maria", 950).len(), entries(&store)), (2, 2));
    // Redeemed at second 2, for a thousand; the revoked one is remembered as long.
    assert_eq!(store.sweep(at(1_001)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(1_002)).await.unwrap(), 2);
    assert_eq!(store.grant(&unused, at(3)).await.unwrap(), None);
    assert_eq!((listed(&store, "maria", 1_002), entries(&store)), (vec![used], 1));
    assert_eq!(store.sweep(at(1_949)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(1_950)).await.unwrap(), 1);
    assert_eq!((listed(&store, "maria", 1_002), entries(&store)), (vec![], 0));
    assert_eq!(store.sweep(Instant::NEVER).await.unwrap(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_unavailable_and_keeps_the_sweep_from_nothing() {
    let store = LocalStore::in_memory().await.unwrap();
    let (damaged, sound) =
        (active(&store, 1, "maria").await.grant.id, active(&store, 2, "tom").await.grant.id);
    let id = damaged.clone();
    store
        .engine
        .write("test", move |writing| {
            let table: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("grants");
            writing.change(table)?.insert(id.as_str(), b"\x01{".as_slice())?;
            Ok(())
        })
        .await
        .unwrap();
    store.grant(&damaged, at(3)).await.unwrap_err();
    let refreshed = store.refresh(&damaged, &rotation(1, 11), step(103, 3)).await;
    assert!(matches!(refreshed, Err(Stopped::Unavailable(_))), "{refreshed:?}");
    store.revoke(&damaged, RevocationReason::ByUser, step(104, 3)).await.unwrap_err();
    store.begin(&grant(1, "maria")).await.unwrap_err();
    assert_eq!(store.sweep(at(5_000)).await.unwrap(), 1);
    assert_eq!(store.grant(&sound, at(3)).await.unwrap(), None);
    // It was not removed either.
    store.grant(&damaged, at(3)).await.unwrap_err();
}

/// "Decide, then write": what is refused, or was made before, opens no table to be written.
#[tokio::test]
async fn a_step_that_changes_nothing_is_not_committed() {
    let store = LocalStore::in_memory().await.unwrap();
    let id = active(&store, 1, "maria").await.grant.id;
    store.refresh(&id, &rotation(1, 11), step(103, 3)).await.unwrap();
    let before = store.grant(&id, at(3)).await.unwrap().unwrap();
    let attempts: [fn(Grant) -> Result<Grant, Refusal>; 4] = [
        |grant| grant.redeem(&redemption(1), step(104, 4)),
        |grant| grant.refresh(&rotation(1, 12), step(105, 4)).map(|repeated| repeated.grant),
        |grant| grant.refresh(&rotation(1, 11), step(103, 4)).map(|own| own.grant),
        |grant| grant.refresh(&rotation(9, 12), step(106, 4)).map(|replayed| replayed.grant),
    ];
    for attempt in attempts {
        let grant = before.clone();
        let changes = store
            .engine
            .write("test", move |writing| {
                let changes = writing.changes();
                if let Ok(after) = attempt(grant.clone()) {
                    replace(writing, &grant, &after)?;
                }
                Ok(writing.changes() - changes)
            })
            .await
            .unwrap();
        assert_eq!(changes, 0);
    }
}

//! Users whom an identity provider vouches for: written as its claims say, by the function that signs them in.

use std::sync::Arc;

use smart_core::user::{Credentials, External, PatientAccess, User, new_subject};

use super::{Store, at, bytes, together};

/// A user whom a provider vouches for, with a `sub` of `n`.
fn said(n: u64) -> User {
    let external = External {
        issuer: "https://idp.example".to_owned(),
        subject: "person-7".to_owned(),
        by_claims: true,
        vouched_until: Some(at(9_000)),
    };
    User {
        username: external.username(),
        sub: new_subject(bytes(n)),
        name: "Ines Moreau".to_owned(),
        fhir_user: "Practitioner/moreau".parse().unwrap(),
        patients: PatientAccess::Only(["a".parse().unwrap()].into()),
        password: None,
        external: Some(external),
        credentials: Credentials::default(),
        disabled: false,
    }
}

/// A new user is stored, and found by the one name that issuer and subject give; what the claims say next replaces it, and
/// the `sub` stays (OIDC-10). Until when that is believed is kept with it (REFR-24).
pub(crate) async fn whom_a_provider_vouches_for_is_a_user<S: Store>(store: Arc<S>) {
    let first = said(1);
    assert_eq!(store.user(&first.username).await.unwrap(), None);
    assert_eq!(store.enrol(&first).await.unwrap(), first);
    assert_eq!(store.user(&first.username).await.unwrap(), Some(first.clone()));
    let later = said(2).external.map(|external| External { vouched_until: Some(at(9_600)), ..external });
    let name = "I. Moreau".to_owned();
    let fewer = User { patients: PatientAccess::Only([].into()), name, external: later, ..said(2) };
    let expected = User { sub: first.sub, ..fewer.clone() };
    assert_eq!(store.enrol(&fewer).await.unwrap(), expected);
    assert_eq!(store.enrol(&fewer).await.unwrap(), expected);
    assert_eq!(store.user(&fewer.username).await.unwrap(), Some(expected));
}

/// OIDC-10: of many first sign-ins at once all are the same user.
pub(crate) async fn at_many_sign_ins_at_once_there_is_one_new_user<S: Store>(store: Arc<S>) {
    let users = together(50, |i| {
        let store = Arc::clone(&store);
        // A store that is asked by too many at once may say so, and is asked again: as a browser would.
        async move {
            loop {
                if let Ok(user) = store.enrol(&said(i)).await {
                    return user;
                }
            }
        }
    })
    .await;
    let stored = store.user(&said(0).username).await.unwrap().unwrap();
    assert!(users.iter().all(|user| *user == stored));
}

/// Nobody who signs in with a password can be written so.
pub(crate) async fn no_other_user_is_written<S: Store>(store: Arc<S>) {
    let local = User { username: "ines".parse().unwrap(), ..said(1) };
    assert!(store.enrol(&local).await.is_err());
    assert_eq!(store.user(&local.username).await.unwrap(), None);
}

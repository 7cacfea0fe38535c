//! Access tokens that were revoked and stand on no grant (RFC 7009; REVOKE-05, REVOKE-10).

use std::sync::Arc;

use super::{Store, at, digest, together};

/// REVOKE-10: a revocation counts for the next who looks, for its token alone, and until that has expired; it is not trusted to be
/// removed in time.
pub(crate) async fn a_revoked_token_is_revoked_until_it_expires<S: Store>(store: Arc<S>) {
    let (token, other) = (digest(1), digest(2));
    assert!(!store.is_revoked(&token, at(0)).await.unwrap());
    store.revoke_token(&token, at(300)).await.unwrap();
    for second in [0, 1, 299] {
        assert!(store.is_revoked(&token, at(second)).await.unwrap(), "at second {second}");
        assert!(!store.is_revoked(&other, at(second)).await.unwrap());
    }
    assert!(!store.is_revoked(&token, at(300)).await.unwrap());
}

/// A client that hears nothing asks again.
pub(crate) async fn revoking_again_is_no_error<S: Store>(store: Arc<S>) {
    let token = digest(1);
    for _ in 0..3 {
        store.revoke_token(&token, at(300)).await.unwrap();
    }
    assert!(store.is_revoked(&token, at(299)).await.unwrap());
}

/// Of many at once each is told that it is done, and it is.
pub(crate) async fn many_revocations_at_once_are_one<S: Store>(store: Arc<S>) {
    let token = digest(1);
    let found = together(50, |_| {
        let store = Arc::clone(&store);
        async move {
            store.revoke_token(&token, at(300)).await.unwrap();
            store.is_revoked(&token, at(0)).await.unwrap()
        }
    })
    .await;
    assert!(found.into_iter().all(|revoked| revoked));
}

//! What is bound to a key, and who must prove to have it (RFC 9449 §5, §10).

use super::*;

/// The key of that name.
fn key(name: &str) -> KeyId {
    name.into()
}

/// A grant whose app named a key before it had a code.
fn coded_for(dpop_jkt: Option<KeyId>) -> Grant {
    let id = Handle::new([7; 16]).grant_id();
    let request = Request { dpop_jkt, ..request() };
    Grant::begin(id, "app".parse().unwrap(), request, op(100), at(0))
        .sign_in(&sign_in(SESSION), step(101, 1))
        .and_then(|known| known.issue_code(&issue(op(101)), step(102, 2)))
        .unwrap()
}

fn with_key(key: Option<KeyId>) -> Redemption {
    Redemption { key, ..redemption() }
}

#[test]
fn dpop_06_a_code_that_is_bound_to_a_key_is_redeemed_with_a_proof_by_it_alone() {
    for other in [None, Some(key("other"))] {
        let refused = coded_for(Some(key("own"))).redeem(&with_key(other), step(103, 3));
        assert_eq!(refused, Err(Refusal::Key));
    }
    let redeemed = coded_for(Some(key("own"))).redeem(&with_key(Some(key("own"))), step(103, 3)).unwrap();
    assert_eq!(redeemed.active().unwrap().code.as_ref().unwrap().dpop_jkt, Some(key("own")));
    // It is bound still when it is given back.
    let again = redeemed.unredeem(op(103), step(104, 3)).unwrap();
    assert_eq!(again.redeem(&with_key(Some(key("other"))), step(105, 3)), Err(Refusal::Key));
    // One that is bound to none is anybody's who has its verifier.
    for any in [None, Some(key("own"))] {
        assert!(coded_for(None).redeem(&with_key(any), step(103, 3)).is_ok());
    }
}

#[test]
fn dpop_04_a_refresh_token_that_is_bound_to_a_key_is_refreshed_with_a_proof_by_it_alone() {
    let bound = Redemption { refresh_key: Some(key("own")), ..with_key(Some(key("own"))) };
    let active = || coded_for(None).redeem(&bound, step(103, 3)).unwrap();
    let by = |key: Option<KeyId>| Rotation { key, ..rotation(TOKEN, 4) };
    for other in [None, Some(key("other"))] {
        assert_eq!(active().refresh(&by(other.clone()), step(104, 10)).unwrap_err(), Refusal::Key);
        // A lost answer is answered again to nobody else, either.
        let refreshed = active().refresh(&by(Some(key("own"))), step(104, 10)).unwrap().grant;
        assert_eq!(refreshed.refresh(&by(other), step(105, 11)).unwrap_err(), Refusal::Key);
    }
    // The key is that of all tokens that follow.
    let next = active().refresh(&by(Some(key("own"))), step(104, 10)).unwrap().grant;
    let later = Rotation { key: Some(key("other")), ..rotation(4, 5) };
    assert_eq!(next.refresh(&later, step(105, 20)).unwrap_err(), Refusal::Key);
    // Whoever shows an old token is a thief, whatever key they have.
    let third = Rotation { key: Some(key("own")), ..rotation(4, 5) };
    let next = active().refresh(&by(Some(key("own"))), step(104, 10)).unwrap().grant;
    let next = next.refresh(&third, step(105, 20)).unwrap().grant;
    assert_eq!(next.refresh(&by(Some(key("other"))), step(106, 21)).unwrap_err(), Refusal::Replayed);
    // One that is bound to none may come with a key.
    assert!(super::active().refresh(&by(Some(key("own"))), step(104, 10)).is_ok());
}

//! Whatever is sent: properties of every request.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Names that mean something, and some that do not.
fn name() -> impl Strategy<Value = String> {
    let known = GOOD.map(|(name, _)| name);
    let others = ["launch", "nonce", "prompt", "max_age", "resource", "request", "response_mode", "x"];
    prop_oneof![
        4 => select([known, others].concat()).prop_map(str::to_owned),
        1 => "[a-z_]{0,12}",
    ]
}

proptest! {
    /// Whatever is sent, an answer goes to a registered URI or nowhere, and says what is wrong in the characters that
    /// may be used.
    #[test]
    fn authz_06_and_19_any_request_is_answered_at_a_registered_uri_or_shown(
        changes in prop::collection::vec((name(), "\\PC{0,60}", any::<bool>()), 0..4)
    ) {
        let mut pairs: Vec<(String, String)> =
            GOOD.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (name, value, add) in changes {
            if !add {
                pairs.retain(|(known, _)| *known != name);
            }
            pairs.push((name, value.replace('\u{fffd}', "?")));
        }
        let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        match read(&encoded(&borrowed)) {
            Ok(asked) => {
                prop_assert!(client().redirect_uri(asked.request.redirect_uri.as_str()).is_some());
                prop_assert!(!asked.request.state.is_empty() && !asked.request.scopes.is_empty());
                prop_assert!(asked.request.scopes.is_within(&client().scope));
            }
            Err(Refused::Shown(_)) => {}
            Err(Refused::Redirected(answer)) => {
                prop_assert!(client().redirect_uri(answer.redirect_uri.as_str()).is_some());
                let location = answer.location(here().issuer());
                prop_assert!(location.starts_with(answer.redirect_uri.as_str()));
                let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
                prop_assert!(answer.error.error_description.bytes().all(allowed));
                prop_assert!(pairs_of(&location).iter().all(|(name, _)| name != "code"));
            }
        }
    }

    #[test]
    fn authz_08_any_state_comes_back(state in "\\PC{1,200}") {
        prop_assume!(!state.contains('\u{fffd}'));
        let answer = redirected(read(&encoded(&[
            ("client_id", "app"), ("redirect_uri", REDIRECT_URI), ("state", &state),
        ])));
        let found = pairs_of(&answer.location(here().issuer()));
        prop_assert!(found.contains(&("state".to_owned(), state)));
    }
}

//! The state of a sign-in elsewhere (RFC 6749 §10.12; RFC 9700 §4.7): sealed for one browser, and read by no other.
//!
//! AES-256-GCM with a key that follows from the browser's cookie, and a random nonce: the provider, and whoever reads its logs,
//! learns nothing from it, least of all the handle of the authorization; nor from its length, which is that of every other. It
//! lives as long as an authorization in progress.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smart_core::external::ProviderId;
use smart_core::grant::IN_PROGRESS;
use smart_core::instant::Instant;
use smart_core::secret::Digest;

use crate::browser::Browser;
use crate::destination::Destination;

/// How many bytes are sealed, filled up with spaces: a handle has 26, an instant at most 20, a provider 32.
const SEALED: usize = 80;
/// How long a state may be that is looked at: ours have 144 characters.
const LONGEST: usize = 512;

/// What a browser takes to a provider and back.
#[derive(Debug)]
pub(crate) struct State {
    /// Where the sign-in leads.
    pub(crate) to: Destination,
    /// The one provider whose answer this is.
    pub(crate) provider: ProviderId,
    /// When the browser was sent there.
    pub(crate) asked_at: Instant,
}

impl State {
    /// Until when it can be used.
    pub(crate) fn expires_at(&self) -> Instant {
        self.asked_at + IN_PROGRESS
    }

    /// The text that the provider gets.
    pub(crate) fn seal(&self, browser: &Browser, random: [u8; NONCE_LEN]) -> Option<String> {
        let text = format!("{} {} {}", self.to.sealed(), self.asked_at.as_unix(), self.provider);
        let mut sealed = format!("{text:SEALED$}").into_bytes();
        let nonce = Nonce::assume_unique_for_key(random);
        key(browser)?.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).ok()?;
        let whole: Vec<u8> = random.into_iter().chain(sealed).collect();
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// What came back, if it was sealed for this browser and has not expired.
    pub(crate) fn open(browser: &Browser, text: &str, now: Instant) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut whole = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = whole.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = key(browser)?.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        let mut parts = std::str::from_utf8(opened).ok()?.split(' ');
        let (to, asked_at, provider) = (parts.next()?, parts.next()?, parts.next()?);
        let state = Self {
            to: Destination::opened(to, browser)?,
            provider: provider.parse().ok()?,
            asked_at: Instant::from_unix(asked_at.parse().ok()?),
        };
        (!state.expires_at().has_passed(now)).then_some(state)
    }
}

fn key(browser: &Browser) -> Option<LessSafeKey> {
    let key = browser.key("sign-in state");
    UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok().map(LessSafeKey::new)
}

/// What an ID token must repeat.
pub(crate) fn nonce(browser: &Browser, state: &str) -> Digest {
    browser.key(&format!("sign-in nonce {state}"))
}

/// What the code's redeemer must know (RFC 7636 §4.1): 43 characters of base64url.
pub(crate) fn verifier(browser: &Browser, state: &str) -> Digest {
    browser.key(&format!("sign-in verifier {state}"))
}

/// The name under which its use is remembered.
pub(crate) fn use_of(state: &str) -> Digest {
    Digest::of(format!("sign-in state\0{state}").as_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::page_handle::PageHandle;

    const NOW: Instant = Instant::from_unix(1_764_000_000);

    fn authorization(browser: &Browser) -> Destination {
        Destination::Authorization(PageHandle::begin(browser).unwrap())
    }

    fn sealed_to(browser: &Browser, to: Destination, provider: &str, asked_at: Instant) -> String {
        let state = State { to, provider: provider.parse().unwrap(), asked_at };
        state.seal(browser, [3; NONCE_LEN]).unwrap()
    }

    fn sealed(browser: &Browser) -> String {
        sealed_to(browser, authorization(browser), "idp", NOW)
    }

    #[test]
    fn rfc9700_4_7_a_state_is_opened_by_the_browser_that_took_it_and_for_a_while() {
        let (browser, other) = (Browser::anonymous().unwrap(), Browser::anonymous().unwrap());
        let to = authorization(&browser);
        let text = sealed_to(&browser, to, "idp", NOW);
        let state = State::open(&browser, &text, NOW + Duration::from_secs(899)).unwrap();
        assert_eq!(state.to.sealed(), to.sealed());
        assert_eq!((state.provider.as_str(), state.asked_at), ("idp", NOW));
        assert!(State::open(&browser, &text, NOW + IN_PROGRESS).is_none(), "it expires");
        assert!(State::open(&other, &text, NOW).is_none(), "another browser");
        assert_ne!(nonce(&browser, &text), nonce(&other, &text));
        assert_ne!(nonce(&browser, &text), verifier(&browser, &text));
    }

    #[test]
    fn a_state_leads_where_it_was_made_for_and_nowhere_else() {
        let browser = Browser::anonymous().unwrap();
        let text = sealed_to(&browser, Destination::Access, "idp", NOW);
        assert!(matches!(State::open(&browser, &text, NOW).unwrap().to, Destination::Access));
        let opened = State::open(&browser, &sealed(&browser), NOW).unwrap();
        assert!(matches!(opened.to, Destination::Authorization(_)));
    }

    #[test]
    fn a_state_that_was_touched_is_none() {
        let browser = Browser::anonymous().unwrap();
        let text = sealed(&browser);
        for i in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(bytes).unwrap();
            // The last character may have bits that say nothing: then it is no base64url.
            assert!(State::open(&browser, &touched, NOW).is_none(), "{i}");
        }
        for none in ["", "A", "AAAA", "é", &text[1..], &format!("{text}A"), &"A".repeat(600)] {
            assert!(State::open(&browser, none, NOW).is_none(), "{none}");
        }
    }

    #[test]
    fn a_state_says_nothing_of_the_authorization() {
        let browser = Browser::anonymous().unwrap();
        let to = authorization(&browser);
        let name = to.sealed();
        assert!(!sealed_to(&browser, to, "idp", NOW).contains(name.strip_prefix("sar_").unwrap()));
        let longest = "p".repeat(32);
        for (to, provider, asked_at) in [
            (Destination::Access, "a", Instant::from_unix(0)),
            (Destination::Access, longest.as_str(), NOW),
            (to, "a", NOW),
            (to, longest.as_str(), Instant::NEVER),
        ] {
            assert_eq!(sealed_to(&browser, to, provider, asked_at).len(), 144, "{to:?} {provider}");
        }
    }
}

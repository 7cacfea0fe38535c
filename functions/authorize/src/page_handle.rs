//! What pages call an authorization in progress: a name that means something in the browser that began it, and in no other.
//!
//! The name stands in the pages' addresses, which histories keep, screens show and proxies log. What it names follows from it and from
//! the cookie of the browser in which the app asked: the handle of the grant, which the code and the refresh token carry later on. So
//! whoever sees an address can neither go on with it in a browser of their own, which would hand the app a code of somebody else past
//! `state` and PKCE, nor name the grant at the token endpoint. Nothing is stored for it, and nothing more is asked.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smart_core::id::GrantId;
use smart_core::ports::Unavailable;
use smart_core::secret::Handle;
use smart_web::random;

use crate::browser::Browser;

/// An authorization in progress, in its browser. Redacted in `Debug`.
#[derive(Clone, Copy)]
pub(crate) struct PageHandle {
    name: [u8; 16],
    of_grant: Handle,
}

impl PageHandle {
    const PREFIX: &'static str = "sar_";

    /// A new one, in the browser that it will go on in.
    pub(crate) fn begin(browser: &Browser) -> Result<Self, Unavailable> {
        Ok(Self::new(random::bytes()?, browser))
    }

    /// The one that an address or a form names; `None` if the text is no name. In another browser it names no grant.
    pub(crate) fn named(text: &str, browser: &Browser) -> Option<Self> {
        let name = URL_SAFE_NO_PAD.decode(text.strip_prefix(Self::PREFIX)?).ok()?;
        Some(Self::new(name.try_into().ok()?, browser))
    }

    fn new(name: [u8; 16], browser: &Browser) -> Self {
        let key = browser.lasting_key(&format!("authorization {}", URL_SAFE_NO_PAD.encode(name)));
        Self { name, of_grant: Handle::from(key) }
    }

    /// The name, as the pages carry it from one to the next.
    pub(crate) fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.name))
    }

    /// What the code of the grant begins with: never to be on a page.
    pub(crate) fn of_grant(&self) -> Handle {
        self.of_grant
    }

    /// The name under which the grant is stored.
    pub(crate) fn grant_id(&self) -> GrantId {
        self.of_grant.grant_id()
    }
}

impl fmt::Debug for PageHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageHandle(…)")
    }
}

#[cfg(test)]
mod tests {
    use smart_core::secret::{AuthorizationCode, RefreshToken, Secret};

    use super::*;

    #[test]
    fn an_address_names_a_grant_in_the_browser_that_began_it_and_in_no_other() {
        let (browser, other) = (Browser::anonymous().unwrap(), Browser::anonymous().unwrap());
        let begun = PageHandle::begin(&browser).unwrap();
        let named = |browser| PageHandle::named(&begun.reveal(), browser).unwrap().grant_id();
        assert_eq!(named(&browser), begun.grant_id());
        assert_ne!(named(&other), begun.grant_id());
        // Who signs in gets another cookie, and goes on.
        assert_eq!(named(&browser.signed_in().unwrap()), begun.grant_id());
        // Two tabs are two authorizations.
        assert_ne!(PageHandle::begin(&browser).unwrap().grant_id(), begun.grant_id());
    }

    /// Whoever sees an address knows no credential of its grant, and cannot make one that names it.
    #[test]
    fn an_address_holds_nothing_of_the_code_that_it_leads_to() {
        let browser = Browser::anonymous().unwrap();
        let begun = PageHandle::begin(&browser).unwrap();
        let forged = Handle::new(begun.name);
        let secret = || Secret::new([0; 32]);
        assert_ne!(AuthorizationCode::new(forged, secret()).grant_id(), begun.grant_id());
        assert_ne!(RefreshToken::new(forged, secret()).grant_id(), begun.grant_id());
        assert_eq!(AuthorizationCode::new(begun.of_grant(), secret()).grant_id(), begun.grant_id());
    }

    #[test]
    fn a_text_that_is_no_name_names_nothing() {
        let browser = Browser::anonymous().unwrap();
        let name = PageHandle::begin(&browser).unwrap().reveal();
        for text in ["", "sar_", &name[1..], &name[..25], &format!("{name}A"), &name.replace("sar_", "sac_")]
        {
            assert!(PageHandle::named(text, &browser).is_none(), "{text}");
        }
    }
}

//! Codes and tokens that somebody made up of what can be seen: of the grant's name in an access token, of a page's address, of a code
//! that was used. They open nothing. Only an app's own client that shows what it was given, and has used, ends a grant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{AT_ONCE, OFFLINE, has_ended, reads, servers, together};
use crate::harness::smart_app::{Asked, TokenCall, decide};
use crate::harness::{Browser, Choices, SmartApp, Tokens};

/// A credential of this kind: the first 16 bytes are the handle, the other 32 the secret.
fn made_up(prefix: &str, handle: &[u8], secret: &[u8]) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode([handle, secret].concat()))
}

/// 32 bytes that are no secret of anything.
fn garbage(n: usize) -> [u8; 32] {
    let mut bytes: [u8; 32] = smart_web::random::bytes().unwrap();
    bytes[0] = u8::try_from(n % 256).unwrap();
    bytes
}

fn presents_refresh(app: &SmartApp, token: &str) -> TokenCall {
    app.token_call(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// All at once, and not one of them is good.
async fn all_are_refused(calls: impl IntoIterator<Item = TokenCall>) {
    for answer in together(calls.into_iter().map(TokenCall::send)).await {
        answer.is_token_error(400, "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_15_and_refr_25_who_has_seen_an_access_token_can_neither_use_nor_end_its_grant() {
    for target in servers().await {
        let (app, other) = (SmartApp::new(&target, "web").await, SmartApp::new(&target, "native").await);
        let asked = app.request(OFFLINE);
        let code = app.code(&mut Browser::new(&target), &asked, &Choices::of("maria")).await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        let name = tokens.claims()["grant"].as_str().unwrap().to_owned();
        let digest = URL_SAFE_NO_PAD.decode(&name).unwrap();
        let texts = (0..AT_ONCE).map(|n| match n % 10 {
            0 => made_up("", &digest[..16], &garbage(n)),
            1 => made_up("", &digest[16..], &garbage(n)),
            2 => made_up("", &digest[..16], &digest),
            3 => made_up("", &garbage(n)[..16], &digest),
            4 => name.clone(),
            5 => URL_SAFE_NO_PAD.encode(&digest[..16]),
            6 => format!("{name}{name}"),
            7 => tokens.access_token.clone(),
            8 => tokens.id_token.clone().unwrap(),
            _ => made_up("", &name.as_bytes()[..16], &name.as_bytes()[..32]),
        });
        let texts: Vec<_> = texts.collect();
        for app in [&app, &other] {
            for prefix in ["srt_", "sar_", ""] {
                all_are_refused(texts.iter().map(|text| presents_refresh(app, &format!("{prefix}{text}"))))
                    .await;
            }
            all_are_refused(texts.iter().map(|text| app.exchange(&asked, &format!("sac_{text}")))).await;
        }
        reads(&app, &tokens).await;
        let next = app.tokens(&app.refresh(&tokens).send().await);
        reads(&app, &next).await;
    }
}

/// No string of one kind is taken for another (RFC 8725 §3.11), and a code that is one's own is no refresh token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sec_13_a_code_is_no_refresh_token_and_a_refresh_token_no_code() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let asked = app.request(OFFLINE);
        let code = app.code(&mut Browser::new(&target), &asked, &Choices::of("maria")).await;
        all_are_refused((0..AT_ONCE).map(|n| match n % 2 {
            0 => presents_refresh(&app, &code),
            // By another name it belongs to a grant that has no refresh token yet.
            _ => presents_refresh(&app, &code.replace("sac_", "srt_")),
        }))
        .await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        let refresh_token = tokens.refresh_token.as_deref().unwrap();
        all_are_refused((0..AT_ONCE).map(|_| app.exchange(&asked, refresh_token))).await;
        reads(&app, &tokens).await;
        reads(&app, &app.tokens(&app.refresh(&tokens).send().await)).await;
    }
}

/// An authorization at the consent page, and what its address shows.
struct Open {
    browser: Browser,
    page: crate::harness::page::Page,
    asked: Asked,
    address: Vec<u8>,
}

impl Open {
    async fn new(app: &SmartApp) -> Self {
        let mut browser = Browser::new(&app.target);
        let asked = app.request(OFFLINE);
        let sign_in = browser.open(&app.url_of(&asked)).await.page();
        let page = browser.sign_in(&sign_in, "maria").await.page();
        let shown = page.url.query_pairs().find(|(name, _)| name == "request").unwrap().1.into_owned();
        let address = URL_SAFE_NO_PAD.decode(shown.strip_prefix("sar_").unwrap()).unwrap();
        assert_eq!(address.len(), 16);
        Self { browser, page, asked, address }
    }

    /// The code, and the handle in it.
    async fn consents(&mut self) -> (String, Vec<u8>) {
        let url = decide(&mut self.browser, &self.page, &Choices::of("maria")).await.left();
        let code = self.asked.code_in(&url);
        let handle = URL_SAFE_NO_PAD.decode(&code[4..]).unwrap()[..16].to_vec();
        assert_ne!(handle, self.address, "an address shows what a credential holds");
        (code, handle)
    }

    /// Codes or refresh tokens with this handle, but for their secrets.
    fn forged<'a>(
        &'a self,
        app: &'a SmartApp,
        prefix: &'a str,
        handle: &'a [u8],
    ) -> impl Iterator<Item = TokenCall> + 'a {
        (0..AT_ONCE).map(move |n| {
            let text = made_up(prefix, handle, &garbage(n));
            if prefix == "sac_" { app.exchange(&self.asked, &text) } else { presents_refresh(app, &text) }
        })
    }
}

/// Addresses are in histories and logs: who sees one harms neither the authorization nor what comes of it, however long it lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_made_up_of_a_pages_address_harms_nothing_before_the_consent_or_after() {
    for target in servers().await {
        let (app, other) = (SmartApp::new(&target, "web").await, SmartApp::new(&target, "native").await);
        let mut open = Open::new(&app).await;
        let attack = async |open: &Open| {
            for prefix in ["sac_", "srt_"] {
                all_are_refused(open.forged(&app, prefix, &open.address)).await;
                all_are_refused(open.forged(&other, prefix, &open.address)).await;
            }
            // Whoever knows the id of a public client may speak for it.
            app.revokes(&made_up("srt_", &open.address, &garbage(0))).await;
        };
        attack(&open).await;
        let (code, _) = open.consents().await;
        attack(&open).await;
        let tokens: Tokens = app.tokens(&app.exchange(&open.asked, &code).send().await);
        attack(&open).await;
        reads(&app, &tokens).await;
        reads(&app, &app.tokens(&app.refresh(&tokens).send().await)).await;
    }
}

/// CODE-04: a code that was used stays in a browser's history. Its handle, with another secret, is no code; and another client that shows
/// it, or a refresh token made up of it, ends nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_seen_a_code_ends_nothing_by_another_secret_or_as_another_client() {
    for target in servers().await {
        let (app, other) = (SmartApp::new(&target, "web").await, SmartApp::new(&target, "native").await);
        let mut open = Open::new(&app).await;
        let (code, handle) = open.consents().await;
        all_are_refused(open.forged(&app, "sac_", &handle)).await;
        all_are_refused((0..AT_ONCE).map(|_| other.exchange(&open.asked, &code))).await;
        let tokens: Tokens = app.tokens(&app.exchange(&open.asked, &code).send().await);
        for tokens in [tokens.clone(), app.tokens(&app.refresh(&tokens).send().await)] {
            all_are_refused(open.forged(&app, "sac_", &handle)).await;
            all_are_refused((0..AT_ONCE).map(|_| other.exchange(&open.asked, &code))).await;
            for prefix in ["sac_", "srt_"] {
                all_are_refused(open.forged(&other, prefix, &handle)).await;
            }
            reads(&app, &tokens).await;
        }
    }
}

/// CODE-04, REFR-15: what an app's own client shows a second time has leaked, and ends the grant.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_used_code_or_an_older_token_shown_by_its_own_client_ends_the_grant() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        for prefix in ["sac_", "srt_"] {
            let mut open = Open::new(&app).await;
            let (code, handle) = open.consents().await;
            let tokens: Tokens = app.tokens(&app.exchange(&open.asked, &code).send().await);
            reads(&app, &tokens).await;
            let replayed: Vec<_> = match prefix {
                "sac_" => (0..AT_ONCE).map(|_| app.exchange(&open.asked, &code)).collect(),
                // Older tokens are not kept to be told from what never was one.
                _ => open.forged(&app, prefix, &handle).collect(),
            };
            all_are_refused(replayed).await;
            has_ended(&app, &tokens).await;
        }
    }
}

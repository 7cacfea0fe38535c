//! A grant and what moves it, each part numbered, so that a wrong one is at hand; and one of whatever else is stored.

use std::time::Duration;

use serde_json::json;
use smart_core::client::Client;
use smart_core::client::metadata::{self, Deployment};
use smart_core::client::registration::ID_PREFIX;
use smart_core::grant::{
    CodeIssue, Grant, Granted, Owner, Redemption, RefreshPolicy, Request, Rotation, SignIn, Until,
};
use smart_core::id::{GrantId, SessionId};
use smart_core::instant::Instant;
use smart_core::jose::KeyId;
use smart_core::launch::{Launch, LaunchContext, Situation};
use smart_core::pkce::CodeVerifier;
use smart_core::ports::{Authorizations as _, Redeemed, Redemptions as _, Step};
use smart_core::redirect::{RedirectUri, RegisteredRedirectUri};
use smart_core::secret::{Digest, Handle, LaunchHandle, Op, Salt};
use smart_core::user::{Credentials, External, PatientAccess, User};

use smart_aws::StateTable;

pub(crate) const ACCESS: Duration = Duration::from_mins(15);
pub(crate) const SLIDES: Duration = Duration::from_hours(180 * 24);
const URIS: [&str; 2] = ["https://app.example/callback", "https://app.example/other"];

pub(crate) fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

pub(crate) fn bytes(n: u64) -> [u8; 32] {
    *Digest::of(&n.to_be_bytes()).as_bytes()
}

pub(crate) fn digest(n: u64) -> Digest {
    Digest::of(&bytes(n))
}

pub(crate) fn step(n: u64, second: u64) -> Step {
    Step { now: at(second), op: Op::new(bytes(n)) }
}

pub(crate) fn id(n: u64) -> GrantId {
    let [handle, _] = *bytes(n).as_chunks::<16>().0 else { unreachable!("32 bytes are two handles") };
    Handle::new(handle).grant_id()
}

pub(crate) fn session(n: u64) -> SessionId {
    digest(500 + n).into()
}

fn verifier(n: u64) -> CodeVerifier {
    "abcdefgh".chars().nth(usize::try_from(n).unwrap()).unwrap().to_string().repeat(43).parse().unwrap()
}

pub(crate) fn owner(user: &str) -> Owner {
    Owner {
        user: user.parse().unwrap(),
        sub: Digest::of(user.as_bytes()).into(),
        fhir_user: "Practitioner/maria-alvarez".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(at(0)),
    }
}

/// Somebody whom an identity provider vouches for.
pub(crate) fn vouched_for() -> User {
    let external = External {
        issuer: "https://idp.example".to_owned(),
        subject: "7".to_owned(),
        by_claims: true,
        vouched_until: Some(at(9_000)),
    };
    User {
        username: external.username(),
        sub: digest(1).into(),
        name: "Ines Moreau".to_owned(),
        fhir_user: "Practitioner/moreau".parse().unwrap(),
        patients: PatientAccess::All,
        password: None,
        external: Some(external),
        credentials: Credentials::default(),
        disabled: false,
    }
}

/// An app that a program registered.
pub(crate) fn self_registered() -> Client {
    Client { client_id: format!("{ID_PREFIX}1").parse().unwrap(), ..app() }
}

/// The app `app`.
pub(crate) fn app() -> Client {
    let app = json!({ "client_id": "app", "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none" });
    metadata::parse(&app, Deployment::Public).unwrap()
}

/// What an EHR makes to open it.
pub(crate) fn launch() -> Launch {
    let situation = Situation { user: None, context: LaunchContext::default() };
    Launch::new(&LaunchHandle::new(bytes(1)), "app".parse().unwrap(), situation, step(1, 0).op, at(0))
}

/// The key of that number; the first is none.
pub(crate) fn key(n: u8) -> Option<KeyId> {
    (n > 0).then(|| KeyId::from(format!("key-{n}").as_str()))
}

pub(crate) fn begun(n: u64) -> Grant {
    begun_for(n, 0)
}

/// The same, bound to a key.
pub(crate) fn begun_for(n: u64, bound: u8) -> Grant {
    let registered = [RegisteredRedirectUri::parse(URIS[0]).unwrap()];
    let request = Request {
        redirect_uri: RedirectUri::matched(URIS[0], &registered, false).unwrap(),
        state: "a \"state\"".to_owned(),
        scopes: "launch/patient openid fhirUser offline_access patient/*.rs".parse().unwrap(),
        challenge: verifier(0).challenge(),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        dpop_jkt: key(bound),
        sign_in: smart_core::grant::SignInWish::default(),
        launch: None,
        always_ask: false,
    };
    Grant::begin(id(n), "growth-chart".parse().unwrap(), request, Op::new(bytes(1_000)), at(0))
}

pub(crate) fn sign_in(of: u64, user: &str, patient: Option<&str>) -> SignIn {
    SignIn { session: session(of), owner: owner(user), patient: patient.map(|id| id.parse().unwrap()) }
}

pub(crate) fn policy(until: Until) -> RefreshPolicy {
    RefreshPolicy { slides: SLIDES, until }
}

pub(crate) fn issue(of: u64, seen: Op, refresh: Option<RefreshPolicy>) -> CodeIssue {
    CodeIssue {
        session: session(of),
        seen,
        code: digest(0),
        granted: Granted {
            scopes: "launch/patient openid fhirUser offline_access patient/*.rs".parse().unwrap(),
            context: LaunchContext::standalone(Some("maria-alvarez".parse().unwrap())),
            name: None,
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
        },
        refresh,
    }
}

/// What redeems the code of [`issue`], unless a number is not zero.
pub(crate) fn redemption(code: u64, client: &str, uri: usize, verified: u64, access: Duration) -> Redemption {
    Redemption {
        client_id: client.parse().unwrap(),
        code: digest(code),
        redirect_uri: URIS[uri].to_owned(),
        challenge: verifier(verified).challenge(),
        refresh: digest(100),
        key: None,
        refresh_key: None,
        access_lifetime: access,
    }
}

pub(crate) fn right() -> Redemption {
    redemption(0, "growth-chart", 0, 0, ACCESS)
}

/// From the token numbered `presented` to the one numbered `successor`; the first is 100.
pub(crate) fn rotation(presented: u64, successor: u64, client: &str) -> Rotation {
    Rotation {
        client_id: client.parse().unwrap(),
        presented: digest(presented),
        successor: digest(successor),
        salt: Salt::new(bytes(successor)),
        retry: Duration::from_secs(30),
        key: None,
        access_lifetime: ACCESS,
    }
}

/// A grant of `user` whose code was issued at second 1.
pub(crate) async fn coded(store: &StateTable, n: u64, user: &str, refresh: Option<RefreshPolicy>) {
    store.begin(&begun(n)).await.unwrap();
    let known =
        store.sign_in(&id(n), &sign_in(0, user, Some("maria-alvarez")), step(1_001, 1)).await.unwrap();
    store.issue_code(&id(n), &issue(0, known.last_op, refresh), step(1_002, 1)).await.unwrap();
}

/// The same, redeemed at second 2.
pub(crate) async fn active(store: &StateTable, n: u64, user: &str) -> Redeemed {
    coded(store, n, user, Some(policy(Until::Forever))).await;
    store.redeem(&id(n), &right(), step(1_003, 2)).await.unwrap()
}

//! Grants as users give them, made by the steps themselves.

use std::time::Duration;

use smart_core::grant::{
    CodeIssue, Grant, Granted, Owner, Redemption, RefreshPolicy, Request, SignIn, SignInWish, Until,
};
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_core::launch::LaunchContext;
use smart_core::pkce::CodeVerifier;
use smart_core::ports::{Authorizations, Redemptions, Step};
use smart_core::redirect::{RedirectUri, RegisteredRedirectUri};
use smart_core::secret::{Digest, Handle, Op, Secret};
use smart_core::user::Credentials;

const CALLBACK: &str = "https://app.example/cb";

/// The secret of every refresh token that is made here: it must be shown nowhere.
pub(crate) fn secret() -> Secret {
    Secret::new([77; 32])
}

/// A grant of `user` to `client` that began then: offline, for the patient `maria-alvarez`. Its code was redeemed a minute later.
pub(crate) async fn granted<S: Authorizations + Redemptions>(
    store: &S,
    n: u8,
    user: &str,
    client: &str,
    begun_at: Instant,
) -> GrantId {
    let id = Handle::new([n; 16]).grant_id();
    let verifier: CodeVerifier = "v".repeat(43).parse().unwrap();
    let redirect_uri =
        RedirectUri::matched(CALLBACK, &[RegisteredRedirectUri::parse(CALLBACK).unwrap()], false).unwrap();
    let scopes = "launch/patient offline_access patient/*.rs";
    let request = Request {
        redirect_uri,
        state: "state".to_owned(),
        scopes: scopes.parse().unwrap(),
        challenge: verifier.challenge(),
        nonce: None,
        dpop_jkt: None,
        sign_in: SignInWish::default(),
        launch: None,
        always_ask: false,
    };
    let step =
        |op: u8, after: u64| Step { now: begun_at + Duration::from_secs(after), op: Op::new([op; 32]) };
    let grant = Grant::begin(id.clone(), client.parse().unwrap(), request, Op::new([n; 32]), begun_at);
    store.begin(&grant).await.unwrap();
    let session = Digest::of(b"session");
    let owner = Owner {
        user: user.parse().unwrap(),
        sub: Digest::of(user.as_bytes()).into(),
        fhir_user: "Patient/maria-alvarez".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(begun_at),
    };
    let patient = Some("maria-alvarez".parse().unwrap());
    let sign_in = SignIn { session: session.into(), owner, patient: patient.clone() };
    let known = store.sign_in(&id, &sign_in, step(201, 30)).await.unwrap();
    let granted = Granted {
        scopes: scopes.parse().unwrap(),
        context: LaunchContext::standalone(patient),
        name: None,
        nonce: None,
    };
    let policy = RefreshPolicy { slides: Duration::from_hours(24), until: Until::Forever };
    let issue = CodeIssue {
        session: session.into(),
        seen: known.last_op,
        code: Digest::of(b"code"),
        granted,
        refresh: Some(policy),
    };
    store.issue_code(&id, &issue, step(202, 40)).await.unwrap();
    let redemption = Redemption {
        client_id: client.parse().unwrap(),
        code: Digest::of(b"code"),
        redirect_uri: CALLBACK.to_owned(),
        challenge: verifier.challenge(),
        refresh: secret().digest(),
        key: None,
        refresh_key: None,
        access_lifetime: Duration::from_mins(15),
    };
    store.redeem(&id, &redemption, step(203, 60)).await.unwrap();
    id
}

//! Clients, users, and the way to a code: the steps that the authorize function takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use smart_core::client::metadata::{self, Deployment};
use smart_core::grant::{
    CodeIssue, Grant, Granted, Owner, RefreshPolicy, Request, RevocationReason, SignIn, Stage,
};
use smart_core::id::{ClientId, GrantId, SessionId, Username};
use smart_core::instant::Instant;
use smart_core::jose::{self, KeyId};
use smart_core::launch::LaunchContext;
use smart_core::pkce::{CodeChallenge, CodeVerifier};
use smart_core::ports::{Authorizations as _, Clients as _, Grants as _, SignIns as _, Step, Users as _};
use smart_core::scope::{Scope, Scopes};
use smart_core::secret::{AuthorizationCode, Digest, Handle, Op, Secret};
use smart_core::session::Session;
use smart_core::token::{AccessTokenClaims, Expected, verify_access_token};
use smart_core::user::{PatientAccess, User};
use smart_local::LocalStore;

use super::keys::{ClientKey, Keys};
use super::published::Published;
use super::store::Watched;
use super::{Answer, Ask, NOW, ask};

pub(super) const ISSUER: &str = "https://smart.example";
pub(super) const FHIR_BASE: &str = "https://smart.example/fhir";
/// What an app commonly asks for.
pub(super) const SCOPE: &str = "launch/patient openid fhirUser profile offline_access patient/*.rs";
pub(super) const SECRET: &str = "a-secret-of-enough-bits-7Hq2";
pub(super) const CALLBACK: &str = "https://app.example/callback";

// RFC 7636 appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The ports, and where the function is.
pub(super) struct World {
    pub(super) store: Arc<Watched>,
    pub(super) keys: Arc<Keys>,
    pub(super) published: Arc<Published>,
    drawn: AtomicU64,
}

/// What a user consents to.
#[derive(Clone, Copy)]
pub(super) struct Consent<'a> {
    pub(super) client: &'a str,
    pub(super) user: &'a str,
    pub(super) patient: Option<&'a str>,
    pub(super) scope: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) dpop_jkt: Option<&'a str>,
}

/// Anna, for herself.
pub(super) fn anna<'a>(client: &'a str, scope: &'a str) -> Consent<'a> {
    Consent { client, user: "anna", patient: Some("a"), scope, nonce: None, dpop_jkt: None }
}

/// A code that was issued, and what belongs to it.
pub(super) struct Coded {
    pub(super) code: String,
    pub(super) grant: GrantId,
    pub(super) session: SessionId,
}

impl Coded {
    /// The request that redeems it, without a client.
    pub(super) fn redemption(&self) -> Ask {
        ask(&[
            ("grant_type", "authorization_code"),
            ("code", &self.code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
    }
}

impl World {
    /// The public clients `web` and `native`, the confidential `basic`, `post` and `jwt`, `forgetful` that may not refresh;
    /// the users anna and ben (patients), a clinician, and a mother of both.
    pub(super) async fn new() -> Self {
        let store = Arc::new(Watched::new(LocalStore::in_memory().await.unwrap()));
        let (keys, published) = (Arc::new(Keys::generate()), Arc::default());
        let world = Self { store, keys, published, drawn: AtomicU64::new(0) };
        world.register(json!({ "client_id": "web", "token_endpoint_auth_method": "none" })).await;
        world
            .register(json!({
                "client_id": "native", "token_endpoint_auth_method": "none", "application_type": "native",
            }))
            .await;
        for method in ["basic", "post"] {
            let name = format!("client_secret_{method}");
            world
                .register(
                    json!({ "client_id": method, "token_endpoint_auth_method": name, "client_secret": SECRET }),
                )
                .await;
        }
        world
            .register(json!({
                "client_id": "jwt", "token_endpoint_auth_method": "private_key_jwt",
                "jwks": { "keys": [ClientKey::es384().jwk()] },
            }))
            .await;
        world
            .register(json!({
                "client_id": "forgetful", "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
            }))
            .await;
        for (name, fhir_user, patients) in [
            ("anna", "Patient/a", json!(["a"])),
            ("ben", "Patient/b", json!(["b"])),
            ("clinician", "Practitioner/p", json!("*")),
            ("mother", "RelatedPerson/m", json!(["a", "b"])),
        ] {
            let user = json!({
                "username": name, "sub": format!("sub-{name}"), "name": format!("The {name}"), "fhirUser": fhir_user,
                "patients": patients, "password": "$argon2id$none",
            });
            world.store.inner.put_user(serde_json::from_value(user).unwrap()).await.unwrap();
        }
        world
    }

    /// Registers `backend`, with the keys of `jwt`, for this.
    pub(super) async fn register_backend(&self, scope: &str) {
        self.register(json!({
            "client_id": "backend", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [ClientKey::es384().jwk()] }, "grant_types": ["client_credentials"], "redirect_uris": [],
            "scope": scope,
        }))
        .await;
    }

    /// Registers `rs`, which has the secret and may ask about all tokens.
    pub(super) async fn register_resource_server(&self) {
        self.register(json!({
            "client_id": "rs", "client_secret": SECRET, "grant_types": ["client_credentials"], "redirect_uris": [],
            "smart_introspect": true, "scope": "",
        }))
        .await;
    }

    /// A new assertion of a client with these keys, at this second.
    pub(super) fn assertion(&self, client: &str, second: u64) -> String {
        let jti = self.drawn.fetch_add(1, Ordering::Relaxed).to_string();
        let claims = json!({
            "iss": client, "sub": client, "aud": ISSUER, "exp": NOW.as_unix() + second + 200, "jti": jti,
        });
        ClientKey::es384().sign(&json!({ "alg": "ES384", "kid": "es384" }), &claims)
    }

    /// The request, proved by such an assertion at its second.
    pub(super) fn proved(&self, request: Ask, client: &str) -> Ask {
        let assertion = self.assertion(client, request.second);
        request
            .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .with("client_assertion", &assertion)
    }

    /// A correct request of `backend` for this scope.
    pub(super) fn credentials(&self, scope: &str) -> Ask {
        self.proved(ask(&[("grant_type", "client_credentials"), ("scope", scope)]), "backend")
    }

    /// A function that has just started.
    pub(super) fn function(&self) -> Router {
        let (store, keys) = (Arc::clone(&self.store), Arc::clone(&self.keys));
        crate::router(store, keys, Arc::clone(&self.published), ISSUER.parse().unwrap())
    }

    /// Registers a client, with the metadata that all have in common.
    pub(super) async fn register(&self, metadata: Value) {
        let mut all = json!({
            "redirect_uris": [CALLBACK, "https://app.example/other"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "launch/patient openid fhirUser profile offline_access online_access patient/*.rs patient/*.read user/*.rs",
        });
        all.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let client = metadata::parse(&all, Deployment::Public).unwrap();
        self.store.inner.put_client(client).await.unwrap();
    }

    pub(super) async fn change_client(&self, id: &str, change: impl FnOnce(&mut smart_core::client::Client)) {
        let mut client = self.store.inner.client(&id.parse().unwrap()).await.unwrap().unwrap();
        change(&mut client);
        self.store.inner.put_client(client).await.unwrap();
    }

    pub(super) async fn user(&self, name: &str) -> User {
        self.store.inner.user(&name.parse().unwrap()).await.unwrap().unwrap()
    }

    pub(super) async fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) {
        let mut user = self.store.inner.user(&name.parse().unwrap()).await.unwrap().unwrap();
        change(&mut user);
        self.store.inner.put_user(user).await.unwrap();
    }

    /// 32 bytes that nothing else has.
    fn draw(&self) -> [u8; 32] {
        *Digest::of(&self.drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes()).as_bytes()
    }

    fn step(&self) -> Step {
        Step { now: NOW, op: Op::new(self.draw()) }
    }

    /// Begins an authorization, signs the user in a minute ago, and issues a code now.
    pub(super) async fn consent(&self, consent: Consent<'_>) -> Coded {
        let store = &self.store.inner;
        let client_id: ClientId = consent.client.parse().unwrap();
        let client = store.client(&client_id).await.unwrap().unwrap();
        let username: Username = consent.user.parse().unwrap();
        let user = store.user(&username).await.unwrap().unwrap();
        let scopes: Scopes = consent.scope.parse().unwrap();
        assert!(scopes.is_within(&client.scope), "the test asks for what is not registered");

        let handle = Handle::new(self.draw()[..16].try_into().unwrap());
        let request = Request {
            redirect_uri: client.redirect_uri(CALLBACK).unwrap(),
            state: "state".to_owned(),
            scopes: scopes.clone(),
            challenge: CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap(),
            nonce: consent.nonce.map(str::to_owned),
            dpop_jkt: consent.dpop_jkt.map(KeyId::from),
            sign_in: smart_core::grant::SignInWish::default(),
            launch: None,
            always_ask: false,
        };
        let grant = handle.grant_id();
        store.begin(&Grant::begin(grant.clone(), client_id, request, self.step().op, NOW)).await.unwrap();

        let auth_time = NOW - Duration::from_mins(1);
        let id = Secret::new(self.draw()).session_id();
        let session = Session::start(id, username.clone(), user.credentials, auth_time);
        store.start_session(&session).await.unwrap();
        let User { sub, fhir_user, credentials, .. } = user.clone();
        let owner = Owner { user: username, sub, fhir_user, credentials, auth_time: Some(auth_time) };
        let patient = consent.patient.map(|id| id.parse().unwrap());
        let sign_in = SignIn { session: session.id.clone(), owner, patient: patient.clone() };
        let known = store.sign_in(&grant, &sign_in, self.step()).await.unwrap();

        let secret = Secret::new(self.draw());
        let issue = CodeIssue {
            session: session.id.clone(),
            seen: known.last_op,
            code: secret.digest(),
            granted: Granted {
                name: scopes.contains(&Scope::Profile).then_some(user.name),
                context: LaunchContext::standalone(patient),
                nonce: consent.nonce.map(str::to_owned),
                scopes: scopes.clone(),
            },
            refresh: RefreshPolicy::of(&client, &scopes, &session),
        };
        store.issue_code(&grant, &issue, self.step()).await.unwrap();
        let code = AuthorizationCode::new(handle, secret).reveal();
        Coded { code, grant, session: session.id }
    }

    /// What is stored of a grant.
    pub(super) async fn grant(&self, id: &GrantId) -> Grant {
        self.store.inner.grant(id, NOW).await.unwrap().expect("the grant is there")
    }

    /// Why a grant was revoked, if it was.
    pub(super) async fn revocation(&self, id: &GrantId) -> Option<RevocationReason> {
        match self.grant(id).await.stage {
            Stage::Revoked(revocation) => Some(revocation.reason),
            _ => None,
        }
    }

    /// The claims of an access token that verifies at `now`.
    pub(super) async fn access(&self, answer: &Answer, now: Instant) -> AccessTokenClaims {
        let expected = Expected { issuer: ISSUER.to_owned(), audience: FHIR_BASE.to_owned() };
        let token = answer.text("access_token");
        verify_access_token(&token, &self.keys.published().await, &expected, now).unwrap()
    }

    /// The claims of the ID token, verified with the published RSA key.
    pub(super) async fn id_token(&self, answer: &Answer) -> Value {
        let key = &self.keys.published().await[0];
        jose::verify(&answer.text("id_token"), &key.key, key.alg).unwrap()
    }
}

pub(super) fn only(patients: &[&str]) -> PatientAccess {
    PatientAccess::Only(patients.iter().map(|id| id.parse().unwrap()).collect())
}

/// A verifier of another challenge.
pub(super) fn other_verifier() -> String {
    let other = "another-verifier-of-43-characters-or-more-1";
    assert!(other.parse::<CodeVerifier>().is_ok());
    other.to_owned()
}

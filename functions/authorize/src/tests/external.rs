//! Sign-in at an identity provider, against providers in process that do what a test wants of them.

mod answers;
mod attacks;
mod idp;
mod logs;
mod outages;
mod visitor;
mod ways;

use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::client::metadata::{Deployment, parse};
use smart_core::external::{Provider, Web, read_providers};
use smart_core::user::{External, User};
use smart_local::{Incoming, LocalStore};

use self::idp::{Idp, Network};
use self::visitor::{NOW, Visitor};
use super::counting::Counting;
use crate::{ClientSecret, SignInWays, router_with};

const HERE: &str = "https://smart.example";
const A: &str = "https://a.example/realm";
const B: &str = "https://b.example";
const SECRET: &str = "a client secret";
const ASK: &str = "/auth/authorize?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s\
    &scope=openid+launch%2Fpatient+patient%2F*.rs&aud=https%3A%2F%2Fsmart.example%2Ffhir\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// A clinic whose people sign in at two providers: A's are registered, B's come with claims.
struct Clinic {
    store: Counting,
    a: Idp,
    b: Idp,
    visitor: Visitor,
}

/// Both providers, as an operator describes them.
fn described() -> Value {
    json!([
        { "id": "a", "name": "Hospital A", "issuer": A, "client_id": "smart-at-a", "client_secret": "env:A" },
        {
            "id": "b", "name": "Practice B", "issuer": B, "client_id": "smart-at-b",
            "claims": { "fhirUser": "fhir", "patients": "patients" }, "claims_lifetime_days": 7,
        },
    ])
}

fn user(fields: Value) -> User {
    serde_json::from_value(fields).unwrap()
}

/// Ines, who is person 7 at A.
fn ines() -> User {
    let (issuer, subject) = (A.to_owned(), "person-7".to_owned());
    let external = External { issuer, subject, by_claims: false, vouched_until: None };
    user(json!({
        "username": external.username(), "sub": "s-ines", "name": "Dr. Ines Moreau",
        "fhirUser": "Practitioner/moreau", "patients": "*", "external": external,
    }))
}

impl Clinic {
    /// With both providers and no passwords.
    async fn new() -> Self {
        Self::with(described(), false).await
    }

    /// With A alone: no choice.
    async fn with_a() -> Self {
        Self::with(json!([described()[0]]), false).await
    }

    async fn with_b() -> Self {
        Self::with(json!([described()[1]]), false).await
    }

    async fn with(described: Value, local_users: bool) -> Self {
        let store = LocalStore::in_memory().await.unwrap();
        let app = json!({
            "client_id": "app", "client_name": "Vitals", "redirect_uris": ["https://app.example/cb"],
            "token_endpoint_auth_method": "none", "scope": "openid launch launch/patient patient/*.rs",
        });
        store.put_client(parse(&app, Deployment::Public).unwrap()).await.unwrap();
        store.put_user(ines()).await.unwrap();
        let patients = ["amina", "bruno"].map(|id| {
            Incoming::parse(json!({ "resourceType": "Patient", "id": id }).to_string().into()).unwrap()
        });
        store.put_resources(patients.into(), NOW).await.unwrap();
        let store = Counting::new(store);
        let (a, b) = (Idp::new(A), Idp::new(B));
        let providers =
            read_providers(&described.to_string(), Deployment::Public, |_| true, "a place").unwrap();
        let with_secret = |provider: Provider| {
            let secret = provider.authentication.secret().map(|_| ClientSecret::new(SECRET));
            (provider, secret)
        };
        let network: Arc<dyn Web> = Arc::new(Network::of([a.clone(), b.clone()]));
        let here = HERE.parse().unwrap();
        let ways =
            SignInWays::new(providers.into_iter().map(with_secret).collect(), local_users, &network, &here);
        let visitor = Visitor::new(router_with(store.clone(), super::budgets::key(), here, ways));
        Self { store, a, b, visitor }
    }

    /// Whether anything happened that only a sign-in does, since the store was last asked.
    fn somebody_signed_in(&self) -> bool {
        let asked = self.store.asked();
        asked.contains("start_session") || asked.contains("sign_in")
    }
}

//! Access tokens and their grants.

use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use smart_core::grant::{Active, Grant, Granted, Owner, Stage};
use smart_core::id::{GrantId, Username};
use smart_core::jose::{Algorithm, Curve, PublicJwk, PublicKey, SigningKey, compact, signing_input};
use smart_core::launch::LaunchContext;
use smart_core::secret::{Digest, Op};
use smart_core::token::AccessTokenClaims;

use super::world::World;
use super::{BASE, NOW, patient};

/// A key pair on P-256, made for these tests.
pub(super) struct Key {
    pair: EcdsaKeyPair,
    pub(super) public: PublicJwk,
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(Key::generate)
}

impl Key {
    pub(super) fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        // An uncompressed point: 4, then both coordinates.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let public = PublicJwk::new(PublicKey::Ec { crv: Curve::P256, x, y }, Algorithm::ES256);
        Key { pair, public }
    }

    /// A JWT with just this header.
    pub(super) fn jwt(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let input = format!("{header}.{claims}");
        compact(&input, self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref())
    }
}

/// The public keys of the server.
pub(super) fn published() -> Vec<PublicJwk> {
    vec![key().public.clone()]
}

/// A JWT of type `typ`, signed by the server's key.
pub(super) fn signed(typ: &str, claims: &AccessTokenClaims) -> String {
    let Key { pair, public } = key();
    let input = signing_input(typ, &SigningKey { kid: public.kid.clone(), alg: public.alg }, claims);
    let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    compact(&input, signature.as_ref())
}

pub(super) struct Bearer {
    pub(super) token: String,
    pub(super) grant: GrantId,
    pub(super) claims: AccessTokenClaims,
}

impl World {
    pub(super) fn token(&self, username: &str, scopes: &str, context: Option<&str>) -> Bearer {
        self.token_with(username, scopes, context, |_| {})
    }

    /// Has an active grant say other scopes.
    pub(super) fn change_grant(&self, id: &GrantId, scopes: &str) {
        let mut grants = self.0.grants.lock().unwrap();
        let Stage::Active(active) = &mut grants.get_mut(id).unwrap().stage else { panic!("an active grant") };
        active.granted.scopes = scopes.parse().unwrap();
    }

    pub(super) fn token_with(
        &self,
        username: &str,
        scopes: &str,
        context: Option<&str>,
        change: impl FnOnce(&mut AccessTokenClaims),
    ) -> Bearer {
        let user = self.0.users.lock().unwrap()[&username.parse::<Username>().unwrap()].clone();
        let grant: GrantId = Digest::of(format!("{username} {scopes} {context:?}").as_bytes()).into();
        let owner = Owner {
            user: user.username.clone(),
            sub: user.sub.clone(),
            fhir_user: user.fhir_user,
            credentials: user.credentials,
            auth_time: Some(NOW),
        };
        let granted = Granted {
            scopes: scopes.parse().unwrap(),
            context: LaunchContext::standalone(context.map(patient)),
            name: None,
            nonce: None,
        };
        let stored = Grant {
            id: grant.clone(),
            client_id: "app".parse().unwrap(),
            begun_at: NOW,
            expires_at: NOW + Duration::from_mins(15),
            last_op: Op::new([1; 32]),
            stage: Stage::Active(Active {
                owner,
                granted,
                since: None,
                redeemed: None,
                code: None,
                refresh: None,
            }),
        };
        self.0.grants.lock().unwrap().insert(grant.clone(), stored);
        let mut claims = AccessTokenClaims {
            iss: "https://smart.example".to_owned(),
            aud: BASE.to_owned(),
            sub: user.sub,
            client_id: "app".parse().unwrap(),
            exp: NOW + Duration::from_mins(15),
            iat: NOW,
            jti: "1".to_owned(),
            scope: Some(scopes.parse().unwrap()),
            grant: Some(grant.clone()),
            patient: context.map(patient),
            cnf: None,
        };
        change(&mut claims);
        Bearer { token: signed("at+jwt", &claims), grant, claims }
    }
}

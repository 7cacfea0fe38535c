//! Tokens that are bound to a key (RFC 9449): worth something with a proof by that key, made for one request and used once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderName};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::refresh::refresh_token;
use crate::app::{App, Tokens, of_code};
use crate::clock;
use crate::http::Answer;
use crate::keys::{Key, random_text, sign_hmac, signing_input};
use crate::outcome::{Step, Untrue, holds};
use crate::scene::{Clinician, Scene};
use crate::seed::client;
use crate::seed::records::ALICE;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const SCOPE: &str = "launch/patient offline_access patient/Patient.rs";

/// Who makes proofs, by an algorithm.
struct Prover {
    algorithm: &'static str,
    key: Key,
}

impl Prover {
    fn new(algorithm: &'static str) -> Step<Self> {
        Ok(Self { algorithm, key: Key::make(algorithm)? })
    }

    /// A proof for the token endpoint.
    fn for_tokens(&self, app: &App<'_>) -> Step<String> {
        self.proof("POST", &app.scene.endpoint("token_endpoint")?, None)
    }

    /// The key, as `cnf` says it (RFC 7638).
    fn thumbprint(&self) -> Step<String> {
        let jwk = serde_json::from_value::<Jwk>(self.key.jwk("any"));
        let thumbprint = jwk.ok().and_then(|jwk| jwk.thumbprint(ThumbprintHash::SHA256).ok());
        thumbprint.ok_or_else(|| Untrue::Unclear("a key has no thumbprint".to_owned()))
    }

    /// A proof for a request, and at the FHIR API for its token.
    fn proof(&self, method: &str, url: &Url, token: Option<&str>) -> Step<String> {
        let jti = random_text()?;
        let mut claims = json!({ "htm": method, "htu": url.as_str(), "iat": clock::unix(), "jti": jti });
        if let (Some(token), Some(claims)) = (token, claims.as_object_mut()) {
            claims.insert("ath".to_owned(), URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into());
        }
        let header = |jwk: Value| json!({ "typ": "dpop+jwt", "alg": self.algorithm, "jwk": jwk });
        let signed = match self.algorithm {
            "none" => Some(format!("{}.", signing_input(&header(self.key.jwk("any")), &claims))),
            algorithm @ "HS256" => {
                let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("a secret") });
                sign_hmac("a secret", algorithm, &header(jwk), &claims)
            }
            _ => self.key.sign(&header(self.key.jwk("any")), &claims),
        };
        signed.ok_or_else(|| Untrue::Unclear("a proof cannot be signed".to_owned()))
    }
}

/// A public app binds its tokens to a key: they are worth something with that key's proofs, and nothing with another's.
pub(crate) async fn bound(scene: &Scene, clinician: &Clinician<'_>, algorithm: &'static str) -> Step {
    let app = scene.public()?;
    let (own, thief) = (Prover::new(algorithm)?, Prover::new("ES256")?);
    let tokens = launch(&app, clinician, &own).await?;
    let patient = patient(scene)?;
    read(scene, &tokens, &own.proof("GET", &patient, Some(&tokens.access))?).await?.is(200)?;
    read(scene, &tokens, &thief.proof("GET", &patient, Some(&tokens.access))?).await?.is(401)?;
    let form = of_refresh(&tokens)?;
    ask(&app, &thief.for_tokens(&app)?, &form).await?.is(400)?;
    app.tokens_of_type("DPoP", ask(&app, &own.for_tokens(&app)?, &form).await?).map(drop)
}

/// A proof that was seen before is none (RFC 9449 §11.1), and a new one by the same key is.
pub(crate) async fn proof_serves_once(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let own = Prover::new("ES256")?;
    let request = app.request(SCOPE)?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    let proof = own.for_tokens(&app)?;
    let tokens = app.tokens_of_type("DPoP", ask(&app, &proof, &of_code(&request, &code)).await?)?;
    let form = of_refresh(&tokens)?;
    let again = ask(&app, &proof, &form).await?;
    holds(again.status == 400 && again.error().as_deref() == Some("invalid_dpop_proof"), || {
        format!("a proof is used twice for tokens, and the answer is {} {:?}", again.status, again.error())
    })?;
    let tokens = app.tokens_of_type("DPoP", ask(&app, &own.for_tokens(&app)?, &form).await?)?;
    let proof = own.proof("GET", &patient(scene)?, Some(&tokens.access))?;
    read(scene, &tokens, &proof).await?.is(200)?;
    read(scene, &tokens, &proof).await?.is(401).map(drop)
}

/// Whoever has the tokens alone, and no key, has nothing (RFC 9449 §7.1, §5).
pub(crate) async fn is_no_bearer(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let own = Prover::new("ES256")?;
    let tokens = launch(&app, clinician, &own).await?;
    let proof = own.proof("GET", &patient(scene)?, Some(&tokens.access))?;
    read(scene, &tokens, &proof).await?.is(200)?;
    app.is_dead(&tokens, &format!("Patient/{ALICE}")).await?;
    app.token(&of_refresh(&tokens)?).await?.is(400).map(drop)
}

/// A resource server is told to which key a token is bound (RFC 9449 §6.2), and of a bearer token no key.
pub(crate) async fn introspection(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let app = scene.public()?;
    let own = Prover::new("ES256")?;
    let tokens = launch(&app, clinician, &own).await?;
    let told = super::introspection::told(scene, &tokens.access).await?;
    let key = told.pointer("/cnf/jkt").and_then(Value::as_str);
    let expected = own.thumbprint()?;
    holds(key == Some(&expected), || format!("cnf.jkt is {key:?}, and the key is {expected}"))?;
    let bearer = app.launch(&mut *clinician.browser().await, SCOPE).await?;
    let told = super::introspection::told(scene, &bearer.access).await?;
    holds(told.get("cnf").is_none(), || "cnf is told of a token that is bound to no key".to_owned())
}

/// A service whose token is bound to a key asks about others with a proof, and not without (RFC 9449 §7).
pub(crate) async fn introspects(scene: &Scene, clinician: &Clinician<'_>) -> Step {
    let (service, own) = (scene.app(client::EHR)?, Prover::new("ES256")?);
    let asked = [("grant_type", "client_credentials"), ("scope", "__token.introspect")];
    let tokens = app_tokens(&service, &own, &asked).await?;
    let about = scene.public()?.launch(&mut *clinician.browser().await, SCOPE).await?;
    let url = scene.endpoint("introspection_endpoint")?;
    let form = [("token", about.access.as_str())];
    scene.http.post(&url, &form).bearer(&tokens.access).send().await?.is(401)?;
    let proof = own.proof("POST", &url, Some(&tokens.access))?;
    let call = scene.http.post(&url, &form).header(AUTHORIZATION, &format!("DPoP {}", tokens.access));
    let told = call.header(DPOP, &proof).send().await?.is(200)?.json()?;
    holds(super::introspection::says_active(&told), || "the token is not active".to_owned())
}

/// Tokens that are bound to a key.
async fn app_tokens(app: &App<'_>, own: &Prover, form: &[(&str, &str)]) -> Step<Tokens> {
    app.tokens_of_type("DPoP", ask(app, &own.for_tokens(app)?, form).await?)
}

/// The whole way to tokens that are bound to a key.
async fn launch(app: &App<'_>, clinician: &Clinician<'_>, own: &Prover) -> Step<Tokens> {
    let request = app.request(SCOPE)?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    app_tokens(app, own, &of_code(&request, &code)).await
}

/// A request to the token endpoint, with a proof.
async fn ask(app: &App<'_>, proof: &str, form: &[(&str, &str)]) -> Step<Answer> {
    let endpoint = app.scene.endpoint("token_endpoint")?;
    app.proven(&endpoint, form)?.header(DPOP, proof).send().await
}

/// A request to the FHIR API, with a proof.
async fn read(scene: &Scene, tokens: &Tokens, proof: &str) -> Step<Answer> {
    let call = scene.http.get(&patient(scene)?).header(AUTHORIZATION, &format!("DPoP {}", tokens.access));
    call.header(DPOP, proof).accept("application/fhir+json").send().await
}

fn patient(scene: &Scene) -> Step<Url> {
    scene.fhir(&format!("Patient/{ALICE}"))
}

fn of_refresh(tokens: &Tokens) -> Step<[(&str, &str); 2]> {
    Ok([("grant_type", "refresh_token"), ("refresh_token", refresh_token(tokens)?)])
}

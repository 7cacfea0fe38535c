//! Tokens that are bound to a key (RFC 9449): worth something with a proof by that key, made for one request and used once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderName};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::app::App;
use crate::clock;
use crate::http::Answer;
use crate::keys::{Key, random_text, sign_hs256, signing_input};
use crate::outcome::{Step, Untrue, holds, refused};
use crate::scene::{Clinician, Scene};
use crate::seed::REDIRECT;
use crate::seed::records::ALICE;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Who makes proofs, by an algorithm.
struct Prover {
    algorithm: &'static str,
    key: Key,
}

impl Prover {
    fn new(algorithm: &'static str) -> Step<Self> {
        let key = Key::make(algorithm).map_err(|error| Untrue::Unclear(error.to_string()))?;
        Ok(Self { algorithm, key })
    }

    /// A proof for a request, and at the FHIR API for its token.
    fn proof(&self, method: &str, url: &Url, token: Option<&str>) -> Step<String> {
        let unclear = |why: &str| Untrue::Unclear(why.to_owned());
        let jti = random_text().map_err(|error| unclear(&error.to_string()))?;
        let mut claims = json!({ "htm": method, "htu": url.as_str(), "iat": clock::unix(), "jti": jti });
        if let (Some(token), Some(claims)) = (token, claims.as_object_mut()) {
            claims.insert("ath".to_owned(), URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into());
        }
        let header = |jwk: Value| json!({ "typ": "dpop+jwt", "alg": self.algorithm, "jwk": jwk });
        match self.algorithm {
            "none" => Ok(format!("{}.", signing_input(&header(self.key.jwk("any")), &claims))),
            "HS256" => {
                let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("a secret") });
                Ok(sign_hs256("a secret", &header(jwk), &claims))
            }
            _ => {
                let signed = self.key.sign(&header(self.key.jwk("any")), &claims);
                signed.ok_or_else(|| unclear("a proof cannot be signed"))
            }
        }
    }
}

/// A public app binds its tokens to a key.
pub(crate) async fn bound(scene: &Scene, clinician: &Clinician<'_>, algorithm: &'static str) -> Step {
    let app = scene.public()?;
    let (own, thief) = (Prover::new(algorithm)?, Prover::new("ES256")?);
    let scope = "launch/patient offline_access patient/Patient.rs";
    let request = app.request(scope)?;
    let code = app.code(&mut *clinician.browser().await, &request).await?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &request.verifier),
    ];
    let (access, refresh) = tokens(&app, &asked(&app, &own, &form).await?)?;

    let patient = scene.fhir(&format!("Patient/{ALICE}"))?;
    let proof = own.proof("GET", &patient, Some(&access))?;
    read(scene, &patient, &access, &proof).await?.is(200)?;
    read(scene, &patient, &access, &proof).await?.is(401)?;
    read(scene, &patient, &access, &thief.proof("GET", &patient, Some(&access))?).await?.is(401)?;
    scene.http.get(&patient).bearer(&access).send().await?.is(401)?;

    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    app.token(&form).await?.one_of(&[400])?;
    asked(&app, &thief, &form).await?.one_of(&[400])?;
    tokens(&app, &asked(&app, &own, &form).await?).map(drop)
}

/// A request to the token endpoint, with a proof.
async fn asked(app: &App<'_>, prover: &Prover, form: &[(&str, &str)]) -> Step<Answer> {
    let endpoint = app.scene.endpoint("token_endpoint")?;
    let proof = prover.proof("POST", &endpoint, None)?;
    app.proven(&endpoint, form)?.header(DPOP, &proof).send().await
}

async fn read(scene: &Scene, url: &Url, token: &str, proof: &str) -> Step<Answer> {
    let call = scene.http.get(url).header(AUTHORIZATION, &format!("DPoP {token}"));
    call.header(DPOP, proof).accept("application/fhir+json").send().await
}

/// The access token and the refresh token of an answer that binds them.
fn tokens(app: &App<'_>, answer: &Answer) -> Step<(String, String)> {
    holds(answer.status == 200, || format!("tokens are answered {} {:?}", answer.status, answer.error()))?;
    let json = answer.json()?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    for secret in ["access_token", "refresh_token"] {
        if let Some(secret) = text(secret) {
            app.scene.http.keep_secret(&secret);
        }
    }
    let is_bound = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
    holds(is_bound, || "token_type is not DPoP: the tokens are bound to no key".to_owned())?;
    let (Some(access), Some(refresh)) = (text("access_token"), text("refresh_token")) else {
        return refused("the answer has no access_token, or no refresh_token");
    };
    Ok((access, refresh))
}

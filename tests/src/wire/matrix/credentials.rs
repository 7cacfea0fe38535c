//! Everything that somebody might show.

use serde_json::{Value, json};
use smart_core::ports::Signer as _;

use self::Standing::{Good, Invalid, Nobody, OfAnother, Scopeless, System};
use crate::harness::keys::{Key, jwt_parts, signing_input};
use crate::harness::smart_app::{ALL_OF_MARIA, basic, challenge};
use crate::harness::world::clients::BASIC_SECRET;
use crate::harness::{Browser, Choices, SmartApp, Target, Tokens};

/// What a credential is worth at the FHIR API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is no bearer token.
    Nobody,
    /// There is one that is none.
    Invalid,
    /// It is Maria's, and has none of the scopes that are needed.
    Scopeless,
    /// It is another patient's, with all scopes.
    OfAnother,
    /// It is Maria's, with all scopes.
    Good,
    /// It is a client's that stands alone, for all patients.
    System,
}

pub(super) struct Credential {
    pub(super) name: &'static str,
    /// The value of `Authorization`; `cookie: …` is one of `Cookie`.
    pub(super) value: String,
    pub(super) standing: Standing,
}

/// All of them, on this server.
pub(super) async fn all(server: &Target) -> Vec<Credential> {
    let app = SmartApp::new(server, "web").await;
    let mut browser = Browser::new(server);
    let maria = Choices::of("maria");
    let good = app.launch_in(&mut browser, ALL_OF_MARIA, &maria).await;
    let scopeless = app.launch_in(&mut browser, "openid patient/Immunization.rs", &maria).await;
    let another = app.launch(ALL_OF_MARIA, &Choices::of("paul").patient("lena")).await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut browser, &asked, &maria).await;
    let revoked = revoked(&app, &mut browser).await;
    let backend = app.as_client("backend").await;
    let system = backend.alone("system/*.rs").await;
    let ended = backend.alone("system/*.rs").await;
    backend.revokes(&ended.access_token).await;
    let question = app.as_client("introspector").await.alone("__token.introspect").await;
    let cookie = &browser.cookies()[0];
    let credential = |name, standing, value: String| Credential { name, value, standing };
    let bearer =
        |name, standing, token: &str| Credential { name, value: format!("Bearer {token}"), standing };
    let mut all = vec![
        credential("nothing", Nobody, String::new()),
        credential("a session cookie", Nobody, format!("cookie: {}={}", cookie.name, cookie.value)),
        credential("a client's secret", Nobody, basic("basic", BASIC_SECRET)),
        credential("a token under another scheme", Nobody, format!("Token {}", good.access_token)),
        bearer("garbage", Invalid, "garbage"),
        bearer("an empty token", Invalid, ""),
        bearer("an ID token", Invalid, good.id_token.as_deref().unwrap()),
        bearer("a refresh token", Invalid, good.refresh_token.as_deref().unwrap()),
        bearer("a code", Invalid, &code),
        bearer("a code verifier", Invalid, &asked.verifier),
        bearer("a code challenge", Invalid, &challenge(&asked.verifier)),
        bearer("a session's cookie as a token", Invalid, &cookie.value),
        bearer("a client's assertion", Invalid, &app.as_client("es384").await.assertion().sign()),
        bearer("a token of a revoked grant", Invalid, &revoked.access_token),
        bearer("a token of a client alone", System, &system.access_token),
        bearer("a revoked token of a client alone", Invalid, &ended.access_token),
        bearer("a token of a client alone for something else", Scopeless, &question.access_token),
        bearer("a token without the scope", Scopeless, &scopeless.access_token),
        bearer("a token of another patient", OfAnother, &another.access_token),
        bearer("a good token", Good, &good.access_token),
        credential("a good token, lower case", Good, format!("bearer {}", good.access_token)),
    ];
    let stranger = Key::rsa();
    for (name, header, claims) in forgeries(&good) {
        all.push(bearer(name, Invalid, &stranger.sign(&header, &claims)));
    }
    if let Some(app) = server.app() {
        // What the server's own key would sign only by a defect.
        let key = app.key.access_token_key().await.unwrap();
        for (name, header, claims) in forgeries(&good) {
            let input = signing_input(&header, &claims);
            let signature = app.key.sign(&key, input.as_bytes()).await.unwrap();
            let standing = if name == "a token as it was" { Good } else { Invalid };
            all.push(bearer(name, standing, &smart_core::jose::compact(&input, &signature)));
        }
    }
    all
}

/// Headers and claims near those of a good token.
fn forgeries(good: &Tokens) -> [(&'static str, Value, Value); 15] {
    let (header, claims) = jwt_parts(&good.access_token);
    let claim = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        (header.clone(), claims)
    };
    let head = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        (header, claims.clone())
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        (header.clone(), claims)
    };
    let past = claims["iat"].as_u64().unwrap() - 1;
    let future = claims["exp"].as_u64().unwrap();
    let scopes = format!("{} user/*.rs", good.scope);
    let other_grant = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    [
        ("a token as it was", (header.clone(), claims.clone())),
        ("an expired token", claim("exp", json!(past))),
        ("a token of the future", claim("iat", json!(future))),
        ("a token for another API", claim("aud", json!("https://elsewhere.example/fhir"))),
        ("a token for the issuer", claim("aud", claims["iss"].clone())),
        ("a token of another issuer", claim("iss", json!("https://elsewhere.example"))),
        ("a token without expiry", without("exp")),
        ("a token of another grant", claim("grant", json!(other_grant))),
        ("a token without a grant", without("grant")),
        ("a token of another client", claim("client_id", json!("native"))),
        ("a token of another user", claim("sub", json!("somebody"))),
        ("a token for another patient than its grant", claim("patient", json!("lena"))),
        ("a token with more scopes than its grant", claim("scope", json!(scopes))),
        ("a token of another type", head("typ", json!("JWT"))),
        ("a token of an unknown key", head("kid", json!("unknown"))),
    ]
    .map(|(name, (header, claims))| (name, header, claims))
}

/// Tokens whose code was seen twice.
async fn revoked(app: &SmartApp, browser: &mut Browser) -> Tokens {
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(browser, &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
    tokens
}

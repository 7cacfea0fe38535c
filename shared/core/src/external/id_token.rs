//! Whether an ID token is believed (OIDC Core §3.1.3.7): signed by the provider, meant for us, alive, and the answer to what was asked
//! in this browser.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::keys::{KeyFault, ProviderKeys};
use super::provider::Provider;
use crate::grant::SignInWish;
use crate::instant::Instant;
use crate::jose::{self, JwtError};
use crate::secret::Digest;

/// How far the provider's clock may be from ours.
const LEEWAY: Duration = Duration::from_mins(1);

/// How old a token may be that was just fetched.
const OLDEST: Duration = Duration::from_mins(10);

/// What an ID token must answer to.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Who it must come from, and whom it must be for.
    pub provider: &'a Provider,
    /// What was sent with the request.
    pub nonce: &'a Digest,
    /// What the app wanted of the sign-in.
    pub wish: &'a SignInWish,
    /// When the browser was sent to the provider.
    pub asked_at: Instant,
    /// The instant of the request.
    pub now: Instant,
}

/// An ID token that is believed.
#[derive(Clone, Debug)]
pub struct IdToken {
    /// `sub`: who signed in, as the provider names them.
    pub subject: String,
    /// When they did, as far as the provider says.
    pub auth_time: Option<Instant>,
    /// All that it says.
    pub claims: Map<String, Value>,
}

/// Why an ID token is not believed. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdTokenFault {
    /// No key checks it.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// It is not signed by that key, or not of its form.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// `iss` is another provider.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// `aud` and `azp` are not us alone.
    #[error("the ID token is for another client")]
    Audience,
    /// It has expired, or is of another time.
    #[error("the ID token has expired, or is of another time")]
    Time,
    /// The nonce is missing or another one.
    #[error("the ID token answers another request")]
    Nonce,
    /// `sub` is missing or endless.
    #[error("the ID token names nobody")]
    Subject,
    /// The user signed in too long ago for what the app wants, or the provider does not say when.
    #[error("the provider did not ask the user to sign in as lately as the app wants")]
    Stale,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: Seconds,
    iat: Seconds,
    nbf: Option<Seconds>,
    auth_time: Option<Seconds>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A `NumericDate` (RFC 7519 §2), which may have a fraction.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(u64),
    Fraction(f64),
}

impl Seconds {
    fn instant(self) -> Option<Instant> {
        match self {
            Self::Whole(seconds) => Some(Instant::from_unix(seconds.min(Instant::NEVER.as_unix()))),
            // What is no time is none: negative, endless, or no number.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be within"
            )]
            Self::Fraction(seconds) if (0.0..1e15).contains(&seconds) => {
                Some(Instant::from_unix(seconds as u64))
            }
            Self::Fraction(_) => None,
        }
    }
}

impl IdToken {
    /// Checks `token` with the provider's keys against what was asked.
    pub fn check(token: &str, keys: &ProviderKeys, expected: &Expected<'_>) -> Result<Self, IdTokenFault> {
        let (key, alg) = keys.for_token(token)?;
        let all: Map<String, Value> = jose::verify(token, key, alg)?;
        let claims = Claims::deserialize(Value::Object(all.clone())).map_err(|_| JwtError::Claims)?;
        let Expected { provider, nonce, now, .. } = *expected;
        if claims.iss != provider.issuer {
            return Err(IdTokenFault::Issuer);
        }
        check_audience(&claims, &provider.client_id)?;
        let time = |seconds: Seconds| seconds.instant().ok_or(IdTokenFault::Time);
        let (expires_at, issued_at) = (time(claims.exp)?, time(claims.iat)?);
        let begins = claims.nbf.map(time).transpose()?;
        if (expires_at + LEEWAY).has_passed(now)
            || issued_at > now + LEEWAY
            || issued_at + OLDEST < now
            || begins.is_some_and(|begins| begins > now + LEEWAY)
        {
            return Err(IdTokenFault::Time);
        }
        // Digests compare in constant time.
        let sent_back = claims.nonce.as_deref().and_then(|nonce| nonce.parse::<Digest>().ok());
        if sent_back.as_ref() != Some(nonce) {
            return Err(IdTokenFault::Nonce);
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 || claims.sub.chars().any(char::is_control) {
            return Err(IdTokenFault::Subject);
        }
        let auth_time = claims.auth_time.map(time).transpose()?;
        check_freshness(auth_time, expected)?;
        // A clock that is ahead of ours does not make a session that began in the future.
        let auth_time = auth_time.map(|at| at.min(now));
        Ok(Self { subject: claims.sub, auth_time, claims: all })
    }
}

/// For us, and for nobody else without saying so (OIDC Core §3.1.3.7, steps 3 to 5).
fn check_audience(claims: &Claims, client_id: &str) -> Result<(), IdTokenFault> {
    let (is_ours, is_shared) = match &claims.aud {
        Audience::One(aud) => (aud == client_id, false),
        Audience::Several(all) => (all.iter().any(|aud| aud == client_id), all.len() > 1),
    };
    let authorized = match &claims.azp {
        Some(azp) => azp == client_id,
        None => !is_shared,
    };
    if is_ours && authorized { Ok(()) } else { Err(IdTokenFault::Audience) }
}

/// What the app wants of the sign-in, and what the provider says it did (OIDC Core §3.1.3.7, step 13). With `max_age`, which it is
/// sent for `prompt=login` too ([`Asked`](super::Asked)), the provider must say when: one that does not is not believed.
fn check_freshness(auth_time: Option<Instant>, expected: &Expected<'_>) -> Result<(), IdTokenFault> {
    let Expected { wish, asked_at, now, .. } = *expected;
    let Some(auth_time) = auth_time else {
        return if wish.max_age.is_some() || wish.anew { Err(IdTokenFault::Stale) } else { Ok(()) };
    };
    let too_old = wish.max_age.is_some_and(|age| auth_time + Duration::from_secs(age) + LEEWAY < now);
    let not_anew = wish.anew && auth_time + LEEWAY < asked_at;
    // Of the future: no clock is that far ahead.
    if too_old || not_anew || auth_time > now + LEEWAY { Err(IdTokenFault::Stale) } else { Ok(()) }
}

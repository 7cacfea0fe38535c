//! How an access token comes: in one header, by the scheme that it is for, and with a proof if it is bound to a key (RFC 6750
//! §2.1; RFC 9449 §7; RS and DPOP rows). Wherever a token is shown, it is shown so: at the FHIR API, where an EHR makes a launch, and
//! where a resource server asks about tokens.

use http::HeaderMap;
use smart_core::dpop::{Confirmation, PROOF_ALGORITHMS, Proof, ProofError, Proving};
use smart_core::instant::Instant;
use smart_core::jose::Algorithm;
use smart_core::ports::{Replay, Step, Unavailable};
use smart_core::secret::Op;
use thiserror::Error;

use crate::authorization;
use crate::random;

/// The token of a request.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    scheme: Scheme,
    /// The token.
    pub token: &'r str,
}

/// How it is presented.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// Whoever has it may use it.
    Bearer,
    /// Whoever proves to have its key may.
    Dpop,
}

/// Why a token may not be used by whoever sent it.
#[derive(Clone, Debug, Error)]
pub enum NotProved {
    /// It came by the scheme of another kind of token.
    #[error("the access token {0}")]
    Scheme(#[from] WrongScheme),
    /// Its key was not proved.
    #[error("the proof in the DPoP header is not accepted: {0}")]
    Proof(#[from] InvalidProof),
    /// Whether the proof was used before could not be found out.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A token that is bound to a key is no bearer token, and a bearer token has no key (RFC 9449 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WrongScheme {
    /// It was sent as a bearer token.
    #[error("is bound to a key: send it as `Authorization: DPoP`, with a proof in the header DPoP")]
    Bound,
    /// It was sent with a proof.
    #[error("is bound to no key: send it as `Authorization: Bearer`")]
    Unbound,
}

/// Why a proof of possession is not accepted (RFC 9449 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidProof {
    /// There is none, or there are several.
    #[error("send one DPoP header")]
    NotOne,
    /// It shows nothing.
    #[error(transparent)]
    Proof(ProofError),
    /// It shows another key.
    #[error("it is signed with another key than the access token is bound to")]
    AnotherKey,
    /// It served before.
    #[error("its jti was used before: make a new proof for each request")]
    Used,
}

impl<'r> Presented<'r> {
    /// The token that a header carries, the scheme in any case; `None` if it carries something else. It may be no text of a token:
    /// empty, or several words.
    pub fn in_header(header: &'r str) -> Option<Self> {
        let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
        let known = |(name, scheme)| Some(Self { scheme, token: authorization::of_scheme(header, name)? });
        schemes.into_iter().find_map(known)
    }

    /// Whether it can be a token at all.
    pub fn is_one_word(&self) -> bool {
        !self.token.is_empty() && !self.token.contains(' ')
    }

    /// That it comes as it was issued: a bound token with a proof by its key, which is used for the first time (DPOP-05), any other
    /// as a bearer token. The proof must be made for this method and URL.
    pub async fn prove(
        &self,
        bound_to: Option<&Confirmation>,
        (method, url): (&str, &str),
        headers: &HeaderMap,
        store: &impl Replay,
        now: Instant,
    ) -> Result<(), NotProved> {
        let bound_to = match (self.scheme, bound_to) {
            (Scheme::Bearer, None) => return Ok(()),
            (Scheme::Bearer, Some(_)) => return Err(WrongScheme::Bound.into()),
            (Scheme::Dpop, None) => return Err(WrongScheme::Unbound.into()),
            (Scheme::Dpop, Some(key)) => key,
        };
        let proving = Proving { method, url, access_token: Some(self.token) };
        let proof = Proof::verify(only_proof(headers)?, &proving, now).map_err(InvalidProof::Proof)?;
        if proof.key != *bound_to {
            return Err(InvalidProof::AnotherKey.into());
        }
        let step = Step { now, op: Op::new(random::bytes()?) };
        let is_first = store.first_use(&proof.once, proof.until, step).await?;
        if is_first { Ok(()) } else { Err(InvalidProof::Used.into()) }
    }
}

/// The one `DPoP` header (RFC 9449 §4.3).
fn only_proof(headers: &HeaderMap) -> Result<&str, InvalidProof> {
    let mut sent = headers.get_all("dpop").iter();
    match (sent.next(), sent.next()) {
        (Some(value), None) => value.to_str().map_err(|_| InvalidProof::NotOne),
        _ => Err(InvalidProof::NotOne),
    }
}

/// The challenge for who has a token that is bound to a key (RFC 9449 §7.1).
pub fn dpop_challenge(realm: &str, error: &str, description: &dyn std::fmt::Display) -> String {
    let algorithms = PROOF_ALGORITHMS.map(Algorithm::as_str).join(" ");
    format!(
        "DPoP realm=\"{realm}\", error=\"{error}\", error_description=\"{description}\", algs=\"{algorithms}\""
    )
}

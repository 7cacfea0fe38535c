//! How a client proves who it is at the token endpoint: one way in a request, and the one that it registered (RFC 6749
//! §2.3, RFC 7523; SMART 2.2 §"Client Authentication: Asymmetric", "… Symmetric"; SYM, ASYM rows).

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;

use super::algorithms::AssertionAlgorithms;
use super::key_set::{self, KeySet, NotChosen, NotFetched};
use super::keys::{ClientKey, ClientKeys};
use super::{Client, ClientAuthentication, SecretMethod};
use crate::id::ClientId;
use crate::instant::Instant;
use crate::jose::{self, Algorithm, JwtError, UnverifiedHeader};
use crate::oauth::Parameters;
use crate::secret::Digest;

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead an assertion may expire (ASYM-12).
const LONGEST_ASSERTION: Duration = Duration::from_mins(5);

/// How far a client's clock may be from ours.
const SKEW: Duration = Duration::from_secs(30);

/// How a client says who it is. Redacted in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    client_id: ClientId,
    proof: Proof,
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// `client_id` alone.
    None,
    /// A shared secret.
    Secret { method: SecretMethod, digest: Digest },
    /// `client_assertion` (RFC 7521 §4.2), and the keys that its client publishes, once they were fetched.
    Assertion { jwt: Box<str>, published: Option<Arc<KeySet>> },
}

/// What is presented cannot be read as one way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PresentedError {
    /// Nothing says who asks (TOK-04).
    #[error("client_id is missing: public clients send it, others authenticate")]
    Nobody,
    /// RFC 6749 §2.3; TOK-26.
    #[error(
        "the client authenticates in more than one way: send the Authorization header, or the form's parameters, not both"
    )]
    Several,
    /// What is in the header is no Basic authentication.
    #[error(
        "the Authorization header is no well-formed Basic authentication (base64 of client_id:client_secret)"
    )]
    Basic,
    /// `client_id` and the header or assertion name different clients (TOK-05, ASYM-16).
    #[error("client_id is not the client that authenticates")]
    AnotherClient,
    /// ASYM-02.
    #[error(
        "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer, with a client_assertion"
    )]
    AssertionType,
    /// ASYM-03.
    #[error("client_assertion is no signed JWT whose sub is the client_id")]
    Assertion,
    /// What names the client cannot be a client's name.
    #[error("client_id is malformed")]
    ClientId,
}

impl Presented {
    /// Reads the header and the form of a request.
    pub fn parse(authorization: Option<&str>, form: &Parameters) -> Result<Self, PresentedError> {
        use PresentedError as E;
        let named: Option<ClientId> =
            form.get("client_id").map(|id| id.parse().map_err(|_| E::ClientId)).transpose()?;
        let secret = form.get("client_secret");
        let assertion = form.get("client_assertion");
        let assertion_type = form.get("client_assertion_type");
        let ways =
            [authorization.is_some(), secret.is_some(), assertion.is_some() || assertion_type.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(E::Several);
        }
        let (client_id, proof) = match (authorization, secret, assertion_type, assertion) {
            (Some(header), ..) => basic(header)?,
            (_, Some(secret), ..) => {
                let digest = Digest::of(secret.as_bytes());
                let proof = Proof::Secret { method: SecretMethod::ClientSecretPost, digest };
                (named.clone().ok_or(E::Nobody)?, proof)
            }
            (_, _, Some(JWT_BEARER), Some(assertion)) => {
                let subject = jose::unverified_subject(assertion).map_err(|_| E::Assertion)?;
                (
                    subject.parse().map_err(|_| E::Assertion)?,
                    Proof::Assertion { jwt: assertion.into(), published: None },
                )
            }
            (_, _, None, None) => (named.clone().ok_or(E::Nobody)?, Proof::None),
            _ => return Err(E::AssertionType),
        };
        if named.is_some_and(|named| named != client_id) {
            return Err(E::AnotherClient);
        }
        Ok(Self { client_id, proof })
    }

    /// A public client that is known without saying so: by the refresh token that was issued to it (RFC 6749 §6).
    pub fn public(client_id: ClientId) -> Self {
        Self { client_id, proof: Proof::None }
    }

    /// The client that it says it is: whose record to fetch.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Whether the header was used: a failure is then answered with a challenge (TOK-25).
    pub fn used_header(&self) -> bool {
        matches!(self.proof, Proof::Secret { method: SecretMethod::ClientSecretBasic, .. })
    }

    /// The key that is needed of those that `client` publishes, if it registered a `jwks_uri` (ASYM-08). Fails where no key
    /// would help, so that nothing is fetched for it (ASYM-07).
    pub fn published_key<'a>(
        &self,
        client: &'a Client,
    ) -> Result<Option<PublishedKey<'a>>, AuthenticationError> {
        match (&client.authentication, &self.proof) {
            (ClientAuthentication::PrivateKeyJwt(registered), Proof::Assertion { jwt, .. })
                if client.client_id == self.client_id =>
            {
                let ClientKeys::Uri(uri) = &registered.keys else { return Ok(None) };
                let Header { kid, .. } = Header::of(jwt, Some(uri), registered.algorithms)?;
                Ok(Some(PublishedKey { uri, kid }))
            }
            _ => Ok(None),
        }
    }

    /// Takes the set that [`Self::published_key`] asked for along.
    pub fn accept(&mut self, keys: Arc<KeySet>) {
        if let Proof::Assertion { published, .. } = &mut self.proof {
            *published = Some(keys);
        }
    }

    /// Whether this is `client`, which authenticates in the one way that it registered (REG-08, TOK-06).
    /// `audiences` are the names of this authorization server that an assertion may be made out to.
    pub fn verify(
        &self,
        client: &Client,
        audiences: &[&str],
        now: Instant,
    ) -> Result<Verified, AuthenticationError> {
        if client.client_id != self.client_id {
            return Err(AuthenticationError::Failed);
        }
        match (&client.authentication, &self.proof) {
            (ClientAuthentication::None, Proof::None) => Ok(Verified::Done),
            (
                ClientAuthentication::Secret { method, digest, previous },
                Proof::Secret { method: used, digest: presented },
            ) => match (digest == presented) | previous.is_some_and(|secret| secret.is(presented, now)) {
                true if method == used => Ok(Verified::Done),
                true => Err(AuthenticationError::Method { registered: client.authentication.method() }),
                false => Err(AuthenticationError::Failed),
            },
            (ClientAuthentication::PrivateKeyJwt(registered), Proof::Assertion { jwt, published }) => {
                let (keys, uri) = match (&registered.keys, published) {
                    (ClientKeys::Inline(keys), _) => (keys.as_slice(), None),
                    (ClientKeys::Uri(uri), Some(set)) => (set.as_slice(), Some(uri.as_str())),
                    (ClientKeys::Uri(_), None) => return Err(AuthenticationError::Key),
                };
                let claims = signed_claims(jwt, keys, uri, registered.algorithms)?;
                check_claims(claims, client, audiences, now)
            }
            _ => Err(AuthenticationError::Method { registered: client.authentication.method() }),
        }
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.proof {
            Proof::None => "none",
            Proof::Secret { method: SecretMethod::ClientSecretBasic, .. } => "client_secret_basic",
            Proof::Secret { method: SecretMethod::ClientSecretPost, .. } => "client_secret_post",
            Proof::Assertion { .. } => "private_key_jwt",
        };
        write!(f, "Presented({}, {way})", self.client_id)
    }
}

/// `Basic base64(client_id:client_secret)`, each part form-encoded before (RFC 6749 §2.3.1; SYM-01, SYM-02). SMART's text does
/// not encode; where neither `%` nor `+` occurs, both readings are the same.
fn basic(header: &str) -> Result<(ClientId, Proof), PresentedError> {
    let decode = |text: &str| -> Option<String> {
        let (name, _) = form_urlencoded::parse(text.as_bytes()).next()?;
        (!text.contains(['&', '='])).then(|| name.into_owned())
    };
    let read = || {
        let (scheme, encoded) = header.split_once(' ')?;
        let bytes = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let text = String::from_utf8(bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        // A secret may hold `&` and `=`, which no encoding leaves as they are.
        let secret = decode(secret).unwrap_or_else(|| secret.to_owned());
        Some((decode(id)?.parse().ok()?, secret))
    };
    let (client_id, secret): (ClientId, String) = read().ok_or(PresentedError::Basic)?;
    let digest = Digest::of(secret.as_bytes());
    Ok((client_id, Proof::Secret { method: SecretMethod::ClientSecretBasic, digest }))
}

/// One of the keys that a client publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey<'a> {
    /// Where.
    pub uri: &'a str,
    /// Its name.
    pub kid: String,
}

/// What is still to be done after a successful verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Nothing.
    Done,
    /// The assertion counts only if this is its first use (ASYM-13).
    Once {
        /// The client and its `jti`.
        key: Digest,
        /// Until when it must be remembered.
        until: Instant,
    },
}

/// A client did not prove who it is: always `invalid_client` (ASYM-17).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthenticationError {
    /// There is no such client, or the secret is another. One answer, so that nobody learns which (TOK-31).
    #[error("there is no such client, or its credentials are wrong")]
    Failed,
    /// It registered another way.
    #[error("this client authenticates with {registered}, as it is registered")]
    Method {
        /// The registered method.
        registered: &'static str,
    },
    /// ASYM-20.
    #[error("client_assertion: {0}")]
    NotFetched(#[from] NotFetched),
    /// The signature or the header.
    #[error("client_assertion: {0}")]
    Jwt(JwtError),
    /// The algorithm: none of those that are accepted of this client, or not the key's.
    #[error("client_assertion: alg must be {0}, and fit the key")]
    Algorithm(AssertionAlgorithms),
    /// ASYM-06.
    #[error("client_assertion: the header needs the kid of a registered key")]
    Key,
    /// ASYM-09.
    #[error("client_assertion: several keys have the kid of its header")]
    Several,
    /// ASYM-07.
    #[error("client_assertion: jku is not the registered jwks_uri")]
    Jku,
    /// ASYM-10.
    #[error("client_assertion: iss and sub must both be the client_id")]
    Subject,
    /// ASYM-11.
    #[error("client_assertion: aud must be the token endpoint, by itself")]
    Audience,
    /// ASYM-12.
    #[error("client_assertion: it has expired")]
    Expired,
    /// ASYM-12.
    #[error("client_assertion: exp must be a number of seconds, at most five minutes (300 seconds) ahead")]
    TooLong,
    /// ASYM-15.
    #[error("client_assertion: it is not valid yet")]
    Early,
    /// ASYM-13.
    #[error("client_assertion: jti is missing")]
    NoJti,
    /// ASYM-13.
    #[error("client_assertion: its jti was used before; sign a new assertion for each request")]
    Replayed,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: Instant,
    jti: Option<String>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

/// A string, or an array of exactly one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn only(&self) -> Option<&str> {
        match self {
            Self::One(one) => Some(one),
            Self::Several(several) => match several.as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }
}

/// What the header of an assertion must say.
struct Header {
    alg: Algorithm,
    kid: String,
}

impl Header {
    /// `uri` is the registered `jwks_uri`, if the keys are published: `jku` is that or absent.
    fn of(
        assertion: &str,
        uri: Option<&str>,
        algorithms: AssertionAlgorithms,
    ) -> Result<Self, AuthenticationError> {
        use AuthenticationError as E;
        let header = UnverifiedHeader::of(assertion).map_err(E::Jwt)?;
        if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(E::Jwt(JwtError::Type));
        }
        // Keys that were registered by value have no URL that could be meant.
        if header.jku.is_some() && header.jku.as_deref() != uri {
            return Err(E::Jku);
        }
        let alg = header.alg.filter(|alg| algorithms.include(*alg)).ok_or(E::Algorithm(algorithms))?;
        Ok(Self { alg, kid: header.kid.ok_or(E::Key)? })
    }
}

/// What an assertion says, signed by the one of `keys` that it names.
fn signed_claims(
    assertion: &str,
    keys: &[ClientKey],
    uri: Option<&str>,
    algorithms: AssertionAlgorithms,
) -> Result<Claims, AuthenticationError> {
    use AuthenticationError as E;
    let Header { alg, kid } = Header::of(assertion, uri, algorithms)?;
    let key = key_set::choose(keys, &kid, alg).map_err(|reason| match reason {
        NotChosen::Name => E::Key,
        NotChosen::Algorithm => E::Algorithm(algorithms),
        NotChosen::Several => E::Several,
    })?;
    jose::verify(assertion, &key.key, alg).map_err(E::Jwt)
}

fn check_claims(
    claims: Claims,
    client: &Client,
    audiences: &[&str],
    now: Instant,
) -> Result<Verified, AuthenticationError> {
    use AuthenticationError as E;
    let id = client.client_id.as_str();
    if claims.iss != id || claims.sub != id {
        return Err(E::Subject);
    }
    if !claims.aud.only().is_some_and(|aud| audiences.contains(&aud)) {
        return Err(E::Audience);
    }
    if (claims.exp + SKEW).has_passed(now) {
        return Err(E::Expired);
    }
    if claims.exp > now + LONGEST_ASSERTION + SKEW {
        return Err(E::TooLong);
    }
    let latest = (now + SKEW).since(Instant::from_unix(0)).as_secs_f64();
    if [claims.nbf, claims.iat].into_iter().flatten().any(|at| at > latest) {
        return Err(E::Early);
    }
    let jti = claims.jti.filter(|jti| !jti.is_empty()).ok_or(E::NoJti)?;
    let key = Digest::of(format!("jti\0{id}\0{jti}").as_bytes());
    // It is accepted until `exp` and the skew; whoever checks it next may have a slower clock by as much again (ASYM-14).
    Ok(Verified::Once { key, until: claims.exp + SKEW + SKEW })
}

//! Access tokens: JWTs of the profile of RFC 9068 (`at+jwt`), which name the grant that they stand on, or stand on a client
//! alone (SEC-14, BACK-17).

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::grant::{Active, Grant};
use crate::id::{ClientId, GrantId, PatientId, Subject};
use crate::instant::Instant;
use crate::jose::{self, JwtError, PublicJwk, UnverifiedHeader};
use crate::scope::Scopes;
use crate::secret::Digest;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The FHIR base URL: the one API that it is for (RS-02).
    pub aud: String,
    /// The user; of a token that stands on a client alone, that client (RFC 9068 §2.2).
    pub sub: Subject,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// When it expires.
    pub exp: Instant,
    /// When it was issued.
    pub iat: Instant,
    /// Its own random name.
    pub jti: String,
    /// What it may do, as far as its grant still says so. A list too long for a header is left out (TOK-22): it may then do
    /// all that its grant says. Without a grant it is always said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// The grant that it stands on: the digest of a handle, which opens nothing by itself. Without one it was issued for
    /// `client_credentials`, and stands on its client alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// The patient in context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
}

/// How long the text of a token's scopes may be to stand in it: headers are small (TOK-22).
pub const LONGEST_SCOPE: usize = 2_000;

impl AccessTokenClaims {
    /// The `typ` of RFC 9068 §2.1.
    pub const TYP: &str = "at+jwt";

    /// Whether it says all that a token must that no grant speaks for: its client is its subject, it says its scopes, and it
    /// is for no patient.
    fn stands_alone(&self) -> bool {
        self.sub.as_str() == self.client_id.as_str() && self.scope.is_some() && self.patient.is_none()
    }

    /// The name under which its revocation is recorded.
    pub fn name(&self) -> Digest {
        Digest::of(format!("access token\0{}", self.jti).as_bytes())
    }

    /// Whether the grant that it names is active and says the same (RS-06, INTRO-14).
    pub fn confirmed_by<'a>(&'a self, grant: &'a Grant) -> Result<Confirmed<'a>, Unconfirmed> {
        let active = grant.active().ok_or(Unconfirmed::Ended)?;
        let fits = grant.client_id == self.client_id
            && active.owner.sub == self.sub
            && active.granted.context.patient == self.patient;
        let scopes = self.scopes(&active.granted.scopes).filter(|_| fits);
        scopes.map(|scopes| Confirmed { active, scopes }).ok_or(Unconfirmed::Misfit)
    }

    /// What this token may do, of what its grant says now. Nothing, if it says more than its grant.
    pub fn scopes<'a>(&'a self, granted: &'a Scopes) -> Option<&'a Scopes> {
        match &self.scope {
            None => Some(granted),
            Some(scopes) => scopes.is_within(granted).then_some(scopes),
        }
    }
}

/// What a grant says of a token that stands on it.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed<'a> {
    /// The grant.
    pub active: &'a Active,
    /// What the token may do.
    pub scopes: &'a Scopes,
}

/// Why a grant does not speak for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// It is not active: revoked, or never was.
    Ended,
    /// It is another client's, user's or patient's, or says less than the token.
    Misfit,
}

/// Who must have issued a token, and for which API.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The issuer.
    pub issuer: String,
    /// The audience.
    pub audience: String,
}

/// Why an access token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessTokenError {
    /// It is no JWT of ours, or its signature does not hold.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// It was issued elsewhere, or for another API.
    #[error("issued elsewhere, or for another API")]
    Elsewhere,
    /// It has expired.
    #[error("expired")]
    Expired,
    /// It was issued in the future.
    #[error("issued in the future")]
    Early,
}

/// Verifies an access token at `now` (RFC 9068 §4; RFC 8725): its type, the signature by the published key that it names and
/// by that key's own algorithm, issuer, audience, expiry without leeway. Whether its grant still stands is not known here.
pub fn verify_access_token(
    token: &str,
    keys: &[PublicJwk],
    expected: &Expected,
    now: Instant,
) -> Result<AccessTokenClaims, AccessTokenError> {
    let header = UnverifiedHeader::of(token)?;
    let typ = header.typ.as_deref().unwrap_or_default();
    // RFC 7515 §4.1.9: the prefix may be there.
    if !typ.strip_prefix("application/").unwrap_or(typ).eq_ignore_ascii_case(AccessTokenClaims::TYP) {
        return Err(JwtError::Type.into());
    }
    let kid = header.kid.ok_or(JwtError::UnknownKey)?;
    let key = keys.iter().find(|key| key.kid.as_str() == kid).ok_or(JwtError::UnknownKey)?;
    if header.alg != Some(key.alg) {
        return Err(JwtError::Algorithm.into());
    }
    let claims: AccessTokenClaims = jose::verify(token, &key.key, key.alg)?;
    if claims.grant.is_none() && !claims.stands_alone() {
        return Err(JwtError::Claims.into());
    }
    if claims.iss != expected.issuer || claims.aud != expected.audience {
        return Err(AccessTokenError::Elsewhere);
    }
    if claims.exp.has_passed(now) {
        return Err(AccessTokenError::Expired);
    }
    if claims.iat > now + SKEW {
        return Err(AccessTokenError::Early);
    }
    Ok(claims)
}

/// How far the clocks of two functions may be apart.
const SKEW: std::time::Duration = std::time::Duration::from_mins(1);

//! How an access token comes: in one header, by the scheme that it is for, and with a proof if it is bound to a key (RFC 6750
//! §2.1; RFC 9449 §7; RS and DPOP rows).

use http::HeaderMap;
use http::request::Parts;
use smart_core::dpop::{Confirmation, Proof, Proving};
use smart_core::instant::Instant;
use smart_web::authorization::{self, Several};

use crate::error::{FhirError, InvalidProof, InvalidToken};

/// The token of a request.
pub(crate) struct Presented<'r> {
    scheme: Scheme,
    pub(crate) token: &'r str,
}

/// How it is presented.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// Whoever has it may use it.
    Bearer,
    /// Whoever proves to have its key may.
    Dpop,
}

impl<'r> Presented<'r> {
    /// The one token of a request: in one `Authorization` header, the scheme in any case.
    ///
    /// One in the query is not accepted (RS-04); beside a header it is a second way of sending, and malformed (RS-08).
    pub(crate) fn in_request(request: &'r Parts) -> Result<Self, FhirError> {
        let query = request.uri.query().unwrap_or_default();
        let in_query = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token");
        match authorization::header(&request.headers) {
            Err(Several) => Err(FhirError::TwoTokens),
            Ok(Some(_)) if in_query => Err(FhirError::TwoTokens),
            Ok(Some(header)) => Self::in_header(header),
            Ok(None) => Err(FhirError::NoToken),
        }
    }

    fn in_header(header: &'r str) -> Result<Self, FhirError> {
        let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
        let known = |(name, scheme)| Some((scheme, authorization::of_scheme(header, name)?));
        let (scheme, token) = schemes.into_iter().find_map(known).ok_or(FhirError::NoToken)?;
        if token.is_empty() || token.contains(' ') {
            return Err(FhirError::InvalidToken(InvalidToken::Unverified));
        }
        Ok(Self { scheme, token })
    }

    /// That it comes as it was issued: a bound token with a proof by its key (DPOP-05), any other as a bearer token. What is
    /// proved must be used for the first time: the caller asks.
    pub(crate) fn prove(
        &self,
        bound_to: Option<&Confirmation>,
        request: &Parts,
        url: &str,
        now: Instant,
    ) -> Result<Option<Proof>, FhirError> {
        let bound_to = match (self.scheme, bound_to) {
            (Scheme::Bearer, None) => return Ok(None),
            (Scheme::Bearer, Some(_)) => return Err(FhirError::InvalidToken(InvalidToken::Bound)),
            (Scheme::Dpop, None) => return Err(FhirError::InvalidToken(InvalidToken::Unbound)),
            (Scheme::Dpop, Some(key)) => key,
        };
        let proving = Proving { method: request.method.as_str(), url, access_token: Some(self.token) };
        let proof =
            Proof::verify(only_proof(&request.headers)?, &proving, now).map_err(InvalidProof::Proof)?;
        if proof.key == *bound_to { Ok(Some(proof)) } else { Err(InvalidProof::AnotherKey.into()) }
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

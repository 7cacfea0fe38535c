//! The one access token of a request to the FHIR API (RFC 6750 §2.1; RS rows).

use http::request::Parts;
use smart_web::authorization::{self, Several};
use smart_web::presented::Presented;

use crate::error::{FhirError, InvalidToken};

/// The one token: in one `Authorization` header. One in the query is not accepted (RS-04); beside a header it is a second way of
/// sending, and malformed (RS-08).
pub(crate) fn of_request(request: &Parts) -> Result<Presented<'_>, FhirError> {
    let query = request.uri.query().unwrap_or_default();
    let in_query = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token");
    let header = match authorization::header(&request.headers) {
        Err(Several) => return Err(FhirError::TwoTokens),
        Ok(Some(_)) if in_query => return Err(FhirError::TwoTokens),
        Ok(header) => header.ok_or(FhirError::NoToken)?,
    };
    let presented = Presented::in_header(header).ok_or(FhirError::NoToken)?;
    if presented.is_one_word() {
        Ok(presented)
    } else {
        Err(FhirError::InvalidToken(InvalidToken::Unverified))
    }
}

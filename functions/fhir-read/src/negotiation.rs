//! In which format an answer can be given: JSON, under the name that the app asks for (FHIR R4 `http#mime-type`).

use http::HeaderMap;
use http::header::ACCEPT;

use crate::error::FhirError;

/// JSON by one of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/fhir+json`.
    Fhir,
    /// `application/json`: a generic type is answered in kind (FHIR-09).
    Generic,
}

impl Format {
    /// Reads `_format`, which overrides, or else `Accept`; neither means FHIR's own type.
    pub(crate) fn negotiate(headers: &HeaderMap, query: Option<&str>) -> Result<Self, FhirError> {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let asked = query.filter(|(name, value)| name == "_format" && !value.is_empty());
        if let Some((_, format)) = asked.last() {
            return Self::of_parameter(&format).ok_or(FhirError::NotAcceptable);
        }
        let ranges: Vec<&str> = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        if ranges.iter().all(|range| range.trim().is_empty()) {
            return Ok(Self::Fhir);
        }
        let mut accepted: Vec<_> = ranges.iter().filter_map(|range| Self::of_range(range)).collect();
        // A stable sort: of equal weights the first named wins.
        accepted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        accepted
            .first()
            .filter(|(_, weight)| *weight > 0)
            .map(|(format, _)| *format)
            .ok_or(FhirError::NotAcceptable)
    }

    fn of_parameter(format: &str) -> Option<Self> {
        // A `+` that was not percent-encoded arrives as a space.
        match format
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .replace(' ', "+")
            .to_ascii_lowercase()
            .as_str()
        {
            "json" | "application/fhir+json" => Some(Self::Fhir),
            "application/json" | "text/json" => Some(Self::Generic),
            _ => None,
        }
    }

    /// A media range, with its weight in thousandths.
    fn of_range(range: &str) -> Option<(Self, u16)> {
        let mut parts = range.split(';').map(str::trim);
        let format = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/fhir+json" | "*/*" | "application/*" => Self::Fhir,
            "application/json" | "text/json" => Self::Generic,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((format, weight.map_or(1000, thousandths)))
    }

    /// The `Content-Type` of the answer.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Fhir => "application/fhir+json; charset=utf-8",
            Self::Generic => "application/json; charset=utf-8",
        }
    }
}

/// `0.25` is 250; what is no weight counts as the highest.
fn thousandths(weight: &str) -> u16 {
    match weight.trim().split_once('.') {
        Some(("0", digits)) if digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{digits:0<3}").parse().unwrap_or(1000)
        }
        None if weight.trim() == "0" => 0,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fhir_09_and_10_accept_and_format() {
        for (accept, query, expected) in [
            ("", "", Some(Format::Fhir)),
            ("*/*", "", Some(Format::Fhir)),
            ("application/fhir+json", "", Some(Format::Fhir)),
            ("application/fhir+json; fhirVersion=4.0", "", Some(Format::Fhir)),
            ("application/json", "", Some(Format::Generic)),
            ("application/json, text/plain, */*", "", Some(Format::Generic)),
            ("application/json;q=0.5, application/fhir+json", "", Some(Format::Fhir)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", Some(Format::Fhir)),
            ("application/fhir+xml", "", None),
            ("text/turtle", "", None),
            ("application/fhir+json;q=0", "", None),
            ("application/fhir+json;q=0.000", "", None),
            ("nonsense", "", None),
            ("application/fhir+xml", "_format=json", Some(Format::Fhir)),
            ("", "_format=application/fhir%2Bjson", Some(Format::Fhir)),
            ("", "_format=application/fhir+json", Some(Format::Fhir)),
            ("", "a=b&_format=application/json", Some(Format::Generic)),
            ("application/json", "_format=xml", None),
            ("", "_format=application/fhir%2Bxml", None),
            ("", "_format=", Some(Format::Fhir)),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(Format::negotiate(&headers, Some(query)).ok(), expected, "{accept:?} {query:?}");
        }
    }
}

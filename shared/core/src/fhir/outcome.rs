//! `OperationOutcome`: what went wrong, for the app and for who writes it (FHIR R4 `operationoutcome`).

use serde::Serialize;

/// `OperationOutcome.issue.code`: the codes that this server uses (FHIR R4 `issue-type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueType {
    /// The request is malformed.
    Invalid,
    /// A value is not of the form expected.
    Value,
    /// There is no token.
    Login,
    /// The token has expired, was revoked, or is none.
    Expired,
    /// The token does not reach so far.
    Forbidden,
    /// There is no such resource, or none that may be seen.
    NotFound,
    /// The server does not do this.
    NotSupported,
    /// The answer would cost too much: the request can be narrowed.
    TooCostly,
    /// The text is too long.
    TooLong,
    /// Something is not available for the moment: try again.
    Transient,
    /// Something broke here.
    Exception,
}

/// One issue of severity `error`, as a resource.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationOutcome {
    resource_type: &'static str,
    issue: [Issue; 1],
}

#[derive(Clone, Debug, Serialize)]
struct Issue {
    severity: &'static str,
    code: IssueType,
    diagnostics: String,
}

impl OperationOutcome {
    /// An error; `diagnostics` says what to mend, and nothing of the data.
    pub fn error(code: IssueType, diagnostics: impl Into<String>) -> Self {
        let issue = Issue { severity: "error", code, diagnostics: diagnostics.into() };
        Self { resource_type: "OperationOutcome", issue: [issue] }
    }

    /// The resource as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Structs of strings always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fhir_16_an_outcome_has_severity_code_and_diagnostics() {
        let outcome = OperationOutcome::error(IssueType::NotFound, "Patient/\"x\"\u{0} is not known");
        insta::assert_snapshot!(
            String::from_utf8(outcome.to_json()).unwrap(),
            @r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found","diagnostics":"Patient/\"x\"\u0000 is not known"}]}"#
        );
    }
}

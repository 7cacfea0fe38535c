//! Whether a call failed for want of credentials, and what the operator is to do about it.
//!
//! The SDK looks in many places and tells of each, in its own terms and over many lines. Here it is one line: what is missing, or
//! which place failed and why.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

/// Why there are no credentials, in one line; `None` if that is not what `error` is about.
pub(super) fn missing(error: &(dyn Error + 'static)) -> Option<String> {
    let credentials = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    Some(match credentials {
        CredentialsError::CredentialsNotLoaded(_) => {
            "no credentials: sign in (aws sso login) and name the profile in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
                .to_owned()
        }
        other => {
            let told: Vec<String> = causes(other).map(|cause| in_one_line(&cause.to_string())).collect();
            format!("the credentials cannot be had: {}", told.join(": "))
        }
    })
}

/// An error and what caused it.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("dispatch failure")]
    struct Dispatch(#[source] CredentialsError);

    #[test]
    fn what_is_missing_is_one_line_wherever_in_the_causes_it_stands() {
        let absent = Dispatch(CredentialsError::not_loaded("a chain,\nlink by link"));
        let told = missing(&absent).unwrap();
        assert!(told.contains("AWS_PROFILE") && !told.contains("chain") && !told.contains('\n'), "{told}");
        let failed = CredentialsError::provider_error("the token has expired:\n  sign in again");
        let told = missing(&failed).unwrap();
        assert!(told.ends_with("the token has expired: sign in again"), "{told}");
        assert_eq!(missing(&std::io::Error::other("no route to host")), None);
    }
}

//! What an answer of AWS means to a port: the item that a condition met, or that nothing can be decided.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId as _;
use smart_core::ports::Unavailable;
use std::time::Duration;

/// What throttled callers are told to wait: longer than after a lost connection.
pub(crate) const THROTTLED: Duration = Duration::from_secs(2);

/// What AWS answers when too much is asked of it.
const THROTTLES: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "KMSThrottlingException",
    "TooManyRequestsException",
];

/// What `port` reports of a `call` that failed after all its retries. Names the call, the error's code and the request, never the
/// message: it may repeat what was sent.
pub(crate) fn unavailable<E, R>(port: &'static str, call: &str, error: &SdkError<E, R>) -> Unavailable
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(answer) => {
            let meta = answer.err().meta();
            let code = meta.code().unwrap_or("an error without a code");
            let request = meta.request_id().unwrap_or("none");
            let unavailable = Unavailable::new(port, format!("{call}: {code} (request {request})"));
            if THROTTLES.contains(&code) {
                Unavailable { retry_after: THROTTLED, ..unavailable }
            } else {
                unavailable
            }
        }
        SdkError::TimeoutError(_) => Unavailable::new(port, format!("{call}: no answer in time")),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map(|error| causes(error)).unwrap_or_default();
            Unavailable::new(port, format!("{call}: no connection{cause}"))
        }
        SdkError::ResponseError(_) => {
            Unavailable::new(port, format!("{call}: an answer that cannot be read"))
        }
        SdkError::ConstructionFailure(_) => {
            Unavailable::new(port, format!("{call}: the request could not be made"))
        }
        _ => Unavailable::new(port, format!("{call}: failed")),
    }
}

/// An error of the network with what caused it: addresses and reasons, nothing of the request.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        told = format!("{told}: {error}");
        next = error.source();
    }
    told
}

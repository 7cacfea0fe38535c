//! The adapter against an emulator of AWS: started by `tests/emulator/run`, or whatever `AWS_ENDPOINT_URL` names. Without one these tests
//! fail. The rules that hold for every store are in the store contract (package smart-tests); here is what is DynamoDB's and
//! KMS's own.

#[cfg(test)]
mod consistency;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod lost_answers;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod play;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod units;
#[cfg(test)]
mod unprocessed;

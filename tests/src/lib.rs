//! Black-box tests: what the functions promise over HTTP, and what every adapter of a port promises them.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod races;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod stores;
#[cfg(test)]
#[cfg(feature = "aws")]
mod stores_aws;
#[cfg(test)]
mod wire;

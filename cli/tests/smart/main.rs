//! The built command from outside: what it says, its exit codes, what it keeps.

#[cfg(test)]
mod bad_seed;
#[cfg(test)]
mod brands;
#[cfg(test)]
mod command;
#[cfg(feature = "aws")]
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod following;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod serve;
#[cfg(all(test, feature = "verify"))]
mod verify;

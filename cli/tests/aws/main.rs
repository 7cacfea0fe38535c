//! The operator's commands on a stack: on an emulator of AWS, which `tests/emulator/run` starts.

#[cfg(test)]
#[path = "../smart/command.rs"]
#[expect(dead_code, reason = "shared with the tests that start servers")]
mod command;
#[cfg(test)]
#[path = "../common/grants.rs"]
mod grants;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod tap;

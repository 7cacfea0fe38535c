//! The `smart` command: the whole server on one port, and the operator's commands.
//!
//! | file | does |
//! |---|---|
//! | `arguments` | the command line |
//! | `serve` | `smart serve`: listens, loads a seed, puts the four functions on one port |
//! | `seed` | seed folders, and the demo seed |
//! | `records` | FHIR resources in files |
//! | `import`, `client`, `user`, `key`, `grant` | the operator's commands |
//! | `place` | where they work: in a data folder, beside a running server or without one, or on a stack on AWS |
//! | `brands` | user-access brands: of a file, and the demo's |
//! | `verify` | `smart verify`: whether a server does what it says (feature `verify`) |
//! | `store` | the data folder, and what is noted in it |
//! | `aws` | the stack, where the command was built with AWS |
//! | `json` | on which line of a file a fault is |
//! | `failure`, `output` | what is told at the end, and the exit code |

mod arguments;
#[cfg(feature = "aws")]
mod aws;
mod brands;
mod client;
mod failure;
mod grant;
mod import;
mod input;
mod json;
mod key;
mod output;
mod parallel;
mod place;
mod records;
mod seed;
mod serve;
mod store;
mod user;
#[cfg(feature = "verify")]
mod verify;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use self::arguments::{Arguments, Command};
use self::failure::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.code()
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("cannot start threads: {error}")))?;
    runtime.block_on(async {
        match arguments.command.unwrap_or_default() {
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Import(arguments) => import::run(arguments).await,
            Command::Client(command) => client::run(command).await,
            Command::User(command) => user::run(command).await,
            Command::Key(command) => key::run(command).await,
            Command::Grant(command) => grant::run(command).await,
            Command::Brands(arguments) => brands::run(&arguments),
            #[cfg(feature = "verify")]
            Command::Verify(arguments) => verify::run(arguments).await,
        }
    })
}

/// Help and version as they are; what was typed wrong, in one line.
fn refused(error: &clap::Error) -> ExitCode {
    let is_wrong = error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !is_wrong {
        // Nobody may be listening any more.
        let _ = error.print();
        return ExitCode::from(u8::from(error.use_stderr()) * 2);
    }
    let told = error.render().to_string();
    let told = told.strip_prefix("error: ").unwrap_or(&told);
    // The paragraphs after it are the usage and a pointer to the help; a tip belongs to the first.
    let paragraphs =
        told.split("\n\n").filter(|text| !text.starts_with("Usage:") && !text.starts_with("For more"));
    let line = paragraphs.flat_map(str::lines).map(str::trim).collect::<Vec<_>>().join(" ");
    Failure::Refused(format!("{line} (see smart --help)")).tell();
    ExitCode::from(2)
}

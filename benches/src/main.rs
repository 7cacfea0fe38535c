//! Measures the `smart` command as its users meet it, and writes the figures into `docs/benchmarks.md`. `./bench` builds
//! what is needed and calls it. Needs Linux: cores are chosen and memory is read there.
//!
//! | file | does |
//! |---|---|
//! | `measure` | the order of things |
//! | `requests` | requests a second and latencies: a table of `load`s |
//! | `place` | a server and all who ask it |
//! | `load` | connections that ask one request after another, and what they saw |
//! | `app`, `browser`, `connection` | an app that gets tokens, through the real pages |
//! | `start`, `memory`, `import` | the other figures |
//! | `server`, `machine` | processes, on chosen cores |
//! | `put` | figures of others: of the functions' programs (`tests/lambda/figures`) |
//! | `hello` | the floor: the smallest server there is |
//! | `figures`, `report` | medians, and how they are written |

mod app;
mod browser;
mod clock;
mod connection;
mod figures;
mod hello;
mod import;
mod load;
mod machine;
mod measure;
mod memory;
mod place;
mod put;
mod report;
mod requests;
mod server;
mod start;

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a measurement comes to. Whatever goes wrong ends it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures the smart command.
#[derive(Debug, Parser)]
#[command(name = "smart-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure, and write the figures into the document
    Measure(measure::Measure),
    /// Put a table that another program made, from standard input, into the document
    Put(put::Put),
    /// Run the floor: a server on one thread that says hello
    Hello,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Measure(arguments) => measure::run(&arguments),
        Command::Put(arguments) => put::run(&arguments),
        Command::Hello => hello::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever watches.
fn say(line: fmt::Arguments<'_>) {
    // Nobody may be listening any more.
    let _ = writeln!(std::io::stderr(), "{line}");
}

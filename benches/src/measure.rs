//! The order of things: each measurement by itself, then the document.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::figures::milliseconds;
use crate::machine::{self, Cores, Machine, load_average, on};
use crate::memory::Memory;
use crate::start::Start;
use crate::{Outcome, clock, import, memory, report, requests, say, start};

/// The goals: a start with the demo seed, in seconds, and memory, in megabytes.
const START_GOAL: f64 = 0.3;
const MEMORY_GOAL: f64 = 60.0;

/// What to measure, and how long.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// The server
    #[arg(long, value_name = "FILE")]
    smart: PathBuf,
    /// The program that measures the store
    #[arg(long, value_name = "FILE")]
    store_figures: PathBuf,
    /// The document whose figures are replaced
    #[arg(long, value_name = "FILE")]
    document: PathBuf,
    /// Where stores are made: on a disk, not in memory
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// How many rounds of requests
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
    /// How many seconds for each figure in a round
    #[arg(long, value_name = "N", default_value_t = 2)]
    seconds: u64,
    /// How many starts of each kind
    #[arg(long, value_name = "N", default_value_t = 20)]
    starts: u32,
    /// A short look: one round of a second, few starts; prints, and leaves the document alone
    #[arg(long)]
    quick: bool,
    /// Print, and leave the document alone
    #[arg(long)]
    print: bool,
    /// Measure just these, and print
    #[arg(value_name = "WHAT", value_enum)]
    only: Vec<Part>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Start,
    Memory,
    Import,
    Store,
    Requests,
}

impl Measure {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn prints(&self) -> bool {
        self.print || self.quick || !self.only.is_empty()
    }
}

pub(crate) fn run(arguments: &Measure) -> Outcome<()> {
    let cores = Cores::here();
    let machine = Machine::here(&cores)?;
    machine::keep_to(&cores.load());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::Builder::new().prefix("figures-").tempdir_in(&arguments.folder)?;
    let (rounds, seconds, starts) =
        if arguments.quick { (1, 1, 5) } else { (arguments.rounds, arguments.seconds, arguments.starts) };
    let time = Duration::from_secs(seconds.max(1));
    let smart = &arguments.smart;
    let busy_before = load_average()?;

    let mut parts = Vec::new();
    let (mut started, mut remembered) = (None, None);
    if arguments.wants(Part::Start) {
        say(format_args!("start"));
        let figures = start::measure(smart, folder.path(), &cores, starts)?;
        parts.push(("start", figures.text.clone()));
        started = Some(figures);
    }
    if arguments.wants(Part::Memory) {
        say(format_args!("memory"));
        let figures = runtime.block_on(memory::measure(smart, folder.path(), &cores, time))?;
        parts.push(("memory", figures.text.clone()));
        remembered = Some(figures);
    }
    if arguments.wants(Part::Import) {
        say(format_args!("import"));
        parts.push(("import", import::measure(smart, folder.path(), &cores, starts.min(5))?));
    }
    if arguments.wants(Part::Store) {
        say(format_args!("store"));
        parts.push(("store", store(arguments, &cores)?));
    }
    if arguments.wants(Part::Requests) {
        say(format_args!("requests"));
        let figures = requests::measure(smart, folder.path(), &cores, rounds.max(1), time);
        parts.push(("requests", runtime.block_on(figures)?));
    }
    if let (Some(start), Some(memory)) = (&started, &remembered) {
        parts.push(("goals", goals(start, memory)));
    }
    parts.push(("machine", told(&machine, &busy_before)?));
    publish(arguments, &parts)
}

/// The program of the store's own figures, run where the stores are made.
fn store(arguments: &Measure, cores: &Cores) -> Outcome<String> {
    let mut command = Command::new(std::path::absolute(&arguments.store_figures)?);
    command.current_dir(&arguments.folder);
    let done = on(&cores.all, || command.output())?;
    if !done.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(format!("```text\n{}```\n", String::from_utf8_lossy(&done.stdout)))
}

fn goals(start: &Start, memory: &Memory) -> String {
    let verdict = |value: f64, goal: f64| {
        if value < goal {
            "met".to_owned()
        } else {
            format!("**missed** by {:.0} %", (value / goal - 1.0) * 100.0)
        }
    };
    let mut rows = Vec::new();
    for (how, seconds) in [("in memory", start.with_demo), ("first run with a data folder", start.first)] {
        rows.push(vec![
            format!("ready in less than {} ms, the demo seed loaded: {how}", milliseconds(START_GOAL)),
            format!("{} ms", milliseconds(seconds)),
            verdict(seconds, START_GOAL),
        ]);
    }
    let ways =
        ["in memory, its data included", "first run with a data folder", "with a data folder, from then on"];
    for (how, most) in ways.iter().zip(memory.most) {
        rows.push(vec![
            format!("peak memory less than {MEMORY_GOAL:.0} MB: {how}"),
            format!("{most:.1} MB"),
            verdict(most, MEMORY_GOAL),
        ]);
    }
    report::table(&["goal", "figure", ""], &rows)
}

fn told(machine: &Machine, busy_before: &str) -> Outcome<String> {
    let Machine { cpu, cores, memory_gib, kernel, rustc } = machine;
    Ok(format!(
        "{}, version {}. {cpu}, {cores} cores, {memory_gib} GiB, Linux {kernel}, {rustc}, profile `release`. \
         Load average {busy_before} before and {} after.\n",
        clock::today(),
        env!("CARGO_PKG_VERSION"),
        load_average()?
    ))
}

/// Into the document, all at once; or onto standard output.
fn publish(arguments: &Measure, parts: &[(&str, String)]) -> Outcome<()> {
    if arguments.prints() {
        use std::io::Write as _;
        let mut stdout = std::io::stdout();
        for (name, text) in parts {
            writeln!(stdout, "## {name}\n\n{text}")?;
        }
        return Ok(());
    }
    let path = &arguments.document;
    let mut document =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for (name, text) in parts {
        document = report::with_figures(&document, name, text)?;
    }
    std::fs::write(path, document)?;
    say(format_args!("wrote {}", path.display()));
    Ok(())
}

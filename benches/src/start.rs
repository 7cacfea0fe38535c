//! From the start of the process to its `ready` line.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::figures::{median, megabytes, milliseconds};
use crate::machine::Cores;
use crate::server::Server;
use crate::{Outcome, report};

/// What was measured.
pub(crate) struct Start {
    /// The lines of the table.
    pub(crate) text: String,
    /// The median of a start with the demo seed in memory, in seconds.
    pub(crate) with_demo: f64,
    /// … and of a first start with a data folder.
    pub(crate) first: f64,
}

/// A way to start.
#[derive(Clone, Copy)]
enum Way {
    Ephemeral,
    FirstTime,
    Again,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Ephemeral, "`serve --ephemeral`: makes a key, loads the demo seed"),
    (Way::FirstTime, "`serve --data`, a new folder: the same, and writes it to the disk"),
    (Way::Again, "`serve --data`, the same folder again"),
];

/// What one start came to.
struct Once {
    seconds: f64,
    /// How long it kept processors busy.
    processor: f64,
    peak: u64,
}

/// Starts the server so many times in each way, on all cores and on one.
pub(crate) fn measure(smart: &Path, folder: &Path, cores: &Cores, runs: u32) -> Outcome<Start> {
    let sets = [cores.all.clone(), cores.server()];
    let mut seen: [[Vec<Once>; 3]; 2] = Default::default();
    for run in 0..runs {
        for (nth, (set, ways)) in sets.iter().zip(&mut seen).enumerate() {
            let data = folder.join(format!("start-{nth}-{run}"));
            for ((way, _), times) in WAYS.iter().zip(ways) {
                times.push(once(smart, *way, &data, set)?);
            }
            std::fs::remove_dir_all(&data)?;
        }
    }

    let [on_all, on_one] = &seen;
    let mut rows = Vec::new();
    let mut medians = Vec::new();
    for (((_, label), times), alone) in WAYS.iter().zip(on_all).zip(on_one) {
        let seconds = |times: &[Once]| times.iter().map(|once| once.seconds).collect::<Vec<_>>();
        let middle = median(seconds(times));
        let fastest = seconds(times).into_iter().fold(f64::MAX, f64::min);
        let slowest = seconds(times).into_iter().fold(0.0, f64::max);
        let peak = median(times.iter().map(|once| megabytes(once.peak)).collect());
        let mut cells = vec![(*label).to_owned()];
        cells.extend([middle, fastest, slowest, median(seconds(alone))].map(milliseconds));
        let processor = median(times.iter().map(|once| once.processor).collect());
        cells.push(if processor > 0.0 { milliseconds(processor) } else { "less than 10".to_owned() });
        cells.push(format!("{peak:.0}"));
        rows.push(cells);
        medians.push(middle);
    }
    let [with_demo, first, ..] = medians.as_slice() else {
        return Err("a way to start is missing".into());
    };
    let all = format!("{} cores: median, ms", cores.all.len());
    let head =
        ["", &all, "fastest", "slowest", "one core: median", "processor time", "peak memory when ready, MB"];
    let text = format!("{}\n{runs} starts each, in turn.\n", report::table(&head, &rows));
    Ok(Start { text, with_demo: *with_demo, first: *first })
}

fn once(smart: &Path, way: Way, data: &Path, cores: &[usize]) -> Outcome<Once> {
    let mut command = Command::new(smart);
    command.args(["serve", "--port", "0"]);
    match way {
        Way::Ephemeral => command.arg("--ephemeral"),
        Way::FirstTime | Way::Again => command.arg("--data").arg(data),
    };
    let server = Server::start(&mut command, cores)?;
    let once = Once {
        seconds: server.ready_after.as_secs_f64(),
        processor: server.processor_time()?.as_secs_f64(),
        peak: server.peak_memory()?,
    };
    server.stop()?;
    // Whatever it wrote last is on the disk before the next one is timed.
    std::thread::sleep(Duration::from_millis(20));
    Ok(once)
}

//! Requests a second and latencies, on one core: what each endpoint does under load, with the floor beside it.
//!
//! All loads run in each round, one after another, so that a disturbance of the machine hits none of them alone; what is
//! told is the median of the rounds.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::app::{WITH_ID_TOKEN, WITHOUT_ID_TOKEN};
use crate::connection::Site;
use crate::figures::{median, milliseconds, spread, whole};
use crate::load::{self, Seen};
use crate::machine::{Cores, load_average};
use crate::place::{CATEGORY, Kind, PAGE, Place, repeated};
use crate::server::Server;
use crate::{Outcome, report, say};

/// How many connections there are at once.
const CONNECTIONS: [usize; 2] = [1, 16];

/// What is measured, and of whom.
#[derive(Clone, Copy)]
enum What {
    Floor,
    /// The way through the pages, which is gone for each exchange anyway.
    Pages,
    InMemory(Kind),
    OnDisk(Kind),
}

#[rustfmt::skip]
const ROWS: [(&str, What); 13] = [
    ("*the floor: axum says hello*", What::Floor),
    ("discovery (`smart-configuration`)", What::InMemory(Kind::Discovery)),
    ("public keys (JWKS)", What::InMemory(Kind::Keys)),
    ("authorize: five requests, to a code", What::Pages),
    ("code → access, refresh and ID token", What::InMemory(Kind::Exchange(WITH_ID_TOKEN))),
    ("code → access and refresh token", What::InMemory(Kind::Exchange(WITHOUT_ID_TOKEN))),
    ("refresh → access, refresh and ID token", What::InMemory(Kind::Refresh(WITH_ID_TOKEN))),
    ("refresh → access and refresh token", What::InMemory(Kind::Refresh(WITHOUT_ID_TOKEN))),
    ("FHIR read (Observation)", What::InMemory(Kind::Read)),
    ("FHIR search, a page of 50", What::InMemory(Kind::Search(PAGE))),
    ("FHIR search by category", What::InMemory(Kind::Search(CATEGORY))),
    ("*on disk:* code → three tokens", What::OnDisk(Kind::Exchange(WITH_ID_TOKEN))),
    ("*on disk:* refresh → three tokens", What::OnDisk(Kind::Refresh(WITH_ID_TOKEN))),
];

/// What was seen of a row: of each number of connections, one `Seen` a round.
type Column = [Vec<Seen>; CONNECTIONS.len()];

/// Runs all of it, and writes the table.
pub(crate) async fn measure(
    smart: &Path,
    folder: &Path,
    cores: &Cores,
    rounds: u32,
    time: Duration,
) -> Outcome<String> {
    let core = cores.server();
    let hello = Server::start(Command::new(std::env::current_exe()?).arg("hello"), &core)?;
    let floor = Site::of(&hello)?;
    let serve = || {
        let mut command = Command::new(smart);
        command.args(["serve", "--port", "0"]);
        command
    };
    let mut memory = Place::at(Server::start(serve().arg("--ephemeral"), &core)?).await?;
    let mut disk =
        Place::at(Server::start(serve().arg("--data").arg(folder.join("requests")), &core)?).await?;

    let mut table: Vec<Column> = ROWS.iter().map(|_| Column::default()).collect();
    for round in 1..=rounds {
        let busy = load_average()?;
        say(format_args!("  round {round} of {rounds} (load average {busy})"));
        memory.renew().await?;
        for (nth, connections) in CONNECTIONS.into_iter().enumerate() {
            let mut ways = Vec::new();
            for ((_, what), column) in ROWS.iter().zip(&mut table) {
                let seen = match *what {
                    What::Pages => continue,
                    What::Floor => {
                        let lanes = repeated(&[floor.get("/")?], connections);
                        load::run(&hello, &floor, lanes, time).await?
                    }
                    What::InMemory(kind) => memory.load(kind, connections, time, &mut ways).await?,
                    What::OnDisk(kind) => disk.load(kind, connections, time, &mut Vec::new()).await?,
                };
                column.get_mut(nth).ok_or("a column")?.push(seen);
            }
            // As many browsers go that way each time.
            let pages = ROWS.iter().zip(&mut table).find(|((_, what), _)| matches!(what, What::Pages));
            if let Some(seen) = pages.and_then(|(_, column)| column.last_mut()) {
                seen.extend(ways);
            }
        }
    }
    memory.server.stop()?;
    disk.server.stop()?;
    Ok(written(&table, rounds, time, cores))
}

/// The heads of the table's columns; for each number of connections there are three.
const HEAD: [&str; 10] = [
    "",
    "answer, kB",
    "1 connection: requests/s",
    "p50, ms",
    "p99, ms",
    "16 connections: requests/s",
    "p50, ms",
    "p99, ms",
    "server, µs/request",
    "core busy",
];

fn written(table: &[Column], rounds: u32, time: Duration, cores: &Cores) -> String {
    let none = || "–".to_owned();
    let mut widest = 0.0_f64;
    let mut rows = Vec::new();
    for ((label, _), column) in ROWS.iter().zip(table) {
        let of = |seen: &[Seen], what: fn(&Seen) -> f64| median(seen.iter().map(what).collect());
        let last = column.last().map(Vec::as_slice).unwrap_or_default();
        let size = of(last, |seen| f64::from(seen.answer)) / 1e3;
        let mut cells = vec![(*label).to_owned()];
        cells.push(if size > 0.0 { format!("{size:.1}") } else { none() });
        for seen in column {
            if seen.is_empty() {
                cells.extend([none(), none(), none()]);
                continue;
            }
            widest = widest.max(spread(&seen.iter().map(|seen| seen.per_second).collect::<Vec<_>>()));
            cells.push(whole(of(seen, |seen| seen.per_second)));
            cells.push(milliseconds(of(seen, |seen| seen.p50)));
            cells.push(milliseconds(of(seen, |seen| seen.p99)));
        }
        cells.push(whole(of(last, |seen| seen.processor) * 1e6));
        cells.push(format!("{:.0} %", of(last, |seen| seen.busy) * 100.0));
        rows.push(cells);
    }
    format!(
        "{}\n{rounds} rounds of {} s for each figure, medians; the rounds of one figure differed by at most \
         {widest:.0} %.\nPinned: {}.\n",
        report::table(&HEAD, &rows),
        time.as_secs_f64(),
        cores.told()
    )
}

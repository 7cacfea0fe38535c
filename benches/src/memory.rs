//! Peak memory: the most that the server ever had in memory (`VmHWM`), after each of some steps.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::app::WITH_ID_TOKEN;
use crate::figures::{megabytes, whole};
use crate::machine::Cores;
use crate::place::{CATEGORY, Kind, PAGE, Place, SIGN_INS};
use crate::server::Server;
use crate::{Outcome, report};

/// How many grants are made, and how many connections ask at once.
const GRANTS: usize = 2_000;
const CONNECTIONS: usize = 16;

/// What was measured.
pub(crate) struct Memory {
    /// The lines of the table.
    pub(crate) text: String,
    /// The most that was seen of each way to serve, in megabytes.
    pub(crate) most: [f64; 3],
}

/// Runs the steps against a server in memory, a first run with a data folder, and one that finds its data there.
pub(crate) async fn measure(smart: &Path, folder: &Path, cores: &Cores, time: Duration) -> Outcome<Memory> {
    let data = folder.join("memory");
    let mut rows = Vec::new();
    let mut most = [0.0; 3];
    let ways = [
        ("`serve --ephemeral`", None),
        ("`serve --data`, a new folder", Some(&data)),
        ("`serve --data`, the same folder again", Some(&data)),
    ];
    for ((label, data), most) in ways.into_iter().zip(&mut most) {
        let mut command = Command::new(smart);
        command.args(["serve", "--port", "0"]);
        match data {
            Some(data) => command.arg("--data").arg(data),
            None => command.arg("--ephemeral"),
        };
        // As a user starts it: on all cores, with as many threads.
        let server = Server::start(&mut command, &cores.all)?;
        let mut peaks = vec![server.peak_memory()?];
        let mut place = Place::at(server).await?;
        peaks.push(place.server.peak_memory()?);
        place.grants(GRANTS, CONNECTIONS).await?;
        peaks.push(place.server.peak_memory()?);
        for kind in [Kind::Refresh(WITH_ID_TOKEN), Kind::Read, Kind::Search(PAGE), Kind::Search(CATEGORY)] {
            place.load(kind, CONNECTIONS, time, &mut Vec::new()).await?;
        }
        peaks.push(place.server.peak_memory()?);
        place.server.stop()?;
        let peaks: Vec<_> = peaks.into_iter().map(megabytes).collect();
        *most = peaks.iter().copied().fold(0.0, f64::max);
        let mut cells = vec![label.to_owned()];
        cells.extend(peaks.iter().map(|peak| format!("{peak:.1}")));
        rows.push(cells);
    }
    let sign_ins = format!("{SIGN_INS} sign-ins at once");
    let grants = format!("{} grants by code", whole(f64::from(u32::try_from(GRANTS)?)));
    let head = ["peak memory, MB", "ready", &sign_ins, &grants, "refreshes, reads, searches"];
    Ok(Memory { text: report::table(&head, &rows), most })
}

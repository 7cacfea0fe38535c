//! Load: connections that each ask one request after another, and what they saw.
//!
//! It is a closed loop: a connection asks again only when it was answered, so that a slow server is asked less.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::app::{App, tokens};
use crate::connection::{Answer, Asked, Connection, Site};
use crate::figures::percentile;
use crate::server::Server;
use crate::{Outcome, clock};

/// How long a load runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// What one connection asks.
pub(crate) enum Lane {
    /// The same requests, over and over.
    Repeat { requests: Vec<Asked>, next: usize },
    /// Codes, each once.
    Codes { app: App, codes: Vec<String> },
    /// A chain of refresh tokens: each answer has the next.
    Refresh { app: App, token: String },
}

impl Lane {
    /// The next request, if there is one.
    fn next(&mut self) -> Outcome<Option<Asked>> {
        match self {
            Self::Repeat { requests, next } => {
                *next = (*next + 1) % requests.len().max(1);
                Ok(requests.get(*next).cloned())
            }
            Self::Codes { app, codes } => codes.pop().map(|code| app.exchange(&code)).transpose(),
            Self::Refresh { app, token } => app.refresh(token).map(Some),
        }
    }

    /// Takes an answer, which must be a good one.
    fn take(&mut self, answer: &Answer) -> Outcome<()> {
        if answer.status != StatusCode::OK {
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        match self {
            Self::Repeat { .. } => {}
            Self::Codes { .. } => drop(tokens(answer)?),
            Self::Refresh { token, .. } => *token = tokens(answer)?.refresh,
        }
        Ok(())
    }
}

/// What a load came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) per_second: f64,
    /// Latencies, in seconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// How long the server kept its core busy for a request, in seconds.
    pub(crate) processor: f64,
    /// Which share of the time its core was busy.
    pub(crate) busy: f64,
    /// How large an answer's body was, in bytes.
    pub(crate) answer: u32,
}

/// Runs each lane on a connection of its own for so long, after a warm-up.
pub(crate) async fn run(server: &Server, site: &Site, lanes: Vec<Lane>, time: Duration) -> Outcome<Seen> {
    let mut at_work = Vec::new();
    for lane in lanes {
        at_work.push(Worker {
            connection: Connection::open(site.address).await?,
            lane,
            seen: Vec::new(),
            bytes: 0,
        });
    }
    at_work = all(at_work, clock::now() + WARM_UP).await?;
    for worker in &mut at_work {
        worker.seen.clear();
        worker.bytes = 0;
    }
    let busy_before = server.processor_time()?;
    let begun = clock::now();
    at_work = all(at_work, begun + time).await?;
    let took = begun.elapsed().as_secs_f64();
    let busy = server.processor_time()?.saturating_sub(busy_before).as_secs_f64();

    let bytes = at_work.iter().map(|worker| worker.bytes).sum::<u64>();
    let mut seen: Vec<_> = at_work.into_iter().flat_map(|worker| worker.seen).collect();
    seen.sort_unstable();
    let count = u32::try_from(seen.len()).ok().filter(|count| *count > 0).ok_or("nothing was asked")?;
    Ok(Seen {
        per_second: f64::from(count) / took,
        p50: percentile(&seen, 500).as_secs_f64(),
        p99: percentile(&seen, 990).as_secs_f64(),
        processor: busy / f64::from(count),
        busy: busy / took,
        answer: u32::try_from(bytes / u64::from(count))?,
    })
}

struct Worker {
    connection: Connection,
    lane: Lane,
    seen: Vec<Duration>,
    bytes: u64,
}

/// All of them at once, until that instant.
async fn all(workers: Vec<Worker>, until: Instant) -> Outcome<Vec<Worker>> {
    let tasks: Vec<_> = workers.into_iter().map(|worker| tokio::spawn(worker.work(until))).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await??);
    }
    Ok(done)
}

impl Worker {
    async fn work(mut self, until: Instant) -> Outcome<Self> {
        let mut begun = clock::now();
        while begun < until {
            let Some(asked) = self.lane.next()? else { break };
            let answer = self.connection.ask(asked).await?;
            let ended = clock::now();
            self.seen.push(ended - begun);
            self.bytes += answer.body.len() as u64;
            self.lane.take(&answer)?;
            begun = clock::now();
        }
        Ok(self)
    }
}

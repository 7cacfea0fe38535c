//! A program under the stand-in, and what it logs.

use std::ffi::OsStr;
use std::io::{self, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::clock;
use crate::event::{Answer, Event};
use crate::runtime_api::{Invocation, RuntimeApi, Told};

/// How long a program may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a line of the log may be on its way.
const LAG: Duration = Duration::from_secs(5);

/// A function's program. It ends with this value.
pub struct Function {
    api: RuntimeApi,
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    started: Instant,
    ready: Option<Duration>,
    asked: usize,
}

impl Function {
    /// Starts a command with this environment, besides what Lambda itself says, and nothing else.
    pub fn start<K, V>(
        mut command: Command,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> io::Result<Self>
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let api = RuntimeApi::start()?;
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_LEVEL", "DEBUG")
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = clock();
        let mut process = command.spawn()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        readers.extend(process.stdout.take().map(|output| read(BufReader::new(output), &log)));
        readers.extend(process.stderr.take().map(|output| read(BufReader::new(output), &log)));
        Ok(Self { api, process, log, readers, started, ready: None, asked: 0 })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Waits until it asks for its first event. How long that took.
    pub fn ready(&mut self) -> io::Result<Duration> {
        if let Some(ready) = self.ready {
            return Ok(ready);
        }
        match self.told()? {
            (at, Told::Polled) => Ok(*self.ready.insert(at.duration_since(self.started))),
            (_, told) => Err(io::Error::other(format!("not ready: {told:?}"))),
        }
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, event: &Event) -> io::Result<Answer> {
        self.invoke(event, None, PATIENCE)
    }

    /// The same, as part of a trace.
    pub fn ask_traced(&mut self, event: &Event, trace: Option<&str>) -> io::Result<Answer> {
        self.invoke(event, trace, PATIENCE)
    }

    /// The same, told that it will be stopped after so long. It is not.
    pub fn ask_within(&mut self, event: &Event, time: Duration) -> io::Result<Answer> {
        self.invoke(event, None, time)
    }

    fn invoke(&mut self, event: &Event, trace: Option<&str>, time: Duration) -> io::Result<Answer> {
        self.asked += 1;
        let id = format!("request-{}", self.asked);
        self.api.invoke(Invocation {
            id: id.clone(),
            event: event.to_string(),
            trace: trace.map(str::to_owned),
            deadline: deadline(time),
        });
        loop {
            match self.told()? {
                (_, Told::Polled) => {}
                (at, Told::Answered { id: answered, answer }) if answered == id => {
                    return Answer::parse(&answer, id, at.duration_since(self.started));
                }
                (_, told) => return Err(io::Error::other(format!("no answer: {told:?}"))),
            }
        }
    }

    /// The next thing that it tells. One that has ended tells nothing more.
    fn told(&mut self) -> io::Result<(Instant, Told)> {
        let until = clock() + PATIENCE;
        loop {
            if let Some(told) = self.api.told_within(Duration::from_millis(100)) {
                return Ok(told);
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("ended ({status}):\n{}", self.lines().join("\n"))));
            }
            if clock() > until {
                return Err(io::Error::other(format!("silent:\n{}", self.lines().join("\n"))));
            }
        }
    }

    /// Waits until it ends by itself, and says how, and whether it ever asked for an event.
    pub fn end(mut self) -> io::Result<(ExitStatus, bool, Vec<String>)> {
        let status = self.process.wait()?;
        let polled =
            self.api.told_within(Duration::ZERO).is_some_and(|(_, told)| matches!(told, Told::Polled));
        for reader in std::mem::take(&mut self.readers) {
            drop(reader.join());
        }
        Ok((status, polled, self.lines()))
    }

    /// All that it has written so far.
    pub fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line of JSON that is as wanted, if there is one or comes soon.
    pub fn logged(&self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let until = clock() + LAG;
        loop {
            let lines = self.lines();
            let found = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).find(&wanted);
            if found.is_some() || clock() > until {
                return found;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// When so much time is over: milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "as Lambda tells deadlines")]
fn deadline(time: Duration) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now + time).as_millis()
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(output: impl io::BufRead + Send + 'static, log: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

//! A server under measurement: started on chosen cores, watched from outside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use url::Url;

use crate::machine::{field, on};
use crate::{Outcome, clock};

/// In which unit `/proc` counts processor time: a hundredth of a second, on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// A running server; it is killed when this value is dropped.
pub(crate) struct Server {
    child: Child,
    url: Url,
    /// How long it took from its start to the `ready` line.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts it on `cores`, and waits until it is ready. Its log lines are made, and go to `/dev/null`.
    pub(crate) fn start(command: &mut Command, cores: &[usize]) -> Outcome<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        on(cores, || {
            let begun = clock::now();
            let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
            let mut line = String::new();
            if let Some(stdout) = child.stdout.take() {
                BufReader::new(stdout).read_line(&mut line)?;
            }
            let ready_after = begun.elapsed();
            let url = line.strip_prefix("ready ").and_then(|url| Url::parse(url.trim()).ok());
            let Some(url) = url else {
                let _ = child.kill();
                child.wait()?;
                return Err(
                    format!("{command:?} said {line:?} instead of `ready URL`: try it by hand").into()
                );
            };
            Ok(Self { child, url, ready_after })
        })
    }

    /// Its public URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Where to connect.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.url.port_or_known_default().unwrap_or_default()).into()
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn peak_memory(&self) -> Outcome<u64> {
        let told = field(&format!("/proc/{}/status", self.child.id()), "VmHWM")?;
        Ok(told.trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// How long it has kept processors busy.
    pub(crate) fn processor_time(&self) -> Outcome<Duration> {
        let file = format!("/proc/{}/stat", self.child.id());
        let told = fs::read_to_string(&file)?;
        // The name of the program, in parentheses, may have anything in it; user and system time are the 14th and 15th.
        let (_, after_name) = told.rsplit_once(") ").ok_or_else(|| format!("{file}: {told}"))?;
        let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
        Ok(TICK * ticks)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        terminate(&mut self.child)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is left alone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(target_os = "linux")]
fn terminate(child: &mut Child) -> Outcome<()> {
    use rustix::process::{Pid, Signal, kill_process};
    Ok(kill_process(Pid::from_child(child), Signal::TERM)?)
}

#[cfg(not(target_os = "linux"))]
fn terminate(child: &mut Child) -> Outcome<()> {
    Ok(child.kill()?)
}

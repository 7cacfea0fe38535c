//! The machine: which cores there are, who runs on which, and what to tell of it.

use std::fs;
use std::panic::resume_unwind;
use std::process::Command;
use std::thread;

use crate::Outcome;

/// The cores that this process may use.
pub(crate) struct Cores {
    /// All of them; empty where that is not known.
    pub(crate) all: Vec<usize>,
    /// The server's, and the load generator's: one each, where there are two.
    apart: Option<(usize, usize)>,
}

impl Cores {
    pub(crate) fn here() -> Self {
        let all = affinity::allowed();
        let apart = match all.as_slice() {
            [server, load, ..] => Some((*server, *load)),
            _ => None,
        };
        Self { all, apart }
    }

    /// The core of the server that is measured.
    pub(crate) fn server(&self) -> Vec<usize> {
        self.apart.map_or_else(|| self.all.clone(), |(server, _)| vec![server])
    }

    /// The core of whoever asks it.
    pub(crate) fn load(&self) -> Vec<usize> {
        self.apart.map_or_else(|| self.all.clone(), |(_, load)| vec![load])
    }

    /// What was done, for the report.
    pub(crate) fn told(&self) -> String {
        match self.apart {
            Some((server, load)) => {
                format!(
                    "the server on core {server} alone, the load generator on core {load} (sched_setaffinity)"
                )
            }
            None => {
                "**not kept apart**: the server and the load generator share the cores there are".to_owned()
            }
        }
    }
}

/// Does `work` on a thread that is kept to `cores`, and so does every process that it starts.
pub(crate) fn on<T: Send>(cores: &[usize], work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            keep_to(cores);
            work()
        });
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Keeps this thread, and whatever it starts from now on, to `cores`; an empty list means that they are not known.
pub(crate) fn keep_to(cores: &[usize]) {
    if !cores.is_empty() {
        affinity::keep_to(cores);
    }
}

/// What the report tells of it.
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
}

impl Machine {
    pub(crate) fn here(cores: &Cores) -> Outcome<Self> {
        let unknown = || "unknown".to_owned();
        let kilobytes: u64 = field("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse()?;
        // Not every processor tells its name.
        let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|_| unknown());
        let rustc = Command::new("rustc").arg("--version").output().ok();
        Ok(Self {
            cpu: format!("{cpu}, {}", std::env::consts::ARCH),
            cores: cores.all.len(),
            memory_gib: kilobytes.div_ceil(1 << 20),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            rustc: rustc.map_or_else(unknown, |said| String::from_utf8_lossy(&said.stdout).trim().to_owned()),
        })
    }
}

/// How many threads wanted to run in the last minute, on average.
pub(crate) fn load_average() -> Outcome<String> {
    let told = fs::read_to_string("/proc/loadavg")?;
    Ok(told.split(' ').next().unwrap_or_default().to_owned())
}

/// The first `name: value` of a file of `/proc`.
pub(crate) fn field(file: &str, name: &str) -> Outcome<String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let found = pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name);
    Ok(found.ok_or_else(|| format!("{file}: no {name}"))?.1.to_owned())
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use crate::say;

    pub(super) fn allowed() -> Vec<usize> {
        let set = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
    }

    pub(super) fn keep_to(cores: &[usize]) {
        let mut set = CpuSet::new();
        for core in cores {
            set.set(*core);
        }
        if let Err(error) = sched_setaffinity(None, &set) {
            say(format_args!("cannot keep to the cores {cores:?}: {error}"));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod affinity {
    pub(super) fn allowed() -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn keep_to(_: &[usize]) {}
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn work_is_kept_to_a_core_and_leaves_the_other_threads_alone() {
        let before = affinity::allowed();
        let core = *before.last().unwrap();
        assert_eq!(on(&[core], affinity::allowed), [core]);
        assert_eq!(affinity::allowed(), before);
    }

    #[test]
    fn a_field_of_proc_is_found_by_its_name() {
        assert!(field("/proc/self/status", "VmHWM").unwrap().ends_with(" kB"));
        assert!(field("/proc/self/status", "Vm").is_err());
    }
}

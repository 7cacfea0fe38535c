//! The built command, run from outside: servers that end with the test, and what a command said.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long anything may take: a hang is a failure.
const LIMIT: Duration = Duration::from_mins(1);

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that it went well, and gives what it said.
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }
}

/// Runs `smart` with these arguments in `folder`, to its end.
pub(crate) fn smart(folder: &Path, arguments: &[&str]) -> Said {
    smart_with(folder, arguments, "")
}

/// The same, with `input` on standard input.
pub(crate) fn smart_with(folder: &Path, arguments: &[&str], input: &str) -> Said {
    ended(command(folder, arguments), input)
}

/// The same with these variables, and none else that says anything of AWS.
#[cfg(feature = "aws")]
pub(crate) fn smart_in(folder: &Path, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Said {
    let mut command = command(folder, arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    ended(command, input)
}

/// The same on a terminal, as a person sees it: both outputs are what the terminal shows.
pub(crate) fn smart_on_a_terminal(folder: &Path, arguments: &[&str]) -> Said {
    const TERMINAL: &str = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_smart")]).args(arguments);
    command.current_dir(folder).env("TERM", "xterm").stdout(Stdio::piped());
    ended(command, "")
}

/// Runs a command to its end, with `input` on standard input.
fn ended(mut command: Command, input: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let (ended, outcome) = mpsc::channel();
    let pid = child.id();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = outcome.recv_timeout(LIMIT) else {
        signal(pid, "KILL");
        panic!("{command:?} did not end")
    };
    Said::of(output.unwrap())
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smart"));
    command.current_dir(folder).args(arguments).stdout(Stdio::piped());
    command
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

/// A server that is ready; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    err: Option<JoinHandle<String>>,
    /// Its public URL, as it said.
    pub(crate) url: String,
}

impl Server {
    /// Starts `smart serve` in `folder` on a free port.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--port", "0"], arguments].concat();
        let mut child =
            command(folder, &arguments).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut err = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        let (said, line) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            let _ = said.send((line, out));
        });
        let Ok((line, out)) = line.recv_timeout(LIMIT) else {
            child.kill().unwrap();
            panic!("the server is not ready")
        };
        let url = match line.strip_prefix("ready ").and_then(|line| line.strip_suffix('\n')) {
            Some(url) => url.to_owned(),
            None => panic!("not ready: {line:?}, {}", err.join().unwrap()),
        };
        Self { child, out, err: Some(err), url }
    }

    /// The port that it listens on, if its URL says it.
    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Ends it by SIGTERM: its exit code, the rest of its standard output, its standard error.
    pub(crate) fn stop(self) -> Said {
        self.signal("TERM");
        self.ended(LIMIT)
    }

    /// Waits until it has ended, but not for ever.
    pub(crate) fn ended(mut self, within: Duration) -> Said {
        const PAUSE: Duration = Duration::from_millis(5);
        let tries = within.as_millis() / PAUSE.as_millis();
        let status = (0..tries).find_map(|_| {
            std::thread::sleep(PAUSE);
            self.child.try_wait().unwrap()
        });
        let code = status.expect("the server did not end in time").code().unwrap_or(-1);
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        Said { code, out, err: self.err.take().unwrap().join().unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// GET: the status and the whole answer.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    get_at(&format!("127.0.0.1:{port}"), path)
}

/// GET at an address.
pub(crate) fn get_at(address: &str, path: &str) -> (u16, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
}

/// POST of a form: the status and the whole answer.
pub(crate) fn post(port: u16, path: &str, form: &str) -> (u16, String) {
    let length = form.len();
    let head = "host: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded";
    ask(
        &format!("127.0.0.1:{port}"),
        &format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{form}"),
    )
}

fn ask(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

//! A stretch of wire between a command and the emulator, which keeps what was asked of AWS.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// What one connection carried towards AWS.
type Carried = Arc<Mutex<Vec<u8>>>;

/// The wire; it is there until the process ends.
pub(crate) struct Tap {
    /// Where it begins.
    pub(crate) url: String,
    connections: Arc<Mutex<Vec<Carried>>>,
}

/// One request to AWS.
pub(crate) struct Asked {
    /// As a policy of IAM names it: `dynamodb:GetItem`.
    pub(crate) action: String,
    /// What was sent, if it was JSON.
    pub(crate) body: Value,
}

impl Tap {
    /// A wire to the emulator at this URL.
    pub(crate) fn new(emulator: &str) -> Self {
        let to = emulator.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections: Arc<Mutex<Vec<Carried>>> = Arc::default();
        let all = Arc::clone(&connections);
        thread::spawn(move || {
            for near in listener.incoming() {
                let carried = Carried::default();
                all.lock().unwrap().push(Arc::clone(&carried));
                join(near.unwrap(), TcpStream::connect(&to).unwrap(), carried);
            }
        });
        Self { url, connections }
    }

    /// What was asked since this was asked last. The commands have ended, so that no request is under way.
    pub(crate) fn take(&self) -> Vec<Asked> {
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        connections.iter().flat_map(|carried| requests(&carried.lock().unwrap())).collect()
    }
}

/// Carries both ways, and keeps what goes to the far end.
fn join(near: TcpStream, far: TcpStream, carried: Carried) {
    let (mut answers, mut back) = (far.try_clone().unwrap(), near.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let (mut near, mut far) = (near, far);
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = near.read(&mut buffer) {
            carried.lock().unwrap().extend_from_slice(&buffer[..length]);
            if far.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = far.shutdown(Shutdown::Write);
    });
}

/// The requests of one connection, one after the other.
fn requests(mut bytes: &[u8]) -> Vec<Asked> {
    let mut asked = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let length: usize = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
        let (body, rest) = bytes[end + 4..].split_at(length);
        asked.push(Asked {
            action: action(head, body),
            body: serde_json::from_slice(body).unwrap_or_default(),
        });
        bytes = rest;
    }
    asked
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The action: in a header, or in the form that CloudFormation is asked by.
fn action(head: &str, body: &[u8]) -> String {
    match header(head, "x-amz-target").map(|target| target.split_once('.').unwrap()) {
        Some(("DynamoDB_20120810", operation)) => format!("dynamodb:{operation}"),
        Some(("TrentService", operation)) => format!("kms:{operation}"),
        Some((service, _)) => panic!("{service} is no service of the operator's"),
        None => {
            let form = std::str::from_utf8(body).unwrap();
            let operation = form.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap();
            format!("cloudformation:{operation}")
        }
    }
}

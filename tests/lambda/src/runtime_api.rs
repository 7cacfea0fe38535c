//! A stand-in for Lambda's Runtime API: hands out events, takes answers, and notes when.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock;
use crate::http::{Connection, Request};

/// What a program is handed.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What Lambda calls the request.
    pub id: String,
    /// The event, in JSON.
    pub event: String,
    /// The X-Ray header.
    pub trace: Option<String>,
    /// When Lambda would stop the program: milliseconds since 1970.
    pub deadline: u128,
}

/// What a program told.
#[derive(Clone, Debug)]
pub enum Told {
    /// It asked for the next event: it is ready.
    Polled,
    /// An answer to an event.
    Answered {
        /// The invocation's.
        id: String,
        /// In JSON.
        answer: String,
    },
    /// That it failed, and where it said so.
    Failed {
        /// The path of the report.
        path: String,
        /// In JSON.
        report: String,
    },
}

/// The stand-in, for one program.
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: Sender<Invocation>,
    told: Receiver<(Instant, Told)>,
}

/// One connection's share of it.
struct Side {
    invocations: Arc<Mutex<Receiver<Invocation>>>,
    told: Sender<(Instant, Told)>,
}

impl RuntimeApi {
    /// Listens on a free port of this machine.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (invocations, taken) = mpsc::channel();
        let taken = Arc::new(Mutex::new(taken));
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let side = Side { invocations: Arc::clone(&taken), told: tell.clone() };
                // A program that goes away is no error of ours.
                thread::spawn(move || side.serve(stream).ok());
            }
        });
        Ok(Self { address, invocations, told })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` says.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Has the program do something, when it next asks.
    pub fn invoke(&self, invocation: Invocation) {
        // Nobody listens any more: then nobody answers, and whoever waits for that learns it.
        let _ = self.invocations.send(invocation);
    }

    /// The next thing that the program tells, and when it did, unless it says nothing for so long.
    pub fn told_within(&self, patience: Duration) -> Option<(Instant, Told)> {
        self.told.recv_timeout(patience).ok()
    }
}

impl Side {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut connection = Connection::new(stream)?;
        while let Some(request) = connection.request()? {
            let now = clock();
            if request.method == "GET" && request.path.ends_with("/invocation/next") {
                self.tell(now, Told::Polled);
                let next = self.invocations.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(invocation) = next else { return Ok(()) };
                hand_out(&mut connection, &invocation)?;
            } else {
                connection.answer(
                    "202 Accepted",
                    &[("content-type", "application/json")],
                    b"{\"status\":\"OK\"}",
                )?;
                self.tell(now, told(request));
            }
        }
        Ok(())
    }

    fn tell(&self, now: Instant, told: Told) {
        let _ = self.told.send((now, told));
    }
}

fn hand_out(connection: &mut Connection, invocation: &Invocation) -> io::Result<()> {
    let deadline = invocation.deadline.to_string();
    let mut headers = vec![
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", invocation.id.as_str()),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:under-test"),
    ];
    if let Some(trace) = &invocation.trace {
        headers.push(("lambda-runtime-trace-id", trace));
    }
    connection.answer("200 OK", &headers, invocation.event.as_bytes())
}

/// `/2018-06-01/runtime/invocation/ID/response`, or an error's path.
fn told(request: Request) -> Told {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let mut segments = request.path.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some("response"), Some(id)) => Told::Answered { id: id.to_owned(), answer: text },
        _ => Told::Failed { path: request.path, report: text },
    }
}

//! An AWS that answers at once and knows nothing: no item in any table, one key that signs nothing true. For what is no matter of
//! AWS: how soon a program is there, and what it sends along.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clock;
use crate::http::{Connection, Request};

/// The public half of a key that was made for this file, and whose private half is gone.
const PUBLIC_KEY: &str = "\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlcJjlU5VimsFFqQHdOxBQJS/0MhccM/h4cTkpeJSkZ5yyBOY4pCQle1m\
USsPJ9H/rXDDhYFt0RY6hqohraufJTLxu7TupBOI2sjL6vkL0hTnF8rceWXjNi4MyoN9Z3qZBLIfeUTFvzH7YCgT5QOFkz00lluy\
1gx4HGENQTDbQnTwKNGkcaOwrJ4d+dgcKS4WgMEehPNJPVDWXYG/QPOK46hki2F3m/CRoZWBzEDpn8iKhEjfWLcUAtg5LVwN2JGf\
GnEX6i7DU8BbKrSxgdIyIWq8uxIrg5H+OPX9eGL7CuwoFanPupNduDnR3kguZpqAWRj3U/2YkwIOl4ot/uCPeQIDAQAB\
    ";

/// A call that came.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which operation: `DynamoDB_20120810.GetItem`.
    pub target: String,
    /// The X-Ray header that came with it.
    pub trace: Option<String>,
}

/// The endpoint.
pub struct Endpoint {
    address: SocketAddr,
    calls: Receiver<Call>,
}

impl Endpoint {
    /// Listens on a free port of this machine.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (came, calls) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let came = came.clone();
                thread::spawn(move || serve(stream, &came).ok());
            }
        });
        Ok(Self { address, calls })
    }

    /// What `AWS_ENDPOINT_URL` says.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls since the last time.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.try_iter().collect()
    }
}

fn serve(stream: TcpStream, came: &Sender<Call>) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.request()? {
        let target = request.header("x-amz-target").unwrap_or_default().to_owned();
        let trace = request.header("x-amzn-trace-id").map(str::to_owned);
        let answer = answer(&target, &request);
        let _ = came.send(Call { target, trace });
        connection.answer(
            "200 OK",
            &[("content-type", "application/x-amz-json-1.1")],
            answer.to_string().as_bytes(),
        )?;
    }
    Ok(())
}

fn answer(target: &str, request: &Request) -> Value {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match target.rsplit('.').next() {
        Some("GetPublicKey") => json!({
            "KeyId": "arn:aws:kms:us-east-1:000000000000:key/1", "PublicKey": PUBLIC_KEY,
            "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256"],
        }),
        Some("Sign") => json!({
            "KeyId": asked.get("KeyId"), "Signature": STANDARD.encode([1; 256]),
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
        }),
        _ => json!({}),
    }
}

/// How long it takes a program from now to begin its first TLS handshake with AWS. The address is that of a listener that answers
/// nothing.
pub fn first_hello(listener: &TcpListener, since: Instant) -> io::Result<Duration> {
    let (stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut first = [0];
    io::Read::read_exact(&mut &stream, &mut first)?;
    Ok(clock().duration_since(since))
}

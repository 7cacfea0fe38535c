//! A counting layer before AWS: it passes each call of a program on, and notes what it was and what it costs. A call that is made again
//! counts again.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use crate::capacity::{self, Units};
use crate::http::{Connection, Request, Response, end_to_end};

/// A call that was passed on.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service, as `X-Amz-Target` names it.
    pub service: Service,
    /// The operation: `GetItem`.
    pub operation: String,
    /// What DynamoDB bills, if it was DynamoDB and there is a rule for the operation.
    pub units: Option<Units>,
}

/// Who was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB.
    DynamoDb,
    /// The Key Management Service.
    Kms,
    /// Anybody else.
    Other,
}

/// The layer.
pub struct Meter {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Meter {
    /// Listens on a free port of this machine, before the endpoint of this URL (`http://` and host and port).
    pub fn before(endpoint: &str) -> io::Result<Self> {
        let upstream = endpoint.strip_prefix("http://").unwrap_or(endpoint).trim_end_matches('/').to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, noted) = (upstream.clone(), Arc::clone(&noted));
                // A program that goes away is no error of ours.
                thread::spawn(move || serve(stream, &upstream, &noted).ok());
            }
        });
        Ok(Self { address, calls })
    }

    /// What `AWS_ENDPOINT_URL` says.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls since the last look.
    pub fn read(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One connection of a program, and its own one upstream.
fn serve(stream: TcpStream, upstream: &str, noted: &Mutex<Vec<Call>>) -> io::Result<()> {
    let mut program = Connection::new(stream)?;
    let mut aws = Connection::new(TcpStream::connect(upstream)?)?;
    while let Some(mut request) = program.request()? {
        let (service, operation) = called(&request);
        let mut asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if service == Service::DynamoDb
            && let Some(asked) = asked.as_object_mut()
        {
            asked.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
            // The signature is of the body as it was: an emulator does not look.
            request.body = serde_json::to_vec(asked)?;
        }
        let Response { status, headers, body } = aws.ask(&request)?;
        let answer = serde_json::from_slice(&body).unwrap_or_default();
        let units = (service == Service::DynamoDb).then(|| capacity::units(&operation, &asked, &answer));
        let call = Call { service, operation, units: units.flatten() };
        // Before the answer, so that whoever waits for what follows it finds the call.
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        program.answer(&status, &end_to_end(&headers), &body)?;
    }
    Ok(())
}

/// Service and operation, as the SDK says them: `DynamoDB_20120810.GetItem`, `TrentService.Sign`.
fn called(request: &Request) -> (Service, String) {
    let target = request.header("x-amz-target").unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match service {
        "DynamoDB_20120810" => Service::DynamoDb,
        "TrentService" => Service::Kms,
        _ => Service::Other,
    };
    (service, operation.to_owned())
}

//! What stands between a program and AWS: each call goes through a hand that may note it, change it, or answer it.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::http::{Connection, Request, Response, end_to_end};

/// Listens on a free port of this machine, before the endpoint of this URL (`http://` and host and port), and says what
/// `AWS_ENDPOINT_URL` says. `pass` gets each call, and its connection's own one to AWS.
pub(crate) fn before(
    endpoint: &str,
    pass: impl Fn(Request, &mut Connection) -> io::Result<Response> + Send + Sync + 'static,
) -> io::Result<String> {
    let upstream = endpoint.strip_prefix("http://").unwrap_or(endpoint).trim_end_matches('/').to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let pass = Arc::new(pass);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (upstream, pass) = (upstream.clone(), Arc::clone(&pass));
            // A program that goes away is no error of ours.
            thread::spawn(move || serve(stream, &upstream, &*pass).ok());
        }
    });
    Ok(format!("http://{address}"))
}

fn serve(
    stream: TcpStream,
    upstream: &str,
    pass: &impl Fn(Request, &mut Connection) -> io::Result<Response>,
) -> io::Result<()> {
    let mut program = Connection::new(stream)?;
    let mut aws = Connection::new(TcpStream::connect(upstream)?)?;
    while let Some(request) = program.request()? {
        let Response { status, headers, body } = pass(request, &mut aws)?;
        program.answer(&status, &end_to_end(&headers), &body)?;
    }
    Ok(())
}

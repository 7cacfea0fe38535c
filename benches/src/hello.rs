//! The floor: the same HTTP stack on one thread, with nothing behind it. What it takes is what any server here takes.

use std::io::Write as _;
use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::Outcome;

/// Serves until it is killed; says `ready URL` as the server does.
pub(crate) fn run() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        writeln!(std::io::stdout(), "ready http://localhost:{port}")?;
        axum::serve(listener, Router::new().route("/", get(|| async { "hello" }))).await?;
        Ok(())
    })
}

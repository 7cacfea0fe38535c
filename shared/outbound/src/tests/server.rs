//! A server on loopback that says what it is told to, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What is said to a request.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// These bytes, and the end.
    Bytes(Vec<u8>),
    /// These bytes, and the end, after a while.
    Late(Duration, Vec<u8>),
    /// These bytes again and again, as long as somebody listens.
    Endlessly(Vec<u8>, &'static [u8]),
    /// These bytes, and then nothing, for ever.
    AndThenNothing(Vec<u8>),
}

/// A server, until it is dropped.
pub(crate) struct Server {
    port: u16,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn saying(says: Says) -> Self {
        Self::over(says, |socket| std::future::ready(Some(socket))).await
    }

    /// One that speaks over what `wrap` makes of a connection: TLS.
    pub(crate) async fn over<S, F>(
        says: Says,
        wrap: impl Fn(tokio::net::TcpStream) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (says, asked) = (Arc::new(Mutex::new(says)), Arc::new(Mutex::new(Vec::new())));
        let (saying, asking) = (Arc::clone(&says), Arc::clone(&asked));
        let accepting = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (wrapped, saying, asking) = (wrap(socket), Arc::clone(&saying), Arc::clone(&asking));
                tokio::spawn(async move {
                    let Some(mut stream) = wrapped.await else { return };
                    let request = request(&mut stream).await;
                    asking.lock().unwrap().push(request);
                    let says = saying.lock().unwrap().clone();
                    answer(&mut stream, says).await;
                });
            }
        });
        Self { port, says, asked, accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on.
    pub(crate) fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// What it was asked so far: heads and bodies.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A whole answer: a status line with headers, and a body whose length is said.
pub(crate) fn http(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A whole answer of status 200.
pub(crate) fn ok(body: &str) -> Says {
    Says::Bytes(http("200 OK", body))
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin), says: Says) {
    // Whoever asked may be gone before all is said.
    let _ = match says {
        Says::Bytes(bytes) => stream.write_all(&bytes).await,
        Says::Late(wait, bytes) => {
            tokio::time::sleep(wait).await;
            stream.write_all(&bytes).await
        }
        Says::Endlessly(begin, again) => {
            let mut said = stream.write_all(&begin).await;
            while said.is_ok() {
                said = stream.write_all(again).await;
            }
            said
        }
        Says::AndThenNothing(bytes) => {
            let said = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
            said
        }
    };
    let _ = stream.shutdown().await;
}

//! A connection that is kept: one request after another, each answer read to its end.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::server::Server;

/// A request, ready to be sent.
pub(crate) type Asked = Request<Full<Bytes>>;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A connection to a server.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when the sender is dropped, or the server closes it: then the next request fails.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub(crate) async fn ask(&mut self, request: Asked) -> Outcome<Answer> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// What is asked of one server.
#[derive(Clone)]
pub(crate) struct Site {
    /// Its public URL.
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    host: HeaderValue,
}

impl Site {
    pub(crate) fn of(server: &Server) -> Outcome<Self> {
        let host = server.url().trim_start_matches("http://");
        Ok(Self {
            url: server.url().to_owned(),
            address: server.address(),
            host: HeaderValue::from_str(host)?,
        })
    }

    /// A GET of a path or of an absolute URL of this site.
    pub(crate) fn get(&self, url: &str) -> Outcome<Asked> {
        self.request(Method::GET, url, Bytes::new())
    }

    /// A POST of a form.
    pub(crate) fn post(&self, url: &str, form: &[(&str, &str)]) -> Outcome<Asked> {
        let mut request = self.request(Method::POST, url, encode(form).into())?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        Ok(request)
    }

    fn request(&self, method: Method, url: &str, body: Bytes) -> Outcome<Asked> {
        let path = url.strip_prefix(&self.url).unwrap_or(url);
        if !path.starts_with('/') {
            return Err(format!("{url} is not at {}", self.url).into());
        }
        let request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        Ok(request.body(Full::new(body))?)
    }
}

/// Form parameters, as a body or a query.
pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

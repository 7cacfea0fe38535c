//! As much HTTP/1.1 as a Runtime API, an AWS endpoint and who stands before one need: bodies with a length or in chunks, connections that
//! stay.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Header fields, their names in lower case.
pub(crate) type Headers = Vec<(String, String)>;

/// A request that was read.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// A response that was read.
pub(crate) struct Response {
    /// The code and its reason: `200 OK`.
    pub(crate) status: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// One side of a connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The next request; `None` when the other side is done.
    pub(crate) fn request(&mut self) -> io::Result<Option<Request>> {
        let Some(line) = self.line()? else { return Ok(None) };
        let mut words = line.split(' ').map(str::to_owned);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(malformed(&line)) };
        let (headers, body) = self.rest()?;
        Ok(Some(Request { method, path, headers, body }))
    }

    pub(crate) fn answer(&mut self, status: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        self.send(&format!("HTTP/1.1 {status}"), headers, body)
    }

    /// Passes a request on, and reads what is answered.
    pub(crate) fn ask(&mut self, request: &Request) -> io::Result<Response> {
        let first = format!("{} {} HTTP/1.1", request.method, request.path);
        self.send(&first, &end_to_end(&request.headers), &request.body)?;
        let line = self.line()?.unwrap_or_default();
        let (_, status) = line.split_once(' ').ok_or_else(|| malformed(&line))?;
        let status = status.to_owned();
        let (headers, body) = self.rest()?;
        Ok(Response { status, headers, body })
    }

    fn send(&mut self, first: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut text = format!("{first}\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        self.0.get_mut().write_all(&bytes)
    }

    /// What follows the first line.
    fn rest(&mut self) -> io::Result<(Headers, Vec<u8>)> {
        let mut headers = Vec::new();
        while let Some(line) = self.line()?.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let body = self.body(&headers)?;
        Ok((headers, body))
    }

    fn body(&mut self, headers: &Headers) -> io::Result<Vec<u8>> {
        if let Some(length) = header(headers, "content-length") {
            let length: usize = length.parse().map_err(|_| malformed(length))?;
            return self.exactly(length);
        }
        if !header(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            return Ok(Vec::new());
        }
        let mut body = Vec::new();
        loop {
            let line = self.line()?.unwrap_or_default();
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
            let size = size.map_err(|_| malformed(&line))?;
            body.extend(self.exactly(size)?);
            if size > 0 {
                self.line()?;
                continue;
            }
            // Trailers, and the empty line after them.
            while self.line()?.is_some_and(|line| !line.is_empty()) {}
            return Ok(body);
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A line without its end.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Ok(None),
            _ => Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned())),
        }
    }
}

/// The fields that are of the message, not of the connection that it came by (RFC 9110 §7.6.1) nor of the form of its body.
pub(crate) fn end_to_end(headers: &Headers) -> Vec<(&str, &str)> {
    let of_the_connection = ["connection", "keep-alive", "transfer-encoding", "content-length"];
    let passed = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    passed.filter(|(name, _)| !of_the_connection.contains(name)).collect()
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP/1.1: {what}"))
}

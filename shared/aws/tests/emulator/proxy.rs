//! A proxy before the emulator that loses answers, or requests, or brings them late, or is silent: as told, call by call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use serde_json::{Value, json};
use smart_aws::tables::STATE;
use smart_aws::{StateTable, emulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes through, and so does its answer.
    Pass,
    /// It goes through, and its answer is lost.
    LoseAnswer,
    /// It is lost, and never made.
    LoseCall,
    /// The connection breaks at once, and the call is made half a second later: after its repetition.
    Late,
    /// It is refused with this code, and never made.
    Refuse(&'static str),
    /// It is taken, and nothing comes of it: the connection stays open, and silent.
    Silence,
}

/// It is one call too many.
pub(crate) const THROTTLE: Fate = Fate::Refuse("ThrottlingException");

/// The fates of the calls to come, and what was called.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<Play>>);

#[derive(Default)]
struct Play {
    fates: VecDeque<Fate>,
    /// What happens to all calls after those, or to those of them that say this text; to none of them anything, unless it is said.
    rest: Option<(Fate, String)>,
    called: Vec<(String, Value)>,
}

impl Script {
    /// The fates of the next calls; all after them pass.
    pub(crate) fn set(&self, fates: &[Fate]) {
        *self.0.lock().unwrap() = Play { fates: fates.iter().copied().collect(), ..Play::default() };
    }

    /// The fate of all calls to come.
    pub(crate) fn always(&self, fate: Fate) {
        *self.0.lock().unwrap() = Play { rest: Some((fate, String::new())), ..Play::default() };
    }

    /// The fate of all calls to come that say `of`; the others pass.
    pub(crate) fn always_of(&self, of: &str, fate: Fate) {
        *self.0.lock().unwrap() = Play { rest: Some((fate, of.to_owned())), ..Play::default() };
    }

    /// The names of the calls since then.
    pub(crate) fn called(&self) -> Vec<String> {
        self.sent().into_iter().map(|(call, _)| call).collect()
    }

    /// The same, each with what was sent.
    pub(crate) fn sent(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().called.clone()
    }

    fn next(&self, call: String, body: &[u8]) -> Fate {
        let mut play = self.0.lock().unwrap();
        play.called.push((call, serde_json::from_slice(body).unwrap_or_default()));
        let rest = play.rest.as_ref().filter(|(_, of)| String::from_utf8_lossy(body).contains(of));
        let rest = rest.map_or(Fate::Pass, |(fate, _)| *fate);
        play.fates.pop_front().unwrap_or(rest)
    }
}

/// A table, reached without and with the proxy.
pub(crate) struct Both {
    pub(crate) direct: StateTable,
    pub(crate) proxied: StateTable,
    pub(crate) script: Script,
}

pub(crate) async fn both() -> Both {
    let sdk = emulator::sdk().await.unwrap();
    let name = emulator::make(&sdk.dynamodb(), STATE).await.unwrap();
    let script = Script::default();
    let proxy = listen(sdk.config().endpoint_url().unwrap(), script.clone()).await;
    let client = Client::from_conf(Builder::from(sdk.config()).endpoint_url(proxy).build());
    Both { direct: StateTable::new(sdk.dynamodb(), &name), proxied: StateTable::new(client, &name), script }
}

/// Starts the proxy, and says its URL.
pub(crate) async fn listen(upstream: &str, script: Script) -> String {
    let upstream = upstream.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else { return };
            tokio::spawn(serve(client, upstream.clone(), script.clone()));
        }
    });
    url
}

/// One call on a connection, which is closed after it.
async fn serve(mut client: TcpStream, upstream: String, script: Script) -> Option<()> {
    let (head, body) = request(&mut client).await?;
    let call = header(&head, "x-amz-target").unwrap_or_default();
    let call = call.rsplit('.').next().unwrap_or_default().to_owned();
    match script.next(call, &body) {
        Fate::Pass => {
            let answer = forward(&upstream, &head, &body).await?;
            client.write_all(&answer).await.ok()?;
        }
        Fate::LoseAnswer => {
            forward(&upstream, &head, &body).await?;
        }
        Fate::LoseCall => {}
        Fate::Late => {
            drop(client);
            tokio::time::sleep(Duration::from_millis(500)).await;
            forward(&upstream, &head, &body).await?;
        }
        Fate::Refuse(code) => {
            let body = json!({ "__type": format!("com.amazonaws#{code}"), "message": "s3cr3t" }).to_string();
            let head =
                "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            client.write_all(answer.as_bytes()).await.ok()?;
        }
        // Until whoever called hangs up.
        Fate::Silence => {
            client.read_u8().await.ok()?;
        }
    }
    Some(())
}

/// The lines of a request's head, and its body.
async fn request(client: &mut TcpStream) -> Option<(Vec<String>, Vec<u8>)> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    };
    let head: Vec<String> = String::from_utf8_lossy(&read[..end]).split("\r\n").map(str::to_owned).collect();
    let length: usize = header(&head, "content-length")?.parse().ok()?;
    let mut body = read.split_off(end + 4);
    while body.len() < length {
        if client.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

fn header<'h>(head: &'h [String], name: &str) -> Option<&'h str> {
    let line = head
        .iter()
        .skip(1)
        .find_map(|line| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)));
    line.map(|(_, value)| value.trim())
}

/// Makes a call, and returns the whole answer, which says that the connection ends with it.
async fn forward(upstream: &str, head: &[String], body: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await.ok()?;
    let kept = head.iter().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = kept.cloned().chain(["connection: close".to_owned()]).collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{head}\r\n\r\n").as_bytes()).await.ok()?;
    server.write_all(body).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    Some(answer)
}

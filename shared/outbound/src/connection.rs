//! One connection, for one request: to an address that was looked at, with TLS but for plain http on loopback.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;

use crate::destination::Destination;
use crate::fetch::FetchError;
use crate::trust::Trust;

/// How long one address may take to answer.
const CONNECT: Duration = Duration::from_secs(1);

/// How many addresses of a name are tried.
const TRIES: usize = 4;

/// A stream of bytes in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Who knows the addresses of names.
#[derive(Debug, Default)]
pub(crate) enum Names {
    /// The host.
    #[default]
    OfTheHost,
    /// A test: a list for each time that it is asked, the next one last.
    #[cfg(test)]
    Scripted(std::sync::Mutex<Vec<Vec<IpAddr>>>),
}

impl Names {
    async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::OfTheHost => {
                Ok(tokio::net::lookup_host((name, port)).await?.map(|found| found.ip()).collect())
            }
            #[cfg(test)]
            Self::Scripted(answers) => Ok(answers.lock().unwrap().pop().unwrap()),
        }
    }
}

/// Connects to where `destination` leads, if all of its addresses are allowed.
pub(crate) async fn open(
    destination: &Destination,
    names: &Names,
    trust: &Trust,
) -> Result<Box<dyn Stream>, FetchError> {
    let addresses = match (&destination.host, destination.address()) {
        (_, Some(address)) => vec![address],
        (Host::Domain(name), None) => {
            names.resolve(name, destination.port).await.map_err(|_| FetchError::Name)?
        }
        _ => return Err(FetchError::Url),
    };
    let socket = connect(destination.checked(addresses)?).await?;
    let Some(name) = destination.tls.clone() else { return Ok(Box::new(socket)) };
    let tls = TlsConnector::from(trust.config().await?);
    let stream = tls.connect(name, socket).await.map_err(|_| FetchError::Tls)?;
    Ok(Box::new(stream))
}

/// The first address that answers.
async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, FetchError> {
    for address in addresses.into_iter().take(TRIES) {
        if let Ok(Ok(socket)) = timeout(CONNECT, TcpStream::connect(address)).await {
            return Ok(socket);
        }
    }
    Err(FetchError::Connect)
}

//! Whom TLS believes: the certificates that this host trusts, read at the first use, since a start that never needs them
//! shall not pay for them. TLS 1.2 and 1.3, by the one crypto library.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::fetch::FetchError;

/// TLS to servers that this host trusts.
#[derive(Debug, Default)]
pub(crate) struct Trust(OnceCell<Arc<ClientConfig>>);

impl Trust {
    /// Trusts `roots`, and not the host's.
    #[cfg(test)]
    pub(crate) fn in_roots(roots: RootCertStore) -> Self {
        Self(OnceCell::new_with(Some(Arc::new(config(roots).unwrap()))))
    }

    /// How to speak TLS. What cannot be read is tried again the next time.
    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, FetchError> {
        let read = || async { tokio::task::spawn_blocking(host_roots).await.map_err(|_| FetchError::Trust)? };
        self.0.get_or_try_init(|| async { config(read().await?).map(Arc::new) }).await.cloned()
    }
}

fn host_roots() -> Result<RootCertStore, FetchError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Hosts have a few certificates that nobody can read: the others are as good without them.
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::error!(errors = ?found.errors, "this host trusts no certificates: nothing can be fetched by https");
        return Err(FetchError::Trust);
    }
    Ok(roots)
}

fn config(roots: RootCertStore) -> Result<ClientConfig, FetchError> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| FetchError::Trust)?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

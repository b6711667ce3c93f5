//! RTMPS: TLS between the engine's bytes and a TCP connection (`spec network` 4.3, TLS).
//!
//! ```text
//!  driver ── plaintext ──▶ connection ── records ──▶ the TCP connection below
//!    ▲                         │ ledger: which plaintext the peer has
//!    └── figures of the socket ┘
//! ```
//!
//! TLS 1.2 or 1.3 with the server's name sent along, the certificate always verified (`trust`),
//! every failure named (`failure`). There is no switch that accepts everything, no fall back to
//! plain RTMP, and no key log. The only folder that knows rustls.

#[cfg(target_os = "linux")]
mod bundle;
mod connection;
mod failure;
mod ledger;
pub(crate) mod trust;

use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use onair_engine::publish::{ConnectError, TlsError};
use rustls::ClientConfig;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::transport::Connecting;
use crate::trust::Trust;
use crate::{Connection, Connector, Target};
use connection::Tls;

/// Connects as the connector below does, and makes secure what has to be.
pub(crate) struct TlsConnector<C> {
    below: C,
    trust: Trust,
    /// Made with the first secure connection; it remembers sessions, so that the next is cheaper.
    config: Arc<OnceLock<Result<Arc<ClientConfig>, TlsError>>>,
}

/// From the first byte of the handshake to the last.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

impl<C: Connector> TlsConnector<C> {
    pub(crate) fn new(below: C, trust: Trust) -> Self {
        Self { below, trust, config: Arc::default() }
    }
}

impl<C: Connector> Connector for TlsConnector<C> {
    fn connect(&self, target: Target) -> Connecting {
        if !target.tls {
            return self.below.connect(target);
        }
        let host = target.host.clone();
        let connecting = self.below.connect(Target { tls: false, ..target });
        let (config, trust) = (Arc::clone(&self.config), self.trust.clone());
        Box::pin(async move {
            // The system's certificates are read from disk while TCP connects.
            let config =
                spawn_blocking(move || config.get_or_init(|| trust::config(&trust)).clone());
            let connection = connecting.await?;
            let abandoned = |_| TlsError::Protocol("its preparation was abandoned".to_owned());
            let mut tls = Tls::new(connection, config.await.map_err(abandoned)??, &host)?;
            match timeout(HANDSHAKE_LIMIT, poll_fn(|cx| tls.poll_handshake(cx))).await {
                Ok(Ok(())) => Ok(Box::new(tls) as Box<dyn Connection>),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(ConnectError::Tls(TlsError::Timeout(HANDSHAKE_LIMIT))),
            }
        })
    }
}

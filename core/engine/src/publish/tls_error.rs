//! Why a connection could not be made secure (`spec network` 3 and 4.3): one name for each thing
//! that somebody can do something about. Whoever speaks TLS fills it in; the engine only decides
//! by it whether to try again.

use std::time::Duration;

use thiserror::Error;

/// What went wrong before the connection was secure. Nothing of the stream was sent until then:
/// no key, no media. The texts hold what the server's certificate says, never a stream key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// This build cannot do TLS.
    #[error("this build has no TLS")]
    NotBuilt,
    /// The server's answer is something else; a plain RTMP server, a proxy or a captive portal.
    #[error("the server does not speak TLS on this port")]
    NotTls,
    /// The server hung up before the connection was secure.
    #[error("the server closed the connection in the middle of the TLS handshake")]
    Closed,
    /// The server did not finish in time.
    #[error("no TLS handshake within {0:?}")]
    Timeout(Duration),
    /// Only versions below TLS 1.2, or nothing else in common.
    #[error("the server offers no version of TLS from 1.2 on")]
    Version,
    /// The certificate is self-signed, or from an authority that is not trusted here.
    #[error("the server's certificate comes from an authority that is not known here")]
    UnknownIssuer,
    /// The certificate belongs to other hosts.
    #[error("the server's certificate is for {presented}, not for {host}")]
    WrongHost {
        /// Whom we wanted to talk to.
        host: String,
        /// Whose certificate it is: a few names, made fit to be shown.
        presented: String,
    },
    /// The certificate's time is over, by the clock of this device.
    #[error("the server's certificate expired {} ago", in_words(*days))]
    Expired {
        /// Whole days since.
        days: u64,
    },
    /// The certificate's time has not begun, by the clock of this device.
    #[error("the server's certificate will be valid in {}", in_words(*days))]
    NotYetValid {
        /// Whole days until then.
        days: u64,
    },
    /// The authority took the certificate back.
    #[error("the server's certificate was revoked")]
    Revoked,
    /// The certificate is fine, but its key is none of those pinned.
    #[error("the server's key is none of those pinned; it has {found}")]
    PinMismatch {
        /// The key's own pin, `sha256/…`.
        found: String,
    },
    /// Anything else about the certificate.
    #[error("the server's certificate cannot be used: {0}")]
    Certificate(String),
    /// The server ended the handshake with an alert.
    #[error("the server refused with the TLS alert {0}")]
    Alert(String),
    /// The server broke the protocol.
    #[error("the server's TLS is broken: {0}")]
    Protocol(String),
}

fn in_words(days: u64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

impl TlsError {
    /// Whether the same server may do better next time; not when it cannot show who it is.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Closed | Self::Timeout(_) | Self::Alert(_) | Self::Protocol(_))
    }

    /// Whether somebody else may have answered in the server's place, as captive portals do.
    pub fn may_be_captive_portal(&self) -> bool {
        matches!(self, Self::WrongHost { .. } | Self::UnknownIssuer | Self::NotTls)
    }

    /// What to do, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotBuilt => "use a build with the feature tls, or an rtmp:// address",
            Self::NotTls => "check the port; a server without TLS has an rtmp:// address",
            Self::Closed => "check the port, and whether the server speaks TLS there",
            Self::Timeout(_) => "check the network and the server",
            Self::Version => "ask the service for TLS 1.2 or later",
            Self::UnknownIssuer => {
                "check the address and the network; give the CA's certificate if it is your own"
            }
            Self::WrongHost { .. } => {
                "log in to this Wi-Fi in a browser if it asks for that; else use the certificate's name"
            }
            Self::Expired { .. } | Self::NotYetValid { .. } => {
                "check this device's date; if it is right, the service must renew its certificate"
            }
            Self::Revoked => "do not use this server; ask the service",
            Self::PinMismatch { .. } => {
                "do not use this server unless the service confirms its new key; then pin that"
            }
            Self::Certificate(_) => "ask the service to repair its certificate",
            Self::Alert(_) | Self::Protocol(_) => "check the address and the port with the service",
        }
    }
}

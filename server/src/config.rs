//! What an embedded server is told before it starts, and what it says when it cannot.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use onair_rooms::Secret;
use thiserror::Error;

use crate::public_url::PublicUrl;
use crate::rooms::config::RoomsConfig;
use crate::studio::Studio;

/// Who wins when a second publisher comes for a name that is live (check P20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecondPublisher {
    /// The second one gets `NetStream.Publish.BadName` and is closed.
    #[default]
    Reject,
    /// The first one is closed; players stay and go on with the second one.
    TakeOver,
}

/// Settings of a [`Server`](crate::Server). `Config::default()` binds both ports to loopback.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where RTMP is taken and given; port 0 picks a free one. Default 127.0.0.1:1935.
    pub rtmp: SocketAddr,
    /// Where the page, HTTP-FLV, HLS and the REST list are; port 0 picks a free one. Default
    /// 127.0.0.1:8080.
    pub http: SocketAddr,
    /// Each publish session is written to an FLV file in this directory, which is created when
    /// absent. `None` records nothing.
    pub record_dir: Option<PathBuf>,
    /// What a second publisher meets.
    pub second_publisher: SecondPublisher,
    /// Most open connections on either port; more are closed at once. For HTTP the members that a room may have come
    /// on top. Default 1,000.
    pub max_connections: usize,
    /// Host names, beside `localhost` and IP addresses, that a browser may name this server by
    /// (the `Host` header; others are refused against DNS rebinding).
    pub host_names: Vec<String>,
    /// By which address others on the network reach this server: for links and QR codes on a page
    /// that was opened by a loopback name. `None` leaves such links as they are.
    pub share_host: Option<IpAddr>,
    /// By which address people reach the server where a proxy or a tunnel in front of it has another one: for links,
    /// QR codes and rooms. Its host is one of `host_names` then, and its pages may talk to rooms.
    pub public_url: Option<PublicUrl>,
    /// What a publisher must put behind the stream's name, as `rtmp://host/app/name?token=…`; the publish key of a
    /// room does instead, and nobody opens a room without [`RoomsConfig::host_token`], which is this one unless
    /// another is set. 16 to 128 letters, digits, `-`, `_`, `.` and `~`. An RTMP address beyond loopback needs one.
    /// Default `None`.
    pub publish_token: Option<Secret>,
    /// What the broadcaster's page `/studio` shows and changes, for who has [`RoomsConfig::host_token`]; without it
    /// there is no such page.
    pub studio: Option<Arc<dyn Studio>>,
    /// Comments, likes and gifts beside the streams.
    pub rooms: RoomsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rtmp: (Ipv4Addr::LOCALHOST, 1935).into(),
            http: (Ipv4Addr::LOCALHOST, 8080).into(),
            record_dir: None,
            second_publisher: SecondPublisher::default(),
            max_connections: 1_000,
            host_names: Vec::new(),
            share_host: None,
            public_url: None,
            publish_token: None,
            studio: None,
            rooms: RoomsConfig::default(),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port is taken.
    #[error(
        "listen for {service} on {address}: the address is in use; stop the program that has it or choose another port (0 picks a free one)"
    )]
    InUse {
        /// "RTMP" or "HTTP".
        service: &'static str,
        /// What was asked for.
        address: SocketAddr,
    },
    /// The operating system refuses the address for another reason.
    #[error(
        "listen for {service} on {address}: {source}; choose an address of this machine and a port you may use"
    )]
    Bind {
        /// "RTMP" or "HTTP".
        service: &'static str,
        /// What was asked for.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// Everybody on the network could publish.
    #[error(
        "listen for RTMP on {address}: everybody on the network could publish there; set a publish token, which publishers give as ?token=… behind the stream's name, or listen on 127.0.0.1"
    )]
    NoPublishToken {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The publish token could be guessed, or cannot be put into an address.
    #[error(
        "the publish token has 16 to 128 letters, digits, '-', '_', '.' and '~'; choose another one"
    )]
    PublishToken,
    /// Recordings cannot be written there.
    #[error("record into {}: {source}; choose a directory that can be written", .path.display())]
    RecordDir {
        /// What was asked for.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system gives no thread or event queue.
    #[error("start the server's thread: {0}")]
    Thread(#[source] io::Error),
}

//! The embedded server: RTMP in; RTMP, HTTP-FLV, HLS, a REST list and a watch page out.
//!
//! ```no_run
//! # fn main() -> Result<(), onair_server::ServerError> {
//! let server = onair_server::Server::start(onair_server::Config::default())?;
//! println!("push to rtmp://{}/live/KEY", server.rtmp_addr());
//! println!("watch at {}", server.watch_url("live", "KEY"));
//! server.stop();
//! # Ok(())
//! # }
//! ```

mod config;
mod info;

use std::net::SocketAddr;

pub use config::{Config, SecondPublisher, ServerError};
pub use info::{AudioInfo, StreamInfo, StreamState, VideoInfo};

/// Starts servers.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Binds both ports and runs the server on a thread of its own.
    ///
    /// # Errors
    /// When a port cannot be bound, the recording directory cannot be written or the system gives
    /// no thread.
    pub fn start(config: Config) -> Result<RunningServer, ServerError> {
        let _ = config;
        todo!("server")
    }
}

/// A server that runs until [`RunningServer::stop`] or until it is dropped.
#[derive(Debug)]
pub struct RunningServer {
    rtmp: SocketAddr,
    http: SocketAddr,
}

impl RunningServer {
    /// The bound RTMP address, with the real port.
    pub fn rtmp_addr(&self) -> SocketAddr {
        self.rtmp
    }

    /// The bound HTTP address, with the real port.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// `rtmp://host:port/app/name` to push to or pull from; `127.0.0.1` stands for a server bound
    /// to all addresses.
    pub fn rtmp_url(&self, app: &str, name: &str) -> String {
        format!("rtmp://{}/{app}/{name}", reachable(self.rtmp))
    }

    /// `http://host:port/watch/app/name`; see [`RunningServer::rtmp_url`] for the host.
    pub fn watch_url(&self, app: &str, name: &str) -> String {
        format!("http://{}/watch/{app}/{name}", reachable(self.http))
    }

    /// The streams that are live or waited for, by name.
    pub fn streams(&self) -> Vec<StreamInfo> {
        todo!("server")
    }

    /// Closes every connection and returns when the thread has ended, within a second.
    pub fn stop(self) {}
}

fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

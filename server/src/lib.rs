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

// The way of a frame: rtmp → stream → ring → player → rtmp, http (flv, hls); record beside it.
mod clock;
mod config;
mod crowd;
#[cfg(feature = "fuzzed")]
#[doc(hidden)]
pub mod fuzzed;
mod hls;
mod http;
mod hub;
mod info;
mod limit;
mod meter;
mod name;
mod player;
mod public_url;
mod record;
mod ring;
mod rooms;
mod rtmp;
mod run;
#[cfg(test)]
#[path = "../tests/it/sample.rs"]
mod sample;
mod stream;
mod studio;
mod unfinished;
mod unit;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use tokio::sync::oneshot;
use tokio::time::sleep;

pub use config::{Config, SecondPublisher, ServerError};
pub use info::{AudioInfo, StreamInfo, StreamState, VideoInfo};
pub use public_url::{PublicUrl, PublicUrlError};
pub use rooms::config::{Rate, RoomsConfig};
pub use studio::Studio;

use clock::Clock;
use http::Site;
use hub::Hub;
use limit::Connections;
use record::Writers;
use rooms::Rooms;

/// How long stopping waits for recordings to be completed.
const RECORDS: Duration = Duration::from_millis(600);

/// Starts servers.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Binds both ports and runs the server on a thread of its own.
    ///
    /// # Errors
    /// When a port cannot be bound, the recording directory cannot be written, the system gives no
    /// thread, or everybody on the network could publish.
    pub fn start(config: Config) -> Result<RunningServer, ServerError> {
        check_publish_token(&config)?;
        if let Some(dir) = &config.record_dir {
            check_record_dir(dir)
                .map_err(|source| ServerError::RecordDir { path: dir.clone(), source })?;
        }
        let (rtmp_listener, rtmp) = listen("RTMP", config.rtmp)?;
        let (http_listener, http) = listen("HTTP", config.http)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(ServerError::Thread)?;

        let clock = Clock::start();
        let (writers, records) = Writers::new();
        let needs_token = config.publish_token.is_some();
        let mut hub = Hub::new(config.second_publisher, config.record_dir, writers);
        hub.take_publishers_with(config.publish_token.clone());
        let hub = Arc::new(hub);
        let mut room_config = config.rooms;
        // Else everybody could have a publish key, by opening a room.
        room_config.host_token = room_config.host_token.or(config.publish_token);
        let (mut origins, mut host_names) = (room_config.origins.clone(), config.host_names);
        if let Some(url) = &config.public_url {
            origins.push(url.origin());
            host_names.push(url.host().to_owned());
        }
        let members = room_config.max_members;
        let host_token = room_config.host_token.clone();
        let rooms = Rooms::new(room_config, Arc::clone(&hub), clock);
        let site = Arc::new(Site {
            hub: Arc::clone(&hub),
            rooms,
            clock,
            rtmp_port: rtmp.port(),
            http_port: http.port(),
            share_host: config.share_host,
            public_url: config.public_url.clone(),
            needs_token,
            studio: config.studio,
            host_token,
            host_names,
            origins,
        });
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&hub);
        let run = move || {
            let hub = for_thread;
            runtime.block_on(async move {
                let listeners = (
                    tokio::net::TcpListener::from_std(rtmp_listener),
                    tokio::net::TcpListener::from_std(http_listener),
                );
                let (Ok(rtmp), Ok(http)) = listeners else {
                    return log::error!("serve: the system has no more room for sockets to watch");
                };
                let publishers = Connections::new(config.max_connections);
                let viewers = Connections::new(config.max_connections.saturating_add(members));
                tokio::select! {
                    () = rtmp::serve(rtmp, Arc::clone(&hub), clock, publishers) => {}
                    () = http::serve(http, site, viewers) => {}
                    () = sweep(&hub, clock) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime drops every connection.
        };
        let thread = thread::Builder::new()
            .name("onair-server".to_owned())
            .spawn(run)
            .map_err(ServerError::Thread)?;
        let running = Running { stop, thread, hub, records, clock };
        Ok(RunningServer { rtmp, http, public_url: config.public_url, running: Some(running) })
    }
}

/// A server that runs until [`RunningServer::stop`] or until it is dropped.
#[derive(Debug)]
pub struct RunningServer {
    rtmp: SocketAddr,
    http: SocketAddr,
    public_url: Option<PublicUrl>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    hub: Arc<Hub>,
    /// Disconnected when the last recording is complete.
    records: Receiver<()>,
    clock: Clock,
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

    /// `rtmp://host:port/app/name` to push to or pull from; the loopback address stands for a
    /// server bound to all addresses.
    pub fn rtmp_url(&self, app: &str, name: &str) -> String {
        format!("rtmp://{}/{app}/{name}", reachable(self.rtmp))
    }

    /// `http://host:port/watch/app/name`, below [`Config::public_url`] where there is one; see
    /// [`RunningServer::rtmp_url`] for the host.
    pub fn watch_url(&self, app: &str, name: &str) -> String {
        match &self.public_url {
            Some(url) => format!("{url}/watch/{app}/{name}"),
            None => format!("http://{}/watch/{app}/{name}", reachable(self.http)),
        }
    }

    /// The streams that are live or waited for, by name.
    pub fn streams(&self) -> Vec<StreamInfo> {
        self.running.as_ref().map_or_else(Vec::new, |running| running.hub.list(running.clock.now()))
    }

    /// Closes every connection, completes recordings and returns when the thread has ended:
    /// within a second.
    pub fn stop(mut self) {
        self.stop_running();
    }

    fn stop_running(&mut self) {
        let Some(Running { stop, thread, hub, records, .. }) = self.running.take() else { return };
        // Fails only when the thread has ended by itself.
        let _ = stop.send(());
        if thread.join().is_err() {
            log::error!("the server's thread had panicked");
        }
        drop(hub);
        // Nothing is ever sent: an answer of either kind but a time-out means all are complete.
        if records.recv_timeout(RECORDS) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            log::error!("a recording could not be completed in time");
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop_running();
    }
}

async fn sweep(hub: &Hub, clock: Clock) {
    loop {
        sleep(Duration::from_secs(1)).await;
        hub.sweep(clock.now());
    }
}

fn listen(
    service: &'static str,
    address: SocketAddr,
) -> Result<(std::net::TcpListener, SocketAddr), ServerError> {
    let bound = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        // The usual 128 are full after a burst, and who comes then waits a second for its next SYN.
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServerError::InUse { service, address },
        _ => ServerError::Bind { service, address, source },
    })
}

/// Connections that wait to be taken; the system may allow fewer.
const BACKLOG: i32 = 1_024;

fn check_publish_token(config: &Config) -> Result<(), ServerError> {
    match &config.publish_token {
        Some(token) => {
            let token = token.expose();
            let is_good = (16..=128).contains(&token.len()) && token.bytes().all(name::is_plain);
            if is_good { Ok(()) } else { Err(ServerError::PublishToken) }
        }
        None if config.rtmp.ip().to_canonical().is_loopback() => Ok(()),
        None => Err(ServerError::NoPublishToken { address: config.rtmp }),
    }
}

fn check_record_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let probe = dir.join(format!(".onair-{}", std::process::id()));
    fs::write(&probe, [])?;
    fs::remove_file(&probe)
}

fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

//! One task for each RTMP connection: moves bytes between the socket and the [`Peer`], and keeps the
//! deadlines. A player's pictures go out without it ([`Outlet`]) as long as its socket takes them.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{Interest, ReadBuf, Ready};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::outlet::{Left, Outlet};
use super::peer::{AHEAD_BYTES, Flow, Peer, Stage};
use crate::clock::Clock;
use crate::hub::Hub;
use crate::limit::Connections;
use crate::unfinished::{Share, Unfinished};

/// The handshake is over within this time (network 4.3).
const HANDSHAKE: Duration = Duration::from_secs(5);
/// `publish` or `play` comes within this time.
const ROLE: Duration = Duration::from_secs(10);
/// A publisher sends something within this time.
const IDLE_PUBLISHER: Duration = Duration::from_secs(12);
/// A peer takes something of what waits for it within this time.
const WRITE_STALL: Duration = Duration::from_secs(10);
/// A refused peer has this long to read why.
const LINGER: Duration = Duration::from_millis(80);
/// Deadlines are looked at this often at least, where there are any.
const CHECK: Duration = Duration::from_secs(2);
/// A player that nothing waits for has none, and is looked at this often.
const AT_REST: Duration = Duration::from_secs(60);
/// Most bytes read before other connections get their turn.
const READ_BYTES: usize = 32 << 10;

/// Most bytes of unfinished messages of all connections.
const UNFINISHED_BYTES: usize = 64 << 20;

/// Accepts until it is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    hub: Arc<Hub>,
    clock: Clock,
    connections: Connections,
) {
    let mut accepted: u64 = 0;
    let unfinished = Unfinished::new(UNFINISHED_BYTES);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                log::warn!("accept an RTMP connection: {error}");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        accepted += 1;
        let Some(slot) = connections.enter() else {
            log::warn!("an RTMP connection was closed: there are {connections} already");
            continue;
        };
        let share = unfinished.share();
        let connection = Connection::new(stream, Arc::clone(&hub), clock, accepted, share);
        tokio::spawn(async move {
            if let Err(error) = connection.run().await {
                log::debug!("RTMP connection {accepted} closed: {error}");
            }
            drop(slot);
        });
    }
}

struct Connection {
    outlet: Arc<Outlet>,
    clock: Clock,
    share: Share,
}

/// What a connection woke up for.
enum Wake {
    Socket(Ready),
    Outlet,
    Revoked,
    Check,
    GivenUp,
}

impl Connection {
    fn new(stream: TcpStream, hub: Arc<Hub>, clock: Clock, number: u64, share: Share) -> Self {
        let now = clock.now();
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(30));
        let options = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        if let Err(error) = stream.set_nodelay(true).and(options) {
            log::debug!("set options of RTMP connection {number}: {error}");
        }
        let peer = Peer::new(hub, number ^ now.as_micros() as u64, now);
        Self { outlet: Outlet::new(stream, peer, clock), clock, share }
    }

    async fn run(self) -> io::Result<()> {
        let mut check = std::pin::pin!(sleep(HANDSHAKE));
        let (mut left, mut is_at_rest) = (Left::Nothing, false);
        loop {
            let (interest, revoked) = self.stand();
            let Self { outlet, share, .. } = &self;
            let wake = tokio::select! {
                ready = outlet.stream.ready(interest) => Wake::Socket(ready?),
                () = outlet.news.notified() => Wake::Outlet,
                () = yield_now(), if left == Left::More => Wake::Outlet,
                () = told(revoked.as_deref()) => Wake::Revoked,
                () = &mut check => Wake::Check,
                () = share.given_up() => Wake::GivenUp,
            };
            let flow = match wake {
                Wake::Socket(ready) if ready.is_readable() => self.read()?,
                Wake::Socket(_) | Wake::Outlet => Flow::GoOn,
                Wake::Revoked => self.outlet.lock().peer.take_no_more(),
                Wake::GivenUp => {
                    let why = "it keeps most of what is too much unfinished";
                    return Err(io::Error::new(ErrorKind::OutOfMemory, why));
                }
                Wake::Check => {
                    is_at_rest = self.is_at_rest();
                    check.set(sleep(self.until_deadline()?));
                    Flow::GoOn
                }
            };
            while self.tell() {
                yield_now().await;
            }
            left = self.outlet.go_on()?;
            if is_at_rest && !self.is_at_rest() {
                is_at_rest = false;
                check.set(sleep(self.until_deadline()?));
            }
            if flow == Flow::Close {
                self.outlet.lock().peer.leave();
                return self.linger().await;
            }
        }
    }

    /// What the socket is waited for, and what tells that another publisher took over.
    fn stand(&self) -> (Interest, Option<Arc<Notify>>) {
        let mut inner = self.outlet.lock();
        let interest = match (inner.blocked, inner.peer.output().len()) {
            // Who does not take its answers gets no more of them.
            (true, AHEAD_BYTES..) => Interest::WRITABLE,
            (true, _) => Interest::READABLE | Interest::WRITABLE,
            (false, _) => Interest::READABLE,
        };
        (interest, inner.peer.revoked())
    }

    /// Reads once and acts on what came. The buffer is on the stack: an idle connection has none.
    fn read(&self) -> io::Result<Flow> {
        let mut room = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut room);
        match self.outlet.stream.try_read_buf(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flow::GoOn),
            Err(error) => return Err(error),
        }
        let peer = &mut self.outlet.lock().peer;
        let result = peer.handle_input(buffer.filled(), self.clock.now());
        self.share.set(peer.unfinished_bytes());
        result.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    /// Goes on telling players of what came; whether some are left.
    fn tell(&self) -> bool {
        self.outlet.lock().peer.tell(self.clock.now())
    }

    /// Whether it has no deadline before something comes or waits.
    fn is_at_rest(&self) -> bool {
        let inner = self.outlet.lock();
        inner.peer.stage() == Stage::Player && !inner.blocked
    }

    /// How long until the next deadline, or a while when there is none.
    fn until_deadline(&self) -> io::Result<Duration> {
        let now = self.clock.now();
        let inner = self.outlet.lock();
        let use_by = match inner.peer.stage() {
            Stage::Handshake => Some((HANDSHAKE, "the handshake takes too long")),
            Stage::Open => Some((ROLE, "no publish or play came")),
            Stage::Publisher => Some((IDLE_PUBLISHER, "the publisher is silent")),
            Stage::Player => None,
        };
        let use_by = use_by.map(|(limit, what)| (inner.peer.last_use() + limit, what));
        let write_by =
            inner.blocked.then_some((inner.last_write + WRITE_STALL, "the peer does not read"));
        let next = use_by.into_iter().chain(write_by).min_by_key(|(at, _)| *at);
        match next {
            Some((at, what)) if at <= now => Err(io::Error::new(ErrorKind::TimedOut, what)),
            Some((at, _)) => Ok(at.since(now).min(CHECK)),
            None => Ok(AT_REST),
        }
    }

    /// Sends the rest and the end, then reads for a moment: closing with bytes unread would reset
    /// the connection, and the peer would lose the reason.
    async fn linger(self) -> io::Result<()> {
        let Outlet { stream, .. } = &*self.outlet;
        let said_why = async {
            while self.outlet.lock().blocked {
                stream.writable().await?;
                self.outlet.write(&mut self.outlet.lock())?;
            }
            SockRef::from(stream).shutdown(Shutdown::Write)?;
            loop {
                stream.readable().await?;
                match stream.try_read(&mut [0; 4096]) {
                    Ok(0) => return Ok(()),
                    Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                    _ => {}
                }
            }
        };
        timeout(LINGER, said_why).await.unwrap_or(Ok(()))
    }
}

impl Drop for Connection {
    /// The stream it plays keeps its outlet, and the outlet its place in the stream.
    fn drop(&mut self) {
        self.outlet.lock().peer.leave();
    }
}

/// Ends once it is told; never where nothing tells.
async fn told(news: Option<&Notify>) {
    match news {
        Some(news) => news.notified().await,
        None => pending().await,
    }
}

//! One task for each RTMP connection: moves bytes between the socket and the [`Session`], and
//! media between the session and the [`Hub`].

use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_types::Now;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncWriteExt as _, Interest, Ready};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::session::{Event, Session};
use crate::clock::Clock;
use crate::hub::Hub;
use crate::limit::Connections;
use crate::player::{Delivery, Player};
use crate::stream::{Busy, Publication};

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
/// Deadlines are looked at this often at least.
const CHECK: Duration = Duration::from_secs(2);
/// Most bytes read before other connections get their turn.
const READ_BYTES: usize = 32 << 10;
/// More than this is not taken from the ring ahead of a player's socket.
const AHEAD_BYTES: usize = 64 << 10;

/// Accepts until it is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    hub: Arc<Hub>,
    clock: Clock,
    connections: Connections,
) {
    let mut accepted: u64 = 0;
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
        let connection = Connection::new(stream, Arc::clone(&hub), clock, accepted);
        tokio::spawn(async move {
            if let Err(error) = connection.run().await {
                log::debug!("RTMP connection {accepted} closed: {error}");
            }
            drop(slot);
        });
    }
}

struct Connection {
    stream: TcpStream,
    session: Session,
    hub: Arc<Hub>,
    clock: Clock,
    role: Role,
    /// The last step towards or sign of being of use: opened, accepted, media.
    last_use: Now,
    /// The last time the peer took bytes, or there were none for it.
    last_write: Now,
    /// The socket took less than there was.
    blocked: bool,
}

enum Role {
    None,
    Publisher(Publication, Arc<Notify>),
    /// `paused`: its publisher has gone and another one may come.
    Player {
        player: Player,
        paused: bool,
    },
}

/// What a connection woke up for.
enum Wake {
    Socket(Ready),
    Fed,
    Revoked,
    Check,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    GoOn,
    Close,
}

impl Connection {
    fn new(stream: TcpStream, hub: Arc<Hub>, clock: Clock, number: u64) -> Self {
        let now = clock.now();
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(30));
        let options = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        if let Err(error) = stream.set_nodelay(true).and(options) {
            log::debug!("set options of RTMP connection {number}: {error}");
        }
        let session = Session::new(number ^ now.as_micros() as u64);
        let role = Role::None;
        Self { stream, session, hub, clock, role, last_use: now, last_write: now, blocked: false }
    }

    async fn run(mut self) -> io::Result<()> {
        let mut check = std::pin::pin!(sleep(HANDSHAKE));
        loop {
            let Self { stream, session, role, blocked, .. } = &mut self;
            let interest = match *blocked {
                // Who does not take its answers gets no more of them.
                true if session.output().len() >= AHEAD_BYTES => Interest::WRITABLE,
                true => Interest::READABLE | Interest::WRITABLE,
                false => Interest::READABLE,
            };
            let wake = tokio::select! {
                ready = stream.ready(interest) => Wake::Socket(ready?),
                wake = wait_for_role(role, session, *blocked) => wake,
                () = &mut check => Wake::Check,
            };
            let flow = match wake {
                Wake::Socket(ready) if ready.is_readable() => self.read()?,
                Wake::Socket(_) | Wake::Fed => Flow::GoOn,
                Wake::Revoked => {
                    let why = "another publisher took over";
                    self.session.refuse("NetStream.Publish.BadName", why);
                    Flow::Close
                }
                Wake::Check => {
                    check.set(sleep(self.until_deadline()?));
                    Flow::GoOn
                }
            };
            self.write()?;
            if flow == Flow::Close {
                self.role = Role::None;
                return self.linger().await;
            }
        }
    }

    /// Reads once and acts on what came. The buffer is on the stack: an idle connection has none.
    fn read(&mut self) -> io::Result<Flow> {
        let mut buffer = [0; READ_BYTES];
        let count = match self.stream.try_read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flow::GoOn),
            Err(error) => return Err(error),
        };
        let now = self.clock.now();
        let was_open = self.session.is_open();
        let result = self.session.handle_input(&buffer[..count], now);
        if self.session.is_open() && !was_open {
            self.last_use = now;
        }
        while let Some(event) = self.session.poll_event() {
            if self.handle_event(event, now) == Flow::Close {
                return Ok(Flow::Close);
            }
        }
        result.map(|()| Flow::GoOn).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    fn handle_event(&mut self, event: Event, now: Now) -> Flow {
        let pushed = match (event, &mut self.role) {
            (Event::Publish(name), _) => {
                match self.hub.publish(name, now) {
                    Ok(publication) => {
                        let revoked = publication.revoked();
                        self.role = Role::Publisher(publication, revoked);
                        self.session.accept_publish();
                    }
                    Err(Busy) => {
                        let why = "somebody publishes this name already; choose another one";
                        self.session.refuse("NetStream.Publish.BadName", why);
                        return Flow::Close;
                    }
                }
                Ok(())
            }
            (Event::Play(name), _) => {
                self.role = Role::Player { player: self.hub.play(name), paused: false };
                self.session.accept_play();
                Ok(())
            }
            (Event::MetaData(values), Role::Publisher(publication, _)) => {
                publication.push_metadata(&values, now)
            }
            (Event::Media { tag_type, timestamp_ms, body }, Role::Publisher(publication, _)) => {
                publication.push(tag_type, timestamp_ms, body, now)
            }
            (Event::MetaData(_) | Event::Media { .. }, _) => return Flow::GoOn,
            (Event::Stop, _) => {
                self.role = Role::None;
                Ok(())
            }
            (Event::Close, _) => return Flow::Close,
        };
        self.last_use = now;
        match pushed {
            Ok(()) => Flow::GoOn,
            Err(error) => {
                self.session.refuse("NetStream.Publish.Failed", &error.to_string());
                Flow::Close
            }
        }
    }

    /// Writes what waits until the socket takes no more.
    fn write(&mut self) -> io::Result<()> {
        let out = self.session.output();
        self.blocked = false;
        while !out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let filled = out.io_slices(&mut slices);
            match self.stream.try_write_vectored(&slices[..filled]) {
                Ok(count) => {
                    out.advance(count);
                    self.last_write = self.clock.now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How long until the next deadline, or a while when there is none.
    fn until_deadline(&mut self) -> io::Result<Duration> {
        let now = self.clock.now();
        let use_by = match self.role {
            _ if !self.session.is_open() => Some((HANDSHAKE, "the handshake takes too long")),
            Role::None => Some((ROLE, "no publish or play came")),
            Role::Publisher(..) => Some((IDLE_PUBLISHER, "the publisher is silent")),
            Role::Player { .. } => None,
        };
        let use_by = use_by.map(|(limit, what)| (self.last_use + limit, what));
        let write_by =
            self.blocked.then_some((self.last_write + WRITE_STALL, "the peer does not read"));
        let next = use_by.into_iter().chain(write_by).min_by_key(|(at, _)| *at);
        match next {
            Some((at, what)) if at <= now => Err(io::Error::new(ErrorKind::TimedOut, what)),
            Some((at, _)) => Ok(at.since(now).min(CHECK)),
            None => Ok(CHECK),
        }
    }

    /// Sends the rest and the end, then reads for a moment: closing with bytes unread would reset
    /// the connection, and the peer would lose the reason.
    async fn linger(mut self) -> io::Result<()> {
        let said_why = async {
            while self.blocked {
                self.stream.writable().await?;
                self.write()?;
            }
            self.stream.shutdown().await?;
            loop {
                self.stream.readable().await?;
                match self.stream.try_read(&mut [0; 4096]) {
                    Ok(0) => return Ok(()),
                    Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                    _ => {}
                }
            }
        };
        timeout(LINGER, said_why).await.unwrap_or(Ok(()))
    }
}

/// Ends when the role needs something done; never for a role that waits for its peer only.
async fn wait_for_role(role: &mut Role, session: &mut Session, blocked: bool) -> Wake {
    match role {
        Role::Publisher(_, revoked) => {
            revoked.notified().await;
            Wake::Revoked
        }
        Role::Player { player, paused } if !blocked => {
            poll_fn(|context| feed(player, paused, session, context)).await;
            Wake::Fed
        }
        Role::Player { .. } | Role::None => pending().await,
    }
}

/// Moves what a player can have into its session: as much as is there, up to what the socket
/// may soon take, so that a burst goes out in one write.
fn feed(
    player: &mut Player,
    paused: &mut bool,
    session: &mut Session,
    context: &mut Context<'_>,
) -> Poll<()> {
    let mut fed = Poll::Pending;
    while session.output().len() < AHEAD_BYTES {
        let Poll::Ready(delivery) = player.poll_next(context) else { break };
        fed = Poll::Ready(());
        match delivery {
            Delivery::Start(join) => {
                if std::mem::take(paused) {
                    session.announce_publisher();
                }
                for unit in join.headers.units() {
                    session.send_unit(&unit.at(join.timestamp_ms));
                }
            }
            Delivery::Unit(unit) => session.send_unit(&unit),
            Delivery::End => {
                *paused = true;
                session.announce_end();
            }
        }
    }
    fed
}

//! The connections of a pre-flight check, one after the other, and what each step took.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::check::{Check, Next, Stage};
use onair_engine::publish::{Closed, ConnectError, PublishError};
use onair_types::Now;
use tokio::time::timeout;

use super::resolve::{Family, Lookup, Resolver, System};
use super::tcp::TcpConnector;
#[cfg(feature = "tls")]
use super::tls::TlsConnector;
use crate::clock::SystemClock;
use crate::preflight::{Findings, Preflight, Step};
use crate::transport::Connecting;
use crate::{Clock, Connection, Connector, Error, StreamUrl, Target};

/// For all of it.
const LIMIT: Duration = Duration::from_secs(5);
/// How long test pictures go up,
const UPLOAD_TIME: Duration = Duration::from_millis(1_500);
/// and how many bytes of them at most.
const UPLOAD_BYTES: u64 = 4 << 20;
/// Until the system's windows have opened.
const WARM_UP: Duration = Duration::from_millis(400);
/// Test pictures that wait for the socket.
const AHEAD_BYTES: usize = 64 << 10;
const SAMPLE_EVERY: Duration = Duration::from_millis(20);
/// For the goodbye.
const GOODBYE_TIME: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 16 << 10;

/// Looks; the body of the check's thread.
pub(crate) fn run(preflight: Preflight) -> Result<Findings, Error> {
    let no_runtime = |error| Error::System(format!("start the check: {error}"));
    let runtime = super::runtime(1).map_err(no_runtime)?;
    let findings = runtime.block_on(async { Flight::new(preflight).fly().await });
    runtime.shutdown_timeout(super::LOOKUP_GRACE);
    Ok(findings)
}

struct Flight {
    url: StreamUrl,
    uploads: bool,
    connector: Arc<dyn Connector>,
    clock: Arc<SystemClock>,
    stamps: Arc<Stamps>,
    check: Check,
    connection: Option<Box<dyn Connection>>,
    buffer: Box<[u8]>,
    steps: Vec<(Step, Duration)>,
    /// When the last step ended.
    since: Now,
    /// The server asked who publishes.
    authenticates: bool,
    sent_bytes: u64,
    /// Test pictures follow until so many bytes were sent.
    fill_up_to: u64,
}

/// When the layers below TLS were done, of the first connection.
#[derive(Debug, Default)]
struct Stamps(Mutex<[Option<Now>; 2]>);

const RESOLVED: usize = 0;
const CONNECTED: usize = 1;

impl Stamps {
    fn set(&self, which: usize, now: Now) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[which].get_or_insert(now);
    }

    fn all(&self) -> [Option<Now>; 2] {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What ended a wait.
enum Ended {
    Bytes(usize),
    Closed(Closed),
}

impl Flight {
    fn new(preflight: Preflight) -> Self {
        let (clock, stamps) = (Arc::new(SystemClock::new()), Arc::new(Stamps::default()));
        let timed = || Timed { clock: Arc::clone(&clock), stamps: Arc::clone(&stamps) };
        let resolver = Arc::new(TimedResolver { system: System::default(), timed: timed() });
        let below = TimedTcp { tcp: TcpConnector { resolver }, timed: timed() };
        #[cfg(feature = "tls")]
        let below = TlsConnector::new(below, preflight.trust);
        Self {
            check: Check::new(preflight.url.clone(), seed()),
            url: preflight.url,
            uploads: preflight.uploads,
            connector: preflight.connector.unwrap_or_else(|| Arc::new(below)),
            since: clock.now(),
            clock,
            stamps,
            connection: None,
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            steps: Vec::new(),
            authenticates: false,
            sent_bytes: 0,
            fill_up_to: 0,
        }
    }

    async fn fly(mut self) -> Findings {
        let began = self.since;
        let (failure, upload_bps) = match timeout(LIMIT, self.all_steps()).await {
            Ok(Ok(upload_bps)) => (None, upload_bps),
            Ok(Err(error)) => (Some((self.step(Some(&error)), outside(&error))), None),
            Err(_) => {
                let step = self.step(None);
                let late = format!("{}: no answer within {LIMIT:?} of the start", step.name());
                (Some((step, Error::Connection(late))), None)
            }
        };
        Findings {
            steps: self.steps,
            failure,
            upload_bps,
            quality: upload_bps.and_then(Findings::advise),
            took: self.clock.now().since(began),
        }
    }

    async fn all_steps(&mut self) -> Result<Option<u64>, PublishError> {
        let last = if self.uploads { Stage::Live } else { Stage::Ready };
        self.dial().await?;
        while self.check.stage() < last {
            if self.check.stage() == Stage::Ready {
                self.check.publish(self.clock.now());
            }
            let before = self.check.stage();
            let now = self.clock.now();
            let next = match poll_fn(|cx| self.poll(cx)).await {
                Ended::Bytes(count) => self.check.handle_received(&self.buffer[..count], now)?,
                Ended::Closed(closed) => self.check.handle_closed(closed)?,
            };
            match next {
                Next::GoOn => self.note(before),
                again => {
                    if again == Next::Authenticate && !self.authenticates {
                        self.authenticates = true;
                        self.pass(Step::App);
                    }
                    self.dial().await?;
                }
            }
        }
        if !self.uploads {
            return Ok(None);
        }
        let bps = self.upload().await?;
        self.pass(Step::Upload);
        self.fill_up_to = 0;
        self.check.say_goodbye();
        let _ = timeout(GOODBYE_TIME, poll_fn(|cx| self.poll(cx))).await;
        Ok(Some(bps))
    }

    /// Makes a connection, the first or another one.
    async fn dial(&mut self) -> Result<(), PublishError> {
        self.connection = None;
        let (host, port, tls) = (self.url.host().to_owned(), self.url.port(), self.url.is_tls());
        let target = Target { host, port, tls, low_latency: true };
        let connected = self.connector.connect(target).await;
        if self.steps.is_empty() {
            self.note_layers(connected.is_ok());
        }
        self.connection = Some(connected?);
        self.check.handle_connected(self.clock.now());
        Ok(())
    }

    /// The steps below RTMP, as far as they succeeded.
    fn note_layers(&mut self, is_up: bool) {
        let [resolved, connected] = self.stamps.all();
        let up = is_up.then(|| self.clock.now());
        let is_tls = self.url.is_tls();
        let steps = [
            (Step::Resolve, resolved.filter(|_| self.url.host().parse::<IpAddr>().is_err())),
            (Step::Connect, connected.or(up)),
            (Step::Secure, up.filter(|_| is_tls)),
        ];
        for (step, at) in steps {
            if let Some(at) = at {
                self.steps.push((step, at.since(self.since)));
                self.since = at;
            }
        }
    }

    /// The stages behind `before` that are over now.
    fn note(&mut self, before: Stage) {
        let now = self.check.stage();
        let stages = [
            (Stage::Handshake, Step::Handshake),
            (Stage::App, if self.authenticates { Step::Authenticate } else { Step::App }),
            (Stage::Stream, Step::Stream),
            (Stage::Publish, Step::Publish),
        ];
        for (stage, step) in stages {
            let is_new = self.steps.iter().all(|(known, _)| *known != step);
            let was_said = !(stage == Stage::Handshake && self.authenticates);
            if before <= stage && stage < now && is_new && was_said {
                self.pass(step);
            }
        }
    }

    fn pass(&mut self, step: Step) {
        let now = self.clock.now();
        self.steps.push((step, now.since(self.since)));
        self.since = now;
    }

    /// The step that is under way.
    fn step(&self, error: Option<&PublishError>) -> Step {
        match error {
            Some(PublishError::Auth(_)) => return Step::Authenticate,
            Some(PublishError::Connect(ConnectError::UnknownHost | ConnectError::Resolve(_))) => {
                return Step::Resolve;
            }
            Some(PublishError::Connect(ConnectError::Tls(_))) => return Step::Secure,
            Some(PublishError::Connect(_)) => return Step::Connect,
            _ => {}
        }
        let [resolved, connected] = self.stamps.all();
        let is_name = self.url.host().parse::<IpAddr>().is_err();
        match (&self.connection, self.check.stage()) {
            (None, _) if self.authenticates => Step::Authenticate,
            (None, _) if connected.is_some() => Step::Secure,
            (None, _) if resolved.is_none() && is_name => Step::Resolve,
            (None, _) => Step::Connect,
            (_, Stage::Handshake | Stage::App) if self.authenticates => Step::Authenticate,
            (_, Stage::Handshake) => Step::Handshake,
            (_, Stage::App) => Step::App,
            (_, Stage::Stream) => Step::Stream,
            (_, Stage::Ready | Stage::Publish) => Step::Publish,
            // Some servers take a publish and refuse it with their next breath.
            (_, Stage::Live) if matches!(error, Some(PublishError::ClosedEarly { .. })) => {
                Step::Publish
            }
            (_, Stage::Live) => Step::Upload,
        }
    }

    /// Sends test pictures as quickly as they go; what the server got of them a second, in bits.
    async fn upload(&mut self) -> Result<u64, PublishError> {
        let (began, before) = (self.clock.now(), self.sent_bytes);
        self.fill_up_to = before + UPLOAD_BYTES;
        let mut warm: Option<(Duration, u64)> = None;
        loop {
            let ended = timeout(SAMPLE_EVERY, poll_fn(|cx| self.poll(cx))).await.ok();
            let now = self.clock.now();
            match ended {
                Some(Ended::Bytes(count)) => {
                    self.check.handle_received(&self.buffer[..count], now)?;
                }
                Some(Ended::Closed(closed)) => {
                    self.check.handle_closed(closed)?;
                }
                None => {}
            }
            let transport = self.connection.as_ref().and_then(|c| c.transport());
            let unacked = transport.map_or(0, |transport| transport.unacked_bytes);
            let arrived = (self.sent_bytes - before).saturating_sub(unacked);
            let elapsed = now.since(began);
            if elapsed >= WARM_UP {
                warm.get_or_insert((elapsed, arrived));
            }
            if elapsed >= UPLOAD_TIME || arrived >= UPLOAD_BYTES {
                let (from, had) = warm
                    .filter(|(from, _)| elapsed.saturating_sub(*from) >= WARM_UP)
                    .unwrap_or_default();
                let seconds = (elapsed - from).as_secs_f64().max(1e-3);
                return Ok(((arrived - had) as f64 * 8.0 / seconds) as u64);
            }
        }
    }

    /// Writes what waits; ready when something was read or the peer is gone.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let Some(connection) = &mut self.connection else { return Poll::Pending };
        loop {
            if self.sent_bytes < self.fill_up_to {
                self.check.fill(AHEAD_BYTES, self.clock.now());
            }
            let mut slices = [IoSlice::new(&[]); 16];
            let filled = self.check.outgoing(&mut slices);
            if filled == 0 {
                break;
            }
            match connection.poll_write_vectored(cx, &slices[..filled]) {
                Poll::Ready(Ok(bytes)) if bytes > 0 => {
                    self.sent_bytes += bytes as u64;
                    self.check.handle_written(bytes);
                }
                // What the peer said last is read first.
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        match connection.poll_read(cx, &mut self.buffer) {
            Poll::Ready(Ok(0)) => Poll::Ready(Ended::Closed(Closed::ByPeer)),
            Poll::Ready(Ok(count)) => Poll::Ready(Ended::Bytes(count)),
            Poll::Ready(Err(error)) => Poll::Ready(Ended::Closed(closed(&error))),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn outside(error: &PublishError) -> Error {
    Error::from_publish(error, false)
}

fn closed(error: &io::Error) -> Closed {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Closed::Reset,
        _ => Closed::Io(error.to_string()),
    }
}

fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[derive(Clone)]
struct Timed {
    clock: Arc<SystemClock>,
    stamps: Arc<Stamps>,
}

/// The system's resolver, and when it had the first answer.
struct TimedResolver {
    system: System,
    timed: Timed,
}

impl Resolver for TimedResolver {
    fn lookup(&self, host: &str, port: u16, family: Family) -> Lookup {
        let (lookup, timed) = (self.system.lookup(host, port, family), self.timed.clone());
        Box::pin(async move {
            let found = lookup.await;
            if found.is_ok() {
                timed.stamps.set(RESOLVED, timed.clock.now());
            }
            found
        })
    }
}

/// TCP, and when it stood.
struct TimedTcp {
    tcp: TcpConnector,
    timed: Timed,
}

impl Connector for TimedTcp {
    fn connect(&self, target: Target) -> Connecting {
        let (connecting, timed) = (self.tcp.connect(target), self.timed.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            timed.stamps.set(CONNECTED, timed.clock.now());
            Ok(connection)
        })
    }
}
